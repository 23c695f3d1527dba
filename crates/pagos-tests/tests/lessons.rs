//! What went wrong with payouts elsewhere, as 38 lessons: each is held by a test here, or the table
//! names the test that holds it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fs,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;

use pagos_core::{
    AccountName, Bank, Clock, Currency, Deduplication, Departure, Descriptor, Environment, Error,
    ErrorKind, Handle, Lookup, Money, Observation, PayoutOrder, PayoutProvider, PayoutRef, Source,
    Status, Violation,
};
use pagos_engine::{Intent, NoticeKind, suite::permit};
use pagos_tests::{
    Act, Answer, CAREFUL, FaultInjector, Harness, KEYED, Plan, Reply, ScriptedHarness, Worker,
    event, finish, key, order, run, unrecognised,
};

const DAY: Duration = Duration::from_secs(24 * 3_600);
const HERE: &str = "tests/lessons.rs";

/// Lesson, file from this crate's root, name of the test.
const HELD_BY: [(u8, &str, &str); 38] = [
    (1, "tests/i03_unknown_is_not_failed.rs", "i03_every_bad_answer_of_the_twin_ends_at_its_truth"),
    (2, "tests/i03_unknown_is_not_failed.rs", "i03_every_bad_answer_of_the_twin_ends_at_its_truth"),
    (3, "../pagos-http/tests/loopback.rs", "a_refused_connection_is_certainly_no"),
    (4, "tests/i02_one_attempt.rs", "i02_a_provider_that_would_pay_twice_is_never_sent_to_again"),
    (5, HERE, "lesson_05_sent_twice_is_paid_once"),
    (
        6,
        "tests/i07_other_body_refused.rs",
        "i07_the_same_key_with_another_body_is_refused_at_every_stage_of_its_life",
    ),
    (7, HERE, "lesson_07_every_attempt_has_the_same_key"),
    (8, "../pagos-core/src/identifier.rs", "keys_are_1_to_32_of_the_plain_alphabet"),
    (9, HERE, "lesson_09_poller_and_webhook_are_one_writer"),
    (10, HERE, "lesson_10_what_was_prepared_is_used_and_not_made_again"),
    (11, "tests/i02_one_attempt.rs", "i02_a_new_attempt_needs_recorded_absence"),
    (12, HERE, "lesson_12_the_reference_is_stored_with_the_reply"),
    (13, "tests/i02_one_attempt.rs", "i02_a_crash_at_any_point_leaves_one_attempt"),
    (14, "tests/reversal.rs", "webhooks_in_every_order_and_twice_end_at_the_truth"),
    (15, "../pagos-core/tests/status_machine.rs", "a_final_status_never_goes_back"),
    (16, "../pagos-cashypro/src/status.rs", "every_word_has_its_status"),
    (
        17,
        "tests/i08_watched_until_the_window_closes.rs",
        "i08_a_reversal_within_the_window_is_told_with_both_ends",
    ),
    (18, HERE, "lesson_18_a_return_is_told_with_its_amount_once"),
    (19, "tests/i05_state_is_the_fold.rs", "i05_every_order_of_events_folds_to_the_stored_state"),
    (
        20,
        "tests/i04_unverified_changes_nothing.rs",
        "i04_a_genuine_event_in_unknown_words_asks_the_provider",
    ),
    (
        21,
        "tests/i08_watched_until_the_window_closes.rs",
        "i08_a_reversal_reaches_the_outbox_once_whatever_crashes",
    ),
    (
        22,
        "tests/i04_unverified_changes_nothing.rs",
        "i04_a_wrongly_signed_event_changes_nothing_at_all",
    ),
    (
        23,
        "tests/i04_unverified_changes_nothing.rs",
        "i04_cashypro_webhooks_need_the_signature_over_their_very_bytes",
    ),
    (
        24,
        "tests/i06_acknowledged_is_durable.rs",
        "i06_an_acknowledged_webhook_survives_a_crash_at_any_point",
    ),
    (25, HERE, "lesson_25_rate_limits_delay_and_never_fail"),
    (26, HERE, "lesson_26_retry_after_is_honoured"),
    (27, HERE, "lesson_27_one_poisoned_item_stops_nobody_else"),
    (28, "../pagos-engine/src/suite/query.rs", "tally_sums_by_account_currency_and_status"),
    (29, "../pagos-core/src/currency.rs", "every_row_stands_where_its_variant_says"),
    (30, "../pagos-core/src/money.rs", "nothing_is_rounded_on_the_way_out"),
    (31, "../pagos-core/src/money.rs", "ambiguous_amounts_are_refused"),
    (32, "../pagos-cli/src/input/tests.rs", "a_clabe_without_its_leading_zero_is_pointed_out"),
    (33, "../pagos-cli/src/input/tests.rs", "a_file_that_changed_after_its_plan_is_refused"),
    (34, HERE, "lesson_34_http_200_without_reference_is_unknown"),
    (
        35,
        "tests/i03_unknown_is_not_failed.rs",
        "i03_unknown_is_never_failed_by_silence_errors_or_absence",
    ),
    (36, HERE, "lesson_36_doubt_says_not_to_pay_again"),
    (
        37,
        "tests/i08_watched_until_the_window_closes.rs",
        "i08_cashypro_reversals_arrive_with_and_without_webhooks",
    ),
    (38, "../pagos-wire/src/url.rs", "live_wants_https"),
];

