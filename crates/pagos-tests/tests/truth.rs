//! What Pagos says is true: deliveries, waits, calls for a person, accounts and lanes. Numbers as in
//! docs/SAFETY.md.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use pagos_core::{
    Absence, AccountName, Bank, Clock, Departure, Descriptor, Environment, Error, ErrorKind,
    Handle, Lookup, Observation, PaymentOrder, PaymentProvider, PaymentRef, PaymentSession,
    PaymentTerms, PayoutOrder, PayoutProvider, PayoutRef, ProviderRef, Repeat, Source, Status,
    Violation, WebhookDecoder,
};
use pagos_engine::{
    Accounts, Attention, ClaimRequest, Engine, EngineError, InboxState, Intent, Lane, NoAttempt,
    NoticeAbout, NoticeKind, Policy, RunId, Share, Store, Submitted, Wait, Work, World,
    suite::permit,
};
use pagos_store_sqlite::SqliteStore;
use pagos_tests::{
    Answer, CAREFUL, KEYED, Reply, ScriptedHarness, ScriptedProvider, VirtualTimer, account,
    declined, event, finish, hint, key, order, policy, simulated, start,
};

const DAY: Duration = Duration::from_secs(24 * 3_600);

fn paying() -> ScriptedHarness {
    ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Pending)], [Answer::Found(Status::Pending)])
}

fn other_account() -> AccountName {
    AccountName::new("other").unwrap()
}

fn engine_for(scripted: &ScriptedHarness, accounts: Accounts, policy: Policy) -> Engine {
    let timer = Arc::clone(&scripted.timer) as _;
    let store = Arc::clone(&scripted.store);
    finish(Engine::open(store, &simulated(), accounts, timer, policy)).unwrap()
}

fn calls(scripted: &ScriptedHarness) -> Vec<String> {
    let because = |event: NoticeKind| match event {
        NoticeKind::Attention { because } => Some(because),
        _ => None,
    };
    scripted.notices().into_iter().filter_map(|notice| because(notice.event)).collect()
}

/// The provider without ears: whatever it is told, it reads no webhook and checks no signature.
#[derive(Debug)]
struct Deaf {
    inner: Arc<dyn PayoutProvider>,
    refuses: bool,
    /// Until when each payout may leave.
    departures: Mutex<Vec<Departure>>,
}

#[async_trait]
impl PayoutProvider for Deaf {
    fn descriptor(&self) -> &'static Descriptor {
        self.inner.descriptor()
    }

    fn environment(&self) -> Environment {
        self.inner.environment()
    }

    fn check(&self, _: &PayoutOrder) -> Result<(), Vec<Violation>> {
        let violation =
            Violation::new("amount", "it has cents", "pay whole pesos").only_in_english();
        if self.refuses { Err(vec![violation]) } else { Ok(()) }
    }

    fn payee_bank(&self, _order: &PayoutOrder) -> Option<Bank> {
        None
    }

    fn must_prepare(&self) -> bool {
        false
    }

    async fn prepare(&self, _order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        self.departures.lock().unwrap().push(departure);
        self.inner.create(order, handle, departure).await
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        self.inner.query(payout).await
    }

    fn webhooks(&self) -> Option<&dyn WebhookDecoder> {
        None
    }
}

fn deaf(scripted: &ScriptedHarness, refuses: bool) -> Arc<Deaf> {
    let inner = Arc::clone(&scripted.provider) as _;
    Arc::new(Deaf { inner, refuses, departures: Mutex::default() })
}

#[test]
fn truth_04_a_worker_leaves_deliveries_of_other_accounts_alone() {
    let scripted = paying().with_payout("a");
    let told = scripted.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    assert!(scripted.receive(&event(&key("a"), &told, scripted.timer.now())));
    let elsewhere = Accounts::new().with(other_account(), Arc::clone(&scripted.provider) as _);
    let stranger = engine_for(&scripted, elsewhere, policy());
    scripted.work_for(&stranger, 2 * DAY);
    assert_eq!(scripted.waiting().len(), 1, "it waits for whoever serves its account");
    finish(scripted.engine().work(0)).unwrap();
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
}

