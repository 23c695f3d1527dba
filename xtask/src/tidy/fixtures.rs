//! Every fixture case says what it is and where it comes from, and nothing is stored twice. Not a
//! replay; that is `conformance`.

use std::{collections::BTreeMap, fs, path::Path};

use toml::{Table, Value};

use crate::{failure::Failure, files::list_files, tidy::Check, workspace::Workspace};

/// More files than this are copies in disguise: what cases share belongs into `defaults/`.
const FILES_MAX: usize = 2_000;

/// Shorter files can be equal by chance: two programs save one small payroll alike.
const COPY_BYTES_MIN: usize = 600;

/// Judges every file below `fixtures/`.
pub(super) fn check(workspace: &Workspace) -> Result<Check, Failure> {
    let root = workspace.root.join("fixtures");
    let files = list_files(&root)?;
    let mut findings = Vec::new();
    if files.len() > FILES_MAX {
        findings.push(format!("fixtures: {} files; {FILES_MAX} are enough", files.len()));
    }
    let (mut read, mut examined) = (BTreeMap::new(), 0);
    for file in &files {
        let name = workspace.shorten(file);
        let bytes = fs::read(file).map_err(Failure::while_doing(&name))?;
        if is_case(&root, file) {
            examined += 1;
            findings.extend(judge(&bytes).iter().map(|finding| format!("{name}: {finding}")));
        }
        read.insert(name, bytes);
    }
    if examined == 0 {
        findings.push("fixtures: there is no case at all".to_owned());
    }
    findings.extend(copies(&read));
    Ok(Check { name: "fixtures", examined, findings })
}

/// `<provider>/<kind>/<operation>/<case>.fixture`; whatever lies higher up is about all cases below it.
fn is_case(root: &Path, file: &Path) -> bool {
    let is_deep = file.strip_prefix(root).is_ok_and(|inner| inner.components().count() == 4);
    is_deep && file.extension().is_some_and(|ending| ending == "fixture")
}

/// What the head lacks, which ends where the first section begins.
fn judge(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let head = text.split("\n=== ").next().unwrap_or_default();
    let head: Table = match head.parse() {
        Ok(head) => head,
        Err(cause) => return vec![format!("its head is not TOML: {cause}")],
    };
    let says = |name: &str| {
        head.get(name).and_then(Value::as_str).is_some_and(|value| !value.trim().is_empty())
    };
    let needed = ["description", "source", "read"].into_iter();
    needed
        .filter(|name| !says(name))
        .map(|name| format!("no `{name}`; every case says what it is and where it comes from"))
        .collect()
}

/// Files of one content.
fn copies(files: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut first: BTreeMap<&[u8], &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for (name, bytes) in files.iter().filter(|(_, bytes)| bytes.len() >= COPY_BYTES_MIN) {
        match first.get(bytes.as_slice()) {
            Some(other) => findings.push(format!("{name}: the same bytes as {other}")),
            None => {
                first.insert(bytes, name);
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_says_what_it_is_and_where_it_comes_from() {
        let told = "description = \"a\"\nsource = \"manual\"\nread = \"2026-01-10\"\n";
        assert_eq!(judge(told.as_bytes()), Vec::<String>::new());
        assert_eq!(judge(format!("{told}\n=== body 1\n= not TOML").as_bytes()), [""; 0]);
        assert_eq!(judge(b"description = \"a\"\nsource = \" \"\nread = \"2026-01-10\"\n").len(), 1);
        assert_eq!(judge(b"clock = \"x\"\n\n=== body 1\nsource = \"manual\"\n").len(), 3);
        assert_eq!(judge(b"source = manual\n").len(), 1);
    }

    #[test]
    fn cases_lie_in_the_folder_of_an_operation() {
        let root = Path::new("fixtures");
        let lies = |inner: &str| is_case(root, &root.join(inner));
        assert!(lies("cashypro/computed/payout-create/plain.fixture"));
        assert!(!lies("cashypro/defaults/payout-create.fixture"));
        assert!(!lies("payroll/said/plain.csv.snap"));
    }

    #[test]
    fn nothing_of_some_size_is_stored_twice() {
        let file = |name: &str, size_bytes| (name.to_owned(), vec![b'x'; size_bytes]);
        let files = [file("a", 599), file("b", 599), file("c", 600), file("d", 600)];
        assert_eq!(copies(&files.into()), ["d: the same bytes as c"]);
    }
}
