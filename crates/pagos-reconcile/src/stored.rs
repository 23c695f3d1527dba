//! What the store keeps of a line, of a match and of a statement, as JSON.

use std::collections::BTreeMap;

use pagos_core::{BookName, Day, Money, OrderKey, Timestamp};
use pagos_engine::{Actor, BookLine, LineMatch, LineState, LineStep};
use pagos_statement::{Balance, Line, Text};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::{
    error::Error,
    matching::{Part, Verdict},
    rule::{Place, Rule},
};

/// The body of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LineBody {
    /// What the bank wrote.
    pub(crate) line: Line,
    /// What explains it, or may explain it. Its parts are the matches of the line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) found: Option<Verdict>,
    /// What people said about it, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) decided: Vec<Decided>,
}

/// What a person said about a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: Actor,
    /// `match`, `not_ours` or `take_back`.
    pub said: String,
    /// Why, in their own words.
    pub note: String,
}

/// The body of a match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MatchBody {
    pub(crate) rule: Rule,
    pub(crate) place: Place,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<Actor>,
}

/// A file of statements that was imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementRecord {
    /// The name of the file, without its folder.
    pub file: String,
    /// The digest of its bytes, in hexadecimal digits.
    pub sha256: String,
    /// The format that it was read as.
    pub format: String,
    /// The statements in it.
    pub statements: Vec<StatementSpan>,
    /// How many lines it has.
    pub lines: u64,
    /// How many of them were new.
    pub new: u64,
    /// How many were taken for lines of an earlier file although nothing proves it: they have no
    /// reference of the bank and no balance, and are on a day of which both files may have a part.
    #[serde(default)]
    pub unsure: u64,
    /// When it was imported.
    pub at: Timestamp,
    /// Who imported it.
    pub by: Actor,
}

/// The days and balances of one statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementSpan {
    /// The bank's own id of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<Text>,
    /// The number of the account at the bank, if the statement says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<Text>,
    /// Its first day; `None` if it names none and has no line.
    pub from: Option<Day>,
    /// Its last day.
    pub through: Option<Day>,
    /// The balance before its first line.
    pub opening: Option<Balance>,
    /// The balance after its last line.
    pub closing: Option<Balance>,
}

impl StatementSpan {
    /// Whether it has one of these days, as far as it says which it has.
    pub(crate) fn touches(&self, from: Day, through: Day) -> bool {
        self.from.is_some_and(|it| it <= through) && self.through.is_some_and(|it| from <= it)
    }
}

impl LineBody {
    pub(crate) fn new(line: Line) -> Self {
        Self { line, found: None, decided: Vec::new() }
    }

    pub(crate) fn read(line: &BookLine) -> Result<Self, Error> {
        parse(&line.body, &format!("line {} of book {}", line.id, line.book))
    }

    /// The money of the line that belongs to payouts.
    pub(crate) fn parts(&self) -> &[Part] {
        match &self.found {
            Some(Verdict::Matched { parts } | Verdict::Proposed { parts, .. }) => parts,
            Some(Verdict::Explained { .. }) | None => &[],
        }
    }

    /// Whether a person took back what was said about the line: from then on only a person matches
    /// it.
    pub(crate) fn is_taken_back(&self) -> bool {
        self.decided.last().is_some_and(|it| it.said == TAKE_BACK)
    }

    /// The write that makes this the body of `line`. A person is named in the matches if `by` is
    /// given.
    pub(crate) fn step(self, line: BookLine, by: Option<&Actor>) -> Result<LineStep, Error> {
        let state = match &self.found {
            None => LineState::Open,
            Some(Verdict::Matched { .. }) => LineState::Matched,
            Some(Verdict::Proposed { .. }) => LineState::Proposed,
            Some(Verdict::Explained { .. }) => LineState::Explained,
        };
        let of_part = |part: &Part| {
            let body = MatchBody { rule: part.rule, place: part.place, by: by.cloned() };
            Ok(LineMatch {
                book: line.book.clone(),
                line: line.id.clone(),
                key: part.key.clone(),
                change: part.change,
                body: write(&body)?,
            })
        };
        let matches = self.parts().iter().map(of_part).collect::<Result<_, Error>>()?;
        let body = write(&self)?;
        Ok(LineStep { line: BookLine { state, body, ..line }, matches })
    }
}

/// What a person says to take something back.
pub(crate) const TAKE_BACK: &str = "take_back";

pub(crate) fn parse<T: DeserializeOwned>(text: &str, what: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|_| {
        Error::Unreadable(format!(
            "{what} cannot be read; a newer version of Pagos may have written it"
        ))
    })
}

pub(crate) fn write<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|cause| Error::Unreadable(cause.to_string()))
}

/// The name of the record of a statement or a period.
pub(crate) fn record_name(book: &BookName, rest: &str) -> String {
    format!("{book}/{rest}")
}

/// The changes of matched money by payout.
pub(crate) fn by_key(matches: Vec<LineMatch>) -> BTreeMap<OrderKey, Vec<LineMatch>> {
    let mut found: BTreeMap<OrderKey, Vec<LineMatch>> = BTreeMap::new();
    for it in matches {
        found.entry(it.key.clone()).or_default().push(it);
    }
    found
}

/// The sum of amounts of one currency.
pub(crate) fn sum(amounts: impl IntoIterator<Item = Money>) -> i128 {
    amounts.into_iter().map(|it| i128::from(it.minor)).sum()
}
