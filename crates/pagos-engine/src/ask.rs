//! Queries a provider about one payout. Moves no money.

use std::pin::pin;

use futures_util::{FutureExt, select_biased};
use pagos_core::{AccountName, Error, Lookup, Observation, PayoutRef, Source, Status, Timestamp};

use crate::{
    decide::{Outcome, Rules},
    engine::{Engine, EngineError},
    history::Entry,
    place::Place,
    point::Point,
    rate::Limited,
    record::Writer,
    service::Told,
    store::{Claim, Payout},
    witness::passed::Passage,
};

impl Engine {
    /// Queries, and records the answer.
    pub(crate) async fn ask(&self, claim: Claim, place: Place) -> Result<(), EngineError> {
        let payout = claim.payout;
        let account = payout.order.account.clone();
        let writer = Writer::Holder { epoch: payout.epoch };
        let asked_at = self.timer.now();
        let answer = self.query(&payout).await;
        if let Err(error) = &answer {
            self.heed_quiet(&account, error);
        }
        let told = match &answer {
            Ok(Lookup::CannotTell(_)) => Told::Nothing,
            answer => Told::by(answer),
        };
        if told == Told::Works {
            drop(place);
        }
        match answer {
            Ok(Lookup::Found(seen)) => self.learn(Point::RecordAnswer, payout, writer, &seen).await,
            Ok(Lookup::Absent) => self.note_absence(payout, writer, asked_at).await,
            Ok(Lookup::Ambiguous(because)) => {
                let decide = |payout: &Payout, rules: &Rules<'_>| {
                    Some(rules.ambiguous(&payout.progress, because.clone()))
                };
                self.write(Point::RecordAmbiguity, payout, writer, decide).await.map(drop)
            }
            Ok(Lookup::CannotTell(answer)) => self.note(payout, &answer).await,
            Err(error) => self.note(payout, &error.to_string()).await,
        }?;
        self.note_service(&account, told).await
    }

    pub(crate) async fn query(&self, payout: &Payout) -> Result<Lookup, Error> {
        let provider = self.provider_to_call(&payout.order.account)?;
        let payout_ref = PayoutRef {
            order: &payout.order,
            reference: payout.progress.standing.reference(),
            handle: payout.progress.handle.as_ref(),
            begun_at: payout.progress.first_begun_at,
        };
        let mut call = pin!(provider.query(&payout_ref).fuse());
        let policy = self.policy_of(&payout.order.account);
        let mut deadline = self.timer.sleep(policy.deadline).fuse();
        // An answer that is there counts, even if the deadline passes at the same moment.
        select_biased! {
            answer = call => answer,
            () = deadline => Ok(Lookup::CannotTell("no answer within the deadline".to_owned())),
        }
    }

    /// Sends no query of an account before the moment that its provider named.
    pub(crate) fn heed_quiet(&self, account: &AccountName, error: &Error) {
        if let Some(wait) = self.policy_of(account).asked_delay(error.retry_after()) {
            self.rates().pause(account, Limited::Queries, self.timer.now(), wait);
        }
    }

    /// Records that there is no such payout. Before that closes the attempt, the witness says whether it
    /// is the one that was sent: the provider was asked with what was prepared for this one.
    async fn note_absence(
        &self,
        payout: Payout,
        writer: Writer,
        asked_at: Timestamp,
    ) -> Result<(), EngineError> {
        let mut proven = None;
        let rules = self.rules(&payout, self.provider_of(&payout)?);
        if closes(&rules.absent(&payout.progress, asked_at)) {
            match self.sent_instead(&payout).await {
                Ok(Some(sent)) if !self.has_held_back(&sent).await? => {
                    return self.turn_back(payout, Passage::Recalled(sent)).await;
                }
                Ok(_) => proven = payout.progress.open,
                Err(EngineError::Witness(error)) => {
                    let because =
                        format!("no such payout, and the witness cannot be asked: {error}");
                    return self.note(payout, &because).await;
                }
                Err(error) => return Err(error),
            }
        }
        let decide = |payout: &Payout, rules: &Rules<'_>| {
            let outcome = rules.absent(&payout.progress, asked_at);
            // After another writer, it may be another attempt.
            let is_unproven = closes(&outcome) && payout.progress.open != proven;
            Some(match is_unproven {
                true => rules.asked(&payout.progress, "no such payout".to_owned()),
                false => outcome,
            })
        };
        self.write(Point::RecordAbsence, payout, writer, decide).await.map(drop)
    }

    async fn note(&self, payout: Payout, answer: &str) -> Result<(), EngineError> {
        let writer = Writer::Holder { epoch: payout.epoch };
        let decide = |payout: &Payout, rules: &Rules<'_>| {
            Some(rules.asked(&payout.progress, answer.to_owned()))
        };
        self.write(Point::NoteQuery, payout, writer, decide).await.map(drop)
    }

    /// Puts a begun attempt without a worker in doubt, since it may have been sent.
    pub(crate) async fn admit_doubt(&self, claim: Claim) -> Result<(), EngineError> {
        let epoch = claim.payout.epoch;
        let seen = Observation {
            message: Some("the process that sent it ended before an answer came".to_owned()),
            ..Observation::new(Status::Unknown, Source::Reply, self.timer.now())
        };
        self.learn(Point::AdmitDoubt, claim.payout, Writer::Holder { epoch }, &seen).await
    }
}

/// Whether it ends the open attempt.
fn closes(outcome: &Outcome) -> bool {
    outcome.entries.iter().any(|entry| matches!(entry, Entry::AttemptClosed { .. }))
}
