//! What a registry shows of a crate, and what its archive must hold. Builds nothing.

use std::path::Path;

use serde_json::Value;

use crate::workspace::Package;

/// The registry refuses more.
const KEYWORDS_MAX: usize = 5;

const FILES: [&str; 4] = ["LICENSE-APACHE", "LICENSE-MIT", "README.md", "src/"];

/// What no build needs.
const FOLDERS: [&str; 5] = ["target", "tests", "benches", "snapshots", "pictures"];

/// The one crate with a file of its tests in its documentation.
const EXAMPLE: &str = "tests/fixtures/acme/documented/payout-create/accepted.fixture";

/// Judges the `[package]` fields. That every dependency has a version is for cargo to see.
pub(crate) fn judge(package: &Package) -> Vec<String> {
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
    let strange = files.iter().filter(|file| is_strange(file));
    missing.chain(strange.map(|file| format!("{file} must not be in the archive"))).collect()
}

/// Judges that the files which every archive must hold are there, without asking cargo.
pub(crate) fn judge_folder(folder: &Path) -> Vec<String> {
    let missing = FILES.iter().filter(|name| !folder.join(name).exists());
    missing.map(|name| format!("no {name}; a licence is a link to the one in the root")).collect()
}

fn is_strange(file: &str) -> bool {
    let mut folders = file.split('/').rev().skip(1);
    file != EXAMPLE && (file.ends_with(".db") || folders.any(|name| FOLDERS.contains(&name)))
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
        for strange in ["payouts.db", "tests/a.rs", "src/snapshots/a.snap", "benches/a.rs"] {
            let files = files(&[good.as_slice(), &[strange]].concat());
            assert_eq!(judge_files(&files).len(), 1, "{strange}");
        }
        let allowed = files(&[good.as_slice(), &["src/tests.rs", EXAMPLE]].concat());
        assert_eq!(judge_files(&allowed), Vec::<String>::new());
    }
}
