//! The list of transfers: the search for the one with our key, and the listing. Sends what it asks
//! through `lib.rs`.
//!
//! The list has cursors and no numbers of pages: the header `Link` says how it goes on, and is empty at
//! its end. Source: docs: api/fintoc-api/pagination. In which order it comes, and by how long it lags, is not
//! published, so every page is read, and what it lacks counts as proof only after the descriptor's grace.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::{Response, header::LINK};
use serde_json::value::RawValue;

use pagos_core::{Error, ErrorKind, ListingPage, Lookup, PayoutOrder, PayoutRef, Source, Window};

use crate::{
    Fintoc,
    config::Settings,
    contract,
    payout::{
        found,
        transfer::{Direction, Metadata, Transfer},
    },
    status::{self, Shown},
};

/// Searches for the transfer with the order's key, from shortly before its first attempt on. Where that
/// is more than is read, it may stand among what was made while that attempt was under way.
pub(crate) async fn find(fintoc: &Fintoc, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
    let order = payout.order;
    let since = payout.begun_at.map(|at| format!("since={}", at.minus(contract::CLOCK_MARGIN)));
    let asked_at = fintoc.clock.now();
    let mut walk = Walk::default();
    let is_whole = walk.read(fintoc, order, since).await?;
    if let Some(begun_at) = payout.begun_at.filter(|_| !is_whole && walk.ours.is_empty()) {
        let from = begun_at.minus(contract::CALL_BEFORE);
        let until = begun_at.plus(contract::CALL_AFTER);
        walk.read(fintoc, order, Some(format!("since={from}&until={until}"))).await?;
    }
    let seen_at = fintoc.clock.now();
    Ok(walk.lookup(|only| found(&fintoc.settings, order, only, asked_at, seen_at)))
}

/// One page of the list, with what was made in `window`. A row without a readable time may belong to it.
pub(crate) async fn page(
    fintoc: &Fintoc,
    window: Window,
    cursor: Option<&str>,
) -> Result<ListingPage, Error> {
    if cursor.is_some_and(|cursor| !is_query(cursor)) {
        return Err(Error::invalid("cursor").because("it is not a cursor of this list"));
    }
    if window.from >= window.until {
        return Ok(ListingPage { rows: Vec::new(), next: None });
    }
    let unreadable = |because: String| Error::new(ErrorKind::Unknown, because);
    let span = format!("since={}&until={}", window.from, window.until);
    let filters = filters(&fintoc.settings, Some(span));
    let shown = Shown::new(&fintoc.settings.credentials, None);
    let asked_at = fintoc.clock.now();
    let page = read_page(fintoc, cursor.unwrap_or(&filters), &shown).await?.map_err(unreadable)?;
    let seen_at = fintoc.clock.now();
    let mut rows = Vec::new();
    for row in page.rows {
        let row = row.map_err(|because| unreadable(format!("a row cannot be read: {because}")))?;
        let is_in_time = |at| window.from <= at && at < window.until;
        if row.is_of_account(&fintoc.settings) && row.created_at.is_none_or(is_in_time) {
            rows.push(row.observe(Source::Listing, Some(asked_at), seen_at));
        }
    }
    match page.next {
        Next::End => Ok(ListingPage { rows, next: None }),
        Next::Query(query) => Ok(ListingPage { rows, next: Some(with(&query, &filters)) }),
        Next::Lost => Err(unreadable(LOST.to_owned())),
    }
}

/// What is asked for. Source: docs: api/transfers-api/transfers/list-transfers (direction, account_id); since and until in
/// RFC 3339: sdk: ruby, its test of another list of version 2; per_page: cli.
fn filters(settings: &Settings, span: Option<String>) -> String {
    let mut query = format!("direction=outbound&account_id={}", settings.account_id);
    if let Some(span) = span {
        query.push('&');
        query.push_str(&span);
    }
    query.push_str(&format!("&per_page={}", contract::PAGE_ROWS));
    query
}

/// A query with those of our filters that it has not itself: Fintoc's sample of the next page has the
/// cursor alone. Source: docs: api/fintoc-api/pagination.
fn with(query: &str, filters: &str) -> String {
    let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
    let named: BTreeSet<String> = query.split('&').map(name).collect();
    let missing = filters.split('&').filter(|pair| !named.contains(&name(pair)));
    missing.fold(query.to_owned(), |query, pair| format!("{query}&{pair}"))
}

/// A page, or why it is none.
async fn read_page(
    fintoc: &Fintoc,
    query: &str,
    shown: &Shown<'_>,
) -> Result<Result<Page, String>, Error> {
    let response = fintoc.ask(&format!("{}?{query}", contract::PATH_TRANSFERS)).await?;
    let body = status::read_query(&response, shown)?;
    Ok(body.and_then(|body| Page::read(body, &response).map_err(str::to_owned)))
}

/// One page.
struct Page {
    rows: Vec<Result<Transfer, &'static str>>,
    next: Next,
}

/// How a list goes on.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    End,
    /// With this query.
    Query(String),
    /// It says that it goes on, and not how.
    Lost,
}

const LOST: &str = "the list does not say how it goes on";

