//! A directory of its own for every test, gone when the test ends, and what to store in it. Not for
//! the crate's users.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use tempfile::TempDir;

use pagos_core::{
    AccountName, AccountNumber, AccountType, Beneficiary, Currency, Money, OrderKey, PaymentOrder,
    PayoutOrder, ProviderRef, Secret, Timestamp,
};
use pagos_engine::{
    ClaimRequest, Intent, Lane, Lease, OpenedSession, Payment, PaymentCommitted, PaymentStep,
    PaymentStore, RunId, Share, Store, StoreError, Submitted, Work,
};
use pagos_store_sqlite::SqliteStore;

pub(crate) struct Scratch {
    directory: TempDir,
}

impl Scratch {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("pagos.db")
    }

    #[allow(dead_code)]
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }
}

#[allow(dead_code)]
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[allow(dead_code)]
pub(crate) fn intent(key: &str) -> Intent {
    let order = PayoutOrder {
        key: OrderKey::new(key).unwrap(),
        account: AccountName::new("cashypro").unwrap(),
        amount: Money::new(15_000_000, Currency::Cop),
        beneficiary: Beneficiary {
            name: "María Ñuñez".to_owned(),
            document: None,
            bank: None,
            account_type: AccountType::Savings,
            account_number: AccountNumber::new("00012345678").unwrap(),
            email: None,
            phone: None,
        },
        description: None,
    };
    Intent { order, created_at: Timestamp::from_millis(0), by: None }
}

#[allow(dead_code)]
pub(crate) fn run(name: &str) -> RunId {
    RunId(name.to_owned())
}

/// Submits to the run `run`.
#[allow(dead_code)]
pub(crate) async fn submit(
    store: &SqliteStore,
    intents: Vec<Intent>,
) -> Result<Vec<Submitted>, StoreError> {
    store.submit(&run("run"), intents).await
}

/// A share of the payouts of [`intent`] that are to be sent, or to be asked about.
#[allow(dead_code)]
pub(crate) fn claim_request(work: Work, now: Timestamp, limit: usize) -> ClaimRequest {
    let lane = Lane { account: AccountName::new("cashypro").unwrap(), work };
    let share = Share { lane, limit, lease: Duration::from_secs(60) };
    ClaimRequest { now, shares: vec![share] }
}

/// A share of the payments of [`payment_order`].
#[allow(dead_code)]
pub(crate) fn payments_request(now: Timestamp, limit: usize) -> ClaimRequest {
    let lane = Lane { account: AccountName::new("etpay").unwrap(), work: Work::Follow };
    let share = Share { lane, limit, lease: Duration::from_secs(60) };
    ClaimRequest { now, shares: vec![share] }
}

#[allow(dead_code)]
pub(crate) fn payment_order(key: &str) -> PaymentOrder {
    PaymentOrder {
        payer_name: Some("María Ñuñez".to_owned()),
        ..PaymentOrder::new(
            OrderKey::new(key).unwrap(),
            AccountName::new("etpay").unwrap(),
            Money::new(1_990_000, Currency::Clp),
        )
    }
}

/// A step that opens the session `<key>-session`, whose secret is `secret of <key>`.
#[allow(dead_code)]
pub(crate) fn opening_step(payment: &Payment) -> PaymentStep {
    let key = &payment.order.key;
    let opened = OpenedSession {
        reference: ProviderRef::new(format!("{key}-session")).unwrap(),
        secret: Some(Secret::new(format!("secret of {key}"))),
    };
    PaymentStep {
        key: key.clone(),
        version: payment.version,
        lease: Lease::End,
        progress: payment.progress.clone(),
        opens: Some(opened),
        due_at: Some(Timestamp::from_millis(9)),
        entries: Vec::new(),
        notices: Vec::new(),
        applies: None,
    }
}

/// Asks for a payment and opens its session.
#[allow(dead_code)]
pub(crate) async fn open_payment(store: &SqliteStore, key: &str) {
    let order = payment_order(key);
    store.submit_payment(order.clone(), Timestamp::from_millis(0)).await.unwrap();
    let payment = store.payment(&order.key).await.unwrap().unwrap();
    let committed = store.commit_payment(opening_step(&payment)).await.unwrap();
    assert_eq!(committed, PaymentCommitted::Done { version: 2 });
}

/// Asserts that the session is there, with its secret.
#[allow(dead_code)]
pub(crate) async fn assert_open(store: &SqliteStore, key: &str) {
    let account = AccountName::new("etpay").unwrap();
    let reference = ProviderRef::new(format!("{key}-session")).unwrap();
    let known = store.session(&account, &reference).await.unwrap().unwrap();
    assert_eq!(known.key.as_str(), key);
    assert_eq!(known.secret.unwrap().expose(), format!("secret of {key}"));
}
