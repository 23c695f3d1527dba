//! What a run holds: a digest that approvals are bound to, its sums, and what each beneficiary gets.

use std::{collections::BTreeMap, fmt, str::FromStr};

use pagos_core::{AccountName, Currency, Error, Money, OrderKey, PayoutOrder};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    accounts::Accounts,
    approval::limits::Payee,
    engine::{Engine, EngineError},
    intent::{Digest, RunId},
};

/// How many payouts are read at once.
const PAGE: usize = 1_000;

/// SHA-256 over the held payouts of a run, each with its key and its digest, and over their sums: 64
/// hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunDigest {
    hex: String,
}

impl RunDigest {
    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.hex
    }
}

impl FromStr for RunDigest {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if text.len() != 64 || !text.bytes().all(is_hex) {
            let because = "a run's digest is 64 hexadecimal digits; `pagos runs` shows it";
            return Err(Error::invalid("digest").because(because));
        }
        Ok(Self { hex: text.to_owned() })
    }
}

impl TryFrom<String> for RunDigest {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<RunDigest> for String {
    fn from(digest: RunDigest) -> String {
        digest.hex
    }
}

impl fmt::Debug for RunDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunDigest({}..)", self.hex.get(..8).unwrap_or_default())
    }
}

impl fmt::Display for RunDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.hex)
    }
}

/// What a run pays through one account in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunTotal {
    /// The account.
    pub account: AccountName,
    /// How many payouts.
    pub count: u64,
    /// Their sum.
    pub amount: Money,
}

/// The held payouts of a run.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) digest: RunDigest,
    pub(super) sums: BTreeMap<(AccountName, Currency), Sum>,
    /// What each beneficiary gets, where a limit looks at that.
    pub(super) payees: BTreeMap<(AccountName, Currency, Payee), i64>,
    /// All keys, sorted.
    pub(super) keys: Vec<OrderKey>,
    /// The first payout that is over a limit of its account, in words: the limit may have come after
    /// the payout was submitted.
    pub(super) objection: Option<String>,
}

/// Payouts of one account and currency. A sum that does not fit stays at the highest value, which is
/// over every limit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Sum {
    pub(super) count: u64,
    pub(super) largest_minor: i64,
    pub(super) minor: i64,
}

impl Content {
    pub(super) fn totals(&self) -> Vec<RunTotal> {
        let total = |((account, currency), sum): (&(AccountName, Currency), &Sum)| RunTotal {
            account: account.clone(),
            count: sum.count,
            amount: Money::new(sum.minor, *currency),
        };
        self.sums.iter().map(total).collect()
    }

    /// Whether an account of the run has rules of approval or limits.
    pub(super) fn is_guarded(&self, accounts: &Accounts) -> bool {
        self.sums.keys().any(|(account, _)| {
            accounts.approvals(account).is_some() || accounts.limits(account).is_some()
        })
    }
}

/// Reads a run in the order of its keys.
struct Reading<'a> {
    accounts: &'a Accounts,
    hash: Sha256,
    sums: BTreeMap<(AccountName, Currency), Sum>,
    payees: BTreeMap<(AccountName, Currency, Payee), i64>,
    keys: Vec<OrderKey>,
    objection: Option<String>,
}

impl<'a> Reading<'a> {
    fn of(accounts: &'a Accounts) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"pagos run 1\0");
        let (sums, payees) = (BTreeMap::new(), BTreeMap::new());
        Self { accounts, hash, sums, payees, keys: Vec::new(), objection: None }
    }

    fn add(&mut self, order: &PayoutOrder) {
        let (key, account, amount) = (&order.key, &order.account, order.amount);
        // A length in memory fits into 64 bits on every platform.
        self.hash.update((key.as_str().len() as u64).to_be_bytes());
        self.hash.update(key.as_str());
        self.hash.update(Digest::of(order).0);
        let sum = self.sums.entry((account.clone(), amount.currency)).or_default();
        sum.count += 1;
        sum.largest_minor = sum.largest_minor.max(amount.minor);
        sum.minor = sum.minor.saturating_add(amount.minor);
        let limits = self.accounts.limits(account);
        if limits.is_some_and(|limits| limits.beneficiary_day(amount.currency).is_some()) {
            let payee = Payee::from(&order.beneficiary);
            let minor = self.payees.entry((account.clone(), amount.currency, payee)).or_default();
            *minor = minor.saturating_add(amount.minor);
        }
        if let Some(limits) = limits.filter(|_| self.objection.is_none()) {
            let violation = limits.violations(order).into_iter().next();
            self.objection = violation.map(|violation| format!("payout {key}: {violation}"));
        }
        self.keys.push(key.clone());
    }

    fn finish(mut self) -> Content {
        for ((account, currency), sum) in &self.sums {
            let line = format!("\n{account} {} {} {}", sum.count, sum.minor, currency.code());
            self.hash.update(line);
        }
        let digest: [u8; 32] = self.hash.finalize().into();
        let hex = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        let Self { sums, payees, keys, objection, .. } = self;
        Content { digest: RunDigest { hex }, sums, payees, keys, objection }
    }
}

impl Engine {
    /// Reads what a run holds, in pages.
    pub(super) async fn content(&self, run: &RunId) -> Result<Content, EngineError> {
        let mut reading = Reading::of(self.accounts());
        loop {
            let page = self.store.held(run, reading.keys.last(), PAGE).await?;
            page.iter().for_each(|payout| reading.add(&payout.order));
            if page.len() < PAGE {
                return Ok(reading.finish());
            }
        }
    }
}
