//! What of a planned file needs approval, by how many people and by which rule, before anything of
//! it is stored. The release of the run looks again, and what it says counts: rows that were paid
//! before weigh nothing there, and weigh here.

use std::collections::BTreeMap;

use pagos_core::{AccountName, Currency, Money, OrderKey};
use pagos_engine::{Engine, EngineError, Measure, Rule, RunApproval, RunId, Weight};
use serde::Serialize;

use crate::{
    accounts::Accounts,
    exit::Failure,
    input::{Orders, Payroll, Plan, RowError},
    output::{approval_json, major_text},
    words::{Text, pay, payout},
};

/// How many payouts that a rule is about are named.
const NAMED_MAX: usize = 100;

/// How many of them are named to people.
const SHOWN_MAX: usize = 3;

/// What of a file needs approval.
#[derive(Debug, Serialize)]
pub(crate) struct Need {
    /// How many people must approve; 0 for nobody.
    pub(crate) needed: u32,
    /// The rules that say so.
    because: Vec<Reason>,
    /// The rules about a day that other runs of that day can still call for.
    day: Vec<Left>,
    #[serde(skip)]
    parts: Vec<Part>,
}

/// A rule that the file meets.
#[derive(Debug, Serialize)]
struct Reason {
    provider: AccountName,
    currency: Currency,
    /// `payout`, `run` or `day`.
    of: &'static str,
    over_minor: i64,
    /// Another one than the payouts', if no rule is about theirs.
    over_currency: Currency,
    approvers: u32,
    /// What is over it: the largest payout, the sum of the file, or that of the day.
    amount_minor: i128,
    /// How many payouts of the file the rule is about.
    payouts: u64,
    /// The first of them, if the rule is about single payouts.
    keys: Vec<OrderKey>,
}

/// How much others may release on the day before a rule calls for approval of this file too.
#[derive(Debug, Serialize)]
struct Left {
    provider: AccountName,
    currency: Currency,
    approvers: u32,
    left_minor: i128,
}

/// The payouts of one account and currency.
#[derive(Debug)]
struct Part {
    account: AccountName,
    currency: Currency,
    weight: Weight,
    count: u64,
    rules: pagos_engine::Approvals,
    /// The payouts that are over each rule about single ones, in the order of the rules.
    over: Vec<Over>,
}

#[derive(Debug, Default, Clone)]
struct Over {
    count: u64,
    keys: Vec<OrderKey>,
}

impl Need {
    /// Reads the planned file once more, if an account that it pays through has rules; otherwise
    /// nothing can need approval.
    ///
    /// # Errors
    /// If the file cannot be read, or has changed.
    pub(crate) fn of(
        payroll: &Payroll,
        plan: &Plan,
        accounts: &Accounts,
    ) -> Result<Option<Self>, Failure> {
        let rules_of = |name: &AccountName| {
            let account = accounts.get(name)?;
            Some(&account.guards.approvals).filter(|rules| !rules.is_empty())
        };
        if !plan.totals.iter().any(|total| rules_of(&total.account).is_some()) {
            return Ok(None);
        }
        let mut parts: BTreeMap<(AccountName, Currency), Part> = BTreeMap::new();
        for row in Orders::open(payroll, plan, accounts)? {
            let order = match row {
                Ok(numbered) => numbered.order,
                Err(RowError::Bad) => continue,
                Err(RowError::File(error)) => return Err(error.into()),
            };
            let Some(rules) = rules_of(&order.account) else { continue };
            let name = (order.account.clone(), order.amount.currency);
            let part = parts.entry(name).or_insert_with_key(|(account, currency)| Part {
                account: account.clone(),
                currency: *currency,
                weight: Weight::default(),
                count: 0,
                rules: rules.clone(),
                over: vec![Over::default(); rules.rules().len()],
            });
            part.add(&order.key, order.amount);
        }
        let mut need = Self {
            needed: 0,
            because: Vec::new(),
            day: Vec::new(),
            parts: parts.into_values().collect(),
        };
        need.weigh();
        Ok(Some(need))
    }

    /// Takes into account what other runs released today.
    ///
    /// # Errors
    /// The error of the store.
    pub(crate) async fn add_today(
        &mut self,
        engine: &Engine,
        run: &RunId,
    ) -> Result<(), EngineError> {
        for part in &mut self.parts {
            let sum_minor = i64::try_from(part.weight.sum_minor).unwrap_or(i64::MAX);
            let own = Money::new(sum_minor, part.currency);
            part.weight.day_minor = engine.spent_today(run, &part.account, own).await?.into();
        }
        self.weigh();
        Ok(())
    }

