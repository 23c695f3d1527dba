//! The inbox: what was received, what was found when it was received, and what became of it.
//!
//! The verdict is made once, when a delivery arrives, and stored with the bytes: applying it needs
//! no secret, so a key that was changed in between does not make an acknowledged delivery forged.

use std::{fmt::Debug, time::Duration};

use async_trait::async_trait;
use pagos_core::{AccountName, Delivery, Event, Hint, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{history::Notice, store::StoreError};

/// What was found when a delivery arrived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// The signature is genuine, and this is what it says.
    Genuine {
        /// What it says.
        event: Event,
    },
    /// Anybody could have sent it: it can cause a query, and nothing else.
    Hint {
        /// What it names.
        hint: Hint,
    },
    /// The signature is genuine, and this version cannot read the rest.
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

    /// Was the signature genuine?
    pub fn is_genuine(&self) -> bool {
        self.trust() == Trust::Verified
    }

    /// Whether it was verified.
    pub fn trust(&self) -> Trust {
        match self {
            Self::Genuine { .. } | Self::Unreadable { .. } => Trust::Verified,
            Self::Hint { .. } => Trust::Unverified,
        }
    }
}

/// Whether a delivery was verified when it arrived. The one kind never waits for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trust {
    /// Its signature is genuine.
    Verified,
    /// Anybody could have sent it, or an older version received it and did not note what it is.
    Unverified,
}

/// How long after the last time a repetition of a notice that proves nothing causes another query.
pub const REPETITION_SPACING: Duration = Duration::from_secs(10);

/// Keeps deliveries byte for byte. Part of [`crate::Store`].
#[async_trait]
pub trait InboxStore: Debug + Send + Sync {
    /// Stores a delivery's raw bytes and what was found. What has the same [`crate::fingerprint`] is
    /// stored once per account.
    ///
    /// A hint comes in as the one small note that [`crate::InstrumentedStore::note_hint`] makes for each order.
    ///
    /// A repetition of a delivery that left the inbox is due again, at the earliest
    /// [`REPETITION_SPACING`] after the last time, unless it is genuine and was applied: that one
    /// cannot say anything new.
    async fn receive(
        &self,
        account: &AccountName,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> Result<InboxId, StoreError>;

    /// Open deliveries of these accounts and of one trust that are due at `now`, at most `limit`: of what
    /// was verified the oldest first; of hints, whose rows are used again, those that are due for longest.
    async fn inbox(
        &self,
        trust: Trust,
        accounts: &[AccountName],
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<InboxItem>, StoreError>;

    /// Says what becomes of an open delivery. One that is not open stays as it is.
    async fn file(&self, id: InboxId, filing: Filing) -> Result<(), StoreError>;

    /// Makes a delivery due at `now` again, whatever became of it; with another verdict, if one is
    /// given. False if there is no such delivery.
    async fn reopen(
        &self,
        id: InboxId,
        verdict: Option<Verdict>,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// One delivery.
    async fn delivery(&self, id: InboxId) -> Result<Option<Filed>, StoreError>;

    /// Deliveries in the order of their numbers, after `after`, at most `limit`; only those in `state`,
    /// if one is given.
    async fn deliveries(
        &self,
        state: Option<InboxState>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Filed>, StoreError>;

    /// Counts deliveries that were refused and of which nothing was kept.
    async fn count_refused(&self, refused: Vec<Refused>) -> Result<(), StoreError>;

    /// What was refused so far, by account and reason.
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
    /// The account that it came in for.
    pub account: AccountName,
    /// The raw bytes.
    pub delivery: Delivery,
    /// What was found when it arrived. `None` for what an older version received.
    pub verdict: Option<Verdict>,
    /// How often it was put off.
    pub deferrals: u32,
}

/// Where a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum InboxState {
    /// It waits to be applied.
    Open,
    /// It had its effect.
    Applied,
    /// It names nothing that is known here. It is applied when that is learned.
    Orphan,
    /// It was acknowledged, and nobody can read it.
    Unreadable,
}

impl InboxState {
    /// All of them.
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

    /// The state that bears this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// What becomes of an open delivery.
#[derive(Debug, Clone)]
pub enum Filing {
    /// It is looked at again later.
    Defer {
        /// When.
        due_at: Timestamp,
        /// Why, in words.
        because: String,
    },
    /// It leaves the inbox without an effect on any order.
    Close {
        /// As what. [`InboxState::Applied`] is for a hint that calls for no query.
        state: InboxState,
        /// Why, in words.
        because: String,
        /// What the application is told. `None` for what concerns nobody here, such as a genuine event
        /// about something that Pagos does not handle.
        notice: Option<Box<Notice>>,
    },
}

/// A delivery, wherever it is.
#[derive(Debug, Clone)]
pub struct Filed {
    /// The delivery.
    pub item: InboxItem,
    /// Where it is.
    pub state: InboxState,
    /// Why, in words; empty for one that was not looked at.
    pub because: String,
    /// How often the same bytes arrived after the first time.
    pub repeats: u64,
}

/// Deliveries of one account that were refused for one reason, or what the receiver refused before it
/// knew an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// The account. `None` for what is about the receiver as a whole, such as connections.
    pub account: Option<AccountName>,
    /// The reason; one of a few words.
    pub reason: String,
    /// How many.
    pub count: u64,
    /// The last one.
    pub last_at: Timestamp,
}