#[test]
fn truth_05_what_was_genuine_when_it_arrived_is_applied_without_a_secret() {
    let scripted = paying().with_payout("a");
    scripted.work(&scripted.engine());
    scripted.timer.advance(Duration::from_millis(5));
    let told = scripted.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    assert!(scripted.receive(&event(&key("a"), &told, scripted.timer.now())));
    // By the time it is applied nobody could verify it any more: the key was changed, say.
    let accounts = Accounts::new().with(account(), deaf(&scripted, false));
    finish(engine_for(&scripted, accounts, policy()).work(0)).unwrap();
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
    assert!(scripted.waiting().is_empty());
}

#[test]
fn truth_06_a_repeated_notice_that_proves_nothing_asks_again() {
    let scripted = paying().with_payout("a");
    let engine = scripted.engine();
    scripted.work(&engine);
    let told = scripted.provider.seen(&order("a"), Status::Succeeded, Source::UnverifiedEvent);
    let notice = hint(&key("a"), &told, scripted.timer.now());
    assert!(scripted.receive(&notice));
    scripted.work_for(&engine, Duration::from_secs(20));
    let asked = scripted.provider.queries();
    // The provider repeats itself word for word, since something has happened.
    let again = pagos_core::Delivery { received_at: scripted.timer.now(), ..notice };
    assert!(scripted.receive(&again));
    scripted.provider.answer_from_now_on([Answer::Found(Status::Succeeded)]);
    scripted.work_for(&engine, Duration::from_secs(12));
    assert!(scripted.provider.queries() > asked);
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
}

#[test]
fn truth_07_an_orphan_is_kept_told_and_applied_when_its_order_is_known() {
    let scripted = paying();
    let engine = scripted.engine();
    let told = scripted.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    assert!(scripted.receive(&event(&key("a"), &told, scripted.timer.now())));
    scripted.work_for(&engine, Duration::from_secs(60));
    let orphans = finish(scripted.store.deliveries(Some(InboxState::Orphan), 0, 9)).unwrap();
    assert_eq!(orphans.len(), 1);
    assert!(!orphans[0].because.is_empty());
    let notices = scripted.notices();
    assert!(matches!(notices[..], [ref one]
        if matches!(one.about, NoticeAbout::Delivery { delivery: 1 }) && one.account == account()));
    // Its order was only late.
    scripted.timer.advance(DAY);
    scripted.submit(&["a"]);
    finish(engine.work(0)).unwrap();
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
    assert_eq!(scripted.provider.creates(), 0, "it is paid already");
    let applied = finish(scripted.store.deliveries(Some(InboxState::Applied), 0, 9)).unwrap();
    assert_eq!(applied.len(), 1);
}

#[test]
fn truth_07_what_could_not_be_read_is_kept_told_and_can_be_replayed() {
    let scripted = paying().with_payout("a");
    let engine = scripted.engine();
    let told = scripted.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    let mut garbage = event(&key("a"), &told, scripted.timer.now());
    garbage.body = bytes::Bytes::from_static(b"\xff genuine, and in no language");
    assert!(scripted.receive(&garbage));
    finish(engine.work(0)).unwrap();
    let unreadable = finish(scripted.store.deliveries(Some(InboxState::Unreadable), 0, 9)).unwrap();
    assert_eq!(unreadable.len(), 1);
    assert_eq!(calls(&scripted).len(), 1);
    assert!(finish(engine.replay(unreadable[0].item.id)).unwrap());
    assert_eq!(scripted.waiting().len(), 1);
    assert!(!finish(engine.replay(pagos_engine::InboxId(99))).unwrap());
}

