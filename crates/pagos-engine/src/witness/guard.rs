//! Asks the witness before requests that move money leave. The attempts are durable in the store
//! already, so what the witness knows is never more than what the store knew once.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{FutureExt, select_biased};
use pagos_core::{OrderKey, Status, Timestamp};

use crate::{
    decide::Rules,
    engine::{Engine, EngineError},
    history::{Entry, Notice, NoticeAbout, NoticeKind, Proof},
    lanes::Held,
    point::Point,
    record::Writer,
    store::Payout,
    witness::{
        Comparison, Noted, SentAttempt, WithoutWitness, WitnessError, WitnessErrorKind,
        WitnessRules,
        passed::{Passage, Passed},
    },
};

/// How the engine stands to the witness of its store.
#[derive(Debug, Default)]
pub(crate) struct Guarding {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
pub(crate) struct State {
    /// The store's line of history at the last comparison; `None` before the first.
    pub(crate) compared: Option<Option<String>>,
    /// What the last comparison found.
    pub(crate) comparison: Option<Comparison>,
    /// Payouts that were sent and whose orders were forgotten.
    pub(crate) forgotten: BTreeMap<OrderKey, SentAttempt>,
    /// When to note again how far the store and its witness agree.
    pub(crate) keep_at: Timestamp,
    outage: Option<Outage>,
    /// How many outages of the witness this engine has seen end.
    ended: Ended,
}

#[derive(Debug, Clone)]
struct Outage {
    because: String,
    failures: u32,
    retry_at: Timestamp,
    /// A person is told, or is being told.
    is_told: bool,
}

/// How many outages had ended when the witness was asked. If it is another number when the answer
/// comes, a failure is of an outage that is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Ended(u64);

/// Whether payouts may be claimed to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gate {
    Open,
    /// One, to see whether the witness can be written again.
    One,
    /// Not before that moment.
    Closed(Timestamp),
}

