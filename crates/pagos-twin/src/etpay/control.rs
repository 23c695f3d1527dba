//! Control calls that only the ETpay twin understands, under `/_twin/etpay/`.
//! Not part of ETpay.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    EtpayTwin,
    funnel::Click,
    session::{Session, SessionState},
    settings::Switches,
    sign,
    webhook::{self, Wish},
    wire,
};
use crate::{control, twin::Reply, web::is_web_address};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeWish {
    session_token: String,
    outcome: String,
    #[serde(default)]
    notice: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NoticeWish {
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

impl EtpayTwin {
    pub(super) fn answer_control(
        &mut self,
        name: &str,
        request: &http::Request<Bytes>,
    ) -> Option<Reply> {
        let body = request.body();
        let answer = match (request.method(), name) {
            (&Method::GET, "sessions") => Ok(self.sessions_shown()),
            (&Method::GET, "logins") => Ok(self.logins_shown()),
            (&Method::GET | &Method::POST, "balance") => control::balance(&mut self.purse, request),
            (&Method::GET, "settings") => Ok(json!(self.settings.switches)),
            (&Method::POST, "settings") => self.change_settings(body),
            (&Method::POST, "expire_tokens") => {
                let expired = self.logins.live(self.now);
                self.logins.expire();
                Ok(json!({"expired": expired}))
            }
            (&Method::POST, "outcome") => {
                control::read(body).and_then(|wish| self.force_outcome(&wish))
            }
            (&Method::POST, "notice") => {
                control::read(body).and_then(|wish| self.emit_notice(&wish))
            }
            (
                _,
                "sessions" | "logins" | "balance" | "settings" | "expire_tokens" | "outcome"
                | "notice",
            ) => {
                let because = "this control call has another method";
                return Some(control::error(StatusCode::METHOD_NOT_ALLOWED, because));
            }
            _ => return None,
        };
        Some(control::answered(answer))
    }

    fn sessions_shown(&self) -> Value {
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
        self.sessions.entries().iter().map(session).collect()
    }

    fn logins_shown(&self) -> Value {
        let (granted, refused) = (self.logins.granted, self.logins.refused);
        json!({"granted": granted, "refused": refused, "live": self.logins.live(self.now)})
    }

    /// Replaces the switches that are named; all of it or nothing.
    fn change_settings(&mut self, body: &[u8]) -> Result<Value, String> {
        let changed: Switches = control::changed(&self.settings.switches, body)?;
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
        self.settings.switches = changed;
        if is_gate_open {
            self.release();
        }
        Ok(json!(self.settings.switches))
    }

    /// Does what a payer's click would do.
    fn force_outcome(&mut self, wish: &OutcomeWish) -> Result<Value, String> {
        let index = self.session_named(&wish.session_token)?;
        let click = Click::of(&wish.outcome).ok_or("there is no such outcome")?;
        let notice = Wish::of(&wish.notice).ok_or("there is no such notice")?;
        let landing = self.click(index, click, notice).ok_or("the session is not open")?;
        Ok(json!({"location": landing.location, "jwt": landing.jwt}))
    }

    /// Sends a notice of the latest attempt, and makes one if there is none.
    fn emit_notice(&mut self, wish: &NoticeWish) -> Result<Value, String> {
        let index = self.session_named(&wish.session_token)?;
        let notice = Wish::of(&wish.notice).ok_or("there is no such notice")?;
        let session = self.sessions.get(index).ok_or("there is no such session")?;
        let latest = session.attempts.last().cloned();
        if latest.is_none() && session.state() != SessionState::Open {
            return Err("the session is not open".to_owned());
        }
        let now = self.now;
        let attempt = latest.or_else(|| self.add_attempt(index, wish.payment_status, now));
        let session = self.sessions.get(index).ok_or("there is no such session")?;
        let forgery = match notice {
            Wish::Forged(forgery) => Some(forgery),
            Wish::Genuine(_) => None,
        };
        let answer = json!({
            "jwt": webhook::token(session, attempt.as_ref(), forgery, now),
            "signature_token": sign::shown(&session.signature_token),
            "is_queued": session.draft.webhook_url.is_some(),
        });
        self.tell_payment(index, attempt, notice, now);
        Ok(answer)
    }

    fn session_named(&self, token: &str) -> Result<u32, String> {
        self.sessions.by_reference(token).ok_or_else(|| "there is no such session".to_owned())
    }
}
