//! `pagos backup` and `pagos restore` with the built program: nobody is paid twice after a backup was
//! restored, and a twin's ledger says so.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{fs, os::unix::fs::PermissionsExt, process::Command};

use support::{Folder, Twin, field_by_key, keys, payouts};

const NOTE: &str = "panel-of-today,Ana";

/// Pays half, makes a backup, pays the rest, and loses the database.
fn lost(name: &str) -> (Folder, Twin, String, Vec<String>) {
    let folder = Folder::new(name);
    let twin = Twin::start(&folder);
    let (first, second) = (keys("a", 4), keys("b", 4));
    let rows = |keys: &[String]| payouts(keys.iter().map(|key| (key.as_str(), "salary")));
    folder.write("first.csv", rows(&first));
    folder.write("second.csv", rows(&second));
    let pay = format!("--sandbox-url {} --yes --json --db pagos.db", twin.origin);
    folder.run(&format!("pay first.csv {pay}")).exits(0);
    let made = folder.run("backup --to copy.db --db pagos.db --json").exits(0).json();
    assert_eq!(made["copied"].as_array().unwrap().len(), 24);
    folder.run(&format!("pay second.csv {pay}")).exits(0);
    let again = folder.run("backup --to copy.db --db pagos.db").exits(1);
    again.says("is not overwritten; name another one");
    folder.run("restore copy.db --db pagos.db").exits(1).says("Keep it");
    fs::create_dir(folder.path().join("old")).unwrap();
    for file in ["pagos.db", "pagos.db-wal", "pagos.db-shm"] {
        let _ = fs::rename(folder.path().join(file), folder.path().join("old").join(file));
    }
    let all = [first, second].concat();
    assert_eq!(twin.paid(), all);
    (folder, twin, pay, all)
}

#[test]
fn restore_10_nothing_leaves_a_restored_database_before_it_was_compared() {
    let (folder, twin, pay, all) = lost("restore-doubt");
    let told = folder.run("restore copy.db --db pagos.db").exits(0);
    assert!(told.out.contains("knows nothing since"), "{}", told.out);
    told.says("it has no witness, and nothing is sent from it");
    // The same file once more, as a script would.
    for file in ["first.csv", "second.csv"] {
        let refused = folder.run(&format!("pay {file} {pay}")).exits(1);
        refused.says("this command sent nothing").says("from a backup of");
    }
    folder.run("list --db pagos.db").exits(0).says("warning: pagos.db: this database was restored");
    assert!(folder.run("doctor --db pagos.db").out.contains("this database was restored"));
    assert_eq!(twin.paid(), all);

    folder.run("restore --doubt-unsent --db pagos.db").exits(1).says("--note");
    let doubted = folder.run(&format!("restore --doubt-unsent --db pagos.db --note {NOTE} --json"));
    assert_eq!(doubted.exits(0).json()["doubted"], 4);
    folder.run(&format!("pay second.csv {pay}")).exits(0);
    assert_eq!(twin.paid(), all);
    let listed = folder.run("list --db pagos.db --json").exits(0).json();
    assert!(field_by_key(&listed, "status").iter().all(|(_, status)| status == "succeeded"));
}

#[test]
fn restore_11_a_person_accepts_with_a_note_and_in_their_own_name() {
    let (folder, twin, pay, all) = lost("restore-accept");
    folder.run("restore copy.db --db pagos.db --json").exits(0);
    let accept = "restore --accept --db pagos.db";
    folder.run(accept).exits(1).says("--note");
    folder.start_with(accept.split(' ').chain(["--note", " "]), &[]).end().exits(1).says("a note");
    let token = "pagos_guess";
    let stranger = folder.run_with(&format!("{accept} --note {NOTE}"), &[("PAGOS_TOKEN", token)]);
    stranger.exits(1).says("is none of this database");
    folder.run(&format!("pay first.csv {pay}")).exits(1);
    let user = [("USER", "ana")];
    let accepted =
        folder.run_with(&format!("{accept} --note {NOTE} --json"), &user).exits(0).json();
    assert_eq!(accepted["restored"]["accepted"], format!("cli:ana: {NOTE}"));
    folder.run(&format!("{accept} --note {NOTE}")).exits(1).says("is accepted already");
    folder.run(&format!("pay first.csv {pay}")).exits(0);
    assert_eq!(twin.paid(), all);
}

#[test]
fn a_backup_is_for_its_owner_only_and_of_a_file_only() {
    let folder = Folder::new("backup-refused");
    let made = folder.run("token create --name ana --scope read --db a.db --new-db");
    made.exits(0);
    let script = format!("umask 0; {} backup --to copy.db --db a.db", env!("CARGO_BIN_EXE_pagos"));
    let shell =
        Command::new("sh").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    assert!(shell.status.success(), "{shell:?}");
    let mode = |file: &str| fs::metadata(folder.path().join(file)).unwrap().permissions().mode();
    assert_eq!(mode("copy.db") & 0o777, 0o600);
    for (arguments, because) in [
        ("backup --to b.db --db postgres://h/d", "pg_basebackup"),
        ("backup --to none/b.db --db a.db", "its folder cannot be opened"),
        ("backup --to b.db --db none.db", "does not exist"),
        ("restore copy.db --db postgres://h/d", "the server's own tools"),
        ("restore none.db --db b.db", "name a backup"),
        ("restore --accept --db a.db --note x", "was not restored"),
        ("restore copy.db --accept --db b.db --note x", "cannot be used with"),
    ] {
        folder.run(arguments).exits(1).says(because);
    }
    assert!(!folder.has("b.db"));
    // A full disk: the limit on the size of files stands for it.
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; {} backup --to full.db --db a.db",
        env!("CARGO_BIN_EXE_pagos")
    );
    let shell = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output();
    let told = String::from_utf8(shell.unwrap().stderr).unwrap();
    assert!(told.contains("full.db"), "{told}");
    let names = fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name());
    let left: Vec<_> = names.filter(|name| name.to_string_lossy().contains("unfinished")).collect();
    assert!(!folder.has("full.db") && left.is_empty(), "{left:?}");
}

#[test]
fn restore_12_a_restored_database_moves_to_no_server_before_it_was_compared() {
    let (folder, ..) = lost("restore-migrate");
    folder.run("restore copy.db --db pagos.db").exits(0);
    let moved = folder.run("migrate --from pagos.db --to postgres://127.0.0.1:1/none");
    moved.exits(1).says("is moved after that");
}
