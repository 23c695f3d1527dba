//! One payout with Pagos as a library: Cashypro over HTTP, and the engine on a SQLite store.
//!
//! `pagos-consumer BASE_URL DATABASE MERCHANT_ID API_KEY` pays somebody, and ends when it is settled.

use std::{fs::File, io::Read, sync::Arc, time::{Duration, SystemTime}};

use async_trait::async_trait;
use pagos::{AccountName, AccountNumber, AccountType, BankCode, Beneficiary, Clock, Currency, Document, DocumentType, Environment, Money, NonceSource, OrderKey, PayoutOrder, Secret, Timestamp, cashypro::{Cashypro, CashyproConfig, country}, engine::{Accounts, Engine, Policy, RunId, Store, Timer, World}, http::{HttpOptions, HttpTransport}, sqlite::SqliteStore};

const LOOK_EVERY: Duration = Duration::from_millis(100);

#[derive(Debug)]
struct Outside;

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::from_millis(0).plus(since_epoch.unwrap_or_default())
    }
}

#[async_trait]
impl Timer for Outside {
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

impl NonceSource for Outside {
    fn draw(&self) -> [u8; 16] {
        let mut nonce = [0; 16];
        let random = File::open("/dev/urandom").and_then(|mut it| it.read_exact(&mut nonce));
        random.expect("Linux has random numbers");
        nonce
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [base_url, database, merchant_id, api_key] =
        words.try_into().map_err(|_| "four arguments")?;
    let config = CashyproConfig {
        base_url,
        merchant_id,
        api_key: Secret::new(api_key),
        notify_url: "http://127.0.0.1/webhooks/cashypro".to_owned(),
        ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
    };
    let outside = Arc::new(Outside);
    let http = Arc::new(HttpTransport::new(&HttpOptions::default(), outside.clone())?);
    let provider = Cashypro::new(config, http, outside.clone(), outside.clone())?;
    let account = AccountName::new("cashypro")?;
    let accounts = Accounts::new().with(account.clone(), Arc::new(provider));
    let store = Arc::new(SqliteStore::open(&database)?);
    let world = World::Simulated("twins".to_owned());
    let engine = Engine::open(store.clone(), &world, accounts, outside, Policy::live()).await?;

    let order = PayoutOrder {
        key: OrderKey::new("salary-1")?,
        account,
        amount: Money::parse("1850000", Currency::Cop)?,
        beneficiary: Beneficiary {
            name: "Ana Castillo".to_owned(),
            document: Some(Document::new(DocumentType::Cc, "1032456789")?),
            bank: Some(BankCode::new("20")?),
            account_type: AccountType::Savings,
            account_number: AccountNumber::new("00123456789")?,
            email: None,
            phone: None,
        },
        description: None,
    };
    let run = RunId("november".to_owned());
    engine.submit(&run, vec![order]).await?;
    engine.release(&run, 1).await?;
    let settled = async {
        while !is_settled(&*store, &run).await {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    };
    engine.run(16, settled, std::future::pending).await?;
    for row in store.tally(Some(&run)).await?.rows {
        println!("{} {}", row.count, row.status);
    }
    Ok(())
}

async fn is_settled(store: &dyn Store, run: &RunId) -> bool {
    let tally = store.tally(Some(run)).await;
    tally.is_ok_and(|tally| tally.count("succeeded") + tally.count("failed") == 1)
}
