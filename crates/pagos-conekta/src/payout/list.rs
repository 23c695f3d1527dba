//! The list of transfers, newest first: the search for the transfer to a payee, and the listing. It
//! sends its queries through `lib.rs`.
//!
//! The list has no filter, and contains transfers that are not our payouts: Conekta settles with
//! the merchant by transfers too. Source: openapi: resources/transfers; mock: GET /transfers. It is
//! unknown how long it lags, so a missing transfer counts as proof only after the descriptor's
//! grace.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use pagos_core::{Error, ErrorKind, ListingPage, Lookup, PayoutRef, Source, Timestamp, Window};

use crate::{
    Conekta, contract,
    payout::{
        handle::{Age, PayeeHandle, is_segment},
        transfer::Transfer,
    },
    status::{self, Shown, parse, text},
    wire::ListAnswer,
};

/// Searches for the transfer to the payee of the handle.
pub(crate) async fn find(
    conekta: &Conekta,
    payout: &PayoutRef<'_>,
    handle: &PayeeHandle,
) -> Result<Lookup, Error> {
    let shown = conekta.shown(payout.order);
    let asked_at = conekta.clock.now();
    let mut walk = Walk::back_to(payout.begun_at);
    let mut cursor: Option<String> = None;
    for _ in 0..contract::PAGES_MAX {
        match read_page(conekta, cursor.as_deref(), &shown).await? {
            Ok(page) => cursor = walk.take(page, &handle.payee),
            Err(because) => {
                walk.doubt(because);
                break;
            }
        }
        if cursor.is_none() {
            break;
        }
    }
    if cursor.is_some() {
        walk.doubt("the list has more pages than are read".to_owned());
    }
    let seen_at = conekta.clock.now();
    Ok(match handle.age {
        Age::Fresh => walk.lookup(handle, asked_at, seen_at),
        Age::Reused => walk.guess(payout),
    })
}

/// One page of the list, with the transfers created in `window`. A row without a readable time may
/// belong to it.
pub(crate) async fn page(
    conekta: &Conekta,
    window: Window,
    cursor: Option<&str>,
) -> Result<ListingPage, Error> {
    if cursor.is_some_and(|cursor| !is_segment(cursor)) {
        return Err(Error::invalid("cursor").because("it is not a cursor of this list"));
    }
    if window.from >= window.until {
        return Ok(ListingPage { rows: Vec::new(), next: None });
    }
    let unreadable = |because: String| Error::new(ErrorKind::Unknown, because);
    let asked_at = conekta.clock.now();
    let shown = Shown::new(&conekta.settings.credentials);
    let page = read_page(conekta, cursor, &shown).await?.map_err(unreadable)?;
    let seen_at = conekta.clock.now();
    let mut rows = Vec::new();
    let mut passed = false;
    for row in page.rows {
        let row = row.map_err(|because| unreadable(format!("a row cannot be read: {because}")))?;
        let created_at = row.created_at;
        passed |= created_at.is_some_and(|at| at < window.from);
        if created_at.is_none_or(|at| window.from <= at && at < window.until) {
            rows.push(row.observe(Source::Listing, asked_at, seen_at));
        }
    }
    let next = match page.next {
        // Newest first: after one that is too old there is nothing newer.
        _ if passed => None,
        Next::End => None,
        Next::Cursor(cursor) => Some(cursor),
        Next::Lost => return Err(unreadable(LOST.to_owned())),
    };
    Ok(ListingPage { rows, next })
}

/// Reads a page, or returns why it is not one.
async fn read_page(
    conekta: &Conekta,
    cursor: Option<&str>,
    shown: &Shown<'_>,
) -> Result<Result<Page, String>, Error> {
    let mut path = format!("{}?limit={}", contract::PATH_TRANSFERS, contract::PAGE_ROWS);
    if let Some(cursor) = cursor {
        path.push_str(&format!("&next={cursor}"));
    }
    let response = conekta.ask(&path).await?;
    let json = status::read_query(&response, shown)?;
    Ok(json.and_then(|json| Page::read(json).map_err(str::to_owned)))
}

/// One page.
struct Page {
    rows: Vec<Result<Transfer, &'static str>>,
    next: Next,
}

/// How a list continues.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    End,
    Cursor(String),
    /// The list says that it continues, but not how.
    Lost,
}

const LOST: &str = "the list does not say how it goes on";

impl Page {
    fn read(json: &RawValue) -> Result<Self, &'static str> {
        let (rows, next) = read_list(json)?;
        Ok(Self { rows: rows.into_iter().map(Transfer::read).collect(), next })
    }
}

/// The rows of any list of Conekta's, and how it continues.
pub(crate) fn read_list(json: &RawValue) -> Result<(Vec<&RawValue>, Next), &'static str> {
    let answer: ListAnswer<'_> = parse(json).ok_or("a page has another shape")?;
    let rows = answer.data.ok_or("a page has no rows at all")?;
    let has_more = answer.has_more.map(RawValue::get);
    let cursor = text(answer.next_page_url).and_then(|url| read_cursor(&url).map(str::to_owned));
    let next = match (has_more, cursor) {
        (Some("false"), _) => Next::End,
        (_, Some(cursor)) => Next::Cursor(cursor),
        (_, None) => Next::Lost,
    };
    Ok((rows, next))
}

