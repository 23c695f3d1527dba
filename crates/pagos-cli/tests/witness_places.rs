//! Where a witness may be, and what happens while it is not there: its rules in `pagos.toml`, a
//! witness that comes back, one on the disk of the database, and one on a PostgreSQL server.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[allow(dead_code)]
#[path = "support/server.rs"]
mod server;
mod support;

use std::{fs, os::unix::fs::symlink};

use server::Server;
use support::{Folder, Run, Twin, all_are, payouts, wait_for};

/// A configured account of a twin, and this about its witness above it.
fn configured(name: &str, witness: &str) -> (Folder, Twin) {
    let folder = Folder::new(name);
    let twin = Twin::start(&folder);
    write_witness(&folder, &twin, witness);
    for key in ["a-1", "b-1", "c-1"] {
        folder.write(&format!("{key}.csv"), payouts([(key, "sim:success")]));
    }
    (folder, twin)
}

fn write_witness(folder: &Folder, twin: &Twin, witness: &str) {
    folder.write("pagos.toml", format!("{witness}\n{}", twin.account()));
}

fn pay(key: &str) -> String {
    format!("pay {key}.csv --yes --db a.db --json")
}

/// Pays, and does not wait until the provider tells of it. Returns what was said.
fn sends(folder: &Folder, twin: &Twin, key: &str) -> Run {
    sends_with(folder, twin, key, "")
}

fn sends_with(folder: &Folder, twin: &Twin, key: &str, options: &str) -> Run {
    let running = folder.start(&format!("{} {options}", pay(key)));
    wait_for("it is paid", || twin.paid().iter().any(|paid| paid == key));
    running.signal("TERM");
    running.end()
}

fn rename(folder: &Folder, from: &str, to: &str) {
    fs::rename(folder.path().join(from), folder.path().join(to)).unwrap();
}

fn attempts_of(folder: &Folder, witness: &str) -> usize {
    fs::read_to_string(folder.path().join(witness)).unwrap().lines().count() - 1
}

/// A disk that is not mounted: the name leads nowhere.
fn unmount(folder: &Folder, witness: &str) {
    rename(folder, witness, "kept.witness");
    symlink("not-mounted/w.witness", folder.path().join(witness)).unwrap();
}

fn mount(folder: &Folder, witness: &str) {
    fs::remove_file(folder.path().join(witness)).unwrap();
    rename(folder, "kept.witness", witness);
}

const STOP: &str = "[witness]\nplace = \"w.witness\"\nwithout = \"stop\"\n";
const GO_ON: &str = "[witness]\nplace = \"w.witness\"\nwithout = \"go-on\"\n";

#[test]
fn with_stop_nothing_is_sent_before_the_witness_is_back() {
    let (folder, twin) = configured("witness-stop", STOP);
    sends(&folder, &twin, "a-1").says("w.witness: a new witness, ");

    rename(&folder, "w.witness", "kept.witness");
    let refused = folder.run(&pay("b-1")).exits(1);
    refused.says("is not there: mount its disk or bring it back").says("--new-witness");
    assert!(!folder.has("w.witness"), "another one was begun");
    rename(&folder, "kept.witness", "w.witness");
    unmount(&folder, "w.witness");
    folder.run(&pay("b-1")).exits(1).says("the witness is not there; mount its disk");
    assert_eq!(twin.paid(), ["a-1"]);

    mount(&folder, "w.witness");
    let paid = sends(&folder, &twin, "b-1");
    assert!(!paid.err.contains("witness"), "{}", paid.err);
    assert_eq!(twin.paid(), ["a-1", "b-1"]);
    assert_eq!(attempts_of(&folder, "w.witness"), 2);
}

#[test]
fn with_stop_a_witness_that_is_lost_on_the_way_is_waited_for() {
    let (folder, twin) = configured("witness-on-the-way", STOP);
    let keys = support::keys("s", 4);
    folder.write("slow.csv", payouts(keys.iter().map(|key| (key.as_str(), "sim:success"))));
    let mut running = folder.start(&format!("{} --rate 1", pay("slow")));
    wait_for("the first is paid", || !twin.ledger().is_empty());
    rename(&folder, "w.witness", "kept.witness");
    running.waits_until_it_says("nothing is sent until it can be used again, which is tried");
    let before = twin.paid();
    assert!(before.len() < keys.len(), "the test was too slow to take anything away");
    rename(&folder, "kept.witness", "w.witness");
    running.waits_until_it_says("the witness can be used again");
    wait_for("all are paid", || twin.paid().len() >= keys.len());
    running.signal("TERM");
    running.end();
    assert_eq!(twin.paid(), keys);
    assert!(attempts_of(&folder, "w.witness") >= keys.len());
}

