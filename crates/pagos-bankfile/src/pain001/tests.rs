//! The bytes of a file, and what is refused.

use pagos_core::{AccountName, AccountNumber, Beneficiary, Money, OrderKey, PayoutOrder};

use super::*;

pub(crate) fn debtor() -> Debtor {
    Debtor {
        name: "Acme & Hijos S.A.S.".to_owned(),
        document: Some(Document::new(DocumentType::Nit, "900123456-7").unwrap()),
        account: AccountNumber::new("40312345678").unwrap(),
        account_type: AccountType::Checking,
        bank: Agent::of_code("1007"),
    }
}

fn options(version: Version) -> Options {
    Options {
        version,
        message_id: "july-1".to_owned(),
        created_at: "2026-07-01T09:30:00Z".parse().unwrap(),
        execution: "2026-07-02".parse().unwrap(),
        debtor: debtor(),
        charset: Charset::Full,
    }
}

pub(crate) fn transfer(key: &str, amount: &str) -> Transfer {
    let person = Beneficiary::new(
        "José Peña <\"Ñ\">",
        AccountType::Savings,
        AccountNumber::new("0012345678").unwrap(),
    )
    .with_document(Document::new(DocumentType::Cc, "1032456789").unwrap());
    let amount = Money::parse(amount, Currency::Cop).unwrap();
    let (key, account) = (OrderKey::new(key).unwrap(), AccountName::new("bank").unwrap());
    let order = PayoutOrder::new(key, account, amount, person).with_description("julio & más");
    Transfer {
        order,
        bank: Agent { name: Some("Bancolombia".to_owned()), ..Agent::of_code("1007") },
    }
}

fn refused(options: &Options, transfers: &[Transfer]) -> Vec<String> {
    let problems = write(options, transfers).unwrap_err();
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn a_file_has_these_bytes() {
    let transfers = [transfer("k-1", "150000"), transfer("k-2", "0.05")];
    for (version, expected) in
        [(Version::V03, include_str!("v03.xml")), (Version::V09, include_str!("v09.xml"))]
    {
        let written = write(&options(version), &transfers).unwrap();
        assert_eq!(String::from_utf8(written.bytes).unwrap(), expected);
        assert_eq!((written.count, written.sum.minor), (2, 15_000_005));
        assert_eq!(written.changes, []);
    }
}

#[test]
fn the_basic_character_set_reports_every_change() {
    let options = Options { charset: Charset::Basic, ..options(Version::V03) };
    let problems = refused(&options, &[transfer("k-1", "1")]);
    assert_eq!(
        problems,
        [
            "k-1: the name has the character '<', which the file cannot carry; write it with other letters"
        ]
    );
    let mut plain = transfer("k-1", "1");
    plain.order.beneficiary.name = "José Peña".to_owned();
    let written = write(&options, &[plain]).unwrap();
    let text = String::from_utf8(written.bytes).unwrap();
    assert!(text.contains("<Nm>Jose Pena</Nm>") && text.contains("<Ustrd>julio + mas</Ustrd>"));
    let changes = |place: &str, field, replaced: &str| crate::Change {
        place: place.to_owned(),
        field,
        replaced: replaced.chars().collect(),
    };
    assert_eq!(
        written.changes,
        [
            changes("the file", "the payer's name", "&"),
            changes("k-1", "the name", "éñ"),
            changes("k-1", "the description", "&á"),
        ]
    );
}

#[test]
fn what_identifies_is_never_changed() {
    let options = Options { charset: Charset::Basic, ..options(Version::V03) };
    let mut plain = transfer("k_1", "1");
    plain.order.beneficiary.name = "Ana".to_owned();
    let because = "k_1: the key has a character that the basic character set lacks; nothing that \
                   identifies is changed: use another one";
    assert_eq!(refused(&options, &[plain]), [because]);
}

#[test]
fn all_problems_are_told_at_once_and_nothing_is_cut() {
    let mut long = transfer("k-1", "1");
    long.order.beneficiary.name = "x".repeat(141);
    long.order.beneficiary.account_number = AccountNumber::new("1".repeat(35)).unwrap();
    long.bank = Agent::default();
    let mut other = transfer("k-2", "1");
    other.order.description = Some("a\u{1b}b".to_owned());
    other.bank.bic = Some("bancolombia".to_owned());
    let options = Options { message_id: "a//b".to_owned(), ..options(Version::V09) };
    let problems = refused(&options, &[long, other]);
    for part in [
        "the file: the message id is empty or too long, or has characters or slashes",
        "k-1: the name has 141 characters",
        "k-1: the account number has 35 characters",
        "k-1: the bank is not known",
        "k-2: the description has the character '\\u{1b}'",
        "k-2: the BIC is not",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(part)), "{part}: {problems:?}");
    }
    assert_eq!(problems.len(), 6, "{problems:?}");
}

