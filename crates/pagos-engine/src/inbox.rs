//! Applies stored deliveries. `pagos-webhook` receives them and answers the provider; applying
//! needs no secret, since the verdict was made on arrival.

use std::time::Duration;

use pagos_core::{AccountName, Event, Hint, OrderKey, Subject};

use crate::{
    decide::Rules,
    delivery::{Filing, InboxId, InboxItem, InboxState, Verdict},
    engine::{Engine, EngineError},
    history::{Notice, NoticeAbout, NoticeKind},
    judge::Judged,
    point::Point,
    recognise::About,
    record::Writer,
    store::{Payout, StoreErrorKind, Work},
};

/// The effect of a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hinted {
    /// It made a query due soon.
    Asked,
    /// A query is already due, and may have been sent.
    UnderWay,
    /// No query is needed, or one follows soon anyway.
    Needless,
}

/// How often a delivery about an unknown order is tried before it is kept as an orphan.
const DEFERRALS_MAX: u32 = 3;

const DEFERRAL: Duration = Duration::from_secs(5);

impl Engine {
    /// Applies one stored delivery. Applying it again has no further effect.
    pub(crate) async fn apply(&self, item: InboxItem) -> Result<(), EngineError> {
        match self.apply_verdict(&item).await {
            // It was archived just now.
            Err(EngineError::Archived(key, _)) => self.set_aside_unknown(&item, &key).await,
            // The order was withdrawn just now.
            Err(EngineError::NoPayout(_) | EngineError::NoPayment(_)) => {
                self.defer(&item, "no such order").await
            }
            Err(EngineError::Store(error)) if error.kind == StoreErrorKind::UnreadableRow => {
                let because = format!("the order that it names cannot be read: {error}");
                self.set_aside(&item, InboxState::Orphan, because).await
            }
            applied => applied,
        }
    }

    async fn apply_verdict(&self, item: &InboxItem) -> Result<(), EngineError> {
        let verdict = match &item.verdict {
            Some(verdict) => verdict.clone(),
            // A version that stored no verdicts received it.
            None => match self.judge_again(item).await? {
                Judged::Verified(verdict) => verdict,
                Judged::Hint(hint) => Verdict::Hint { hint },
                Judged::Forged => {
                    let because =
                        "an older version received it, and it cannot be verified any more";
                    return self.set_aside(item, InboxState::Unreadable, because.to_owned()).await;
                }
            },
        };
        match verdict {
            Verdict::Genuine { event } => self.apply_event(item, event).await,
            Verdict::Hint { hint } => self.ask_about(item, &hint).await,
            Verdict::Unreadable { hint, because } => {
                if hint == Hint::default() {
                    return self.set_aside(item, InboxState::Unreadable, because).await;
                }
                self.ask_about(item, &hint).await
            }
        }
    }

    async fn judge_again(&self, item: &InboxItem) -> Result<Judged, EngineError> {
        let provider = self.providers.to(&item.account);
        let Some(decoder) = provider.and_then(|provider| provider.webhooks()) else {
            return Ok(Judged::Forged);
        };
        Ok(self.store.judge(&item.account, decoder, &item.delivery).await?)
    }

    /// Makes a delivery due once more, whatever became of it, as if it had just arrived. One that
    /// could not be read is judged again first. Returns false if there is no such delivery.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_engine::InboxId;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// assert!(!engine.replay(InboxId(17)).await?); // there is no such delivery
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The error of the store.
    pub async fn replay(&self, id: InboxId) -> Result<bool, EngineError> {
        let Some(filed) = self.store.delivery(id).await? else { return Ok(false) };
        let verdict = match &filed.item.verdict {
            Some(Verdict::Genuine { .. } | Verdict::Hint { .. }) => None,
            // A genuine delivery stays genuine, even if a changed key can no longer show it.
            None | Some(Verdict::Unreadable { .. }) => match self.judge_again(&filed.item).await? {
                Judged::Verified(verdict) => Some(verdict),
                Judged::Hint(hint) => Some(Verdict::Hint { hint }),
                Judged::Forged => None,
            },
        };
        Ok(self.store.reopen(id, verdict, self.timer.now()).await?)
    }

    async fn apply_event(&self, item: &InboxItem, event: Event) -> Result<(), EngineError> {
        let told = match event.subject {
            // The event is genuine, but this version does not know its words: query the provider
            // instead.
            Subject::Unrecognised => None,
            Subject::Payout | Subject::Payment => event.observation.as_ref(),
        };
        let hint = Hint { key: event.key, reference: event.reference };
        let Some(seen) = told else { return self.ask_about(item, &hint).await };
        if event.subject == Subject::Payment {
            let known = self.store.recognise(&item.account, &hint).await?;
            return match known.about {
                About::Payment(key) => self.learn_payment(&key, item.id, seen).await,
                About::Payout(_) | About::Archived(..) | About::Nothing => {
                    self.defer(item, "no such payment").await
                }
            };
        }
        let payout = match &hint.key {
            Some(key) => match self.own_payout(item, key).await? {
                Some(payout) => payout,
                None => return self.set_aside_unknown(item, key).await,
            },
            // Some providers do not carry our key.
            None => match self.store.recognise(&item.account, &hint).await?.about {
                About::Payout(key) => match self.store.payout(&key).await? {
                    Some(payout) => payout,
                    None => return Ok(()),
                },
                About::Payment(_) | About::Archived(..) | About::Nothing => {
                    return self.defer(item, "no such payout").await;
                }
            },
        };
        self.learn(Point::ApplyDelivery, payout, Writer::Inbox(item.id), seen).await
    }

