//! I11: a stalled worker that wakes up overwrites nothing newer, and is not paid for twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{
    Clock, Departure, Descriptor, ErrorKind, FailReason, Source, Status, Transport, TransportError,
};
use pagos_tests::{
    Answer, CAREFUL, FaultInjector, ForgetfulBank, Harness, KEYED, KITS, Plan, Reply,
    ScriptedHarness, VirtualTimer, Worker, attempts_one_at_a_time, declined, event, finish, key,
    live_payments_max, order, policy,
};
use pagos_twin::{Profile, TwinTransport};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// One worker stalls at `point`; another goes on for `apart`; then the first wakes up.
/// Returns whether it stalled in the middle of a round at all.
fn stall(scripted: &ScriptedHarness, bank: &ForgetfulBank, point: u64, apart: Duration) -> bool {
    let injector = Arc::new(FaultInjector::new());
    injector.plan(Plan::StallAt(point));
    let mut sleeper =
        Worker::new(scripted.engine_with(Arc::new(bank.clone()), &injector), injector);
    let is_stalled = sleeper.round(8).is_none();
    let other = scripted.engine_with(Arc::new(bank.clone()), &Arc::new(FaultInjector::new()));
    scripted.work_for(&other, apart);
    sleeper.injector().open();
    if is_stalled {
        sleeper.round(8).expect("a round that ends").unwrap();
    }
    scripted.work_for(&other, 3 * DAY);
    is_stalled
}

fn sweep(descriptor: &'static Descriptor) -> (u32, u32) {
    let (mut schedules, mut in_doubt) = (0, 0);
    for seed in 0..60 {
        for point in 1.. {
            for apart in [Duration::from_secs(60), Duration::from_secs(180), DAY] {
                let scripted = ScriptedHarness::new(descriptor, [], []).with_payout("a");
                let bank = ForgetfulBank::new(descriptor, Arc::clone(&scripted.timer), seed);
                if !stall(&scripted, &bank, point, apart) {
                    break;
                }
                schedules += 1;
                let case = format!("seed {seed}, stalled at {point} for {apart:?}");
                assert!(bank.payments(&key("a")) <= 1, "{case}: paid twice");
                assert!(attempts_one_at_a_time(&scripted.history("a")).is_ok(), "{case}");
                let progress = scripted.payout("a").progress;
                if progress.attention.is_some() {
                    in_doubt += 1;
                    continue;
                }
                let truth = bank.truth(&key("a"));
                let expected = truth.unwrap_or(Status::Failed(FailReason::Rejected));
                assert_eq!(progress.status().word(), expected.word(), "{case}");
            }
            if point > 24 {
                break;
            }
        }
    }
    (schedules, in_doubt)
}

#[test]
fn i11_a_worker_that_wakes_up_late_pays_nobody_twice() {
    let (schedules, in_doubt) = sweep(&CAREFUL);
    assert!(schedules > 1_000, "{schedules} schedules");
    assert!(in_doubt > 0, "where a repeat would pay twice, some must wait for a person");
}

#[test]
fn i11_where_keys_are_refused_twice_nobody_is_needed() {
    let (schedules, in_doubt) = sweep(&KEYED);
    assert!(schedules > 1_000, "{schedules} schedules");
    assert_eq!(in_doubt, 0);
}

/// A worker that got its reply and stalled before it could record it.
fn stalled_with_reply(scripted: &ScriptedHarness) -> (Worker, Arc<FaultInjector>) {
    let injector = Arc::new(FaultInjector::new());
    let mut sleeper = Worker::new(scripted.engine_behind(&injector), Arc::clone(&injector));
    let go_on = |sleeper: &mut Worker| {
        injector.plan(Plan::StallAt(1));
        injector.open();
        assert!(sleeper.round(8).is_none() && injector.is_stalled());
    };
    while scripted.provider.creates() == 0 {
        go_on(&mut sleeper);
    }
    go_on(&mut sleeper);
    (sleeper, injector)
}

/// A worker gets this reply, stalls before it can record it, and wakes up after `answer` is known.
fn late_reply(reply: Reply, answer: Status) -> ScriptedHarness {
    let scripted = ScriptedHarness::new(&KEYED, [reply], [Answer::Found(answer)]).with_payout("a");
    let (mut sleeper, injector) = stalled_with_reply(&scripted);
    let other = scripted.engine();
    scripted.work_for(&other, Duration::from_secs(600));
    assert_eq!(scripted.payout("a").progress.status(), answer);
    injector.open();
    sleeper.round(8).expect("a round that ends").unwrap();
    scripted
}

