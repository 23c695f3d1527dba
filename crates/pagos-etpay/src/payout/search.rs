//! Finds payouts by their date: the search for a payout whose id we never learned, and the list.
//!
//! ETpay silently answers a query that it does not like with the payouts of today. So the time of
//! each row is checked, and an answer that cannot be trusted proves nothing: its rows may be
//! believed, but missing rows mean nothing. Source: docs: D8, for a sibling. The contract is also
//! assumed, so even a complete walk is no proof that a payout does not exist; the descriptor makes
//! sure that nothing is sent again because of one.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use http::Response;
use jiff::{ToSpan, civil::Date};

use pagos_core::{
    Error, ErrorKind, ListingPage, Lookup, Observation, OrderKey, PayoutRef, ProviderRef, Source,
    Timestamp, Window,
};
use pagos_wire::{WireText, redact};

use crate::{
    contract::{self, ListAnswer, PayoutRow},
    payout::{
        call::PayoutSide,
        created_at,
        day::{Span, day_of, parse_day},
        observe,
    },
    status::refusal,
};

/// Searches the days around the moment when the first attempt was begun.
pub(crate) async fn find(side: PayoutSide<'_>, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
    let Some(begun_at) = payout.begun_at else {
        let because = "neither its id nor the day on which it was sent is known";
        return Ok(Lookup::CannotTell(because.to_owned()));
    };
    let asked_at = side.etpay.clock.now();
    let today = day_of(asked_at);
    let middle = day_of(begun_at);
    let to = side.latest(day_of(begun_at.plus(side.etpay.settings.clock_ahead)), today);
    let mut walk = Walk::default();
    for span in Span::all(side.earliest(middle), to.max(middle), today) {
        walk.read(side, span).await?;
    }
    Ok(walk.lookup(&payout.order.key, asked_at, side.etpay.clock.now()))
}

/// One page of the list: a few days of `window`, whose first day is the cursor. Rows outside the
/// window come from the additional days of the search, and are left out.
pub(crate) async fn page(
    side: PayoutSide<'_>,
    window: Window,
    cursor: Option<&str>,
) -> Result<ListingPage, Error> {
    let asked_at = side.etpay.clock.now();
    let today = day_of(asked_at);
    let first = side.earliest(day_of(window.from));
    let last = side.latest(day_of(window.until), today);
    let from = match cursor {
        None => first,
        Some(cursor) => parse_day(cursor)
            .filter(|day| *day > first && *day <= last)
            .ok_or_else(|| Error::invalid("cursor").because("it is not a cursor of this list"))?,
    };
    let is_empty = window.from >= window.until;
    let Some(span) = Span::first(from, last, today).filter(|_| !is_empty) else {
        return Ok(ListingPage { rows: Vec::new(), next: None });
    };
    let mut walk = Walk::default();
    walk.read(side, span).await?;
    let next = span.next(last).map(|day| day.to_string());
    Ok(ListingPage { rows: walk.rows_of(window, asked_at, side.etpay.clock.now())?, next })
}

impl PayoutSide<'_> {
    fn earliest(&self, day: Date) -> Date {
        day.saturating_sub(i64::from(self.payouts.listing_margin_days).days())
    }

    /// The last day that is worth a query. Future days contain nothing. But if ETpay's day is
    /// UTC's, tomorrow begins in the evening; and a sandbox may be ahead of us.
    fn latest(&self, day: Date, today: Date) -> Date {
        let tomorrow =
            today.saturating_add(self.etpay.settings.clock_ahead).saturating_add(1.day());
        day.saturating_add(i64::from(self.payouts.listing_margin_days).days()).min(tomorrow)
    }
}

/// The result of a walk through one or more spans.
#[derive(Default)]
struct Walk {
    /// Every row by its id, in its latest version.
    rows: BTreeMap<String, PayoutRow>,
    /// Rows that answer another query than ours. They serve only to recognise a payout.
    strays: BTreeMap<String, PayoutRow>,
    /// Why a payout that is missing here may exist all the same.
    doubt: Option<&'static str>,
}

/// The kinds of pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Page {
    /// It had rows that no page before it had.
    New,
    /// It had rows, and none of them was new.
    Known,
    /// It had no rows.
    Empty,
    /// Neither it nor the pages after it can be trusted.
    Useless,
}

impl Walk {
    /// Reads a span to its end: until a page has nothing new. If page 1, which is assumed to be the
    /// first, is empty, page 0 is read too: it is not published how pages are counted.
    async fn read(&mut self, side: PayoutSide<'_>, span: Span) -> Result<(), Error> {
        let first = side.payouts.page_first;
        let mut tally = Tally::default();
        for page in first..first.saturating_add(contract::PAGES_MAX) {
            let response = side.ask(&span.path(page)).await?;
            let found = self.take(&response, span, &mut tally);
            if found == Page::New {
                continue;
            }
            if found == Page::Empty && page == first && first > 0 {
                self.read_page_zero(side, span, &mut tally).await?;
            }
            self.close(&tally);
            return Ok(());
        }
        self.doubt("the list has more pages than are read");
        Ok(())
    }

