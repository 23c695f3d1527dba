//! Payouts and lines for tests.

use pagos_core::{AccountName, Currency, Day, FailReason, Money, OrderKey, Status};
use pagos_statement::{Charge, Counterparty, Kind, Line, Side, Text, Transaction};

use crate::{
    expected::{Booked, Expected, Payee},
    matching::OpenLine,
};

pub(crate) fn day(text: &str) -> Day {
    text.parse().unwrap()
}

pub(crate) fn failed() -> Status {
    Status::Failed(FailReason::Declined)
}

pub(crate) fn pesos(minor: i64) -> Money {
    Money::new(minor, Currency::Clp)
}

/// A payout that succeeded on 10 May.
pub(crate) fn expected(key: &str, amount: i64) -> Expected {
    Expected {
        key: OrderKey::new(key).unwrap(),
        account: AccountName::new("etpay").unwrap(),
        amount: pesos(amount),
        status: Status::Succeeded,
        word: "succeeded",
        submitted: day("2026-05-10"),
        sent: Some(day("2026-05-10")),
        settled: Some(day("2026-05-10")),
        reference: None,
        tracking: None,
        batch: None,
        payee: Payee::new("00-12345678", "Ana Ñandú", "12.345.678-5"),
        returned: None,
        booked: Booked::default(),
    }
}

/// A transaction with nothing but a text.
pub(crate) fn transaction(amount: i64, text: &str) -> Transaction {
    Transaction {
        amount: pesos(amount),
        bank_reference: None,
        references: Vec::new(),
        tracking: None,
        counterparty: Counterparty::default(),
        text: Text::new(text),
        returned_because: None,
        charges: Vec::new(),
    }
}

/// A debit of 11 May if `change` is negative, or else a credit.
pub(crate) fn line(id: &str, change: i64, text: &str) -> OpenLine {
    lines_of(id, change, vec![transaction(change.abs(), text)])
}

pub(crate) fn lines_of(id: &str, change: i64, transactions: Vec<Transaction>) -> OpenLine {
    let line = Line {
        place: 1,
        day: day("2026-05-11"),
        value_day: None,
        side: if change < 0 { Side::Debit } else { Side::Credit },
        amount: pesos(change.abs()),
        kind: Kind::Transfer,
        balance: None,
        transactions,
    };
    OpenLine { id: id.to_owned(), line }
}

pub(crate) fn included(amount: i64) -> Charge {
    Charge { amount: pesos(amount), is_included: true }
}