    /// Handles a hint: schedules a query about what `hint` names, within the account's rate of
    /// hints. Returns false if it names nothing of this account.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// use pagos_core::Hint;
    ///
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// # let order = scene::order("salary-7");
    /// let hint = Hint { key: Some(order.key.clone()), reference: None };
    /// assert!(!engine.nudge(&order.account, &hint).await?);
    /// engine.pay(order.clone()).await?;
    /// assert!(engine.nudge(&order.account, &hint).await?);
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// The error of the store.
    pub async fn nudge(&self, account: &AccountName, hint: &Hint) -> Result<bool, EngineError> {
        Ok(self.store.note_hint(account, hint, self.timer.now()).await?.is_some())
    }

    /// Only brings the query forward, if there is something to query.
    async fn ask_about(&self, item: &InboxItem, hint: &Hint) -> Result<(), EngineError> {
        let known = self.store.recognise(&item.account, hint).await?;
        let is_asked = match &known.about {
            About::Payout(key) => self.hint_payout(key, item.id).await?,
            About::Payment(key) => self.hint_payment(key, item.id).await?,
            About::Nothing if *hint == Hint::default() => {
                return self.set_aside_quietly(item, "names no order that Pagos handles").await;
            }
            About::Archived(key, _) => return self.set_aside_unknown(item, key).await,
            About::Nothing => return self.defer(item, "no such order").await,
        };
        match is_asked {
            Hinted::Asked => return Ok(()),
            // A query may have been sent before the event that the hint is about.
            Hinted::UnderWay => {
                let due_at = self.timer.now().plus(DEFERRAL);
                let because = "a query is under way".to_owned();
                let filing = Filing::Defer { due_at, because };
                return Ok(self.store.file(item.id, filing).await?);
            }
            Hinted::Needless => {}
        }
        let because = "there is nothing to ask, or it is asked soon anyway".to_owned();
        let filing = Filing::Close { state: InboxState::Applied, because, notice: None };
        Ok(self.store.file(item.id, filing).await?)
    }

    async fn hint_payout(&self, key: &OrderKey, id: InboxId) -> Result<Hinted, EngineError> {
        let decide =
            |payout: &Payout, rules: &Rules<'_>| rules.hinted(&payout.progress, payout.due_at);
        let point = Point::ScheduleQuery;
        let payout = self.load(key).await?;
        if self.write(point, payout, Writer::Inbox(id), decide).await?.is_some() {
            return Ok(Hinted::Asked);
        }
        let payout = self.store.payout(key).await?;
        let is_under_way = payout.is_some_and(|payout| {
            payout.progress.work() != Work::Send
                && payout.due_at.is_some_and(|due_at| due_at <= self.timer.now())
        });
        Ok(if is_under_way { Hinted::UnderWay } else { Hinted::Needless })
    }

    /// The payout under this key, if it is the account's that the delivery came to.
    async fn own_payout(
        &self,
        item: &InboxItem,
        key: &OrderKey,
    ) -> Result<Option<Payout>, EngineError> {
        let payout = self.store.payout(key).await?;
        Ok(payout.filter(|payout| payout.order.account == item.account))
    }

    /// Our own commit may be a moment later than the delivery, so an unknown key is tried again.
    async fn defer(&self, item: &InboxItem, because: &str) -> Result<(), EngineError> {
        if item.deferrals >= DEFERRALS_MAX {
            self.set_aside(item, InboxState::Orphan, because.to_owned()).await?;
            // An order that was stored after this lookup found no orphan to open, so the lookup is
            // repeated.
            let hint = item.verdict.as_ref().map(Verdict::hint).unwrap_or_default();
            let about = self.store.recognise(&item.account, &hint).await?.about;
            if matches!(about, About::Payout(_) | About::Payment(_)) {
                self.store.reopen(item.id, None, self.timer.now()).await?;
            }
            return Ok(());
        }
        let due_at = self.timer.now().plus(DEFERRAL);
        let filing = Filing::Defer { due_at, because: because.to_owned() };
        Ok(self.store.file(item.id, filing).await?)
    }

    /// The delivery names a payout that is not in the store. Waiting does not bring back an
    /// archived one, so a person is told at once, who finds it in the archive.
    async fn set_aside_unknown(&self, item: &InboxItem, key: &OrderKey) -> Result<(), EngineError> {
        let Some(seal) = self.store.sealed(key).await? else {
            return self.defer(item, "no such payout").await;
        };
        let because = format!(
            "payout {key} {word} and is archived since {day}; `pagos archive find {key} DIR` shows it",
            word = seal.ended.word(),
            day = seal.day_text(),
        );
        self.set_aside(item, InboxState::Orphan, because).await
    }

    /// Keeps the delivery in the inbox without an effect, and tells the application.
    async fn set_aside(
        &self,
        item: &InboxItem,
        state: InboxState,
        because: String,
    ) -> Result<(), EngineError> {
        let number = item.id.0;
        let event = NoticeKind::Attention {
            because: format!(
                "delivery {number} was acknowledged and has no effect ({because}); see `pagos inbox \
                 show {number}`"
            ),
        };
        let notice = Notice {
            account: item.account.clone(),
            event,
            about: NoticeAbout::Delivery { delivery: number },
            at: self.timer.now(),
        };
        let notice = Some(Box::new(notice));
        self.store.file(item.id, Filing::Close { state, because, notice }).await?;
        Ok(())
    }

    /// Closes a genuine event about something that Pagos does not handle, such as a balance.
    async fn set_aside_quietly(&self, item: &InboxItem, because: &str) -> Result<(), EngineError> {
        let (state, because) = (InboxState::Orphan, because.to_owned());
        Ok(self.store.file(item.id, Filing::Close { state, because, notice: None }).await?)
    }
}
