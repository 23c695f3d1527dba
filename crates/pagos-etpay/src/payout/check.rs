//! Checks the fields of a payout order: each becomes its wire form, or a violation with a remedy.
//! Key and email address are checked like those of payments.

use pagos_core::{
    AccountType, BankCode, Beneficiary, Currency, Document, DocumentType, Environment, Money, Rut,
    Violation,
};

use crate::{
    bank::{Payable, payee_bank},
    config::PayoutSettings,
    contract,
};

/// The only bank with a CuentaRUT. Source: code: K2; docs: D26.
const STATE_BANK: &str = "cl_estado";

pub(super) fn read_amount(payouts: &PayoutSettings, amount: Money) -> Result<i64, Violation> {
    let (minor_min, minor_max) = (payouts.amount_minor_min, payouts.amount_minor_max);
    if amount.currency != Currency::Clp {
        let because = format!("ETpay pays CLP, not {}", amount.currency);
        let found = Violation::new("currency", because, "write the amount in CLP");
        return Err(found.in_spanish(
            format!("ETpay paga CLP, no {}", amount.currency),
            "escriba el monto en CLP",
        ));
    }
    if !(minor_min..=minor_max).contains(&amount.minor) {
        let because = format!("{amount} is not within {minor_min} and {minor_max} CLP");
        let remedy = "change the amount, or the account's limits if ETpay gave you others";
        return Err(Violation::new("amount", because, remedy).in_spanish(
            format!("{amount} no está entre {minor_min} y {minor_max} CLP"),
            "cambie el monto, o los límites de la cuenta si ETpay le dio otros",
        ));
    }
    Ok(amount.minor)
}

/// `123456785`: no dots, no dash, `K` in upper case. Source: docs: D22; sdk.
pub(super) fn read_rut(document: Option<&Document>) -> Result<String, Violation> {
    let refused = |because, es| {
        Violation::new("document", because, "write the account holder's RUT")
            .in_spanish(es, "escriba el RUT del titular de la cuenta")
    };
    let document = document.ok_or_else(|| refused("the RUT is missing", "falta el RUT"))?;
    if document.kind() != DocumentType::Rut {
        return Err(refused(
            "ETpay knows beneficiaries by their RUT",
            "ETpay identifica a los beneficiarios por su RUT",
        ));
    }
    let unreadable = |_| refused("the RUT cannot be read", "no se puede leer el RUT");
    let rut: Rut = document.number().parse().map_err(unreadable)?;
    Ok(rut.without_dots().replace('-', ""))
}

pub(super) fn read_name(name: &str) -> Result<&str, Violation> {
    let length = name.chars().count();
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        let because = "the name is empty or has line breaks";
        return Err(Violation::new("name", because, "write the account holder's name").in_spanish(
            "el nombre está vacío o tiene saltos de línea",
            "escriba el nombre del titular de la cuenta",
        ));
    }
    if length > contract::NAME_LENGTH_MAX {
        let because =
            format!("{length} characters, and {} are the most", contract::NAME_LENGTH_MAX);
        let remedy = "shorten it as the bank writes it; it is never cut for you";
        return Err(Violation::new("name", because, remedy).in_spanish(
            format!("tiene {length} caracteres, y el máximo es {}", contract::NAME_LENGTH_MAX),
            "acórtelo como lo escribe el banco; Pagos nunca lo corta",
        ));
    }
    Ok(name)
}

/// ETpay's name of the bank, lower case.
pub(super) fn read_bank<'a>(
    environment: Environment,
    payouts: &'a PayoutSettings,
    bank: Option<&BankCode>,
) -> Result<&'a str, Violation> {
    let refused = |because, remedy| Violation::new("bank", because, remedy);
    let bank = bank.ok_or_else(|| {
        refused("the bank is missing".to_owned(), "write its id, such as cl_estado or 012")
            .in_spanish("falta el banco", "escriba su código, como cl_estado o 012")
    })?;
    let bank = bank.as_str();
    match payee_bank(bank, environment, &payouts.confirmed_banks) {
        (Payable::Yes, id) => Ok(id),
        (Payable::Unconfirmed, id) => Err(refused(
            format!("ETpay has not published its name of this bank; {id} is assumed"),
            "ask ETpay for the name, then add it to CONFIRMED_BANKS",
        )
        .in_spanish(
            format!("ETpay no ha publicado su nombre de este banco; se supone {id}"),
            "pida el nombre a ETpay, luego agréguelo a CONFIRMED_BANKS",
        )),
        (Payable::Unknown, _) => Err(refused(
            format!("{bank:?} is not known"),
            "write an id that `pagos banks` lists, or the three digits of the CMF",
        )
        .in_spanish(
            format!("{bank:?} no se conoce"),
            "escriba un código de `pagos banks`, o los tres dígitos de la CMF",
        )),
    }
}

/// An account as the wire names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct WireAccount<'a> {
    pub(super) kind: &'static str,
    pub(super) number: &'a str,
}

