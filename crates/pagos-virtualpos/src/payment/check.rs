//! Checks the fields of a payment order. `payout/check.rs` has what payouts share.

use base64::{Engine, engine::general_purpose::STANDARD};

use pagos_core::{Currency, Document, Money, PaymentOrder, Violation};
use pagos_wire::WebhookUrl;

use crate::{
    config::{PaymentSettings, Settings},
    payout,
    settings::RutCheck,
};

/// A name, split in two.
pub(crate) struct Name {
    pub(crate) first: String,
    pub(crate) last: String,
}

/// Whole pesos. No limit is published.
pub(crate) fn read_amount(amount: Money) -> Result<i64, Violation> {
    if amount.currency != Currency::Clp {
        let because = format!("VirtualPOS collects CLP, not {}", amount.currency);
        return Err(
            Violation::new("currency", because, "write the amount in CLP").only_in_english()
        );
    }
    match amount.minor >= 1 {
        true => Ok(amount.minor),
        false => Err(Violation::new("amount", "it is below 1 CLP", "write a larger amount")
            .only_in_english()),
    }
}

pub(crate) fn read_email(email: Option<&str>) -> Result<&str, Violation> {
    payout::check::read_email(email)
}

/// `social_id`: the RUT, with its dash in the samples. Source: code: K.
pub(crate) fn read_rut(document: Option<&Document>) -> Result<String, Violation> {
    payout::check::read_rut(RutCheck::Strict, document).map_err(|found| {
        Violation::new(found.field, found.because, "write the payer's RUT: 12345678-5")
            .only_in_english()
    })
}

/// The first word is the first name, the others are the last name. \[inferred\]: there are two
/// fields, and no rule for names such as `María José`.
pub(crate) fn read_name(name: Option<&str>) -> Result<Name, Violation> {
    let name = payout::check::read_name(name.unwrap_or_default()).map_err(|found| {
        Violation::new(found.field, found.because, "write the payer's name").only_in_english()
    })?;
    match name.trim().split_once(' ') {
        Some((first, last)) => Ok(Name { first: first.to_owned(), last: last.trim().to_owned() }),
        None => {
            Err(Violation::new("name", "it is one word", "write first and last name")
                .only_in_english())
        }
    }
}

/// `569NNNNNNNN`. Source: code: K.
pub(crate) fn read_phone(phone: Option<&str>) -> Result<Option<String>, Violation> {
    let Some(phone) = phone else { return Ok(None) };
    let digits: String =
        phone.chars().filter(|letter| !matches!(letter, '+' | ' ' | '-' | '(' | ')')).collect();
    let is_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    match is_digits && digits.len() == 11 && digits.starts_with("569") {
        true => Ok(Some(digits)),
        false => Err(Violation::new(
            "phone",
            "it is no Chilean mobile number",
            "write 569 and eight digits, or leave it out",
        )
        .only_in_english()),
    }
}

pub(crate) fn read_description(
    settings: &Settings,
    description: Option<&str>,
) -> Result<String, Violation> {
    let description = description.filter(|text| !text.trim().is_empty());
    payout::check::read_message(description.unwrap_or(&settings.default_message))
}

/// The order's page, else the account's.
pub(crate) fn read_return_url<'a>(
    payments: &'a PaymentSettings,
    ordered: Option<&'a str>,
) -> Result<Option<&'a str>, Violation> {
    let Some(url) = ordered else {
        return Ok(payments.return_url.as_ref().map(|url| url.as_str()));
    };
    match WebhookUrl::parse_visited("return_url", url, payments.environment) {
        Ok(_) => Ok(Some(url)),
        Err(error) => {
            Err(Violation::new("return_url", error.message(), "write another URL")
                .only_in_english())
        }
    }
}

/// Refuses what VirtualPOS has no field for: a lock that nobody enforces, a line that nobody stores
/// and a page that nobody is sent to must not be dropped silently. The payer chooses the bank.
pub(crate) fn refuse_rest(order: &PaymentOrder) -> Vec<Violation> {
    let cases = [
        ("is_document_locked", order.is_document_locked, "a payment cannot be locked to a RUT"),
        ("cancel_url", order.cancel_url.is_some(), "there is one page for every outcome"),
        ("metadata", !order.metadata.is_empty(), "VirtualPOS keeps no further lines"),
    ];
    let asked_for = cases.into_iter().filter(|(_, is_asked_for, _)| *is_asked_for);
    asked_for
        .map(|(field, _, because)| Violation::new(field, because, "leave it out").only_in_english())
        .collect()
}

/// Encodes a URL in Base64 with the standard alphabet and padding. Source: public code.
pub(crate) fn encode_url(url: &str) -> String {
    STANDARD.encode(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_split_at_its_first_blank() {
        let read = |name| read_name(Some(name)).map(|name| (name.first, name.last)).ok();
        let pair = |first: &str, last: &str| Some((first.to_owned(), last.to_owned()));
        assert_eq!(read("José Ñandú"), pair("José", "Ñandú"));
        assert_eq!(read(" María José  Pérez "), pair("María", "José  Pérez"));
        assert_eq!(read("María"), None);
        assert_eq!(read(""), None);
        assert!(read_name(None).is_err());
    }

    #[test]
    fn telephones_are_chilean_mobiles() {
        for good in ["56912345678", "+56 9 1234 5678", "+56-9-12345678"] {
            assert_eq!(read_phone(Some(good)).unwrap().as_deref(), Some("56912345678"), "{good}");
        }
        for bad in ["", "912345678", "56212345678", "569123456789", "5691234567a"] {
            assert!(read_phone(Some(bad)).is_err(), "{bad}");
        }
        assert_eq!(read_phone(None).unwrap(), None);
    }

    #[test]
    fn urls_are_padded() {
        assert_eq!(encode_url("https://a.example"), "aHR0cHM6Ly9hLmV4YW1wbGU=");
    }
}
