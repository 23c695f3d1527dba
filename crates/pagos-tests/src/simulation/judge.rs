//! The judge of a schedule: the twins' ledger against the store and against what the application was
//! told. It reads, and acts not.

use std::{collections::BTreeMap, sync::PoisonError};

use pagos_core::{Change, Clock, OrderKey, Status};
use pagos_engine::{Attention, Entry, InboxState, Notice, NoticeKind, Payout, Wait};
use pagos_twin::Fault;

use crate::{
    drive::finish,
    judge::{live_payments_max, refold},
    recording::Act,
    sample::{key, start},
    simulation::{Simulation, incident, log::Counts, participant::Participant, plan::Clocks},
};

/// A schedule in which everything held, in figures.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many payouts.
    pub payouts: u64,
    /// How many attempts to send them.
    pub attempts: u64,
    /// How many ended as paid.
    pub paid: u64,
    /// How many ended as failed.
    pub failed: u64,
    /// How many final statuses were taken back and told as such.
    pub reversals_told: u64,
    /// How many partial returns were told.
    pub returns_told: u64,
    /// Payouts that wait for a person, by provider and reason.
    pub in_doubt: BTreeMap<(&'static str, String), u64>,
    /// Deliveries by what became of them.
    pub inbox: BTreeMap<&'static str, u64>,
    /// Calls for a person.
    pub calls: u64,
    /// How many lines the statements of all accounts have.
    pub lines: u64,
    /// Payouts about which a statement and Pagos differ, for each of which a person was called.
    pub differences: u64,
    /// Payouts that were paid more than once in schedules of which only that is counted.
    pub paid_twice: u64,
    /// Payouts of which the store had forgotten that they were sent.
    pub recalled: u64,
    /// How many of them wait for a person.
    pub recalled_in_doubt: u64,
    /// What went wrong on the way, by name.
    pub counts: Counts,
}

/// What a provider has of one payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Truth {
    Paid,
    NotPaid,
    /// It never had it.
    Absent,
}

type Truths = BTreeMap<OrderKey, Truth>;

impl Simulation {
    /// The judgement. Everything rests by now.
    pub(super) fn judge(&mut self) -> Result<Summary, String> {
        let truths = self.truths()?;
        self.judge_ledger()?;
        let outbox = finish(self.store.outbox(0, usize::MAX)).map_err(|it| it.to_string())?;
        let mut told: BTreeMap<OrderKey, Vec<Notice>> = BTreeMap::new();
        for (_, notice) in outbox {
            if let Some(key) = notice.key().cloned() {
                told.entry(key).or_default().push(notice);
            }
        }
        let mut summary = Summary { counts: self.log.counts(), ..Summary::default() };
        let mut reversals: BTreeMap<Participant, u64> = BTreeMap::new();
        for (name, participant) in self.plan.keys() {
            let told_before = summary.reversals_told;
            let key = key(&name);
            let truth = truths.get(&key).copied().unwrap_or(Truth::Absent);
            let told = told.remove(&key).unwrap_or_default();
            self.judge_payout(&key, participant, truth, &told, &mut summary)
                .map_err(|because| format!("payout {key} of {}: {because}", participant.name()))?;
            *reversals.entry(participant).or_insert(0) += summary.reversals_told - told_before;
        }
        if let Some(key) = told.keys().next() {
            return Err(format!("the application was told of {key}, which nobody ordered"));
        }
        self.judge_reversals(&reversals)?;
        self.judge_runs()?;
        self.judge_inbox(&mut summary)?;
        self.judge_statements(&mut summary)?;
        self.judge_witness(&summary)?;
        self.reader.judge(self.store.as_ref())?;
        self.count_twins(&mut summary);
        Ok(summary)
    }

    /// The report of a run covers what was handed in under its name, whoever handed in what else.
    fn judge_runs(&self) -> Result<(), String> {
        for (run, expected) in &self.runs {
            let stored = finish(self.store.run(run)).map_err(|error| error.to_string())?;
            let tally = finish(self.store.tally(Some(run))).map_err(|error| error.to_string())?;
            let is_whole = stored.as_ref().is_some_and(|stored| {
                stored.members == *expected && stored.expected == Some(*expected)
            });
            if !is_whole || tally.total() != *expected {
                let counted = tally.total();
                return Err(format!(
                    "run {} of {expected} orders: {stored:?}, {counted} in its tally",
                    run.0
                ));
            }
        }
        Ok(())
    }

