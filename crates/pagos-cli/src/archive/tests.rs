//! An archive survives crashes and tells damage, whatever it is.

use std::{fs, path::PathBuf};

use pagos_core::{
    AccountName, AccountNumber, AccountType, Beneficiary, Currency, Money, OrderKey, PayoutOrder,
    Timestamp,
};
use pagos_engine::{Archive, ArchivedPayout, Entry, Progress, RunId};
use tempfile::TempDir;

use super::*;

const DATABASE: &str = "00112233445566778899aabbccddeeff";

fn payout(key: &str, version: u64) -> ArchivedPayout {
    let at = Timestamp::from_millis(1_700_000_000_000);
    ArchivedPayout {
        key: key.to_owned(),
        version,
        created_at: at,
        changed_at: at,
        archived_at: at,
        runs: vec![RunId("a file".to_owned())],
        order: PayoutOrder {
            key: OrderKey::new(key).unwrap(),
            account: AccountName::new("bank-a").unwrap(),
            amount: Money::new(15_000_000, Currency::Cop),
            beneficiary: Beneficiary {
                name: "María Ñuñez".to_owned(),
                document: None,
                bank: None,
                account_type: AccountType::Savings,
                account_number: AccountNumber::new("00012345678").unwrap(),
                email: None,
                phone: None,
            },
            description: Some("line 1\nline 2".to_owned()),
        },
        progress: Progress::new(at),
        history: vec![Entry::Asked { at, answer: "absent".to_owned() }],
    }
}

/// An archive of three files, of two, one and two payouts.
async fn archive() -> (TempDir, PathBuf) {
    let scratch = TempDir::new().unwrap();
    let folder = scratch.path().join("deep/archive");
    let mut archive = ArchiveFolder::open(&folder, DATABASE).unwrap();
    archive.keep(&[payout("k-1", 1), payout("k-2", 1)]).await.unwrap();
    archive.keep(&[payout("k-3", 1)]).await.unwrap();
    drop(archive);
    // Another life of the process goes on from there.
    let mut archive = ArchiveFolder::open(&folder, DATABASE).unwrap();
    archive.keep(&[payout("k-4", 1), payout("k-1", 2)]).await.unwrap();
    (scratch, folder)
}

