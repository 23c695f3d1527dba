//! What a registry shows of a crate, and what its archive must hold. Builds nothing.

use serde_json::Value;

use crate::workspace::Package;

/// The registry refuses more.
const KEYWORDS_MAX: usize = 5;

const FILES: [&str; 4] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/"];

/// Judges the `[package]` fields. That every dependency has a version is for cargo to see.
pub(super) fn judge(package: &Package) -> Vec<String> {
    let mut findings = Vec::new();
    for name in ["description", "license", "repository", "readme", "rust_version"] {
        let text = package.fields.get(name).and_then(Value::as_str).unwrap_or_default();
        if text.trim().is_empty() {
            findings.push(format!("no {name}"));
        }
    }
    for name in ["keywords", "categories"] {
        match package.fields.get(name).and_then(Value::as_array).map_or(0, Vec::len) {
            0 => findings.push(format!("no {name}")),
            1..=KEYWORDS_MAX => {}
            count => findings.push(format!("{count} {name} are more than {KEYWORDS_MAX}")),
        }
    }
    let docs = package.fields.get("metadata").and_then(|it| it.pointer("/docs/rs/all-features"));
    if docs != Some(&Value::Bool(true)) {
        findings.push("docs.rs is not told to build all features".to_owned());
    }
    findings
}

/// Judges the names of the files in the archive, without the folder that holds them all.
pub(super) fn judge_files(files: &[String]) -> Vec<String> {
    let is_missing =
        |name: &&&str| !files.iter().any(|file| file == **name || is_below(file, name));
    let missing = FILES.iter().filter(is_missing).map(|name| format!("no {name} in the archive"));
    let strange = files.iter().filter(|file| file.ends_with(".db") || file.starts_with("target/"));
    missing.chain(strange.map(|file| format!("{file} must not be in the archive"))).collect()
}

fn is_below(file: &str, folder: &str) -> bool {
    folder.ends_with('/') && file.starts_with(folder)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::workspace::tests::package;

    fn complete() -> Package {
        let mut complete = package("pagos-core", &[]);
        for (name, value) in [
            ("description", json!("words")),
            ("license", json!("MIT OR Apache-2.0")),
            ("repository", json!("https://example.org/pagos")),
            ("readme", json!("README.md")),
            ("rust_version", json!("1.95")),
            ("keywords", json!(["payouts"])),
            ("categories", json!(["finance"])),
            ("metadata", json!({"docs": {"rs": {"all-features": true}}})),
        ] {
            complete.fields.insert(name.to_owned(), value);
        }
        complete
    }

    #[test]
    fn every_missing_field_is_found() {
        assert_eq!(judge(&complete()), Vec::<String>::new());
        for name in complete().fields.keys() {
            let mut lacking = complete();
            lacking.fields.remove(name);
            assert_eq!(judge(&lacking).len(), 1, "{name}");
        }
    }

    #[test]
    fn too_many_keywords_are_found() {
        let mut crowded = complete();
        crowded.fields.insert("keywords".to_owned(), json!(["a", "b", "c", "d", "e", "f"]));
        assert_eq!(judge(&crowded).len(), 1);
    }

    #[test]
    fn an_archive_holds_its_licences_and_nothing_strange() {
        let files = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
        let good = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/lib.rs", "Cargo.toml"];
        assert_eq!(judge_files(&files(&good)), Vec::<String>::new());
        for (at, _) in good.iter().enumerate().take(4) {
            let mut lacking = files(&good);
            lacking.remove(at);
            assert_eq!(judge_files(&lacking).len(), 1, "{}", good[at]);
        }
        let mut strange = files(&good);
        strange.push("payouts.db".to_owned());
        assert_eq!(judge_files(&strange).len(), 1);
    }
}
