//! What somebody writes who has one provider, no library and no store: Cashypro's two calls, signed by
//! hand, for every row of a file, 64 at a time. It forgets everything when it ends.
//!
//! `reqwest-loop BASE_URL FILE MERCHANT_ID API_KEY` prints how many payouts the provider took.

use std::sync::Arc;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use tokio::{sync::Semaphore, task::JoinSet};

const UNDER_WAY: usize = 64;

type Error = Box<dyn std::error::Error + Send + Sync>;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayOut {
    amount: serde_json::Number,
    bank_id: u32,
    id_type: &'static str,
    account_name: String,
    mch_order_no: String,
    id_card: String,
    account_no: String,
    account_type: &'static str,
    notify_url: &'static str,
    currency: &'static str,
    remark: &'static str,
    nonce_str: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayOutQuery {
    mch_order_no: String,
    nonce_str: String,
}

#[derive(Deserialize)]
struct Answer {
    msg: String,
    data: Option<Order>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Order {
    mch_order_no: String,
    order_status: String,
}

struct Client {
    http: reqwest::Client,
    base_url: String,
    merchant_id: String,
    api_key: String,
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [base_url, file, merchant_id, api_key] = words.try_into().map_err(|_| "four arguments")?;
    let http = reqwest::Client::new();
    let client = Arc::new(Client { http, base_url, merchant_id, api_key });
    let places = Arc::new(Semaphore::new(UNDER_WAY));
    let mut payouts = JoinSet::new();
    let mut accepted = 0;
    for line in std::fs::read_to_string(file)?.lines().skip(1) {
        let request = read_row(line).ok_or_else(|| format!("cannot read {line:?}"))?;
        let place = Arc::clone(&places).acquire_owned().await?;
        let client = Arc::clone(&client);
        payouts.spawn(async move {
            let _place = place;
            client.pay(request).await
        });
        while let Some(paid) = payouts.try_join_next() {
            accepted += u32::from(paid??);
        }
    }
    while let Some(paid) = payouts.join_next().await {
        accepted += u32::from(paid??);
    }
    println!("{accepted}");
    Ok(())
}

impl Client {
    async fn pay(&self, request: PayOut) -> Result<bool, Error> {
        let created = self.call("/api/payOut", &request).await?;
        let Some(order) = created.data.filter(|_| created.msg == "SUCCESS") else {
            return Err(format!("{} was refused: {}", request.mch_order_no, created.msg).into());
        };
        let nonce_str = order.mch_order_no.clone();
        let query = PayOutQuery { mch_order_no: order.mch_order_no, nonce_str };
        let asked = self.call("/api/payOutQuery", &query).await?;
        Ok(asked.data.is_some_and(|order| order.order_status != "FAILED"))
    }

    async fn call(&self, path: &str, body: &impl Serialize) -> Result<Answer, Error> {
        let body = serde_json::to_vec(body)?;
        let tag: [u8; 16] =
            Md5::new().chain_update(&body).chain_update(&self.api_key).finalize().into();
        let request = self
            .http
            .post(format!("{}{path}", self.base_url))
            .header("content-type", "application/json")
            .header("merchantid", &self.merchant_id)
            .header("sign", format!("{:032x}", u128::from_be_bytes(tag)))
            .body(body);
        Ok(request.send().await?.error_for_status()?.json().await?)
    }
}

/// Reads `key,provider,amount,currency,name,document_type,document,bank,account_type,account,...`.
fn read_row(line: &str) -> Option<PayOut> {
    let cells: Vec<&str> = line.split(',').collect();
    let cell = |number: usize| cells.get(number).map(|cell| (*cell).to_owned());
    Some(PayOut {
        amount: serde_json::from_str(&cell(2)?).ok()?,
        bank_id: cell(7)?.parse().ok()?,
        id_type: "1",
        account_name: cell(4)?,
        mch_order_no: cell(0)?,
        id_card: cell(6)?,
        account_no: cell(9)?,
        account_type: if cell(8)? == "savings" { "1" } else { "0" },
        notify_url: "http://127.0.0.1/webhooks/cashypro",
        currency: "COP",
        remark: "trial run",
        nonce_str: cell(0)?,
    })
}
