//! Which database is paid from: slips of the pen and of the file system that once paid twice.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use support::{Folder, Twin, keys, payouts};

/// A database from which three payouts were paid, and the bank that has them.
fn paid(name: &str) -> (Folder, Twin, String) {
    let folder = Folder::new(name);
    let twin = Twin::start(&folder);
    let keys = keys("d", 3);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "salary"))));
    let pay = format!("pay payouts.csv --yes --sandbox-url {} --db", twin.origin);
    folder.run(&format!("{pay} pagos.db")).exits(0).says("pagos.db: a new database");
    assert_eq!(twin.paid(), keys);
    (folder, twin, pay)
}

/// Nothing more was paid, and nothing was said of a new database.
fn refuses(folder: &Folder, twin: &Twin, pay: &str, db: &str, because: &str) {
    let before = twin.ledger();
    let run = folder.run(&format!("{pay} {db}")).exits(1).says(because);
    assert!(!run.err.contains(": a new database\n"), "{}", run.err);
    assert_eq!(twin.ledger(), before);
}

#[test]
fn world_1_a_database_that_was_emptied_or_removed_pays_nothing() {
    let (folder, twin, pay) = paid("world-1");
    let path = folder.path().join("pagos.db");
    fs::write(&path, "").unwrap();
    refuses(&folder, &twin, &pay, "pagos.db", "is empty, and a database was here before");
    let doctor = folder.run("doctor --db pagos.db").exits(1);
    assert!(doctor.out.contains("BAD   database pagos.db"), "{}", doctor.out);
    fs::remove_file(&path).unwrap();
    refuses(&folder, &twin, &pay, "pagos.db", "is not there, and a database was here before");
    let doctor = folder.run("doctor --db pagos.db").exits(1);
    assert!(doctor.out.contains("BAD   database pagos.db: "), "{}", doctor.out);
    assert!(doctor.out.contains("is not there, and a database was here before"), "{}", doctor.out);
    for command in ["list", "status d-01"] {
        let run = folder.run(&format!("{command} --db pagos.db")).exits(1);
        run.says("is not there, and a database was here before");
    }
    let serve = format!("serve --sandbox-url {} --db pagos.db", twin.origin);
    folder.run(&serve).exits(1).says("a database was here before");
}

/// As an older version left it where its log was deleted, or was not copied with it.
#[test]
fn world_1_a_database_without_its_tables_pays_nothing() {
    let (folder, twin, pay) = paid("world-1-tables");
    let path = folder.path().join("pagos.db");
    // A file of one page, in which nothing is but the word that there is a log.
    let mut header = fs::read(&path).unwrap()[..4_096].to_vec();
    header[28..32].copy_from_slice(&1_u32.to_be_bytes());
    header[36..100].fill(0);
    header[44..48].copy_from_slice(&4_u32.to_be_bytes());
    header[56..60].copy_from_slice(&1_u32.to_be_bytes());
    header[92..100].copy_from_slice(&[0; 8]);
    header[100] = 13;
    header[101..105].fill(0);
    header[105..107].copy_from_slice(&4_096_u16.to_be_bytes());
    header[107..].fill(0);
    let because = "has no tables, and a database was here before";
    for is_traced in [true, false] {
        fs::write(&path, &header).unwrap();
        if !is_traced {
            fs::remove_file(folder.path().join("pagos.db.lock")).unwrap();
        }
        refuses(&folder, &twin, &pay, "pagos.db", because);
        let doctor = folder.run("doctor --db pagos.db").exits(1);
        assert!(doctor.out.contains(because), "{}", doctor.out);
        for command in ["doctor", "list", "status d-01"] {
            let run = folder.run(&format!("{command} --db pagos.db")).exits(1);
            assert!(!run.out.contains("older version") && !run.err.contains("older version"));
        }
    }
}

#[test]
fn world_1_what_is_empty_is_not_older() {
    let folder = Folder::new("world-1-empty");
    folder.write("e.db", "");
    let doctor = folder.run("doctor --db e.db");
    assert!(doctor.out.contains("note  database e.db: is empty; the first `pagos pay`"));
    folder.run("list --db e.db").exits(1).says("is empty; the first `pagos pay`");
}