    /// A refusal in ETpay's form only shows that pages are counted from 1. Any other answer of that
    /// kind comes from something in front of ETpay and says nothing.
    async fn read_page_zero(
        &mut self,
        side: PayoutSide<'_>,
        span: Span,
        tally: &mut Tally,
    ) -> Result<(), Error> {
        let response = side.ask(&span.path(0)).await?;
        let is_refused = response.status().is_client_error() && refusal(&response).is_some();
        if !is_refused {
            self.take(&response, span, tally);
        }
        Ok(())
    }

    fn take(&mut self, response: &Response<Bytes>, span: Span, tally: &mut Tally) -> Page {
        let body = Some(response.body()).filter(|_| response.status().is_success());
        let answer = body.and_then(|body| serde_json::from_slice::<ListAnswer>(body).ok());
        let Some(answer) = answer else {
            self.doubt("a page of the list cannot be read");
            return Page::Useless;
        };
        tally.total = tally.total.max(answer.total.map_or(0, |total| total.value()));
        if answer.payouts.is_empty() {
            return Page::Empty;
        }
        if answer.payouts.iter().any(|row| created_at(row).is_some_and(|at| !span.holds(at))) {
            self.doubt("the list was answered with payouts of other days");
            self.strays.extend(answer.payouts.into_iter().filter_map(named));
            return Page::Useless;
        }
        if answer.payouts.iter().any(|row| created_at(row).is_none()) {
            self.doubt("a row of the list has no readable time");
        }
        let count = answer.payouts.len();
        let rows: Vec<_> = answer.payouts.into_iter().filter_map(named).collect();
        if rows.len() < count {
            self.doubt("a row of the list has no id");
        }
        let before = tally.ids.len();
        tally.ids.extend(rows.iter().map(|(id, _)| id.clone()));
        self.rows.extend(rows);
        if tally.ids.len() > before { Page::New } else { Page::Known }
    }

    /// Only the first doubt is kept.
    fn doubt(&mut self, because: &'static str) {
        self.doubt.get_or_insert(because);
    }

    /// If the provider reports its own count, the walk must have reached it.
    fn close(&mut self, tally: &Tally) {
        if i64::try_from(tally.ids.len()).is_ok_and(|seen| seen < tally.total) {
            self.doubt("the list has fewer rows than it says");
        }
    }

    /// One row with our key is the payout, wherever it is. Two may be two payments.
    fn lookup(mut self, key: &OrderKey, asked_at: Timestamp, seen_at: Timestamp) -> Lookup {
        let strays = std::mem::take(&mut self.strays);
        for (id, row) in strays {
            self.rows.entry(id).or_insert(row);
        }
        let is_ours = |row: &&PayoutRow| {
            row.merchant_order_id.as_ref().is_some_and(|told| told.as_str() == key.as_str())
        };
        let ours: Vec<&PayoutRow> = self.rows.values().filter(is_ours).collect();
        match (ours.as_slice(), self.doubt) {
            ([], None) => Lookup::Absent,
            ([], Some(doubt)) => Lookup::CannotTell(doubt.to_owned()),
            ([row], _) => match observe(row, Source::Query, asked_at, seen_at) {
                Ok(seen) => Lookup::Found(seen),
                Err(because) => Lookup::CannotTell(because.to_owned()),
            },
            (rows, _) => Lookup::Ambiguous(describe(rows)),
        }
    }

    /// The rows of the window. A row without a time may belong to it.
    fn rows_of(
        &self,
        window: Window,
        asked_at: Timestamp,
        seen_at: Timestamp,
    ) -> Result<Vec<Observation>, Error> {
        let unreadable = |because: &str| Error::new(ErrorKind::Unknown, because);
        if let Some(doubt) = self.doubt {
            return Err(unreadable(doubt));
        }
        let is_within = |row: &&PayoutRow| {
            created_at(row).is_none_or(|at| window.from <= at && at < window.until)
        };
        let rows = self.rows.values().filter(is_within);
        rows.map(|row| observe(row, Source::Listing, asked_at, seen_at).map_err(unreadable))
            .collect()
    }
}

/// The rows of one span, and how many the provider says that it has.
#[derive(Default)]
struct Tally {
    ids: BTreeSet<String>,
    total: i64,
}

fn named(row: PayoutRow) -> Option<(String, PayoutRow)> {
    let id = row.id.as_ref().map(WireText::as_str).filter(|id| !id.is_empty())?.to_owned();
    Some((id, row))
}

/// What ETpay has under our key, for a person. Ids are shown in full, so that the person can look
/// for them.
fn describe(rows: &[&PayoutRow]) -> String {
    let text = |text: &Option<WireText>| redact(text.as_ref().map_or("?", WireText::as_str));
    let id = |row: &PayoutRow| {
        let id = row.id.as_ref().and_then(|id| ProviderRef::new(id.as_str()).ok());
        id.map_or_else(|| text(&row.id), String::from)
    };
    let rows: Vec<String> =
        rows.iter().map(|row| format!("{} ({})", id(row), text(&row.status))).collect();
    format!("ETpay has {} payouts under this key: {}", rows.len(), rows.join(", "))
}
