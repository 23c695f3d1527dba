//! The deliverer ends at any moment and starts anew: nothing is lost, and the order within a payout stays.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod scene;

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use pagos_core::OrderKey;
use pagos_engine::{Phase, Point, Probe};
use proptest::prelude::*;
use tokio::sync::Notify;

use self::scene::{HOUR, Scene, check_order, keys};

/// Ends the deliverer at the n-th point that it passes.
#[derive(Debug)]
struct Fuse {
    left: AtomicU64,
    is_over: Notify,
}

impl Probe for Fuse {
    fn at(&self, point: Point, _: Phase, _: Option<&OrderKey>) {
        assert!(matches!(point, Point::Acknowledge | Point::KeepEndpoint), "{point}");
        if self.left.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.is_over.notify_one();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deliverer_that_ends_at_any_point_loses_nothing() {
    for points in 1..40 {
        let mut scene = Scene::new().await;
        let fuse = Arc::new(Fuse { left: AtomicU64::new(points), is_over: Notify::new() });
        scene.probe = Arc::clone(&fuse) as Arc<dyn Probe>;
        // Event 3 is refused for a while, and everything fails in between.
        let start = pagos_core::Clock::now(scene.clock.as_ref());
        scene.receiver.answers(move |got| match got.at.since(start).as_secs() {
            3..60 => 503,
            0..600 if got.number() == Some(3) => 400,
            _ => 200,
        });
        for _ in 0..4 {
            scene.tell(&keys(60)).await;
        }
        tokio::select! {
            () = scene.deliver_for(HOUR) => {}
            () = fuse.is_over.notified() => {}
        }
        scene.deliver_for(2 * HOUR).await;
        check_whole(&scene, 240).await;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_deliverer_that_ends_at_any_time_loses_nothing(
        lives_ms in proptest::collection::vec(1_u64..200_000, 1..12),
        seed in any::<u64>(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time().start_paused(true).build().unwrap();
        runtime.block_on(async {
            let scene = Scene::new().await;
            let start = pagos_core::Clock::now(scene.clock.as_ref());
            scene.receiver.answers(move |got| {
                let since_s = got.at.since(start).as_secs();
                // Down by stretches, and some events refused, for half an hour.
                let is_down = (since_s / 40).wrapping_mul(seed | 1).count_ones() % 3 == 0;
                let is_refused = got.number().is_some_and(|number| number.wrapping_mul(seed) % 11 == 0);
                match since_s < 1_800 {
                    true if is_down => 0,
                    true if is_refused => 422,
                    _ => 200,
                }
            });
            for _ in 0..5 {
                scene.tell(&keys(40)).await;
            }
            for life_ms in lives_ms {
                scene.deliver_for(Duration::from_millis(life_ms)).await;
            }
            scene.deliver_for(6 * HOUR).await;
            check_whole(&scene, 200).await;
        });
    }
}

async fn check_whole(scene: &Scene, events: usize) {
    check_order(&scene.receiver);
    let accepted: BTreeSet<u64> = scene.receiver.accepted().into_iter().collect();
    assert_eq!(accepted.len(), events);
    let state = scene.state().await;
    assert_eq!((state.waiting, state.set_aside), (0, 0), "{state:?}");
}