#[test]
fn every_lesson_is_held_by_a_test_that_exists() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (place, (lesson, file, test)) in HELD_BY.iter().enumerate() {
        assert_eq!(usize::from(*lesson), place + 1);
        let text = fs::read_to_string(root.join(file));
        let text = text.unwrap_or_else(|cause| panic!("lesson {lesson}: {file}: {cause}"));
        let is_there = text.contains(&format!("fn {test}("));
        assert!(is_there, "lesson {lesson}: {file} has no test {test}");
    }
}

#[test]
fn lesson_05_sent_twice_is_paid_once() {
    let harness = Harness::new(5);
    let provider = harness.provider();
    let first = finish(provider.create(&order("a"), None, Departure::Anytime));
    let second = finish(provider.create(&order("a"), None, Departure::Anytime));
    assert_eq!(first.unwrap().status, Status::Pending);
    // A repeated key is no proof that nothing was paid.
    assert_eq!(second.unwrap_err().kind(), ErrorKind::Unknown);
    harness.timer.advance(DAY);
    assert_eq!(harness.movements().len(), 1);
}

#[test]
fn lesson_07_every_attempt_has_the_same_key() {
    let replies = [Reply::Fails(ErrorKind::Unknown), Reply::Says(Status::Pending)];
    let scripted = ScriptedHarness::new(&KEYED, replies, [Answer::Absent]).with_payout("a");
    scripted.work_for(&scripted.engine(), DAY);
    let sent: Vec<Act> =
        scripted.acts().into_iter().filter(|act| matches!(act, Act::Sent(_))).collect();
    assert_eq!(sent, [Act::Sent(key("a")), Act::Sent(key("a"))]);
}

#[test]
fn lesson_09_poller_and_webhook_are_one_writer() {
    for point in 1..12 {
        let answers = [Answer::Found(Status::Succeeded)];
        let scripted = ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Pending)], answers);
        let scripted = scripted.with_payout("a");
        scripted.work(&scripted.engine());
        scripted.timer.advance(Duration::from_secs(40));
        let injector = Arc::new(FaultInjector::new());
        injector.plan(Plan::StallAt(point));
        let mut poller = Worker::new(scripted.engine_behind(&injector), injector);
        let _ = poller.round(8);
        let told = scripted.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
        scripted.receive(&event(&key("a"), &told, scripted.timer.now()));
        finish(scripted.engine().work(0)).unwrap();
        poller.injector().open();
        while poller.is_busy() {
            poller.round(8).expect("a round that ends").unwrap();
        }
        let is_success = |kind: &NoticeKind, status| {
            *kind == NoticeKind::Advanced && status == Status::Succeeded
        };
        let told = scripted
            .notices()
            .iter()
            .filter(|it| is_success(&it.event, it.order().unwrap().status))
            .count();
        assert_eq!(told, 1, "stalled at {point}");
        assert_eq!(scripted.provider.creates(), 1);
    }
}

/// A provider that prepares, and that says how long to wait.
#[derive(Debug)]
struct Preparing {
    scripted: Arc<pagos_tests::ScriptedProvider>,
    prepared: Mutex<u32>,
    used: Mutex<Vec<String>>,
    refusals: Mutex<u32>,
}

static BY_HANDLE: Descriptor = Descriptor {
    provider: "preparing",
    countries: &[],
    currencies: &[],
    deduplication: Deduplication::ByHandle,
    absence: pagos_core::Absence { answers_min: 3, grace: Duration::from_secs(600) },
    return_window: None,
    pending_max: None,
    answer_max: None,
    requests_per_second_max: None,
    contract: pagos_core::Contract::Documented,
};

