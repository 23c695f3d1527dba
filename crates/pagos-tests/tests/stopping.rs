//! A stop: nothing new is begun, and what is cut off is in doubt as after a crash, never failed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::Poll,
    time::Duration,
};

use futures_util::future::BoxFuture;
use pagos_core::Status;
use pagos_engine::{Spawner, Timer};
use pagos_tests::{
    Answer, CAREFUL, FaultInjector, KEYED, Plan, Reply, ScriptedHarness, drive, policy,
};

#[test]
fn world_18_what_is_cut_off_is_counted_in_doubt_and_asked_about() {
    let scripted =
        ScriptedHarness::new(&KEYED, [Reply::Nothing], [Answer::Found(Status::Succeeded)]);
    scripted.submit(&["a", "b"]);
    let engine = scripted.engine();
    let sending = engine.sending();
    let mut run = Box::pin(engine.run(8, std::future::pending::<()>(), std::future::pending::<()>));
    assert!(drive(&mut run).is_none(), "the provider never answers");
    assert_eq!((scripted.provider.creates(), sending.count()), (2, 2));
    drop(run);
    assert_eq!(sending.count(), 0);
    for name in ["a", "b"] {
        let progress = scripted.payout(name).progress;
        assert!(progress.open.is_some(), "its attempt is under way as far as anybody knows");
        assert!(!progress.status().is_final(), "{:?}", progress.status());
    }
    // The next start asks before it does anything else, and sends nothing again.
    drop(engine);
    let next = scripted.engine();
    scripted.work(&next);
    scripted.work_for(&next, Duration::from_secs(600));
    assert_eq!(scripted.provider.creates(), 2);
    assert!(scripted.provider.queries() >= 2);
    assert_eq!(scripted.payout("a").progress.status(), Status::Succeeded);
}

#[test]
fn world_18_what_is_claimed_when_the_stop_comes_is_not_sent() {
    let mut met = 0;
    for point in 1..40 {
        let scripted =
            ScriptedHarness::new(&KEYED, [Reply::Says(Status::Pending)], []).with_payout("a");
        let injector = Arc::new(FaultInjector::new());
        let engine = scripted.engine_behind(&injector);
        injector.plan(Plan::StallAt(point));
        let is_stopped = AtomicBool::new(false);
        let stop = std::future::poll_fn(|_| match is_stopped.load(Ordering::SeqCst) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        let mut run = Box::pin(engine.run(8, stop, std::future::pending::<()>));
        assert!(drive(&mut run).is_none());
        let is_claiming = injector.take_met().is_some_and(|name| name.starts_with("claim, "));
        is_stopped.store(true, Ordering::SeqCst);
        assert!(drive(&mut run).is_none() || !injector.is_stalled());
        injector.open();
        if is_claiming && scripted.provider.creates() == 0 {
            met += 1;
            drive(&mut run).expect("it stops").unwrap();
            assert_eq!(scripted.provider.creates(), 0, "stalled at {point}");
            let payout = scripted.payout("a");
            assert_eq!(payout.progress.open, None, "nobody can take it for one on its way");
            assert!(payout.due_at.is_some(), "the next start sends it");
        }
    }
    assert!(met >= 2, "before and after the claim: {met}");
}

/// Runs in the task of whoever waits for it.
#[derive(Debug)]
struct Inline;

impl Spawner for Inline {
    fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        work
    }
}

/// Its runtime is shutting down.
#[derive(Debug)]
struct Ended;

impl Spawner for Ended {
    fn spawn(&self, work: BoxFuture<'static, ()>) -> BoxFuture<'static, ()> {
        drop(work);
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn tasks_of_a_runtime_send_what_the_loop_claims_and_lose_nothing_when_they_end() {
    let scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Succeeded)], [Answer::Absent]);
    let run = |spawner: &dyn Spawner, time: Duration| {
        let stop = scripted.timer.sleep(time);
        let engine = Arc::new(scripted.engine());
        let mut run = Box::pin(engine.run_on(spawner, 8, stop, std::future::pending::<()>));
        while drive(&mut run).is_none() {
            scripted.timer.advance(Duration::from_secs(1));
        }
    };
    scripted.submit(&["a"]);
    run(&Inline, Duration::from_secs(5));
    assert_eq!(
        (scripted.provider.creates(), scripted.payout("a").progress.status()),
        (1, Status::Succeeded)
    );
    scripted.submit(&["b"]);
    run(&Ended, Duration::from_secs(5));
    assert!(scripted.payout("b").progress.open.is_some(), "begun, and nobody sends it");
    run(&Inline, policy().lease + Duration::from_secs(60));
    assert_eq!(scripted.provider.creates(), 1, "nobody knows that it was not sent");
    assert_eq!(scripted.payout("b").progress.status(), Status::Unknown);
}
