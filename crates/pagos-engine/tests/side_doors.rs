//! Every public method of the engine and of the stores is read from the code and classified: whether
//! money can leave because of it. Those by which it can are tried without approval. A new method
//! that nobody has classified fails this test.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{collections::BTreeMap, fs, path::Path, sync::atomic::Ordering, time::Duration};

use pagos_core::OrderKey;
use pagos_engine::*;

mod guarded;
use guarded::*;

/// What a method can do to a payout that nobody approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    /// It could make money leave, so it is tried below.
    Tried,
    /// It only carries on what is due already; a held payout is not.
    OfDue,
    /// It stores what is held, takes back, or reads.
    Harmless,
}

use Door::{Harmless, OfDue, Tried};

const ENGINE: &[(&str, Door)] = &[
    ("accounts", Harmless),
    ("approval", Harmless),
    ("approvals", Harmless),
    ("approve", Tried),
    ("approve_resend", Tried),
    ("ask_payment", Harmless),
    ("check", Harmless),
    ("comparison", Harmless),
    ("disclose", Harmless),
    ("doubt_unsent", Harmless),
    ("due_at", Harmless),
    ("halted", Harmless),
    ("has_approvers", Harmless),
    ("has_turn", Harmless),
    ("lists", Harmless),
    ("make_due_by", Tried),
    ("nudge", OfDue),
    ("open", OfDue),
    ("open_beside", Harmless),
    ("open_payment", Harmless),
    ("pay", Tried),
    ("pay_by", Tried),
    ("payment_settled", Harmless),
    ("pulse", Harmless),
    ("query_now", Harmless),
    ("read_list", Harmless),
    ("reject", Tried),
    ("reject_resend", Harmless),
    ("reject_resend_by", Harmless),
    ("release", Tried),
    ("replay", OfDue),
    ("report_difference", Harmless),
    ("resend", Harmless),
    ("resends", Harmless),
    ("resolve", Tried),
    ("resolve_although", Tried),
    ("resolve_although_by", Tried),
    ("resolve_by", Tried),
    ("resolve_payment", Harmless),
    ("run", Tried),
    ("run_on", OfDue),
    ("sending", Harmless),
    ("settled", Harmless),
    ("spent_today", Harmless),
    ("submit", Tried),
    ("submit_by", Tried),
    ("take_turn", OfDue),
    ("unswept", Harmless),
    ("withdraw", Tried),
    ("without_witness", Harmless),
    ("work", Tried),
];

/// The methods of the trait; `release` needs a permit, which nobody outside the engine can make.
const STORE: &[(&str, Door)] = &[
    ("acknowledge", Harmless),
    ("bind", Harmless),
    ("claim", OfDue),
    ("close", Tried),
    ("commit", Tried),
    ("end_claims", OfDue),
    ("halt", Harmless),
    ("doubts", Harmless),
    ("halted", Harmless),
    ("held", Harmless),
    ("history", Harmless),
    ("identity", Harmless),
    ("list", Harmless),
    ("newest_notice", Harmless),
    ("next_due", Harmless),
    ("note_swept", Harmless),
    ("outbox", Harmless),
    ("payout", Harmless),
    ("payout_of", Harmless),
    ("reader", Harmless),
    ("release", Tried),
    ("resume", Harmless),
    ("run", Harmless),
    ("runs", Harmless),
    ("submit", Tried),
    ("swept", Harmless),
    ("take_turn", OfDue),
    ("tally", Harmless),
    ("withdraw", Tried),
];

/// The public methods of `impl Engine` in all files of the crate, or those of `trait Store`.
fn methods_in_code(of: &str, begins: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = fs::read_to_string(&path).unwrap();
            let mut is_inside = false;
            for line in text.lines() {
                match line {
                    _ if line.starts_with(of) => is_inside = true,
                    "}" => is_inside = false,
                    _ => {}
                }
                let name = line.trim_start().strip_prefix(begins).filter(|_| is_inside);
                if let Some(name) = name {
                    let name = name.trim_start_matches("async ").strip_prefix("fn ");
                    let Some(name) = name else { continue };
                    let end = name.find(|letter: char| letter != '_' && !letter.is_alphanumeric());
                    found.insert(name[..end.unwrap()].to_owned(), path.display().to_string());
                }
            }
        }
    }
    found
}