    /// What scripts read, with the approval of the run where it has one.
    pub(crate) fn json(&self, run: Option<&RunApproval>) -> serde_json::Value {
        let mut json = serde_json::json!(self);
        if let Some(fields) = json.as_object_mut() {
            fields.insert("run".to_owned(), run.map(approval_json).into());
        }
        json
    }

    /// What people read; nothing if nobody must approve and no day can change that.
    pub(crate) fn lines(&self) -> Vec<Text> {
        let mut lines = match self.needed {
            0 => Vec::new(),
            needed => {
                vec![pay::must_approve(payout::people_of(needed))]
            }
        };
        lines.extend(self.because.iter().map(Reason::line));
        lines.extend(self.day.iter().map(Left::line));
        lines
    }

    fn weigh(&mut self) {
        let met = self.parts.iter().flat_map(|part| {
            let rules = part.rules.met(part.currency, part.weight);
            rules.into_iter().map(|rule| part.reason(rule))
        });
        self.because = met.collect();
        self.needed = self.because.iter().map(|reason| reason.approvers).max().unwrap_or(0);
        let needed = self.needed;
        let left = self.parts.iter().flat_map(|part| part.left());
        self.day = left.filter(|left| left.approvers > needed).collect();
    }
}

impl Part {
    fn add(&mut self, key: &OrderKey, amount: Money) {
        self.count += 1;
        self.weight.largest_minor = self.weight.largest_minor.max(amount.minor);
        self.weight.sum_minor += i128::from(amount.minor);
        for (rule, over) in self.rules.rules().iter().zip(&mut self.over) {
            let is_over = rule.over.currency == amount.currency && amount.minor > rule.over.minor;
            if rule.of == Measure::Payout && is_over {
                over.count += 1;
                if over.keys.len() < NAMED_MAX {
                    over.keys.push(key.clone());
                }
            }
        }
    }

    fn reason(&self, rule: Rule) -> Reason {
        let place = self.rules.rules().iter().position(|it| *it == rule);
        let over = place.and_then(|place| self.over.get(place)).cloned().unwrap_or_default();
        let is_of_some = over.count > 0;
        let amount_minor = match rule.of {
            Measure::Payout => i128::from(self.weight.largest_minor),
            Measure::Run => self.weight.sum_minor,
            Measure::Day => self.weight.sum_minor.saturating_add(self.weight.day_minor),
        };
        Reason {
            provider: self.account.clone(),
            currency: self.currency,
            of: rule.of.word(),
            over_minor: rule.over.minor,
            over_currency: rule.over.currency,
            approvers: rule.approvers.get(),
            amount_minor,
            payouts: if is_of_some { over.count } else { self.count },
            keys: over.keys,
        }
    }

    /// What is left of each rule about the day that is not met yet.
    fn left(&self) -> impl Iterator<Item = Left> {
        let of_day = self
            .rules
            .rules()
            .iter()
            .filter(|rule| rule.of == Measure::Day && rule.over.currency == self.currency);
        of_day.filter_map(|rule| {
            let day_minor = self.weight.sum_minor.saturating_add(self.weight.day_minor);
            let left_minor = i128::from(rule.over.minor) - day_minor;
            (left_minor >= 0).then(|| Left {
                provider: self.account.clone(),
                currency: self.currency,
                approvers: rule.approvers.get(),
                left_minor,
            })
        })
    }
}

impl Reason {
    fn line(&self) -> Text {
        let amount = money(self.amount_minor, self.currency);
        let over = money(self.over_minor.into(), self.over_currency);
        let what = match self.of {
            _ if self.over_currency != self.currency => pay::no_rule_about(amount, self.currency),
            "payout" => {
                let shown: Vec<&str> =
                    self.keys.iter().take(SHOWN_MAX).map(OrderKey::as_str).collect();
                let more = if self.payouts > SHOWN_MAX as u64 { " ..." } else { "" };
                pay::payouts_over(self.payouts, format!("{}{more}", shown.join(", ")), over)
            }
            "day" => pay::day_over(amount, over),
            _ => pay::run_over(amount, over),
        };
        pay::rule_line(self.provider.as_str(), what, payout::people_of(self.approvers))
    }
}

impl Left {
    fn line(&self) -> Text {
        let amount = money(self.left_minor, self.currency);
        pay::must_approve_today(payout::people_of(self.approvers), amount, self.provider.as_str())
    }
}

fn money(minor: i128, currency: Currency) -> String {
    format!("{} {currency}", major_text(minor, currency))
}
