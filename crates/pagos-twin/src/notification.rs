//! Notifications: how often, how late and how wrongly the merchant is told of one change, and what
//! is under way to him. Not what a notification says.

use std::{collections::BTreeMap, time::Duration};

use pagos_core::Timestamp;

use crate::{
    fault::{Fault, Faults, Occasion},
    random::Span,
    scenario::Notified,
    schedule::Schedule,
};

/// One notification that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planned {
    /// How long after the change that it tells of.
    pub(crate) after: Duration,
    /// Whether it tells a state before the present one.
    pub(crate) is_outdated: bool,
    pub(crate) signature: Signature,
}

/// Whether a notification is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Right,
    WrongAtFirst,
    Wrong,
}

/// The `nth` change of an order that the merchant is told of.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change<'a> {
    pub(crate) key: &'a str,
    pub(crate) nth: u32,
    pub(crate) notified: Notified,
    pub(crate) is_final: bool,
    /// How late a delayed notification is.
    pub(crate) delay: Span,
}

/// Every notification of one change: none if it is lost, two if it is duplicated. A trigger wins
/// over what the order asked for, and that over chance.
pub(crate) fn plan(faults: &mut Faults, change: Change<'_>) -> Vec<Planned> {
    let Change { key, nth, notified, is_final, delay } = change;
    let triggered = faults.take_trigger(Occasion::Webhook, key);
    let fault = match (triggered, notified) {
        (Some(fault), _) => Some(fault),
        (None, Notified::ByChance) => faults.draw(Occasion::Webhook, key, nth),
        (None, Notified::Never) => Some(Fault::WebhookLost),
        (None, Notified::Twice) => Some(Fault::WebhookDuplicated),
        (None, Notified::Late) => {
            faults.note(Fault::WebhookDelayed);
            Some(Fault::WebhookDelayed)
        }
        (None, Notified::WronglySigned) => {
            return vec![Planned { signature: Signature::Wrong, ..PLAIN }];
        }
        (None, Notified::OutOfOrder) if is_final => {
            return vec![PLAIN, Planned { after: OUTDATED_AFTER, is_outdated: true, ..PLAIN }];
        }
        (None, Notified::Once | Notified::OutOfOrder) => None,
    };
    match fault {
        Some(Fault::WebhookLost) => Vec::new(),
        Some(Fault::WebhookDuplicated) => vec![PLAIN, PLAIN],
        Some(Fault::WebhookDelayed) => {
            let after = faults.wait("webhook_delay", key, nth, delay);
            vec![Planned { after, ..PLAIN }]
        }
        Some(Fault::WebhookBadSign) => {
            vec![Planned { signature: Signature::WrongAtFirst, ..PLAIN }]
        }
        // The rest strikes on other occasions, and `Faults` hands out what fits this one.
        Some(_) | None => vec![PLAIN],
    }
}

const PLAIN: Planned =
    Planned { after: Duration::ZERO, is_outdated: false, signature: Signature::Right };

/// How far behind the final notification an outdated one comes. `[sim]`
const OUTDATED_AFTER: Duration = Duration::from_secs(30);

/// A notification that waits to be sent or to be acknowledged.
#[derive(Debug, Clone)]
pub struct Notice<S> {
    pub(crate) subject: S,
    /// How often it was sent before.
    pub(crate) retries: u32,
    signature: Signature,
}

impl<S> Notice<S> {
    /// How long after this sending the next one comes, if there is one.
    pub(crate) fn retry_after(&self, delays_seconds: &[u32]) -> Option<Duration> {
        let nth = usize::try_from(self.retries).ok()?;
        delays_seconds.get(nth).map(|it| Duration::from_secs((*it).into()))
    }

    /// Whether the next sending is to be wrong.
    pub(crate) const fn is_wrong(&self) -> bool {
        match self.signature {
            Signature::Right => false,
            Signature::WrongAtFirst => self.retries == 0,
            Signature::Wrong => true,
        }
    }
}

/// Notifications that wait to be sent, and those that were handed out and have no answer yet.
#[derive(Debug)]
pub(crate) struct Outbox<S> {
    waiting: Schedule<Notice<S>>,
    in_flight: BTreeMap<u64, Notice<S>>,
    sendings: u64,
}

impl<S> Outbox<S> {
    pub(crate) const fn new() -> Self {
        Self { waiting: Schedule::new(), in_flight: BTreeMap::new(), sendings: 0 }
    }

    /// Empty, but sendings keep their numbers: a late acknowledgement finds nothing of a new life.
    pub(crate) fn emptied(&self) -> Self {
        Self { sendings: self.sendings, ..Self::new() }
    }

    /// Queues the first sending of a notification.
    pub(crate) fn post(&mut self, at: Timestamp, subject: S, signature: Signature) {
        self.waiting.add(at, Notice { subject, retries: 0, signature });
    }

    /// Queues a notification of a provider that signs none of it: instead of a wrong signature it
    /// tells a lie. Whoever takes the lie waits for no retry, so the truth follows by itself.
    pub(crate) fn post_unsigned(&mut self, at: Timestamp, subject: S, signature: Signature)
    where
        S: Clone,
    {
        if signature == Signature::WrongAtFirst {
            self.post(at, subject.clone(), Signature::Wrong);
            self.post(at.plus(OUTDATED_AFTER), subject, Signature::Right);
        } else {
            self.post(at, subject, signature);
        }
    }

    /// Queues one more sending of a notification.
    pub(crate) fn post_again(&mut self, at: Timestamp, notice: Notice<S>) {
        let retries = notice.retries.saturating_add(1);
        self.waiting.add(at, Notice { retries, ..notice });
    }

    /// Takes the earliest notification that is due by `now`, with a number for its sending.
    pub(crate) fn take_due(&mut self, now: Timestamp) -> Option<(u64, Notice<S>)> {
        let (_, notice) = self.waiting.take_due(now)?;
        let number = self.sendings;
        self.sendings += 1;
        Some((number, notice))
    }

    /// Notes that the sending of this number is under way.
    pub(crate) fn sent(&mut self, number: u64, notice: Notice<S>) {
        self.in_flight.insert(number, notice);
    }

    /// The notification of a sending that has its answer now.
    pub(crate) fn answered(&mut self, number: u64) -> Option<Notice<S>> {
        self.in_flight.remove(&number)
    }

    pub(crate) fn in_flight(&self) -> Vec<u64> {
        self.in_flight.keys().copied().collect()
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.waiting.next()
    }
}
