//! Every command of a page of the guide about files is run as a reader runs it, by bash, and says what
//! the page says: each line of a `text` block is among the beginnings of the lines of the answer above.
//! Of other pages single blocks are run.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, reason = "a test that cannot run here says so")]

mod support;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use support::Folder;

fn has_bash() -> bool {
    let bash = Command::new("bash").arg("--version").stdout(Stdio::null()).status();
    if bash.is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the guide needs bash");
        println!("skipped: the guide needs bash");
    }
    bash.is_ok()
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

/// Bash in a folder, with the built command in its path.
fn bash(folder: &Folder, script: &str) -> Command {
    let bin = Path::new(env!("CARGO_BIN_EXE_pagos")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    bash.args(["-euo", "pipefail", "-c", script]).current_dir(folder.path());
    bash.env("PATH", path).env("USER", "reader").stdin(Stdio::null());
    bash
}

fn follow(page: &str, blocks_min: usize) {
    if !has_bash() {
        return;
    }
    let text = read(&format!("docs/guide/{page}.md"));
    let folder = Folder::new(&format!("page-{page}"));
    let (mut told, mut blocks) = (String::new(), 0);
    for block in text.split("```").skip(1).step_by(2) {
        blocks += 1;
        let (kind, block) = block.split_once('\n').unwrap();
        match kind {
            "sh" => {
                let ended = bash(&folder, block).output().unwrap();
                let err = String::from_utf8_lossy(&ended.stderr);
                assert!(ended.status.success(), "{block}\n{err}");
                told = String::from_utf8(ended.stdout).unwrap();
            }
            "text" => {
                for line in block.lines() {
                    let is_there = told.lines().any(|it| it.starts_with(line));
                    assert!(is_there, "{page}: {line:?} is not in\n{told}");
                }
            }
            other => panic!("{page}: a block of {other}"),
        }
    }
    assert!(blocks >= blocks_min, "{page}: {blocks}");
}

#[test]
fn the_page_about_audit_files_does_what_it_says() {
    follow("audit", 6);
}

#[test]
fn the_page_about_a_witness_does_what_it_says() {
    follow("witness", 9);
}

#[test]
fn the_page_about_bank_files_does_what_it_says() {
    follow("bank-files", 10);
}

#[test]
fn the_page_about_reconciliation_does_what_it_says() {
    follow("reconcile", 11);
}

#[test]
fn the_page_about_backups_does_what_it_says() {
    follow("backup", 9);
}

/// The block of a page that begins with these words.
fn block<'a>(page: &'a str, begins: &str) -> &'a str {
    let mut blocks = page.split("```sh\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.find(|(block, _)| block.starts_with(begins)).expect("a block").0
}

#[test]
fn the_first_command_of_both_readmes_ends_as_they_say() {
    let english = read("README.md");
    let spanish = read("README.es.md");
    assert!(english.contains("So the command ends with exit code 2: some payouts failed"));
    assert!(spanish.contains("termina con el código de salida 2: algunos pagos fallaron"));
    let command = block(&english, "cargo run -- ");
    assert_eq!(block(&spanish, "cargo run -- "), command);
    let folder = Folder::new("page-readme");
    fs::create_dir(folder.path().join("examples")).unwrap();
    folder.write("examples/payouts.csv", read("examples/payouts.csv"));
    let words = command.trim().strip_prefix("cargo run -- ").unwrap();
    let run = folder.run(words).exits(2);
    let is_of_a_payout = |status: &str| run.out.lines().any(|line| line.contains(status));
    for status in ["succeeded", "failed", "succeeded (reversed)", "failed (reversed)"] {
        assert!(is_of_a_payout(status), "{status} in\n{}", run.out);
    }
}

#[test]
fn the_readme_is_no_longer_than_it_was_meant_to_be() {
    let lines = read("README.md").lines().count();
    assert!(lines <= 150, "{lines} lines; what is more belongs into docs/guide");
}

#[test]
fn the_tokens_of_the_page_about_the_desk_are_made() {
    if !has_bash() {
        return;
    }
    let page = read("docs/guide/desk.md");
    let tokens = block(&page, "pagos token create");
    let folder = Folder::new("page-desk");
    folder.run("token create --name first --scope read --new-db").exits(0);
    let ended = bash(&folder, tokens).output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    let listed = folder.run("token list").exits(0).out;
    for line in tokens.lines() {
        let name = line.split("--name ").nth(1).unwrap().split(' ').next().unwrap();
        assert!(listed.contains(name), "{name} in\n{listed}");
    }
}
