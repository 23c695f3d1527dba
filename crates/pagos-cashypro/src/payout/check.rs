//! Checks the fields of an order against the rules of a country: each becomes its wire form, or a
//! violation with a remedy. Rules that span several orders are elsewhere.

use pagos_core::{AccountType, Beneficiary, Clabe, Document, DocumentType, Money, Violation};
use pagos_wire::JsonDecimal;

use crate::{
    bank,
    config::{REMARK_LENGTH_MAX, Settings},
    country::{AccountRule, BankField, CountrySettings, Fraction, Presence},
};

/// The longest account number. Source: manual "Create Payout Order".
const ACCOUNT_LENGTH_MAX: usize = 32;

/// The longest telephone number. Source: manual "Create Payout Order".
pub(crate) const PHONE_LENGTH_MAX: usize = 32;

/// The amount on the wire: within the limits, and whole if the country requires that.
pub(crate) fn read_amount(
    country: &CountrySettings,
    amount: Money,
    decimals: u8,
) -> Result<JsonDecimal, Violation> {
    let currency = country.currency;
    if amount.currency != currency {
        return Err(Violation::new(
            "currency",
            format!("{} is not the currency of {}", amount.currency, country.country),
            format!("pay in {currency}, or through an account of another country"),
        )
        .in_spanish(
            format!("{} no es la moneda de {}", amount.currency, country.country),
            format!("pague en {currency}, o por una cuenta de otro país"),
        ));
    }
    let limits = [country.amount_minor_min, country.amount_minor_max];
    let [least, most] = limits.map(|minor| Money::new(minor, currency));
    if !(least.minor..=most.minor).contains(&amount.minor) {
        return Err(Violation::new(
            "amount",
            format!("{amount} is not between {least} and {most}"),
            "change the amount, or the limits in the configuration if your contract has others",
        )
        .in_spanish(
            format!("{amount} no está entre {least} y {most}"),
            "cambie el monto, o los límites en la configuración si su contrato tiene otros",
        ));
    }
    let fraction = |_| {
        Violation::new(
            "amount",
            format!("{amount} has cents and only whole amounts are sent"),
            "write a whole amount; nothing is rounded for you",
        )
        .in_spanish(
            format!("{amount} tiene centavos y solo se envían montos enteros"),
            "escriba un monto entero; Pagos no redondea nada",
        )
    };
    if country.fraction == Fraction::Refused {
        amount.to_major(0).map_err(fraction)?;
    }
    JsonDecimal::of(amount, decimals).map_err(fraction)
}

pub(crate) fn read_name<'a>(
    country: &CountrySettings,
    name: &'a str,
) -> Result<&'a str, Violation> {
    let length = name.chars().count();
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(Violation::new("name", "the name is empty", "write the account holder's name")
            .in_spanish("el nombre está vacío", "escriba el nombre del titular de la cuenta"));
    }
    if length > country.name_length_max {
        return Err(Violation::new(
            "name",
            format!("{length} characters, and {} are the most", country.name_length_max),
            "shorten it as the bank writes it; it is never cut for you",
        )
        .in_spanish(
            format!("tiene {length} caracteres, y el máximo es {}", country.name_length_max),
            "acórtelo como lo escribe el banco; Pagos nunca lo corta",
        ));
    }
    Ok(name)
}

/// A bank as the wire names it, in one of two ways by country.
pub(super) struct Bank<'a> {
    pub(super) id: Option<u32>,
    pub(super) ifsc: Option<&'a str>,
}

pub(super) fn read_bank<'a>(
    country: &CountrySettings,
    beneficiary: &'a Beneficiary,
) -> Result<Bank<'a>, Violation> {
    let Some(bank) = beneficiary.bank.as_ref().map(|bank| bank.as_str()) else {
        return Err(Violation::new("bank", "the bank is missing", "write its id")
            .in_spanish("falta el banco", "escriba su código"));
    };
    match country.bank_field {
        BankField::Ifsc => Ok(Bank { id: None, ifsc: Some(bank) }),
        BankField::BankId => Ok(Bank { id: Some(bank::read_id(country, bank)?), ifsc: None }),
    }
}

