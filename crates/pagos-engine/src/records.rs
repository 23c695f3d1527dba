//! Small records of the service, kept beside the payouts: tokens, endpoints of events, approvals,
//! what was spent on a day, how the payouts stood at a moment, statements and closed periods of
//! books, and how the store stands to its witness. A store keeps their text and knows no more about them.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::{history::Notice, store::StoreError};

/// What a record is about. Each kind has names of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// An API token, by its name.
    Token,
    /// An endpoint that events are delivered to, by its name.
    Endpoint,
    /// The approval of a run, or of another decision that needs one.
    Approval,
    /// What was released on one day.
    Spending,
    /// How the payouts stood at one moment.
    Sample,
    /// The links that the owner of a token saved, by the token's id.
    Links,
    /// A statement that was imported into a book.
    Statement,
    /// A period of a book that was closed.
    Period,
    /// How the store stands to its witness, and whether it was restored.
    Witness,
    /// A payout that was sent and whose order the store has forgotten, by its key.
    Forgotten,
}

impl RecordKind {
    /// The word for stores.
    pub fn word(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Endpoint => "endpoint",
            Self::Approval => "approval",
            Self::Spending => "spending",
            Self::Sample => "sample",
            Self::Links => "links",
            Self::Statement => "statement",
            Self::Period => "period",
            Self::Witness => "witness",
            Self::Forgotten => "forgotten",
        }
    }

    /// All kinds.
    pub const ALL: [Self; 10] = [
        Self::Token,
        Self::Endpoint,
        Self::Approval,
        Self::Spending,
        Self::Sample,
        Self::Links,
        Self::Statement,
        Self::Period,
        Self::Witness,
        Self::Forgotten,
    ];
}

/// A record as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its name.
    pub name: String,
    /// 1 for a new record; rises with every write. A name that was deleted begins at 1 again.
    pub version: u64,
    /// JSON, in the form of whoever owns the kind.
    pub body: String,
}

/// One write to one record, with the notices that belong to it, in one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordWrite {
    /// The kind.
    pub kind: RecordKind,
    /// The name.
    pub name: String,
    /// The version that the write was computed from; `None` if there must be no such record.
    pub was: Option<u64>,
    /// The new body; `None` deletes the record.
    pub body: Option<String>,
    /// What to tell the application.
    pub notices: Vec<Notice>,
}

/// The result of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordWritten {
    /// Durable, with this new version. It is 0 if the record was deleted.
    Done {
        /// The record's new version.
        version: u64,
    },
    /// The record has another version: read it again and decide again. Nothing was written.
    Conflict,
}

/// Keeps records. Every method is one transaction, as for [`crate::Store`].
#[async_trait]
pub trait RecordStore: Debug + Send + Sync {
    /// One record.
    async fn record(&self, kind: RecordKind, name: &str) -> Result<Option<Record>, StoreError>;

    /// The records of a kind with a name greater than `after`, by name in the order of its bytes,
    /// at most `limit`. Every name is greater than the empty text.
    async fn records(
        &self,
        kind: RecordKind,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Record>, StoreError>;

    /// Writes one record if it still has the version that the write was computed from.
    async fn write_record(&self, write: RecordWrite) -> Result<RecordWritten, StoreError>;
}
