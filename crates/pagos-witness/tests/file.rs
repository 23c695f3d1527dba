//! What becomes of a file that was changed, cut, taken away or shared.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod scratch;

use std::{fs, process::Command};

use pagos_engine::{Noted, Reading, Witness, WitnessErrorKind, WitnessMark};
use pagos_witness::FileWitness;

use scratch::{IDENTITY, STORE, Scratch, append, attempt, finish, keys};

/// A file with the attempts a, b and c.
fn three() -> Scratch {
    let scratch = Scratch::new();
    let witness = scratch.create();
    for key in ["a", "b", "c"] {
        assert_eq!(append(&witness, key, 1), Ok(Noted::New));
    }
    scratch
}

#[test]
fn a_file_is_begun_once_and_for_its_owner() {
    let scratch = Scratch::new();
    let missing = scratch.open().unwrap_err();
    assert_eq!(missing.kind, WitnessErrorKind::Unavailable);
    assert!(
        missing.message.contains("pagos.witness: the witness is not there; mount"),
        "{missing}"
    );
    drop(scratch.create());
    let there = FileWitness::create(&scratch.path, IDENTITY, STORE).unwrap_err();
    assert!(there.message.contains("not overwritten"), "{there}");
    let other = FileWitness::open(&scratch.path, IDENTITY).unwrap_err();
    assert_eq!(other.kind, WitnessErrorKind::OtherStore);
    for (identity, store) in [("short", STORE), (IDENTITY, ""), (IDENTITY, "a b")] {
        let path = scratch.folder.path().join("other");
        assert!(FileWitness::create(&path, identity, store).is_err());
        assert!(!path.exists());
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&scratch.path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_file_is_read_again_by_the_next_process() {
    let scratch = three();
    let witness = scratch.open().unwrap();
    assert_eq!(append(&witness, "b", 1), Ok(Noted::Known(attempt("b", 1))));
    assert_eq!(append(&witness, "b", 2), Ok(Noted::New));
    assert_eq!(keys(&witness).unwrap(), ["a", "b", "c", "b"]);
}

#[test]
fn a_flipped_byte_is_damage_wherever_it_is() {
    let scratch = three();
    let whole = scratch.bytes();
    for place in 0..whole.len() {
        for changed in [whole[place] ^ 1, whole[place] ^ 0x20, b'\n', 0, b' '] {
            if changed == whole[place] {
                continue;
            }
            let mut bytes = whole.clone();
            bytes[place] = changed;
            fs::write(&scratch.path, &bytes).unwrap();
            let error = scratch.open().unwrap_err();
            let kind = WitnessErrorKind::Damaged;
            assert_eq!(error.kind, kind, "byte {place} as {changed}: {error}");
            let line = 1 + whole[..place].iter().filter(|it| **it == b'\n').count();
            let told = if line == 1 { "first line".to_owned() } else { format!("line {line} ") };
            assert!(error.message.contains(&told), "byte {place} as {changed}: {error}");
        }
    }
}

/// The line is read back when its key comes again, and may not become unknown by a fault.
#[test]
fn a_byte_that_flips_under_a_process_makes_nothing_new() {
    let scratch = three();
    let witness = scratch.open().unwrap();
    let whole = scratch.bytes();
    for place in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[place] ^= 1;
        fs::write(&scratch.path, &bytes).unwrap();
        for key in ["a", "b", "c"] {
            let noted = append(&witness, key, 1);
            assert_ne!(noted, Ok(Noted::New), "byte {place}, {key}");
        }
        let read = keys(&witness);
        assert!(read.is_err() || place < line_end(&whole, 1), "byte {place}: {read:?}");
    }
    fs::write(&scratch.path, &whole).unwrap();
    assert_eq!(append(&witness, "a", 1), Ok(Noted::Known(attempt("a", 1))));
}

#[test]
fn a_torn_last_line_is_cut_off_by_the_next_append() {
    let scratch = three();
    let whole = scratch.bytes();
    let header = line_end(&whole, 1);
    for length in 0..whole.len() {
        fs::write(&scratch.path, &whole[..length]).unwrap();
        if length < header {
            let error = scratch.open().unwrap_err();
            assert_eq!(error.kind, WitnessErrorKind::Damaged, "{length}: {error}");
            continue;
        }
        let lines = whole[..length].iter().filter(|it| **it == b'\n').count() - 1;
        let witness = scratch.open().unwrap();
        assert_eq!(keys(&witness).unwrap(), ["a", "b", "c"][..lines], "{length}");
        assert_eq!(append(&witness, "d", 1), Ok(Noted::New), "{length}");
        let again = scratch.open().unwrap();
        assert_eq!(keys(&again).unwrap(), [&["a", "b", "c"][..lines], &["d"]].concat());
    }
}

/// A power cut loses some sectors of what was not synced, and keeps others. The trial of power cuts found
/// that this was taken for damage, and stopped all payouts.
#[test]
fn a_write_of_which_sectors_are_lost_is_cut_off_by_the_next_append() {
    let scratch = three();
    let durable = scratch.bytes().len();
    let attempts: Vec<_> = (0..12).map(|number| attempt(&format!("d{number:02}"), 1)).collect();
    finish(scratch.open().unwrap().append(&attempts)).unwrap();
    let whole = scratch.bytes();
    let sectors: Vec<usize> = (durable / 512..whole.len() / 512 + 1).collect();
    for lost in 1..1_usize << sectors.len().min(6) {
        let mut left = whole.clone();
        for (place, sector) in
            sectors.iter().enumerate().filter(|(place, _)| lost >> place & 1 == 1)
        {
            let end = (sector * 512 + 512).min(whole.len());
            left[(sector * 512).max(durable)..end].fill(0);
            assert!(place < 6);
        }
        fs::write(&scratch.path, &left).unwrap();
        let witness = scratch.open().unwrap();
        let kept = keys(&witness).unwrap();
        assert_eq!(kept[..3], ["a", "b", "c"], "{lost:b}");
        assert_eq!(append(&witness, "e", 1), Ok(Noted::New), "{lost:b}");
        assert_eq!(keys(&scratch.open().unwrap()).unwrap().len(), kept.len() + 1, "{lost:b}");
    }
}

/// What was durable before a later line was written cannot be torn.
#[test]
fn a_lost_sector_of_what_was_durable_is_damage() {
    let scratch = three();
    let witness = scratch.open().unwrap();
    for number in 0..6 {
        append(&witness, &format!("d{number}"), 1).unwrap();
    }
    let whole = scratch.bytes();
    let last = line_end(&whole, 9);
    for sector in 0..last / 512 {
        let mut left = whole.clone();
        left[sector * 512..sector * 512 + 512].fill(0);
        fs::write(&scratch.path, &left).unwrap();
        let error = scratch.open().unwrap_err();
        assert_eq!(error.kind, WitnessErrorKind::Damaged, "{sector}: {error}");
    }
}

#[test]
fn a_file_whose_making_was_cut_off_is_made_anew() {
    let scratch = three();
    let header = scratch.bytes()[..line_end(&scratch.bytes(), 1)].to_vec();
    for length in 0..header.len() {
        for left in [header[..length].to_vec(), vec![0; length + 1]] {
            fs::write(&scratch.path, left).unwrap();
            assert!(!FileWitness::is_there(&scratch.path), "{length}");
            FileWitness::create(&scratch.path, IDENTITY, STORE).unwrap();
            assert_eq!(scratch.bytes(), header);
        }
    }
    for others in ["hello", "pagos-witness 1 and more\n", "\n"] {
        fs::write(&scratch.path, others).unwrap();
        assert!(FileWitness::is_there(&scratch.path), "{others}");
        assert!(FileWitness::create(&scratch.path, IDENTITY, STORE).is_err(), "{others}");
        assert_eq!(scratch.bytes(), others.as_bytes());
    }
}

#[test]
fn a_file_that_is_cut_under_a_process_is_damage() {
    let scratch = three();
    let witness = scratch.open().unwrap();
    let whole = scratch.bytes();
    for length in [0, 10, line_end(&whole, 1), line_end(&whole, 3), whole.len() - 1] {
        fs::write(&scratch.path, &whole[..length]).unwrap();
        let error = append(&witness, "d", 1).unwrap_err();
        assert_eq!(error.kind, WitnessErrorKind::Damaged, "{length}");
        assert!(error.message.contains("had 4 lines and has lost some"), "{error}");
        assert!(finish(witness.mark()).is_err() && keys(&witness).is_err());
    }
    // Another history of the same length, or a longer one.
    fs::remove_file(&scratch.path).unwrap();
    let other = scratch.create();
    for key in ["x", "y", "z", "w"] {
        append(&other, key, 1).unwrap();
    }
    let longer = scratch.bytes();
    assert!(append(&witness, "d", 1).is_err());
    fs::write(&scratch.path, &longer).unwrap();
    assert!(append(&witness, "d", 1).is_err());
}

#[test]
fn a_file_that_is_gone_or_replaced_is_never_begun_anew() {
    let scratch = three();
    let witness = scratch.open().unwrap();
    let aside = scratch.folder.path().join("aside");
    fs::rename(&scratch.path, &aside).unwrap();
    let gone = append(&witness, "d", 1).unwrap_err();
    assert_eq!(gone.kind, WitnessErrorKind::Unavailable);
    assert!(gone.message.contains("is gone") && !scratch.path.exists(), "{gone}");
    fs::copy(&aside, &scratch.path).unwrap();
    let replaced = append(&witness, "d", 1).unwrap_err();
    assert!(replaced.message.contains("another file took the place"), "{replaced}");
    fs::rename(&aside, &scratch.path).unwrap();
    assert_eq!(append(&witness, "d", 1), Ok(Noted::New));
}

#[test]
fn a_mark_of_another_history_is_unrecognised() {
    let scratch = three();
    let witness = scratch.open().unwrap();
    let mark = finish(witness.mark()).unwrap();
    let of_others = {
        let other = Scratch::new();
        let witness = other.create();
        for key in ["a", "b", "x"] {
            append(&witness, key, 1).unwrap();
        }
        finish(witness.mark()).unwrap()
    };
    assert_ne!(mark, of_others);
    let read = |mark: &WitnessMark| finish(witness.read(Some(mark), 10)).unwrap();
    assert_eq!(read(&mark), Reading::Attempts { attempts: Vec::new(), next: mark.clone() });
    assert_eq!(read(&of_others), Reading::Unrecognised);
    // The file goes back to an earlier state, between two processes.
    let whole = scratch.bytes();
    fs::write(&scratch.path, &whole[..line_end(&whole, 3)]).unwrap();
    let back = scratch.open().unwrap();
    assert_eq!(finish(back.read(Some(&mark), 10)).unwrap(), Reading::Unrecognised);
}

/// The tests of a crate are one program, which this starts several times.
#[test]
fn processes_share_a_file() {
    if let Some(path) = std::env::var_os("PAGOS_WITNESS_OF_TEST") {
        let witness = FileWitness::open(path.as_ref(), STORE).unwrap();
        let keys = (0..100).map(|number| format!("k{number}"));
        let news = keys.filter(|key| append(&witness, key, 1) == Ok(Noted::New));
        // The status is the only thing that the runner of tests leaves alone.
        std::process::exit(i32::try_from(news.count()).unwrap());
    }
    let scratch = Scratch::new();
    drop(scratch.create());
    let start = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "processes_share_a_file"]);
        command.env("PAGOS_WITNESS_OF_TEST", &scratch.path).spawn().unwrap()
    };
    let news = [start(), start(), start()].map(|mut it| it.wait().unwrap().code().unwrap());
    assert_eq!(news.iter().sum::<i32>(), 100, "{news:?}");
    assert_eq!(keys(&scratch.open().unwrap()).unwrap().len(), 100);
}

/// Where the line with this number ends.
fn line_end(bytes: &[u8], number: usize) -> usize {
    let mut ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    ends.nth(number - 1).unwrap().0 + 1
}
