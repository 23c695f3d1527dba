//! A payment with ETpay: a session is opened, a payer pays on its page, and the payment is followed to
//! its end. Provider and payer are simulated on loopback, so no money moves.
//!
//! `cargo run -p pagos --all-features --example etpay_payment`
#![allow(clippy::print_stdout)]

use std::{error::Error, future::pending, sync::Arc};

use pagos::{
    AccountName, Currency, Departure, Money, OrderKey, PaymentOrder, Transport,
    bytes::Bytes,
    engine::{Accounts, Engine, Policy, World},
    etpay::{Etpay, EtpayConfig},
    http::Request,
    sqlite::SqliteStore,
    system::System,
    transport::{HttpOptions, HttpTransport},
    twin::{self, ServeOptions, ServerHandle},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (bank, config) = simulated_bank().await?;
    let http = Arc::new(HttpTransport::new(&HttpOptions::default(), Arc::new(System))?);
    let etpay = Etpay::new(config, http.clone(), Arc::new(System))?;
    let account = AccountName::new("etpay")?;
    let accounts = Accounts::new().with(account.clone(), Arc::new(etpay));
    let folder = tempfile::tempdir()?;
    let store = Arc::new(SqliteStore::open(folder.path().join("payments.db"))?);
    let (world, policy) = (World::Simulated("twins".to_owned()), Policy::twin(SPEED));
    let engine = Engine::open(store, &world, accounts, Arc::new(System), policy).await?;

    // The session and its secret are durable before anybody is told the address.
    let key = OrderKey::new("invoice17")?;
    let amount = Money::parse("15000", Currency::Clp)?;
    let opened = engine
        .open_payment(PaymentOrder {
            description: Some("invoice 17".to_owned()),
            return_url: Some("https://shop.example/paid".to_owned()),
            cancel_url: Some("https://shop.example/not-paid".to_owned()),
            ..PaymentOrder::new(key.clone(), account, amount)
        })
        .await?;
    let page = opened.url().ok_or("the provider named no page")?;
    println!("send the payer to {page}");

    // The payer's browser. Where it is sent afterwards proves nothing; only the provider's word does.
    let click = Request::get(format!("{page}?auto=paid")).body(Bytes::new())?;
    http.send(click, Departure::Anytime).await?;

    // Here the provider is asked; `service.rs` shows how its notifications are received.
    let payment = engine.run(1, engine.payment_settled(&key), pending::<()>).await??;
    println!("{key} {}", payment.progress.status());

    bank.shut_down().await;
    Ok(())
}

/// How many times faster than real time the simulator lives.
const SPEED: u32 = 60;

/// The simulator, and a configuration by name, as from environment variables (`PAGOS_ETPAY_API_URL` ...).
async fn simulated_bank() -> Result<(ServerHandle, EtpayConfig), Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let options = ServeOptions { speed: SPEED, ..ServeOptions::default() };
    let bank = twin::serve(listener, twin::World::standard(), options).await?;
    let credentials = bank.inspect(|world| world.credentials(&bank.origin()));
    let credentials = credentials.get("etpay").ok_or("no such twin")?;
    let config = EtpayConfig::from_lookup(|name| match name {
        "ENVIRONMENT" => Some("sandbox".to_owned()),
        "NOTIFY_URL" => Some("http://127.0.0.1:9/webhooks/etpay".to_owned()),
        name => credentials.get(name.to_lowercase().as_str()).cloned(),
    })?;
    Ok((bank, config))
}

#[test]
fn it_ends_well() -> Result<(), Box<dyn Error>> {
    main()
}