/// Type and number of the account. A CuentaRUT is a `sight` account at BancoEstado whose number is
/// the RUT without its check digit. \[inferred\]
pub(super) fn read_account<'a>(
    bank: &str,
    rut: &str,
    beneficiary: &'a Beneficiary,
) -> Result<WireAccount<'a>, Violation> {
    let number = beneficiary.account_number.as_str();
    let refused = |because, remedy| Violation::new("account", because, remedy);
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused(
            "an account number is digits only",
            "write it without dots and dashes; if it looks like 1.23E+10, a spreadsheet has \
             spoilt it",
        )
        .in_spanish(
            "un número de cuenta solo tiene dígitos",
            "escríbalo sin puntos ni guiones; si parece 1.23E+10, una planilla lo dañó",
        ));
    }
    if number.len() > contract::ACCOUNT_DIGITS_MAX {
        return Err(refused("longer than 20 digits", "check the number")
            .in_spanish("tiene más de 20 dígitos", "revise el número"));
    }
    let kind = match beneficiary.account_type {
        AccountType::Checking => contract::CHECKING,
        AccountType::Savings => contract::SAVINGS,
        AccountType::Sight if bank == STATE_BANK => read_sight(rut, number)?,
        AccountType::Sight => contract::SIGHT,
        other => {
            return Err(Violation::new(
                "account_type",
                format!("{other} accounts are not known in Chile"),
                "write checking, sight or savings; a CuentaRUT is sight",
            )
            .in_spanish(
                format!("en Chile no hay cuentas {other}"),
                "escriba checking, sight o savings; una CuentaRUT es sight",
            ));
        }
    };
    Ok(WireAccount { kind, number })
}

/// A sight account at BancoEstado: a CuentaRUT if its number is the holder's RUT.
fn read_sight(rut: &str, number: &str) -> Result<&'static str, Violation> {
    let Some((body, _)) = rut.split_at_checked(rut.len().saturating_sub(1)) else {
        return Ok(contract::SIGHT);
    };
    if !rut.is_empty() && number == rut {
        return Err(Violation::new(
            "account",
            "it is the RUT with its check digit; the number of a CuentaRUT has none",
            "leave the last digit out",
        )
        .in_spanish(
            "es el RUT con su dígito verificador; el número de una CuentaRUT no lo tiene",
            "omita el último dígito",
        ));
    }
    Ok(if !body.is_empty() && number == body { contract::RUT_ACCOUNT } else { contract::SIGHT })
}

/// At most 30 characters without commas. Source: docs: D22, for direct debit. A text that does not
/// fit is refused: the beneficiary would take a shortened or changed text for ours.
pub(super) fn read_description(description: Option<&str>) -> Result<Option<&str>, Violation> {
    let Some(description) = description.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    let refused = |because, remedy| Violation::new("description", because, remedy);
    let (length, length_max) = (description.chars().count(), contract::DESCRIPTION_LENGTH_MAX);
    if length > length_max {
        return Err(refused(
            format!("{length} characters, and {length_max} are the most"),
            "shorten it",
        )
        .in_spanish(
            format!("tiene {length} caracteres, y el máximo es {length_max}"),
            "acórtela",
        ));
    }
    if description.contains(',') || description.chars().any(char::is_control) {
        let because = "ETpay takes no commas and no line breaks".to_owned();
        return Err(refused(because, "write it without them")
            .in_spanish("ETpay no acepta comas ni saltos de línea", "escríbala sin ellos"));
    }
    Ok(Some(description))
}

#[cfg(test)]
mod tests {
    use pagos_core::{AccountNumber, Secret};

    use super::*;
    use crate::config::{EtpayConfig, PayoutConfig};

    fn payouts() -> PayoutSettings {
        let password = Secret::new("sandbox-password");
        let payouts = PayoutConfig::new("https://payouts.example", "user@example.com", password);
        let config = EtpayConfig {
            environment: Environment::Sandbox,
            merchant_code: "cl_sim_merchant".to_owned(),
            merchant_api_token: Secret::new("sandbox-token"),
            payments: None,
            payouts: Some(payouts),
            sandbox_clock_days: 0,
        };
        config.check().unwrap().payouts.unwrap()
    }

    fn beneficiary(account_type: AccountType, number: &str) -> Beneficiary {
        Beneficiary::new("Ana Perez", account_type, AccountNumber::new(number).unwrap())
    }

    #[test]
    fn amounts_keep_to_the_limits() {
        let read = |minor, currency| {
            read_amount(&payouts(), Money::new(minor, currency)).map_err(|found| found.field)
        };
        assert_eq!(read(1, Currency::Clp), Ok(1));
        assert_eq!(read(7_000_000, Currency::Clp), Ok(7_000_000));
        for minor in [0, -1, 7_000_001, i64::MAX, i64::MIN] {
            assert_eq!(read(minor, Currency::Clp), Err("amount"), "{minor}");
        }
        assert_eq!(read(1_000, Currency::Cop), Err("currency"));
    }