#[test]
fn truth_09_an_odd_word_about_a_settled_payout_calls_a_person_at_once_and_hides_no_reversal() {
    let scripted = ScriptedHarness::new(
        &CAREFUL,
        [Reply::Says(Status::Succeeded)],
        [Answer::Says("EN_REVISION"), Answer::Says("EN_REVISION"), Answer::Found(declined())],
    )
    .with_payout("a");
    let engine = scripted.engine();
    while scripted.provider.queries() == 0 {
        scripted.work_for(&engine, Duration::from_secs(1));
    }
    let progress = scripted.payout("a").progress;
    assert_eq!(progress.status(), Status::Succeeded, "it is no status");
    assert_eq!(progress.waiting.map(|it| it.wait), Some(Wait::NotUnderstood));
    assert!(calls(&scripted)[0].contains("EN_REVISION"), "{:?}", calls(&scripted));
    scripted.work_for(&engine, Duration::from_secs(3_600));
    assert_eq!(scripted.payout("a").progress.status(), declined());
    assert_eq!(scripted.payout("a").progress.attention, None, "it is understood now");
    let reversed = |kind: &NoticeKind| matches!(kind, NoticeKind::Reversed { .. });
    assert!(scripted.notices().iter().any(|notice| reversed(&notice.event)));
    assert_eq!(calls(&scripted).len(), 1);
}

/// A provider that has shown a payout and then denies it is no proof that nothing was paid.
#[test]
fn truth_09_what_was_shown_once_is_not_sent_again_when_it_is_denied() {
    let scripted = ScriptedHarness::new(
        &KEYED,
        [Reply::Fails(ErrorKind::Unknown)],
        [Answer::Says("EN_REVISION"), Answer::Absent],
    )
    .with_payout("a");
    scripted.work_for(&scripted.engine(), 3 * DAY);
    assert_eq!(scripted.provider.creates(), 1);
    assert_eq!(scripted.payout("a").progress.status(), Status::Unknown);
    assert_eq!(calls(&scripted).len(), 1, "{:?}", calls(&scripted));
}

/// Each state for thirty days gives exactly one call, and asking or trying goes on.
#[test]
fn truth_10_every_wait_calls_a_person_exactly_once() {
    let pending = Reply::Says(Status::Pending);
    let unreachable = Reply::Fails(ErrorKind::Undelivered);
    let busy = Reply::Fails(ErrorKind::Throttled);
    let lost = Reply::Fails(ErrorKind::Unknown);
    let cases = [
        ("cannot be reached", unreachable, Answer::Absent, Wait::Leave),
        ("is refused unread", busy, Answer::Absent, Wait::Leave),
        ("is in doubt", lost.clone(), Answer::CannotTell, Wait::Doubt),
        (
            "is unknown to the provider itself",
            lost.clone(),
            Answer::Found(Status::Unknown),
            Wait::Doubt,
        ),
        ("is pending", pending.clone(), Answer::Found(Status::Pending), Wait::Pending),
        ("is pending without an answer", pending.clone(), Answer::CannotTell, Wait::Pending),
        ("is pending and denied", pending.clone(), Answer::Absent, Wait::Denied),
        ("is not understood", pending, Answer::Says("EN_REVISION"), Wait::NotUnderstood),
        ("was never understood", lost, Answer::Says("EN_REVISION"), Wait::NotUnderstood),
    ];
    for (case, reply, answer, wait) in cases {
        let scripted = ScriptedHarness::new(&CAREFUL, [reply], [answer]).with_payout("a");
        let engine = scripted.engine();
        scripted.work_for(&engine, 30 * DAY);
        let waiting = scripted.payout("a").progress.waiting;
        assert_eq!(waiting.map(|it| it.wait), Some(wait), "what {case}");
        assert_eq!(calls(&scripted).len(), 1, "what {case}: {:?}", calls(&scripted));
        assert!(scripted.payout("a").progress.attention.is_some(), "what {case}");
        let before = scripted.provider.queries() + scripted.provider.creates();
        scripted.work_for(&engine, DAY);
        assert!(scripted.provider.queries() + scripted.provider.creates() > before, "what {case}");
        assert_eq!(calls(&scripted).len(), 1, "what {case}");
    }
}

#[test]
fn truth_10_a_contradiction_that_nobody_answers_calls_a_person_once() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Succeeded)], [Answer::CannotTell]);
    let scripted = scripted.with_payout("a");
    let engine = scripted.engine();
    scripted.work(&engine);
    scripted.timer.advance(Duration::from_secs(5));
    let told = Observation {
        asked_at: None,
        ..scripted.provider.seen(&order("a"), declined(), Source::VerifiedEvent)
    };
    assert!(scripted.receive(&event(&key("a"), &told, scripted.timer.now())));
    scripted.work_for(&engine, 30 * DAY);
    let progress = scripted.payout("a").progress;
    assert!(progress.standing.confirm_since().is_some());
    assert!(matches!(progress.attention, Some(Attention::Overdue(_))));
    assert_eq!(calls(&scripted).len(), 1, "{:?}", calls(&scripted));
}

