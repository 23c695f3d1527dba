//! A book, and access to its lines, its payouts and its records in a store.

use std::sync::Arc;

use pagos_core::{AccountName, BookName, Currency, Day};
use pagos_engine::{
    BookLine, Filter, InstrumentedStore, LineFilter, LineState, Page, Payout, Record, RecordKind,
    Store,
};

use crate::{
    error::Error,
    expected::Expected,
    outcome::Covered,
    rule::Rules,
    stored::{StatementRecord, by_key, parse, record_name},
};

/// An account at a bank, and the accounts of Pagos whose payouts leave through it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    /// Its name.
    pub name: BookName,
    /// The accounts whose payouts it shows.
    pub accounts: Vec<AccountName>,
    /// Its currency.
    pub currency: Currency,
    /// What clocks at the bank show more than UTC, in minutes.
    pub utc_offset_minutes: i16,
    /// The limits of the rules.
    pub rules: Rules,
}

/// Imports statements of one book, reconciles them, and reports about them. It never changes where
/// a payout stands.
#[derive(Debug, Clone)]
pub struct Reconciler {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) writer: InstrumentedStore,
    pub(crate) book: Book,
}

/// The size of pages of payouts.
pub(crate) const PAGE: usize = 1_000;

/// The size of pages of lines, and of batches that are written. Ids of lines are digests, so a
/// batch writes to nearly every page of their index, and small batches write each page often.
pub(crate) const BATCH: usize = 4_000;

impl Reconciler {
    /// A reconciler that reads from `store` and writes through `writer`, which is the same store.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use pagos_core::{AccountName, BookName, Currency};
    /// use pagos_engine::{InstrumentedStore, MemoryStore};
    /// use pagos_reconcile::{Book, Reconciler, Rules};
    ///
    /// let store = Arc::new(MemoryStore::new());
    /// let book = Book {
    ///     name: BookName::new("santander")?,
    ///     accounts: vec![AccountName::new("etpay")?],
    ///     currency: Currency::Clp,
    ///     utc_offset_minutes: -240,
    ///     rules: Rules::default(),
    /// };
    /// let reconciler = Reconciler::new(store.clone(), InstrumentedStore::from(store), book);
    /// # drop(reconciler);
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    pub fn new(store: Arc<dyn Store>, writer: InstrumentedStore, book: Book) -> Self {
        Self { store, writer, book }
    }

    /// The book.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// A page of lines; the next one begins after its last line.
    pub(crate) async fn lines(
        &self,
        state: Option<LineState>,
        days: (Day, Day),
        last: Option<&BookLine>,
    ) -> Result<Vec<BookLine>, Error> {
        let (from, through) = days;
        let filter = LineFilter { book: self.book.name.clone(), state, from, through };
        let after = last.map(|it| (it.day, it.id.as_str()));
        self.store.lines(&filter, after, BATCH).await.map_err(Error::store)
    }

    /// A page of payouts that were submitted on `since` or later, the newest first.
    pub(crate) async fn payouts(
        &self,
        account: &AccountName,
        since: Day,
        page: &Page,
    ) -> Result<Vec<Payout>, Error> {
        let filter = Filter {
            account: Some(account.clone()),
            since: Some(since.start(self.book.utc_offset_minutes)),
            ..Filter::default()
        };
        self.store.list(&filter, page).await.map_err(Error::store)
    }

    /// What these payouts should look like, with what is booked for them on lines that `counts`.
    pub(crate) async fn expected(
        &self,
        payouts: &[Payout],
        counts: impl Fn(&BookName, &str) -> bool + Send,
    ) -> Result<Vec<Expected>, Error> {
        let keys: Vec<_> = payouts.iter().map(|it| it.order.key.clone()).collect();
        let matches = self.store.matches(&keys).await.map_err(Error::store)?;
        let matches = by_key(matches);
        let offset = self.book.utc_offset_minutes;
        let with_booked = |payout: &Payout| {
            let mut it = Expected::of(payout, offset);
            let of_payout = matches.get(&it.key).into_iter().flatten();
            for found in of_payout.filter(|found| counts(&found.book, &found.line)) {
                it.booked.add(found.change, it.amount);
            }
            it
        };
        Ok(payouts.iter().map(with_booked).collect())
    }

    /// All records of the book of one kind, by name.
    pub(crate) async fn records(&self, kind: RecordKind) -> Result<Vec<Record>, Error> {
        let folder = record_name(&self.book.name, "");
        let (mut found, mut after) = (Vec::new(), folder.clone());
        loop {
            let page = self.store.records(kind, &after, BATCH).await.map_err(Error::store)?;
            let is_last = page.len() < BATCH || page.iter().any(|it| !it.name.starts_with(&folder));
            found.extend(page.into_iter().filter(|it| it.name.starts_with(&folder)));
            match found.last() {
                Some(last) if !is_last => after.clone_from(&last.name),
                _ => return Ok(found),
            }
        }
    }

    /// The statements that were imported, in the order of their first days.
    ///
    /// # Errors
    /// `Unreadable` for a record that a newer version wrote; `Store`.
    pub async fn statements(&self) -> Result<Vec<StatementRecord>, Error> {
        let records = self.records(RecordKind::Statement).await?;
        let read = records.iter().map(|it| parse::<StatementRecord>(&it.body, &it.name));
        let mut found = read.collect::<Result<Vec<_>, Error>>()?;
        found.sort_by_key(|it| it.statements.first().and_then(|it| it.from));
        Ok(found)
    }
}

/// The days that statements cover.
pub(crate) fn covered(statements: &[StatementRecord]) -> Covered {
    let spans = statements.iter().flat_map(|it| &it.statements);
    Covered::of(spans.filter_map(|it| Some((it.from?, it.through?))))
}