/// It was called good, and paid from.
#[test]
fn world_4_another_database_under_its_name_pays_nothing() {
    let (folder, twin, pay) = paid("world-4-other");
    folder.write("others.csv", payouts([("o-1", "salary")]));
    let other = pay.replace("payouts.csv", "others.csv");
    folder.run(&format!("{other} other.db")).exits(0);
    fs::copy(folder.path().join("other.db"), folder.path().join("pagos.db")).unwrap();
    let because = "is another database than the one that was here before";
    refuses(&folder, &twin, &pay, "pagos.db", because);
    let serve = format!("serve --sandbox-url {} --db pagos.db", twin.origin);
    folder.run(&serve).exits(1).says(because);
    let doctor = folder.run("doctor --db pagos.db").exits(1);
    assert!(doctor.out.contains("BAD   database pagos.db: "), "{}", doctor.out);
    assert!(doctor.out.contains(because), "{}", doctor.out);
    assert!(!doctor.out.contains("good  database"), "{}", doctor.out);
    // It is meant.
    fs::remove_file(folder.path().join("pagos.db.lock")).unwrap();
    folder.run(&format!("{other} pagos.db")).exits(0).says("1 of these payouts are known already");
}

/// A killed `pay`, whose log was damaged or deleted.
#[test]
fn world_21_a_database_whose_log_is_damaged_or_gone_pays_nothing() {
    let folder = Folder::new("world-21");
    let twin = Twin::start(&folder);
    let keys = keys("w", 12);
    folder.write("payouts.csv", payouts(keys.iter().map(|key| (key.as_str(), "salary"))));
    let pay = format!("pay payouts.csv --yes --sandbox-url {} --db", twin.origin);
    // A watch over it keeps `pay` going after all of them were paid.
    let running = folder.start(&format!("{pay} w.db"));
    support::wait_for("all were sent", || twin.paid().len() == keys.len());
    running.signal("KILL");
    drop(running);
    let log = folder.path().join("w.db-wal");
    let whole = fs::read(&log).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0xff;
    fs::write(&log, &flipped).unwrap();
    let because = "w.db-wal: the log is damaged in its frame";
    refuses(&folder, &twin, &pay, "w.db", because);
    let doctor = folder.run("doctor --db w.db").exits(1);
    assert!(doctor.out.contains("BAD   database w.db, pages: "), "{}", doctor.out);
    assert!(doctor.out.contains(because) && !doctor.out.contains("good  database"));
    fs::remove_file(&log).unwrap();
    for _ in 0..2 {
        folder.run("list --db w.db").exits(1).says("w.db-wal: the log is missing or empty");
        refuses(&folder, &twin, &pay, "w.db", "w.db-wal: the log is missing or empty");
    }
    fs::write(&log, &whole).unwrap();
    folder.run(&format!("{pay} w.db")).exits(0).says("12 of these payouts are known already");
    assert_eq!(twin.ledger().len(), keys.len());
}

#[test]
fn world_1_an_emptied_database_beside_the_bank_of_its_sandbox_pays_nothing() {
    let folder = Folder::new("world-1-bank");
    folder.write("payouts.csv", payouts([("b-1", "salary")]));
    folder.run("pay payouts.csv --sandbox --yes --db s.db").exits(0).says("s.db: a new database");
    fs::write(folder.path().join("s.db"), "").unwrap();
    fs::remove_file(folder.path().join("s.db.lock")).unwrap();
    let run = folder.run("pay payouts.csv --sandbox --yes --db s.db").exits(1);
    run.says("s.db.bank is the bank of its sandbox");
}

#[test]
fn world_2_other_names_of_a_database_pay_nothing_more() {
    let (folder, twin, pay) = paid("world-2");
    let (path, link) = (folder.path().join("pagos.db"), folder.path().join("link.db"));
    std::os::unix::fs::symlink("nowhere.db", &link).unwrap();
    for command in ["doctor", "list", "status d-01"] {
        let run = folder.run(&format!("{command} --db link.db")).exits(1);
        let told = format!("{}{}", run.out, run.err);
        assert!(told.contains("is a link to a file that is not there"), "{told}");
    }
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink("pagos.db", &link).unwrap();
    folder.run(&format!("{pay} link.db")).exits(0).says("3 of these payouts are known already");
    assert_eq!(twin.ledger().len(), 3);
    assert!(!folder.has("link.db-wal") && !folder.has("link.db.lock"));
    fs::remove_file(&link).unwrap();
    fs::hard_link(&path, folder.path().join("hard.db")).unwrap();
    for db in ["pagos.db", "hard.db"] {
        refuses(&folder, &twin, &pay, db, "has 2 names (hard links)");
    }
}