fn check_classified(of: &str, begins: &str, known: &[(&str, Door)]) {
    let code = methods_in_code(of, begins);
    let known: BTreeMap<&str, Door> = known.iter().copied().collect();
    for (name, file) in &code {
        let told = "can money leave by it? Say so in this test, and try it if it can";
        assert!(known.contains_key(name.as_str()), "{name} in {file}: {told}");
    }
    for name in known.keys() {
        assert!(code.contains_key(*name), "{name} is no method any more");
    }
}

#[test]
fn every_method_is_classified() {
    check_classified("impl Engine {", "pub ", ENGINE);
    check_classified("pub trait Store: ", "async ", STORE);
}

/// Everything that is marked as tried, by one person, against a run of 600 CLP that waits.
#[tokio::test]
async fn no_method_makes_money_leave_without_approval() {
    let merchant = Merchant::usual();
    let engine = merchant.engine().await;
    let (ana, leo) = (actor("ana"), actor("leo"));
    let (big, key) = (run("big"), OrderKey::new("big-0").unwrap());
    submit(&engine, "big", &[600]).await;
    let order = order("big-0", clp(600));
    for round in 0..2 {
        drop(engine.pay(order.clone()).await);
        drop(engine.pay_by(order.clone(), &ana).await);
        drop(engine.make_due_by(order.clone(), &ana).await);
        drop(engine.submit(&big, vec![order.clone()]).await);
        drop(engine.submit_by(&big, vec![order.clone()], &ana).await);
        drop(engine.release(&big, 1).await);
        let digest = match engine.approval(&big).await.unwrap() {
            Some(waits) => waits.digest,
            None => "0".repeat(64).parse().unwrap(),
        };
        drop(engine.approve(&big, &digest, &ana, "mine").await);
        drop(engine.approve(&big, &digest, &actor("Ana"), "mine").await);
        drop(engine.approve(&big, &"0".repeat(64).parse().unwrap(), &leo, "").await);
        for decision in [Decision::SendAgain, Decision::Ask, Decision::Failed, Decision::Succeeded]
        {
            drop(engine.resolve(&key, decision, "sure").await);
            drop(engine.resolve_by(&key, decision, "sure", &ana).await);
        }
        drop(engine.approve_resend(&key, 1, &leo, "").await);
        drop(engine.reject(&big, &leo, "no").await);
        drop(engine.release(&big, 1).await);
        let store = &merchant.store;
        drop(store.close(&big, 1, merchant_now(&merchant)).await);
        let payout = store.payout(&key).await.unwrap().unwrap();
        // A step that says it is due; the store keeps it held.
        let step = Step {
            key: key.clone(),
            version: payout.version,
            fence: None,
            lease: Lease::Keep,
            progress: payout.progress,
            due_at: Some(merchant_now(&merchant)),
            entries: Vec::new(),
            notices: Vec::new(),
            applies: None,
        };
        store.commit(step).await.unwrap();
        assert_eq!(merchant.paid().await, Vec::<String>::new(), "round {round}");
        if round == 0 {
            engine.withdraw(&big).await.unwrap();
            engine.withdraw(&run("payout big-0")).await.unwrap();
            submit(&engine, "big", &[600]).await;
        }
    }
}

/// A payout that left once, with approval, and may have been lost.
#[tokio::test]
async fn no_decision_sends_again_without_approval() {
    let merchant = Merchant::usual();
    merchant.bank.is_mute.store(true, Ordering::Relaxed);
    let waits = merchant.waiting("big", &[600]).await;
    let engine = merchant.engine().await;
    let (ana, key) = (actor("ana"), OrderKey::new("big-0").unwrap());
    engine.approve(&run("big"), &waits.digest, &actor("leo"), "").await.unwrap();
    merchant.paid().await;
    merchant.bank.is_mute.store(false, Ordering::Relaxed);
    merchant.clock.pass(Duration::from_secs(7_200));
    let again = Decision::SendAgain;
    drop(engine.resolve(&key, again, "lost").await);
    drop(engine.resolve_although(&key, again, "lost", "unknown").await);
    drop(engine.resolve_by(&key, again, "lost", &ana).await);
    drop(engine.resolve_although_by(&key, again, "lost", "unknown", &ana).await);
    let shouted = actor("ANA");
    drop(engine.approve_resend(&key, 1, &shouted, "").await);
    drop(engine.approve_resend(&key, 1, &ana, "").await);
    drop(engine.release(&run("big"), 1).await);
    drop(engine.pay_by(order("big-0", clp(600)), &ana).await);
    assert_eq!(merchant.paid().await, Vec::<String>::new());
}

fn merchant_now(merchant: &Merchant) -> pagos_core::Timestamp {
    use pagos_core::Clock;
    merchant.clock.now()
}
