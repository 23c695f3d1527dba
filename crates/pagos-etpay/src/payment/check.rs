//! Checks the fields of a payment order: each becomes its wire form, or a violation.

use pagos_core::{
    BankCode, Currency, DocumentType, Environment, Metadata, Money, OrderKey, PaymentOrder, Rut,
    Violation,
};
use pagos_wire::{WebhookUrl, is_mail_address};

use crate::{
    bank::{self, Basis},
    config::PaymentSettings,
    wire::MetadataLine,
};

/// ETpay does not state these limits. \[inferred\]
const METADATA_NAME_LENGTH_MAX: usize = 64;
const METADATA_VALUE_LENGTH_MAX: usize = 255;
const EMAIL_LENGTH_MAX: usize = 254;

/// ETpay states no limit and advises three or four. Source: docs: D12. \[inferred\]
const METADATA_LINES_MAX: usize = 20;

/// The bank of the sandbox. Source: sdk.
const TEST_BANK: &str = "cl_test";

/// The payer.
#[derive(Clone)]
pub(crate) struct Payer {
    /// `123456785`: no dots, no dash, `K` in upper case. Source: sdk.
    pub(crate) rut: Option<String>,
    pub(crate) is_locked: bool,
}

/// ETpay accepts up to 64 letters and digits. Source: manual. Our keys may also contain `_` and
/// `-`, and such keys are refused: a key that was changed on its way could become that of another
/// order.
pub(crate) fn read_key(key: &OrderKey) -> Result<&str, Violation> {
    match key.as_str().bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        true => Ok(key.as_str()),
        false => Err(Violation::new(
            "key",
            "ETpay takes letters and digits only",
            "choose keys without _ and -",
        )
        .in_spanish("ETpay solo acepta letras y dígitos", "elija claves sin _ ni -")),
    }
}

pub(crate) fn read_amount(payments: &PaymentSettings, amount: Money) -> Result<i64, Violation> {
    let (minor_min, minor_max) = (payments.amount_minor_min, payments.amount_minor_max);
    if amount.currency != Currency::Clp {
        let because = format!("ETpay collects CLP, not {}", amount.currency);
        return Err(Violation::new("amount", because, "write the amount in CLP").only_in_english());
    }
    if !(minor_min..=minor_max).contains(&amount.minor) {
        let because = format!("{amount} is not within {minor_min} and {minor_max} CLP");
        let remedy = "change the amount, or the account's limits if ETpay gave you others";
        return Err(Violation::new("amount", because, remedy).only_in_english());
    }
    Ok(amount.minor)
}

/// The payer's email address, which may be used for refunds. Source: docs: D12.
pub(crate) fn read_email(email: Option<&str>) -> Result<Option<&str>, Violation> {
    let Some(email) = email else { return Ok(None) };
    let is_plain = !email.chars().any(|letter| letter.is_whitespace() || letter.is_control());
    match email.len() <= EMAIL_LENGTH_MAX && is_plain && is_mail_address(email) {
        true => Ok(Some(email)),
        false => Err(Violation::new(
            "email",
            format!("it is no mail address of up to {EMAIL_LENGTH_MAX} characters"),
            "correct it, or leave it out",
        )
        .in_spanish(
            format!("no es un correo de hasta {EMAIL_LENGTH_MAX} caracteres"),
            "corríjalo o déjelo vacío",
        )),
    }
}

pub(crate) fn read_metadata(lines: &[Metadata]) -> Result<Vec<MetadataLine<'_>>, Violation> {
    let refused =
        |because: String| Violation::new("metadata", because, "shorten it").only_in_english();
    if lines.len() > METADATA_LINES_MAX {
        return Err(refused(format!("more than {METADATA_LINES_MAX} lines")));
    }
    let mut read = Vec::with_capacity(lines.len());
    for (number, line) in (1..).zip(lines) {
        if !is_text(&line.name, 1, METADATA_NAME_LENGTH_MAX) {
            return Err(refused(format!(
                "the name of line {number} is not 1 to {METADATA_NAME_LENGTH_MAX} characters"
            )));
        }
        if !is_text(&line.value, 0, METADATA_VALUE_LENGTH_MAX) {
            return Err(refused(format!(
                "the value of line {number} is longer than {METADATA_VALUE_LENGTH_MAX} characters"
            )));
        }
        read.push(MetadataLine { name: &line.name, value: &line.value, show: line.is_shown });
    }
    Ok(read)
}

/// The order's page, else the account's. ETpay refuses pages that are not in its rules for the
/// merchant. Source: docs: D16.
pub(crate) fn read_page<'a>(
    field: &'static str,
    environment: Environment,
    ordered: Option<&'a str>,
    configured: Option<&'a WebhookUrl>,
) -> Result<Option<&'a str>, Violation> {
    let Some(url) = ordered else { return Ok(configured.map(WebhookUrl::as_str)) };
    match WebhookUrl::parse_visited(field, url, environment) {
        Ok(_) => Ok(Some(url)),
        Err(error) => {
            Err(Violation::new(field, error.message(), "write another URL").only_in_english())
        }
    }
}

/// ETpay's name of the payer's bank, in lower case as on its pages; the number is accepted too.
/// Only documented names are accepted: otherwise the payer would see the form of a bank that does
/// not exist.
pub(crate) fn read_bank(
    environment: Environment,
    bank: Option<&BankCode>,
) -> Result<Option<&'static str>, Violation> {
    let Some(bank) = bank.map(BankCode::as_str) else { return Ok(None) };
    if environment == Environment::Sandbox && bank.eq_ignore_ascii_case(TEST_BANK) {
        return Ok(Some(TEST_BANK));
    }
    match bank::find(bank).filter(|row| row.basis == Basis::Documented) {
        Some(row) => Ok(Some(row.id)),
        None => Err(Violation::new(
            "bank",
            format!("{bank:?} is not a bank that ETpay can send payers to"),
            "write one of cl_estado, cl_santander, cl_bch, cl_bci, cl_falabella, cl_itau, \
             cl_scotiabank, cl_mach, or leave it out and let the payer choose",
        )
        .only_in_english()),
    }
}

/// The payer's RUT that is filled in, and whether only its holder may pay.
pub(crate) fn read_payer(order: &PaymentOrder) -> Result<Payer, Violation> {
    let refused = |because, remedy| Violation::new("document", because, remedy).only_in_english();
    let is_locked = order.is_document_locked;
    let Some(document) = &order.document else {
        return match is_locked {
            true => Err(refused("there is no RUT to lock the payment to", "write the payer's RUT")),
            false => Ok(Payer { rut: None, is_locked }),
        };
    };
    if document.kind() != DocumentType::Rut {
        return Err(refused("ETpay knows payers by their RUT", "write a RUT, or leave it out"));
    }
    let rut: Rut = document
        .number()
        .parse()
        .map_err(|_| refused("the RUT cannot be read", "correct the RUT"))?;
    Ok(Payer { rut: Some(plain(rut)), is_locked })
}

/// `123456785`. Source: sdk; docs: D22.
fn plain(rut: Rut) -> String {
    rut.without_dots().replace('-', "")
}

fn is_text(text: &str, length_min: usize, length_max: usize) -> bool {
    let is_long_enough = text.trim().chars().count() >= length_min;
    is_long_enough && text.chars().count() <= length_max && !text.chars().any(char::is_control)
}
