//! What was released on a day: counters by account and currency, and by beneficiary where a limit
//! looks at that. A run is counted before it is released, and once, however often that is repeated.
//! So a crash in between counts too much, never too little.
//!
//! A counter names the runs that it counted last. When it forgets one of them, a record of the run
//! itself says that all counters have it. So a counter stays small on a day of many runs.

use std::collections::BTreeMap;

use pagos_core::{AccountName, Currency, Day, Money};
use serde::{Deserialize, Serialize};

use crate::{
    approval::{
        content::Content,
        limits::Payee,
        record::{parse, text},
        rules::Weight,
    },
    engine::{Engine, EngineError},
    intent::RunId,
    records::{RecordKind, RecordWrite, RecordWritten},
};

/// How many runs a counter names before it forgets some.
const NAMED_MAX: usize = 32;

/// How many days the counters of a day are kept, for clocks that differ.
const DAYS_KEPT: i32 = 3;

/// How many old records are removed at once.
const SWEEP: usize = 200;

/// The body of a counter. A sum that does not fit stays at the highest value, which is over every
/// limit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Counter {
    minor: i64,
    /// The runs that were counted last, by number, with what they added.
    runs: BTreeMap<u64, i64>,
}

/// Why a run may not be released now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    /// So many people must approve it.
    Approvers(u32),
    /// It is over a limit, in words.
    Limit(String),
}

/// One counter that a run is counted in.
#[derive(Debug)]
struct Line<'a> {
    name: String,
    account: &'a AccountName,
    currency: Currency,
    is_of_payee: bool,
    largest_minor: i64,
    minor: i64,
}

fn name_of_account(day: Day, account: &AccountName, currency: Currency) -> String {
    format!("{day}/{account}/{}", currency.code())
}

fn name_of_payee(day: Day, account: &AccountName, currency: Currency, payee: Payee) -> String {
    format!("{}/to/{}", name_of_account(day, account, currency), payee.hex())
}

fn name_of_run(day: Day, id: u64) -> String {
    format!("{day}/run/{id}")
}

impl Engine {
    /// Today, for rules and limits of a day.
    fn today(&self) -> Day {
        self.accounts().day_offset().day_of(self.timer.now())
    }

    /// What other runs released today through an account in the currency of `own`, which is what
    /// this run pays there. 0 if nothing of the account looks at days. For a preview: the release
    /// looks again.
    ///
    /// # Errors
    /// The error of the store.
    pub async fn spent_today(
        &self,
        run: &RunId,
        account: &AccountName,
        own: Money,
    ) -> Result<i64, EngineError> {
        let day = self.today();
        let (counter, _) = self.counter(&name_of_account(day, account, own.currency)).await?;
        let Some(known) = self.store.run(run).await? else { return Ok(counter.minor) };
        let is_counted = self.is_counted(day, known.id).await?;
        Ok(counter.without(known.id, is_counted.then_some(own.minor)))
    }

