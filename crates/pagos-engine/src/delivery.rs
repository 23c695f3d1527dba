//! The inbox: received deliveries, the verdict on each, and what became of it.
//!
//! A delivery is judged once, when it arrives, and the verdict is stored with the bytes. Applying
//! it needs no secret, so an acknowledged delivery does not become forged when a key changes later.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use pagos_core::{AccountName, Delivery, Event, Hint, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{history::Notice, store::StoreError};

/// The verdict on a delivery.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// The signature is genuine.
    Genuine {
        /// What it says.
        event: Event,
    },
    /// Anybody could have sent it: it can only cause a query.
    Hint {
        /// What it names.
        hint: Hint,
    },
    /// The signature is genuine, but this version cannot read the content.
    Unreadable {
        /// What it seems to name.
        hint: Hint,
        /// Why.
        because: String,
    },
}

impl Verdict {
    /// What the delivery names.
    pub fn hint(&self) -> Hint {
        match self {
            Self::Genuine { event } => {
                Hint { key: event.key.clone(), reference: event.reference.clone() }
            }
            Self::Hint { hint } | Self::Unreadable { hint, .. } => hint.clone(),
        }
    }

    /// Whether the signature was genuine.
    pub fn is_genuine(&self) -> bool {
        self.trust() == Trust::Verified
    }

    /// Whether the delivery was verified.
    pub fn trust(&self) -> Trust {
        match self {
            Self::Genuine { .. } | Self::Unreadable { .. } => Trust::Verified,
            Self::Hint { .. } => Trust::Unverified,
        }
    }
}

/// Whether a delivery was verified when it arrived. Deliveries of one kind never wait for the
/// other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// Its signature is genuine.
    Verified,
    /// Anybody could have sent it, or an older version stored it without a verdict.
    Unverified,
}

/// How long after the last time the repetition of a hint causes another query.
pub const REPETITION_SPACING: Duration = Duration::from_secs(10);

/// Keeps deliveries byte for byte. Part of [`crate::Store`].
#[async_trait]
pub trait InboxStore: Debug + Send + Sync {
    /// Stores the raw bytes of a delivery with its verdict. Deliveries with the same
    /// [`crate::fingerprint`] are stored once per account.
    ///
    /// A hint arrives as the one small note that [`crate::InstrumentedStore::note_hint`] makes per
    /// order.
    ///
    /// If a delivery is repeated after it left the inbox, it is due again, at the earliest
    /// [`REPETITION_SPACING`] after the last time. A genuine one that was applied is not: it cannot
    /// say anything new.
    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> Result<InboxId, StoreError>;

    /// Open deliveries of these accounts and of this trust that are due at `now`, at most `limit`.
    /// Verified ones come oldest first; hints, whose rows are reused, by how long they have been
    /// due.
    async fn inbox(
        &self,
        trust: Trust,
        accounts: &[AccountName],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError>;

    /// Files an open delivery. A delivery that is not open stays as it is.
    async fn file(&self, id: InboxId, filing: Filing) -> Result<(), StoreError>;

    /// Makes a delivery due again at `now`, whatever became of it, with another verdict if one is
    /// given. Returns false if there is no such delivery.
    async fn reopen(
        &self,
        id: InboxId,
        verdict: Option<Verdict>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// One delivery.
    async fn delivery(&self, id: InboxId) -> Result<Option<Filed>, StoreError>;

    /// Deliveries sorted by number, after `after`, at most `limit`; only those in `state` if one is
    /// given.
    async fn deliveries(
        &self,
        state: Option<InboxState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Filed>, StoreError>;

    /// Counts deliveries that were refused and not stored.
    async fn count_refused(&self, refused: Vec<Refused>) -> Result<(), StoreError>;

    /// The deliveries refused so far, by account and reason.
    async fn refused(&self) -> Result<Vec<Refused>, StoreError>;
}

/// The number of a delivery in the inbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InboxId(pub u64);

/// A delivery that waits to be applied.
#[derive(Debug, Clone)]
pub struct InboxItem {
    /// Its number.
    pub id: InboxId,
    /// The account that it was sent to.
    pub account: AccountName,
    /// The raw bytes.
    pub delivery: Delivery,
    /// The verdict. `None` if an older version received it.
    pub verdict: Option<Verdict>,
    /// How often it was deferred.
    pub deferrals: u32,
}

/// The state of a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InboxState {
    /// It waits to be applied.
    Open,
    /// It was applied.
    Applied,
    /// It names nothing that the store knows. It is applied once the store learns of it.
    Orphan,
    /// It was acknowledged, but cannot be read.
    Unreadable,
}

impl InboxState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Open, Self::Applied, Self::Orphan, Self::Unreadable];

    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Applied => "applied",
            Self::Orphan => "orphan",
            Self::Unreadable => "unreadable",
        }
    }

    /// The state with this word.
    ///
    /// ```
    /// use pagos_engine::InboxState;
    ///
    /// assert_eq!(InboxState::from_word("orphan"), Some(InboxState::Orphan));
    /// assert!(InboxState::ALL.iter().all(|it| InboxState::from_word(it.word()) == Some(*it)));
    /// ```
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What to do with an open delivery.
#[derive(Debug, Clone)]
pub enum Filing {
    /// It is tried again later.
    Defer {
        /// When.
        due_at: Timestamp,
        /// Why, in words.
        because: String,
    },
    /// It leaves the inbox without an effect on any order.
    Close {
        /// The state that it gets; [`InboxState::Applied`] for a hint that needs no query.
        state: InboxState,
        /// Why, in words.
        because: String,
        /// What the application is told. `None` if it concerns nobody here, such as a genuine event
        /// about something that Pagos does not handle.
        notice: Option<Box<Notice>>,
    },
}

/// A delivery with its state.
#[derive(Debug, Clone)]
pub struct Filed {
    /// The delivery.
    pub item: InboxItem,
    /// Its state.
    pub state: InboxState,
    /// Why, in words; empty if it was not looked at yet.
    pub because: String,
    /// How often the same bytes arrived after the first time.
    pub repeats: u64,
}

/// Deliveries to one account that were refused for one reason, or what the receiver refused before
/// it knew the account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The account. `None` for the receiver as a whole, such as refused connections.
    pub account: Option<AccountName>,
    /// The reason, one of a few fixed words.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// When the last one was refused.
    pub last_at: Timestamp,
}