#[test]
fn i11_a_late_reply_overwrites_nothing_newer() {
    let replies = [
        Reply::Says(Status::Pending),
        Reply::Fails(ErrorKind::Unknown),
        Reply::Fails(ErrorKind::Rejected),
        Reply::Fails(ErrorKind::Invalid),
        Reply::Fails(ErrorKind::Undelivered),
        Reply::Fails(ErrorKind::Throttled),
        Reply::Fails(ErrorKind::Unauthorized),
    ];
    for reply in replies {
        for answer in [Status::Succeeded, Status::Pending, declined()] {
            let scripted = late_reply(reply.clone(), answer);
            assert_eq!(scripted.payout("a").progress.status(), answer, "{reply:?}");
            scripted.work_for(&scripted.engine(), 3 * DAY);
            assert_eq!(scripted.payout("a").progress.status(), answer, "{reply:?}");
            assert_eq!(scripted.provider.creates(), 1, "{reply:?}");
        }
    }
}

#[test]
fn i11_a_late_reply_that_nobody_contradicts_is_welcome() {
    let scripted = late_reply(Reply::Says(Status::Succeeded), Status::Pending);
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
}

#[test]
fn i11_a_late_proof_closes_no_newer_attempt() {
    for late in [ErrorKind::Undelivered, ErrorKind::Throttled, ErrorKind::Rejected] {
        let replies = [Reply::Fails(late), Reply::Fails(ErrorKind::Unknown)];
        let scripted = ScriptedHarness::new(&KEYED, replies, [Answer::Absent]).with_payout("a");
        let (mut sleeper, injector) = stalled_with_reply(&scripted);
        // Another worker proves the first attempt absent and begins a second, which is in doubt.
        let other = scripted.engine();
        while scripted.provider.creates() < 2 {
            scripted.work_for(&other, Duration::from_secs(60));
        }
        let before = scripted.payout("a").progress;
        assert_eq!(before.open.map(|open| open.number), Some(2));
        injector.open();
        sleeper.round(8).expect("a round that ends").unwrap();
        let after = scripted.payout("a").progress;
        assert_eq!((after.open, after.status()), (before.open, Status::Unknown), "{late:?}");
        scripted.work_for(&other, Duration::from_secs(60));
        assert_eq!(scripted.provider.creates(), 2, "{late:?}");
    }
}

#[test]
fn i11_a_refusal_of_what_a_webhook_saw_alive_is_a_query() {
    for told in [Status::Pending, Status::Succeeded] {
        let replies = [Reply::Fails(ErrorKind::Rejected)];
        let scripted =
            ScriptedHarness::new(&KEYED, replies, [Answer::Found(told)]).with_payout("a");
        let (mut sleeper, injector) = stalled_with_reply(&scripted);
        scripted.timer.advance(Duration::from_secs(5));
        let seen = scripted.provider.seen(&order("a"), told, Source::VerifiedEvent);
        scripted.receive(&event(&key("a"), &seen, scripted.timer.now()));
        finish(scripted.engine().work(0)).unwrap();
        injector.open();
        sleeper.round(8).expect("a round that ends").unwrap();
        assert_eq!(scripted.payout("a").progress.status(), told);
        scripted.work_for(&scripted.engine(), DAY);
        assert_eq!(scripted.payout("a").progress.status(), told);
        assert_eq!(scripted.provider.creates(), 1);
    }
}

#[test]
fn i11_a_worker_that_wakes_up_after_its_deadline_sends_nothing() {
    for (pause, sent) in [(Duration::from_secs(29), 1), (Duration::from_secs(30), 0)] {
        let replies = [Reply::Says(Status::Pending)];
        let scripted = ScriptedHarness::new(&CAREFUL, replies, [Answer::Absent]).with_payout("a");
        let injector = Arc::new(FaultInjector::new());
        let mut sleeper = Worker::new(scripted.engine_behind(&injector), Arc::clone(&injector));
        // Until the attempt is durable, and then to the call itself.
        while scripted.payout("a").progress.open.is_none() {
            injector.plan(Plan::StallAt(1));
            injector.open();
            assert!(sleeper.round(8).is_none());
        }
        injector.plan(Plan::StallAt(1));
        injector.open();
        assert!(sleeper.round(8).is_none());
        assert_eq!(scripted.provider.creates(), 0, "the request is about to leave");
        scripted.timer.advance(pause);
        injector.open();
        sleeper.round(8).expect("a round that ends").unwrap();
        assert_eq!(scripted.provider.creates(), sent, "after {pause:?}");
    }
}

