//! Finds what looks odd in a single order but may be right: it causes a warning, never a refusal.

use encoding_rs::WINDOWS_1252;
use pagos_core::{AccountType, Beneficiary, PayoutOrder};

use crate::{
    input::column::Column,
    words::{Text, file},
};

/// The number of digits that a spreadsheet keeps.
const SHEET_DIGITS: usize = 15;

/// The minimum digits of a telephone number without its country code, and the length of a country
/// code such as +593 or +521.
const PHONE_DIGITS_MIN: usize = 8;
const COUNTRY_DIGITS_MAX: usize = 3;

/// Something odd in one field, without the field's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Doubt {
    pub(crate) column: Column,
    pub(crate) because: Text,
    pub(crate) remedy: Text,
}

/// Everything odd in an order.
pub(crate) fn of_order(order: &PayoutOrder) -> Vec<Doubt> {
    let beneficiary = &order.beneficiary;
    let mut doubts = Vec::new();
    let texts = [
        (Column::Name, Some(&beneficiary.name)),
        (Column::Description, order.description.as_ref()),
    ];
    for (column, text) in texts {
        if text.is_some_and(|text| is_decoded_twice(text)) {
            let (because, remedy) = (file::looks_decoded_twice(), file::open_as_utf8());
            doubts.push(Doubt { column, because, remedy });
        }
    }
    if !beneficiary.name.chars().any(char::is_alphabetic) {
        let (because, remedy) = (file::has_no_letter(), file::are_columns_in_order());
        doubts.push(Doubt { column: Column::Name, because, remedy });
    }
    if is_cut(beneficiary.account_number.as_str()) {
        let (because, remedy) = (file::ends_in_zeros(), file::compare_with_source());
        doubts.push(Doubt { column: Column::Account, because, remedy });
    }
    if let Some(because) = same_as_another_number(beneficiary) {
        let remedy = file::are_columns_mixed();
        doubts.push(Doubt { column: Column::Account, because, remedy });
    }
    doubts
}

/// An account number that equals another number of the same person. A wallet's number often is the
/// telephone number, and a Cuenta RUT's is the RUT without its check digit.
fn same_as_another_number(beneficiary: &Beneficiary) -> Option<Text> {
    let account = bare(beneficiary.account_number.as_str());
    let document = beneficiary.document.as_ref().map(|document| bare(document.number()));
    if document.is_some_and(|document| document == account) {
        return Some(file::is_the_document_too());
    }
    let phone = beneficiary.phone.as_deref().map(bare)?;
    // With or without the country code.
    let (long, short) =
        if phone.len() > account.len() { (phone, account) } else { (account, phone) };
    let is_same = short.len() >= PHONE_DIGITS_MIN
        && long.len() - short.len() <= COUNTRY_DIGITS_MAX
        && long.ends_with(&short);
    let is_usual = beneficiary.account_type == AccountType::Wallet;
    (is_same && !is_usual).then_some(file::is_the_phone_too())
}

/// Letters and digits, without leading zeros.
fn bare(number: &str) -> String {
    let letters = number.chars().filter(char::is_ascii_alphanumeric);
    let letters = letters.skip_while(|letter| *letter == '0');
    letters.map(|letter| letter.to_ascii_uppercase()).collect()
}

/// UTF-8 that was read as Windows-1252 becomes valid UTF-8 again when that is reversed.
fn is_decoded_twice(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let (bytes, _, has_others) = WINDOWS_1252.encode(text);
    !has_others && std::str::from_utf8(&bytes).is_ok()
}

fn is_cut(number: &str) -> bool {
    let is_digits = number.bytes().all(|byte| byte.is_ascii_digit());
    let rest = number.as_bytes().get(SHEET_DIGITS..).unwrap_or(&[]);
    is_digits && !rest.is_empty() && rest.iter().all(|byte| *byte == b'0')
}

#[cfg(test)]
mod tests {
    use pagos_core::{AccountNumber, Document, DocumentType};

    use super::*;

    #[test]
    fn world_9_accents_that_were_decoded_twice_are_seen() {
        for text in ["JosÃ©", "PeÃ±a", "Ã‘uble", "Â¿SÃ\u{AD}?", "Bogotâ€œ"] {
            assert!(is_decoded_twice(text), "{text}");
        }
        for text in ["José", "Ñuble", "João São", "Ã", "Ana", "Łukasz", "GARCÍA Ó"] {
            assert!(!is_decoded_twice(text), "{text}");
        }
    }

    #[test]
    fn world_10_an_account_that_is_another_number_is_seen() {
        let document = |kind, number: &str| Some(Document::new(kind, number).unwrap());
        let (cc, rut) = (DocumentType::Cc, DocumentType::Rut);
        let of_document = Some("is the number of the document too");
        let of_phone = Some("is the number of the telephone too");
        for (document, phone, account, account_type, expected) in [
            (document(cc, "1012345678"), None, "1012345678", AccountType::Savings, of_document),
            (document(cc, "1.012.345.678"), None, "01012345678", AccountType::Card, of_document),
            (document(rut, "12.345.678-5"), None, "123456785", AccountType::Sight, of_document),
            (document(rut, "12.345.678-5"), None, "12345678", AccountType::Sight, None),
            (None, Some("+573001234567"), "3001234567", AccountType::Savings, of_phone),
            (None, Some("3001234567"), "573001234567", AccountType::Savings, of_phone),
            (None, Some("3001234567"), "3001234567", AccountType::Wallet, None),
            (None, Some("3001234567"), "99993001234567", AccountType::Savings, None),
            (None, Some("3001234567"), "4567", AccountType::Savings, None),
        ] {
            let beneficiary = Beneficiary {
                name: "Ana".to_owned(),
                document,
                bank: None,
                account_type,
                account_number: AccountNumber::new(account).unwrap(),
                email: None,
                phone: phone.map(str::to_owned),
            };
            let found = same_as_another_number(&beneficiary);
            assert_eq!(found.as_ref().map(Text::english), expected, "{account}");
        }
    }

    #[test]
    fn world_10_long_numbers_that_end_in_zeros_are_seen() {
        for (number, expected) in [
            ("1234567890123450", true),
            ("123456789012345000", true),
            ("123456789012345", false),
            ("123456789012345100", false),
            ("123456789012340", false),
            ("12345678901234AB", false),
        ] {
            assert_eq!(is_cut(number), expected, "{number}");
        }
    }
}
