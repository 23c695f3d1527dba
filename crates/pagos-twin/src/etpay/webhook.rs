//! What the merchant is told of payments and payouts, when, and again if he does not listen.
//! Not the sending; whoever runs the twin takes what is due and reports what came of it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header::CONTENT_TYPE};
use pagos_core::Timestamp;

use super::{
    EtpayTwin,
    forgery::{Forgery, forge},
    payout::PayoutStatus,
    session::{Attempt, Session},
    settings::NotificationForm,
    sign, wire,
};
use crate::{
    scenario::Notified,
    telling::{self, News, OUTDATED_AFTER, Signature},
    twin::{Ack, Outgoing},
};

/// A notice that waits to be sent or to be acknowledged.
#[derive(Debug, Clone)]
pub(super) struct Notice {
    about: About,
    /// How often it was sent before.
    retries: u32,
    signature: Signature,
}

#[derive(Debug, Clone)]
enum About {
    Payout { index: u32, status: PayoutStatus, at: Timestamp },
    Payment { index: u32, attempt: Option<Attempt>, forgery: Forgery, at: Timestamp },
}

/// How the notices of one payment behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    Genuine(telling::Wish),
    Forged(Forgery),
}

/// Every word that a payer's click can have for its notice.
pub(super) const WISHES: [&str; 11] = [
    "late",
    "lost",
    "twice",
    "out-of-order",
    "wrong-key",
    "tampered-amount",
    "wrong-amount",
    "wrong-order",
    "alg-none",
    "hs512",
    "future-iat",
];

impl Wish {
    pub(super) fn of(word: &str) -> Option<Self> {
        let genuine = telling::Wish::of(word).map(Self::Genuine);
        genuine.or_else(|| Forgery::of(word).map(Self::Forged))
    }
}

impl EtpayTwin {
    /// Queues notices of the payout's present status, if the merchant has an address for them.
    pub(super) fn tell_payout(&mut self, index: u32, at: Timestamp) {
        let is_deaf = self.settings.switches.payout_webhook_url.is_none();
        let Some(payout) = self.payouts.get_mut(index).filter(|_| !is_deaf) else {
            return;
        };
        let nth = payout.notices;
        payout.notices = nth.saturating_add(1);
        let (key, status) = (Arc::clone(&payout.key), payout.status);
        let news = News {
            key: &key,
            nth,
            notified: payout.notified,
            is_final: status.is_final(),
            delay: self.settings.timing.webhook_delay,
        };
        for telling in telling::tellings(&mut self.faults, news) {
            let at = at.plus(telling.after);
            let status = if telling.is_outdated { PayoutStatus::Pending } else { status };
            let notice = |signature| {
                let about = About::Payout { index, status, at };
                Notice { about, retries: 0, signature }
            };
            if telling.signature == Signature::WrongAtFirst {
                // Nothing about it is signed, so whoever takes the lie waits for no retry.
                self.outbox.add(at, notice(Signature::Wrong));
                self.outbox.add(at.plus(OUTDATED_AFTER), notice(Signature::Right));
            } else {
                self.outbox.add(at, notice(telling.signature));
            }
        }
    }

    /// Queues notices of an attempt, or of the lack of one, if the session has an address for them.
    pub(super) fn tell_payment(
        &mut self,
        index: u32,
        attempt: Option<Attempt>,
        wish: Wish,
        at: Timestamp,
    ) {
        let session = self.sessions.get_mut(index);
        let Some(session) = session.filter(|it| it.draft.webhook_url.is_some()) else {
            return;
        };
        let nth = session.notices;
        session.notices = nth.saturating_add(1);
        let key = Arc::clone(&session.draft.order_id);
        let drawn = Forgery::drawn(self.faults.chance("forgery", &key, nth).next_u64());
        let (notified, forgery) = match wish {
            Wish::Genuine(wish) => (wish.notified(&mut self.faults, &key), drawn),
            Wish::Forged(forgery) => (Notified::WronglySigned, forgery),
        };
        let delay = self.settings.timing.webhook_delay;
        let news = News { key: &key, nth, notified, is_final: true, delay };
        for telling in telling::tellings(&mut self.faults, news) {
            let attempt = if telling.is_outdated {
                self.new_payment_token(index).map(|payment_token| Attempt {
                    payment_token,
                    is_paid: false,
                    at,
                })
            } else {
                attempt.clone()
            };
            let about = About::Payment { index, attempt, forgery, at };
            let notice = Notice { about, retries: 0, signature: telling.signature };
            self.outbox.add(at.plus(telling.after), notice);
        }
    }

