//! Every fixture case says what it is and where it comes from. Not a replay; that is `conformance`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use crate::{failure::Failure, files::list_files, tidy::Check, workspace::Workspace};

/// Judges every folder below `fixtures/` that holds files.
pub(super) fn check(workspace: &Workspace) -> Result<Check, Failure> {
    let root = workspace.root.join("fixtures");
    let files = list_files(&root)?;
    let folders: BTreeSet<PathBuf> =
        files.iter().filter_map(|file| file.parent()).map(Path::to_path_buf).collect();
    let cases: Vec<&PathBuf> = folders.iter().filter(|folder| is_case(&root, folder)).collect();
    let mut findings = Vec::new();
    if cases.is_empty() {
        findings.push("fixtures: there is no case at all".to_owned());
    }
    for folder in &cases {
        let file = folder.join("case.toml");
        let name = workspace.shorten(&file);
        if !file.is_file() {
            findings.push(format!("{name} is missing"));
            continue;
        }
        let text = fs::read_to_string(&file).map_err(Failure::while_doing(&name))?;
        findings.extend(judge(&text).iter().map(|finding| format!("{name}: {finding}")));
    }
    Ok(Check { name: "fixtures", examined: cases.len(), findings })
}

/// `<provider>/<operation>/<case>`; whatever lies higher up is about all cases below it.
fn is_case(root: &Path, folder: &Path) -> bool {
    folder.strip_prefix(root).is_ok_and(|inner| inner.components().count() >= 3)
}

fn judge(text: &str) -> Vec<String> {
    let case: Table = match text.parse() {
        Ok(case) => case,
        Err(cause) => return vec![format!("not TOML: {cause}")],
    };
    let says = |name: &str| {
        case.get(name).and_then(Value::as_str).is_some_and(|value| !value.trim().is_empty())
    };
    ["source", "kind"].into_iter().filter(|name| !says(name)).map(missing).collect()
}

fn missing(name: &str) -> String {
    format!("no `{name}`; every case says where it comes from and what kind it is")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_a_source_and_a_kind() {
        assert_eq!(judge("source = \"manual\"\nkind = \"documented\"\n"), Vec::<String>::new());
        assert_eq!(judge("source = \" \"\nkind = \"computed\"\n").len(), 1);
        assert_eq!(judge("date = \"2026-01-10\"\n").len(), 2);
        assert_eq!(judge("source = manual\n").len(), 1);
    }

    #[test]
    fn cases_lie_three_folders_deep() {
        let root = Path::new("fixtures");
        assert!(is_case(root, Path::new("fixtures/cashypro/payout-create/plain")));
        assert!(!is_case(root, Path::new("fixtures/cashypro")));
    }
}
