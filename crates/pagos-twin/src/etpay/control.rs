//! Control calls that only the ETpay twin understands, under `/_twin/etpay/`.
//! Not part of ETpay.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    EtpayTwin,
    checkout::{self, Click},
    life,
    session::{Session, SessionState, Sessions},
    settings::Switches,
    sign,
    webhook::{self, NoticeMode},
    wire,
};
use crate::{control, twin::Request, web::is_web_address};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForcedOutcome {
    session_token: String,
    outcome: String,
    #[serde(default)]
    notice: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForcedNotification {
    session_token: String,
    /// Of the attempt that is made if the session has none.
    #[serde(default = "yes")]
    payment_status: bool,
    #[serde(default)]
    notice: String,
}

const fn yes() -> bool {
    true
}

/// Every session with its secret and its attempts.
pub(super) fn sessions(twin: &mut EtpayTwin, _: &Request) -> Result<Value, String> {
    let attempts = |session: &Session| -> Vec<Value> {
        let shown = session.attempts.iter().map(|attempt| {
            json!({
                "payment_token": &*attempt.payment_token, "payment_status": attempt.is_paid,
                "at": wire::utc(attempt.at),
            })
        });
        shown.collect()
    };
    let session = |session: &Session| {
        json!({
            "session_token": &*session.token,
            "signature_token": sign::shown(&session.signature_token),
            "merchant_order_id": &*session.draft.order_id,
            "order_amount": session.draft.amount_minor,
            "state": session.word(),
            "expires_at": wire::utc(session.expires_at),
            "attempts": attempts(session),
        })
    };
    Ok(twin.own.sessions.book.entries().iter().map(session).collect())
}

/// How many logins there were, and how many tokens are good.
pub(super) fn logins(twin: &mut EtpayTwin, _: &Request) -> Result<Value, String> {
    let logins = &twin.own.logins;
    let (granted, refused) = (logins.granted, logins.refused);
    Ok(json!({"granted": granted, "refused": refused, "live": logins.live(twin.now)}))
}

/// Makes every authorization token worthless.
pub(super) fn expire_tokens(twin: &mut EtpayTwin, _: &Request) -> Result<Value, String> {
    let expired = twin.own.logins.live(twin.now);
    twin.own.logins.expire();
    Ok(json!({"expired": expired}))
}

/// Replaces the switches that are named; all of it or nothing.
pub(super) fn change_settings(twin: &mut EtpayTwin, request: &Request) -> Result<Value, String> {
    let changed: Switches = control::changed(&twin.settings.switches, request.body())?;
    let urls = [
        &changed.payout_webhook_url,
        &changed.payment_webhook_url,
        &changed.payment_completed_url,
        &changed.payment_cancellation_url,
    ];
    if urls.into_iter().flatten().any(|url| !is_web_address(url)) {
        return Err("an address is not of the web".to_owned());
    }
    let is_gate_open = !changed.approval_gate;
    twin.settings.switches = changed;
    if is_gate_open {
        life::release(twin);
    }
    Ok(json!(twin.settings.switches))
}

/// Does what a payer's click would do.
pub(super) fn force_outcome(twin: &mut EtpayTwin, request: &Request) -> Result<Value, String> {
    let wanted: ForcedOutcome = control::read(request.body())?;
    let index = session_named(&twin.own.sessions, &wanted.session_token)?;
    let click = Click::of(&wanted.outcome).ok_or("there is no such outcome")?;
    let mode = NoticeMode::of(&wanted.notice).ok_or("there is no such notice")?;
    let landing = checkout::click(twin, index, click, mode).ok_or("the session is not open")?;
    Ok(json!({"location": landing.location, "jwt": landing.jwt}))
}

/// Sends a notice of the latest attempt, and makes one if there is none.
pub(super) fn send_notification(twin: &mut EtpayTwin, request: &Request) -> Result<Value, String> {
    let wanted: ForcedNotification = control::read(request.body())?;
    let index = session_named(&twin.own.sessions, &wanted.session_token)?;
    let mode = NoticeMode::of(&wanted.notice).ok_or("there is no such notice")?;
    let session = twin.own.sessions.get(index).ok_or("there is no such session")?;
    let latest = session.attempts.last().cloned();
    if latest.is_none() && session.state() != SessionState::Open {
        return Err("the session is not open".to_owned());
    }
    let now = twin.now;
    let attempt = latest
        .or_else(|| twin.own.sessions.attempt(index, wanted.payment_status, now, &twin.faults));
    let session = twin.own.sessions.get(index).ok_or("there is no such session")?;
    let invalid = match mode {
        NoticeMode::Invalid(invalid) => Some(invalid),
        NoticeMode::Valid(_) => None,
    };
    let answer = json!({
        "jwt": webhook::token(session, attempt.as_ref(), invalid, now),
        "signature_token": sign::shown(&session.signature_token),
        "is_queued": session.draft.webhook_url.is_some(),
    });
    webhook::tell_payment(twin, index, attempt, mode, now);
    Ok(answer)
}

fn session_named(sessions: &Sessions, token: &str) -> Result<u32, String> {
    sessions.book.by_reference(token).ok_or_else(|| "there is no such session".to_owned())
}
