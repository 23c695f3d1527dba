//! The guide and the README show the code of the examples, to the letter, and leave none out.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, path::Path};

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The names of the examples.
fn examples() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = files.map(|path| name(&path)).collect();
    names.sort();
    names
}

/// An example from its first import on, without the test that runs it.
fn code(example: &str) -> String {
    let text = read(&format!("crates/pagos/examples/{example}.rs"));
    let from = text.find("\nuse ").expect("an import");
    let to = text.find("\n#[test]\nfn it_ends_well()").expect("a test that runs it");
    text[from..to].trim().to_owned()
}

/// What a page shows as Rust.
fn blocks(page: &str) -> Vec<&str> {
    let opened = page.split("\n```rust").skip(1);
    opened
        .map(|text| {
            let (_, text) = text.split_once('\n').expect("a block");
            text.split_once("\n```\n").expect("the end of a block").0
        })
        .collect()
}

#[test]
fn every_example_is_a_page_of_the_guide() {
    let contents = read("docs/guide/README.md");
    assert!(examples().len() >= 6, "{:?}", examples());
    for example in examples() {
        let file = format!("{}.md", example.replace('_', "-"));
        let page = read(&format!("docs/guide/{file}"));
        let code = code(&example);
        assert_eq!(blocks(&page), [code.as_str()], "copy {example}.rs into docs/guide/{file}");
        assert!(contents.contains(&format!("({file})")), "docs/guide/README.md lacks {file}");
    }
}

#[test]
fn every_page_is_in_the_contents() {
    let contents = read("docs/guide/README.md");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide");
    for file in fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(name == "README.md" || contents.contains(&format!("({name})")), "{name}");
    }
}

#[test]
fn the_readme_shows_the_middle_of_the_first_payout() {
    let readme = read("README.md");
    let shown: Vec<String> = blocks(&readme)
        .concat()
        .lines()
        .map(|line| if line.is_empty() { String::new() } else { format!("    {line}") })
        .collect();
    let shown = shown.join("\n");
    assert!(code("first_payout").contains(&shown), "copy it from first_payout.rs:\n{shown}");
}

#[test]
fn a_first_payout_is_short() {
    let code = code("first_payout");
    let (_, main) = code.split_once("async fn main()").expect("a main");
    let (main, _) = main.split_once("\n}\n").expect("the end of main");
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    let lines = main.lines().filter(is_code).count();
    assert!(lines <= 30, "{lines} lines");
}

#[test]
fn the_features_and_versions_that_pages_name_are_there() {
    let manifest = read("crates/pagos/Cargo.toml");
    let workspace = read("Cargo.toml");
    let pages = ["crates/pagos/README.md", "docs/guide/first-payout.md", "docs/guide/testing.md"];
    for page in pages.into_iter().chain(["docs/guide/third-party-provider.md"]) {
        let text = read(page);
        let lines: Vec<&str> = text.lines().filter(|line| line.starts_with("pagos")).collect();
        assert!(!lines.is_empty(), "{page}");
        for line in lines {
            let mut words = line.split('"').skip(1).step_by(2);
            let version = words.next().expect("a version");
            let is_ours = workspace.contains(&format!("\nversion = \"{version}."));
            assert!(is_ours, "{page}: {line}: another version");
            for feature in words {
                let is_there = manifest.contains(&format!("\n{feature} = ["));
                assert!(is_there, "{page}: {line}: no feature {feature}");
            }
        }
    }
}