fn is_wallet(country: &CountrySettings, bank_id: Option<u32>) -> bool {
    bank_id.is_some_and(|id| country.wallet_banks.contains(&id))
}

/// Wallets take the type of a savings account. Source: docs: en/col/appendix "Payout Account Type".
pub(super) fn read_account_type(
    country: &CountrySettings,
    bank_id: Option<u32>,
    beneficiary: &Beneficiary,
) -> Result<&'static str, Violation> {
    let kind = beneficiary.account_type;
    let is_for_wallet = matches!(kind, AccountType::Savings | AccountType::Wallet);
    if is_wallet(country, bank_id) && !is_for_wallet {
        return Err(Violation::new(
            "account_type",
            format!("{kind} does not go with a wallet such as Nequi or Daviplata"),
            "write wallet or savings",
        )
        .in_spanish(
            format!("{kind} no corresponde a una billetera como Nequi o Daviplata"),
            "escriba wallet o savings",
        ));
    }
    match country.account_types.iter().find(|(known, _)| *known == kind) {
        Some((_, value)) => Ok(value),
        None => Err(Violation::new(
            "account_type",
            format!("{kind} accounts are not known in {}", country.country),
            "write one of the account types of this country",
        )
        .in_spanish(
            format!("en {} no hay cuentas {kind}", country.country),
            "escriba uno de los tipos de cuenta de este país",
        )),
    }
}

pub(super) fn read_account<'a>(
    country: &CountrySettings,
    bank_id: Option<u32>,
    beneficiary: &'a Beneficiary,
) -> Result<&'a str, Violation> {
    let number = beneficiary.account_number.as_str();
    if number.len() > ACCOUNT_LENGTH_MAX {
        return Err(Violation::new(
            "account",
            format!("longer than {ACCOUNT_LENGTH_MAX} characters"),
            "check the number",
        )
        .in_spanish(format!("tiene más de {ACCOUNT_LENGTH_MAX} caracteres"), "revise el número"));
    }
    let problem = match country.account_rule {
        AccountRule::Colombian if is_wallet(country, bank_id) => check_wallet(number),
        AccountRule::Colombian => check_bank_account(number),
        AccountRule::Mexican => check_mexican_account(number, beneficiary.account_type),
        AccountRule::Unchecked => None,
    };
    problem.map_or(Ok(number), Err)
}

// Guess: the manual's sample pays 3023612345 into bank 33, and Colombian mobile numbers have ten
// digits of which the first is 3.
fn check_wallet(number: &str) -> Option<Violation> {
    let is_mobile = number.len() == 10 && is_digits(number) && number.starts_with('3');
    (!is_mobile).then(|| {
        Violation::new(
            "account",
            "a wallet's account is a mobile number: ten digits, of which the first is 3",
            "write the number without country code, blanks and dashes",
        )
        .in_spanish(
            "la cuenta de una billetera es un número de celular: diez dígitos que comienzan con 3",
            "escriba el número sin código de país, espacios ni guiones",
        )
    })
}

// Guess: the documents give only a length. Refused are the typical errors of spreadsheets: an
// exponent, a decimal point, missing leading zeros.
fn check_bank_account(number: &str) -> Option<Violation> {
    if !is_digits(number) {
        let found = Violation::new(
            "account",
            "a Colombian account number is digits only",
            "write it without dashes; if it looks like 1.23E+10, a spreadsheet has spoilt it",
        );
        return Some(found.in_spanish(
            "un número de cuenta colombiano solo tiene dígitos",
            "escríbalo sin guiones; si parece 1.23E+10, una planilla lo dañó",
        ));
    }
    (number.len() < 6).then(|| {
        Violation::new(
            "account",
            "shorter than 6 digits",
            "check it; a spreadsheet may have removed zeros at its start",
        )
        .in_spanish(
            "tiene menos de 6 dígitos",
            "revíselo; una planilla puede haber quitado ceros a la izquierda",
        )
    })
}