#[test]
fn world_2_a_database_is_locked_whatever_becomes_of_its_lock_file() {
    let (folder, twin, _) = paid("world-2-lock");
    let serve = format!("serve --sandbox-url {} --db pagos.db", twin.origin);
    let mut server = folder.start(&serve);
    server.ready();
    if cfg!(target_os = "linux") {
        fs::remove_file(folder.path().join("pagos.db.lock")).unwrap();
    }
    folder.run(&serve).exits(1).says("another pagos process works on this database");
    server.signal("TERM");
    server.end().exits(0);
}

#[test]
fn world_3_what_looks_like_an_address_makes_no_file() {
    let (folder, twin, pay) = paid("world-3");
    let files = || {
        let entries = fs::read_dir(folder.path()).unwrap();
        entries.map(|entry| entry.unwrap().file_name()).collect::<std::collections::BTreeSet<_>>()
    };
    let before = files();
    for db in ["dbname=pagos", "postgres:pagos", "sqlite:t.db", "mysql://u:hunter2@h/d"] {
        refuses(&folder, &twin, &pay, db, "looks like the address of a database, and is none");
        let told = folder.run(&format!("list --db {db}")).exits(1);
        assert!(!told.err.contains("hunter2"), "{}", told.err);
    }
    assert_eq!(files(), before);
}

#[test]
fn world_24_a_sandbox_run_that_is_refused_leaves_no_bank() {
    let folder = Folder::new("world-24-bank");
    folder.write("bad.csv", payouts([("b-1", "salary")]).replace("100001", "1.000,00"));
    folder.write("payouts.csv", payouts([("b-1", "salary")]));
    folder.run("pay bad.csv --sandbox --yes --db s.db").exits(1);
    assert!(!folder.has("s.db.bank") && !folder.has("s.db"));
    folder.run("pay payouts.csv --sandbox --yes --db s.db").exits(0);
    assert!(folder.has("s.db.bank"));
    folder.run("pay bad.csv --sandbox --yes --db s.db").exits(1);
    assert!(folder.has("s.db.bank"), "it is that of a database");
}

/// A slip in the name of a database of real money is more likely than a new one.
#[test]
fn world_3_for_live_accounts_a_new_database_wants_a_word() {
    let folder = Folder::new("world-3-live");
    folder.write(
        "pagos.toml",
        "[accounts.cashypro]\nenvironment = \"live\"\ncountry = \"COL\"\n\
         base_url = \"https://127.0.0.1:1/prod-api\"\nmerchant_id = \"1002001\"\n\
         api_key = \"0123456789abcdef\"\n\
         notify_url = \"https://payouts.example.com/webhooks/cashypro\"\n",
    );
    folder.write("payouts.csv", payouts([("l-1", "salary")]));
    for command in ["pay payouts.csv --yes", "serve --listen 127.0.0.1:0"] {
        let run = folder.run(&format!("{command} --db slip.db")).exits(1);
        run.says("slip.db: there is no database yet, and an account is LIVE").says("--new-db");
        assert!(!folder.has("slip.db") && !folder.has("slip.db.lock"), "{command}");
    }
    let mut server = folder.start("serve --listen 127.0.0.1:0 --db slip.db --new-db");
    let ready = server.ready();
    server.waits_until_it_says("slip.db: a new database");
    let identity = ready["database_id"].as_str().unwrap().to_owned();
    server.signal("TERM");
    server.end().exits(0);
    // From then on it is there.
    let mut server = folder.start("serve --listen 127.0.0.1:0 --db slip.db");
    assert_eq!(server.ready()["database_id"], identity.as_str());
    server.signal("TERM");
    server.end().exits(0);
}

#[test]
fn world_4_a_database_says_which_one_it_is() {
    let (folder, _twin, pay) = paid("world-4");
    let document = folder.run(&format!("{pay} pagos.db --json")).exits(0).json();
    let id = document["database"]["id"].as_str().unwrap().to_owned();
    assert_eq!(document["database"]["place"], "pagos.db");
    assert_eq!(id.len(), 32);
    let lock = fs::read_to_string(folder.path().join("pagos.db.lock")).unwrap();
    assert_eq!(lock, format!("pagos database {id}\n"));
    let doctor = folder.run("doctor --db pagos.db").out;
    assert!(doctor.contains(&format!("database pagos.db, identity: {id}")), "{doctor}");
    let other = folder.run(&format!("{pay} other.db --json")).json();
    assert_ne!(other["database"]["id"].as_str().unwrap(), id);
}
