//! The instruction that is signed, sent and kept: `tef`. Who may send it is not looked at here.

use std::{fmt, sync::Arc};

use serde_json::Value;

use super::{request::Refusal, settings::Switches};
use crate::{
    chile::check_digit,
    fields::{Fields, Flaw},
};

/// An instruction with every key of the manual's structure and no other. Two of them are equal if
/// the JSON values are.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Instruction {
    pub(super) merchant_id: Arc<str>,
    pub(super) message: Box<str>,
    pub(super) amount_minor: i64,
    pub(super) rut: Box<str>,
    pub(super) name: Box<str>,
    pub(super) email: Box<str>,
    pub(super) sbif_code: Box<str>,
    pub(super) account_number: Arc<str>,
}

impl Instruction {
    /// Reads the keys, all of them required. That others are refused is `[sim]`: nothing says that
    /// they are tolerated. Source: manual for the structure; `virtualpos.md` 10, check 7.
    pub(super) fn read(tef: &Value) -> Result<Self, Flaw> {
        let tef = Fields::of(tef).ok_or_else(|| Flaw::wrong("tef"))?;
        tef.only(&["merchant_id", "message", "amount", "recipient", "bank"])?;
        let recipient = tef.object("recipient")?;
        recipient.only(&["rut", "name", "email"])?;
        let bank = tef.object("bank")?;
        bank.only(&["sbif_code", "account_number"])?;
        Ok(Self {
            merchant_id: tef.required("merchant_id", 64)?.into(),
            message: tef.required("message", 255)?.into(),
            amount_minor: tef.amount("amount", i64::MAX)?,
            rut: recipient.required("rut", 10)?.into(),
            name: recipient.required("name", 255)?.into(),
            email: recipient.required("email", 255)?.into(),
            sbif_code: bank.required("sbif_code", 3)?.into(),
            account_number: bank.required("account_number", 20)?.into(),
        })
    }

    /// Looks at the values. Source: `virtualpos.md` 10, check 8, and 5.4; all but the RUT without
    /// dots is inferred there.
    pub(super) fn check(&self, switches: &Switches) -> Result<(), Flaw> {
        let is_digits = |text: &str| text.bytes().all(|it| it.is_ascii_digit());
        let is_plain = |it: u8| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_');
        let checks = [
            ("merchant_id", self.merchant_id.bytes().all(is_plain)),
            ("message", !self.message.chars().any(char::is_control)),
            ("amount", self.amount_minor <= switches.amount_max),
            ("rut", is_rut(&self.rut, switches.strict_rut.then_some(check_digit))),
            ("email", self.email.split('@').count() == 2),
            ("sbif_code", self.sbif_code.len() == 3 && is_digits(&self.sbif_code)),
            ("account_number", is_digits(&self.account_number)),
        ];
        match checks.into_iter().find(|(_, is_right)| !is_right) {
            Some((name, _)) => Err(Flaw::wrong(name)),
            None => Ok(()),
        }
    }
}

/// Without everything personal, which is nearly all of it.
impl fmt::Debug for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instruction")
            .field("merchant_id", &self.merchant_id)
            .finish_non_exhaustive()
    }
}

/// The instruction in a body, in any of three shapes: `{"tef":T}`, `{"api_key":K,"tef":T}` or `T`.
/// Which one is right is not published.
pub(super) fn tef_of(body: &[u8], api_key: Option<&Value>) -> Result<Value, Refusal> {
    let mut body: Value = serde_json::from_slice(body).map_err(|_| Flaw::wrong("body"))?;
    if body.get("api_key").is_some_and(|it| Some(it) != api_key) {
        return Err(Refusal::signature("api_key de otra cuenta"));
    }
    Ok(match body.get_mut("tef") {
        Some(tef) => tef.take(),
        None => body,
    })
}

/// Up to eight digits without dots, a hyphen, and the check digit, `K` in upper case.
pub(super) fn is_rut(text: &str, check: Option<fn(&str) -> u8>) -> bool {
    let Some((body, digit)) = text.split_once('-') else {
        return false;
    };
    let is_body = (1..=8).contains(&body.len()) && body.bytes().all(|it| it.is_ascii_digit());
    let [digit @ (b'0'..=b'9' | b'K')] = digit.as_bytes() else {
        return false;
    };
    is_body && check.is_none_or(|check| check(body) == *digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ruts_have_no_dots() {
        for (text, has_shape, is_right) in [
            ("11111111-1", true, true),
            ("12345678-5", true, true),
            ("20347878-K", true, true),
            ("1-9", true, true),
            ("1111111-1", true, false),
            ("12345678-9", true, false),
            ("20347878-k", false, false),
            ("12.345.678-5", false, false),
            ("123456785", false, false),
            ("123456789-1", false, false),
            ("-1", false, false),
            ("1-", false, false),
            ("1-11", false, false),
            ("1-1-1", false, false),
            ("ñ-1", false, false),
            ("", false, false),
        ] {
            assert_eq!(is_rut(text, None), has_shape, "{text}");
            assert_eq!(is_rut(text, Some(check_digit)), is_right, "{text}");
        }
    }
}