impl Engine {
    /// Why nothing is sent at present although payouts are due: the witness cannot be used. The
    /// engine tries it again by itself. `None` if it can.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// assert_eq!(engine.without_witness(), None);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    pub fn without_witness(&self) -> Option<String> {
        self.guarding().outage.as_ref().map(|outage| outage.because.clone())
    }

    /// Compares the store with its witness if that was not done on this line of history, and tells
    /// whether anything may be sent.
    pub(crate) async fn gate(&self) -> Result<Gate, EngineError> {
        let now = self.timer.now();
        let Some((witness, rules)) = self.store.witness() else {
            if !self.is_compared() {
                Box::pin(self.compare()).await?;
            } else if now >= self.guarding().keep_at {
                // Another worker may have found more in a list.
                self.load_forgotten().await?;
            }
            return Ok(Gate::Open);
        };
        let outage = self.guarding().outage.clone();
        if let Some(outage) = outage {
            if now < outage.retry_at {
                return Ok(closed_by(rules, outage.retry_at));
            }
            let ended = self.outages_ended();
            if let Err(error) = self.in_time(rules, witness.mark()).await {
                return self.suffer(&error, rules, ended).await;
            }
        }
        let ended = self.outages_ended();
        let caught_up = match self.is_compared() {
            false => Box::pin(self.compare()).await,
            true if now >= self.guarding().keep_at => Box::pin(self.keep_mark()).await,
            true => Ok(()),
        };
        match caught_up {
            Err(EngineError::Witness(error)) => self.suffer(&error, rules, ended).await,
            Err(error) => Err(error),
            Ok(()) if self.guarding().outage.is_some() && rules.without == WithoutWitness::Stop => {
                Ok(Gate::One)
            }
            Ok(()) => Ok(Gate::Open),
        }
    }

    /// Until when nothing is sent because the witness cannot be used.
    pub(crate) fn closed_until(&self, now: Timestamp) -> Option<Timestamp> {
        let (_, rules) = self.store.witness()?;
        let retry_at = self.guarding().outage.as_ref()?.retry_at;
        (rules.without == WithoutWitness::Stop && now < retry_at).then_some(retry_at)
    }

    /// Asks the witness about the attempts that began with a claim, on a line of history, and notes its
    /// answers.
    pub(crate) async fn pass_claims(
        &self,
        mut claims: Vec<Held>,
        line: &Option<String>,
    ) -> Vec<Held> {
        let begun = claims.iter().filter(|held| held.claim.has_begun());
        let payouts: Vec<&Payout> = begun.map(|held| &held.claim.payout).collect();
        let passages = self.ask_witness(&payouts, line).await;
        let begun = claims.iter_mut().filter(|held| held.claim.has_begun());
        for (held, passage) in begun.zip(passages) {
            held.passage = Some(passage);
        }
        claims
    }

    /// The same for one attempt.
    pub(crate) async fn pass(
        &self,
        payout: Payout,
        line: &Option<String>,
    ) -> Result<Option<(Payout, Passed)>, EngineError> {
        match self.ask_witness(&[&payout], line).await.pop() {
            Some(Passage::Passed(passed)) => Ok(Some((payout, passed))),
            Some(passage) => self.turn_back(payout, passage).await.map(|()| None),
            None => Ok(None),
        }
    }

    /// What began on another line of history than the one that was compared may be gone: nobody would
    /// wait for it, and another attempt would be proven absent in its place.
    async fn ask_witness(&self, payouts: &[&Payout], line: &Option<String>) -> Vec<Passage> {
        if payouts.is_empty() {
            return Vec::new();
        }
        let is_compared = self.is_compared() && self.store.lineage() == *line;
        if !is_compared && !self.goes_on_without() {
            let because = "the database continues from another state, which is compared first";
            let hold = |_: &&Payout| Passage::Held(because.to_owned(), Duration::ZERO);
            return payouts.iter().map(hold).collect();
        }
        let attempts: Vec<SentAttempt> = payouts.iter().filter_map(|it| attempt_of(it)).collect();
        let noted = match self.store.witness() {
            Some((witness, rules)) => {
                let key = attempts.first().filter(|_| attempts.len() == 1).map(|it| &it.key);
                // What was appended before it was lost does not say that it is back.
                let was_lost = self.is_in_outage();
                let ended = self.outages_ended();
                let appending = self.in_time(rules, witness.append(&attempts));
                match self.store.note_attempts(key, appending).await {
                    Ok(noted) => {
                        if was_lost {
                            // If the store fails here, the next answer of the witness is noted.
                            drop(self.recover().await);
                        }
                        noted
                    }
                    Err(error) => {
                        // If the store fails here, the next failure of the witness is told.
                        drop(self.suffer(&error, rules, ended).await);
                        if rules.without == WithoutWitness::Stop {
                            let because = format!("the witness cannot be written: {error}");
                            let now = self.timer.now();
                            let until = self.closed_until(now).unwrap_or(now);
                            let hold =
                                |_: &SentAttempt| Passage::Held(because.clone(), until.since(now));
                            return attempts.iter().map(hold).collect();
                        }
                        attempts.iter().map(|_| Noted::New).collect()
                    }
                }
            }
            None => attempts.iter().map(|_| Noted::New).collect(),
        };
        let state = self.guarding();
        let passage = |(payout, noted): (&&Payout, Noted)| match noted {
            Noted::Known(sent) => Passage::Recalled(sent),
            // Its number says nothing: attempts that were held back have numbers too. Once something is
            // known about the payout, it was recalled, and a person has decided to send it.
            Noted::New => match state.forgotten.get(&payout.order.key) {
                Some(sent) if payout.status() == Status::Created => Passage::Recalled(sent.clone()),
                Some(_) | None => Passage::Passed(Passed::new()),
            },
        };
        payouts.iter().zip(noted).map(passage).collect()
    }

    /// The attempt that the witness has in place of the open one, which then began anew in an earlier state
    /// of the store and was never sent. Where the witness cannot be used and the rules say to go on, the
    /// store alone knows.
    pub(crate) async fn sent_instead(
        &self,
        payout: &Payout,
    ) -> Result<Option<SentAttempt>, EngineError> {
        let (Some((witness, rules)), Some(open)) = (self.store.witness(), attempt_of(payout))
        else {
            return Ok(None);
        };
        let attempts = std::slice::from_ref(&open);
        let appending = self.in_time(rules, witness.append(attempts));
        match self.store.note_attempts(Some(&open.key), appending).await {
            Ok(noted) => Ok(noted.into_iter().find_map(|noted| match noted {
                Noted::Known(sent) if !sent.is_same(&open) => Some(sent),
                Noted::Known(_) | Noted::New => None,
            })),
            Err(_) if rules.without == WithoutWitness::GoOn => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Records why a begun attempt was not sent. Only the holder of the claim may do that.
    pub(crate) async fn turn_back(
        &self,
        payout: Payout,
        passage: Passage,
    ) -> Result<(), EngineError> {
        let writer = Writer::Holder { epoch: payout.epoch };
        let key = payout.order.key.clone();
        match passage {
            Passage::Passed(_) => {}
            // Another worker has asked about this one meanwhile, and noted it with its question: it is that
            // worker's now, and is not sent.
            Passage::Recalled(sent) if attempt_of(&payout).is_some_and(|it| it.is_same(&sent)) => {}
            Passage::Recalled(sent) if self.has_held_back(&sent).await? => {
                let because = "the witness has this number from an attempt that was held back";
                let wait = Some(Duration::ZERO);
                self.close(payout, writer, Proof::NeverReached, because, wait).await?;
            }
            Passage::Recalled(sent) => {
                let recall = |payout: &Payout, rules: &Rules<'_>| {
                    Some(rules.recalled_instead(&payout.progress, &sent))
                };
                if self.write(Point::RecordRecalled, payout, writer, recall).await?.is_some() {
                    self.store.drop_forgotten(&key).await?;
                    self.guarding().forgotten.remove(&key);
                }
            }
            Passage::Held(because, wait) => {
                let Some(attempt) = payout.progress.open else { return Ok(()) };
                let hold = |payout: &Payout, rules: &Rules<'_>| {
                    rules.held_back(&payout.progress, attempt, because.clone(), wait)
                };
                self.write(Point::CloseAttempt, payout, writer, hold).await?;
            }
        }
        Ok(())
    }

    /// Whether this store began that very attempt and never sent it: the witness noted it, and its
    /// answer was lost.
    pub(crate) async fn has_held_back(&self, sent: &SentAttempt) -> Result<bool, EngineError> {
        let history = self.store.store().history(&sent.key).await?;
        let mut entries = history.iter().skip_while(|entry| {
            !matches!(entry, Entry::AttemptBegun { number, at, epoch }
                if (*number, *at, *epoch) == (sent.number, sent.at, sent.epoch))
        });
        let closed = entries.find_map(|entry| match entry {
            Entry::AttemptClosed { number, proof, .. } if *number == sent.number => Some(*proof),
            _ => None,
        });
        Ok(closed == Some(Proof::NeverReached))
    }

    /// A witness that does not answer in time is one that cannot be used.
    pub(crate) async fn in_time<T>(
        &self,
        rules: WitnessRules,
        call: impl Future<Output = Result<T, WitnessError>>,
    ) -> Result<T, WitnessError> {
        let mut call = std::pin::pin!(call.fuse());
        let mut deadline = self.timer.sleep(rules.deadline).fuse();
        select_biased! {
            answer = call => answer,
            () = deadline => Err(WitnessError {
                kind: WitnessErrorKind::Unavailable,
                message: format!("the witness does not answer within {} s", rules.deadline.as_secs()),
            }),
        }
    }

    /// The witness cannot be used: calls a person once, and says whether payouts are sent all the
    /// same. A failure of an outage that is over changes nothing.
    pub(crate) async fn suffer(
        &self,
        error: &WitnessError,
        rules: WitnessRules,
        ended: Ended,
    ) -> Result<Gate, EngineError> {
        const SHORTEST: Duration = Duration::from_secs(1);
        const LONGEST: Duration = Duration::from_secs(60);
        let (now, because) = (self.timer.now(), error.to_string());
        let (retry_at, was_told) = {
            let mut state = self.guarding();
            if state.ended != ended {
                return Ok(Gate::Open);
            }
            let was = state.outage.as_ref();
            let failures = was.map_or(0, |outage| outage.failures + 1);
            let was_told = was.is_some_and(|outage| outage.is_told);
            let wait = rules.retry.saturating_mul(1 << failures.min(6)).min(LONGEST);
            let retry_at = now.plus(wait.max(rules.retry).max(SHORTEST));
            let because = because.clone();
            state.outage = Some(Outage { because, failures, retry_at, is_told: true });
            (retry_at, was_told)
        };
        if !was_told {
            self.tell_of_outage(&because, rules, ended).await?;
        }
        Ok(closed_by(rules, retry_at))
    }

    async fn tell_of_outage(
        &self,
        because: &str,
        rules: WitnessRules,
        ended: Ended,
    ) -> Result<(), EngineError> {
        let consequence = match rules.without {
            WithoutWitness::Stop => "nothing is sent until it can be used again",
            WithoutWitness::GoOn => {
                "payouts are sent all the same, and only this database knows them"
            }
        };
        let told = format!("the witness cannot be used: {because}; {consequence}");
        let noted = self.store.note_outage(because, self.notices_to_all(&told)).await;
        if self.outages_ended() != ended {
            // The witness came back while this was written. Left there, it would silence the next
            // outage.
            self.store.end_outage().await?;
        } else if let (Err(_), Some(outage)) = (&noted, &mut self.guarding().outage) {
            outage.is_told = false;
        }
        Ok(noted?)
    }

    async fn recover(&self) -> Result<(), EngineError> {
        if self.guarding().outage.is_some() {
            self.store.end_outage().await?;
            let mut state = self.guarding();
            if state.outage.take().is_some() {
                state.ended.0 += 1;
            }
        }
        Ok(())
    }

    /// One notice for each account, that a person must look.
    pub(crate) fn notices_to_all(&self, because: &str) -> Vec<Notice> {
        let at = self.timer.now();
        let notice = |account: &pagos_core::AccountName| Notice {
            account: account.clone(),
            event: NoticeKind::Attention { because: because.to_owned() },
            about: NoticeAbout::Account,
            at,
        };
        self.providers.names().map(notice).collect()
    }

    pub(crate) fn is_in_outage(&self) -> bool {
        self.guarding().outage.is_some()
    }

    pub(crate) fn outages_ended(&self) -> Ended {
        self.guarding().ended
    }

    fn goes_on_without(&self) -> bool {
        let is_lax = |(_, rules): (_, WitnessRules)| rules.without == WithoutWitness::GoOn;
        self.store.witness().is_some_and(is_lax) && self.is_in_outage()
    }

    fn is_compared(&self) -> bool {
        self.guarding().compared == Some(self.store.lineage())
    }

    pub(crate) fn guarding(&self) -> MutexGuard<'_, State> {
        // The guarded value is whole, since nothing panics while it holds the lock.
        self.guarding.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn closed_by(rules: WitnessRules, until: Timestamp) -> Gate {
    match rules.without {
        WithoutWitness::Stop => Gate::Closed(until),
        WithoutWitness::GoOn => Gate::Open,
    }
}

fn attempt_of(payout: &Payout) -> Option<SentAttempt> {
    let open = payout.progress.open?;
    Some(SentAttempt {
        account: payout.order.account.clone(),
        key: payout.order.key.clone(),
        number: open.number,
        digest: Some(payout.digest),
        first_at: payout.progress.first_begun_at.unwrap_or(open.begun_at),
        at: open.begun_at,
        epoch: open.epoch,
    })
}
