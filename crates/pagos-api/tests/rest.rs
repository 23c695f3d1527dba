//! The rest of the API: payments, events, what waits, balances, the document, and a property of
//! every answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod site;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use pagos_api::{Acts, Api, ReleaseState, token::Scope};
use pagos_core::{OrderKey, PaymentOrder, PayoutOrder, Timestamp};
use pagos_engine::{
    Actor, ApprovalState, Decision, Engine, EngineError, InboxId, Opened, Payment, Payout,
    RunApproval, RunId, StoreError, StoreErrorKind, Submitted,
};
use proptest::prelude::*;
use serde_json::{Value, json};
use site::{Says, Site, payment, payout};
use tokio::sync::Notify;

#[tokio::test]
async fn a_payment_is_opened_once() {
    let site = Site::new().await;
    let token = site.all().await;
    let opened = site.post(&token, "/v1/payments", &payment("invoice-1")).await;
    assert_eq!(opened.status, 201, "{opened:?}");
    assert_eq!(opened.body["session"]["url"], "https://pay.example/ps");
    let again = site.post(&token, "/v1/payments", &payment("invoice-1")).await;
    assert_eq!((again.status, &again.body), (200, &opened.body));
    let mut other = payment("invoice-1");
    other["amount"] = json!("98");
    assert_eq!(site.post(&token, "/v1/payments", &other).await.problem(), "key-conflict");
    assert_eq!(site.get(&token, "/v1/payments/invoice-1").await.body, opened.body);
    let list = site.get(&token, "/v1/payments?status=pending").await;
    assert_eq!(list.body["payments"][0]["key"], "invoice-1");
    assert_eq!(site.get(&token, "/v1/payments/invoice-1/history").await.status, 200);
    let nobody = json!({ "note": "looked" });
    let told = site.post(&token, "/v1/payments/invoice-1/resolve", &nobody).await;
    assert_eq!(told.problem(), "refused");
    site.provider_says(Says::Unknown);
    let doubt = site.post(&token, "/v1/payments", &payment("invoice-2")).await;
    assert_eq!((doubt.status, &doubt.body["session"]), (202, &json!(null)), "{doubt:?}");
    site.provider_says(Says::Succeeded);
    let again = site.post(&token, "/v1/payments", &payment("invoice-2")).await;
    assert_eq!(again.status, 201, "nobody knows the address of another session: {again:?}");
}

#[tokio::test]
async fn events_go_on_after_a_number() {
    let site = Site::new().await;
    let token = site.all().await;
    for key in ["may-1", "may-2"] {
        site.post(&token, "/v1/payouts", &payout(key)).await;
        site.work().await;
    }
    let first = site.get(&token, "/v1/events?limit=1").await;
    assert_eq!(first.body["events"][0]["order"]["key"], "may-1");
    assert_eq!(first.body["events"][0]["order"]["runs"], json!(["payout may-1"]));
    let next = first.body["next"].as_u64().unwrap();
    let second = site.get(&token, &format!("/v1/events?after={next}")).await;
    assert_eq!(second.body["events"][0]["order"]["key"], "may-2");
    let end = second.body["next"].as_u64().unwrap();
    let none = site.get(&token, &format!("/v1/events?after={end}")).await;
    assert_eq!(none.body, json!({ "events": [], "next": end }));
}

#[tokio::test]
async fn what_the_database_does_not_know_waits_for_a_person() {
    let site = Site::new().await;
    let token = site.all().await;
    let told = async || site.get(&token, "/v1/waiting").await.body["database"].clone();
    assert_eq!(told().await, json!({ "forgotten": [] }));
    let backup_at = Timestamp::from_millis(1_000);
    site.writer.mark_restored(backup_at, Timestamp::from_millis(9_000)).await.unwrap();
    site.forget("may-1").await;
    let (early, late) = ("1970-01-01T00:00:01Z", "1970-01-01T00:00:09Z");
    let restored = json!({ "restored_at": late, "backup_at": early });
    let forgotten = json!([{ "key": "may-1", "account": "acme", "sent_at": early }]);
    assert_eq!(told().await, json!({ "restored": restored, "forgotten": forgotten }));
    site.writer.accept_restored("the panel agrees", None).await.unwrap();
    assert_eq!(told().await["restored"]["accepted"], "the panel agrees");
}

