//! What orders may say. Whole orders are in the fixtures.

use pagos_core::{AccountNumber, AccountType, Currency};

use super::*;

fn payee(kind: AccountType, number: &str, bank: Option<&str>) -> Beneficiary {
    let payee = Beneficiary::new("Ana Perez", kind, AccountNumber::new(number).unwrap());
    Beneficiary { bank: bank.map(|bank| bank.parse().unwrap()), ..payee }
}

#[test]
fn amounts_are_above_zero_and_of_the_country() {
    let read = |country, minor, currency| read_amount(country, Money::new(minor, currency));
    for minor in [1, 50_000, i64::MAX] {
        assert_eq!(read(Country::Mexico, minor, Currency::Mxn), Ok(minor));
    }
    for minor in [1, 50_000, 7_000_000] {
        assert_eq!(read(Country::Chile, minor, Currency::Clp), Ok(minor));
    }
    for minor in [7_000_001, i64::MAX] {
        assert_eq!(read(Country::Chile, minor, Currency::Clp).unwrap_err().field, "amount");
    }
    for minor in [0, -1, i64::MIN] {
        assert_eq!(read(Country::Mexico, minor, Currency::Mxn).unwrap_err().field, "amount");
    }
    assert_eq!(read(Country::Mexico, 1, Currency::Clp).unwrap_err().field, "currency");
    assert_eq!(read(Country::Chile, 1, Currency::Mxn).unwrap_err().field, "currency");
}

#[test]
fn banks_are_told_in_chile_and_compared_in_mexico() {
    let clabe = |bank| payee(AccountType::Clabe, "735969000000203297", bank);
    for bank in [None, Some("735"), Some("90735"), Some("40735")] {
        assert_eq!(read_bank(Country::Mexico, &clabe(bank)), Ok(None), "{bank:?}");
    }
    for bank in ["012", "40012", "0735", "7359", "BBVA", "mx_banco_bbva", "ab735"] {
        let refused = read_bank(Country::Mexico, &clabe(Some(bank))).unwrap_err();
        assert_eq!(refused.field, "bank", "{bank}");
    }
    let chilean = |bank| payee(AccountType::Sight, "1", bank);
    let read = read_bank(Country::Chile, &chilean(Some("cl_banco_estado"))).map(|_| ());
    assert_eq!(read, Ok(()));
    for bank in [None, Some("cl_"), Some("banco_estado"), Some("CL_banco_estado"), Some("012")] {
        let refused = read_bank(Country::Chile, &chilean(bank)).unwrap_err();
        assert_eq!(refused.field, "bank", "{bank:?}");
    }
}

#[test]
fn account_numbers_are_those_of_the_country() {
    let field = |country, kind, number: &str| {
        read_account(country, &payee(kind, number, None)).map_err(|found| found.field).map(|_| ())
    };
    let cases = [
        (Country::Mexico, AccountType::Clabe, "735969000000203297", Ok(())),
        (Country::Mexico, AccountType::Clabe, "735969000000203298", Err("account")),
        (Country::Mexico, AccountType::Clabe, "73596900000020329", Err("account")),
        (Country::Mexico, AccountType::Checking, "735969000000203297", Err("account_type")),
        (Country::Mexico, AccountType::Card, "4111111111111111", Err("account_type")),
        (Country::Chile, AccountType::Checking, "0012345678", Ok(())),
        (Country::Chile, AccountType::Savings, "12345678901234567890", Ok(())),
        (Country::Chile, AccountType::Sight, "123456789012345678901", Err("account")),
        (Country::Chile, AccountType::Sight, "12-345", Err("account")),
        (Country::Chile, AccountType::Clabe, "735969000000203297", Err("account_type")),
        (Country::Chile, AccountType::Wallet, "56912345678", Err("account_type")),
    ];
    for (country, kind, number, expected) in cases {
        assert_eq!(field(country, kind, number), expected, "{country:?} {kind} {number}");
    }
}

#[test]
fn documents_are_those_of_the_country() {
    let read = |country, kind, number: &str| {
        let document = Document::new(kind, number).unwrap();
        read_holder(country, Some(&document)).map_err(|found| found.field)
    };
    let told = |text: &str| Ok(Some(text.to_owned()));
    let cases = [
        (Country::Chile, DocumentType::Rut, "12.345.678-5", told("12345678-5")),
        (Country::Chile, DocumentType::Passport, "AB123456", Err("document_type")),
        (Country::Mexico, DocumentType::Rfc, "LFHU290523OG0", told("LFHU290523OG0")),
        (Country::Mexico, DocumentType::Curp, "HEGG560427MVZRRL04", told("HEGG560427MVZRRL04")),
        (Country::Mexico, DocumentType::Rut, "12345678-5", Err("document_type")),
    ];
    for (country, kind, number, expected) in cases {
        assert_eq!(read(country, kind, number), expected, "{country:?} {kind}");
    }
    assert_eq!(read_holder(Country::Mexico, None), Ok(None));
    assert_eq!(read_holder(Country::Chile, None).unwrap_err().field, "document");
}

#[test]
fn texts_are_never_cut() {
    assert_eq!(read_name("José Núñez"), Ok("José Núñez"));
    for bad in ["", " ", "a\nb", "a\u{7f}", &"ñ".repeat(NAME_LENGTH_MAX + 1)] {
        assert_eq!(read_name(bad).unwrap_err().field, "name", "{bad:?}");
    }
    let comments = [(None, None), (Some(" "), None), (Some("año"), Some("año"))];
    for (text, expected) in comments {
        assert_eq!(read_comment(text), Ok(expected), "{text:?}");
    }
    for bad in ["a\tb", &"ñ".repeat(COMMENT_LENGTH_MAX + 1)] {
        assert_eq!(read_comment(Some(bad)).unwrap_err().field, "description", "{bad:?}");
    }
}

#[test]
fn a_violation_shows_no_number() {
    let broken = payee(AccountType::Clabe, "735969000000203298", Some("987654"));
    let document = Document::new(DocumentType::Passport, "AB987654").unwrap();
    let violations = [
        read_account(Country::Mexico, &broken).err(),
        read_bank(Country::Chile, &broken).err(),
        read_holder(Country::Chile, Some(&document)).err(),
    ];
    for violation in violations {
        let violation = violation.unwrap();
        assert!(!violation.remedy.is_empty());
        assert!(!violation.to_string().contains("987654"), "{violation}");
        assert!(!violation.to_string().contains("735969"), "{violation}");
    }
}
