//! What the merchant is told of payouts and payments: a name to ask about, and nothing else.
//! Not the sending; whoever runs the twin takes what is due and reports what came of it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use pagos_core::Timestamp;

use super::VirtualPosTwin;
use crate::{
    scenario::Notified,
    telling::{self, News, OUTDATED_AFTER, Signature, Wish},
    twin::{Ack, Outgoing},
};

/// A notice that waits to be sent or to be acknowledged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Notice {
    about: About,
    /// How often it was sent before.
    retries: u32,
    /// Nothing is signed here: a wrong notice names something that does not exist.
    signature: Signature,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Payout(u32),
    Payment(u32),
}

/// Every word that a payer's click can have for its notice.
pub(super) const WISHES: [&str; 5] = ["late", "lost", "twice", "out-of-order", "wrong-uuid"];

/// Reads such a word.
pub(super) fn wish(word: &str) -> Option<Wish> {
    match word {
        "wrong-uuid" => Some(Wish::As(Notified::WronglySigned)),
        word => Wish::of(word),
    }
}

impl VirtualPosTwin {
    /// Queues notices of a change, if there is an address for them.
    pub(super) fn tell(&mut self, about: About, wish: Wish, at: Timestamp) {
        if self.url(about).is_none() {
            return;
        }
        let Some((key, nth, notified, is_final)) = self.count_notice(about) else {
            return;
        };
        let notified = match wish {
            Wish::ByChance => notified,
            wish => wish.notified(&mut self.faults, &key),
        };
        let delay = self.settings.timing.webhook_delay;
        let news = News { key: &key, nth, notified, is_final, delay };
        for telling in telling::tellings(&mut self.faults, news) {
            let at = at.plus(telling.after);
            let notice = |signature| Notice { about, retries: 0, signature };
            if telling.signature == Signature::WrongAtFirst {
                // Nothing about it is signed, so whoever takes the lie waits for no retry.
                self.outbox.add(at, notice(Signature::Wrong));
                self.outbox.add(at.plus(OUTDATED_AFTER), notice(Signature::Right));
            } else {
                self.outbox.add(at, notice(telling.signature));
            }
        }
    }

    /// Takes what has to be sent by now, and no more than that many.
    pub(super) fn take_notices(&mut self, count_max: usize) -> Vec<Outgoing> {
        let mut outbox = std::mem::take(&mut self.outbox);
        let taken = outbox.take(self.now, count_max, |number, it| self.outgoing(number, *it));
        self.outbox = outbox;
        taken
    }

    /// Hears what came of a sending, and plans the next one if it failed. Neither what counts as
    /// heard nor the retries are published. `[sim]`
    pub(super) fn hear(&mut self, number: u64, ack: Ack) {
        let Some(notice) = self.outbox.answered(number) else {
            return;
        };
        if matches!(ack, Ack::Status(200..=299)) {
            return;
        }
        let delays = &self.settings.switches.retry_delays_seconds;
        if let Some(wait) = telling::retry_delay(delays, notice.retries) {
            let retries = notice.retries + 1;
            self.outbox.add(self.now.plus(wait), Notice { retries, ..notice });
        }
    }

    /// Counts one more notice: key, how many there were before, how they behave, and whether the
    /// state is final.
    fn count_notice(&mut self, about: About) -> Option<(Arc<str>, u32, Notified, bool)> {
        let (notices, key, notified, is_final) = match about {
            About::Payout(index) => {
                let payout = self.payouts.get_mut(index)?;
                let key = Arc::clone(&payout.instruction.merchant_id);
                (&mut payout.notices, key, payout.notified, payout.status.is_final())
            }
            About::Payment(index) => {
                let payment = self.payments.get_mut(index)?;
                let key = Arc::clone(&payment.draft.code);
                (&mut payment.notices, key, Notified::ByChance, true)
            }
        };
        let nth = *notices;
        *notices = nth.saturating_add(1);
        Some((key, nth, notified, is_final))
    }

    fn url(&self, about: About) -> Option<&String> {
        match about {
            About::Payout(_) => self.settings.switches.callback_url.as_ref(),
            About::Payment(index) => self.payments.get(index)?.callback_url.as_ref(),
        }
    }

    /// The bytes of one sending: a form, as of the sibling API. Source: `virtualpos.md` 4.
    fn outgoing(&self, number: u64, notice: Notice) -> Option<Outgoing> {
        let is_wrong = notice.signature.is_wrong(notice.retries);
        let body = match notice.about {
            _ if is_wrong => notice.about.lie().to_owned(),
            About::Payout(index) => {
                let payout = self.payouts.get(index)?;
                // Ids and keys are of letters, digits, hyphens and underscores: nothing to escape.
                format!("id={}&merchant_id={}", payout.id, payout.instruction.merchant_id)
            }
            About::Payment(index) => format!("uuid={}", self.payments.get(index)?.uuid),
        };
        let mut headers = HeaderMap::new();
        let form = HeaderValue::from_static("application/x-www-form-urlencoded");
        headers.insert(CONTENT_TYPE, form);
        let url = self.url(notice.about)?.clone();
        Some(Outgoing { number, url, headers, body: Bytes::from(body) })
    }
}

impl About {
    /// What a forger would say.
    const fn lie(self) -> &'static str {
        match self {
            Self::Payout(_) => "id=po_0000000000000000&merchant_id=nobody",
            Self::Payment(_) => "uuid=0000000000000000",
        }
    }
}
