//! `pagos migrate` with the built program: what was paid from a file goes on from a server.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code, reason = "another test uses the rest")]
#[path = "support/server.rs"]
mod server;
mod support;

use server::Server;
use support::{Folder, Twin, field_by_key, keys, payouts};

#[test]
fn what_was_paid_from_a_file_is_known_to_the_server_and_not_paid_again() {
    let Some(server) = Server::open() else { return };
    let folder = Folder::new("migrate-all");
    let twin = Twin::start(&folder);
    let keys = keys("m", 20);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "salary"))));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --json", twin.origin);
    folder.run(&format!("{pay} --db old.db")).exits(0);
    let before = folder.run("list --db old.db --json").exits(0).json();

    let command = format!("migrate --from old.db --to {} --json", server.url);
    let password = [("PGPASSWORD", server.password.as_str())];
    let moved = folder.run_with(&command, &password).exits(0).json();
    assert_eq!(moved["was_there"], false);
    let rows = |kind: &str| {
        let parts = moved["moved"].as_array().unwrap();
        parts.iter().find(|part| part["kind"] == kind).unwrap()["rows"].clone()
    };
    assert_eq!((rows("payouts"), rows("orders"), rows("runs")), (20.into(), 20.into(), 1.into()));
    let again = folder.run_with(&command, &password).exits(0).json();
    assert_eq!(again["was_there"], true);

    folder.run("list --db old.db").exits(1).says("was moved to postgres://");
    folder.run(&format!("{pay} --db old.db")).exits(1).says("nothing is sent from here");
    let after = server.run(&folder, "list --json").exits(0).json();
    assert_eq!(field_by_key(&after, "status"), field_by_key(&before, "status"));
    server.run(&folder, &pay).exits(0);
    assert_eq!(twin.paid(), keys);
}

#[test]
fn only_a_file_moves_and_only_to_a_server() {
    let folder = Folder::new("migrate-refused");
    for arguments in ["--from a.db --to b.db", "--from postgres://h/d --to postgres://h/e"] {
        folder.run(&format!("migrate {arguments}")).exits(1).says("from a file to a server");
    }
    folder.run("migrate --from a.db --to postgres://h/e").exits(1).says("nothing to move");
    assert!(!folder.has("a.db"));
}
