//! The log on a disk that is full, that lies and that crashes.

use std::{
    io::{self, ErrorKind},
    path::Path,
    sync::{Arc, Mutex, MutexGuard},
};

use pagos_core::{AccountName, OrderKey, Timestamp};
use pagos_engine::{Noted, Reading, SentAttempt, WitnessError, WitnessErrorKind};

use crate::{
    index::Index,
    line::{self, BEGINNING, Header},
    log::Log,
    medium::{Found, Medium},
};

/// A disk with a cache, which a crash empties.
#[derive(Debug, Clone, Default)]
struct Disk(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    durable: Vec<u8>,
    cached: Vec<u8>,
    syncs: usize,
    /// How many bytes there is room for, if that is limited.
    room: Option<usize>,
    /// Syncs and cuts fail.
    is_broken: bool,
}

impl Disk {
    fn new() -> Self {
        let disk = Self::default();
        let header = Header { identity: "1f".repeat(16), store: "store".to_owned() };
        let mut bytes = Vec::new();
        line::write(&mut bytes, header.text().as_bytes(), BEGINNING);
        disk.state().durable = bytes.clone();
        disk.state().cached = bytes;
        disk
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    fn open(&self) -> Log<Self> {
        Log::open(self.clone(), Path::new("w"), "store").unwrap()
    }

    fn crash(&self) {
        let mut state = self.state();
        state.cached = state.durable.clone();
    }

    fn break_down(&self, is_broken: bool) {
        self.state().is_broken = is_broken;
    }
}

impl Medium for Disk {
    fn lock(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn unlock(&mut self) {}

    fn found(&mut self) -> io::Result<Found> {
        Ok(Found::Here(self.state().cached.len() as u64))
    }

    fn read_at(&mut self, place: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let state = self.state();
        let rest = state.cached.get(usize::try_from(place).unwrap()..).unwrap_or_default();
        let count = rest.len().min(buffer.len());
        buffer[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let room = state.room.map_or(bytes.len(), |room| room.saturating_sub(state.cached.len()));
        state.cached.extend_from_slice(&bytes[..room.min(bytes.len())]);
        if room < bytes.len() { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.state();
        if state.is_broken {
            return Err(ErrorKind::Other.into());
        }
        state.syncs += 1;
        state.durable = state.cached.clone();
        Ok(())
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        let mut state = self.state();
        if state.is_broken {
            return Err(ErrorKind::Other.into());
        }
        state.cached.truncate(usize::try_from(length).unwrap());
        state.durable = state.cached.clone();
        Ok(())
    }
}

fn attempt(name: &str, number: u32) -> SentAttempt {
    let (account, key) = (AccountName::new("alpha").unwrap(), OrderKey::new(name).unwrap());
    let at = Timestamp::from_millis(1_764_000_000_000);
    SentAttempt { account, key, number, digest: None, first_at: at, at, epoch: 1 }
}

fn append(log: &mut Log<Disk>, name: &str, number: u32) -> Result<Noted, WitnessError> {
    log.append(&[vec![attempt(name, number)]]).map(|answers| answers[0][0].clone())
}

fn keys(log: &mut Log<Disk>) -> Vec<String> {
    match log.read(None, 1_000).unwrap() {
        Reading::Attempts { attempts, .. } => {
            attempts.iter().map(|it| it.key.to_string()).collect()
        }
        Reading::Unrecognised => unreachable!("there is no mark"),
    }
}

#[test]
fn an_append_is_durable_when_it_is_answered() {
    let disk = Disk::new();
    let mut log = disk.open();
    assert_eq!(append(&mut log, "a", 1), Ok(Noted::New));
    disk.crash();
    assert_eq!(append(&mut disk.open(), "a", 1), Ok(Noted::Known(attempt("a", 1))));
}

#[test]
fn appends_that_wait_are_written_with_one_sync() {
    let disk = Disk::new();
    let mut log = disk.open();
    let requests: Vec<_> = (0..100).map(|number| vec![attempt(&format!("k{number}"), 1)]).collect();
    // A process that has just opened it does not know whether all that it found is durable.
    log.mark().unwrap();
    let found = disk.state().syncs;
    let answers = log.append(&[requests.clone(), requests].concat()).unwrap();
    assert_eq!(disk.state().syncs - found, 1);
    assert!(answers[..100].iter().all(|noted| noted[..] == [Noted::New]));
    assert!(answers[100..].iter().all(|noted| matches!(noted[..], [Noted::Known(_)])));
    assert_eq!(keys(&mut disk.open()).len(), 100);
}

#[test]
fn what_another_handle_appended_is_known_to_the_next_append() {
    let disk = Disk::new();
    let (mut one, mut other) = (disk.open(), disk.open());
    assert_eq!(append(&mut one, "a", 1), Ok(Noted::New));
    assert_eq!(append(&mut other, "a", 1), Ok(Noted::Known(attempt("a", 1))));
    assert_eq!(append(&mut other, "a", 2), Ok(Noted::New));
    assert_eq!(append(&mut one, "a", 2), Ok(Noted::Known(attempt("a", 2))));
}

/// Whatever part of the draft found room, nothing of it stays.
#[test]
fn a_full_disk_leaves_no_half_line_behind() {
    let disk = Disk::new();
    let mut log = disk.open();
    append(&mut log, "a", 1).unwrap();
    let before = disk.state().cached.clone();
    let line = before.len() - Disk::new().state().cached.len();
    let draft = [vec![attempt("b", 1)], vec![attempt("c", 1)]];
    for more in 0..2 * line {
        disk.state().room = Some(before.len() + more);
        let error = log.append(&draft).unwrap_err();
        assert_eq!(error.kind, WitnessErrorKind::Full);
        assert!(error.message.starts_with("w: ") && error.message.contains("make room"), "{error}");
        assert_eq!(disk.state().cached, before, "{more}");
    }
    disk.state().room = None;
    assert_eq!(log.append(&draft).unwrap(), [[Noted::New], [Noted::New]]);
    assert_eq!(keys(&mut disk.open()), ["a", "b", "c"]);
}

/// Not even the cut succeeds: the rest is a torn line, or a whole one that is known from then on.
#[test]
fn a_disk_that_fails_altogether_spoils_nothing() {
    for more in 0..250 {
        let disk = Disk::new();
        let mut log = disk.open();
        append(&mut log, "a", 1).unwrap();
        let length = disk.state().cached.len();
        disk.state().room = Some(length + more);
        disk.break_down(true);
        assert!(log.append(&[vec![attempt("b", 1)], vec![attempt("c", 1)]]).is_err());
        disk.break_down(false);
        disk.state().room = None;
        assert_eq!(append(&mut log, "d", 1), Ok(Noted::New), "{more}");
        let left = keys(&mut disk.open());
        let others = left.iter().filter(|key| !["b", "c"].contains(&key.as_str()));
        assert_eq!(others.collect::<Vec<_>>(), ["a", "d"], "{more}");
        assert_eq!(left, keys(&mut log));
    }
}

#[test]
fn an_append_whose_sync_fails_is_not_answered() {
    let disk = Disk::new();
    let mut log = disk.open();
    disk.break_down(true);
    assert_eq!(append(&mut log, "a", 1).unwrap_err().kind, WitnessErrorKind::Unavailable);
    disk.break_down(false);
    disk.crash();
    assert_eq!(append(&mut log, "a", 1), Ok(Noted::New));
}

/// Another process ended between its write and its sync. What a mark covers must survive a crash.
#[test]
fn a_mark_and_a_page_are_of_durable_lines() {
    for is_page in [false, true] {
        let disk = Disk::new();
        let mut log = disk.open();
        let mut other = disk.open();
        append(&mut other, "a", 1).unwrap();
        disk.state().durable = Disk::new().state().durable.clone();
        if is_page {
            drop(log.read(None, 10).unwrap())
        } else {
            drop(log.mark().unwrap())
        }
        disk.crash();
        assert_eq!(keys(&mut disk.open()), ["a"]);
    }
}

#[test]
fn keys_of_one_hash_are_told_apart() {
    let disk = Disk::new();
    let open = || {
        let index = Index::hashing_with(|_| 7);
        Log::open_with(disk.clone(), Path::new("w"), "store", index).unwrap()
    };
    let mut log = open();
    for round in 0..3 {
        for name in ["a", "b", "c"] {
            assert_eq!(append(&mut log, name, 2 * round + 1), Ok(Noted::New));
            assert_eq!(append(&mut log, name, 2 * round + 2), Ok(Noted::New));
        }
        log = open();
        for name in ["a", "b", "c"] {
            let known = Noted::Known(attempt(name, 2 * round + 2));
            assert_eq!(append(&mut log, name, 1), Ok(known), "{name}");
        }
    }
}