#[test]
fn truth_10_an_account_out_of_service_is_told_once_and_tried_again_by_itself() {
    let refused = (0..20).map(|_| Reply::Fails(ErrorKind::Unauthorized));
    let replies = refused.chain([Reply::Says(Status::Succeeded)]);
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Found(Status::Succeeded)]);
    scripted.submit(&["a", "b", "c"]);
    let engine = scripted.engine();
    scripted.work_for(&engine, Duration::from_secs(30));
    assert_eq!(engine.halted().len(), 1);
    let sent = scripted.provider.creates();
    assert!(sent <= 3, "at most those that were under way together: {sent}");
    scripted.work_for(&engine, Duration::from_secs(300));
    assert!(scripted.provider.creates() <= sent + 3, "one at a time, less and less often");
    scripted.work_for(&engine, DAY);
    assert!(engine.halted().is_empty());
    for name in ["a", "b", "c"] {
        assert_eq!(scripted.payout(name).progress.status(), Status::Succeeded);
    }
    let about = |kind: fn(&NoticeKind) -> bool| {
        let notices = scripted.notices();
        let told = notices.iter().filter(|it| it.about == NoticeAbout::Account);
        told.filter(|it| kind(&it.event)).count()
    };
    assert_eq!(about(|kind| matches!(kind, NoticeKind::Attention { .. })), 1);
    assert_eq!(about(|kind| *kind == NoticeKind::InServiceAgain), 1);
}

/// What a former process left halted is told as working again by the next one.
#[test]
fn truth_10_a_restart_does_not_forget_that_an_account_was_out_of_service() {
    let replies = [Reply::Fails(ErrorKind::Unauthorized), Reply::Says(Status::Succeeded)];
    let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Found(Status::Succeeded)]);
    scripted.submit(&["a"]);
    scripted.work(&scripted.engine());
    scripted.work_for(&scripted.engine(), Duration::from_secs(60));
    let kinds: Vec<NoticeKind> = scripted.notices().into_iter().map(|it| it.event).collect();
    assert!(kinds.contains(&NoticeKind::InServiceAgain), "{kinds:?}");
}

#[test]
fn truth_13_an_account_out_of_service_does_not_make_the_loop_spin() {
    let scripted = ScriptedHarness::new(
        &CAREFUL,
        [Reply::Fails(ErrorKind::Unauthorized)],
        [Answer::Found(Status::Pending)],
    );
    let names: Vec<String> = (0..100).map(|nth| format!("p{nth}")).collect();
    scripted.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let engine = scripted.engine();
    let rounds = scripted.run_for(&engine, 8, Duration::from_secs(600));
    assert!(rounds < 1_500, "{rounds} rounds in ten minutes");
    assert!(scripted.provider.creates() < 20, "{}", scripted.provider.creates());
}

/// What is due in a lane that is shut wakes nobody, even if another account has nothing to do.
#[test]
fn truth_13_an_account_out_of_service_does_not_keep_the_loop_of_another_awake() {
    let refusing = ScriptedHarness::new(
        &CAREFUL,
        [Reply::Fails(ErrorKind::Unauthorized)],
        [Answer::CannotTell],
    );
    let names: Vec<String> = (0..20).map(|nth| format!("p{nth}")).collect();
    refusing.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let idle = ScriptedProvider::new(
        &CAREFUL,
        Arc::clone(&refusing.timer),
        Arc::clone(&refusing.record),
        [],
        [],
    );
    let accounts = Accounts::new()
        .with(account(), Arc::clone(&refusing.provider) as _)
        .with(other_account(), idle as _);
    let engine = engine_for(&refusing, accounts, policy());
    let rounds = refusing.run_for(&engine, 8, Duration::from_secs(600));
    assert_eq!(engine.halted().len(), 1);
    assert!(rounds < 1_500, "{rounds} rounds in ten minutes");
}

