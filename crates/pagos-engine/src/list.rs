//! Which payouts a list has, in which order, and where its next page begins. No SQL.

use std::{fmt, str::FromStr};

use pagos_core::{AccountName, Error, OrderKey, ProviderRef, Timestamp};

use crate::{intent::RunId, store::Payout};

/// Which payouts to list: those that pass everything that is set.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only members of this run.
    pub run: Option<RunId>,
    /// Only with this status word (`created`, `unknown`, `pending`, `succeeded`, `failed`,
    /// `quarantined`).
    pub status: Option<String>,
    /// Only of this account.
    pub account: Option<AccountName>,
    /// Only what bears the provider's id; of each account one payout at most, as
    /// [`crate::Store::payout_of`] finds it.
    pub reference: Option<ProviderRef>,
    /// Only what was submitted at this moment or later.
    pub since: Option<Timestamp>,
    /// Only what was submitted before this moment.
    pub until: Option<Timestamp>,
}

/// One page of a list. A page that is shorter than its limit is the last one.
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
    /// In which order, and behind what.
    pub sorted: Sorted,
    /// At most so many payouts.
    pub limit: usize,
}

/// The order of a list, and what its page begins behind; `None` for the first page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sorted {
    /// By their keys, for whoever reads all payouts of a run or of a store.
    ByKey {
        /// The last key that was read.
        after: Option<OrderKey>,
    },
    /// By the moment of submission and then by key, the last one first. What is submitted while
    /// somebody reads page after page stands before the pages that were read.
    NewestFirst {
        /// Where the last page ended.
        after: Option<Cursor>,
    },
}

impl Page {
    /// The first page in the order of the keys.
    pub fn by_key(limit: usize) -> Self {
        Self { sorted: Sorted::ByKey { after: None }, limit }
    }

    /// The first page of the newest payouts.
    pub fn newest_first(limit: usize) -> Self {
        Self { sorted: Sorted::NewestFirst { after: None }, limit }
    }

    /// The page behind `last`, in the same order.
    #[must_use]
    pub fn after(self, last: &Payout) -> Self {
        let sorted = match self.sorted {
            Sorted::ByKey { .. } => Sorted::ByKey { after: Some(last.order.key.clone()) },
            Sorted::NewestFirst { .. } => Sorted::NewestFirst { after: Some(last.cursor()) },
        };
        Self { sorted, ..self }
    }
}

/// A place in the list of the newest payouts: of one payout, whether or not it is still there. It never
/// moves. Its text is opaque to whoever keeps it.
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
    /// Its place in the list of the newest payouts.
    pub fn cursor(&self) -> Cursor {
        Cursor { created_at: self.created_at, key: self.order.key.clone() }
    }
}

/// The part of an index on submission time and key that a page of the newest payouts is in. For
/// stores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Not submitted before this moment, in milliseconds since the epoch.
    pub from_ms: i64,
    /// Time and key of what the page stands behind. Every key is greater than the empty text.
    pub before: (i64, String),
}

impl Filter {
    /// Where the payouts are that this filter wants, behind `after`.
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