#[test]
fn with_go_on_a_witness_that_was_away_is_used_again() {
    let (folder, twin) = configured("witness-go-on", GO_ON);
    sends(&folder, &twin, "a-1");
    unmount(&folder, "w.witness");
    let away = sends(&folder, &twin, "b-1");
    away.says("warning: the witness cannot be used: ").says("w.witness: the witness is not there");
    assert_eq!(twin.paid(), ["a-1", "b-1"]);
    assert_eq!(attempts_of(&folder, "kept.witness"), 1);

    mount(&folder, "w.witness");
    let paid = sends(&folder, &twin, "c-1");
    assert!(!paid.err.contains("witness"), "{}", paid.err);
    assert_eq!(twin.paid(), ["a-1", "b-1", "c-1"]);
    assert_eq!(attempts_of(&folder, "w.witness"), 2);
}

#[test]
fn with_go_on_a_witness_is_used_again_by_the_command_that_missed_it() {
    let (folder, twin) = configured("witness-returns", GO_ON);
    sends(&folder, &twin, "a-1");
    unmount(&folder, "w.witness");
    let keys = support::keys("s", 8);
    folder.write("slow.csv", payouts(keys.iter().map(|key| (key.as_str(), "sim:success"))));
    let mut running = folder.start(&format!("{} --rate 1", pay("slow")));
    running.waits_until_it_says("payouts are sent all the same");
    mount(&folder, "w.witness");
    running.waits_until_it_says("the witness can be used again");
    wait_for("all are paid", || twin.paid().len() > keys.len());
    running.signal("TERM");
    running.end();
    assert_eq!(twin.paid().len(), 1 + keys.len());
    let attempts = attempts_of(&folder, "w.witness");
    assert!((2..=keys.len()).contains(&attempts), "{attempts}");
}

#[test]
fn another_witness_in_the_place_of_the_known_one_is_refused() {
    let (folder, twin) = configured("witness-swapped", GO_ON);
    sends(&folder, &twin, "a-1");
    rename(&folder, "w.witness", "first.witness");
    sends_with(&folder, &twin, "b-1", "--new-witness").says("a new witness");
    rename(&folder, "w.witness", "second.witness");
    rename(&folder, "first.witness", "w.witness");
    let refused = folder.run(&pay("c-1")).exits(1);
    refused.says("bring that one back, or say --new-witness to go on with this one");
    assert_eq!(twin.paid(), ["a-1", "b-1"]);
    rename(&folder, "second.witness", "w.witness");
    sends(&folder, &twin, "c-1");
    assert_eq!(twin.paid(), ["a-1", "b-1", "c-1"]);
}

/// An account of real money whose provider nobody can reach.
const LIVE: &str = "[accounts.cashypro]\nenvironment = \"live\"\ncountry = \"COL\"\n\
                    base_url = \"https://127.0.0.1:1/prod-api\"\nmerchant_id = \"1002001\"\n\
                    api_key = \"0123456789abcdef\"\n\
                    notify_url = \"https://payouts.example.com/webhooks/cashypro\"\n";

/// Starts a service that pays, and ends it once it is ready.
fn serves(folder: &Folder, server: Option<&Server>, rules: &str) -> Run {
    folder.write("pagos.toml", format!("{rules}{LIVE}"));
    let serve = "serve --listen 127.0.0.1:0 --new-db";
    let mut running = match server {
        Some(server) => server.start(folder, serve),
        None => folder.start(&format!("{serve} --db a.db")),
    };
    running.ready();
    running.signal("TERM");
    running.end().exits(0)
}