/// Source: docs: en/mex/appendix (16 digits of a card or 18 of a CLABE, both checked there too).
fn check_mexican_account(number: &str, kind: AccountType) -> Option<Violation> {
    if kind == AccountType::Clabe {
        let is_clabe = number.parse::<Clabe>().is_ok();
        return (!is_clabe).then(|| {
            Violation::new("account", "not a CLABE", "write its 18 digits")
                .in_spanish("no es una CLABE", "escriba sus 18 dígitos")
        });
    }
    let is_card = number.len() == 16 && is_digits(number);
    (!is_card).then(|| {
        Violation::new(
            "account",
            "a card or bank number has 16 digits",
            "write them without blanks",
        )
        .in_spanish("un número de tarjeta o de banco tiene 16 dígitos", "escríbalos sin espacios")
    })
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A document as the wire names it.
pub(crate) struct WireDocument<'a> {
    pub(crate) kind: Option<&'static str>,
    pub(crate) number: Option<&'a str>,
}

/// The document, if the country requires or accepts one.
///
/// Digits only, except for passports: the format is not documented. \[inferred\] Nothing is
/// stripped, since a NIT with and without its check digit are two different numbers.
pub(crate) fn read_document<'a>(
    country: &CountrySettings,
    presence: Presence,
    document: Option<&'a Document>,
) -> Result<WireDocument<'a>, Violation> {
    let document = match (document, presence) {
        (Some(document), _) => document,
        (None, Presence::Optional) => return Ok(WireDocument { kind: None, number: None }),
        (None, Presence::Required) => {
            return Err(Violation::new(
                "document",
                "the document is missing",
                "write the document that the account was opened with",
            )
            .in_spanish("falta el documento", "escriba el documento con que se abrió la cuenta"));
        }
    };
    let kind = document.kind();
    let row = country.document_types.iter().find(|(known, _)| *known == kind);
    if row.is_none() && !country.document_types.is_empty() {
        return Err(Violation::new(
            "document_type",
            format!("{kind} is not a document of {}", country.country),
            "write the type of the document that the account was opened with",
        )
        .in_spanish(
            format!("{kind} no es un documento de {}", country.country),
            "escriba el tipo del documento con que se abrió la cuenta",
        ));
    }
    let number = document.number();
    let is_plain = match kind {
        DocumentType::Passport => number.bytes().all(|byte| byte.is_ascii_alphanumeric()),
        DocumentType::Cc | DocumentType::Ce | DocumentType::Ti | DocumentType::Nit => {
            is_digits(number)
        }
        _ => true,
    };
    if !is_plain {
        return Err(Violation::new(
            "document",
            format!("a {kind} number is sent without dots and dashes"),
            "write digits only (a passport: letters and digits); keep or drop the check digit of \
             a NIT as the bank has it",
        )
        .in_spanish(
            format!("un número de {kind} se envía sin puntos ni guiones"),
            "escriba solo dígitos (un pasaporte: letras y dígitos); conserve u omita el dígito de \
             verificación de un NIT como lo tenga el banco",
        ));
    }
    Ok(WireDocument { kind: row.map(|(_, value)| *value), number: Some(number) })
}

/// How to reach the beneficiary.
pub(super) struct Contact<'a> {
    pub(super) phone: Option<&'a str>,
    pub(super) email: Option<&'a str>,
}

