//! The lines of bank statements, and which payouts they were matched with. A store keeps them; what
//! they mean is decided by whoever reconciles. Nothing here changes where a payout stands.

use std::{collections::BTreeSet, fmt};

use async_trait::async_trait;
use pagos_core::{BookName, Day, Money, OrderKey};

use crate::store::StoreError;

/// One line of a statement, as it is stored.
///
/// Equal lines of files that overlap have the same `id`, so a line is stored once.
#[derive(Clone, PartialEq, Eq)]
pub struct BookLine {
    /// The account at the bank.
    pub book: BookName,
    /// What identifies the line within its book: 1 to 64 visible ASCII characters.
    pub id: String,
    /// When the bank booked it.
    pub day: Day,
    /// What it changed the balance by: negative if money left.
    pub change: Money,
    /// How far it is explained.
    pub state: LineState,
    /// JSON, in the form of whoever reconciles. It contains personal data.
    pub body: String,
    /// 1 for a new line; rises with every write.
    pub version: u64,
}

/// Leaves the body out.
impl fmt::Debug for BookLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BookLine")
            .field("book", &self.book)
            .field("id", &self.id)
            .field("day", &self.day)
            .field("change", &self.change)
            .field("state", &self.state)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// How far a line is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineState {
    /// Nothing explains it yet.
    Open,
    /// Something may explain it, and a person must say whether it does.
    Proposed,
    /// Payouts explain it.
    Matched,
    /// It is no payout: a fee, a tax, or what a person said.
    Explained,
}

impl LineState {
    /// All states.
    pub const ALL: [Self; 4] = [Self::Open, Self::Proposed, Self::Matched, Self::Explained];

    /// The word for reports and stores.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Proposed => "proposed",
            Self::Matched => "matched",
            Self::Explained => "explained",
        }
    }

    /// The state with this word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

/// A part of a line's money that belongs to a payout.
#[derive(Clone, PartialEq, Eq)]
pub struct LineMatch {
    /// The account at the bank.
    pub book: BookName,
    /// The line.
    pub line: String,
    /// The payout. Of one line, a payout has at most one match.
    pub key: OrderKey,
    /// What it changed the balance by for this payout: negative if it was paid.
    pub change: Money,
    /// JSON with the rule and the evidence, in the form of whoever reconciles.
    pub body: String,
}

/// Leaves the body out.
impl fmt::Debug for LineMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LineMatch")
            .field("book", &self.book)
            .field("line", &self.line)
            .field("key", &self.key)
            .field("change", &self.change)
            .finish_non_exhaustive()
    }
}

/// One write to one line. Its matches replace those that the line had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineStep {
    /// The line after the write; its `version` is the one that the write was computed from. Day and
    /// change never change.
    pub line: BookLine,
    /// All matches of the line from now on.
    pub matches: Vec<LineMatch>,
}

/// Selects the lines of one book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFilter {
    /// The book.
    pub book: BookName,
    /// Only in this state.
    pub state: Option<LineState>,
    /// Only from this day on.
    pub from: Day,
    /// Only up to this day, included.
    pub through: Day,
}

/// Keeps the lines of statements. Every method is one transaction, as for [`crate::Store`].
#[async_trait]
pub trait BookStore: fmt::Debug + Send + Sync {
    /// Stores the lines whose id is new in their book, with version 1. Returns for each line whether
    /// it is new; a line that is known stays as it is. Of two with one id, the first is new.
    ///
    /// # Errors
    /// What [`check_lines`] says, and then nothing is stored.
    async fn add_lines(&self, lines: Vec<BookLine>) -> Result<Vec<bool>, StoreError>;

    /// The lines of a filter by day and id, after the place `after`, at most `limit`.
    async fn lines(
        &self,
        filter: &LineFilter,
        after: Option<(Day, &str)>,
        limit: usize,
    ) -> Result<Vec<BookLine>, StoreError>;

    /// One line.
    async fn line(&self, book: &BookName, id: &str) -> Result<Option<BookLine>, StoreError>;

    /// Writes each line that still has the version that its step was computed from, with its
    /// matches. Returns for each step whether it was written; a missing line is not.
    ///
    /// # Errors
    /// What [`check_steps`] says, and then nothing is written.
    async fn write_lines(&self, steps: Vec<LineStep>) -> Result<Vec<bool>, StoreError>;

    /// The matches of these payouts, in no order.
    async fn matches(&self, keys: &[OrderKey]) -> Result<Vec<LineMatch>, StoreError>;

    /// The matches of one line, by key.
    async fn matches_of_line(
        &self,
        book: &BookName,
        line: &str,
    ) -> Result<Vec<LineMatch>, StoreError>;
}

/// What a store checks before it adds lines: the form of their ids.
///
/// # Errors
/// Names the rule that is broken.
pub fn check_lines(lines: &[BookLine]) -> Result<(), StoreError> {
    let is_legal =
        |id: &str| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    match lines.iter().all(|line| is_legal(&line.id)) {
        true => Ok(()),
        false => Err(StoreError::new("the id of a line is not 1 to 64 visible ASCII characters")),
    }
}

/// What a store checks before it writes lines: no line is there twice, each match is of the line of
/// its step, and no payout is there twice for one line.
///
/// # Errors
/// Names the rule that is broken.
pub fn check_steps(steps: &[LineStep]) -> Result<(), StoreError> {
    let mut lines = BTreeSet::new();
    for LineStep { line, matches } in steps {
        if !lines.insert((&line.book, &line.id)) {
            return Err(StoreError::new("two steps of one write are of one line"));
        }
        let mut keys = BTreeSet::new();
        for found in matches {
            if (&found.book, &found.line) != (&line.book, &line.id) {
                return Err(StoreError::new("a match is of another line than its step"));
            }
            if !keys.insert(&found.key) {
                return Err(StoreError::new("a payout has two matches of one line"));
            }
        }
    }
    Ok(())
}
