//! What would leave the store and what stays, in numbers.

use std::collections::BTreeMap;

use pagos_core::{AccountName, Currency, Timestamp};
use serde::Serialize;

use crate::{
    history::Entry,
    retention::{Candidate, Stay, changed_at},
};

/// What would leave and what stays.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    rows: BTreeMap<(AccountName, Currency, String), SurveyRow>,
    /// How many payouts stay, by reason.
    pub stays: BTreeMap<Stay, u64>,
    /// How many this version of the program cannot read; they stay.
    pub unreadable: u64,
    /// How many applied deliveries would be forgotten.
    pub deliveries: u64,
    /// How many notices would be forgotten.
    pub notices: u64,
    /// The readers of the notices, and the last notice that each acknowledged.
    pub readers: Vec<(String, u64)>,
}

/// What would leave of one account, currency and status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SurveyRow {
    /// The account.
    #[serde(rename = "provider")]
    pub account: AccountName,
    /// The currency.
    pub currency: Currency,
    /// The status word.
    pub status: String,
    /// How many payouts.
    pub count: u64,
    /// Their amounts in minor units.
    pub amount_minor: i128,
    /// The earliest of their last changes.
    pub first: Timestamp,
    /// The latest of their last changes.
    pub last: Timestamp,
}

impl Survey {
    /// What would leave, sorted by account, currency and status.
    pub fn rows(&self) -> impl Iterator<Item = &SurveyRow> {
        self.rows.values()
    }

    /// How many payouts would leave.
    pub fn leaving(&self) -> u64 {
        self.rows.values().map(|row| row.count).sum()
    }

    /// How many readable payouts stay.
    pub fn staying(&self) -> u64 {
        self.stays.values().sum()
    }

    pub(crate) fn add(&mut self, candidate: &Candidate, history: &[Entry], reason: Option<Stay>) {
        if let Some(reason) = reason {
            *self.stays.entry(reason).or_default() += 1;
            return;
        }
        let (order, at) = (&candidate.payout.order, changed_at(candidate, history));
        let status = candidate.payout.progress.word().to_owned();
        let name = (order.account.clone(), order.amount.currency, status.clone());
        let row = self.rows.entry(name).or_insert_with(|| SurveyRow {
            account: order.account.clone(),
            currency: order.amount.currency,
            status,
            count: 0,
            amount_minor: 0,
            first: at,
            last: at,
        });
        row.count += 1;
        row.amount_minor += i128::from(order.amount.minor);
        row.first = row.first.min(at);
        row.last = row.last.max(at);
    }
}
