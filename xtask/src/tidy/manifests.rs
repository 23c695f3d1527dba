//! Rules about manifests: every version and every lint comes from the workspace, and what is published
//! has what a registry shows.
//! Dependencies between our crates are judged in `arrows.rs`.

use std::fs;

use toml::{Table, Value};

use crate::{failure::Failure, release::metadata, tidy::Check, workspace::Workspace};

const TABLES: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// Judges the manifest of every crate.
pub(super) fn check(workspace: &Workspace) -> Result<Check, Failure> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let path = package.folder.join("Cargo.toml");
        let name = workspace.shorten(&path);
        let text = fs::read_to_string(&path).map_err(Failure::while_doing(&name))?;
        let manifest: Table = text.parse().map_err(Failure::while_doing(&name))?;
        let mut own = judge(&manifest);
        if package.is_published {
            own.extend(metadata::judge(package));
            own.extend(metadata::judge_folder(&package.folder));
        }
        findings.extend(own.iter().map(|finding| format!("{name}: {finding}")));
    }
    Ok(Check { name: "manifests", examined: workspace.packages.len(), findings })
}

fn judge(manifest: &Table) -> Vec<String> {
    let mut findings = Vec::new();
    if !is_inherited(manifest.get("lints")) {
        findings.push("no `lints.workspace = true`".to_owned());
    }
    let package = manifest.get("package").and_then(Value::as_table);
    for field in ["edition", "rust-version", "license"] {
        if !is_inherited(package.and_then(|package| package.get(field))) {
            findings.push(format!("`{field}` does not come from the workspace"));
        }
    }
    findings.extend(judge_tables(manifest));
    let targets = manifest.get("target").and_then(Value::as_table);
    let targets = targets.into_iter().flat_map(Table::values).filter_map(Value::as_table);
    findings.extend(targets.flat_map(judge_tables));
    findings
}

fn judge_tables(holder: &Table) -> Vec<String> {
    let tables = TABLES.iter().filter_map(|name| holder.get(*name)?.as_table());
    let entries = tables.flatten().filter(|(_, value)| !is_inherited(Some(value)));
    entries.map(|(name, _)| format!("{name} does not say `workspace = true`")).collect()
}

fn is_inherited(value: Option<&Value>) -> bool {
    let Some(table) = value.and_then(Value::as_table) else {
        return false;
    };
    let says_so = table.get("workspace").and_then(Value::as_bool) == Some(true);
    says_so && !table.contains_key("path") && !table.contains_key("version")
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
        [package]
        edition.workspace = true
        rust-version.workspace = true
        license.workspace = true
        [lints]
        workspace = true
        [dependencies]
        pagos-core.workspace = true
        hyper = { workspace = true, optional = true }
    ";

    fn findings(text: &str) -> Vec<String> {
        judge(&text.parse().unwrap())
    }

    #[test]
    fn a_manifest_that_inherits_everything_passes() {
        assert_eq!(findings(GOOD), Vec::<String>::new());
    }

    #[test]
    fn own_versions_and_paths_are_found() {
        for bad in [
            "[dev-dependencies]\npagos-twin = { path = \"../pagos-twin\" }",
            "[build-dependencies]\ncc = \"1\"",
            "[target.'cfg(unix)'.dependencies]\nlibc = \"0.2\"",
            "[dev-dependencies]\npagos-twin = { workspace = true, path = \"../pagos-twin\" }",
        ] {
            assert_eq!(findings(&format!("{GOOD}{bad}")).len(), 1, "{bad}");
        }
    }

    #[test]
    fn missing_lints_and_own_editions_are_found() {
        assert_eq!(findings(&GOOD.replace("[lints]\n", "[lint]\n")).len(), 1);
        assert_eq!(
            findings(&GOOD.replace("edition.workspace = true", "edition = \"2021\"")).len(),
            1
        );
    }
}
