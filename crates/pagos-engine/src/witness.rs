//! A second memory of what was sent, which does not share the fate of the store. A store that goes
//! back to an earlier state, because a backup was restored, a lagging standby was promoted or a disk
//! lied, does not know what was sent since. Its witness does.
//!
//! `witness/guard.rs` asks the witness before each request that moves money, and
//! `witness/compare.rs` compares the store with it before the first one. `witness/doubt.rs` is what is
//! left to do where there is none.

pub(crate) mod compare;
mod doubt;
pub(crate) mod guard;
pub(crate) mod kept;
#[cfg(feature = "suite")]
mod memory;
pub(crate) mod passed;
mod told;

use std::{fmt, fmt::Debug, time::Duration};

use async_trait::async_trait;
use pagos_core::{AccountName, OrderKey, Timestamp};
use serde::{Deserialize, Serialize};

use crate::intent::Digest;

pub use compare::Comparison;
pub use doubt::Doubted;
pub use kept::Restored;
#[cfg(feature = "suite")]
pub use memory::MemoryWitness;

/// Remembers every attempt before its request leaves. It belongs to one store, and lies where the
/// store does not: on another disk, or on another server.
///
/// It is safe to write to one witness from several processes. If a method's future is dropped, what
/// it was to append may or may not be there.
#[async_trait]
pub trait Witness: Debug + Send + Sync {
    /// The random identity of this witness, 32 hexadecimal digits for one that is kept. A witness
    /// that takes the place of a lost one has another identity.
    fn identity(&self) -> &str;

    /// Appends the attempts that are new, durably, and says of each whether it is. An attempt is new
    /// if its number is higher than every number that was appended for its key. No other is
    /// appended, however many processes append at once. The answers are in the order of `attempts`.
    ///
    /// If this fails, some of them may be there.
    async fn append(&self, attempts: &[SentAttempt]) -> Result<Vec<Noted>, WitnessError>;

    /// The present end of the witness.
    async fn mark(&self) -> Result<WitnessMark, WitnessError>;

    /// Attempts in the order in which they were appended, after a mark (`None` for all), at most
    /// `limit`. Everything that was appended before the mark was made lies before it.
    async fn read(
        &self,
        after: Option<&WitnessMark>,
        limit: usize,
    ) -> Result<Reading, WitnessError>;
}

/// An attempt to send a payout. It names nobody: the key and the account are the merchant's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentAttempt {
    /// The account.
    pub account: AccountName,
    /// The key of the order.
    pub key: OrderKey,
    /// 1 for the first.
    pub number: u32,
    /// The digest of the order; `None` if only the provider's list named the payout.
    pub digest: Option<Digest>,
    /// When the first attempt of this payout was made durable.
    pub first_at: Timestamp,
    /// When this one was.
    pub at: Timestamp,
    /// The epoch of the claim under which it began: the store's own attempt of this number has another
    /// one if the store went back in between. 0 if only the provider's list named the payout.
    #[serde(default)]
    pub epoch: u64,
}

/// What a witness says about an attempt that is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noted {
    /// It is durable now; the request may leave.
    New,
    /// The witness had this attempt or a later one: the store has forgotten what was sent. This is
    /// the one with the highest number. The request must not leave.
    Known(SentAttempt),
}

/// A place in a witness. Only that witness reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WitnessMark(pub String);

/// A page of a witness.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// The next attempts; none if the mark is at the end.
    Attempts {
        /// In the order in which they were appended.
        attempts: Vec<SentAttempt>,
        /// The place after them.
        next: WitnessMark,
    },
    /// The witness does not know this mark: it was replaced, or went back to an earlier state itself.
    Unrecognised,
}

/// Why a witness cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct WitnessError {
    /// The kind.
    pub kind: WitnessErrorKind,
    /// What happened, where, and what to do; without personal data.
    pub message: String,
}

/// Kinds of trouble with a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WitnessErrorKind {
    /// It is not there, does not answer, or refuses to be written.
    Unavailable,
    /// There is no room for it.
    Full,
    /// It was changed or destroyed.
    Damaged,
    /// It belongs to another store.
    OtherStore,
}

/// What to do while the witness cannot be written or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithoutWitness {
    /// Send nothing until it can. Queries, webhooks and everything else go on.
    Stop,
    /// Go on, and call a person. Whatever is sent meanwhile is known to the store only.
    GoOn,
}

/// How a witness is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WitnessRules {
    /// What to do without it.
    pub without: WithoutWitness,
    /// How long to wait for it. A witness that takes longer counts as one that cannot be written.
    pub deadline: Duration,
    /// How long to wait before it is tried again.
    pub retry: Duration,
}

impl WitnessRules {
    /// For money: nothing is sent without the witness.
    pub const STRICT: Self = Self {
        without: WithoutWitness::Stop,
        deadline: Duration::from_secs(10),
        retry: Duration::from_secs(5),
    };
}

impl Default for WitnessRules {
    fn default() -> Self {
        Self::STRICT
    }
}

impl SentAttempt {
    /// Whether both are one attempt, and not two of one number that began in different states of the
    /// store.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let identity = |it: &Self| (it.number, it.at, it.epoch);
        self.key == other.key && identity(self) == identity(other)
    }
}

impl fmt::Display for SentAttempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "attempt {} of {} at {}", self.number, self.key, self.at)
    }
}
