//! Every command of a page of the guide about files is run as a reader runs it, by bash, and says what
//! the page says: each line of a `text` block is among the beginnings of the lines of the answer above.
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

fn follow(page: &str, blocks_min: usize) {
    let bash = Command::new("bash").arg("--version").stdout(Stdio::null()).status();
    if bash.is_err() {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "the guide needs bash");
        println!("skipped: the guide needs bash");
        return;
    }
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide");
    let text = fs::read_to_string(guide.join(format!("{page}.md"))).unwrap();
    let folder = Folder::new(&format!("page-{page}"));
    let bin = Path::new(env!("CARGO_BIN_EXE_pagos")).parent().unwrap();
    let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
    let (mut told, mut blocks) = (String::new(), 0);
    for block in text.split("```").skip(1).step_by(2) {
        blocks += 1;
        let (kind, block) = block.split_once('\n').unwrap();
        match kind {
            "sh" => {
                let mut bash = Command::new("bash");
                bash.args(["-euo", "pipefail", "-c", block]).current_dir(folder.path());
                let ended = bash
                    .env("PATH", &path)
                    .env("USER", "reader")
                    .stdin(Stdio::null())
                    .output()
                    .unwrap();
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
            // A form that is shown, and no command.
            "toml" | "xml" | "csv" => {}
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
