//! Every command on a PostgreSQL server: several that pay at once, one that is killed, a server that
//! goes away, and what is said when there is none.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "support/server.rs"]
mod server;
mod support;

use serde_json::Value;

use server::Server;
use support::{Folder, Twin, all_are, keys, payouts, wait_for};

fn pay(twin: &Twin) -> String {
    format!("pay payouts.csv --sandbox-url {} --yes --json", twin.origin)
}

fn write(folder: &Folder, keys: &[String], description: &str) {
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), description))));
}

#[test]
fn two_runs_of_one_file_pay_it_together_and_once() {
    let Some(server) = Server::open() else { return };
    let folder = Folder::new("postgres-together");
    let twin = Twin::start(&folder);
    let keys = keys("w", 40);
    write(&folder, &keys, "salary");
    let both = [server.start(&folder, &pay(&twin)), server.start(&folder, &pay(&twin))];
    let both = both.map(|running| running.end().exits(0));
    for run in &both {
        // No lock, so nobody looks on.
        assert!(!run.err.contains("another pagos process"), "{}", run.err);
        assert!(all_are(&run.json(), "status", "succeeded"), "{}", run.out);
    }
    assert_eq!(both[0].json(), both[1].json());
    assert_eq!(twin.paid(), keys);
}

#[test]
fn every_command_finds_what_was_paid() {
    let Some(server) = Server::open() else { return };
    let folder = Folder::new("postgres-commands");
    let twin = Twin::start(&folder);
    folder.write("payouts.csv", payouts([("c-1", "salary"), ("c-2", "sim:fail")]));
    server.run(&folder, &pay(&twin)).exits(2);

    let status = server.run(&folder, "status c-1 --json").exits(0).json();
    assert_eq!((&status["status"], &status["attempts"]), (&"succeeded".into(), &1.into()));
    server.run(&folder, "status c-9").exits(1).says("no payout has the key c-9");
    let list = server.run(&folder, "list --json").exits(0).json();
    assert_eq!(support::field_by_key(&list, "status").len(), 2);
    let history = server.run(&folder, "history c-1").exits(0).out;
    assert!(history.contains("succeeded"), "{history}");
    let note = "resolve c-2 --as ask --note checked";
    server.run(&folder, note).exits(0).says("c-2 stays failed");
    let payments = server.run(&folder, "payment list --json").exits(0).json();
    assert_eq!(payments["payments"], Value::Array(Vec::new()));
    // A key that is there with another body stops the file.
    folder.write("payouts.csv", payouts([("c-2", "salary"), ("c-1", "salary")]));
    server.run(&folder, &pay(&twin)).exits(1).says("this command sent nothing");
    assert_eq!(twin.paid(), ["c-1"]);
}

#[test]
fn what_a_killed_worker_held_is_paid_by_the_others() {
    let Some(server) = Server::open() else { return };
    let folder = Folder::new("postgres-killed");
    let twin = Twin::start_with(&folder, "--speed 50");
    let keys = keys("o", 30);
    write(&folder, &keys, "sim:slow");
    let pay = format!("{} --concurrency 2", pay(&twin));
    let first = server.start(&folder, &pay);
    wait_for("the first is at work", || !twin.ledger().is_empty());
    let second = server.start(&folder, &pay);
    assert_ne!(first.kill().code, Some(0));
    assert!(twin.paid().len() < keys.len(), "the test was too slow to kill anything");
    let run = second.end().exits(0);
    assert!(all_are(&run.json(), "status", "succeeded"), "{}", run.out);
    assert_eq!(twin.paid(), keys);
}

#[test]
fn several_services_and_a_payer_work_on_one_server() {
    let Some(server) = Server::open() else { return };
    let folder = Folder::new("postgres-serve");
    let twin = Twin::start(&folder);
    let serve = format!("serve --sandbox-url {}", twin.origin);
    let mut services = [server.start(&folder, &serve), server.start(&folder, &serve)];
    for service in &mut services {
        assert_eq!(service.ready()["db"], server.url.as_str());
    }
    let keys = keys("s", 30);
    write(&folder, &keys, "salary");
    let run = server.run(&folder, &pay(&twin)).exits(0);
    assert!(all_are(&run.json(), "status", "succeeded"), "{}", run.out);
    assert_eq!(twin.paid(), keys);
    for service in services {
        service.signal("TERM");
        let said = service.end().exits(0).out;
        let notices = said.lines().skip(1).map(|line| serde_json::from_str::<Value>(line).unwrap());
        for (number, notice) in (1..).zip(notices) {
            assert_eq!(notice["number"], number, "{said}");
        }
    }
}

/// Both outlive a server that is away for a while, whatever they were doing.
#[test]
fn a_server_that_comes_back_loses_nothing() {
    let Some(server) = Server::open() else { return };
    let folder = Folder::new("postgres-away");
    let twin = Twin::start_with(&folder, "--speed 50");
    let keys = keys("a", 20);
    write(&folder, &keys, "sim:slow");
    let way = server.way();
    let url = server.behind(&way);
    let mut service =
        server.start_at(&folder, &format!("serve --sandbox-url {}", twin.origin), &url);
    service.ready();
    let pay = server.start_at(&folder, &format!("{} --concurrency 2", pay(&twin)), &url);
    for paid in [1, 8] {
        wait_for("some are paid", || twin.paid().len() >= paid);
        way.cut();
        std::thread::sleep(std::time::Duration::from_millis(700));
        way.mend();
    }
    let run = pay.end().exits(0);
    assert!(all_are(&run.json(), "status", "succeeded"), "{}", run.out);
    assert_eq!(twin.paid(), keys);
    assert!(service.is_running());
    service.signal("TERM");
    service.end().exits(0);
}

