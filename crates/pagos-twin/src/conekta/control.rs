//! Control calls that only the Conekta twin understands, under `/_twin/conekta/`.
//! Not part of Conekta.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ConektaTwin, calendar,
    settings::Switches,
    transfer::{Status, Transfer},
};
use crate::{control, twin::Reply, web::is_web_address};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AdvanceWish {
    transfer: String,
    to: String,
}

impl ConektaTwin {
    pub(super) fn answer_control(
        &mut self,
        name: &str,
        request: &http::Request<Bytes>,
    ) -> Option<Reply> {
        let body = request.body();
        let answer = match (request.method(), name) {
            (&Method::GET, "transfers") => Ok(self.transfers_shown()),
            (&Method::GET | &Method::POST, "balance") => control::balance(&mut self.purse, request),
            (&Method::GET, "settings") => Ok(json!(self.settings.switches)),
            (&Method::POST, "settings") => self.change_settings(body),
            (&Method::POST, "advance") => {
                control::read(body).and_then(|wish| self.advance_transfer(&wish))
            }
            (_, "transfers" | "balance" | "settings" | "advance") => {
                let because = "this control call has another method";
                return Some(control::error(StatusCode::METHOD_NOT_ALLOWED, because));
            }
            _ => return None,
        };
        Some(control::answered(answer))
    }

    fn transfers_shown(&self) -> Value {
        self.transfers.entries().iter().map(shown).collect()
    }

    /// Replaces the switches that are named; all of it or nothing.
    fn change_settings(&mut self, body: &[u8]) -> Result<Value, String> {
        let changed: Switches = control::changed(&self.settings.switches, body)?;
        if changed.webhook_url.as_ref().is_some_and(|url| !is_web_address(url)) {
            return Err("an address is not of the web".to_owned());
        }
        if let Some(text) = changed.holidays.iter().find(|it| !calendar::is_date(it)) {
            return Err(format!("{text:?} is no date like \"2024-12-25\""));
        }
        self.settings.switches = changed;
        self.subscribe_by_hand();
        Ok(json!(self.settings.switches))
    }

    fn advance_transfer(&mut self, wish: &AdvanceWish) -> Result<Value, String> {
        let index = self.transfers.by_reference(&wish.transfer);
        let index = index.ok_or("there is no such transfer")?;
        let to = Status::of(&wish.to).ok_or("there is no such status")?;
        self.force(index, to)?;
        self.transfers.get(index).map(shown).ok_or_else(|| "there is no such transfer".to_owned())
    }
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