#[test]
fn truth_13_due_payouts_of_an_account_that_is_not_configured_cost_nothing() {
    let scripted = paying();
    let elsewhere = |nth: u32| {
        let order = PayoutOrder { account: other_account(), ..order(&format!("o{nth}")) };
        Intent { order, created_at: scripted.timer.now(), by: None }
    };
    let run = RunId("elsewhere".to_owned());
    finish(scripted.store.submit(&run, (0..500).map(elsewhere).collect())).unwrap();
    finish(scripted.store.release(&run, permit(500), scripted.timer.now())).unwrap();
    scripted.timer.advance(Duration::from_secs(1));
    scripted.submit(&["a"]);
    let rounds = scripted.run_for(&scripted.engine(), 4, Duration::from_secs(600));
    assert_eq!(scripted.payout("a").progress.status(), Status::Pending);
    assert_eq!(scripted.payout("o7").epoch, 0, "nobody claimed it");
    assert!(rounds < 1_500, "{rounds} rounds in ten minutes");
}

#[test]
fn truth_14_a_rate_is_used_whatever_the_lease_and_the_crowd() {
    let scripted = ScriptedHarness::new(
        &CAREFUL,
        [Reply::Says(Status::Succeeded)],
        [Answer::Found(Status::Succeeded)],
    );
    let names: Vec<String> = (0..60).map(|nth| format!("p{nth:02}")).collect();
    scripted.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let accounts = Accounts::new().with(account(), Arc::clone(&scripted.provider) as _);
    // A lease of four seconds and one turn a second: most of a claimed batch would outlive it.
    let policy = Policy {
        sends_per_second_max: Some(1),
        lease: Duration::from_secs(4),
        deadline: Duration::from_millis(1_500),
        ..policy()
    };
    let engine = engine_for(&scripted, accounts, policy);
    scripted.run_for(&engine, 64, Duration::from_secs(30));
    let sent = scripted.provider.creates();
    assert!((29..=32).contains(&sent), "{sent} in 30 s");
    scripted.run_for(&engine, 64, Duration::from_secs(31));
    assert_eq!(scripted.provider.creates(), 60);
}

#[test]
fn truth_14_a_long_queue_delays_neither_another_account_nor_a_query() {
    let scripted = paying();
    let names: Vec<String> = (0..1_000).map(|nth| format!("p{nth:04}")).collect();
    scripted.submit(&names.iter().map(String::as_str).collect::<Vec<_>>());
    scripted.timer.advance(Duration::from_secs(1));
    let quick = PayoutOrder { account: other_account(), ..order("quick") };
    let provider = || Arc::clone(&scripted.provider) as Arc<dyn PayoutProvider>;
    let accounts = Accounts::new().with(account(), provider()).with(other_account(), provider());
    let policy = Policy { sends_per_second_max: Some(5), ..policy() };
    let engine = engine_for(&scripted, accounts, policy);
    finish(engine.pay(quick)).unwrap();
    scripted.run_for(&engine, 4, Duration::from_secs(2));
    assert_eq!(scripted.payout("quick").progress.status(), Status::Pending);
    let sent = scripted.provider.creates();
    assert!(sent <= 5 * 2 + 4, "{sent} in two seconds");
    // The first ones are due for a query after half a minute, with nearly all still to be sent.
    scripted.run_for(&engine, 4, Duration::from_secs(33));
    assert!(scripted.provider.queries() > 0);
}

#[test]
fn truth_16_a_panic_in_a_providers_code_ends_the_payout_and_not_the_worker() {
    for (reply, answer) in [
        (Reply::Panics, Answer::Found(Status::Succeeded)),
        (Reply::Says(Status::Pending), Answer::Panics),
    ] {
        let scripted =
            ScriptedHarness::new(&CAREFUL, [reply, Reply::Says(Status::Succeeded)], [answer]);
        scripted.submit(&["a"]);
        let engine = scripted.engine();
        scripted.run_for(&engine, 4, Duration::from_secs(3_600));
        let progress = scripted.payout("a").progress;
        assert!(progress.is_quarantined(), "{progress:?}");
        assert_eq!(calls(&scripted).len(), 1);
        assert_eq!(scripted.provider.creates(), 1, "what may have left is not sent again");
        scripted.submit(&["b"]);
        scripted.work(&engine);
        assert_ne!(scripted.payout("b").progress.status(), Status::Created);
    }
}

