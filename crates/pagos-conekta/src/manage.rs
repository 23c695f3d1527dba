//! Conekta's objects besides transfers: payees, webhooks, their keys, events, transactions, the
//! balance. None of these calls moves money; `payout.rs` has the payouts.
//!
//! Every call is sent once. Its error is `Unauthorized`, `Throttled`, `Rejected` (refused for good,
//! or no such object), `Undelivered` (send again; an object may have been made, which does no
//! harm), `Unknown` for an answer that cannot be read, or `Invalid` for input that was not sent.

pub(crate) mod event;
pub(crate) mod key;
pub(crate) mod payee;
pub(crate) mod transaction;
pub(crate) mod webhook;

use bytes::Bytes;
use http::Method;
use serde_json::value::RawValue;

use pagos_core::{Balance, Currency, Departure, Error, ErrorKind, Money};
use pagos_wire::{query_failure, retry_after};

use crate::{
    Conekta, contract,
    payout::{
        handle::is_segment,
        list::{Next, read_list},
        transfer::minor,
    },
    status::{self, Answer, Shown, foreign, is_word, parse, text},
    wire::{BalanceAnswer, SumAnswer, manage::ObjectAnswer},
};

/// One page of a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// The rows; at most 250.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<String>,
}

impl Conekta {
    /// Sends a call that moves no money and parses the object in its answer.
    async fn run<T>(
        &self,
        method: Method,
        path: &str,
        body: Bytes,
        read: impl FnOnce(&RawValue) -> Result<T, &'static str>,
    ) -> Result<T, Error> {
        self.run_about((None, None), method, path, body, read).await
    }

    /// The same for a call about a person with this name and email address, which no error repeats.
    async fn run_about<T>(
        &self,
        personal: (Option<&str>, Option<&str>),
        method: Method,
        path: &str,
        body: Bytes,
        read: impl FnOnce(&RawValue) -> Result<T, &'static str>,
    ) -> Result<T, Error> {
        let request = self.request(method, path, body)?;
        let response =
            self.transport.send(request, Departure::Anytime).await.map_err(query_failure)?;
        let (name, email) = personal;
        let shown = Shown::about(&self.settings.credentials, name, email);
        match status::read(&response) {
            Answer::Success(json) => read(json).map_err(|because| {
                Error::new(ErrorKind::Unknown, format!("the answer cannot be read: {because}"))
            }),
            Answer::Refused(refusal) => Err(refusal.of_errand(&shown)),
            Answer::Foreign(http) => Err(foreign(http, retry_after(&response))),
        }
    }

    async fn read<T>(
        &self,
        path: &str,
        read: impl FnOnce(&RawValue) -> Result<T, &'static str>,
    ) -> Result<T, Error> {
        self.run(Method::GET, path, Bytes::new(), read).await
    }

    /// One page. `filter` is empty or starts with `&`.
    async fn list<T>(
        &self,
        path: &str,
        filter: &str,
        cursor: Option<&str>,
        read: impl Fn(&RawValue) -> Result<T, &'static str>,
    ) -> Result<Listed<T>, Error> {
        let mut path = format!("{path}?limit={}{filter}", contract::PAGE_ROWS);
        if let Some(cursor) = cursor {
            path.push_str(&format!("&next={}", segment("cursor", cursor)?));
        }
        self.read(&path, |json| {
            let (rows, next) = read_list(json)?;
            let items = rows.into_iter().map(read).collect::<Result<_, _>>()?;
            match next {
                Next::End => Ok(Listed { items, next: None }),
                Next::Cursor(next) => Ok(Listed { items, next: Some(next) }),
                Next::Lost => Err("it does not say how it goes on"),
            }
        })
        .await
    }

    /// Only pesos, because nothing else can be paid out. Source: openapi: resources/balances.
    pub(crate) async fn balance(&self) -> Result<Balance, Error> {
        self.read(contract::PATH_BALANCE, |json| {
            let answer: BalanceAnswer<'_> = parse(json).ok_or("it has another shape")?;
            if answer.available.is_none() && answer.pending.is_none() {
                return Err("it has no balance");
            }
            let available = sum(&answer.available.unwrap_or_default())?;
            let unavailable = answer.pending.map(|pending| sum(&pending)).transpose()?;
            Ok(Balance { available, unavailable })
        })
        .await
    }
}

/// The sum of the rows, which is zero if there are none.
fn sum(rows: &[&RawValue]) -> Result<Money, &'static str> {
    let mut total = Money::new(0, Currency::Mxn);
    for row in rows {
        let row: SumAnswer<'_> = parse(row).ok_or("a sum has another shape")?;
        if is_word(row.currency, "MXN") {
            let amount = minor(row.amount.ok_or("a sum has no amount")?)?;
            let amount = Money::new(amount, Currency::Mxn);
            total = total.checked_add(amount).ok_or("a sum is too large")?;
        }
    }
    Ok(total)
}

/// An id of Conekta's that can be part of a path.
fn segment<'a>(field: &'static str, id: &'a str) -> Result<&'a str, Error> {
    match is_segment(id) {
        true => Ok(id),
        false => Err(Error::invalid(field).because("it is no id of Conekta's")),
    }
}

/// Any object with an id of its own.
fn object(json: &RawValue) -> Result<(String, ObjectAnswer<'_>), &'static str> {
    let answer: ObjectAnswer<'_> = parse(json).ok_or("an object has another shape")?;
    let id = text(answer.id).ok_or("an object has no id")?;
    Ok((id, answer))
}

/// `true` or `false`; `None` for anything else.
fn flag(json: Option<&RawValue>) -> Option<bool> {
    match json?.get() {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

fn texts(rows: Option<Vec<&RawValue>>) -> Vec<String> {
    rows.unwrap_or_default().into_iter().filter_map(|row| text(Some(row))).collect()
}