fn faults(folder: &Path) -> Vec<String> {
    verify(folder).unwrap().faults.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn is_named(folder: &Path, file: &str, because: &str) {
    let faults = faults(folder);
    let named = faults.iter().filter(|fault| fault.starts_with(&format!("{file}: ")));
    assert!(named.into_iter().any(|fault| fault.contains(because)), "{file} {because}: {faults:?}");
}

#[tokio::test]
async fn what_was_kept_is_read_again_in_order() {
    let (_scratch, folder) = archive().await;
    let mut read = Vec::new();
    let mut take = |line: &[u8]| {
        read.push(serde_json::from_slice::<ArchivedPayout>(line).unwrap());
    };
    assert!(read_all(&folder, &mut take).unwrap().is_empty());
    let kept = [("k-1", 1), ("k-2", 1), ("k-3", 1), ("k-4", 1), ("k-1", 2)];
    assert_eq!(read, kept.map(|(key, version)| payout(key, version)));
    let verified = verify(&folder).unwrap();
    assert_eq!((verified.files, verified.payouts), (3, 5));
    assert_eq!((verified.faults, verified.unlisted), (Vec::new(), None));
    assert!(verify(folder.parent().unwrap()).is_err(), "a folder without an archive");
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_reads_an_archive() {
    use std::os::unix::fs::PermissionsExt;

    let (_scratch, folder) = archive().await;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn a_byte_that_changed_is_found_in_its_file() {
    let (_scratch, folder) = archive().await;
    for number in 1..=3 {
        let (name, path) = (name_of(number), folder.join(name_of(number)));
        let whole = fs::read(&path).unwrap();
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x40;
            fs::write(&path, &damaged).unwrap();
            let faults = verify(&folder).unwrap().faults;
            assert!(faults.iter().any(|fault| fault.file == name), "{name}, byte {place}");
        }
        fs::write(&path, &whole).unwrap();
    }
    assert!(faults(&folder).is_empty());
}

#[tokio::test]
async fn a_file_that_is_cut_off_missing_exchanged_or_added_is_named() {
    let (_scratch, folder) = archive().await;
    let path = |number| folder.join(name_of(number));
    let whole = [1, 2, 3].map(|number| fs::read(path(number)).unwrap());
    for length in 0..whole[2].len() {
        fs::write(path(3), &whole[2][..length]).unwrap();
        is_named(&folder, "payouts-000003.jsonl.zst", "");
    }
    for number in [1, 2, 3] {
        fs::write(path(3), &whole[2]).unwrap();
        let hidden = folder.join("hidden");
        fs::rename(path(number), &hidden).unwrap();
        is_named(&folder, &name_of(number), "is missing");
        fs::rename(&hidden, path(number)).unwrap();
    }
    fs::write(path(1), &whole[1]).unwrap();
    fs::write(path(2), &whole[0]).unwrap();
    is_named(&folder, &name_of(1), "is exchanged: it was written as payouts-000002");
    is_named(&folder, &name_of(2), "is exchanged: it was written as payouts-000001");
    fs::write(path(1), &whole[0]).unwrap();
    fs::write(path(2), &whole[1]).unwrap();
    fs::write(path(9), &whole[1]).unwrap();
    is_named(&folder, &name_of(9), "is not listed");
    fs::remove_file(path(9)).unwrap();
    fs::write(path(2), [&whole[1][..], b"more"].concat()).unwrap();
    is_named(&folder, &name_of(2), "");
    fs::write(path(2), &whole[1]).unwrap();
    assert!(faults(&folder).is_empty());
}

#[tokio::test]
async fn a_list_that_is_gone_or_changed_is_named() {
    let (_scratch, folder) = archive().await;
    let list = fs::read_to_string(folder.join(SUMS)).unwrap();
    fs::remove_file(folder.join(SUMS)).unwrap();
    is_named(&folder, SUMS, "is missing");
    let mut lines: Vec<&str> = list.lines().collect();
    lines.swap(0, 1);
    fs::write(folder.join(SUMS), lines.join("\n")).unwrap();
    is_named(&folder, SUMS, "line 1");
    fs::write(folder.join(SUMS), list.replace('a', "b")).unwrap();
    assert!(!faults(&folder).is_empty());
}

/// A file and its line in the list are both replaced: the file behind it names the old one.
#[tokio::test]
async fn a_file_that_was_written_anew_breaks_the_chain() {
    let (_scratch, folder) = archive().await;
    let (_other_scratch, other) = {
        let scratch = TempDir::new().unwrap();
        let other = scratch.path().join("archive");
        let mut archive = ArchiveFolder::open(&other, DATABASE).unwrap();
        archive.keep(&[payout("k-1", 1)]).await.unwrap();
        (scratch, other)
    };
    fs::copy(other.join(name_of(1)), folder.join(name_of(1))).unwrap();
    is_named(&folder, &name_of(1), "was changed");
    let list = fs::read_to_string(folder.join(SUMS)).unwrap();
    let forged = fs::read_to_string(other.join(SUMS)).unwrap();
    let rest: Vec<&str> = list.lines().skip(1).collect();
    fs::write(folder.join(SUMS), format!("{forged}{}\n", rest.join("\n"))).unwrap();
    is_named(&folder, &name_of(2), "does not follow");
}

#[tokio::test]
async fn a_crash_leaves_a_file_unlisted_or_unfinished_and_the_next_process_goes_on() {
    let (_scratch, folder) = archive().await;
    let list = fs::read_to_string(folder.join(SUMS)).unwrap();
    let shorter: Vec<&str> = list.lines().take(2).collect();
    fs::write(folder.join(SUMS), format!("{}\n", shorter.join("\n"))).unwrap();
    fs::write(folder.join(".unfinished-x"), b"half a file").unwrap();
    let verified = verify(&folder).unwrap();
    assert_eq!(verified.faults, []);
    assert_eq!(verified.unlisted.as_deref(), Some("payouts-000003.jsonl.zst"));

    let mut archive = ArchiveFolder::open(&folder, DATABASE).unwrap();
    assert_eq!(fs::read_to_string(folder.join(SUMS)).unwrap(), list);
    assert!(!folder.join(".unfinished-x").exists());
    archive.keep(&[payout("k-5", 1)]).await.unwrap();
    let verified = verify(&folder).unwrap();
    assert_eq!((verified.files, verified.payouts, verified.unlisted), (4, 6, None));
}

#[tokio::test]
async fn nothing_is_added_to_what_is_damaged_foreign_or_in_use() {
    let (_scratch, folder) = archive().await;
    let other = ArchiveFolder::open(&folder, "another").unwrap_err().to_string();
    assert!(other.contains("is of another database"), "{other}");
    let first = ArchiveFolder::open(&folder, DATABASE).unwrap();
    let second = ArchiveFolder::open(&folder, DATABASE).unwrap_err().to_string();
    assert!(second.contains("another pagos process"), "{second}");
    drop(first);
    let path = folder.join(name_of(3));
    let mut damaged = fs::read(&path).unwrap();
    damaged.truncate(damaged.len() - 1);
    fs::write(&path, damaged).unwrap();
    assert!(ArchiveFolder::open(&folder, DATABASE).is_err());
}