    /// The counters of a run. Accounts without anything that looks at days have none.
    fn lines<'a>(&self, content: &'a Content, day: Day) -> Vec<Line<'a>> {
        let counts_days = |account: &AccountName| {
            let approvals = self.accounts().approvals(account);
            let limits = self.accounts().limits(account);
            approvals.is_some_and(|rules| rules.counts_days())
                || limits.is_some_and(|limits| limits.counts_days())
        };
        let counted = content.sums.iter().filter(|((account, _), _)| counts_days(account));
        let mut lines: Vec<Line<'_>> = counted
            .map(|((account, currency), sum)| Line {
                name: name_of_account(day, account, *currency),
                account,
                currency: *currency,
                is_of_payee: false,
                largest_minor: sum.largest_minor,
                minor: sum.minor,
            })
            .collect();
        lines.extend(content.payees.iter().map(|((account, currency, payee), minor)| Line {
            name: name_of_payee(day, account, *currency, *payee),
            account,
            currency: *currency,
            is_of_payee: true,
            largest_minor: *minor,
            minor: *minor,
        }));
        lines
    }

    /// Tells whether so many approvers are enough for the run today. Writes nothing.
    async fn weigh(
        &self,
        id: u64,
        content: &Content,
        approvers: u32,
    ) -> Result<Result<(), Stop>, EngineError> {
        let day = self.today();
        let is_counted = self.is_counted(day, id).await?;
        let mut stop = self.judge_undated(content, approvers);
        for line in self.lines(content, day) {
            let (counter, _) = self.counter(&line.name).await?;
            let others = counter.without(id, is_counted.then_some(line.minor));
            stop = worse(stop, self.judge(&line, others, approvers));
        }
        Ok(stop.map_or(Ok(()), Err))
    }

    /// Counts the run, unless it may not be released today with so many approvers. Nothing is
    /// counted for a run that is seen to be stopped before. If only another run that came in between
    /// stops it, what was counted until then stays: somebody else may rely on it at this moment.
    pub(super) async fn reserve(
        &self,
        id: u64,
        content: &Content,
        approvers: u32,
    ) -> Result<Result<(), Stop>, EngineError> {
        if let Err(stop) = self.weigh(id, content, approvers).await? {
            return Ok(Err(stop));
        }
        let day = self.today();
        let lines = self.lines(content, day);
        if lines.is_empty() {
            return Ok(Ok(()));
        }
        for line in &lines {
            if let Err(stop) = self.count(line, day, id, approvers).await? {
                return Ok(Err(stop));
            }
        }
        let write = RecordWrite {
            kind: RecordKind::Spending,
            name: name_of_run(day, id),
            was: None,
            body: Some("{}".to_owned()),
            notices: Vec::new(),
        };
        // A conflict means that it was counted before.
        self.store.write_record(write).await?;
        Ok(Ok(()))
    }

    /// Takes back what [`Engine::reserve`] counted today. Only for a run that certainly will not be
    /// released.
    pub(super) async fn return_spent(&self, id: u64, content: &Content) -> Result<(), EngineError> {
        let day = self.today();
        let is_counted = self.is_counted(day, id).await?;
        for line in self.lines(content, day) {
            loop {
                let (mut counter, version) = self.counter(&line.name).await?;
                let named = counter.runs.remove(&id);
                let Some(minor) = named.or(is_counted.then_some(line.minor)) else { break };
                counter.minor = counter.minor.saturating_sub(minor).max(0);
                if self.keep_counter(&line.name, version, &counter).await? {
                    break;
                }
            }
        }
        let name = name_of_run(day, id);
        if let Some(record) = self.store.record(RecordKind::Spending, &name).await? {
            let (kind, was) = (RecordKind::Spending, Some(record.version));
            let write = RecordWrite { kind, name, was, body: None, notices: Vec::new() };
            self.store.write_record(write).await?;
        }
        Ok(())
    }

    /// Adds the run to one counter, unless it is there.
    async fn count(
        &self,
        line: &Line<'_>,
        day: Day,
        id: u64,
        approvers: u32,
    ) -> Result<Result<(), Stop>, EngineError> {
        loop {
            let (mut counter, version) = self.counter(&line.name).await?;
            // Read after the counter: if the counter has forgotten the run, its record is there.
            if counter.runs.contains_key(&id) || self.is_counted(day, id).await? {
                return Ok(Ok(()));
            }
            if let Some(stop) = self.judge(line, counter.minor, approvers) {
                return Ok(Err(stop));
            }
            counter.minor = counter.minor.saturating_add(line.minor);
            counter.runs.insert(id, line.minor);
            self.forget_some(&mut counter, day, id).await?;
            // Each conflict means that another run was counted, so this loop ends when they do.
            if self.keep_counter(&line.name, version, &counter).await? {
                return Ok(Ok(()));
            }
        }
    }

    /// Forgets runs that have a record of their own.
    async fn forget_some(
        &self,
        counter: &mut Counter,
        day: Day,
        keeps: u64,
    ) -> Result<(), EngineError> {
        if counter.runs.len() <= NAMED_MAX {
            return Ok(());
        }
        let others: Vec<u64> = counter.runs.keys().copied().filter(|id| *id != keeps).collect();
        for id in others {
            if self.is_counted(day, id).await? {
                counter.runs.remove(&id);
            }
        }
        Ok(())
    }

    /// What speaks against the run whatever the day brought.
    fn judge_undated(&self, content: &Content, approvers: u32) -> Option<Stop> {
        let mut stop = content.objection.clone().map(Stop::Limit);
        for ((account, currency), sum) in &content.sums {
            let Some(rules) = self.accounts().approvals(account) else { continue };
            let weight = Weight {
                largest_minor: sum.largest_minor,
                sum_minor: i128::from(sum.minor),
                day_minor: 0,
            };
            let needed = rules.needed(*currency, weight);
            stop = worse(stop, (needed > approvers).then_some(Stop::Approvers(needed)));
        }
        stop
    }

    /// What speaks against adding a line to what others released on the day.
    fn judge(&self, line: &Line<'_>, others_minor: i64, approvers: u32) -> Option<Stop> {
        let limits = self.accounts().limits(line.account);
        let (most, whom) = match line.is_of_payee {
            true => (limits.and_then(|it| it.beneficiary_day(line.currency)), "one beneficiary"),
            false => (limits.and_then(|it| it.account_day(line.currency)), "all beneficiaries"),
        };
        let together = others_minor.saturating_add(line.minor);
        if let Some(most) = most.filter(|most| together > most.minor) {
            let (wanted, spent) =
                (Money::new(line.minor, line.currency), Money::new(others_minor, line.currency));
            return Some(Stop::Limit(format!(
                "account {} may pay {most} a day to {whom}; {spent} of it is spent, and this run is \
                 {wanted}",
                line.account
            )));
        }
        let rules = self.accounts().approvals(line.account).filter(|_| !line.is_of_payee)?;
        let weight = Weight {
            largest_minor: line.largest_minor,
            sum_minor: i128::from(line.minor),
            day_minor: i128::from(others_minor),
        };
        let needed = rules.needed(line.currency, weight);
        (needed > approvers).then_some(Stop::Approvers(needed))
    }

    async fn is_counted(&self, day: Day, id: u64) -> Result<bool, EngineError> {
        let name = name_of_run(day, id);
        Ok(self.store.record(RecordKind::Spending, &name).await?.is_some())
    }

    async fn counter(&self, name: &str) -> Result<(Counter, Option<u64>), EngineError> {
        match self.store.record(RecordKind::Spending, name).await? {
            Some(record) => Ok((parse(name, &record.body)?, Some(record.version))),
            None => Ok((Counter::default(), None)),
        }
    }

    /// False: somebody else wrote it.
    async fn keep_counter(
        &self,
        name: &str,
        was: Option<u64>,
        counter: &Counter,
    ) -> Result<bool, EngineError> {
        let (kind, body) = (RecordKind::Spending, Some(text(counter)?));
        let write = RecordWrite { kind, name: name.to_owned(), was, body, notices: Vec::new() };
        let written = self.store.write_record(write).await?;
        Ok(matches!(written, RecordWritten::Done { .. }))
    }

    /// Removes some counters of days that are over.
    pub(super) async fn forget_days(&self) -> Result<(), EngineError> {
        let oldest = self.today().plus(-DAYS_KEPT).to_string();
        for record in self.store.records(RecordKind::Spending, "", SWEEP).await? {
            if record.name >= oldest {
                return Ok(());
            }
            let (kind, was) = (RecordKind::Spending, Some(record.version));
            let write =
                RecordWrite { kind, name: record.name, was, body: None, notices: Vec::new() };
            self.store.write_record(write).await?;
        }
        Ok(())
    }
}

impl Counter {
    /// What it counted without this run. `counted` is what the run added, if the counter may have
    /// forgotten it.
    fn without(&self, id: u64, counted: Option<i64>) -> i64 {
        let own = self.runs.get(&id).copied().or(counted).unwrap_or(0);
        self.minor.saturating_sub(own).max(0)
    }
}

/// The stronger reason: a limit, or more approvers.
fn worse(one: Option<Stop>, other: Option<Stop>) -> Option<Stop> {
    match (one, other) {
        (Some(Stop::Limit(words)), _) | (_, Some(Stop::Limit(words))) => Some(Stop::Limit(words)),
        (Some(Stop::Approvers(one)), Some(Stop::Approvers(other))) => {
            Some(Stop::Approvers(one.max(other)))
        }
        (Some(stop), None) | (None, Some(stop)) => Some(stop),
        (None, None) => None,
    }
}