/// Behind its last moment there is no time for a whole call: another worker may have the payout before
/// the answer comes.
#[test]
fn truth_15_a_payout_may_leave_as_long_as_there_is_time_for_a_whole_call() {
    let scripted = paying().with_payout("a");
    let provider = deaf(&scripted, false);
    let accounts = Accounts::new().with(account(), Arc::clone(&provider) as _);
    let engine = engine_for(&scripted, accounts, policy());
    let last = scripted.timer.now().plus(policy().lease - policy().deadline);
    scripted.work(&engine);
    assert_eq!(*provider.departures.lock().unwrap(), [Departure::NotAfter(last)]);
}

/// Takes payments too, and gives every one of them the same session.
#[derive(Debug)]
struct OneSession {
    inner: Arc<dyn PayoutProvider>,
    timer: Arc<VirtualTimer>,
    /// How many sessions it is asked for before its answers get lost.
    answers: usize,
    opened: AtomicUsize,
    asked: AtomicUsize,
}

impl OneSession {
    fn told(&self, source: Source) -> Observation {
        let now = self.timer.now();
        Observation {
            asked_at: Some(now),
            reference: Some(ProviderRef::new("S1").unwrap()),
            ..Observation::new(Status::Pending, source, now)
        }
    }
}

#[async_trait]
impl PayoutProvider for OneSession {
    fn descriptor(&self) -> &'static Descriptor {
        self.inner.descriptor()
    }

    fn environment(&self) -> Environment {
        self.inner.environment()
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        self.inner.check(order)
    }

    fn payee_bank(&self, order: &PayoutOrder) -> Option<Bank> {
        self.inner.payee_bank(order)
    }

    fn must_prepare(&self) -> bool {
        false
    }

    async fn prepare(&self, _order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        Ok(None)
    }

    async fn create(
        &self,
        order: &PayoutOrder,
        handle: Option<&Handle>,
        departure: Departure,
    ) -> Result<Observation, Error> {
        self.inner.create(order, handle, departure).await
    }

    async fn query(&self, payout: &PayoutRef<'_>) -> Result<Lookup, Error> {
        self.inner.query(payout).await
    }

    fn payments(&self) -> Option<&dyn PaymentProvider> {
        Some(self)
    }
}

#[async_trait]
impl PaymentProvider for OneSession {
    fn terms(&self) -> PaymentTerms {
        let absence = Absence { answers_min: 2, grace: Duration::from_secs(900) };
        let open_for = Some(Duration::from_secs(1_800));
        PaymentTerms { open_for, absence, repeat: Repeat::Refused }
    }

    fn check(&self, _: &PaymentOrder) -> Result<(), Vec<Violation>> {
        Ok(())
    }

    async fn create(&self, _: &PaymentOrder) -> Result<PaymentSession, Error> {
        if self.opened.fetch_add(1, Ordering::Relaxed) >= self.answers {
            return Err(Error::new(ErrorKind::Unknown, "the answer is lost"));
        }
        let url = Some("https://pay.example/S1".to_owned());
        Ok(PaymentSession { observation: self.told(Source::Reply), url, code: None, secret: None })
    }

    async fn query(&self, payment: &PaymentRef<'_>) -> Result<Lookup<Vec<Observation>>, Error> {
        if payment.order.key == key("two") {
            self.asked.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Lookup::Found(vec![self.told(Source::Query)]))
    }
}

fn payment_order(name: &str) -> PaymentOrder {
    PaymentOrder::new(key(name), account(), order(name).amount)
}

