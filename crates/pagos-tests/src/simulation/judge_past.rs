//! What must hold of a schedule whose store goes back, or whose witness is troubled: what the judge
//! asks for besides, what it forgives, and what it only counts. It reads, and acts not.

use std::collections::BTreeMap;

use pagos_core::{AccountName, Status};
use pagos_engine::{Entry, NoticeAbout, NoticeKind, Payout, RecordKind};

use crate::{
    drive::finish,
    judge::{attempts_in_order, attempts_one_at_a_time},
    sample::key,
    simulation::{
        Simulation,
        judge::Summary,
        participant::Participant,
        plan::{Fate, OfWitness},
    },
};

impl Simulation {
    /// Whether everything must hold, and not only a figure is wanted.
    pub(super) fn is_judged(&self) -> bool {
        self.excuse().is_none()
    }

    fn excuse(&self) -> Option<&'static str> {
        self.past.as_ref().and_then(|past| past.fate.excuse())
    }

    /// What is counted of a schedule in which payouts may be paid twice.
    pub(super) fn count_duplicates(&self) -> Summary {
        let mut paid: BTreeMap<String, u64> = BTreeMap::new();
        self.world().visit_orders(&mut |order| {
            let participant = Participant::named(order.provider).unwrap();
            let is_paid = participant.kit().unwrap().is_paid(order.true_final);
            *paid.entry(order.key.to_owned()).or_insert(0) += u64::from(is_paid);
        });
        let keys = self.plan.keys();
        let banks = self.banks.iter().flat_map(|(_, bank)| keys.iter().map(move |it| (bank, it)));
        let by_banks = banks.filter(|(bank, (name, _))| bank.payments(&key(name)) > 1).count();
        let by_twins = paid.values().filter(|times| **times > 1).count();
        let (payouts, paid_twice) = (keys.len() as u64, (by_banks + by_twins) as u64);
        let excuse = self.excuse().unwrap_or_default();
        let mut counts = self.log.counts();
        counts.insert(("payouts at stake", excuse), payouts);
        counts.insert(("paid twice", excuse), paid_twice);
        Summary { payouts, paid_twice, counts, ..Summary::default() }
    }

    /// Where the store never went back, nothing was recalled and nobody was called because of the
    /// witness; and for each time that the witness could not be used, a person was called once.
    pub(super) fn judge_witness(&self, summary: &Summary) -> Result<(), String> {
        let Some(past) = &self.past else { return Ok(()) };
        for record in finish(self.store.records(RecordKind::Forgotten, "", usize::MAX)).unwrap() {
            let payout = finish(self.store.payout(&key(&record.name))).unwrap();
            if payout.is_none_or(|payout| payout.status() == Status::Created) {
                return Err(format!("{} was submitted again and is still forgotten", record.name));
            }
        }
        if past.returned > 0 {
            return Ok(());
        }
        if summary.recalled > 0 {
            return Err(format!("{} payouts are recalled, and nothing was lost", summary.recalled));
        }
        let is_failure = |(what, at): &(&str, &str)| {
            at.starts_with("witness") && ["witness failed", "stall"].contains(what)
        };
        let failures = summary.counts.iter().filter(|(it, _)| is_failure(it));
        let failures: u64 = failures.map(|(_, count)| count).sum();
        let is_set_back = past.fate.witness == OfWitness::SetBack;
        // A worker that stood still tells what it met when it wakes, even if that is over by then.
        let losses = u64::from(past.losses) * self.plan.workers as u64;
        let most = failures + losses + u64::from(is_set_back);
        let mut calls: BTreeMap<AccountName, u64> = BTreeMap::new();
        for (_, notice) in finish(self.store.outbox(0, usize::MAX)).unwrap() {
            if let NoticeKind::Attention { because } = &notice.event
                && notice.about == NoticeAbout::Account
                && (because.contains("witness") || past.fate == Fate::CALM)
                // The time went on before the witness was heard.
                && !because.contains("does not answer")
            {
                *calls.entry(notice.account).or_insert(0) += 1;
            }
        }
        match calls.iter().find(|(_, calls)| **calls > most) {
            Some((account, calls)) => Err(format!(
                "{calls} calls about the witness at {account}, and {most} reasons for one"
            )),
            None => Ok(()),
        }
    }

    /// A payout whose attempt is known by the witness only may wait for a person although the provider
    /// has it: where its history or its order contradicts that, or where it is found only by a handle
    /// that is forgotten too.
    pub(super) fn is_excused(&self, payout: &Payout) -> bool {
        let provider = self.decoders.provider(&payout.order.account);
        let needs_handle = provider.is_some_and(|it| it.must_prepare());
        let progress = &payout.progress;
        progress.is_recalled
            && (progress.is_quarantined() || (needs_handle && progress.handle.is_none()))
    }

    /// A store that went back knows an attempt by the witness alone, or begins it once more before the
    /// witness says that it has it. So the numbers in a history may have gaps and repeat themselves.
    pub(super) fn judge_attempts(&self, payout: &Payout, history: &[Entry]) -> Result<u32, String> {
        let has_returned = self.past.as_ref().is_some_and(|past| past.returned > 0);
        let begun = match has_returned {
            true => attempts_in_order(history)?,
            false => attempts_one_at_a_time(history)?,
        };
        // What was held back last has given its number back.
        let is_held_back = begun == payout.progress.attempts + 1;
        if begun != payout.progress.attempts && !is_held_back {
            return Err(format!("{begun} attempts in its history, {}", payout.progress.attempts));
        }
        Ok(begun)
    }
}