    /// Takes what has to be sent by now, and no more than that many.
    pub(super) fn take_notices(&mut self, count_max: usize) -> Vec<Outgoing> {
        let mut outbox = std::mem::take(&mut self.outbox);
        let taken = outbox.take(self.now, count_max, |number, it| self.outgoing(number, it));
        self.outbox = outbox;
        taken
    }

    /// Hears what came of a sending, and plans the next one if it failed. Any 2xx counts as heard;
    /// neither that nor the retries are documented. `[sim]`
    pub(super) fn hear(&mut self, number: u64, ack: Ack) {
        let Some(notice) = self.outbox.answered(number) else {
            return;
        };
        if matches!(ack, Ack::Status(200..=299)) {
            if matches!(notice.about, About::Payout { .. }) {
                self.approve();
            }
            return;
        }
        let delays = &self.settings.switches.retry_delays_seconds;
        if let Some(wait) = telling::retry_delay(delays, notice.retries) {
            let retries = notice.retries + 1;
            self.outbox.add(self.now.plus(wait), Notice { retries, ..notice });
        }
    }

    /// The bytes of one sending. A retry has the same.
    fn outgoing(&self, number: u64, notice: &Notice) -> Option<Outgoing> {
        let is_wrong = notice.signature.is_wrong(notice.retries);
        let (url, content_type, body) = match &notice.about {
            About::Payout { index, status, at } => {
                let payout = self.payouts.get(*index)?;
                let url = self.settings.switches.payout_webhook_url.clone()?;
                let status = if is_wrong { opposite(*status) } else { *status };
                let told = self.told(payout, status, *at);
                (url, "application/json", serde_json::to_string(&told).ok()?)
            }
            About::Payment { index, attempt, forgery, at } => {
                let session = self.sessions.get(*index)?;
                let forgery = Some(*forgery).filter(|_| is_wrong);
                let jwt = token(session, attempt.as_ref(), forgery, *at);
                let (content_type, body) = wrapped(self.settings.switches.notification_form, &jwt);
                (session.draft.webhook_url.clone()?, content_type, body)
            }
        };
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        Some(Outgoing { number, url, headers, body: Bytes::from(body) })
    }
}

/// The token of a payment, genuine or forged.
pub(super) fn token(
    session: &Session,
    attempt: Option<&Attempt>,
    forgery: Option<Forgery>,
    at: Timestamp,
) -> String {
    let claims = session.claims(attempt, wire::seconds(at));
    match forgery {
        Some(forgery) => forge(forgery, claims, &session.signature_token),
        None => sign::hs256(&claims, &session.signature_token),
    }
}

/// What a forger would say: nothing about a payout is signed.
const fn opposite(status: PayoutStatus) -> PayoutStatus {
    match status {
        PayoutStatus::Completed => PayoutStatus::Rejected,
        PayoutStatus::Pending | PayoutStatus::Rejected | PayoutStatus::Returned => {
            PayoutStatus::Completed
        }
    }
}

fn wrapped(form: NotificationForm, jwt: &str) -> (&'static str, String) {
    match form {
        NotificationForm::Json => ("application/json", format!(r#"{{"jwt":"{jwt}"}}"#)),
        NotificationForm::Form => ("application/x-www-form-urlencoded", format!("jwt={jwt}")),
        NotificationForm::Raw => ("text/plain", jwt.to_owned()),
        NotificationForm::JsonString => ("application/json", format!("\"{jwt}\"")),
    }
}