#[tokio::test]
async fn balances_and_what_waits() {
    let site = Site::new().await;
    let token = site.all().await;
    let told = site.get(&token, "/v1/balances").await;
    assert_eq!(told.body["accounts"][0]["balances"][0]["available"], "1234.56");
    site.provider_says(Says::Unknown);
    site.post(&token, "/v1/payouts", &payout("may-1")).await;
    site.post(&token, "/v1/payouts", &payout("may-2")).await;
    for _ in 0..400 {
        site.work().await;
        site.clock.advance(Duration::from_secs(3_600));
    }
    let told = site.get(&token, "/v1/waiting?limit=1").await;
    assert_eq!(told.body["totals"][0]["needs_attention"], 2, "{told:?}");
    assert_eq!(told.body["payouts"].as_array().unwrap().len(), 1);
    let next = told.body["next"].as_str().unwrap();
    let rest = site.get(&token, &format!("/v1/waiting?limit=1&after={next}")).await;
    assert_eq!(rest.body["payouts"].as_array().unwrap().len(), 1);
    assert_ne!(rest.body["payouts"][0]["key"], told.body["payouts"][0]["key"]);
}

#[tokio::test]
async fn the_document_is_the_one_that_is_checked_in() {
    let document = Site::new().await.api.openapi();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/openapi.json");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(path, &document).unwrap();
    }
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert!(kept == document, "run this test with UPDATE_DOCS=1 to renew openapi.json");
    let document: Value = serde_json::from_str(&document).unwrap();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let summary = operation["summary"].as_str().unwrap_or_default();
            assert!(!summary.is_empty(), "{method} {path} has no summary");
        }
    }
}

/// Does what the engine does, keeps who did it, and fails or waits where a test says so.
#[derive(Debug)]
struct Between {
    engine: Arc<Engine>,
    seen: std::sync::Mutex<Vec<String>>,
    fails_after_submit: bool,
    begun: Notify,
    go_on: Notify,
    waits: bool,
}

impl Between {
    fn new(engine: Arc<Engine>) -> Self {
        Self {
            engine,
            seen: std::sync::Mutex::default(),
            fails_after_submit: false,
            begun: Notify::new(),
            go_on: Notify::new(),
            waits: false,
        }
    }

    fn note(&self, what: &str, by: &Actor) {
        self.seen.lock().unwrap().push(format!("{what} {by}"));
    }
}

#[async_trait]
impl Acts for Between {
    async fn submit(
        &self,
        run: &RunId,
        orders: Vec<PayoutOrder>,
        by: &Actor,
    ) -> Result<Vec<Submitted>, EngineError> {
        self.note("submit", by);
        self.engine.submit(run, orders).await
    }

    async fn pay(
        &self,
        order: PayoutOrder,
        by: &Actor,
    ) -> Result<(Option<Submitted>, ReleaseState), EngineError> {
        self.note("pay", by);
        if self.waits {
            self.begun.notify_one();
            self.go_on.notified().await;
        }
        if self.fails_after_submit {
            self.engine.submit(&RunId(format!("payout {}", order.key)), vec![order]).await?;
            let lost = StoreError::new("file /secret/pagos.db");
            return Err(EngineError::Store(lost.of_kind(StoreErrorKind::UnknownOutcome)));
        }
        Acts::pay(self.engine.as_ref(), order, by).await
    }

    async fn release(
        &self,
        run: &RunId,
        expected: u64,
        by: &Actor,
    ) -> Result<ReleaseState, EngineError> {
        self.note("release", by);
        if run.0 == "waits" {
            return Ok(ReleaseState::WaitsForApproval);
        }
        Acts::release(self.engine.as_ref(), run, expected, by).await
    }

    async fn withdraw(&self, run: &RunId, by: &Actor) -> Result<u64, EngineError> {
        self.note("withdraw", by);
        Acts::withdraw(self.engine.as_ref(), run, by).await
    }

    async fn approve(&self, _: &RunId, _: &str, _: &str, by: &Actor) -> Result<(), EngineError> {
        self.note("approve", by);
        Ok(())
    }

    async fn reject(&self, _: &RunId, _: &str, by: &Actor) -> Result<(), EngineError> {
        self.note("reject", by);
        Ok(())
    }