#[test]
fn one_file_has_one_currency_and_at_least_one_order() {
    let mut other = transfer("k-2", "1");
    other.order.amount = Money::new(1, Currency::Clp);
    let both = [transfer("k-1", "1"), other];
    assert!(refused(&options(Version::V03), &both)[0].contains("COP and CLP"));
    assert!(refused(&options(Version::V03), &[])[0].contains("no order"));
    let mut much = transfer("k-1", "1");
    much.order.amount = Money::new(i64::MAX, Currency::Cop);
    assert!(refused(&options(Version::V03), &[much.clone()])[0].contains("19 digits"));
    assert!(refused(&options(Version::V03), &[much.clone(), much])[0].contains("too large"));
}

#[test]
fn nothing_of_a_payer_is_shown() {
    assert_eq!(format!("{:?}", debtor()), "Debtor(..)");
    let written = write(&options(Version::V03), &[transfer("k-1", "1")]).unwrap();
    let shown = format!("{written:?} {:?}", transfer("k-1", "1"));
    assert!(!shown.contains("Peña") && !shown.contains("0012345678"), "{shown}");
}

proptest::proptest! {
    /// The sum and the number are those of the transfers, whatever they are.
    #[test]
    fn the_control_sum_is_the_sum(minors in proptest::collection::vec(1_i64..1_000_000_000, 1..20)) {
        let transfers: Vec<Transfer> = (1..).zip(&minors).map(|(number, minor)| {
            let mut transfer = transfer(&format!("k-{number}"), "1");
            transfer.order.amount = Money::new(*minor, Currency::Cop);
            transfer
        }).collect();
        let written = write(&options(Version::V03), &transfers).unwrap();
        let text = String::from_utf8(written.bytes).unwrap();
        let values = |before: &str, after: &str| -> Vec<String> {
            let parts = text.split(before).skip(1);
            parts.map(|part| part.split(after).next().unwrap().to_owned()).collect()
        };
        let stated = values("<InstdAmt Ccy=\"COP\">", "<");
        let sum: i64 = stated.iter().map(|it| Money::parse(it, Currency::Cop).unwrap().minor).sum();
        let sum = Money::new(sum, Currency::Cop).to_major(2).unwrap();
        proptest::prop_assert_eq!(values("<CtrlSum>", "<"), vec![sum.clone(), sum]);
        let count = minors.len().to_string();
        proptest::prop_assert_eq!(values("<NbOfTxs>", "<"), vec![count.clone(), count]);
    }

    /// What is written is what a reader of XML reads, or it is refused.
    #[test]
    fn no_text_breaks_out_of_its_element(name in "\\PC{0,40}|[<>&\"'\\]a-z]{0,40}") {
        let mut transfer = transfer("k-1", "1");
        transfer.order.beneficiary.name.clone_from(&name);
        let Ok(written) = write(&options(Version::V09), &[transfer]) else { return Ok(()) };
        let mut read = Vec::new();
        let visited = crate::xml::read(&written.bytes, |node| {
            if let crate::xml::Node::Close { path: [.., "Cdtr", "Nm"], text } = node {
                read.push(text.to_owned());
            }
        });
        proptest::prop_assert!(visited.is_ok());
        proptest::prop_assert_eq!(read, vec![name.trim().to_owned()]);
    }
}

#[test]
fn a_message_id_is_one_that_every_bank_takes() {
    let is_taken = |id: &str| {
        let options = Options { message_id: id.to_owned(), ..options(Version::V03) };
        write(&options, &[transfer("k-1", "1")]).is_ok()
    };
    for id in ["july-1", "a/b (7): c,d.e'f+g?h", &"x".repeat(35)] {
        assert!(is_taken(id), "{id:?}");
    }
    let long = "x".repeat(36);
    for id in ["", " ", "/a", "a/", "a//b", "a/b ñ", "a_b", "a&b", "a\tb", "a\"b", &long] {
        assert!(!is_taken(id), "{id:?}");
    }
}
