//! How often, how late and how wrongly the merchant is told one thing, and what is under way to
//! him. Not what a notice says, and not how often it is repeated when nobody listens.

use std::{collections::BTreeMap, time::Duration};

use pagos_core::Timestamp;

use crate::{
    fault::{Fault, Faults, Occasion, Trigger},
    random::Span,
    scenario::Notified,
    schedule::Schedule,
    twin::Outgoing,
};

/// One notice that is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Telling {
    /// How long after the thing that it tells of.
    pub(crate) after: Duration,
    /// Whether it tells a state before the present one.
    pub(crate) is_outdated: bool,
    pub(crate) signature: Signature,
}

/// Whether a notice is genuine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Signature {
    Right,
    WrongAtFirst,
    Wrong,
}

impl Signature {
    /// Whether the sending after this many others is wrong.
    pub(crate) const fn is_wrong(self, retries: u32) -> bool {
        match self {
            Self::Right => false,
            Self::WrongAtFirst => retries == 0,
            Self::Wrong => true,
        }
    }
}

/// The `nth` thing that is told about a key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct News<'a> {
    pub(crate) key: &'a str,
    pub(crate) nth: u32,
    pub(crate) notified: Notified,
    pub(crate) is_final: bool,
    /// How late a delayed notice is.
    pub(crate) delay: Span,
}

/// Every notice of one thing: none if it is lost, two if it is duplicated. A trigger wins over what
/// the order asked for, and that over chance.
pub(crate) fn tellings(faults: &mut Faults, news: News<'_>) -> Vec<Telling> {
    let News { key, nth, notified, is_final, delay } = news;
    let triggered = faults.take_trigger(Occasion::Webhook, key);
    let fault = match (triggered, notified) {
        (Some(fault), _) => Some(fault),
        (None, Notified::ByChance) => faults.draw(Occasion::Webhook, key, nth),
        (None, Notified::Never) => Some(Fault::WebhookLost),
        (None, Notified::Twice) => Some(Fault::WebhookDuplicated),
        (None, Notified::WronglySigned) => {
            return vec![Telling { signature: Signature::Wrong, ..PLAIN }];
        }
        (None, Notified::OutOfOrder) if is_final => {
            return vec![PLAIN, Telling { after: OUTDATED_AFTER, is_outdated: true, ..PLAIN }];
        }
        (None, Notified::Once | Notified::OutOfOrder) => None,
    };
    match fault {
        Some(Fault::WebhookLost) => Vec::new(),
        Some(Fault::WebhookDuplicated) => vec![PLAIN, PLAIN],
        Some(Fault::WebhookDelayed) => {
            let after = faults.wait("webhook_delay", key, nth, delay);
            vec![Telling { after, ..PLAIN }]
        }
        Some(Fault::WebhookBadSign) => {
            vec![Telling { signature: Signature::WrongAtFirst, ..PLAIN }]
        }
        // The rest strikes on other occasions, and `Faults` hands out what fits this one.
        Some(_) | None => vec![PLAIN],
    }
}

/// How long after a sending that had this many before it the next one comes, if there is one.
pub(crate) fn retry_delay(delays_seconds: &[u32], retries: u32) -> Option<Duration> {
    let nth = usize::try_from(retries).ok()?;
    delays_seconds.get(nth).map(|it| Duration::from_secs((*it).into()))
}

const PLAIN: Telling =
    Telling { after: Duration::ZERO, is_outdated: false, signature: Signature::Right };

/// How far behind the final notice an outdated one comes. `[sim]`
pub(crate) const OUTDATED_AFTER: Duration = Duration::from_secs(30);

/// How the notices of one thing shall behave, if somebody says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wish {
    ByChance,
    As(Notified),
    Late,
}

impl Wish {
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "" => Self::ByChance,
            "once" => Self::As(Notified::Once),
            "lost" => Self::As(Notified::Never),
            "twice" => Self::As(Notified::Twice),
            "out-of-order" => Self::As(Notified::OutOfOrder),
            "late" => Self::Late,
            _ => return None,
        })
    }

    /// How they behave then; a delay is a fault that is ordered here.
    pub(crate) fn notified(self, faults: &mut Faults, key: &str) -> Notified {
        match self {
            Self::ByChance => Notified::ByChance,
            Self::As(notified) => notified,
            Self::Late => {
                let fault = Fault::WebhookDelayed;
                faults.trigger(Trigger { key: key.to_owned(), fault, times: 1 });
                Notified::Once
            }
        }
    }
}

/// Notices that wait to be sent, and those that were handed out and have no answer yet.
#[derive(Debug)]
pub(crate) struct Outbox<N> {
    waiting: Schedule<N>,
    in_flight: BTreeMap<u64, N>,
    sendings: u64,
}

impl<N> Outbox<N> {
    pub(crate) const fn new() -> Self {
        Self { waiting: Schedule::new(), in_flight: BTreeMap::new(), sendings: 0 }
    }

    /// Empty, but sendings keep their numbers: a late acknowledgement finds nothing of a new life.
    pub(crate) fn emptied(&self) -> Self {
        Self { sendings: self.sendings, ..Self::new() }
    }

    pub(crate) fn add(&mut self, at: Timestamp, notice: N) {
        self.waiting.add(at, notice);
    }

    /// Takes what has to be sent by now, and no more than that many. `written` makes a sending of a
    /// notice and its number; what it makes nothing of is dropped.
    pub(crate) fn take(
        &mut self,
        now: Timestamp,
        count_max: usize,
        written: impl Fn(u64, &N) -> Option<Outgoing>,
    ) -> Vec<Outgoing> {
        let mut taken = Vec::new();
        while taken.len() < count_max
            && let Some((_, notice)) = self.waiting.take_due(now)
        {
            let number = self.sendings;
            self.sendings += 1;
            if let Some(outgoing) = written(number, &notice) {
                taken.push(outgoing);
                self.in_flight.insert(number, notice);
            }
        }
        taken
    }

    /// The notice of a sending that has its answer now.
    pub(crate) fn answered(&mut self, number: u64) -> Option<N> {
        self.in_flight.remove(&number)
    }

    pub(crate) fn in_flight(&self) -> Vec<u64> {
        self.in_flight.keys().copied().collect()
    }

    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.waiting.next()
    }
}

impl<N> Default for Outbox<N> {
    fn default() -> Self {
        Self::new()
    }
}