#[test]
fn for_real_money_a_witness_lies_on_another_disk() {
    let folder = Folder::new("witness-disk");
    folder.write("a-1.csv", payouts([("a-1", "salary")]));
    let refused = "this is the file system of a.db, and what destroys one destroys the other";
    for rules in [STOP, GO_ON, "witness = \"w.witness\"\n"] {
        folder.write("pagos.toml", format!("{rules}{LIVE}"));
        for command in [
            format!("{} --new-db", pay("a-1")),
            "serve --listen 127.0.0.1:0 --new-db --db a.db".to_owned(),
        ] {
            folder.run(&command).exits(1).says(refused).says("same_disk = true");
            assert!(!folder.has("w.witness"), "{command}");
        }
    }
    serves(&folder, None, &format!("{STOP}same_disk = true\n")).says("a new witness, ");
    assert!(folder.has("w.witness"));
    // It is there now, and still on that disk.
    folder.write("pagos.toml", format!("{STOP}{LIVE}"));
    folder.run(&pay("a-1")).exits(1).says(refused);
}

#[test]
fn a_witness_on_a_server_outlives_a_database_that_went_back() {
    let Some(server) = Server::open() else { return };
    let (folder, twin) = configured("witness-server", &format!("witness = \"{}\"\n", server.url));
    let password = [("PGPASSWORD", server.password.as_str())];
    let run = |arguments: &str| {
        let run = folder.run_with(arguments, &password);
        assert!(server.password.is_empty() || !run.err.contains(&server.password), "{}", run.err);
        run
    };
    // Twins settle at once, and take their witness from the command.
    let pay = |key: &str| {
        let twins = format!("--sandbox-url {} --witness {}", twin.origin, server.url);
        format!("{} {twins}", pay(key))
    };
    run(&pay("a-1")).exits(0).says("the server of the witness: a new witness, ");
    fs::copy(folder.path().join("a.db"), folder.path().join("backup.db")).unwrap();
    run(&pay("b-1")).exits(0);
    let shown = run("witness --db a.db --json").exits(0).json();
    assert_eq!(shown["identity"], shown["compared_with"]);
    assert_eq!(shown["trouble"], serde_json::Value::Null);

    for name in ["a.db", "a.db-wal", "a.db-shm"] {
        let _ = fs::remove_file(folder.path().join(name));
    }
    rename(&folder, "backup.db", "a.db");
    run(&pay("a-1")).exits(0).says("forgotten even the orders of 1 payout that it sent: b-1;");
    let shown = run("witness --db a.db --json").exits(0).json();
    assert_eq!(shown["forgotten"][0]["key"], "b-1");
    let paid = run(&pay("b-1")).exits(0).json();
    assert!(all_are(&paid, "status", "succeeded"), "{paid}");
    assert_eq!(twin.paid(), ["a-1", "b-1"]);
}

#[test]
fn for_real_money_a_witness_is_on_another_server() {
    let (Some(server), Some(witness)) = (Server::open(), Server::open()) else { return };
    let folder = Folder::new("witness-same-server");
    folder.write("a-1.csv", payouts([("a-1", "salary")]));
    let place = format!("[witness]\nplace = \"{}\"\n", witness.url);
    let serve = "serve --listen 127.0.0.1:0 --new-db";
    for without in ["without = \"stop\"\n", "without = \"go-on\"\n", ""] {
        folder.write("pagos.toml", format!("{place}{without}{LIVE}"));
        for command in [serve, "pay a-1.csv --yes --new-db"] {
            let refused = server.run(&folder, command).exits(1);
            refused.says("this is the server of the store").says("same_disk = true");
        }
    }
    let allowed = format!("{place}same_disk = true\n");
    serves(&folder, Some(&server), &allowed).says("a new witness, ");
    // It is there now, and still on that server.
    folder.write("pagos.toml", format!("{place}{LIVE}"));
    server.run(&folder, serve).exits(1).says("this is the server of the store");
}

#[test]
fn invented_money_may_have_its_witness_on_the_same_server() {
    let (Some(server), Some(witness)) = (Server::open(), Server::open()) else { return };
    let place = format!("[witness]\nplace = \"{}\"\nwithout = \"stop\"\n", witness.url);
    let (folder, twin) = configured("witness-sandbox-server", &place);
    let mut running = server.start(&folder, "pay a-1.csv --yes --json");
    running.waits_until_it_says("the server of the witness: a new witness, ");
    wait_for("it is paid", || twin.paid() == ["a-1"]);
    running.signal("TERM");
    running.end();
    assert_eq!(twin.paid(), ["a-1"]);
}
