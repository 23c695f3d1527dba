//! Control calls that only the VirtualPOS twin understands, under `/_twin/virtualpos/`.
//! Not part of VirtualPOS.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    VirtualPosTwin,
    funnel::Click,
    payment::{Payment, PaymentStatus},
    settings::Switches,
    webhook,
};
use crate::{
    control,
    twin::Reply,
    web::{is_web_address, parameter},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OutcomeWish {
    uuid: String,
    outcome: String,
    #[serde(default)]
    notice: String,
}

impl VirtualPosTwin {
    pub(super) fn answer_control(
        &mut self,
        name: &str,
        request: &http::Request<Bytes>,
    ) -> Option<Reply> {
        let body = request.body();
        let answer = match (request.method(), name) {
            (&Method::GET, "payments") => Ok(self.payments_shown()),
            (&Method::GET, "calls") => Ok(self.calls_shown(request)),
            (&Method::GET | &Method::POST, "balance") => control::balance(&mut self.purse, request),
            (&Method::GET, "settings") => Ok(json!(self.settings.switches)),
            (&Method::POST, "settings") => self.change_settings(body),
            (&Method::POST, "outcome") => {
                control::read(body).and_then(|wish| self.force_outcome(&wish))
            }
            (_, "payments" | "calls" | "balance" | "settings" | "outcome") => {
                let because = "this control call has another method";
                return Some(control::error(StatusCode::METHOD_NOT_ALLOWED, because));
            }
            _ => return None,
        };
        Some(control::answered(answer))
    }

    fn payments_shown(&self) -> Value {
        let payment = |payment: &Payment| {
            json!({
                "uuid": &*payment.uuid,
                "merchant_internal_code": &*payment.draft.code,
                "amount": payment.draft.amount_minor,
                "status": payment.status.word(),
                "return_url": payment.return_url,
                "callback_url": payment.callback_url,
                "expires_at": payment.expires_at.to_string(),
            })
        };
        self.payments.entries().iter().map(payment).collect()
    }

    /// How often each call was made; with `?merchant_id=` how many creates of it passed the checks.
    fn calls_shown(&self, request: &http::Request<Bytes>) -> Value {
        match parameter(request, "merchant_id") {
            Some(key) => json!({"creates": self.payouts.creates(&key)}),
            None => json!(self.calls),
        }
    }

    /// Replaces the switches that are named; all of it or nothing.
    fn change_settings(&mut self, body: &[u8]) -> Result<Value, String> {
        let changed: Switches = control::changed(&self.settings.switches, body)?;
        if changed.callback_url.as_deref().is_some_and(|url| !is_web_address(url)) {
            return Err("an address is not of the web".to_owned());
        }
        if !matches!(changed.create_http_status, 200 | 201) {
            return Err("create_http_status is 200 or 201".to_owned());
        }
        self.settings.switches = changed;
        Ok(json!(self.settings.switches))
    }

    /// Does what a payer's click would do.
    fn force_outcome(&mut self, wish: &OutcomeWish) -> Result<Value, String> {
        let index = self.payments.by_reference(&wish.uuid).ok_or("there is no such payment")?;
        let click = Click::of(&wish.outcome).ok_or("there is no such outcome")?;
        let notice = webhook::wish(&wish.notice).ok_or("there is no such notice")?;
        let is_open = |it: &Payment| it.status == PaymentStatus::Pending;
        if !self.payments.get(index).is_some_and(is_open) {
            return Err("the payment is not open".to_owned());
        }
        Ok(json!({"location": self.click(index, click, notice)}))
    }
}
