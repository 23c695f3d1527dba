//! Webhooks of a payout whose end is taken back, in every order and repeated, through the real
//! decoder into the engine: they end at the provider's truth.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use pagos_cashypro::{SignCase, signature};
use pagos_core::{Clock, Delivery, FailReason, Secret, Status};
use pagos_engine::{Engine, Notice, NoticeKind};
use pagos_tests::{Harness, declined, finish, order, refold, start};
use pagos_twin::{
    Fault,
    cashypro::{SANDBOX_API_KEY, SANDBOX_MERCHANT_ID},
};

/// A harness whose one payout is pending at the provider.
fn pending() -> (Harness, Engine) {
    let harness = Harness::new(77);
    harness.submit(vec![order("a")]);
    let engine = harness.engine();
    finish(engine.work(8)).unwrap();
    assert_eq!(harness.payout("a").progress.status(), Status::Pending);
    (harness, engine)
}

/// A webhook that tells `word`, completed at `minute` past ten in Bogota; `nonce` makes a retry.
fn webhook(harness: &Harness, word: &str, minute: u32, nonce: usize) -> Delivery {
    harness.timer.advance(Duration::from_millis(11));
    let payout = harness.payout("a");
    let reference = payout.progress.standing.reference().unwrap();
    let body = format!(
        r#"{{"amount":150000.00,"completionTime":"2026-01-10 10:{minute:02}:00","fee":4500.0000,"mchOrderNo":"a","merchantId":"{SANDBOX_MERCHANT_ID}","nonceStr":"{nonce}","orderNo":"{reference}","orderStatus":"{word}","payType":"11"}}"#
    );
    let sign = signature(body.as_bytes(), &Secret::new(SANDBOX_API_KEY), SignCase::Lower);
    let mut headers = HeaderMap::new();
    headers.insert("Sign", HeaderValue::from_str(&sign).unwrap());
    Delivery { headers, body: Bytes::from(body), received_at: harness.timer.now() }
}

/// Visits every order of the items.
fn permutations(items: &mut Vec<usize>, from: usize, visit: &mut dyn FnMut(&[usize])) {
    if from == items.len() {
        return visit(items);
    }
    for next in from..items.len() {
        items.swap(from, next);
        permutations(items, from + 1, visit);
        items.swap(from, next);
    }
}

fn status_of(word: &str) -> Status {
    if word == "SUCCESS" { Status::Succeeded } else { declined() }
}

/// The chain of reversals that the application was told: each begins where the last one ended.
fn check_notices(harness: &Harness, case: &str) {
    let mut holds = None;
    let mut reversals = 0;
    let is_final = |notice: &&Notice| notice.order().unwrap().status.is_final();
    for notice in harness.notices().iter().filter(is_final) {
        match notice.event {
            NoticeKind::Advanced => assert_eq!(holds, None, "{case}"),
            NoticeKind::Reversed { from } => {
                assert_eq!(holds, Some(from), "{case}");
                reversals += 1;
            }
            _ => panic!("{case}: {notice:?}"),
        }
        holds = Some(notice.order().unwrap().status);
    }
    let progress = harness.payout("a").progress;
    let standing = &progress.standing;
    assert_eq!(holds, Some(standing.status()), "{case}");
    assert_eq!(standing.reversals(), reversals, "{case}");
    let held_back = progress.repeated.as_ref();
    assert_eq!(refold(&harness.history("a"), held_back, start()), *standing, "{case}");
}

#[test]
fn webhooks_in_every_order_and_twice_end_at_the_truth() {
    let truths: [&[&str]; 5] = [
        &["SUCCESS", "FAIL"],
        &["FAIL", "SUCCESS"],
        &["SUCCESS", "FAIL", "SUCCESS"],
        &["FAIL", "SUCCESS", "FAIL"],
        &["SUCCESS"],
    ];
    let mut schedules = 0;
    for truth in truths {
        // Every notice twice: a retry has other bytes and the same content.
        let mut items: Vec<usize> = (0..truth.len() * 2).collect();
        permutations(&mut items, 0, &mut |order| {
            let (harness, engine) = pending();
            for item in order {
                let nth = item / 2;
                let minute = u32::try_from(nth).unwrap() * 7;
                assert_eq!(harness.receive(&webhook(&harness, truth[nth], minute, *item)), 200);
                finish(engine.work(0)).unwrap();
            }
            let case = format!("{truth:?} as {order:?}");
            let expected = status_of(truth.last().unwrap());
            assert_eq!(harness.payout("a").progress.status(), expected, "{case}");
            check_notices(&harness, &case);
            schedules += 1;
        });
    }
    assert_eq!(schedules, 24 + 24 + 720 + 720 + 2);
}

#[test]
fn a_late_paying_after_the_end_changes_nothing() {
    let (harness, engine) = pending();
    for (word, minute) in [("SUCCESS", 1), ("PAYING", 0), ("WAITING", 2)] {
        assert_eq!(harness.receive(&webhook(&harness, word, minute, 0)), 200);
        finish(engine.work(0)).unwrap();
        assert_eq!(harness.payout("a").progress.status(), Status::Succeeded, "{word}");
    }
    check_notices(&harness, "late words");
}

#[test]
fn where_times_are_equal_the_provider_is_asked_and_believed() {
    let (harness, engine) = pending();
    harness.timer.advance(Duration::from_secs(40));
    for (nth, word) in ["SUCCESS", "FAIL", "FAIL", "SUCCESS"].into_iter().enumerate() {
        assert_eq!(harness.receive(&webhook(&harness, word, 5, nth)), 200);
        finish(engine.work(0)).unwrap();
        assert_eq!(harness.payout("a").progress.status(), Status::Succeeded);
    }
    assert!(harness.payout("a").progress.standing.confirm_since().is_some());
    harness.run_to_rest(&engine);
    assert_eq!(harness.payout("a").progress.status(), Status::Succeeded);
    assert_eq!(harness.payout("a").progress.standing.confirm_since(), None);
    assert!(harness.notices().iter().all(|it| it.event == NoticeKind::Advanced));
}

#[test]
fn the_twins_own_reversals_arrive_in_either_order() {
    let ends = [
        (Fault::SuccessThenFail, Status::Failed(FailReason::Returned)),
        (Fault::FailThenSuccess, Status::Succeeded),
    ];
    for (fault, truth) in ends {
        for is_swapped in [false, true] {
            let harness = Harness::new(78);
            harness.trigger("a", fault, 1);
            harness.submit(vec![order("a")]);
            let engine = harness.engine();
            finish(engine.work(8)).unwrap();
            harness.timer.advance(Duration::from_secs(30));
            let mut post = harness.webhooks();
            harness.timer.advance(Duration::from_secs(700));
            post.extend(harness.webhooks());
            assert_eq!(post.len(), 2);
            if is_swapped {
                post.reverse();
            }
            for webhook in &post {
                harness.timer.advance(Duration::from_millis(1));
                assert_eq!(harness.receive(&harness.arrival(webhook)), 200);
                harness.acknowledge(webhook);
                finish(engine.work(0)).unwrap();
            }
            assert_eq!(harness.payout("a").progress.status(), truth, "{fault:?} {is_swapped}");
            let reversals = harness.payout("a").progress.standing.reversals();
            assert_eq!(reversals, u32::from(!is_swapped), "{fault:?} {is_swapped}");
            harness.run_to_rest(&engine);
            assert_eq!(harness.payout("a").progress.status(), truth, "{fault:?} {is_swapped}");
        }
    }
}
