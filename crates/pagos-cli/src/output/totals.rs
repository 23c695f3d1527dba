//! Sums of payouts by account, currency and outcome, as exact integers.

use pagos_core::{AccountName, Currency};
use serde::Serialize;

use crate::{
    input::Total,
    output::{Outcome, Row},
};

/// One sum of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct OutcomeTotal {
    #[serde(rename = "provider")]
    pub(crate) account: AccountName,
    pub(crate) currency: Currency,
    #[serde(rename = "status")]
    pub(crate) outcome: Outcome,
    pub(crate) count: u64,
    pub(crate) amount_minor: i128,
}

/// The sums of a report, sorted by account, currency and outcome.
#[derive(Debug, Default)]
pub(crate) struct Totals {
    sums: Vec<OutcomeTotal>,
}

impl Totals {
    /// The sums of a plan, before anything was sent.
    pub(crate) fn of_plan(totals: &[Total]) -> Self {
        let mut sums: Vec<OutcomeTotal> = totals.iter().map(of_plan).collect();
        sums.sort_by(|left, right| order(left).cmp(&order(right)));
        Self { sums }
    }

    /// Counts one payout.
    pub(crate) fn add(&mut self, row: &Row<'_>) {
        self.add_sum(&OutcomeTotal {
            account: row.account.clone(),
            currency: row.amount.currency,
            outcome: row.outcome,
            count: 1,
            amount_minor: i128::from(row.amount.minor),
        });
    }

    /// Adds a sum of many payouts.
    pub(crate) fn add_sum(&mut self, more: &OutcomeTotal) {
        match self.sums.binary_search_by(|sum| order(sum).cmp(&order(more))) {
            Ok(place) => {
                if let Some(sum) = self.sums.get_mut(place) {
                    sum.count += more.count;
                    sum.amount_minor += more.amount_minor;
                }
            }
            Err(place) => self.sums.insert(place, more.clone()),
        }
    }

    /// The sums.
    pub(crate) fn sums(&self) -> &[OutcomeTotal] {
        &self.sums
    }
}

/// Formats minor units as major ones: `15000000` COP is `150000.00`. For sums that exceed the range
/// of an amount.
pub(crate) fn major_text(minor: i128, currency: Currency) -> String {
    let exponent = usize::from(currency.exponent());
    let sign = if minor < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", minor.unsigned_abs(), width = exponent + 1);
    let (whole, fraction) = digits.split_at(digits.len() - exponent);
    match fraction.is_empty() {
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{fraction}"),
    }
}

fn order(sum: &OutcomeTotal) -> (&str, Currency, Outcome) {
    (sum.account.as_str(), sum.currency, sum.outcome)
}

fn of_plan(total: &Total) -> OutcomeTotal {
    OutcomeTotal {
        account: total.account.clone(),
        currency: total.currency,
        outcome: Outcome::Created,
        count: total.count,
        amount_minor: total.amount_minor,
    }
}

#[cfg(test)]
mod tests {
    use pagos_core::Money;

    use super::*;

    #[test]
    fn sums_are_exact_beyond_64_bits() {
        assert_eq!(major_text(15_000_000, Currency::Cop), "150000.00");
        assert_eq!(major_text(-5, Currency::Cop), "-0.05");
        assert_eq!(major_text(7, Currency::Clp), "7");
        let account = AccountName::new("bank-a").unwrap();
        let mut totals = Totals::default();
        for outcome in [Outcome::Succeeded, Outcome::Created, Outcome::Succeeded] {
            totals.add(&Row {
                key: "k",
                account: &account,
                outcome,
                reason: None,
                attention: false,
                amount: Money::new(i64::MAX, Currency::Cop),
                reference: None,
                attempts: 1,
                reversals: 0,
                created_at: None,
            });
        }
        let told: Vec<_> = totals.sums().iter().map(|sum| (sum.outcome, sum.count)).collect();
        assert_eq!(told, [(Outcome::Created, 1), (Outcome::Succeeded, 2)]);
        assert_eq!(totals.sums()[1].amount_minor, 2 * i128::from(i64::MAX));
    }
}
