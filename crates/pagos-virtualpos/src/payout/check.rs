//! Checks the fields of an order: each becomes its wire form, or a violation with a remedy.
//! `bank.rs` checks banks.
//!
//! Nothing is shortened or guessed. Texts are converted to Unicode's composed form (NFC), because
//! `é` and `e´` are two different texts when the signed bytes are compared with the sent ones.

use unicode_normalization::UnicodeNormalization;

use std::ops::RangeInclusive;

use pagos_core::{Currency, Document, DocumentType, Money, Rut, Violation};
use pagos_wire::is_mail_address;

use crate::{
    contract::{ACCOUNT_DIGITS_MAX, EMAIL_LENGTH_MAX, MESSAGE_LENGTH_MAX, NAME_LENGTH_MAX},
    settings::RutCheck,
};

/// Whole pesos.
pub(crate) fn read_amount(
    limits_minor: &RangeInclusive<i64>,
    amount: Money,
) -> Result<i64, Violation> {
    if amount.currency != Currency::Clp {
        let because = format!("VirtualPOS pays CLP, not {}", amount.currency);
        let found = Violation::new("currency", because, "write the amount in CLP");
        return Err(found.in_spanish(
            format!("VirtualPOS paga CLP, no {}", amount.currency),
            "escriba el monto en CLP",
        ));
    }
    if !limits_minor.contains(&amount.minor) {
        let (least, most) = (limits_minor.start(), limits_minor.end());
        return Err(Violation::new(
            "amount",
            format!("{amount} is not between {least} and {most} CLP"),
            "change the amount, or the limits in the configuration if your contract has others",
        )
        .in_spanish(
            format!("{amount} no está entre {least} y {most} CLP"),
            "cambie el monto, o los límites en la configuración si su contrato tiene otros",
        ));
    }
    Ok(amount.minor)
}

/// `12345678-5`: no dots (source: manual), `K` in upper case \[inferred\].
pub(crate) fn read_rut(check: RutCheck, document: Option<&Document>) -> Result<String, Violation> {
    let refused = |because: &str, es: &str| {
        Violation::new("document", because, "write the RUT of the account's holder: 12345678-5")
            .in_spanish(es, "escriba el RUT del titular de la cuenta: 12345678-5")
    };
    let document = document.ok_or_else(|| refused("the RUT is missing", "falta el RUT"))?;
    if document.kind() == DocumentType::Rut {
        let rut = document.number().parse::<Rut>();
        let rut = rut.map_err(|error| refused(error.message(), "no es un RUT correcto"))?;
        return Ok(rut.without_dots());
    }
    match check {
        RutCheck::Strict => Err(refused(
            "VirtualPOS pays holders of a RUT",
            "VirtualPOS paga a titulares de un RUT",
        )),
        RutCheck::ShapeOnly => shaped(document.number())
            .ok_or_else(|| refused("it has not the shape of a RUT", "no tiene la forma de un RUT")),
    }
}

/// A RUT whose check digit is not verified.
fn shaped(number: &str) -> Option<String> {
    let rut = number.replace('.', "").to_ascii_uppercase();
    let (digits, check) = rut.split_once('-')?;
    let is_number = (1..=8).contains(&digits.len()) && is_digits(digits);
    let is_check = check == "K" || (check.len() == 1 && is_digits(check));
    (is_number && is_check).then_some(rut)
}

pub(crate) fn read_name(name: &str) -> Result<String, Violation> {
    let remedies =
        ["write the account holder's name", "escriba el nombre del titular de la cuenta"];
    read_text("name", name, NAME_LENGTH_MAX, remedies)
}

/// The message that the payee may see.
pub(crate) fn read_message(message: &str) -> Result<String, Violation> {
    let remedies = ["write a short text on one line", "escriba un texto corto en una línea"];
    read_text("description", message, MESSAGE_LENGTH_MAX, remedies)
}

/// Required. Source: manual (the structure has it).
pub(crate) fn read_email(email: Option<&str>) -> Result<&str, Violation> {
    let refused = |because: String, es: String| {
        Violation::new("email", because, "write the payee's mail address")
            .in_spanish(es, "escriba el correo del beneficiario")
    };
    let email = email.ok_or_else(|| {
        refused("the mail address is missing".to_owned(), "falta el correo".to_owned())
    })?;
    let is_plain = email.bytes().all(|byte| byte.is_ascii_graphic());
    match is_plain && is_mail_address(email) && email.len() <= EMAIL_LENGTH_MAX {
        true => Ok(email),
        false => Err(refused(
            format!("it is no mail address of up to {EMAIL_LENGTH_MAX} plain characters"),
            format!("no es un correo de hasta {EMAIL_LENGTH_MAX} caracteres simples"),
        )),
    }
}

