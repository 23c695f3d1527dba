//! Finds payouts and payments that wait for a person. No store has an index of them, so the lists are
//! read, and no more than a few thousand rows at a time.

use std::{collections::BTreeSet, str::FromStr};

use pagos_core::OrderKey;
use pagos_engine::{Cursor, Filter, Page, Sorted, Tally};

use crate::{
    api::Api,
    payments::view::PaymentView,
    payouts::{in_query, view::PayoutView},
    problem::{Problem, ProblemType},
    waiting::view::{WaitingPayment, WaitingPayout},
};

/// What was found, and where to go on.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) payouts: Vec<WaitingPayout>,
    pub(super) payments: Vec<WaitingPayment>,
    pub(super) next: Option<String>,
    scanned: usize,
}

/// Where a scan goes on: in the list of payouts of one status, or in that of payments.
#[derive(Debug, Clone)]
pub(super) enum Place {
    Payouts { status: String, after: Option<Cursor> },
    Payments { after: Option<OrderKey> },
}

impl FromStr for Place {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let Some((list, after)) = text.split_once('~') else {
            let detail = "the query: after is not the next of a page";
            return Err(Problem::new(ProblemType::Malformed, detail));
        };
        let after = Some(after).filter(|after| !after.is_empty());
        if list == PAYMENTS {
            let after = after.map(str::parse).transpose().map_err(in_query)?;
            return Ok(Self::Payments { after });
        }
        let after = after.map(str::parse).transpose().map_err(in_query)?;
        Ok(Self::Payouts { status: list.to_owned(), after })
    }
}

/// The next payouts and payments that wait, at most `limit` of them.
pub(super) async fn scan(
    api: &Api,
    tally: &Tally,
    place: Option<Place>,
    limit: usize,
) -> Result<Found, Problem> {
    let mut found = Found::default();
    let after = match place {
        Some(Place::Payments { after }) => after,
        Some(Place::Payouts { status, after }) => {
            payouts(api, tally, (status, after), limit, &mut found).await?;
            None
        }
        None => {
            payouts(api, tally, (String::new(), None), limit, &mut found).await?;
            None
        }
    };
    if found.next.is_none() {
        payments(api, after, limit, &mut found).await?;
    }
    Ok(found)
}

/// Reads the lists of the statuses in which something waits.
async fn payouts(
    api: &Api,
    tally: &Tally,
    (from, mut after): (String, Option<Cursor>),
    limit: usize,
    found: &mut Found,
) -> Result<(), Problem> {
    let with_some: BTreeSet<&str> =
        tally.rows.iter().filter(|row| row.attention > 0).map(|row| row.status.as_str()).collect();
    for status in with_some.into_iter().filter(|status| *status >= from.as_str()) {
        if status != from {
            after = None;
        }
        let filter = Filter { status: Some(status.to_owned()), ..Filter::default() };
        loop {
            let page = Page { sorted: Sorted::NewestFirst { after: after.clone() }, limit: ROWS };
            let payouts = api.store().list(&filter, &page).await?;
            for payout in &payouts {
                if found.payouts.len() >= limit {
                    found.next = Some(place_of_payouts(status, after.as_ref()));
                    return Ok(());
                }
                after = Some(payout.cursor());
                if payout.progress.attention.is_some() {
                    let view = PayoutView::of(payout);
                    found.payouts.push(WaitingPayout::of(view, &payout.progress));
                }
            }
            found.scanned += payouts.len();
            if payouts.len() < ROWS {
                break;
            }
            if found.scanned >= SCANNED_MAX {
                found.next = Some(place_of_payouts(status, after.as_ref()));
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Reads the list of payments.
async fn payments(
    api: &Api,
    mut after: Option<OrderKey>,
    limit: usize,
    found: &mut Found,
) -> Result<(), Problem> {
    loop {
        let payments = api.store().payments(None, after.as_ref(), ROWS).await?;
        for payment in &payments {
            if found.payouts.len() + found.payments.len() >= limit {
                found.next = Some(place_of_payments(after.as_ref()));
                return Ok(());
            }
            after = Some(payment.order.key.clone());
            if payment.progress.attention.is_some() {
                found.payments.push(WaitingPayment::of(PaymentView::of(payment)));
            }
        }
        found.scanned += payments.len();
        if payments.len() < ROWS {
            return Ok(());
        }
        if found.scanned >= SCANNED_MAX {
            found.next = Some(place_of_payments(after.as_ref()));
            return Ok(());
        }
    }
}

const ROWS: usize = 500;
const SCANNED_MAX: usize = 5_000;

/// No status has this name.
const PAYMENTS: &str = "payments";

fn place_of_payouts(status: &str, after: Option<&Cursor>) -> String {
    after.map_or_else(|| format!("{status}~"), |after| format!("{status}~{after}"))
}

fn place_of_payments(after: Option<&OrderKey>) -> String {
    after.map_or_else(|| format!("{PAYMENTS}~"), |after| format!("{PAYMENTS}~{after}"))
}
