//! The accounts of payees: what is asked of one, and how it is shown.
//! Moves no money; a transfer keeps the account that its payee had when it began.

use std::sync::Arc;

use bytes::Bytes;
use pagos_core::Timestamp;
use serde_json::Value;

use super::{
    ConektaTwin, bank,
    event::About,
    identifier,
    payee::invalid,
    refusal::Refusal,
    wire::{self, DestinationShown},
    wish,
};
use crate::{fields::Fields, twin::Reply};

/// An account of a payee.
#[derive(Clone)]
pub(super) struct Destination {
    pub(super) id: Arc<str>,
    pub(super) draft: Draft,
    pub(super) created_at: Timestamp,
    pub(super) is_deleted: bool,
}

/// An account that passed every check.
#[derive(Clone)]
pub(super) struct Draft {
    pub(super) account: Arc<str>,
    pub(super) holder: Arc<str>,
}

impl Destination {
    /// The number stays out of it but for its end. Source: manual.
    pub(super) fn shown<'a>(&'a self, payee_id: &'a str) -> DestinationShown<'a> {
        DestinationShown {
            id: &self.id,
            payee_id,
            object: "destination",
            created_at: wire::seconds(self.created_at),
            kind: BANK_ACCOUNT,
            currency: super::CURRENCY,
            last4: last_four(&self.draft.account),
            account_holder_name: &self.draft.holder,
            bank: bank::label(&self.draft.account),
            deleted: self.is_deleted.then_some(true),
        }
    }
}

impl ConektaTwin {
    /// `POST /payees/{id}/destinations`. Source: conekta-ruby 2.6.0.
    pub(super) fn create_destination(
        &mut self,
        id: &str,
        request: &http::Request<Bytes>,
    ) -> Result<Reply, Refusal> {
        let index = self.payee_named(id)?;
        let body = serde_json::from_slice(request.body()).map_err(|_| Refusal::no_json())?;
        let draft = self.read_destination(&body)?;
        let destination = self.new_destination(draft);
        let payee = self.payees.get_mut(index).ok_or_else(Refusal::not_found)?;
        let reply = wire::answer(&destination.shown(&payee.id));
        payee.destinations.push(destination);
        self.tell(About::Payee { index, kind: "payee.payout_method.created" });
        Ok(reply)
    }

    /// `PUT /payees/{id}/destinations/{id}`. Source: conekta-ruby 2.6.0. Fields that are not named
    /// stay; transfers under way keep the account that they had. `[sim]`
    pub(super) fn update_destination(
        &mut self,
        id: &str,
        destination_id: &str,
        request: &http::Request<Bytes>,
    ) -> Result<Reply, Refusal> {
        let mut body: serde_json::Map<String, Value> =
            serde_json::from_slice(request.body()).map_err(|_| Refusal::no_json())?;
        let (index, place) = self.destination_named(id, destination_id)?;
        if let Some(present) = self.payees.get(index).and_then(|it| it.destinations.get(place)) {
            let keep = |value: &str| Value::from(value);
            body.entry("type").or_insert_with(|| keep(BANK_ACCOUNT));
            body.entry("account_number").or_insert_with(|| keep(&present.draft.account));
            body.entry("account_holder_name").or_insert_with(|| keep(&present.draft.holder));
        }
        let draft = self.read_destination(&Value::Object(body))?;
        self.change_destination(index, place, "payee.payout_method.updated", |it| it.draft = draft)
    }

    /// `DELETE /payees/{id}/destinations/{id}`. Source: conekta-ruby 2.6.0.
    pub(super) fn delete_destination(
        &mut self,
        id: &str,
        destination_id: &str,
    ) -> Result<Reply, Refusal> {
        let (index, place) = self.destination_named(id, destination_id)?;
        let kind = "payee.payout_method.deleted";
        self.change_destination(index, place, kind, |it| it.is_deleted = true)
    }

    fn change_destination(
        &mut self,
        index: u32,
        place: usize,
        kind: &'static str,
        change: impl FnOnce(&mut Destination),
    ) -> Result<Reply, Refusal> {
        let payee = self.payees.get_mut(index).ok_or_else(Refusal::not_found)?;
        let destination = payee.destinations.get_mut(place).ok_or_else(Refusal::not_found)?;
        change(destination);
        let reply = wire::answer(&destination.shown(&payee.id));
        self.tell(About::Payee { index, kind });
        Ok(reply)
    }

    fn destination_named(&self, id: &str, wanted: &str) -> Result<(u32, usize), Refusal> {
        let index = self.payee_named(id)?;
        let payee = self.payees.get(index).ok_or_else(Refusal::not_found)?;
        let is_meant = |it: &Destination| !it.is_deleted && &*it.id == wanted;
        let place = payee.destinations.iter().position(is_meant);
        Ok((index, place.ok_or_else(Refusal::not_found)?))
    }

    pub(super) fn new_destination(&mut self, draft: Draft) -> Destination {
        self.destinations_made = self.destinations_made.saturating_add(1);
        let chance = self.faults.chance("destination", "", self.destinations_made);
        let id = identifier::prefixed("pytdst_", chance);
        Destination { id, draft, created_at: self.now, is_deleted: false }
    }

    /// Source: manual. A wrong `type` is answered as if Conekta itself had broken down.
    pub(super) fn read_destination(&self, value: &Value) -> Result<Draft, Refusal> {
        let fields = Fields::of(value).ok_or_else(|| invalid("destinations"))?;
        if fields.value("type").and_then(Value::as_str) != Some(BANK_ACCOUNT) {
            return Err(Refusal::runtime_error());
        }
        // The table says integer, every sample writes a text.
        let account = match fields.value("account_number") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) | None => String::new(),
        };
        let is_clabe = account.len() == 18 && account.bytes().all(|it| it.is_ascii_digit());
        if !is_clabe || (self.settings.switches.strict_clabe && !has_check_digit(&account)) {
            return Err(Refusal::wrong_account());
        }
        let holder = fields.required("account_holder_name", HOLDER_CHARS_MAX)?;
        wish::of_text(holder).map_err(|_| invalid("account_holder_name"))?;
        Ok(Draft { account: account.into(), holder: holder.into() })
    }
}

/// Weights 3, 7 and 1 over the first 17 digits. Source: clabe 2.1.11, `validations.py`.
fn has_check_digit(clabe: &str) -> bool {
    let digits = clabe.bytes().map(|it| u32::from(it.wrapping_sub(b'0')));
    let sum: u32 = digits.zip([3, 7, 1].into_iter().cycle()).take(17).map(|(it, by)| it * by).sum();
    let last = clabe.bytes().last().map(|it| u32::from(it.wrapping_sub(b'0')));
    last == Some((10 - sum % 10) % 10)
}

/// The end of an account.
pub(super) fn last_four(account: &str) -> &str {
    account.get(account.len().saturating_sub(4)..).unwrap_or_default()
}

/// Source: manual, always this.
const BANK_ACCOUNT: &str = "bank_account";

/// Source: manual, fewer than 250 characters.
const HOLDER_CHARS_MAX: usize = 249;

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `conekta.md: 7`.
    #[test]
    fn check_digits_are_those_of_known_numbers() {
        for (clabe, expected) in [
            ("123456789012345678", false),
            ("123456789012345673", true),
            ("072225008217746674", true),
            ("032180000118359719", true),
            ("002320074024662727", true),
            ("002115016003269411", true),
            ("098765432101234564", true),
            ("012180023547896764", false),
            ("000000000000000000", true),
            ("646180000000000012", true),
        ] {
            assert_eq!(has_check_digit(clabe), expected, "{clabe}");
        }
    }
}