/// Leaves out an email address or telephone number that is too long, if it is optional.
pub(super) fn read_contact<'a>(
    country: &CountrySettings,
    beneficiary: &'a Beneficiary,
) -> Result<Contact<'a>, Violation> {
    let fits = |text: Option<&'a str>, length_max: usize| {
        text.filter(|text| !text.is_empty() && text.chars().count() <= length_max)
    };
    let phone = fits(beneficiary.phone.as_deref(), PHONE_LENGTH_MAX);
    let email = fits(beneficiary.email.as_deref(), country.email_length_max);
    let missing = |field| {
        let because = format!("{} wants it, and it is missing or too long", country.country);
        Violation::new(field, because, "write it, not longer than the provider takes").in_spanish(
            format!("{} lo pide, y falta o es demasiado largo", country.country),
            "escríbalo, no más largo de lo que acepta el proveedor",
        )
    };
    if country.phone == Presence::Required && phone.is_none() {
        return Err(missing("phone"));
    }
    if country.email == Presence::Required && email.is_none() {
        return Err(missing("email"));
    }
    Ok(Contact { phone, email })
}

/// The remark is required and short. Source: manual "Create Payout Order". Text without accents is
/// a requirement of docs: en/mex/payout.
pub(crate) fn read_remark<'a>(
    settings: &'a Settings,
    description: Option<&'a str>,
) -> Result<&'a str, Violation> {
    let Some(description) = description.filter(|text| !text.trim().is_empty()) else {
        return Ok(&settings.default_remark);
    };
    let length = description.chars().count();
    if length > REMARK_LENGTH_MAX {
        return Err(Violation::new(
            "description",
            format!("{length} characters, and {REMARK_LENGTH_MAX} are the most"),
            "shorten it",
        )
        .in_spanish(
            format!("tiene {length} caracteres, y el máximo es {REMARK_LENGTH_MAX}"),
            "acórtela",
        ));
    }
    let is_plain = description.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if !is_plain {
        return Err(Violation::new(
            "description",
            "only plain letters, digits and signs are sent",
            "write it without accents and line breaks",
        )
        .in_spanish(
            "solo se envían letras simples, dígitos y signos",
            "escríbala sin tildes ni saltos de línea",
        ));
    }
    Ok(description)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use pagos_core::{AccountNumber, Currency};

    use super::*;
    use crate::country::{COLOMBIA, INDIA, MEXICO};

    fn beneficiary(bank: &str, account_type: AccountType, number: &str) -> Beneficiary {
        let number = AccountNumber::new(number).unwrap();
        Beneficiary::new("Ana Perez", account_type, number).with_bank(bank.parse().unwrap())
    }

    #[test]
    fn amounts_keep_to_limits_and_whole_pesos() {
        let read = |minor, currency| {
            let amount = read_amount(&COLOMBIA, Money::new(minor, currency), 2)?;
            Ok::<_, Violation>(format!("{amount:?}"))
        };
        assert_eq!(read(1_000_000, Currency::Cop).unwrap(), "10000.00");
        assert_eq!(read(500_000_000, Currency::Cop).unwrap(), "5000000.00");
        let refused = [999_900, 500_000_100, 1_000_050, 0, -1_000_000, i64::MIN, i64::MAX];
        for minor in refused {
            assert_eq!(read(minor, Currency::Cop).unwrap_err().field, "amount", "{minor}");
        }
        assert_eq!(read(1_000_000, Currency::Mxn).unwrap_err().field, "currency");
        let said = read(150, Currency::Cop).unwrap_err().to_string();
        assert!(said.contains("1.50 COP is not between 10000.00 COP and 5000000.00 COP"), "{said}");
    }

    #[test]
    fn a_bank_is_named_as_its_country_does() {
        let indian = beneficiary("HDFC0000001", AccountType::Savings, "123456");
        assert_eq!(read_bank(&INDIA, &indian).unwrap().ifsc, Some("HDFC0000001"));
        let colombian = beneficiary("007", AccountType::Savings, "123456");
        assert_eq!(read_bank(&COLOMBIA, &colombian).unwrap().id, Some(20));
    }

    #[test]
    fn a_wallet_is_a_savings_account() {
        let read = |bank: u32, kind| {
            read_account_type(&COLOMBIA, Some(bank), &beneficiary("1", kind, "1")).ok()
        };
        assert_eq!(read(33, AccountType::Wallet), Some("1"));
        assert_eq!(read(29, AccountType::Savings), Some("1"));
        assert_eq!(read(33, AccountType::Checking), None);
        assert_eq!(read(20, AccountType::Checking), Some("0"));
        assert_eq!(read(20, AccountType::Clabe), None);
    }

    #[test]
    fn numbers_that_a_spreadsheet_spoilt_are_refused() {
        let is_taken = |bank: u32, number| {
            let beneficiary = beneficiary("1", AccountType::Savings, number);
            read_account(&COLOMBIA, Some(bank), &beneficiary).is_ok()
        };
        let cases = [
            (33, "3023612345", true),
            (33, "302361234", false),
            (33, "6023612345", false),
            (33, "573023612345", false),
            (20, "00012345678", true),
            (20, "123456", true),
            (20, "12345", false),
            (20, "1.23457E+11", false),
            (20, "123-456-789", false),
            (20, "12345678901234567890123456789012", true),
            (20, "123456789012345678901234567890123", false),
        ];
        for (bank, number, expected) in cases {
            assert_eq!(is_taken(bank, number), expected, "{bank} {number}");
        }
    }

    #[test]
    fn mexican_accounts_are_checked() {
        let is_taken = |kind, number| {
            read_account(&MEXICO, Some(24), &beneficiary("24", kind, number)).is_ok()
        };
        assert!(is_taken(AccountType::Clabe, "646180000000000009"));
        assert!(!is_taken(AccountType::Clabe, "646180000000000008"));
        assert!(is_taken(AccountType::Card, "4111111111111111"));
        assert!(!is_taken(AccountType::Card, "411111111111111"));
    }

    #[test]
    fn documents_are_of_the_country_and_plain() {
        let read = |kind, number: &str| {
            let document = Document::new(kind, number).unwrap();
            let read = read_document(&COLOMBIA, Presence::Required, Some(&document));
            read.map(|document| document.kind).map_err(|violation| violation.field)
        };
        let cases = [
            (DocumentType::Cc, "0012345678", Ok(Some("1"))),
            (DocumentType::Nit, "9001234567", Ok(Some("4"))),
            (DocumentType::Passport, "AB123456", Ok(Some("5"))),
            (DocumentType::Cc, "1.012.345", Err("document")),
            (DocumentType::Nit, "900123456-7", Err("document")),
            (DocumentType::Passport, "AB-123456", Err("document")),
            (DocumentType::Dni, "12345678", Err("document_type")),
        ];
        for (kind, number, expected) in cases {
            assert_eq!(read(kind, number), expected, "{kind} {number}");
        }
        assert!(read_document(&COLOMBIA, Presence::Required, None).is_err());
        assert!(read_document(&COLOMBIA, Presence::Optional, None).is_ok());
    }

    #[test]
    fn every_violation_has_a_remedy_and_no_number() {
        let number = "987654321098765432109876543210987";
        let broken = beneficiary("nowhere", AccountType::Card, number);
        let document = Document::new(DocumentType::Cc, "98.765.432").unwrap();
        let violations = [
            read_bank(&COLOMBIA, &broken).err(),
            read_account_type(&COLOMBIA, None, &broken).err(),
            read_account(&COLOMBIA, None, &broken).err(),
            read_document(&COLOMBIA, Presence::Required, Some(&document)).err(),
            read_name(&COLOMBIA, "  ").err(),
            read_name(&COLOMBIA, &"x".repeat(33)).err(),
        ];
        for violation in violations {
            let violation = violation.unwrap();
            assert!(!violation.remedy.is_empty());
            assert!(!violation.to_string().contains("9876"), "{violation}");
            assert!(!violation.to_string().contains("98.765"), "{violation}");
        }
    }

    #[test]
    fn wallets_are_configuration() {
        let plain = CountrySettings { wallet_banks: Cow::Borrowed(&[]), ..COLOMBIA };
        let checking = beneficiary("33", AccountType::Checking, "3023612345");
        assert_eq!(read_account_type(&plain, Some(33), &checking).unwrap(), "0");
    }
}
