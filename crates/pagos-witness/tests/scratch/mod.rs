//! A folder for one witness, and attempts for it. All of it is invented.

#![allow(dead_code, clippy::unwrap_used, unreachable_pub)]

use std::path::PathBuf;

use pagos_core::{AccountName, OrderKey, Timestamp};
use pagos_engine::{Noted, Reading, SentAttempt, Witness, WitnessError};
use pagos_witness::FileWitness;

pub const IDENTITY: &str = "5d41402abc4b2a76b9719d911017c592";
pub const STORE: &str = "7d793037a0760186574b0282f2f435e7";

pub struct Scratch {
    pub folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl Scratch {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pagos.witness");
        Self { folder, path }
    }

    pub fn create(&self) -> FileWitness {
        FileWitness::create(&self.path, IDENTITY, STORE).unwrap()
    }

    pub fn open(&self) -> Result<FileWitness, WitnessError> {
        FileWitness::open(&self.path, STORE)
    }

    pub fn bytes(&self) -> Vec<u8> {
        std::fs::read(&self.path).unwrap()
    }
}

pub fn attempt(key: &str, number: u32) -> SentAttempt {
    SentAttempt {
        account: AccountName::new("alpha").unwrap(),
        key: OrderKey::new(key).unwrap(),
        number,
        digest: Some(pagos_engine::Digest([7; 32])),
        first_at: Timestamp::from_millis(1_764_000_000_000),
        at: Timestamp::from_millis(1_764_000_000_000),
        epoch: 4_711,
    }
}

pub fn append(witness: &FileWitness, key: &str, number: u32) -> Result<Noted, WitnessError> {
    finish(witness.append(&[attempt(key, number)])).map(|mut noted| noted.remove(0))
}

pub fn keys(witness: &FileWitness) -> Result<Vec<String>, WitnessError> {
    match finish(witness.read(None, 10_000))? {
        Reading::Attempts { attempts, .. } => {
            Ok(attempts.iter().map(|it| it.key.to_string()).collect())
        }
        Reading::Unrecognised => unreachable!("there is no mark"),
    }
}

pub fn finish<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}
