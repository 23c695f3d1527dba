//! What `pagos doctor` and `pagos status` tell of the witness of a database, of a restored database and
//! of what a database has forgotten.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use serde_json::{Value, json};

use support::{Folder, Twin, payouts};

const WITNESS: &str = "witness = \"w.witness\"\n";

/// A folder whose `pagos.toml` names a witness, and a twin.
fn scene(name: &str) -> (Folder, Twin) {
    let folder = Folder::new(name);
    let twin = Twin::start(&folder);
    folder.write("pagos.toml", WITNESS);
    for key in ["a-1", "b-1"] {
        folder.write(&format!("{key}.csv"), payouts([(key, "salary")]));
    }
    (folder, twin)
}

fn pay(folder: &Folder, twin: &Twin, key: &str, more: &str) {
    let pay = format!("pay {key}.csv --sandbox-url {} --yes --db a.db", twin.origin);
    folder.run(&format!("{pay} {more}")).exits(0);
}

fn lose(folder: &Folder) {
    for name in ["a.db", "a.db-wal", "a.db-shm"] {
        let _ = fs::remove_file(folder.path().join(name));
    }
}

/// What `doctor` finds about the witness: what, verdict, because.
fn found(folder: &Folder) -> Vec<(String, String, String)> {
    let all = folder.run("doctor --db a.db --json").json();
    let text = |it: &Value, field: &str| it[field].as_str().unwrap().to_owned();
    let all = all.as_array().unwrap().iter();
    let about = all.filter(|it| text(it, "what").starts_with("witness"));
    about.map(|it| (text(it, "what"), text(it, "verdict"), text(it, "because"))).collect()
}

/// Insists on one finding.
#[track_caller]
fn says(found: &[(String, String, String)], what: &str, verdict: &str, because: &str) {
    let is_it = |it: &&(String, String, String)| it.0 == what && it.2.contains(because);
    let it = found.iter().find(is_it).unwrap_or_else(|| panic!("{because:?}: {found:?}"));
    assert_eq!(it.1, verdict, "{found:?}");
}

#[test]
fn doctor_tells_whether_the_witness_is_there_and_how_far_it_agrees() {
    let (folder, twin) = scene("doctor-witness");
    let what = "witness w.witness";
    let before = found(&folder);
    says(&before, what, "note", "is not there; the first `pagos pay` of a new database makes it");
    pay(&folder, &twin, "a-1", "--witness w.witness");
    let there = found(&folder);
    says(&there, what, "good", ": answers in ");
    says(&there, "witness w.witness, agreement", "good", "both agreed at 20");
    says(&there, "witness w.witness, agreement", "good", " ago; what was sent since is compared");
    if cfg!(unix) {
        says(&there, "witness w.witness, disk", "note", "is on the file system of the database");
    }
    folder.run("doctor --db a.db").exits(0);

    let path = folder.path().join("w.witness");
    let kept = folder.path().join("kept.witness");
    fs::rename(&path, &kept).unwrap();
    says(
        &found(&folder),
        what,
        "bad",
        "of the database is not there: mount its disk or bring it back",
    );
    folder.run("doctor --db a.db").exits(1);

    // Another one of this database, which does not know what was sent before.
    pay(&folder, &twin, "b-1", "--witness w.witness --new-witness");
    fs::rename(&kept, &path).unwrap();
    let other = found(&folder);
    says(&other, what, "bad", "bring that one back, or pay with --new-witness");
    assert!(other.iter().all(|it| it.0 != "witness w.witness, agreement"), "{other:?}");

    fs::write(&path, "nothing of ours\n").unwrap();
    let damaged = found(&folder);
    assert!(damaged.iter().any(|it| it.0 == what && it.1 == "bad"), "{damaged:?}");
}

#[test]
fn doctor_tells_of_a_witness_that_is_none_of_this_database() {
    let (folder, twin) = scene("doctor-witness-other");
    pay(&folder, &twin, "a-1", "");
    let without = found(&folder);
    says(&without, "witness w.witness", "note", "pay once with --new-witness");
    let other = format!("pay b-1.csv --sandbox-url {} --yes --db b.db", twin.origin);
    folder.run(&format!("{other} --witness w.witness")).exits(0);
    let theirs = found(&folder);
    says(&theirs, "witness w.witness", "bad", "the witness belongs to the database");
}