/// Wherever it stood still until its claim was over, it must not send when it goes on.
#[test]
fn i11_a_worker_whose_claim_is_over_sends_nothing() {
    let mut stalled = 0;
    for point in 1.. {
        let replies = [Reply::Says(Status::Pending)];
        let scripted = ScriptedHarness::new(&KEYED, replies, [Answer::Absent]).with_payout("a");
        let injector = Arc::new(FaultInjector::new());
        injector.plan(Plan::StallAt(point));
        let mut sleeper = Worker::new(scripted.engine_behind(&injector), injector);
        assert!(sleeper.round(8).is_none(), "it stands still before it has sent");
        if scripted.provider.creates() > 0 {
            break;
        }
        if scripted.payout("a").epoch == 0 {
            continue;
        }
        stalled += 1;
        scripted.timer.advance(policy().lease);
        sleeper.injector().open();
        sleeper.round(8).expect("a round that ends").unwrap();
        assert_eq!(scripted.provider.creates(), 0, "stalled at {point}");
    }
    assert!(stalled >= 2, "{stalled} points");
}

#[test]
fn i11_the_twin_pays_once_when_a_worker_stalls() {
    let mut stalled = 0;
    for point in 1..20 {
        let harness = Harness::new(11);
        harness.submit(vec![order("a")]);
        let injector = Arc::new(FaultInjector::new());
        injector.plan(Plan::StallAt(point));
        let mut sleeper = Worker::new(harness.engine_behind(&injector), injector);
        stalled += u32::from(sleeper.round(8).is_none());
        harness.timer.advance(Duration::from_secs(130));
        let other = harness.engine();
        harness.run_to_rest(&other);
        sleeper.injector().open();
        if sleeper.is_busy() {
            sleeper.round(8).expect("a round that ends").unwrap();
        }
        harness.run_to_rest(&other);
        assert_eq!(harness.payout("a").progress.status(), Status::Succeeded, "stalled at {point}");
        assert_eq!(harness.movements().len(), 1);
        assert_eq!(live_payments_max(&harness.movements()), 1);
    }
    assert!(stalled > 8);
}

/// A way to the twin before whose first request that moves money the machine is suspended: the time
/// of day jumps, and no timer has noticed it yet.
#[derive(Debug)]
struct Suspended {
    timer: Arc<VirtualTimer>,
    inner: TwinTransport,
    has_slept: AtomicBool,
}

#[async_trait]
impl Transport for Suspended {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let moves_money = departure != Departure::Anytime;
        if moves_money && !self.has_slept.swap(true, Ordering::Relaxed) {
            self.timer.advance(Duration::from_secs(3 * 3_600));
        }
        self.inner.send(request, departure).await
    }
}

#[test]
fn i11_a_request_that_comes_too_late_does_not_leave() {
    for kit in KITS {
        let harness = Harness::of(*kit, 11, Profile::None);
        harness.submit(vec![kit.order("a")]);
        let suspended = Arc::new(Suspended {
            timer: Arc::clone(&harness.timer),
            inner: harness.transport(),
            has_slept: AtomicBool::new(false),
        });
        let clock = Arc::clone(&harness.timer) as Arc<dyn Clock>;
        let provider = kit.provider(Arc::clone(&suspended) as _, clock, 11);
        let engine = harness.engine_with(provider, &Arc::new(FaultInjector::new()));
        harness.run_until(&engine, || suspended.has_slept.load(Ordering::Relaxed));
        let mut orders = 0;
        harness.visit_orders(&mut |_| orders += 1);
        assert_eq!(orders, 0, "{}: the request left after three hours", kit.name());
        let progress = harness.payout("a").progress;
        assert_eq!(progress.open, None, "{}: nothing has left, and that is certain", kit.name());
        // It is sent again then, and once.
        harness.run_to_rest(&engine);
        assert_eq!(harness.payout("a").progress.status(), Status::Succeeded, "{}", kit.name());
        assert_eq!(live_payments_max(&harness.movements()), 1, "{}", kit.name());
    }
}
