//! A stop: nothing new is begun, and what is cut off is in doubt as after a crash, never failed.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::task::Poll;

use pagos_core::Status;
use pagos_tests::Answer;
use pagos_tests::Gate;
use pagos_tests::KEYED;
use pagos_tests::Plan;
use pagos_tests::Reply;
use pagos_tests::Scene;
use pagos_tests::drive;

#[test]
fn world_18_what_is_cut_off_is_counted_in_doubt_and_asked_about() {
    let scene = Scene::new(&KEYED, [Reply::Nothing], [Answer::Found(Status::Succeeded)]);
    scene.submit(&["a", "b"]);
    let engine = scene.engine();
    let sending = engine.sending();
    let mut run = Box::pin(engine.run(8, std::future::pending::<()>(), std::future::pending::<()>));
    assert!(drive(&mut run).is_none(), "the provider never answers");
    assert_eq!((scene.provider.creates(), sending.count()), (2, 2));
    drop(run);
    assert_eq!(sending.count(), 0);
    for name in ["a", "b"] {
        let progress = scene.payout(name).progress;
        assert!(progress.open.is_some(), "its attempt is under way as far as anybody knows");
        assert!(!progress.status().is_final(), "{:?}", progress.status());
    }
    // The next start asks before it does anything else, and sends nothing again.
    drop(engine);
    let next = scene.engine();
    scene.work(&next);
    scene.work_for(&next, std::time::Duration::from_secs(600));
    assert_eq!(scene.provider.creates(), 2);
    assert!(scene.provider.queries() >= 2);
    assert_eq!(scene.payout("a").progress.status(), Status::Succeeded);
}

#[test]
fn world_18_what_is_claimed_when_the_stop_comes_is_not_sent() {
    let mut met = 0;
    for point in 1..40 {
        let scene = Scene::new(&KEYED, [Reply::Says(Status::Pending)], []).with_payout("a");
        let gate = Arc::new(Gate::new());
        let engine = scene.engine_behind(&gate);
        gate.plan(Plan::StallAt(point));
        let is_stopped = AtomicBool::new(false);
        let stop = std::future::poll_fn(|_| match is_stopped.load(Ordering::SeqCst) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        });
        let mut run = Box::pin(engine.run(8, stop, std::future::pending::<()>));
        assert!(drive(&mut run).is_none());
        let is_claiming = gate.take_met().is_some_and(|name| name.starts_with("claim, "));
        is_stopped.store(true, Ordering::SeqCst);
        assert!(drive(&mut run).is_none() || !gate.is_stalled());
        gate.open();
        if is_claiming && scene.provider.creates() == 0 {
            met += 1;
            drive(&mut run).expect("it stops").unwrap();
            assert_eq!(scene.provider.creates(), 0, "stalled at {point}");
            let payout = scene.payout("a");
            assert_eq!(payout.progress.open, None, "nobody can take it for one on its way");
            assert!(payout.due_at.is_some(), "the next start sends it");
        }
    }
    assert!(met >= 2, "before and after the claim: {met}");
}
