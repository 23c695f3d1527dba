//! `serve --sandbox`: what it needs, where it keeps its payouts, and beside what it does not start.
//! What it can do is in `guide.rs`.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{fs, os::unix::fs::PermissionsExt};

use support::{Folder, Running};

/// The lines that are printed before the notices.
fn greeting(server: &mut Running) -> Vec<String> {
    let mut lines = vec![server.next_line()];
    while !lines.last().unwrap().starts_with("curl ") {
        lines.push(server.next_line());
    }
    lines
}

#[test]
fn without_a_name_the_database_is_a_temporary_one_of_this_user() {
    let folder = Folder::new("sandbox-temporary");
    let path = folder.path().to_str().unwrap();
    let mut server = folder.start_with(["serve", "--sandbox"], &[("TMPDIR", path)]);
    let lines = greeting(&mut server);
    let named = lines.iter().find_map(|line| line.split_once("Payouts are kept in ")).unwrap().1;
    let db = named.trim_end_matches('.');
    let mode = |path: &str| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let parent = db.rsplit_once('/').unwrap().0;
    assert!(parent.starts_with(path), "{db}");
    assert_eq!((mode(parent), mode(db)), (0o700, 0o600));
    assert!(!lines.iter().any(|line| line.starts_with("SECRET=")), "nobody asked for events");
    server.signal("TERM");
    let run = server.end().exits(0);
    let token = lines.iter().find_map(|line| line.strip_prefix("SUBMIT=")).unwrap();
    assert!(!run.err.contains(token), "a token in {}", run.err);
}

#[test]
fn a_named_database_goes_on_with_other_tokens() {
    let folder = Folder::new("sandbox-named");
    let token = || {
        let mut server = folder.start("serve --sandbox --db try.db");
        let lines = greeting(&mut server);
        server.signal("INT");
        server.end().exits(0);
        lines.iter().find_map(|line| line.strip_prefix("APPROVE=").map(str::to_owned)).unwrap()
    };
    assert_ne!(token(), token());
}

#[test]
fn a_sandbox_never_starts_beside_live_accounts() {
    let folder = Folder::new("sandbox-live");
    folder.write(
        "pagos.toml",
        "[accounts.bank-a]\nprovider = \"cashypro\"\nenvironment = \"live\"\n",
    );
    folder.run("serve --sandbox --db try.db").exits(1).says("account bank-a is LIVE");
    folder.run("serve --sandbox --db try.db --config pagos.toml").exits(1).says("is LIVE");
    fs::remove_file(folder.path().join("pagos.toml")).unwrap();
    let live = [("PAGOS_BANK_A_PROVIDER", "cashypro"), ("PAGOS_CASHYPRO_ENVIRONMENT", "live")];
    folder.run_with("serve --sandbox --db try.db", &live).exits(1);
    assert!(!folder.has("try.db") && !folder.has("try.db.bank"));
}

#[test]
fn a_database_of_others_is_refused() {
    let folder = Folder::new("sandbox-others");
    folder.run("token create --name ana --scope read --db live.db --new-db").exits(0);
    folder.run("serve --sandbox --db live.db").exits(1).says("is not the database of a sandbox");
    assert!(!folder.has("live.db.bank"));
    let server = "serve --sandbox --db postgres://u@127.0.0.1:1/pagos";
    folder.run(server).exits(1).says("in a file");
}

#[test]
fn events_of_a_sandbox_stay_on_this_machine() {
    let folder = Folder::new("sandbox-events");
    for url in [
        "https://erp.example.com/x",
        "http://10.0.0.1:1/",
        "http://localhost.example.com/",
        "http://u:p@127.0.0.1:1/",
        "http://169.254.169.254/",
        "nowhere",
    ] {
        let run = folder.run(&format!("serve --sandbox --events {url} --db e.db")).exits(1);
        assert!(!run.err.contains("u:p") && !folder.has("e.db"), "{}", run.err);
    }
    folder.run("serve --events http://127.0.0.1:1/").exits(1);
    folder.run("serve --sandbox --listen 127.0.0.1:1").exits(1);
}