#[test]
fn doctor_tells_what_the_server_is_set_to() {
    let Some(server) = Server::open() else { return };
    let folder = Folder::new("postgres-doctor");
    // Before the first payout, which is when it is of use.
    let text = server.run(&folder, "doctor").exits(0).out;
    assert!(text.contains("note  database postgres://"), "{text}");
    assert!(text.contains("holds nothing of pagos yet"), "{text}");
    assert!(text.contains("fsync"), "{text}");
    let twin = Twin::start(&folder);
    folder.write("payouts.csv", payouts([("d-1", "salary")]));
    server.run(&folder, &pay(&twin)).exits(0);
    let findings = server.run(&folder, "doctor --json").exits(0).json();
    let findings = findings.as_array().unwrap();
    let of = |what: &str| {
        let found = findings.iter().find(|it| it["what"].as_str().unwrap().ends_with(what));
        found.unwrap_or_else(|| panic!("{what} is missing: {findings:?}"))
    };
    for setting in ["synchronous_commit", "fsync", "full_page_writes"] {
        assert_eq!(of(setting)["verdict"], "good", "{setting}");
    }
    let database = &of(&server.url)["because"];
    assert_eq!(database, "1 payouts, none waits for a person");
    let text = server.run(&folder, "doctor").exits(0).out;
    assert!(text.contains("good  database postgres://"), "{text}");
}

/// A reader endpoint is not good, even if it follows well.
#[test]
fn a_standby_is_refused_by_doctor_and_by_pay() {
    let Some(server) = Server::open() else { return };
    let Some(standby) = server.on_standby() else { return };
    let folder = Folder::new("postgres-standby");
    let doctor = server.start_at(&folder, "doctor", &standby).end().exits(1);
    assert!(doctor.out.contains(", primary: the server is a standby"), "{}", doctor.out);
    assert!(doctor.out.contains("connect to the primary"), "{}", doctor.out);
    let twin = Twin::start(&folder);
    folder.write("payouts.csv", payouts([("r-1", "salary")]));
    let pay = server.start_at(&folder, &pay(&twin), &standby).end().exits(1);
    pay.says("is a standby").says("connect to the primary");
    assert!(twin.ledger().is_empty());
    // The primary says in one line what a failover would cost.
    let text = server.run(&folder, "doctor").exits(0).out;
    assert!(text.contains(", failover: CAN LOSE what was told as committed"), "{text}");
}

#[test]
fn a_sandbox_on_a_server_has_its_bank_in_the_working_folder() {
    let Some(server) = Server::open() else { return };
    let folder = Folder::new("postgres-sandbox");
    folder.write("payouts.csv", payouts([("b-1", "salary")]));
    let pay = "pay payouts.csv --sandbox --yes --json";
    let first = server.run(&folder, pay).exits(0).json();
    let again = server.run(&folder, pay).exits(0).says("1 of these payouts are known already");
    assert_eq!(first, again.json());
    let names = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().file_name());
    let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
    let is_bank = |name: &&String| name.starts_with("pagos-sandbox-") && name.ends_with(".bank");
    assert_eq!(names.iter().filter(is_bank).count(), 1, "{names:?}");
}

/// Everything that a person sees, for a snapshot.
fn told(run: &support::Run) -> String {
    format!("exit {}\n--- out\n{}--- err\n{}", run.code.unwrap(), run.out, run.err)
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let folder = Folder::new("postgres-none");
    // Nobody listens on port 1.
    let db = "postgres://pagos:wrong-secret@127.0.0.1:1/pay";
    let run = folder.run(&format!("status c-1 --db {db}")).exits(1);
    assert!(!run.err.contains("wrong-secret"), "{}", run.err);
    // The number is another one on every system.
    let (before, after) =
        told(&run).split_once(" (os error").map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    let (_, after) = after.split_once(')').unwrap();
    insta::assert_snapshot!(format!("{before}{after}"));
    let run = folder.run(&format!("doctor --json --db {db}")).exits(1);
    assert!(!run.out.contains("wrong-secret"), "{}", run.out);
    assert_eq!(run.json()[1]["verdict"], "bad");
}

#[test]
fn a_url_that_cannot_be_read_is_not_repeated() {
    let folder = Folder::new("postgres-url");
    let db = "postgres://pagos:wrong-secret@db.example/pay?sslmode=prefer";
    let run = folder.run(&format!("list --db {db}")).exits(1);
    assert!(!run.err.contains("wrong-secret"), "{}", run.err);
    insta::assert_snapshot!(told(&run));
}

#[test]
fn a_refused_password_is_told_and_not_shown() {
    let Some(server) = Server::open() else { return };
    // A server that trusts everybody on this machine refuses no password.
    if server.password.is_empty() {
        return;
    }
    let folder = Folder::new("postgres-password");
    let wrong = [("PGPASSWORD", "wrong-secret")];
    let run = folder.run_with(&format!("list --db {}", server.url), &wrong).exits(1);
    assert!(!run.err.contains("wrong-secret"), "{}", run.err);
    insta::assert_snapshot!(server.steady(&told(&run)));
    let missing = folder.run(&format!("list --db {}", server.url)).exits(1);
    insta::assert_snapshot!(server.steady(&told(&missing)));

    // A file of passwords as PostgreSQL's programs read it.
    folder.write("passwords", format!("*:*:*:*:{}\n", server.password));
    let path = folder.path().join("passwords");
    let file = [("PGPASSFILE", path.to_str().unwrap())];
    let list = format!("list --db {}", server.url);
    folder.run_with(&list, &file).exits(1).says("run `chmod 600");
    set_private(&path);
    folder.run_with(&list, &file).exits(1).says("holds nothing of pagos yet");
}

fn set_private(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;

    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}
