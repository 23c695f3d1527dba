//! Approval over HTTP: who may say yes, what waits, and what is blocked because nobody is left.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod site;

use std::{sync::atomic::Ordering, time::Duration};

use pagos_api::token::Scope;
use serde_json::{Value, json};
use site::{Says, Site, Told, payout};

/// A run of one payout that waits, submitted and released by this token.
async fn waiting(site: &Site, token: &str) -> Told {
    let batch = json!({ "run": "may", "orders": [payout("may-1")] });
    assert_eq!(site.post(token, "/v1/runs", &batch).await.status, 201);
    let told = site.post(token, "/v1/runs/may/release", &json!({ "orders": 1 })).await;
    assert_eq!(told.status, 202, "{told:?}");
    told
}

fn approval(run: &Told) -> Value {
    json!({ "digest": run.body["approval"]["digest"], "note": "seen" })
}

async fn revoke(site: &Site, admin: &str, token: &str) {
    let id = token.split('_').nth(1).unwrap();
    let told = site.post(admin, &format!("/v1/tokens/{id}/revoke"), &json!({})).await;
    assert_eq!(told.status, 200, "{told:?}");
}

fn sent(site: &Site) -> u64 {
    site.acme.created.load(Ordering::Relaxed)
}

#[tokio::test]
async fn a_run_waits_until_somebody_else_approves_it() {
    let site = Site::guarded().await;
    let ana = site.token("ana", &Scope::ALL).await;
    let leo = site.token("leo", &[Scope::Approve]).await;
    let waits = waiting(&site, &ana).await;
    assert_eq!(waits.body["state"], "waiting_for_approval");
    let listed = site.get(&ana, "/v1/waiting").await;
    let run = &listed.body["runs"][0];
    assert_eq!(
        (&run["run"], &run["approval"]["missing"]),
        (&json!("may"), &json!(1)),
        "{listed:?}"
    );
    let operations: Vec<&str> = run["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|it| it["operation"].as_str())
        .collect();
    assert_eq!(operations, ["approve", "reject", "withdraw"]);
    assert_eq!(site.get(&ana, "/v1/waiting?after=created~").await.body["runs"], json!([]));
    let own = site.post(&ana, "/v1/runs/may/approve", &approval(&waits)).await;
    assert_eq!((own.status, own.problem()), (409, "refused"));
    site.work().await;
    assert_eq!(sent(&site), 0);
    let told = site.post(&leo, "/v1/runs/may/approve", &approval(&waits)).await;
    assert_eq!((told.status, &told.body["state"]), (200, &json!("released")));
    site.work().await;
    assert_eq!(sent(&site), 1);
    assert_eq!(site.get(&ana, "/v1/waiting").await.body["runs"], json!([]));
}

/// A repeat of the request and a look at the payout say the same.
#[tokio::test]
async fn a_payout_by_itself_waits_until_somebody_approves_it() {
    let site = Site::guarded().await;
    let ana = site.token("ana", &Scope::ALL).await;
    let leo = site.token("leo", &[Scope::Approve]).await;
    for _ in 0..2 {
        let told = site.post(&ana, "/v1/payouts", &payout("one")).await;
        assert_eq!((told.status, &told.body["state"]), (202, &json!("waiting_for_approval")));
    }
    let seen = site.get(&ana, "/v1/payouts/one").await;
    assert_eq!(seen.body["state"], "waiting_for_approval", "{seen:?}");
    let waits = site.get(&ana, "/v1/waiting").await.body["runs"][0].clone();
    let yes = json!({ "digest": waits["approval"]["digest"], "note": "seen" });
    let path = format!("/v1/runs/{}/approve", waits["run"].as_str().unwrap().replace(' ', "%20"));
    assert_eq!(site.post(&leo, &path, &yes).await.status, 200);
    let seen = site.get(&ana, "/v1/payouts/one").await;
    assert_eq!(seen.body["state"], "under_way", "{seen:?}");
}

/// The name counts, not the token: another token, a new one after a revocation, and other capital
/// letters are the same person.
#[tokio::test]
async fn no_other_token_of_the_submitter_approves() {
    let site = Site::guarded().await;
    let root = site.token("root", &[Scope::Admin]).await;
    let submitting = site.token("ana", &[Scope::Submit]).await;
    let waits = waiting(&site, &submitting).await;
    revoke(&site, &root, &submitting).await;
    for name in ["ana", "Ana", "ANA"] {
        let approving = site.token(name, &Scope::ALL).await;
        let told = site.post(&approving, "/v1/runs/may/approve", &approval(&waits)).await;
        assert_eq!((told.status, told.problem()), (409, "refused"), "{name}: {told:?}");
        // Nor does a payout of its own leave beside the run.
        let single = site.post(&approving, "/v1/payouts", &payout("may-1")).await;
        assert!(single.status >= 400, "{name}: {single:?}");
    }
    site.work().await;
    assert_eq!(sent(&site), 0);
}

#[tokio::test]
async fn a_run_is_blocked_when_nobody_is_left_who_may_approve() {
    let site = Site::guarded().await;
    let (ana, leo) =
        (site.token("ana", &Scope::ALL).await, site.token("leo", &[Scope::Approve]).await);
    let waits = waiting(&site, &ana).await;
    assert_eq!(waits.body["state"], "waiting_for_approval");
    revoke(&site, &ana, &leo).await;
    let blocked = site.get(&ana, "/v1/runs/may").await;
    assert_eq!(blocked.body["state"], "blocked", "{blocked:?}");
    let listed = site.get(&ana, "/v1/waiting").await;
    assert_eq!(listed.body["runs"][0]["state"], "blocked");
    assert_eq!(listed.body["runs"][0]["decisions"][0]["operation"], "reject");
    let events = site.get(&ana, "/v1/events").await.body.to_string();
    assert_eq!(events.matches("blocked").count(), 1, "it is told, once: {events}");
    site.token("eva", &[Scope::Approve]).await;
    let waits = site.get(&ana, "/v1/runs/may").await;
    assert_eq!(waits.body["state"], "waiting_for_approval");
}

/// A payout in doubt that needs approval to be sent again.
async fn in_doubt(site: &Site, ana: &str, leo: &str) {
    site.provider_says(Says::Unknown);
    let waits = waiting(site, ana).await;
    assert_eq!(site.post(leo, "/v1/runs/may/approve", &approval(&waits)).await.status, 200);
    site.work().await;
    site.clock.advance(Duration::from_secs(3_600));
    assert_eq!(sent(site), 1);
}

#[tokio::test]
async fn a_payout_is_sent_again_when_somebody_else_approves_that() {
    let site = Site::guarded().await;
    let (ana, leo) = (site.token("ana", &Scope::ALL).await, site.token("leo", &Scope::ALL).await);
    in_doubt(&site, &ana, &leo).await;
    let decision = json!({ "decision": "resend", "note": "not on the statement" });
    for although in [Value::Null, json!("unknown")] {
        let mut decision = decision.clone();
        decision["although"] = although;
        let told = site.post(&ana, "/v1/payouts/may-1/resolve", &decision).await;
        let state = (told.status, &told.body["state"]);
        assert_eq!(state, (202, &json!("waiting_for_approval")), "{told:?}");
    }
    let waits = &site.get(&ana, "/v1/waiting").await.body["resends"][0];
    assert_eq!((&waits["key"], &waits["attempt"]), (&json!("may-1"), &json!(1)), "{waits}");
    assert_eq!((&waits["decided_by"], &waits["missing"]), (&json!("ana"), &json!(1)));
    let path = "/v1/payouts/may-1/resend/approve";
    let yes = json!({ "attempt": 1, "note": "I saw it too" });
    assert_eq!(site.post(&ana, path, &yes).await.problem(), "refused");
    let of_another = json!({ "attempt": 2, "note": "I saw it too" });
    assert_eq!(site.post(&leo, path, &of_another).await.problem(), "refused");
    site.work().await;
    assert_eq!(sent(&site), 1);
    let told = site.post(&leo, path, &yes).await;
    assert_eq!(told.status, 202, "{told:?}");
    assert_eq!(site.post(&leo, path, &yes).await, told, "a repeat");
    site.provider_says(Says::Succeeded);
    site.work().await;
    assert_eq!(sent(&site), 2);
    let repeat = site.post(&leo, path, &yes).await;
    assert_eq!((repeat.status, &repeat.body["status"]), (200, &json!("succeeded")));
    site.work().await;
    assert_eq!(sent(&site), 2);
}

#[tokio::test]
async fn a_rejected_decision_sends_nothing() {
    let site = Site::guarded().await;
    let (ana, leo) = (site.token("ana", &Scope::ALL).await, site.token("leo", &Scope::ALL).await);
    in_doubt(&site, &ana, &leo).await;
    let decision = json!({ "decision": "resend", "note": "not on the statement" });
    site.post(&ana, "/v1/payouts/may-1/resolve", &decision).await;
    let path = "/v1/payouts/may-1/resend/reject";
    let silent = json!({ "attempt": 1, "note": "" });
    assert_eq!(site.post(&leo, path, &silent).await.problem(), "invalid");
    let no = json!({ "attempt": 1, "note": "it is on mine" });
    assert_eq!(site.post(&leo, path, &no).await.status, 202);
    let late = site.post(&leo, "/v1/payouts/may-1/resend/approve", &no).await;
    assert_eq!(late.problem(), "refused");
    site.work().await;
    assert_eq!(sent(&site), 1);
    assert_eq!(site.get(&ana, "/v1/waiting").await.body["resends"], json!([]));
    assert!(site.get(&ana, "/v1/events").await.body.to_string().contains("leo: it is on mine"));
}