/// The number as it is given, with leading zeros. \[inferred\]: the manual's is a text of digits.
pub(crate) fn read_account(number: &str) -> Result<&str, Violation> {
    match number.len() <= ACCOUNT_DIGITS_MAX && is_digits(number) {
        true => Ok(number),
        false => Err(Violation::new(
            "account",
            format!("an account number is 1 to {ACCOUNT_DIGITS_MAX} digits"),
            "write it without dashes; a CuentaRUT's is the RUT without its check digit",
        )
        .in_spanish(
            format!("un número de cuenta tiene de 1 a {ACCOUNT_DIGITS_MAX} dígitos"),
            "escríbalo sin guiones; el de una CuentaRUT es el RUT sin su dígito verificador",
        )),
    }
}

fn read_text(
    field: &'static str,
    text: &str,
    length_max: usize,
    [remedy, es_remedy]: [&str; 2],
) -> Result<String, Violation> {
    if text.trim().is_empty() {
        let found = Violation::new(field, "it is empty", remedy);
        return Err(found.in_spanish("está vacío", es_remedy));
    }
    if text.chars().any(char::is_control) {
        let found = Violation::new(field, "it has line breaks or control characters", remedy);
        let es = "tiene saltos de línea o caracteres de control";
        return Err(found.in_spanish(es, es_remedy));
    }
    let text: String = text.nfc().collect();
    let length = text.chars().count();
    if length > length_max {
        let because = format!("{length} characters, and {length_max} are the most");
        let found = Violation::new(field, because, "shorten it; it is never cut for you");
        return Err(found.in_spanish(
            format!("tiene {length} caracteres, y el máximo es {length_max}"),
            "acórtelo; Pagos nunca lo corta",
        ));
    }
    Ok(text)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ruts_are_sent_without_dots() {
        let read =
            |check, kind, number| read_rut(check, Some(&Document::new(kind, number).unwrap())).ok();
        let cases = [
            ("12.345.678-5", "12345678-5"),
            ("123456785", "12345678-5"),
            ("20347878-k", "20347878-K"),
            ("11111117-0", "11111117-0"),
        ];
        for (number, expected) in cases {
            let rut = read(RutCheck::Strict, DocumentType::Rut, number);
            assert_eq!(rut.as_deref(), Some(expected), "{number}");
        }
        assert_eq!(read(RutCheck::Strict, DocumentType::Passport, "12345678-5"), None);
        let shape = |number| read(RutCheck::ShapeOnly, DocumentType::Passport, number);
        assert_eq!(shape("1111111-1").as_deref(), Some("1111111-1"));
        assert_eq!(shape("1.111.111-k").as_deref(), Some("1111111-K"));
        for bad in ["11111111", "123456789-1", "1111111-12", "ABC-1", "1-1-1"] {
            assert_eq!(shape(bad), None, "{bad}");
        }
        assert!(read_rut(RutCheck::ShapeOnly, None).is_err());
    }

    #[test]
    fn texts_are_composed_and_never_cut() {
        assert_eq!(read_message("Devolucio\u{301}n").unwrap(), "Devoluci\u{f3}n");
        assert_eq!(read_name("José Ñandú").unwrap(), "José Ñandú");
        assert!(read_message(&"o\u{301}".repeat(255)).is_ok());
        let long = "ó".repeat(256);
        for bad in ["", " ", "a\nb", "a\u{7f}b", long.as_str()] {
            assert!(read_message(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn mail_addresses_and_accounts_are_plain() {
        for good in ["jose@example.com", "a@b"] {
            assert_eq!(read_email(Some(good)).unwrap(), good);
        }
        let long = format!("{}@example.com", "e".repeat(244));
        for bad in ["", "jose", "@example.com", "a@", "a@b@c", "a b@c", "josé@example.com", &long]
        {
            assert!(read_email(Some(bad)).is_err(), "{bad}");
        }
        assert!(read_email(None).is_err());
        assert_eq!(read_account("00123456789").unwrap(), "00123456789");
        for bad in ["", "123456789012345678901", "12-34", "1E+10", "١٢٣"] {
            let refused = read_account(bad).unwrap_err();
            assert!(bad.is_empty() || !refused.to_string().contains(bad), "{bad}");
        }
    }
}