/// Whoever is sent to that session may pay the other order, so the second payment is for a person:
/// whether its answer names the session, or a query does after the answer was lost.
#[test]
fn truth_17_a_session_of_another_payment_calls_a_person_and_is_not_tried_for_ever() {
    for is_answer_lost in [false, true] {
        let scripted = paying();
        let provider = Arc::new(OneSession {
            inner: Arc::clone(&scripted.provider) as _,
            timer: Arc::clone(&scripted.timer),
            answers: if is_answer_lost { 1 } else { 9 },
            opened: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
        });
        let accounts = Accounts::new().with(account(), Arc::clone(&provider) as _);
        let engine = engine_for(&scripted, accounts, policy());
        assert!(finish(engine.open_payment(payment_order("one"))).unwrap().is_new);
        let payment = |name: &str| finish(scripted.store.payment(&key(name))).unwrap().unwrap();
        let second = finish(engine.open_payment(payment_order("two"))).unwrap_err();
        if is_answer_lost {
            assert!(matches!(second, EngineError::Provider(_)), "{second:?}");
        } else {
            assert!(matches!(&second, EngineError::Refused(_)), "{second:?}");
            assert!(second.to_string().contains("belongs to another payment"), "{second}");
            // At once, and not when it is asked about.
            assert!(payment("two").progress.is_quarantined());
        }
        scripted.work_for(&engine, DAY);
        let (one, two) = (payment("one"), payment("two"));
        assert_eq!(one.progress.status(), Status::Pending);
        assert!(one.progress.attention.is_none());
        assert!(two.progress.is_quarantined(), "{:?}", two.progress);
        assert!(two.progress.sessions.is_empty(), "nobody is sent to it");
        assert_eq!(two.due_at, None);
        let [because] = &calls(&scripted)[..] else { panic!("{:?}", calls(&scripted)) };
        assert!(because.contains("belongs to another payment"), "{because}");
        // It is asked about no more, and opened by no other call.
        let asked = provider.asked.load(Ordering::Relaxed);
        assert!(asked <= 1, "{asked}");
        let again = finish(engine.open_payment(payment_order("two"))).unwrap_err();
        assert!(matches!(again, EngineError::Refused(_)), "{again:?}");
        scripted.work_for(&engine, DAY);
        assert_eq!(provider.asked.load(Ordering::Relaxed), asked);
        assert_eq!(provider.opened.load(Ordering::Relaxed), 2);
        let reference = ProviderRef::new("S1").unwrap();
        let known = finish(scripted.store.session(&account(), &reference)).unwrap().unwrap();
        assert_eq!(known.key, key("one"));
    }
}

#[test]
fn truth_18_an_order_that_its_provider_would_not_take_is_not_stored() {
    let scripted = paying();
    let accounts = Accounts::new().with(account(), deaf(&scripted, true));
    let engine = engine_for(&scripted, accounts, policy());
    let run = RunId("r".to_owned());
    let refused = finish(engine.submit(&run, vec![order("a"), order("b")])).unwrap_err();
    assert!(matches!(&refused, EngineError::Unsendable(all) if all.len() == 2), "{refused:?}");
    assert!(refused.to_string().contains("cents"), "{refused}");
    let refused = finish(engine.submit(&run, vec![order("a")])).unwrap_err();
    assert!(matches!(&refused, EngineError::Unsendable(all) if all.len() == 1), "{refused:?}");
    let elsewhere = PayoutOrder { account: other_account(), ..order("a") };
    let refused = finish(engine.submit(&run, vec![elsewhere])).unwrap_err();
    assert!(matches!(refused, EngineError::NoAccount(_)));
    assert_eq!(finish(scripted.store.tally(None)).unwrap().total(), 0);
}

#[test]
fn truth_21_a_store_keeps_its_world_and_a_twins_policy_is_for_twins() {
    let scripted = paying();
    drop(scripted.engine());
    let open = |world: &World, policy: Policy| {
        let accounts = Accounts::new().with(account(), Arc::clone(&scripted.provider) as _);
        let timer = Arc::clone(&scripted.timer) as _;
        finish(Engine::open(Arc::clone(&scripted.store), world, accounts, timer, policy)).map(drop)
    };
    assert!(open(&simulated(), Policy::twin(200)).is_ok());
    let refused = open(&World::Providers, Policy::live()).unwrap_err();
    assert!(matches!(refused, EngineError::OtherWorld { .. }), "{refused:?}");
    let other = World::Simulated("another town".to_owned());
    assert!(matches!(open(&other, Policy::live()), Err(EngineError::OtherWorld { .. })));
    let refused = open(&World::Providers, Policy::twin(200)).unwrap_err();
    assert!(matches!(refused, EngineError::UnsafePolicy(_)), "{refused:?}");
}

