//! What the merchant is told of payments and payouts, and what a sending of it says.
//! Not the sending; whoever runs the twin takes what is due and reports what came of it.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{
    Etpay, EtpayTwin,
    invalid_token::{self, InvalidToken},
    payout::PayoutStatus,
    session::{Attempt, Session},
    settings::{NotificationForm, Switches},
    sign, wire,
};
use crate::{
    notification::{self, Change, Notice},
    scenario::Notified,
    twin::Outgoing,
};

/// What a notification tells.
#[derive(Debug, Clone)]
pub enum Subject {
    /// A status of a payout, and since when it has it.
    Payout { index: u32, status: PayoutStatus, at: Timestamp },
    /// An attempt to pay, or that there was none, and how a wrong token of it is wrong.
    Payment { index: u32, attempt: Option<Attempt>, invalid: InvalidToken, at: Timestamp },
}

/// How the notifications of one payment are asked to behave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoticeMode {
    /// Their tokens are valid, unless chance wants it otherwise.
    Valid(Notified),
    Invalid(InvalidToken),
}

/// Every word that a payer's click can have for its notification.
pub(super) const NOTICES: [&str; 11] = [
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

impl NoticeMode {
    pub(super) fn of(word: &str) -> Option<Self> {
        let valid = Notified::of(word).map(Self::Valid);
        valid.or_else(|| InvalidToken::of(word).map(Self::Invalid))
    }
}

/// Queues notifications of the payout's present status, if the merchant has an address for them.
pub(super) fn tell_payout(twin: &mut EtpayTwin, index: u32, at: Timestamp) {
    let has_no_address = twin.settings.switches.payout_webhook_url.is_none();
    let Some(payout) = twin.own.payouts.get_mut(index).filter(|_| !has_no_address) else {
        return;
    };
    let nth = payout.notices;
    payout.notices = nth.saturating_add(1);
    let (key, status) = (Arc::clone(&payout.key), payout.status);
    let (notified, is_final) = (payout.notified, status.is_final());
    let delay = twin.settings.timing.webhook_delay;
    let change = Change { key: &key, nth, notified, is_final, delay };
    for planned in notification::plan(&mut twin.faults, change) {
        let at = at.plus(planned.after);
        let status = if planned.is_outdated { PayoutStatus::Pending } else { status };
        twin.outbox.post_unsigned(at, Subject::Payout { index, status, at }, planned.signature);
    }
}

/// Queues notifications of an attempt, or of the lack of one, if the session has an address for
/// them.
pub(super) fn tell_payment(
    twin: &mut EtpayTwin,
    index: u32,
    attempt: Option<Attempt>,
    mode: NoticeMode,
    at: Timestamp,
) {
    let session = twin.own.sessions.book.get_mut(index);
    let Some(session) = session.filter(|it| it.draft.webhook_url.is_some()) else {
        return;
    };
    let nth = session.notices;
    session.notices = nth.saturating_add(1);
    let key = Arc::clone(&session.draft.order_id);
    let drawn = InvalidToken::drawn(twin.faults.chance("forgery", &key, nth).next_u64());
    let (notified, invalid) = match mode {
        NoticeMode::Valid(notified) => (notified, drawn),
        NoticeMode::Invalid(invalid) => (Notified::WronglySigned, invalid),
    };
    let delay = twin.settings.timing.webhook_delay;
    let change = Change { key: &key, nth, notified, is_final: true, delay };
    for planned in notification::plan(&mut twin.faults, change) {
        let attempt = if planned.is_outdated {
            let token = twin.own.sessions.new_payment_token(index, &twin.faults);
            token.map(|payment_token| Attempt { payment_token, is_paid: false, at })
        } else {
            attempt.clone()
        };
        let subject = Subject::Payment { index, attempt, invalid, at };
        twin.outbox.post(at.plus(planned.after), subject, planned.signature);
    }
}

/// The bytes of one sending. A retry has the same.
pub(super) fn message(
    switches: &Switches,
    own: &Etpay,
    number: u64,
    notice: &Notice<Subject>,
) -> Option<Outgoing> {
    let is_wrong = notice.is_wrong();
    let (url, content_type, body) = match &notice.subject {
        Subject::Payout { index, status, at } => {
            let payout = own.payouts.get(*index)?;
            let url = switches.payout_webhook_url.clone()?;
            let status = if is_wrong { opposite(*status) } else { *status };
            let told = payout.told(switches, status, *at);
            (url, "application/json", serde_json::to_string(&told).ok()?)
        }
        Subject::Payment { index, attempt, invalid, at } => {
            let session = own.sessions.get(*index)?;
            let invalid = Some(*invalid).filter(|_| is_wrong);
            let jwt = token(session, attempt.as_ref(), invalid, *at);
            let (content_type, body) = wrapped(switches.notification_form, &jwt);
            (session.draft.webhook_url.clone()?, content_type, body)
        }
    };
    Some(Outgoing::new(number, url, content_type, body))
}

/// The token of a payment, valid or not.
pub(super) fn token(
    session: &Session,
    attempt: Option<&Attempt>,
    invalid: Option<InvalidToken>,
    at: Timestamp,
) -> String {
    let claims = session.claims(attempt, wire::seconds(at));
    match invalid {
        Some(kind) => invalid_token::write(kind, claims, &session.signature_token),
        None => sign::hs256(&claims, &session.signature_token),
    }
}

/// What somebody else would say: nothing about a payout is signed.
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