    /// What was acknowledged had its effect, or is listed with the reason.
    fn judge_inbox(&self, summary: &mut Summary) -> Result<(), String> {
        let filed = finish(self.store.deliveries(None, 0, usize::MAX));
        let filed: BTreeMap<_, _> =
            filed.map_err(|it| it.to_string())?.into_iter().map(|it| (it.item.id, it)).collect();
        let record = self.record.lock().unwrap_or_else(PoisonError::into_inner);
        for act in record.iter() {
            let Act::Received(id) = act else { continue };
            let filed = filed.get(id).ok_or_else(|| format!("delivery {} is lost", id.0))?;
            let is_told = match filed.state {
                InboxState::Open => false,
                InboxState::Applied => true,
                InboxState::Orphan | InboxState::Unreadable => !filed.because.is_empty(),
            };
            if !is_told {
                return Err(format!("delivery {} ended as {:?}", id.0, filed.state));
            }
        }
        for filed in filed.values() {
            *summary.inbox.entry(filed.state.word()).or_insert(0) += 1;
        }
        Ok(())
    }

    /// Nothing was told as taken back that a provider never took back: a false "failed" that was put
    /// right later would show here.
    fn judge_reversals(&self, told: &BTreeMap<Participant, u64>) -> Result<(), String> {
        if self.plan.clocks == Clocks::Differ {
            return Ok(());
        }
        for (participant, told) in told {
            let true_count = self.reversals_possible(*participant);
            if *told > true_count {
                let name = participant.name();
                return Err(format!(
                    "{told} reversals of {name} were told, and {true_count} happened"
                ));
            }
        }
        Ok(())
    }

    /// A refusal is none: whoever refuses a second attempt for good may still carry out the first one,
    /// so that the payout must not have been told as failed.
    fn reversals_possible(&self, participant: Participant) -> u64 {
        let world = self.world();
        let met = world.twin(participant.name()).map(|twin| twin.faults().met());
        let count = |fault| met.and_then(|met| met.get(&fault)).copied().unwrap_or(0);
        count(Fault::SuccessThenFail) + count(Fault::FailThenSuccess)
    }

    fn judge_payout(
        &self,
        key: &OrderKey,
        participant: Participant,
        truth: Truth,
        told: &[Notice],
        summary: &mut Summary,
    ) -> Result<(), String> {
        let stored = finish(self.store.payout(key)).map_err(|error| error.to_string())?;
        let payout = stored.ok_or("it was accepted and is not stored")?;
        let history = finish(self.store.history(key)).map_err(|error| error.to_string())?;
        summary.payouts += 1;
        let progress = &payout.progress;
        summary.attempts += u64::from(self.judge_attempts(&payout, &history)?);
        summary.recalled += u64::from(progress.is_recalled);
        judge_fold(&payout, &history)?;
        let reversals = self.judge_notices(&payout, told)?;
        summary.calls += judge_calls(&payout, &history, told)?;
        summary.reversals_told += reversals;
        summary.returns_told += self.judge_returns(&payout, participant, told)?;
        let status = payout.progress.status();
        if let Some(attention) = &payout.progress.attention {
            let is_excused = self.is_excused(&payout);
            summary.recalled_in_doubt += u64::from(progress.is_recalled);
            if !is_excused && (status.is_final() || truth != Truth::Absent) {
                return Err(format!(
                    "it waits for a person ({}) and the provider could be asked: {truth:?}",
                    attention.because()
                ));
            }
            let reason = attention.because().to_owned();
            *summary.in_doubt.entry((participant.name(), reason)).or_insert(0) += 1;
            return Ok(());
        }
        match (status, truth) {
            (Status::Succeeded, Truth::Paid) => summary.paid += 1,
            (Status::Failed(_), Truth::NotPaid | Truth::Absent) => summary.failed += 1,
            _ if reversals > 0 => return Err(format!("a lost reversal: {status:?}, {truth:?}")),
            (Status::Failed(_), _) => return Err(format!("falsely failed: {truth:?}")),
            _ => return Err(format!("it ended as {status:?}, and the truth is {truth:?}")),
        }
        Ok(())
    }