#[test]
fn truth_22_one_order_is_paid_by_one_call_and_a_conflict_is_an_error() {
    let scripted = ScriptedHarness::new(
        &CAREFUL,
        [Reply::Says(Status::Succeeded)],
        [Answer::Found(Status::Succeeded)],
    );
    let engine = scripted.engine();
    for _ in 0..2 {
        let payout = finish(engine.pay(order("a"))).unwrap();
        assert_eq!(payout.order, order("a"));
        scripted.work(&engine);
    }
    assert_eq!(scripted.provider.creates(), 1);
    let mut other = order("a");
    other.amount.minor += 1;
    let refused = finish(engine.pay(other)).unwrap_err();
    assert!(matches!(&refused, EngineError::Conflict(keys) if *keys == [key("a")]), "{refused:?}");
    // After a crash between the two calls the same orders again are the recipe.
    let run = RunId("r".to_owned());
    for _ in 0..2 {
        let answers = finish(engine.submit(&run, vec![order("b")])).unwrap();
        assert_ne!(answers, [Submitted::Conflict]);
    }
    let early = finish(engine.release(&run, 2)).unwrap_err();
    assert!(matches!(early, EngineError::Incomplete { members: 1, expected: 2, .. }), "{early:?}");
    assert_eq!(finish(engine.release(&run, 1)).unwrap(), 1);
}

/// Over an embedded store nobody else can be at work, so whoever held a claim is dead.
#[test]
fn truth_22_opening_ends_the_claims_of_a_former_life() {
    let folder = tempfile::tempdir().unwrap();
    let timer = VirtualTimer::starting_at(start());
    let opened = async {
        let store: Arc<dyn Store> =
            Arc::new(SqliteStore::open(folder.path().join("a.db")).unwrap());
        let run = RunId("r".to_owned());
        let intent = Intent { order: order("a"), created_at: timer.now(), by: None };
        store.submit(&run, vec![intent]).await.unwrap();
        store.release(&run, permit(1), timer.now()).await.unwrap();
        let lane = Lane { account: account(), work: Work::Send };
        let share = Share { lane, limit: 1, lease: DAY };
        let request = ClaimRequest { now: timer.now(), shares: vec![share] };
        let died = store.claim(request.clone(), &NoAttempt).await.unwrap();
        assert_eq!(died.len(), 1);
        assert!(store.claim(request.clone(), &NoAttempt).await.unwrap().is_empty());
        let open = || {
            let (store, timer) = (Arc::clone(&store), Arc::clone(&timer) as _);
            async { Engine::open(store, &simulated(), Accounts::new(), timer, policy()).await }
        };
        let engine = open().await.unwrap();
        let claimed = store.claim(request.clone(), &NoAttempt).await.unwrap();
        assert_eq!(claimed.len(), 1, "the claim of a dead worker holds");
        assert!(claimed[0].payout.epoch > died[0].payout.epoch, "and it writes nothing more");
        // While it lives no other one is opened, and its claims are left alone.
        assert!(matches!(open().await, Err(EngineError::Taken)));
        assert!(store.claim(request, &NoAttempt).await.unwrap().is_empty());
        drop(engine);
        assert!(open().await.is_ok());
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(opened);
}

#[test]
fn truth_22_an_engine_beside_another_sends_nothing() {
    let scripted = paying();
    let accounts = Accounts::new().with(account(), Arc::clone(&scripted.provider) as _);
    let (store, timer) = (Arc::clone(&scripted.store), Arc::clone(&scripted.timer) as _);
    let world = simulated();
    let opening = Engine::open_beside(store, &world, accounts, timer, policy());
    let beside = finish(opening).unwrap();
    finish(beside.pay(order("a"))).unwrap();
    scripted.work_for(&beside, DAY);
    assert_eq!(scripted.provider.creates(), 0);
    finish(beside.take_turn()).unwrap();
    scripted.work(&beside);
    assert_eq!(scripted.provider.creates(), 1);
    let _ = scripted.timer.now();
}
