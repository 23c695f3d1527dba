//! A test of your own integration: simulated providers in the same process, faults that you order, and
//! time that passes when you say so. Nothing waits, so a month of watching takes a moment.
//!
//! `cargo run -p pagos --all-features --example testing`
#![allow(clippy::print_stdout)]

use std::{
    error::Error,
    sync::{Arc, Mutex},
};

use pagos::{
    AccountName, AccountType, Beneficiary, Currency, Document, DocumentType, Environment, Money,
    OrderKey, PayoutOrder, Secret,
    cashypro::{Cashypro, CashyproConfig, country},
    engine::{Accounts, Engine, ManualTimer, Policy, Store, World},
    sqlite::SqliteStore,
    system::System,
    twin::{
        self, Fault, Trigger, TwinTransport, VirtualClock,
        cashypro::{SANDBOX_API_KEY, SANDBOX_MERCHANT_ID},
    },
};

/// What is under test: your code, which makes orders.
fn salary(name: &str) -> Result<PayoutOrder, pagos::Error> {
    let ana = Beneficiary::new("Ana Castillo", AccountType::Savings, "00123456789".parse()?)
        .with_document(Document::new(DocumentType::Cc, "1032456789")?)
        .with_bank("Bancolombia".parse()?);
    let amount = Money::parse("1850000", Currency::Cop)?;
    Ok(PayoutOrder::new(OrderKey::new(name)?, AccountName::new("cashypro")?, amount, ana))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    // A world in which the reply to the first order is lost after the bank has booked it.
    let mut world = twin::World::standard();
    let bank = world.twin_mut("cashypro").ok_or("no such twin")?;
    let lost = Trigger { key: "n-1".to_owned(), fault: Fault::LoseReply, times: 1 };
    bank.faults_mut().trigger(lost);
    let world = Arc::new(Mutex::new(world));

    // A provider that speaks to this world, and an engine that lives by its clock.
    let clock = Arc::new(VirtualClock::starting_at("2026-11-21T12:00:00Z".parse()?));
    let transport = Arc::new(TwinTransport::new(world.clone(), clock.clone()));
    let config = CashyproConfig {
        base_url: "http://127.0.0.1/cashypro/stage-api".to_owned(),
        merchant_id: SANDBOX_MERCHANT_ID.to_owned(),
        api_key: Secret::new(SANDBOX_API_KEY),
        notify_url: "http://127.0.0.1/webhooks/cashypro".to_owned(),
        ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
    };
    let provider = Cashypro::new(config, transport, clock.clone(), Arc::new(System))?;
    let accounts = Accounts::new().with(AccountName::new("cashypro")?, Arc::new(provider));
    let folder = tempfile::tempdir()?;
    let store = Arc::new(SqliteStore::open(folder.path().join("test.db"))?);
    let timer = Arc::new(ManualTimer::over(clock.clone()));
    // Nobody turns the clock while an order waits for its turn.
    let policy = Policy { sends_per_second_max: None, ..Policy::live() };
    let of_tests = World::Simulated("tests".to_owned());
    let engine = Engine::open(store.clone(), &of_tests, accounts, timer, policy).await?;

    // The second one says itself what is to happen: it is paid, and taken back.
    let orders = vec![salary("n-1")?, salary("n-2")?.with_description("sim:success-then-fail")];
    for order in orders {
        engine.pay(order).await?;
    }

    // Do what is due, turn the clock to what is due next, until nothing is: also the watch is over then.
    while let Some(due_at) = engine.due_at().await? {
        clock.advance_to(due_at);
        while !engine.work(16).await?.is_idle() {}
    }

    // What your program is told, and what the bank has booked.
    for (number, notice) in store.outbox(0, 100).await? {
        let Some(news) = notice.order() else { continue };
        println!("{number} {} {} {:?} -> {}", notice.at, news.key, notice.event, news.status);
    }
    let world = world.lock().map_err(|_| "the world is broken")?;
    let booked = world.net_per_key();
    assert_eq!(booked.get(&("cashypro", "n-1")), Some(&185_000_000), "paid, and once");
    assert_eq!(booked.get(&("cashypro", "n-2")), Some(&0), "paid, and taken back");
    Ok(())
}

#[test]
fn it_ends_well() -> Result<(), Box<dyn Error>> {
    main()
}