/// The value of `next`, and nothing else of the address: captured addresses name another host,
/// which must not get the key. Source: mock: GET /transfers.
fn read_cursor(url: &str) -> Option<&str> {
    let (_, query) = url.split('#').next()?.split_once('?')?;
    let mut values = query.split('&').filter_map(|field| field.strip_prefix("next="));
    let value = values.next().filter(|value| is_segment(value))?;
    values.next().is_none().then_some(value)
}

/// The result of a walk from the newest transfer backwards.
struct Walk {
    /// Transfers to the payee, by id, because pages can overlap.
    ours: BTreeMap<String, Transfer>,
    /// Older transfers need not be read.
    limit: Option<Timestamp>,
    oldest: Option<Timestamp>,
    cursors: BTreeSet<String>,
    is_sorted: bool,
    /// Why a transfer that is missing here may exist all the same.
    doubt: Option<String>,
}

impl Walk {
    fn back_to(begun_at: Option<Timestamp>) -> Self {
        let early =
            |at: Timestamp| Timestamp::from_millis(at.as_millis() - contract::CLOCK_MARGIN_MS);
        Self {
            ours: BTreeMap::new(),
            limit: begun_at.map(early),
            oldest: None,
            cursors: BTreeSet::new(),
            is_sorted: true,
            doubt: None,
        }
    }

    /// Adds a page and returns where to continue; `None` if nothing more can be learned.
    fn take(&mut self, page: Page, payee: &str) -> Option<String> {
        for row in page.rows {
            match row {
                Ok(row) => self.take_row(row, payee),
                Err(because) => self.doubt(format!("a row of the list cannot be read: {because}")),
            }
        }
        if self.is_sorted && self.oldest.zip(self.limit).is_some_and(|(oldest, at)| oldest < at) {
            return None;
        }
        match page.next {
            Next::End => None,
            Next::Lost => {
                self.doubt(LOST.to_owned());
                None
            }
            Next::Cursor(cursor) if self.cursors.insert(cursor.clone()) => Some(cursor),
            Next::Cursor(_) => {
                self.doubt("the list goes round in circles".to_owned());
                None
            }
        }
    }

    fn take_row(&mut self, row: Transfer, payee: &str) {
        if let Some(at) = row.created_at {
            // A row that appears during the walk moves the others to the next page, not upwards.
            self.is_sorted &= self.oldest.is_none_or(|oldest| at <= oldest);
            self.oldest = Some(self.oldest.map_or(at, |oldest| oldest.min(at)));
        }
        match row.payee.as_deref() {
            Some(told) if told == payee => {
                self.ours.insert(row.id.as_str().to_owned(), row);
            }
            Some(_) => {}
            None => self.doubt("a row of the list names no payee".to_owned()),
        }
    }

    /// Only the first doubt is kept.
    fn doubt(&mut self, because: String) {
        self.doubt.get_or_insert(because);
    }

    /// The payee belongs to one payout, so a transfer to it is that payout's, wherever it is.
    fn lookup(self, handle: &PayeeHandle, asked_at: Timestamp, seen_at: Timestamp) -> Lookup {
        let ours: Vec<&Transfer> = self.ours.values().collect();
        match (ours.as_slice(), self.doubt) {
            ([], None) => Lookup::Absent,
            ([], Some(doubt)) => Lookup::CannotTell(doubt),
            ([only], _) if only.pays_another(handle.account.as_str()) => {
                let because = format!("transfer {} pays somebody else than the order", only.id);
                Lookup::Ambiguous(because)
            }
            ([only], _) => Lookup::Found(only.observe(Source::Query, asked_at, seen_at)),
            (several, _) => Lookup::Ambiguous(format!(
                "Conekta has {} transfers to the payee of this payout: {}",
                several.len(),
                describe(several),
            )),
        }
    }

    /// The payee is paid again and again, so neither a transfer nor its absence proves anything.
    /// The candidates are for a person to look at.
    fn guess(self, payout: &PayoutRef<'_>) -> Lookup {
        let may_be = |row: &&Transfer| {
            let is_in_time = self.limit.zip(row.created_at).is_none_or(|(limit, at)| at >= limit);
            is_in_time && row.amount.is_none_or(|amount| amount == payout.order.amount)
        };
        let candidates: Vec<&Transfer> = self.ours.values().filter(may_be).collect();
        let found = match (candidates.as_slice(), &self.doubt) {
            ([], None) => "the list has no transfer of this amount to it".to_owned(),
            ([], Some(doubt)) => doubt.clone(),
            (several, _) => format!("transfers that may be it: {}", describe(several)),
        };
        Lookup::CannotTell(format!("the payee is used by several payouts; {found}"))
    }
}

/// Describes transfers for a person, who has to look for them: ids are shown in full.
fn describe(rows: &[&Transfer]) -> String {
    let row = |row: &&Transfer| match row.status {
        Some(status) => format!("{} ({status})", row.id),
        None => format!("{} (in a status that is not known)", row.id),
    };
    rows.iter().map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
