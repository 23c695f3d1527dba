//! The accounts of payees: what is asked of one, and how it is shown.
//! Moves no money; a transfer keeps the account that its payee had when it began.

use std::sync::Arc;

use pagos_core::Timestamp;
use serde_json::Value;

use super::{
    Conekta, bank,
    refusal::Refusal,
    request::invalid,
    scenario,
    settings::Switches,
    wire::{self, DestinationShown},
};
use crate::{fields::Fields, machine::Protocol};

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
            currency: Conekta::CURRENCY,
            last4: last_four(&self.draft.account),
            account_holder_name: &self.draft.holder,
            bank: bank::label(&self.draft.account),
            deleted: self.is_deleted.then_some(true),
        }
    }
}

impl Draft {
    /// Source: manual. A wrong `type` is answered as if Conekta itself had broken down.
    pub(super) fn read(value: &Value, switches: &Switches) -> Result<Self, Refusal> {
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
        if !is_clabe || (switches.strict_clabe && !has_check_digit(&account)) {
            return Err(Refusal::wrong_account());
        }
        let holder = fields.required("account_holder_name", HOLDER_CHARS_MAX)?;
        scenario::of_text(holder).map_err(|_| invalid("account_holder_name"))?;
        Ok(Self { account: account.into(), holder: holder.into() })
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
pub(super) const BANK_ACCOUNT: &str = "bank_account";

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
