//! Every field is where the public descriptions have it.

use pagos_core::{Document, DocumentType};

use super::*;
use crate::{
    Agent,
    pain001::tests::{debtor, transfer},
};

fn options() -> Options {
    Options {
        kind: Kind::Payroll,
        purpose: "julio".to_owned(),
        transmission: "2026-07-01".parse().unwrap(),
        sequence: 1,
        execution: "2026-07-02".parse().unwrap(),
        debtor: debtor(),
        charset: Charset::Full,
    }
}

fn named(key: &str, name: &str, amount: &str) -> Transfer {
    let mut transfer = transfer(key, amount);
    transfer.order.beneficiary.name = name.to_owned();
    transfer
}

/// The text of a record from a place that is counted from 1, and of a length.
fn field(record: &[u8], place: usize, length: usize) -> String {
    record[place - 1..place - 1 + length].iter().map(|byte| char::from(*byte)).collect()
}

#[test]
fn every_field_is_in_its_place() {
    let transfers = [named("k-1", "José Peña", "150000"), named("k-2", "Ana", "98000.50")];
    let written = write(&options(), &transfers).unwrap();
    let records: Vec<&[u8]> = written.bytes.chunks(RECORD_LENGTH + 2).collect();
    assert_eq!(records.len(), 3);
    for record in &records {
        assert!(record.len() == RECORD_LENGTH + 2 && record.ends_with(b"\r\n"));
    }
    for (place, length, expected) in [
        (1, 1, "1"),
        (2, 15, "000009001234567"),
        (17, 1, "I"),
        (18, 15, "               "),
        (33, 3, "225"),
        (36, 10, "julio     "),
        (46, 8, "20260701"),
        (54, 2, "01"),
        (56, 8, "20260702"),
        (64, 6, "000002"),
        (70, 17, "00000000000000000"),
        (87, 17, "00000000024800050"),
        (104, 11, "40312345678"),
        (115, 1, "D"),
    ] {
        assert_eq!(field(records[0], place, length), expected, "header {place}");
    }
    for (place, length, expected) in [
        (1, 1, "6"),
        (2, 15, "1032456789     "),
        (17, 30, "José Peña                     "),
        (47, 9, "000001007"),
        (56, 17, "0012345678       "),
        (73, 1, "S"),
        (74, 2, "37"),
        (76, 17, "00000000015000000"),
        (93, 8, "20260702"),
        (101, 21, "k-1                  "),
        (122, 1, " "),
        (123, 5, "00000"),
    ] {
        assert_eq!(field(records[1], place, length), expected, "detail {place}");
    }
    assert_eq!(written.sum.minor, 24_800_050);
}

#[test]
fn what_has_no_place_in_pab_is_refused() {
    let refused = |options: &Options, transfer: Transfer| {
        let problems = write(options, &[transfer]).unwrap_err();
        problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    let change = |change: fn(&mut Transfer)| {
        let mut transfer = named("k-1", "Ana", "1");
        change(&mut transfer);
        refused(&options(), transfer)
    };
    for (because, problems) in [
        ("the name has 31 characters", change(|it| it.order.beneficiary.name = "x".repeat(31))),
        ("ISO 8859-1 has no '山'", change(|it| it.order.beneficiary.name = "山".to_owned())),
        ("of type wallet", change(|it| it.order.beneficiary.account_type = AccountType::Wallet)),
        ("the document is missing", change(|it| it.order.beneficiary.document = None)),
        ("national code of the bank", change(|it| it.bank = Agent::default())),
        ("in CLP", change(|it| it.order.amount = Money::new(1, Currency::Clp))),
        ("not more than zero", change(|it| it.order.amount.minor = 0)),
        ("the key has 22", change(|it| it.order.key = "k".repeat(22).parse().unwrap())),
        ("than digits", change(|it| it.order.beneficiary.account_number = "12-3".parse().unwrap())),
    ] {
        assert!(problems.contains(because), "{because}: {problems}");
    }
    let plain = || named("k-1", "Ana", "1");
    assert!(refused(&Options { sequence: 0, ..options() }, plain()).contains("not 1 to 99"));
    let nobody = Debtor { document: None, ..debtor() };
    assert!(refused(&Options { debtor: nobody, ..options() }, plain()).contains("who pays"));
    let passport = Document::new(DocumentType::Passport, "A".repeat(16)).unwrap();
    let long = Debtor { document: Some(passport), ..debtor() };
    assert!(refused(&Options { debtor: long, ..options() }, plain()).contains("has more"));
}