#[async_trait]
impl PayoutProvider for Preparing {
    fn descriptor(&self) -> &'static Descriptor {
        &BY_HANDLE
    }

    fn environment(&self) -> Environment {
        self.scripted.environment()
    }

    fn check(&self, _order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        Ok(())
    }

    fn payee_bank(&self, _order: &PayoutOrder) -> Option<Bank> {
        None
    }

    fn must_prepare(&self) -> bool {
        true
    }

    async fn prepare(&self, _order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        let mut prepared = self.prepared.lock().unwrap();
        *prepared += 1;
        Ok(Some(Handle::new(format!("payee_{prepared}")).unwrap()))
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        self.used.lock().unwrap().push(handle.expect("a handle").as_str().to_owned());
        if self.is_busy() {
            let busy = Error::new(ErrorKind::Throttled, "too many");
            return Err(busy.with_retry_after(Duration::from_secs(300)));
        }
        self.scripted.create(order, None, departure).await
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        self.scripted.query(payout).await
    }
}

impl Preparing {
    fn is_busy(&self) -> bool {
        let mut refusals = self.refusals.lock().unwrap();
        let is_busy = *refusals > 0;
        *refusals = refusals.saturating_sub(1);
        is_busy
    }
}

fn preparing(scripted: &ScriptedHarness, refusals: u32) -> Arc<Preparing> {
    Arc::new(Preparing {
        scripted: Arc::clone(&scripted.provider),
        prepared: Mutex::new(0),
        used: Mutex::default(),
        refusals: Mutex::new(refusals),
    })
}

#[test]
fn lesson_10_what_was_prepared_is_used_and_not_made_again() {
    let replies = [Reply::Fails(ErrorKind::Unknown), Reply::Says(Status::Succeeded)];
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Absent]).with_payout("a");
    let provider = preparing(&scripted, 1);
    // A new engine for every hour: nothing of it is remembered outside the store.
    for _ in 0..24 {
        let engine =
            scripted.engine_with(Arc::clone(&provider) as _, &Arc::new(FaultInjector::new()));
        scripted.work_for(&engine, Duration::from_secs(3_600));
    }
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
    assert_eq!(*provider.prepared.lock().unwrap(), 1);
    assert_eq!(*provider.used.lock().unwrap(), ["payee_1", "payee_1", "payee_1"]);
}

#[test]
fn lesson_12_the_reference_is_stored_with_the_reply() {
    for point in 1..30 {
        let scripted =
            ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Absent]);
        let scripted = scripted.with_payout("a");
        let injector = Arc::new(FaultInjector::new());
        injector.plan(Plan::DieAt(point));
        let mut worker = Worker::new(scripted.engine_behind(&injector), injector);
        let _ = worker.round(8);
        let standing = scripted.payout("a").progress.standing;
        let has_reply = standing.status() == Status::Pending;
        assert_eq!(standing.reference().is_some(), has_reply, "died at {point}");
    }
}

#[test]
fn lesson_18_a_return_is_told_with_its_amount_once() {
    let replies = [Reply::Says(Status::Succeeded)];
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Found(Status::Succeeded)]);
    let scripted = scripted.with_payout("a");
    let engine = scripted.engine();
    scripted.work_for(&engine, Duration::from_secs(60));
    let part = Money::new(5_000_000, Currency::Cop);
    let told = Observation {
        provider_at: Some(scripted.timer.now()),
        returned: Some(part),
        ..scripted.provider.seen(&order("a"), Status::Succeeded, Source::Query)
    };
    scripted.provider.answer_from_now_on([Answer::Tells(Box::new(told))]);
    scripted.work_for(&engine, 3 * DAY);
    let returns: Vec<Option<Money>> = scripted
        .notices()
        .iter()
        .filter(|notice| notice.event == NoticeKind::Returned)
        .map(|notice| notice.order().unwrap().returned)
        .collect();
    assert_eq!(returns, [Some(part)]);
    assert_eq!(scripted.payout("a").progress.standing.held().returned, Some(part));
}