    /// What was told is the order of what was learned: every end, and every end that was taken back.
    fn judge_notices(&self, payout: &Payout, told: &[Notice]) -> Result<u64, String> {
        let mut held: Option<Status> = None;
        let mut reversals = 0;
        for notice in told {
            let is_reversed = match notice.event {
                NoticeKind::Reversed { from } => {
                    reversals += 1;
                    if held.is_none_or(|held| held.word() != from.word()) {
                        return Err(format!("a reversal from {from:?} was told after {held:?}"));
                    }
                    true
                }
                NoticeKind::Advanced | NoticeKind::Returned | NoticeKind::Attention { .. } => false,
                NoticeKind::PaidByLaterTry { .. }
                | NoticeKind::InServiceAgain
                | NoticeKind::WaitingForApproval
                | NoticeKind::Approved
                | NoticeKind::Rejected { .. }
                | NoticeKind::Blocked
                | NoticeKind::Withdrawn => {
                    return Err(format!("{:?} was told of a payout", notice.event));
                }
            };
            let Some(news) = notice.order() else { continue };
            let is_other =
                held.is_some_and(|held| held.is_final() && held.word() != news.status.word());
            if is_other != is_reversed {
                return Err(format!("{:?} was told as {:?}", news.status, notice.event));
            }
            held = Some(news.status);
        }
        let status = payout.progress.status();
        if status.is_final() && held.is_none_or(|held| held.word() != status.word()) {
            return Err(format!("it ended as {status:?}, and {held:?} was told last"));
        }
        let counted = u64::from(payout.progress.standing.reversals());
        if counted != reversals {
            return Err(format!("{counted} reversals, of which {reversals} were told"));
        }
        // By clocks that differ, an older answer can pass for a newer one, and back.
        if reversals > 1 && self.plan.clocks == Clocks::Agree {
            return Err(format!("{reversals} reversals were told, and there is at most one"));
        }
        Ok(reversals)
    }

    fn judge_returns(
        &self,
        payout: &Payout,
        participant: Participant,
        told: &[Notice],
    ) -> Result<u64, String> {
        let count = told.iter().filter(|it| it.event == NoticeKind::Returned).count();
        let Some((_, bank)) = self.banks.iter().find(|(it, _)| *it == participant) else {
            return Ok(0);
        };
        let expected = usize::from(bank.is_partly_returned(&payout.order.key));
        // What failed and was sent again before the store went back is a person's: only they look.
        let progress = &payout.progress;
        let is_a_persons = progress.is_recalled && progress.attention.is_some();
        let is_unheard =
            count == 0 && is_a_persons && matches!(progress.status(), Status::Failed(_));
        if count != expected && !is_unheard {
            return Err(format!("{expected} partial returns, and {count} were told"));
        }
        Ok(count as u64)
    }

    fn judge_ledger(&self) -> Result<(), String> {
        let world = self.world();
        let movements = world.movements();
        match live_payments_max(movements) {
            0 | 1 => Ok(()),
            _ => Err("a payout was paid twice".to_owned()),
        }
    }

    /// What every provider has. Two orders under one key are an error, paid or not.
    fn truths(&self) -> Result<Truths, String> {
        let mut truths = Truths::new();
        let mut wrong = None;
        self.world().visit_orders(&mut |order| {
            let participant = Participant::named(order.provider).unwrap();
            let is_paid = participant.kit().unwrap().is_paid(order.true_final);
            let truth = if is_paid { Truth::Paid } else { Truth::NotPaid };
            if truths.insert(key(order.key), truth).is_some() {
                wrong = Some(format!("{} has two orders of {}", order.provider, order.key));
            }
            if order.status != order.true_final {
                wrong = Some(format!("{} is not over: {}", order.key, order.status));
            }
        });
        for (name, participant) in self.plan.keys() {
            let Some((_, bank)) = self.banks.iter().find(|(it, _)| *it == participant) else {
                continue;
            };
            let key = key(&name);
            if bank.payments(&key) > 1 {
                wrong = Some(format!("{} paid {key} twice", participant.name()));
            }
            let truth = match bank.truth(&key) {
                Some(Status::Succeeded) => Truth::Paid,
                Some(_) => Truth::NotPaid,
                None => continue,
            };
            truths.insert(key, truth);
        }
        wrong.map_or(Ok(truths), Err)
    }

