//! Checks the fields of an order: each becomes its wire form, or a violation with a remedy.
//! `bank.rs` compares banks.

use std::ops::RangeInclusive;

use pagos_core::{AccountNumber, AccountType, Clabe, Currency, Money, Violation};
use pagos_wire::is_mail_address;

use crate::contract::{EMAIL_LENGTH_MAX, NAME_LENGTH_MAX, PHONE_DIGITS};

/// The amount in centavos, which need not be whole pesos. Source: manual.
pub(crate) fn read_amount(
    limits_minor: &RangeInclusive<i64>,
    amount: Money,
) -> Result<i64, Violation> {
    let limit = |minor: &i64| Money::new(*minor, Currency::Mxn);
    if amount.currency != Currency::Mxn {
        let because = format!("Conekta pays MXN, not {}", amount.currency);
        let found = Violation::new("currency", because, "write the amount in MXN");
        return Err(found.in_spanish(
            format!("Conekta paga MXN, no {}", amount.currency),
            "escriba el monto en MXN",
        ));
    }
    if !limits_minor.contains(&amount.minor) {
        let (least, most) = (limit(limits_minor.start()), limit(limits_minor.end()));
        return Err(Violation::new(
            "amount",
            format!("{amount} is not between {least} and {most}"),
            "change the amount, or AMOUNT_MIN and AMOUNT_MAX in the configuration",
        )
        .in_spanish(
            format!("{amount} no está entre {least} y {most}"),
            "cambie el monto, o AMOUNT_MIN y AMOUNT_MAX en la configuración",
        ));
    }
    Ok(amount.minor)
}

/// The holder's name, which is the payee's too. Source: manual; using one text for both is our
/// choice.
pub(crate) fn read_name(name: &str) -> Result<String, Violation> {
    let refused = |because: String, remedy: &str| Violation::new("name", because, remedy);
    if name.trim().is_empty() {
        return Err(refused("it is empty".to_owned(), "write the account holder's name")
            .in_spanish("está vacío", "escriba el nombre del titular de la cuenta"));
    }
    if name.chars().any(char::is_control) {
        let because = "it has line breaks or control characters".to_owned();
        return Err(refused(because, "write the account holder's name on one line").in_spanish(
            "tiene saltos de línea o caracteres de control",
            "escriba el nombre del titular de la cuenta en una línea",
        ));
    }
    let length = name.chars().count();
    if length > NAME_LENGTH_MAX {
        let because = format!("{length} characters, and {NAME_LENGTH_MAX} are the most");
        return Err(refused(because, "shorten it; it is never cut for you").in_spanish(
            format!("tiene {length} caracteres, y el máximo es {NAME_LENGTH_MAX}"),
            "acórtelo; Pagos nunca lo corta",
        ));
    }
    Ok(name.to_owned())
}

/// The manual's sample always has one; it is unknown whether it may be missing, so it is required.
pub(crate) fn read_email(email: Option<&str>) -> Result<String, Violation> {
    let refused = |because: String, es: String| {
        Violation::new("email", because, "write the payee's, or configure DEFAULT_EMAIL")
            .in_spanish(es, "escriba el del beneficiario, o configure DEFAULT_EMAIL")
    };
    let email = email.ok_or_else(|| {
        refused("the mail address is missing".to_owned(), "falta el correo".to_owned())
    })?;
    let is_plain = email.bytes().all(|byte| byte.is_ascii_graphic());
    match is_plain && is_mail_address(email) && email.len() <= EMAIL_LENGTH_MAX {
        true => Ok(email.to_owned()),
        false => Err(refused(
            format!("it is no mail address of up to {EMAIL_LENGTH_MAX} plain characters"),
            format!("no es un correo de hasta {EMAIL_LENGTH_MAX} caracteres simples"),
        )),
    }
}

/// Ten digits. Blanks, dashes, parentheses and Mexico's `+52` are removed. Like the email address,
/// it is required.
pub(crate) fn read_phone(phone: Option<&str>) -> Result<String, Violation> {
    let refused = |because: &str, es: &str| {
        let remedy = "write ten digits, as 5512345678, or configure DEFAULT_PHONE";
        Violation::new("phone", because, remedy)
            .in_spanish(es, "escriba diez dígitos, como 5512345678, o configure DEFAULT_PHONE")
    };
    let phone =
        phone.ok_or_else(|| refused("the telephone number is missing", "falta el teléfono"))?;
    let bare = phone.replace([' ', '-', '(', ')', '.'], "");
    let national = bare.strip_prefix("+52").unwrap_or(&bare);
    let is_number = national.bytes().all(|byte| byte.is_ascii_digit());
    match is_number && national.len() == PHONE_DIGITS {
        true => Ok(national.to_owned()),
        false => Err(refused(
            "it is not a Mexican number of ten digits",
            "no es un número mexicano de diez dígitos",
        )),
    }
}

