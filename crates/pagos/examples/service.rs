//! A service that pays: the engine on SQLite, and webhooks that arrive at the HTTP server which the service
//! has anyway, here axum. It pays one order, is told by a webhook, and ends. The bank is simulated.
//!
//! `cargo run -p pagos --all-features --example service`
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::{error::Error, sync::Arc, time::Duration};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::any,
};
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
};

use pagos::{
    AccountName, AccountType, Beneficiary, Currency, Document, DocumentType, Environment, Money,
    OrderKey, PayoutOrder, Secret,
    cashypro::{Cashypro, CashyproConfig, country},
    engine::{Accounts, Engine, Policy, Store, World},
    http,
    sqlite::SqliteStore,
    system::System,
    transport::{HttpOptions, HttpTransport},
    twin::{self, ServeOptions, ServerHandle, cashypro::SANDBOX_API_KEY},
    webhook::{Endpoint, Receiver, Settings},
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let notify_url = format!("http://{}/webhooks/cashypro", listener.local_addr()?);
    let (bank, config) = simulated_bank(notify_url).await?;
    let folder = tempfile::tempdir()?;

    // The engine.
    let http = HttpTransport::new(&HttpOptions::default(), Arc::new(System))?;
    let cashypro = Cashypro::new(config, Arc::new(http), Arc::new(System), Arc::new(System))?;
    let (account, cashypro) = (AccountName::new("cashypro")?, Arc::new(cashypro));
    let store = Arc::new(SqliteStore::open(folder.path().join("payouts.db"))?);
    let accounts = Accounts::new().with(account.clone(), cashypro.clone());
    // Pending payouts are asked about every minute, in case that a webhook is lost.
    let poll_delays = vec![Duration::from_secs(60)];
    let policy = Policy { poll_delays, ..Policy::twin(SPEED) };
    let world = World::Simulated("twins".to_owned());
    let engine = Engine::open(store.clone(), &world, accounts, Arc::new(System), policy).await?;
    let engine = Arc::new(engine);

    // Webhooks: what is verified is stored, then acknowledged; the engine is woken and applies it.
    let woken = Arc::new(Notify::new());
    let wake = woken.clone();
    let endpoint = Endpoint::new(account.clone(), cashypro)?;
    let receiver = Receiver::new(
        store.clone(),
        vec![endpoint],
        Arc::new(System),
        Settings::default(),
        move || wake.notify_one(),
    )?;

    // The service: a server, an engine and a reader of notices, until somebody says stop.
    let (stop, stopped) = watch::channel(());
    let app =
        Router::new().route("/webhooks/{*account}", any(receive)).with_state(receiver.clone());
    let serving = axum::serve(listener, app).with_graceful_shutdown(until(stopped.clone()));
    let serving = tokio::spawn(serving.into_future());
    let working = tokio::spawn(keep_working(engine.clone(), woken, stopped));

    let ana = Beneficiary::new("Ana Castillo", AccountType::Savings, "0012345678".parse()?)
        .with_document(Document::new(DocumentType::Cc, "1032456789")?)
        .with_bank("Bancolombia".parse()?);
    let amount = Money::parse("150000", Currency::Cop)?;
    engine.pay(PayoutOrder::new(OrderKey::new("order-1")?, account, amount, ana)).await?;
    read_notices(&store).await?;
    println!("{} webhooks were stored", receiver.counters().stored);

    drop(stop);
    serving.await??;
    working.await?;
    bank.shut_down().await;
    Ok(())
}

/// Hands a delivery over as it came: a body that is parsed and written anew fails verification.
async fn receive(State(receiver): State<Receiver>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, Settings::default().body_bytes_max).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    receiver.answer(http::Request::from_parts(head, body)).await.map(Body::from)
}

/// `run` ends at the first failure of the store. Nothing is lost by it, so it is begun again.
async fn keep_working(engine: Arc<Engine>, woken: Arc<Notify>, stopped: watch::Receiver<()>) {
    while let Err(error) = engine.run(16, until(stopped.clone()), || woken.notified()).await {
        eprintln!("the engine ended: {error}; it begins again in a second");
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Somebody said stop, or is gone.
async fn until(mut stopped: watch::Receiver<()>) {
    // There is never another value, so this is the end of the sender.
    let _ = stopped.changed().await;
}

/// Reads what is new, each notice once, until the payout is settled. A service goes on for ever.
async fn read_notices(store: &SqliteStore) -> Result<(), Box<dyn Error>> {
    loop {
        let read = store.reader("service").await?.unwrap_or(0);
        for (number, notice) in store.outbox(read, 100).await? {
            let status = notice.order().map(|news| news.status);
            println!("{} {}", notice.at, serde_json::to_string(&notice)?);
            // First do what follows from it, then acknowledge. A crash in between brings it again.
            store.acknowledge("service", number).await?;
            if status.is_some_and(|status| status.is_final()) {
                return Ok(());
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How many times faster than real time the simulator lives.
const SPEED: u32 = 60;

/// The simulator, and the configuration that a merchant has from his provider.
async fn simulated_bank(
    notify_url: String,
) -> Result<(ServerHandle, CashyproConfig), Box<dyn Error>> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let options = ServeOptions { speed: SPEED, ..ServeOptions::default() };
    let bank = twin::serve(listener, twin::World::standard(), options).await?;
    let config = CashyproConfig {
        base_url: format!("{}/cashypro/stage-api", bank.origin()),
        merchant_id: twin::cashypro::SANDBOX_MERCHANT_ID.to_owned(),
        api_key: Secret::new(SANDBOX_API_KEY),
        notify_url,
        ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
    };
    Ok((bank, config))
}

#[test]
fn it_ends_well() -> Result<(), Box<dyn Error>> {
    main()
}