    #[test]
    fn a_rut_is_needed_and_is_sent_plain() {
        let read = |kind, number: &str| {
            read_rut(Some(&Document::new(kind, number).unwrap())).map_err(|found| found.field)
        };
        let cases = [
            ("12.345.678-5", "123456785"),
            ("76934246-k", "76934246K"),
            ("6-K", "6K"),
            ("11111111-1", "111111111"),
        ];
        for (number, plain) in cases {
            assert_eq!(read(DocumentType::Rut, number).as_deref(), Ok(plain), "{number}");
        }
        assert_eq!(read(DocumentType::Passport, "AB123456"), Err("document"));
        assert!(read_rut(None).is_err());
    }

    #[test]
    fn accounts_are_digits_of_a_chilean_type() {
        let read = |bank, kind, number: &str| {
            let beneficiary = beneficiary(kind, number);
            let read = read_account(bank, "123456785", &beneficiary);
            read.map(|account| account.kind).map_err(|found| found.field)
        };
        let longest = "1".repeat(20);
        let too_long = "1".repeat(21);
        let cases = [
            ("cl_bch", AccountType::Checking, "00123", Ok("cuenta_corriente")),
            ("cl_bch", AccountType::Sight, "00123", Ok("cuenta_vista")),
            ("cl_bch", AccountType::Savings, longest.as_str(), Ok("cuenta_ahorro")),
            ("cl_bch", AccountType::Savings, too_long.as_str(), Err("account")),
            ("cl_bch", AccountType::Checking, "12-34", Err("account")),
            ("cl_bch", AccountType::Checking, "1.2E+10", Err("account")),
            ("cl_bch", AccountType::Clabe, "123", Err("account_type")),
            ("cl_bch", AccountType::Wallet, "123", Err("account_type")),
            ("cl_estado", AccountType::Sight, "12345678", Ok("cuenta_rut")),
            ("cl_estado", AccountType::Sight, "12345679", Ok("cuenta_vista")),
            ("cl_estado", AccountType::Sight, "012345678", Ok("cuenta_vista")),
            ("cl_estado", AccountType::Sight, "123456785", Err("account")),
            ("cl_estado", AccountType::Checking, "123456785", Ok("cuenta_corriente")),
            ("cl_bci", AccountType::Sight, "12345678", Ok("cuenta_vista")),
            ("cl_bci", AccountType::Sight, "123456785", Ok("cuenta_vista")),
        ];
        for (bank, kind, number, expected) in cases {
            assert_eq!(read(bank, kind, number), expected, "{bank} {kind} {number}");
        }
        let sight = beneficiary(AccountType::Sight, "1");
        let without_rut = read_account("cl_estado", "", &sight);
        assert_eq!(without_rut.map(|account| account.kind), Ok(contract::SIGHT));
    }

    #[test]
    fn descriptions_are_short_and_never_changed() {
        let longest = "ñ".repeat(30);
        let too_long = "a".repeat(31);
        let cases = [
            (None, Ok(None)),
            (Some(""), Ok(None)),
            (Some("  "), Ok(None)),
            (Some("sim:fail"), Ok(Some("sim:fail"))),
            (Some(longest.as_str()), Ok(Some(longest.as_str()))),
            (Some(too_long.as_str()), Err("description")),
            (Some("one, two"), Err("description")),
            (
                Some(
                    "one
two",
                ),
                Err("description"),
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(read_description(text).map_err(|found| found.field), expected, "{text:?}");
        }
    }

    #[test]
    fn names_are_never_cut() {
        let (longest, too_long) = ("ñ".repeat(100), "a".repeat(101));
        assert!(read_name("José Muñoz").is_ok() && read_name(&longest).is_ok());
        for bad in [
            "",
            "  ",
            "a
b",
            too_long.as_str(),
        ] {
            assert!(read_name(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn every_violation_has_a_remedy_and_no_number() {
        let number = "98765432109876543210987";
        let rut = Document::new(DocumentType::Dni, "98765432").unwrap();
        let broken = beneficiary(AccountType::Checking, number);
        let rut_account = beneficiary(AccountType::Sight, "987654325");
        let nowhere = BankCode::new("nowhere").unwrap();
        let violations = [
            read_account("cl_bch", "", &broken).err(),
            read_account(STATE_BANK, "987654325", &rut_account).err(),
            read_rut(Some(&rut)).err(),
            read_bank(Environment::Live, &payouts(), Some(&nowhere)).err(),
            read_bank(Environment::Live, &payouts(), BankCode::new("730").ok().as_ref()).err(),
            read_bank(Environment::Live, &payouts(), None).err(),
        ];
        for violation in violations {
            let violation = violation.unwrap();
            assert!(!violation.remedy.is_empty());
            assert!(!violation.to_string().contains("98765"), "{violation}");
        }
    }
}