    async fn approval(&self, run: &RunId) -> Result<Option<RunApproval>, EngineError> {
        Ok((run.0 == "waits").then(|| RunApproval {
            run: run.clone(),
            id: 1,
            members: 1,
            digest: "0".repeat(64).parse().unwrap(),
            totals: Vec::new(),
            needed: 1,
            submitters: Vec::new(),
            has_unknown_submitter: false,
            approvals: Vec::new(),
            rejection: None,
            state: ApprovalState::Waiting,
            since: Timestamp::from_millis(site::START_MS),
            is_blocked: false,
        }))
    }

    async fn approve_resend(
        &self,
        key: &OrderKey,
        attempt: u32,
        note: &str,
        by: &Actor,
    ) -> Result<Option<Payout>, EngineError> {
        self.note("approve_resend", by);
        Acts::approve_resend(self.engine.as_ref(), key, attempt, note, by).await
    }

    async fn reject_resend(
        &self,
        key: &OrderKey,
        attempt: u32,
        note: &str,
        by: &Actor,
    ) -> Result<(), EngineError> {
        self.note("reject_resend", by);
        Acts::reject_resend(self.engine.as_ref(), key, attempt, note, by).await
    }

    async fn resolve(
        &self,
        key: &OrderKey,
        decision: Decision,
        note: &str,
        although: Option<&str>,
        by: &Actor,
    ) -> Result<Payout, EngineError> {
        self.note("resolve", by);
        Acts::resolve(self.engine.as_ref(), key, decision, note, although, by).await
    }

    async fn disclose(&self, key: &OrderKey, by: &Actor) -> Result<Payout, EngineError> {
        self.engine.disclose(key, by).await
    }

    async fn replay(&self, delivery: InboxId, by: &Actor) -> Result<bool, EngineError> {
        self.note("replay", by);
        self.engine.replay(delivery).await
    }

    async fn open_payment(&self, order: PaymentOrder, by: &Actor) -> Result<Opened, EngineError> {
        self.note("open_payment", by);
        self.engine.open_payment(order).await
    }

    async fn resolve_payment(
        &self,
        key: &OrderKey,
        note: &str,
        by: &Actor,
    ) -> Result<Payment, EngineError> {
        self.note("resolve_payment", by);
        Acts::resolve_payment(self.engine.as_ref(), key, note, by).await
    }
}

#[tokio::test]
async fn every_change_names_the_token() {
    let mut kept = None;
    let site = Site::with(|engine| {
        let between = Arc::new(Between::new(engine));
        kept = Some(between.clone());
        between
    })
    .await;
    let token = site.token("bea", &Scope::ALL).await;
    let waits = json!({ "run": "waits", "orders": [payout("w-1")] });
    site.post(&token, "/v1/payouts", &payout("may-1")).await;
    site.post(&token, "/v1/runs", &waits).await;
    let released = site.post(&token, "/v1/runs/waits/release", &json!({ "orders": 1 })).await;
    assert_eq!(released.status, 202);
    assert_eq!(released.body["state"], "waiting_for_approval");
    assert_eq!(released.body["approval"]["digest"], "0".repeat(64));
    let approval = json!({ "digest": "0".repeat(64), "note": "seen" });
    assert_eq!(site.post(&token, "/v1/runs/waits/approve", &approval).await.status, 200);
    site.post(&token, "/v1/runs/waits/reject", &json!({ "note": "no" })).await;
    site.post(&token, "/v1/runs/waits/withdraw", &json!({})).await;
    let decision = json!({ "decision": "ask", "note": "look" });
    site.post(&token, "/v1/payouts/may-1/resolve", &decision).await;
    let resend = json!({ "attempt": 1, "note": "seen" });
    site.post(&token, "/v1/payouts/may-1/resend/approve", &resend).await;
    site.post(&token, "/v1/payouts/may-1/resend/reject", &resend).await;
    site.post(&token, "/v1/payments", &payment("invoice-1")).await;
    site.post(&token, "/v1/payments/invoice-1/resolve", &json!({ "note": "looked" })).await;
    site.post(&token, "/v1/inbox/1/replay", &json!({})).await;
    let seen = kept.unwrap().seen.lock().unwrap().clone();
    let deeds = [
        "pay",
        "submit",
        "release",
        "approve",
        "reject",
        "withdraw",
        "resolve",
        "approve_resend",
        "reject_resend",
        "open_payment",
        "resolve_payment",
        "replay",
    ];
    assert_eq!(seen, deeds.map(|deed| format!("{deed} bea")));
}

