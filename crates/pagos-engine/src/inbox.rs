//! Applying stored webhooks. Receiving them is `pagos-webhook`; nothing here answers anybody.

use std::time::Duration;

use pagos_core::AccountName;
use pagos_core::Decoded;
use pagos_core::ErrorKind;
use pagos_core::Event;
use pagos_core::Hint;
use pagos_core::OrderKey;
use pagos_core::SecretScope;
use pagos_core::Subject;

use crate::decide::Outcome;
use crate::decide::Rules;
use crate::engine::Engine;
use crate::engine::EngineError;
use crate::point::Point;
use crate::recognise::About;
use crate::record::Writer;
use crate::store::InboxItem;
use crate::store::Payout;

/// A delivery about a payout that we do not know is looked at so often, then closed as an orphan.
const DEFERRALS_MAX: u32 = 3;

impl Engine {
    /// Applies one stored delivery. Applying it again changes nothing more.
    pub(crate) async fn apply(&self, item: InboxItem) -> Result<(), EngineError> {
        let Some(provider) = self.providers.to(&item.account) else {
            return self.defer(&item, "no such account is configured").await;
        };
        let Some(decoder) = provider.webhooks() else {
            return self.file(&item, "the provider sends no webhooks").await;
        };
        let secret = match decoder.secret_scope() {
            SecretScope::Account => None,
            SecretScope::Session => {
                let hint = decoder.locate(&item.delivery);
                self.store.recognise(&item.account, &hint).await?.secret
            }
        };
        match decoder.verify(&item.delivery, secret.as_ref()) {
            Ok(Decoded::Verified(event)) => self.apply_event(&item, event.into_value()).await,
            Ok(Decoded::Hint(hint)) => self.ask_about(&item, &hint).await,
            Err(error) if error.kind() == ErrorKind::Unauthorized => {
                self.file(&item, "not genuine").await
            }
            Err(_) => self.ask_about(&item, &decoder.locate(&item.delivery)).await,
        }
    }

    async fn apply_event(&self, item: &InboxItem, event: Event) -> Result<(), EngineError> {
        let told = match event.subject {
            // Genuine words that this version does not know: the provider is asked instead.
            Subject::Unrecognised => None,
            Subject::Payout | Subject::Payment => event.observation.as_ref(),
        };
        let hint = Hint { key: event.key, reference: event.reference };
        let Some(seen) = told else { return self.ask_about(item, &hint).await };
        if event.subject == Subject::Payment {
            let known = self.store.recognise(&item.account, &hint).await?;
            return match known.about {
                About::Payment(key) => self.learn_payment(&key, item.id, seen).await,
                About::Payout(_) | About::Nothing => self.defer(item, "no such payment").await,
            };
        }
        let key = match &hint.key {
            Some(key) if self.is_ours(item, key).await? => key.clone(),
            Some(_) => return self.defer(item, "no such payout").await,
            // Some providers know no key of ours.
            None => match self.store.recognise(&item.account, &hint).await?.about {
                About::Payout(key) => key,
                About::Payment(_) | About::Nothing => {
                    return self.defer(item, "no such payout").await;
                }
            },
        };
        self.learn(Point::ApplyDelivery, &key, Writer::Inbox(item.id), seen).await
    }

    /// Somebody who proved nothing says that there is news about what `hint` names: schedules a
    /// question about it. False if it names nothing of this account's.
    ///
    /// # Errors
    /// Whatever the store says.
    pub async fn nudge(&self, account: &AccountName, hint: &Hint) -> Result<bool, EngineError> {
        match self.store.recognise(account, hint).await?.about {
            About::Payout(key) => {
                self.write(Point::ScheduleQuestion, &key, Writer::Anyone, ask_soon).await?;
                Ok(true)
            }
            About::Payment(key) => {
                self.hint_payment(&key, None).await?;
                Ok(true)
            }
            About::Nothing => Ok(false),
        }
    }

    /// Changes nothing but that the provider is asked now.
    async fn ask_about(&self, item: &InboxItem, hint: &Hint) -> Result<(), EngineError> {
        let known = self.store.recognise(&item.account, hint).await?;
        let key = match &known.about {
            About::Payout(key) => key,
            About::Payment(key) => return self.hint_payment(key, Some(item.id)).await,
            About::Nothing if hint.key.is_none() && hint.reference.is_none() => {
                return self.file(item, "names no order").await;
            }
            About::Nothing => return self.defer(item, "no such order").await,
        };
        self.write(Point::ScheduleQuestion, key, Writer::Inbox(item.id), ask_soon).await.map(drop)
    }

    async fn is_ours(&self, item: &InboxItem, key: &OrderKey) -> Result<bool, EngineError> {
        let payout = self.store.payout(key).await?;
        Ok(payout.is_some_and(|payout| payout.order.account == item.account))
    }

    /// Our own commit may be a moment behind the provider, so an unknown key is tried again.
    async fn defer(&self, item: &InboxItem, because: &str) -> Result<(), EngineError> {
        if item.deferrals >= DEFERRALS_MAX {
            return self.file(item, &format!("orphan: {because}")).await;
        }
        let due_at = self.timer.now().plus(Duration::from_secs(5));
        Ok(self.store.file(Point::DeferDelivery, item.id, Some(due_at), because).await?)
    }

    async fn file(&self, item: &InboxItem, outcome: &str) -> Result<(), EngineError> {
        Ok(self.store.file(Point::CloseDelivery, item.id, None, outcome).await?)
    }
}

/// Changes nothing but that the provider is asked soon.
fn ask_soon(payout: &Payout, rules: &Rules<'_>) -> Option<Outcome> {
    let ask_at = rules.now.plus(rules.policy.confirm_delay);
    let due_at = match payout.due_at {
        _ if payout.progress.is_quarantined() => None,
        Some(due_at) => Some(due_at.min(ask_at)),
        None => Some(ask_at),
    };
    let progress = payout.progress.clone();
    Some(Outcome { progress, due_at, entries: Vec::new(), notices: Vec::new() })
}
