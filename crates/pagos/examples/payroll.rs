//! Two payouts through the engine, on SQLite, against the twin of a bank: one goes straight, one is
//! paid and taken back. Not for real money: time is virtual and the bank is simulated.
//!
//! `cargo run -p pagos --features cashypro,sqlite,system,twin --example payroll`
#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    sync::{Arc, Mutex},
    time::Duration,
};

use pagos::{
    AccountName, AccountNumber, AccountType, BankCode, Beneficiary, Clock, Currency, Document,
    DocumentType, Environment, Money, OrderKey, PayoutOrder, Secret, Timestamp, async_trait,
    cashypro::{Cashypro, CashyproConfig, country},
    engine::{Accounts, Engine, Lane, Policy, RunId, Store, Timer, Work, World},
    sqlite::SqliteStore,
    system::System,
    twin::{
        TwinTransport, VirtualClock,
        cashypro::{SANDBOX_API_KEY, SANDBOX_MERCHANT_ID},
    },
};

/// Time that passes when we say so. A real program gives `System` here, too.
#[derive(Debug)]
struct Time(Arc<VirtualClock>);

impl Clock for Time {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

#[async_trait]
impl Timer for Time {
    async fn sleep(&self, _wait: Duration) {
        std::future::pending().await
    }
}

fn salary(key: &str, description: &str) -> Result<PayoutOrder, pagos::Error> {
    Ok(PayoutOrder {
        key: OrderKey::new(key)?,
        account: AccountName::new("cashypro")?,
        amount: Money::parse("1850000", Currency::Cop)?,
        beneficiary: Beneficiary {
            name: "Ana Castillo".to_owned(),
            document: Some(Document::new(DocumentType::Cc, "1032456789")?),
            bank: Some(BankCode::new("Bancolombia")?),
            account_type: AccountType::Savings,
            account_number: AccountNumber::new("00123456789")?,
            email: None,
            phone: None,
        },
        description: Some(description.to_owned()),
    })
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let clock = Arc::new(VirtualClock::starting_at("2026-11-21T12:00:00Z".parse()?));
    let bank =
        TwinTransport::new(Arc::new(Mutex::new(pagos::twin::World::standard())), clock.clone());
    let config = CashyproConfig {
        base_url: "http://127.0.0.1/cashypro/stage-api".to_owned(),
        merchant_id: SANDBOX_MERCHANT_ID.to_owned(),
        api_key: Secret::new(SANDBOX_API_KEY),
        notify_url: "http://127.0.0.1/webhooks/cashypro".to_owned(),
        ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
    };
    let provider = Cashypro::new(config, Arc::new(bank), clock.clone(), Arc::new(System))?;

    let path = std::env::temp_dir().join(format!("pagos-example-{}.db", std::process::id()));
    let store = Arc::new(SqliteStore::open(&path)?);
    let accounts = Accounts::new().with(AccountName::new("cashypro")?, Arc::new(provider));
    let timer = Arc::new(Time(clock.clone()));
    // Virtual time does not wait, so nothing may wait for its turn.
    let policy = Policy { sends_per_second_max: None, ..Policy::live() };
    let world = World::Simulated("twins".to_owned());
    let engine = Engine::open(store.clone(), &world, accounts, timer, policy).await?;

    let run = RunId("november".to_owned());
    let orders = vec![salary("n-1", "salary")?, salary("n-2", "sim:success-then-fail")?];
    let count = orders.len() as u64;
    // A conflict, or an order that its provider would not take, is an error; nothing is stored then.
    engine.submit(&run, orders).await?;
    engine.release(&run, count).await?;

    // No webhooks here, so the engine asks. A real program calls `Engine::run` and receives them.
    let account = AccountName::new("cashypro")?;
    let lanes = [Work::Send, Work::Ask].map(|work| Lane { account: account.clone(), work });
    while let Some(due_at) = store.next_due(&lanes).await? {
        clock.advance_to(due_at);
        while !engine.work(16).await?.is_idle() {}
    }
    for (number, notice) in store.outbox(0, 100).await? {
        let Some(news) = notice.order() else { continue };
        println!("{number} {} {} {:?} -> {}", notice.at, news.key, notice.event, news.status);
    }
    drop((engine, store));
    for suffix in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(format!("{}{suffix}", path.display()));
    }
    Ok(())
}
