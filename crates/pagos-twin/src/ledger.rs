//! The bank's side: every movement of money that really happened, append-only.
//! Not what a twin says about an order; the two differ whenever a fault says so.

use std::{collections::BTreeMap, fmt, sync::Arc};

use pagos_core::Timestamp;
use serde::{Serialize, Serializer};

/// Which way money went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// To the beneficiary.
    Out,
    /// Back from the beneficiary: a paid order was taken back.
    Back,
}

/// One movement of money. The JSON names are a contract with whoever judges a run.
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// Which twin paid.
    pub provider: &'static str,
    /// The merchant's number of the order.
    #[serde(serialize_with = "as_text")]
    pub key: Arc<str>,
    /// The twin's number of the order.
    #[serde(serialize_with = "as_text")]
    pub reference: Arc<str>,
    /// The beneficiary's account.
    #[serde(serialize_with = "as_text")]
    pub account: Arc<str>,
    /// How much, in minor units; always positive.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: &'static str,
    /// Which way.
    pub direction: Direction,
    /// When, in virtual time; RFC 3339 in JSON.
    #[serde(serialize_with = "as_text")]
    pub at: Timestamp,
}

/// Without the account: account numbers do not belong in logs.
impl fmt::Debug for Movement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Movement")
            .field("provider", &self.provider)
            .field("key", &self.key)
            .field("reference", &self.reference)
            .field("amount_minor", &self.amount_minor)
            .field("currency", &self.currency)
            .field("direction", &self.direction)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

/// Sums of a ledger, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many times money went out.
    pub out_count: u64,
    /// How much went out.
    pub out_minor: i64,
    /// How many times money came back.
    pub back_count: u64,
    /// How much came back.
    pub back_minor: i64,
}

/// All movements of one twin, oldest first.
#[derive(Clone, Default)]
pub struct Ledger {
    movements: Vec<Movement>,
    totals: Totals,
}

impl Ledger {
    /// Every movement, oldest first.
    #[must_use]
    pub fn movements(&self) -> &[Movement] {
        &self.movements
    }

    /// Sums over every movement.
    #[must_use]
    pub const fn totals(&self) -> Totals {
        self.totals
    }

    /// What the beneficiary of each key holds in the end, in minor units: zero if everything came
    /// back, more than the order's amount if it was paid twice. Walks the whole ledger.
    #[must_use]
    pub fn net_per_key(&self) -> BTreeMap<&str, i64> {
        let mut net = BTreeMap::new();
        for movement in &self.movements {
            let held = net.entry(&*movement.key).or_insert(0_i64);
            *held = match movement.direction {
                Direction::Out => held.saturating_add(movement.amount_minor),
                Direction::Back => held.saturating_sub(movement.amount_minor),
            };
        }
        net
    }

    pub(crate) fn record(&mut self, movement: Movement) {
        let (count, sum) = match movement.direction {
            Direction::Out => (&mut self.totals.out_count, &mut self.totals.out_minor),
            Direction::Back => (&mut self.totals.back_count, &mut self.totals.back_minor),
        };
        *count += 1;
        *sum = sum.saturating_add(movement.amount_minor);
        self.movements.push(movement);
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("totals", &self.totals).finish_non_exhaustive()
    }
}

/// Every movement of these ledgers, oldest first.
pub(crate) fn merged<'a>(ledgers: impl Iterator<Item = &'a Ledger>) -> Vec<&'a Movement> {
    let mut all: Vec<&Movement> = ledgers.flat_map(Ledger::movements).collect();
    all.sort_by_key(|movement| movement.at);
    all
}

fn as_text<T: fmt::Display, S: Serializer>(it: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(it)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn movement(key: &str, direction: Direction, amount_minor: i64) -> Movement {
        Movement {
            provider: "cashypro",
            key: key.into(),
            reference: "PAYOUT1".into(),
            account: "3001234567".into(),
            amount_minor,
            currency: "COP",
            direction,
            at: Timestamp::from_millis(1_733_103_774_518),
        }
    }

    #[test]
    fn json_has_the_agreed_names() {
        let json = serde_json::to_string(&movement("k", Direction::Back, 5_000_000)).unwrap();
        assert_eq!(
            json,
            "{\"provider\":\"cashypro\",\"key\":\"k\",\"reference\":\"PAYOUT1\",\
             \"account\":\"3001234567\",\"amount_minor\":5000000,\"currency\":\"COP\",\
             \"direction\":\"back\",\"at\":\"2024-12-02T01:42:54.518Z\"}"
        );
    }

    #[test]
    fn sums_follow_the_movements() {
        let mut ledger = Ledger::default();
        ledger.record(movement("a", Direction::Out, 10));
        ledger.record(movement("b", Direction::Out, 7));
        ledger.record(movement("a", Direction::Back, 10));
        ledger.record(movement("b", Direction::Out, 7));
        assert_eq!(ledger.net_per_key(), BTreeMap::from([("a", 0), ("b", 14)]));
        let totals = Totals { out_count: 3, out_minor: 24, back_count: 1, back_minor: 10 };
        assert_eq!(ledger.totals(), totals);
        assert!(!format!("{:?}", ledger.movements()).contains("3001234567"));
    }
}
