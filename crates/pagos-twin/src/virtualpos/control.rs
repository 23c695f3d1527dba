//! Control calls that only the VirtualPOS twin understands, under `/_twin/virtualpos/`.
//! Not part of VirtualPOS.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    VirtualPosTwin,
    checkout::{self, Click},
    payment::{Payment, PaymentStatus},
    settings::Switches,
    webhook,
};
use crate::{
    control,
    twin::Request,
    web::{is_web_address, parameter},
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ForcedOutcome {
    uuid: String,
    outcome: String,
    #[serde(default)]
    notice: String,
}

/// Every payment with its state and addresses.
pub(super) fn payments(twin: &mut VirtualPosTwin, _: &Request) -> Result<Value, String> {
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
    Ok(twin.own.payments.entries().iter().map(payment).collect())
}

/// How often each call was made; with `?merchant_id=` how many creates of it passed the checks.
pub(super) fn calls(twin: &mut VirtualPosTwin, request: &Request) -> Result<Value, String> {
    Ok(match parameter(request, "merchant_id") {
        Some(key) => json!({"creates": twin.own.payouts.creates(&key)}),
        None => json!(twin.own.calls),
    })
}

/// Replaces the switches that are named; all of it or nothing.
pub(super) fn change_settings(
    twin: &mut VirtualPosTwin,
    request: &Request,
) -> Result<Value, String> {
    let changed: Switches = control::changed(&twin.settings.switches, request.body())?;
    if changed.callback_url.as_deref().is_some_and(|url| !is_web_address(url)) {
        return Err("an address is not of the web".to_owned());
    }
    if !matches!(changed.create_http_status, 200 | 201) {
        return Err("create_http_status is 200 or 201".to_owned());
    }
    twin.settings.switches = changed;
    Ok(json!(twin.settings.switches))
}

/// Does what a payer's click would do.
pub(super) fn force_outcome(twin: &mut VirtualPosTwin, request: &Request) -> Result<Value, String> {
    let wanted: ForcedOutcome = control::read(request.body())?;
    let index = twin.own.payments.by_reference(&wanted.uuid).ok_or("there is no such payment")?;
    let click = Click::of(&wanted.outcome).ok_or("there is no such outcome")?;
    let notice = webhook::notified(&wanted.notice).ok_or("there is no such notice")?;
    let is_open = |it: &Payment| it.status == PaymentStatus::Pending;
    if !twin.own.payments.get(index).is_some_and(is_open) {
        return Err("the payment is not open".to_owned());
    }
    Ok(json!({"location": checkout::click(twin, index, click, notice)}))
}
