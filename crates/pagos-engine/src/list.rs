//! Lists of payouts: the filter, the order, and where the next page begins.

use std::{fmt, str::FromStr};

use pagos_core::{AccountName, Error, OrderKey, ProviderRef, Timestamp};

use crate::{intent::RunId, store::Payout};

/// Selects payouts: those that match every field that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only members of this run.
    pub run: Option<RunId>,
    /// Only with this status word (`created`, `unknown`, `pending`, `succeeded`, `failed`,
    /// `quarantined`).
    pub status: Option<String>,
    /// Only of this account.
    pub account: Option<AccountName>,
    /// Only the payout with this id of the provider's; at most one per account, the one that
    /// [`crate::Store::payout_of`] finds.
    pub reference: Option<ProviderRef>,
    /// Only payouts submitted at this moment or later.
    pub since: Option<Timestamp>,
    /// Only payouts submitted before this moment.
    pub until: Option<Timestamp>,
}

/// One page of a list. A page with fewer rows than its limit is the last one.
///
/// ```
/// use pagos_engine::{Filter, Page, Payout, Store, StoreError};
///
/// async fn read_unknown(store: &dyn Store) -> Result<Vec<Payout>, StoreError> {
///     let filter = Filter { status: Some("unknown".to_owned()), ..Filter::default() };
///     let (mut found, mut page) = (Vec::new(), Page::newest_first(100));
///     loop {
///         let payouts = store.list(&filter, &page).await?;
///         let is_last = payouts.len() < page.limit;
///         page = payouts.last().map_or(page.clone(), |last| page.after(last));
///         found.extend(payouts);
///         if is_last {
///             return Ok(found);
///         }
///     }
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The order, and what the page begins after.
    pub sorted: Sorted,
    /// The maximum number of payouts.
    pub limit: usize,
}

/// The order of a list, and what its page begins after; `None` for the first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sorted {
    /// By key, to read all payouts of a run or of a store.
    ByKey {
        /// The last key that was read.
        after: Option<OrderKey>,
    },
    /// By the moment of submission, newest first, and then by key. A payout that is submitted while
    /// somebody reads page after page comes before the pages that were read.
    NewestFirst {
        /// The end of the last page.
        after: Option<Cursor>,
    },
}

impl Page {
    /// The first page by key.
    pub fn by_key(limit: usize) -> Self {
        Self { sorted: Sorted::ByKey { after: None }, limit }
    }

    /// The first page of the newest payouts.
    pub fn newest_first(limit: usize) -> Self {
        Self { sorted: Sorted::NewestFirst { after: None }, limit }
    }

    /// The page after `last`, in the same order.
    #[must_use]
    pub fn after(self, last: &Payout) -> Self {
        let sorted = match self.sorted {
            Sorted::ByKey { .. } => Sorted::ByKey { after: Some(last.order.key.clone()) },
            Sorted::NewestFirst { .. } => Sorted::NewestFirst { after: Some(last.cursor()) },
        };
        Self { sorted, ..self }
    }
}

/// A place in the list of the newest payouts. It names one payout, whether or not that still
/// exists, and never moves. Callers treat its text as opaque.
///
/// ```
/// use pagos_engine::Cursor;
///
/// let cursor: Cursor = "1733103774518.nomina-0001".parse()?;
/// assert_eq!(cursor.key.as_str(), "nomina-0001");
/// assert_eq!(cursor.to_string(), "1733103774518.nomina-0001");
/// # Ok::<(), pagos_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    /// When the payout was submitted.
    pub created_at: Timestamp,
    /// Its key.
    pub key: OrderKey,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.created_at.as_millis(), self.key)
    }
}

impl FromStr for Cursor {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let (created_ms, key) = text.split_once('.').ok_or_else(not_a_cursor)?;
        let created_ms = created_ms.parse().map_err(|_| not_a_cursor())?;
        let key = key.parse().map_err(|cause: Error| not_a_cursor().with_source(cause))?;
        Ok(Self { created_at: Timestamp::from_millis(created_ms), key })
    }
}

fn not_a_cursor() -> Error {
    Error::invalid("cursor").because("it is not what a list gave as the place of its next page")
}

impl Payout {
    /// The place of this payout in the list of the newest payouts.
    pub fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, key: self.order.key.clone() }
    }
}

/// The range of an index on submission time and key that a page of the newest payouts is in. For
/// stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// The earliest moment of submission, in milliseconds since the epoch.
    pub from_ms: i64,
    /// Time and key that the page comes after. Every key is greater than the empty text.
    pub before: (i64, String),
}

impl Filter {
    /// The range in which the payouts of this filter are, after `after`.
    pub fn span(&self, after: Option<&Cursor>) -> Span {
        let until = self.until.map(|until| (until.as_millis(), String::new()));
        let after = after.map(|it| (it.created_at.as_millis(), it.key.as_str().to_owned()));
        let before = until.into_iter().chain(after).min();
        Span {
            from_ms: self.since.map_or(i64::MIN, Timestamp::as_millis),
            before: before.unwrap_or_else(|| (i64::MAX, String::new())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_was_written() {
        for text in ["0.k", "-5.k", "1733103774518.-a"] {
            assert_eq!(text.parse::<Cursor>().unwrap().to_string(), text);
        }
        for text in ["", "5", "5.", ".k", "x.k", "5.a.b", "5 .k", "99999999999999999999.k"] {
            let error = text.parse::<Cursor>().unwrap_err().to_string();
            assert!(error.contains("cursor"), "{text}: {error}");
        }
    }

    #[test]
    fn a_page_ends_at_the_cursor_or_at_the_end_of_the_window() {
        let (at, key) = (Timestamp::from_millis, |text: &str| OrderKey::new(text).unwrap());
        let until = |ms| Filter { until: Some(at(ms)), ..Filter::default() };
        let cursor = Cursor { created_at: at(5), key: key("k") };
        let before = |filter: &Filter, after| filter.span(after).before;
        assert_eq!(before(&until(9), Some(&cursor)), (5, "k".to_owned()));
        assert_eq!(before(&until(5), Some(&cursor)), (5, String::new()));
        assert_eq!(before(&until(5), None), (5, String::new()));
        assert_eq!(before(&Filter::default(), None), (i64::MAX, String::new()));
        let since = Filter { since: Some(at(3)), ..Filter::default() };
        assert_eq!(since.span(None).from_ms, 3);
    }
}