    /// Does a payout wait for a person although queries will settle it? They will where the provider
    /// has the payout, and where it may be sent again once its absence is proven.
    pub(super) fn is_anything_to_come(&self) -> bool {
        let keys = self.plan.keys();
        let waiting = |(name, participant): &(String, Participant)| {
            let payout = finish(self.store.payout(&key(name))).unwrap();
            let payout = payout
                .filter(|it| it.progress.attention.is_some() && !it.progress.is_quarantined())?;
            if self.is_excused(&payout) {
                return None;
            }
            let progress = payout.progress;
            let will_go_on = matches!(progress.attention, Some(Attention::Overdue(_)))
                && progress.waiting.is_some_and(|waiting| waiting.wait != Wait::Doubt);
            let is_given_up =
                progress.lost + 1 >= self.plan.policy.lost_max || progress.is_recalled;
            let begun_at = progress.first_begun_at.unwrap_or(self.timer.now());
            let may_send_again = participant.may_send_again(self.timer.now().since(begun_at));
            Some((name.clone(), will_go_on || (!is_given_up && may_send_again)))
        };
        let waiting: Vec<(String, bool)> = keys.iter().filter_map(waiting).collect();
        if waiting.is_empty() {
            return false;
        }
        let Ok(truths) = self.truths() else { return false };
        waiting
            .iter()
            .any(|(name, is_sent_again)| *is_sent_again || truths.contains_key(&key(name)))
    }

    fn count_twins(&self, summary: &mut Summary) {
        for twin in self.world().twins() {
            for (fault, count) in twin.faults().met() {
                *summary.counts.entry(("twin", incident::name(*fault))).or_insert(0) += count;
            }
        }
        for (_, bank) in &self.banks {
            for (mishap, count) in bank.mishaps() {
                *summary.counts.entry(("bank", incident::name_of_mishap(mishap))).or_insert(0) +=
                    count;
            }
        }
        let returned = summary.returns_told;
        if returned > 0 {
            *summary.counts.entry(("bank", "partial return")).or_insert(0) += returned;
        }
    }
}

/// A person is called once for one wait, is told of it, and is called whenever the payout says that one
/// must look. A new attempt, or news about the status, begins another wait.
fn judge_calls(payout: &Payout, history: &[Entry], told: &[Notice]) -> Result<u64, String> {
    let mut calls = 0;
    let mut last = None;
    let mut is_odd = false;
    for entry in history {
        if let Entry::Observed { observation, .. } = entry {
            if is_odd && !observation.not_understood {
                // The provider was understood again, and that wait is over.
                last = None;
            }
            is_odd = observation.not_understood;
        }
        match entry {
            Entry::Attention { because, .. } if last == Some(because) => {
                return Err(format!("a person was called twice: {because}"));
            }
            Entry::Attention { because, .. } => {
                last = Some(because);
                calls += 1;
            }
            Entry::Contradicted { .. } => calls += 1,
            Entry::AttemptBegun { .. } | Entry::AttemptClosed { .. } => last = None,
            Entry::Observed { change: Change::Same | Change::Stale, .. }
            | Entry::Asked { .. }
            | Entry::Decided { .. }
            | Entry::Disclosed { .. } => {}
            Entry::Observed { .. } => last = None,
        }
    }
    let is_call = |it: &&Notice| matches!(it.event, NoticeKind::Attention { .. });
    let heard = told.iter().filter(is_call).count() as u64;
    if heard != calls {
        return Err(format!("{calls} calls for a person, of which {heard} were told"));
    }
    if payout.progress.attention.is_some() && calls == 0 {
        return Err("it waits for a person, and none was called".to_owned());
    }
    Ok(calls)
}

/// Is what is stored the fold of what was learned?
fn judge_fold(payout: &Payout, history: &[Entry]) -> Result<(), String> {
    let refolded = refold(history, payout.progress.repeated.as_ref(), start());
    let standing = &payout.progress.standing;
    if refolded != *standing {
        return Err(format!("its history amounts to {refolded:?}, stored is {standing:?}"));
    }
    Ok(())
}
