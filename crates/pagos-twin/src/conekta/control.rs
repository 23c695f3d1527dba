//! Control calls that only the Conekta twin understands, under `/_twin/conekta/`.
//! Not part of Conekta.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ConektaTwin, calendar, life,
    settings::Switches,
    transfer::{Status, Transfer},
    webhooks,
};
use crate::{control, twin::Request, web::is_web_address};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    transfer: String,
    to: String,
}

/// Every transfer.
pub(super) fn transfers(twin: &mut ConektaTwin, _: &Request) -> Result<Value, String> {
    Ok(twin.own.transfers.entries().iter().map(shown).collect())
}

/// Replaces the switches that are named; all of it or nothing.
pub(super) fn change_settings(twin: &mut ConektaTwin, request: &Request) -> Result<Value, String> {
    let changed: Switches = control::changed(&twin.settings.switches, request.body())?;
    if changed.webhook_url.as_ref().is_some_and(|url| !is_web_address(url)) {
        return Err("an address is not of the web".to_owned());
    }
    if http::HeaderName::from_bytes(changed.digest_header.as_bytes()).is_err() {
        return Err("digest_header is no name of a header".to_owned());
    }
    if let Some(text) = changed.holidays.iter().find(|it| !calendar::is_date(it)) {
        return Err(format!("{text:?} is no date like \"2024-12-25\""));
    }
    twin.settings.switches = changed;
    webhooks::subscribe_by_hand(twin);
    Ok(json!(twin.settings.switches))
}

/// Lets a transfer enter a status at once.
pub(super) fn advance(twin: &mut ConektaTwin, request: &Request) -> Result<Value, String> {
    let wanted: Advance = control::read(request.body())?;
    let index = twin.own.transfers.by_reference(&wanted.transfer);
    let index = index.ok_or("there is no such transfer")?;
    let to = Status::of(&wanted.to).ok_or("there is no such status")?;
    life::force(twin, index, to)?;
    twin.own.transfers.get(index).map(shown).ok_or_else(|| "there is no such transfer".to_owned())
}

/// What a judge wants to know who pays by account, and whose payees say no key.
fn shown(transfer: &Transfer) -> Value {
    json!({
        "id": &*transfer.id,
        "key": &*transfer.order.key,
        "payee_id": &*transfer.order.payee_id,
        "account": &*transfer.order.account,
        "amount_minor": transfer.order.amount_minor,
        "status": transfer.status.word(),
        "true_final": transfer.last().word(),
    })
}
