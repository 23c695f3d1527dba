//! The text part, over a copy of the files that it reads and edits.

use std::{env, path::PathBuf, process};

use super::*;

/// A copy of the lists, the kits and the templates, in a folder that goes with it.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let to = env::temp_dir().join(format!("pagos-new-provider-{name}-{}", process::id()));
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let templates = list_files(&from.join("xtask/scaffold")).unwrap();
        let kits = PROVIDERS.iter().map(|it| from.join(KITS).join(format!("{it}.rs")));
        let lists = LISTS.iter().map(|list| from.join(list.file));
        for file in templates.into_iter().chain(kits).chain(lists) {
            let copy = to.join(file.strip_prefix(from).unwrap());
            fs::create_dir_all(copy.parent().unwrap()).unwrap();
            fs::copy(&file, copy).unwrap();
        }
        Self(to)
    }

    fn write(&self, files: &Files) {
        for (path, text) in files {
            let path = self.0.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
    }

    fn refusal(&self, name: &str) -> String {
        plan(&self.0, name, "0.1.0").unwrap_err().to_string()
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

/// The added lines, each with the line above it, of a file that has lost none.
fn added(before: &str, after: &str) -> Vec<(String, String)> {
    let mut old = before.lines().peekable();
    let mut above = String::new();
    let mut added = Vec::new();
    for line in after.lines() {
        if old.next_if_eq(&line).is_none() {
            added.push((above, line.to_owned()));
        }
        above = line.to_owned();
    }
    assert_eq!(old.next(), None, "a line is lost");
    added
}

#[test]
fn every_list_gets_one_row_in_order() {
    let copy = Copy::new("rows");
    // In front of all others, between two, and behind all.
    for name in ["aa0", "dd0", "zz0"] {
        let files = plan(&copy.0, name, "0.1.0").unwrap();
        for list in LISTS.iter().filter(|list| list.row.contains("{name}")) {
            let before = fs::read_to_string(copy.0.join(list.file)).unwrap();
            let (after, key) = (&files[list.file], list.row.lines().next().unwrap());
            let names = Names { name, version: "0.1.0", initial: 'x' };
            let row = names.put_into(key);
            assert_eq!(after.lines().filter(|line| *line == row).count(), 1, "{row}");
            let rows = |text: &str| -> Vec<String> {
                let keys = text.lines().filter_map(|line| list.key(line));
                let known = |key: &&str| *key == name || PROVIDERS.iter().any(|it| it == key);
                keys.filter(known).map(str::to_owned).collect()
            };
            assert_eq!(rows(after).len(), rows(&before).len() + 1, "{}: {row}", list.file);
            assert!(rows(after).is_sorted(), "{}: {:?}", list.file, rows(after));
        }
    }
}

#[test]
fn rows_stand_where_a_reader_looks_for_them() {
    let copy = Copy::new("places");
    let above = |name: &str, file: &str, row: &str| {
        let files = plan(&copy.0, name, "0.1.0").unwrap();
        let before = fs::read_to_string(copy.0.join(file)).unwrap();
        let added = added(&before, &files[file]);
        added.into_iter().find(|(_, line)| line == row).unwrap().0
    };
    for (name, file, row, expected) in [
        ("aa0", "crates/pagos-kit/src/lib.rs", "mod aa0;", ""),
        ("journal0", "crates/pagos-twin/src/lib.rs", "pub mod journal0;", "mod journal;"),
        ("server0", "crates/pagos-twin/src/lib.rs", "pub mod server0;", "mod server;"),
        ("world0", "crates/pagos-twin/src/lib.rs", "pub mod world0;", "mod world;"),
        ("page0", "crates/pagos-cli/src/accounts.rs", "mod page0;", "mod page;"),
        ("configured0", "crates/pagos-cli/src/accounts.rs", "mod configured0;", "mod configured;"),
    ] {
        assert_eq!(above(name, file, row), expected, "{name} in {file}");
    }
    let mut words: Vec<String> = PROVIDERS.iter().map(|it| format!("\"{it}\"")).collect();
    words.push("\"dd0\"".to_owned());
    words.sort();
    let line = format!("all-providers = [{}]", words.join(", "));
    let facade = &plan(&copy.0, "dd0", "0.1.0").unwrap()["crates/pagos/Cargo.toml"];
    assert_eq!(facade.lines().filter(|it| *it == line).count(), 1);
}

#[test]
fn templates_bear_the_name_and_no_mark() {
    let copy = Copy::new("marks");
    let files = plan(&copy.0, "aa0", "0.1.0").unwrap();
    for (path, text) in &files {
        for mark in ["{name}", "{Name}", "{NAME}", "{version}", "{initial}"] {
            assert!(!text.contains(mark) && !path.contains(mark), "{path}: {mark}");
        }
        assert!(!path.ends_with(".in"), "{path}");
        assert!(text.contains("aa0") || path.contains("aa0"), "{path}");
    }
    let room = &files["crates/pagos-aa0/src/lib.rs"];
    assert!(room.contains("pub struct Aa0 {"), "{room}");
}

#[test]
fn letters_of_kits_differ() {
    let copy = Copy::new("letters");
    let kit = fs::read_to_string(copy.0.join(KITS).join("cashypro.rs")).unwrap();
    assert!(kit.contains("'c'"));
    let first = free_initial(&copy.0, "c0").unwrap();
    assert_ne!(first, 'c');
    // A letter that is free is taken from the name.
    assert_eq!(free_initial(&copy.0, &format!("c0{first}")), Ok(first));
}

#[test]
fn a_bad_name_is_refused_with_the_reason() {
    let copy = Copy::new("names");
    for (name, because) in [
        ("", "begins with"),
        ("Acme", "begins with"),
        ("2pay", "begins with"),
        ("acme-pay", "letters and digits"),
        ("acmé", "letters and digits"),
        ("../acme", "begins with"),
        ("averyveryverylongname", "at most 20"),
        ("match", "word of Rust"),
    ] {
        let refusal = copy.refusal(name);
        assert!(refusal.contains(because), "{refusal}");
    }
}

#[test]
fn a_name_that_is_taken_is_refused_with_the_place() {
    let copy = Copy::new("taken");
    copy.write(&plan(&copy.0, "aa0", "0.1.0").unwrap());
    assert!(copy.refusal("aa0").contains("crates/pagos-aa0 exists"));
    fs::remove_dir_all(copy.0.join("crates/pagos-aa0")).unwrap();
    assert!(copy.refusal("aa0").contains("crates/pagos-cli/src/accounts/aa0.rs exists"));
    for file in [
        "crates/pagos-cli/src/accounts/aa0.rs",
        "crates/pagos-kit/src/aa0.rs",
        "crates/pagos-twin/src/aa0.rs",
        "docs/providers/aa0.md",
        "xtask/consumers/aa0.rs",
    ] {
        fs::remove_file(copy.0.join(file)).unwrap();
    }
    fs::remove_dir_all(copy.0.join("fixtures")).unwrap();
    assert!(copy.refusal("aa0").contains("crates/pagos/Cargo.toml calls something aa0"));
    for file in FACADE {
        fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file), copy.0.join(file))
            .unwrap();
    }
    assert!(copy.refusal("aa0").contains("Cargo.toml: aa0 is in its list"));
    // A feature and a module of the facade that are no providers.
    for (name, file) in [("sqlite", FACADE[0]), ("transport", FACADE[1])] {
        assert!(copy.refusal(name).starts_with(file), "{name}");
    }
}

#[test]
fn a_list_that_is_not_found_is_told_with_its_file() {
    let copy = Copy::new("lost");
    let kits = "crates/pagos-kit/src/lib.rs";
    let text = fs::read_to_string(copy.0.join(kits)).unwrap();
    fs::write(copy.0.join(kits), text.replace("    Kit(&", "    Row(&")).unwrap();
    assert_eq!(copy.refusal("aa0"), format!("{kits}: its list of providers is not found"));
}