impl Page {
    fn read(body: &[u8], response: &Response<Bytes>) -> Result<Self, &'static str> {
        let rows: Vec<&RawValue> =
            serde_json::from_slice(body).map_err(|_| "a page has another shape")?;
        let rows = rows.into_iter().map(|row| Transfer::parse(row.get().as_bytes())).collect();
        let mut links = response.headers().get_all(LINK).iter();
        let next = match (links.next(), links.next()) {
            (Some(link), None) => link.to_str().map_or(Next::Lost, read_link),
            // The last page has the header too, and empty. Source: recorded: transfers/list.
            (None, _) | (Some(_), Some(_)) => Next::Lost,
        };
        Ok(Self { rows, next })
    }
}

/// `<address>; rel="next"`, perhaps among others. Only its query is taken: the key is told to the
/// configured host alone.
fn read_link(link: &str) -> Next {
    if link.trim().is_empty() {
        return Next::End;
    }
    let mut queries = Vec::new();
    for entry in link.split('<').skip(1) {
        let Some((address, terms)) = entry.split_once('>') else { return Next::Lost };
        if terms.split([';', ',']).any(is_next) {
            queries.push(address.split_once('?').map(|(_, query)| query));
        }
    }
    match queries.as_slice() {
        // The first and the last page may be named all the same.
        [] if link.contains('<') => Next::End,
        [Some(query)] if is_query(query) => Next::Query((*query).to_owned()),
        _ => Next::Lost,
    }
}

/// `rel="next"`, perhaps with further words.
fn is_next(term: &str) -> bool {
    let Some((name, words)) = term.split_once('=') else { return false };
    let mut words = words.split(['"', ' ', '\t']);
    name.trim().eq_ignore_ascii_case("rel") && words.any(|it| it.eq_ignore_ascii_case("next"))
}

/// The query of an address, and nothing that would lead out of it.
fn is_query(text: &str) -> bool {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%=&:+,[]".contains(&byte);
    (1..=QUERY_LENGTH_MAX).contains(&text.len()) && text.bytes().all(is_legal)
}

/// Ours.
const QUERY_LENGTH_MAX: usize = 1024;

/// What a walk over the pages has brought.
#[derive(Default)]
struct Walk {
    /// Transfers with our key, by their ids: pages can overlap.
    ours: BTreeMap<String, Transfer>,
    queries: BTreeSet<String>,
    /// Why what is missing here may exist all the same.
    doubt: Option<String>,
}

impl Walk {
    /// Reads the list from its beginning. `false` if it has more pages than are read.
    async fn read(
        &mut self,
        fintoc: &Fintoc,
        order: &PayoutOrder,
        span: Option<String>,
    ) -> Result<bool, Error> {
        let shown = Shown::new(&fintoc.settings.credentials, Some(&order.beneficiary.name));
        let filters = filters(&fintoc.settings, span);
        let mut query = Some(filters.clone());
        for _ in 0..contract::PAGES_MAX {
            let Some(asked) = query.take() else { break };
            match read_page(fintoc, &asked, &shown).await? {
                Ok(page) => query = self.take(page, order, &filters),
                Err(because) => self.doubt(because),
            }
        }
        if query.is_some() {
            self.doubt("the list has more pages than are read".to_owned());
        }
        Ok(query.is_none())
    }

    /// Takes a page in, and says what to ask next; `None` where nothing more is to be learned.
    fn take(&mut self, page: Page, order: &PayoutOrder, filters: &str) -> Option<String> {
        for row in page.rows {
            match row {
                Ok(row) => self.take_row(row, order),
                Err(because) => self.doubt(format!("a row of the list cannot be read: {because}")),
            }
        }
        let query = match page.next {
            Next::End => return None,
            Next::Lost => {
                self.doubt(LOST.to_owned());
                return None;
            }
            Next::Query(query) => with(&query, filters),
        };
        if !self.queries.insert(query.clone()) {
            self.doubt("the list goes round in circles".to_owned());
            return None;
        }
        Some(query)
    }

    /// A transfer without any pairs, of this amount and to this account number, may be ours: nothing says
    /// that Fintoc's list never loses them.
    fn take_row(&mut self, row: Transfer, order: &PayoutOrder) {
        match &row.metadata {
            Metadata::Key(key) if key == order.key.as_str() => {
                self.ours.insert(row.id.as_str().to_owned(), row);
            }
            Metadata::Nothing if row.direction == Direction::Outbound && row.looks_like(order) => {
                self.doubt(format!(
                    "transfer {} has the order's amount and account number, and no key",
                    row.id
                ));
            }
            Metadata::Key(_) | Metadata::Others | Metadata::Nothing => {}
        }
    }

    /// The first doubt is the one to tell.
    fn doubt(&mut self, because: String) {
        self.doubt.get_or_insert(because);
    }

    /// Our key belongs to one payout, so a transfer that bears it is that payout's, wherever it stands.
    fn lookup(self, found: impl Fn(&Transfer) -> Lookup) -> Lookup {
        let ours: Vec<&Transfer> = self.ours.values().collect();
        match (ours.as_slice(), self.doubt) {
            ([], None) => Lookup::Absent,
            ([], Some(doubt)) => Lookup::CannotTell(doubt),
            ([only], _) => found(only),
            (several, _) => Lookup::Ambiguous(format!(
                "Fintoc has {} transfers under this key: {}",
                several.len(),
                describe(several),
            )),
        }
    }
}

/// For a person, who has to look for them: ids are shown whole.
fn describe(rows: &[&Transfer]) -> String {
    let row = |row: &&Transfer| match row.status {
        Some(status) => format!("{} ({status})", row.id),
        None => format!("{} (in a status that is not known)", row.id),
    };
    rows.iter().map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