#[cfg(unix)]
#[test]
fn doctor_tells_that_a_witness_of_real_money_shares_the_disk() {
    let folder = Folder::new("doctor-witness-disk");
    let live = "[accounts.cashypro]\nenvironment = \"live\"\ncountry = \"COL\"\n\
                base_url = \"https://127.0.0.1:1/prod-api\"\nmerchant_id = \"1002001\"\n\
                api_key = \"0123456789abcdef\"\n\
                notify_url = \"https://payouts.example.com/webhooks/cashypro\"\n";
    folder.write("pagos.toml", format!("{WITNESS}{live}"));
    says(&found(&folder), "witness w.witness, disk", "bad", "same_disk = true");
    folder
        .write("pagos.toml", format!("[witness]\nplace = \"w.witness\"\nsame_disk = true\n{live}"));
    says(&found(&folder), "witness w.witness, disk", "note", "on the file system of the database");
    folder.write("pagos.toml", live);
    says(&found(&folder), "witness", "note", "none is named");
}

#[test]
fn status_tells_that_a_restored_database_waits() {
    let (folder, twin) = scene("status-restored");
    pay(&folder, &twin, "a-1", "");
    let status = folder.run("status a-1 --db a.db --json").exits(0).json();
    assert_eq!((&status["restored"], &status["forgotten"]), (&Value::Null, &Value::Null));
    assert!(!folder.run("status a-1 --db a.db").exits(0).out.contains("database"));
    folder.run("backup --to copy.db --db a.db").exits(0);
    pay(&folder, &twin, "b-1", "");
    lose(&folder);
    folder.run("restore copy.db --db a.db").exits(0);

    let status = folder.run("status a-1 --db a.db --json").exits(0).json();
    assert!(status["restored"]["backup_at"].is_i64(), "{status}");
    assert_eq!(status["restored"]["accepted"], Value::Null);
    let text = folder.run("status a-1 --db a.db").exits(0).out;
    assert!(text.contains("nothing is sent from it before it was compared"), "{text}");

    folder.run("restore --accept --db a.db --note panel").exits(0);
    let status = folder.run("status a-1 --db a.db --json").exits(0).json();
    assert!(status["restored"]["lists_since"].is_i64(), "{status}");
    assert!(status["restored"]["accepted"].as_str().unwrap().ends_with("panel"), "{status}");
    let text = folder.run("status a-1 --db a.db").exits(0).out;
    assert!(text.contains("are not read yet: the next `pagos pay` or `pagos serve`"), "{text}");

    pay(&folder, &twin, "a-1", "");
    let status = folder.run("status a-1 --db a.db --json").exits(0).json();
    assert_eq!(status["restored"], Value::Null, "{status}");
}

#[test]
fn status_tells_of_forgotten_payouts() {
    let (folder, twin) = scene("status-forgotten");
    pay(&folder, &twin, "a-1", "--witness w.witness");
    fs::copy(folder.path().join("a.db"), folder.path().join("backup.db")).unwrap();
    pay(&folder, &twin, "b-1", "--witness w.witness");
    lose(&folder);
    fs::rename(folder.path().join("backup.db"), folder.path().join("a.db")).unwrap();
    pay(&folder, &twin, "a-1", "--witness w.witness");

    let status = folder.run("status a-1 --db a.db --json").exits(0).json();
    assert_eq!(status["forgotten"], json!(1));
    let text = folder.run("status a-1 --db a.db").exits(0).out;
    assert!(
        text.contains("has forgotten the order of 1 payout that it sent: `pagos witness`"),
        "{text}"
    );
    let lost = folder.run("status b-1 --db a.db").exits(1);
    lost.says(
        "the order of b-1 is forgotten, and the payout was sent: b-1 through cashypro, attempt 1",
    );
    folder.run("status c-1 --db a.db").exits(1).says("no payout has the key c-1");

    pay(&folder, &twin, "b-1", "--witness w.witness");
    let status = folder.run("status b-1 --db a.db --json").exits(0).json();
    assert_eq!((&status["status"], &status["forgotten"]), (&json!("succeeded"), &Value::Null));
    assert_eq!(twin.paid(), ["a-1", "b-1"]);
}
