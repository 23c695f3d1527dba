//! One payout, from the order to the bank. The bank is a simulator on loopback, so no money moves.
//!
//! `cargo run -p pagos --all-features --example first_payout`
#![allow(clippy::print_stdout)]

use std::{error::Error, future::pending, sync::Arc};

use pagos::{
    AccountName, AccountType, Beneficiary, Currency, Document, DocumentType, Environment, Money,
    OrderKey, PayoutOrder, Secret,
    cashypro::{Cashypro, CashyproConfig, country},
    engine::{Accounts, Engine, Policy, World},
    sqlite::SqliteStore,
    system::System,
    transport::{HttpOptions, HttpTransport},
    twin::{self, ServeOptions, ServerHandle, cashypro::SANDBOX_API_KEY},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (bank, config) = simulated_bank().await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("payouts.db");

    // What connects, and who pays. `System` is the clock, the timer and the randomness of this machine.
    let http = HttpTransport::new(&HttpOptions::default(), Arc::new(System))?;
    let cashypro = Cashypro::new(config, Arc::new(http), Arc::new(System), Arc::new(System))?;
    let account = AccountName::new("cashypro")?;
    let accounts = Accounts::new().with(account.clone(), Arc::new(cashypro));

    // With real money: `World::Providers` and `Policy::live()`.
    let (world, policy) = (World::Simulated("twins".to_owned()), Policy::twin(SPEED));
    let store = Arc::new(SqliteStore::open(path)?);
    let engine = Engine::open(store, &world, accounts, Arc::new(System), policy).await?;

    // Whom, how much, and under which key: the same key is never paid twice.
    let ana = Beneficiary::new("Ana Castillo", AccountType::Savings, "0012345678".parse()?)
        .with_document(Document::new(DocumentType::Cc, "1032456789")?)
        .with_bank("Bancolombia".parse()?);
    let key = OrderKey::new("salary-2026-01-ana")?;
    let amount = Money::parse("150000", Currency::Cop)?;

    // Durable when `pay` returns; sent, asked about and settled while the engine runs.
    engine.pay(PayoutOrder::new(key.clone(), account, amount, ana)).await?;
    let payout = engine.run(1, engine.settled(&key), pending::<()>).await??;
    println!("{key} {}", payout.status());

    bank.shut_down().await;
    Ok(())
}

/// How many times faster than real time the simulator lives.
const SPEED: u32 = 60;

/// The simulator, and the configuration that a merchant has from his provider.
async fn simulated_bank() -> Result<(ServerHandle, CashyproConfig), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let options = ServeOptions { speed: SPEED, ..ServeOptions::default() };
    let bank = twin::serve(listener, twin::World::standard(), options).await?;
    let config = CashyproConfig {
        base_url: format!("{}/cashypro/stage-api", bank.origin()),
        merchant_id: twin::cashypro::SANDBOX_MERCHANT_ID.to_owned(),
        api_key: Secret::new(SANDBOX_API_KEY),
        notify_url: "http://127.0.0.1:9/webhooks/cashypro".to_owned(),
        ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
    };
    Ok((bank, config))
}

#[test]
fn it_ends_well() -> Result<(), Box<dyn Error>> {
    main()
}
