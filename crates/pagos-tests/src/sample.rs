//! Orders, keys and moments that tests begin with. No canaries: `i10` has its own.

use pagos_core::{
    AccountName, AccountNumber, AccountType, BankCode, Beneficiary, Currency, Document,
    DocumentType, FailReason, Money, OrderKey, PayoutOrder, Status, Timestamp,
};
use pagos_engine::RunId;

/// When every test begins: 2026-01-10T12:00:00Z.
pub fn start() -> Timestamp {
    Timestamp::from_millis(1_768_046_400_000)
}

/// A key.
pub fn key(text: &str) -> OrderKey {
    OrderKey::new(text).unwrap()
}

/// The one account of the tests.
pub fn account() -> AccountName {
    AccountName::new("cashypro").unwrap()
}

/// The one run of the tests.
pub fn run() -> RunId {
    RunId("run".to_owned())
}

/// What a bank's no looks like.
pub fn declined() -> Status {
    Status::Failed(FailReason::Declined)
}

/// A payout of 150000.00 COP that the Colombian provider accepts.
pub fn order(name: &str) -> PayoutOrder {
    PayoutOrder {
        key: key(name),
        account: account(),
        amount: Money::new(15_000_000, Currency::Cop),
        beneficiary: Beneficiary {
            name: "Ana Perez".to_owned(),
            document: Some(Document::new(DocumentType::Cc, "1012345678").unwrap()),
            bank: Some(BankCode::new("20").unwrap()),
            account_type: AccountType::Savings,
            account_number: AccountNumber::new("00012345678").unwrap(),
            email: None,
            phone: None,
        },
        description: None,
    }
}