/// A CLABE with a correct check digit. An unknown bank is accepted: lists get old, and the manual's
/// own sample has one. Bank 000 is refused, because an empty form looks like that.
pub(crate) fn read_account(kind: AccountType, number: &AccountNumber) -> Result<Clabe, Violation> {
    let remedy = "write all 18 digits of the CLABE, as text";
    let es_remedy = "escriba los 18 dígitos de la CLABE, como texto";
    if kind != AccountType::Clabe {
        let because = format!("Conekta pays to a CLABE, not to an account of type {kind}");
        return Err(Violation::new("account_type", because, "write clabe").in_spanish(
            format!("Conekta paga a una CLABE, no a una cuenta de tipo {kind}"),
            "escriba clabe",
        ));
    }
    let account: Clabe = number.as_str().parse().map_err(|error: pagos_core::Error| {
        Violation::new("account", error.message(), remedy)
            .in_spanish("no es una CLABE correcta", es_remedy)
    })?;
    match account.bank() {
        "000" => Err(Violation::new("account", "there is no bank 000", remedy)
            .in_spanish("no existe el banco 000", es_remedy)),
        _ => Ok(account),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_fewer_than_250_characters() {
        for good in ["J", "José Núñez", &"ñ".repeat(249)] {
            assert_eq!(read_name(good).unwrap(), good);
        }
        for bad in ["", " ", "a\nb", "a\u{7f}", &"ñ".repeat(250)] {
            assert_eq!(read_name(bad).unwrap_err().field, "name", "{bad:?}");
        }
    }

    #[test]
    fn phones_become_ten_digits() {
        for good in ["5512345678", "55-1234-5678", "+52 (55) 1234 5678", "+525512345678"] {
            assert_eq!(read_phone(Some(good)).unwrap(), "5512345678", "{good}");
        }
        for bad in ["", "551234567", "55123456789", "+15512345678", "525512345678", "551234567x"] {
            assert_eq!(read_phone(Some(bad)).unwrap_err().field, "phone", "{bad}");
        }
        assert!(read_phone(Some("٥٥١٢٣٤٥٦٧٨")).is_err());
        assert!(read_phone(None).is_err());
    }

    #[test]
    fn mail_addresses_are_plain() {
        for good in ["jon@example.com", "a@b"] {
            assert_eq!(read_email(Some(good)).unwrap(), good);
        }
        let long = format!("{}@example.com", "e".repeat(243));
        for bad in ["", "jon", "@b", "a@", "a@b@c", "a b@c", "josé@example.com", &long] {
            assert_eq!(read_email(Some(bad)).unwrap_err().field, "email", "{bad}");
        }
        assert!(read_email(None).is_err());
    }

    #[test]
    fn accounts_are_clabes_with_their_check_digit() {
        let read =
            |number: &str| read_account(AccountType::Clabe, &AccountNumber::new(number).unwrap());
        let good = [
            "123456789012345673",
            "072225008217746674",
            "032180000118359719",
            "002320074024662727",
            "002115016003269411",
            "098765432101234564",
            "002180000000000012",
            "012180000000000015",
            "014180000000000013",
            "021180000000000019",
            "072180000000000013",
            "127180000000000010",
            "137180000000000013",
            "638180000000000017",
            "646180000000000012",
            "722969000000000018",
            "123180000000000014",
            "999999999999999995",
        ];
        for number in good {
            assert_eq!(read(number).unwrap().as_str(), number);
        }
        let bad = [
            "123456789012345678",
            "012180023547896764",
            "000000000000000000",
            "07222500821774667",
            "0722250082177466740",
            "07222500821774667x",
        ];
        for number in bad {
            let refused = read(number).unwrap_err();
            assert_eq!(refused.field, "account", "{number}");
            assert!(!refused.to_string().contains(number), "{number}");
        }
        let number = AccountNumber::new("072225008217746674").unwrap();
        let refused = read_account(AccountType::Savings, &number).unwrap_err();
        assert_eq!(refused.field, "account_type");
    }
}