#[tokio::test]
async fn a_store_that_fails_after_the_write_is_told_as_doubt_and_the_repeat_is_safe() {
    let site =
        Site::with(|engine| Arc::new(Between { fails_after_submit: true, ..Between::new(engine) }))
            .await;
    let token = site.all().await;
    let told = site.post(&token, "/v1/payouts", &payout("may-1")).await;
    assert_eq!((told.status, told.problem()), (503, "outcome-unknown"));
    assert_eq!(told.headers["retry-after"], "2");
    assert_eq!(told.body["kind"], "unknown");
    let next = told.body["next_step"].as_str().unwrap();
    assert!(next.contains("same request with the same key") && next.contains("safe"), "{next}");
    assert!(!told.body.to_string().contains("/secret"), "{told:?}");
    let stored = site.get(&token, "/v1/payouts/may-1").await;
    assert_eq!((stored.status, &stored.body["state"]), (200, &json!("held")));
}

/// A client that leaves while its order is being stored leaves no half of it.
#[tokio::test]
async fn a_submit_that_has_begun_runs_to_its_end() {
    let mut kept = None;
    let site = Site::with(|engine| {
        let between = Arc::new(Between { waits: true, ..Between::new(engine) });
        kept = Some(between.clone());
        between
    })
    .await;
    let between = kept.unwrap();
    let token = site.all().await;
    {
        let body = payout("may-1");
        let mut request = Box::pin(site.post(&token, "/v1/payouts", &body));
        tokio::select! {
            _ = &mut request => panic!("it waits"),
            () = between.begun.notified() => {}
        }
        // The client leaves.
    }
    between.go_on.notify_one();
    let mut read = site.get(&token, "/v1/payouts/may-1").await;
    for _ in 0..100 {
        if read.body["state"] == "under_way" {
            break;
        }
        tokio::task::yield_now().await;
        read = site.get(&token, "/v1/payouts/may-1").await;
    }
    assert_eq!(read.body["state"], "under_way", "stored and released: {read:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Wherever a client or a provider puts it, no answer has a full account number.
    #[test]
    fn no_answer_contains_a_full_account_number(
        number in "[A-Z]{0,2}[0-9]{6,20}",
        place in 0..6_u8,
        quotes in any::<bool>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let site = Site::new().await;
            let token = site.all().await;
            if quotes {
                site.provider_says(Says::Quotes);
            }
            let mut body = payout("may-1");
            body["beneficiary"]["account_number"] = json!(number);
            match place {
                0 => body["description"] = json!(format!("to {number}")),
                1 => body["beneficiary"]["bank"] = json!(number),
                2 => body["beneficiary"]["account_number"] = json!(format!("{number} ")),
                3 => body["beneficiary"][number.as_str()] = json!(1),
                4 => body["beneficiary"]["account_type"] = json!(number),
                _ => {}
            }
            let mut answers = vec![site.post(&token, "/v1/payouts", &body).await];
            let batch = json!({ "run": "may", "orders": [body] });
            answers.push(site.post(&token, "/v1/runs", &batch).await);
            site.work().await;
            for path in [
                "/v1/payouts", "/v1/payouts/may-1", "/v1/payouts/may-1/history", "/v1/events",
                "/v1/waiting", "/v1/runs/may/payouts",
            ] {
                answers.push(site.get(&token, path).await);
            }
            for answer in answers {
                let text = answer.body.to_string();
                prop_assert!(!text.contains(&number), "{number}: {text}");
            }
            Ok(())
        })?;
    }
}

#[test]
fn an_api_shows_nothing() {
    fn is_debug<T: std::fmt::Debug>() {}
    is_debug::<Api>();
}

/// Generators of clients refuse a document with a reference that leads nowhere.
#[tokio::test]
async fn every_reference_of_the_document_leads_somewhere() {
    fn check(document: &Value, part: &Value) -> usize {
        match part {
            Value::Object(fields) => {
                let to = fields.get("$ref").and_then(Value::as_str);
                if let Some(to) = to {
                    let place = to.strip_prefix('#').unwrap();
                    assert!(document.pointer(place).is_some(), "{to}");
                }
                let inner: usize = fields.values().map(|it| check(document, it)).sum();
                inner + usize::from(to.is_some())
            }
            Value::Array(parts) => parts.iter().map(|it| check(document, it)).sum(),
            _ => 0,
        }
    }
    let site = Site::new().await;
    assert!(check(&site.document, &site.document) > 50);
}