#[test]
fn lesson_25_rate_limits_delay_and_never_fail() {
    let replies = (0..9).map(|_| Reply::Fails(ErrorKind::Throttled));
    let replies = replies.chain([Reply::Says(Status::Succeeded)]);
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Found(Status::Succeeded)]);
    let scripted = scripted.with_payout("a");
    scripted.work_for(&scripted.engine(), DAY);
    assert_eq!(scripted.provider.creates(), 10);
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
    let failed =
        scripted.notices().iter().any(|notice| notice.order().unwrap().status.word() == "failed");
    assert!(!failed);
}

#[test]
fn lesson_26_retry_after_is_honoured() {
    let replies = [Reply::Says(Status::Succeeded)];
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Found(Status::Succeeded)]);
    let scripted = scripted.with_payout("a");
    let provider = preparing(&scripted, 1);
    let engine = scripted.engine_with(Arc::clone(&provider) as _, &Arc::new(FaultInjector::new()));
    scripted.work_for(&engine, Duration::from_secs(299));
    assert_eq!(provider.used.lock().unwrap().len(), 1);
    scripted.work_for(&engine, Duration::from_secs(2));
    assert_eq!(provider.used.lock().unwrap().len(), 2);
}

#[test]
fn lesson_27_one_poisoned_item_stops_nobody_else() {
    let replies = [Reply::Says(Status::Pending)];
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Found(Status::Pending)]);
    let elsewhere = AccountName::new("not-configured").unwrap();
    // Another engine's account: due, and nothing that this one may do.
    let poisoned = PayoutOrder { account: elsewhere, ..order("0") };
    let intent = Intent { order: poisoned, created_at: scripted.timer.now(), by: None };
    finish(scripted.store.submit(&run(), vec![intent])).unwrap();
    finish(scripted.store.release(&run(), permit(1), scripted.timer.now())).unwrap();
    let engine = scripted.engine();
    scripted.submit(&["a", "b"]);
    scripted.work(&engine);
    let mut garbage = unrecognised(&key("a"), scripted.timer.now());
    garbage.body = Bytes::from_static(b"\xff not even text");
    scripted.receive(&garbage);
    for name in ["a", "b"] {
        let told = scripted.provider.seen(&order(name), Status::Succeeded, Source::VerifiedEvent);
        scripted.receive(&event(&key(name), &told, scripted.timer.now()));
    }
    scripted.work(&engine);
    for name in ["a", "b"] {
        assert_eq!(scripted.payout(name).progress.status(), Status::Succeeded);
    }
    assert_eq!(scripted.payout("0").progress.status(), Status::Created);
}

/// Answers every call with HTTP 200 and this body.
#[derive(Debug)]
struct Always(&'static str);

#[async_trait]
impl pagos_core::Transport for Always {
    async fn send(
        &self,
        _request: http::Request<Bytes>,
        _departure: Departure,
    ) -> Result<http::Response<Bytes>, pagos_core::TransportError> {
        Ok(http::Response::new(Bytes::from_static(self.0.as_bytes())))
    }
}

#[test]
fn lesson_34_http_200_without_reference_is_unknown() {
    let harness = Harness::new(34);
    let bodies = [
        "",
        "{}",
        "null",
        "SUCCESS",
        r#"{"msg":"SUCCESS","code":200}"#,
        r#"{"msg":"SUCCESS","code":200,"data":null}"#,
        r#"{"msg":"SUCCESS","code":200,"data":{}}"#,
        r#"{"msg":"SUCCESS","code":200,"data":{"mchOrderNo":"a","amount":"150000","orderStatus":"SUCCESS"}}"#,
        r#"{"msg":"SUCCESS","code":200,"data":{"orderNo":"PAYOUT1","mchOrderNo":"a","orderStatus":"SUCCESS"}}"#,
    ];
    for body in bodies {
        let provider = harness.provider_over(Arc::new(Always(body)));
        let error = finish(provider.create(&order("a"), None, Departure::Anytime)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unknown, "{body}");
        let query = PayoutRef { order: &order("a"), reference: None, handle: None, begun_at: None };
        let found = finish(provider.query(&query));
        assert!(!matches!(found, Ok(Lookup::Found(_))), "{body}");
    }
}

#[test]
fn lesson_36_doubt_says_not_to_pay_again() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Nothing], [Answer::CannotTell]).with_payout("a");
    scripted.work(&scripted.engine());
    let payout = scripted.payout("a");
    assert_eq!(payout.progress.status(), Status::Unknown);
    let because = payout.progress.reason().unwrap();
    assert!(because.contains("unknown") && because.contains("do not pay again"), "{because}");
    assert!(payout.due_at > Some(scripted.timer.now()), "the next query has its time");
}
