//! What an endpoint gets, and when: order, limits, failures, recovery, what is refused, orders of people.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod scene;

use std::{
    future::pending,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use pagos_core::Clock;
use pagos_engine::{RetentionStore, Store};
use pagos_events::{OrderError, Standing, disable, enable, endpoint_names, forget, replay};

use self::scene::{HOUR, Scene, check_order, keys};

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(start_paused = true)]
async fn events_arrive_in_order_within_a_payout_and_eight_at_a_time() {
    let scene = Scene::new().await;
    for _ in 0..5 {
        scene.tell(&keys(100)).await;
    }
    scene.deliver_for(MINUTE).await;
    assert_eq!(scene.receiver.accepted().len(), 500);
    assert_eq!(check_order(&scene.receiver), 0);
    assert_eq!(scene.receiver.most_flying(), 8);
    let state = scene.state().await;
    assert_eq!((state.position, state.waiting, state.standing), (500, 0, Standing::Working));
}

#[tokio::test(start_paused = true)]
async fn a_new_endpoint_begins_with_what_happens_next() {
    let mut scene = Scene::new().await;
    scene.name = pagos_events::EndpointName::new("new").unwrap();
    scene.tell(&keys(3)).await;
    scene.deliver_for(MINUTE).await;
    scene.tell(&keys(2)).await;
    scene.deliver_for(MINUTE).await;
    assert_eq!(scene.receiver.accepted().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn nothing_but_a_2xx_moves_the_position() {
    for answer in [0, 100, 301, 302, 307, 308, 400, 500] {
        let scene = Scene::new().await;
        scene.receiver.answers(move |_| answer);
        scene.tell(&keys(20)).await;
        scene.deliver_for(MINUTE).await;
        let state = scene.state().await;
        assert_eq!((state.position, state.waiting), (0, 20), "{answer}");
        assert_eq!((state.standing, state.set_aside), (Standing::Failing, 0), "{answer}");
        let error = state.last_error.unwrap();
        assert!(!error.contains("canary"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_failing_endpoint_is_tried_at_growing_intervals_by_one_request() {
    let scene = Scene::new().await;
    scene.receiver.answers(|_| 503);
    scene.tell(&keys(20)).await;
    scene.deliver_for(5 * HOUR).await;
    let tries = scene.receiver.got();
    // Eight are under way when the first fails.
    let waits: Vec<u64> =
        tries[7..].windows(2).map(|two| two[1].at.since(two[0].at).as_secs()).collect();
    assert_eq!(waits[..6], [5, 30, 120, 600, 1_800, 3_600]);
    assert_eq!(tries.len(), 8 + waits.len());
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_asks_for_time_gets_it() {
    let scene = Scene::new().await;
    scene.receiver.answers(|_| 429);
    scene.receiver.headers.lock().unwrap().insert("retry-after", 900.into());
    scene.tell(&keys(1)).await;
    scene.deliver_for(HOUR).await;
    let tries = scene.receiver.got();
    assert!(tries[1].at.since(tries[0].at) >= Duration::from_secs(900));
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_asks_for_time_is_not_tried_with_another_payout_meanwhile() {
    let mut scene = Scene::new().await;
    scene.in_flight_max = 1;
    scene.receiver.answers(|_| 503);
    let until = "Tue, 14 Nov 2023 22:28:20 GMT";
    scene.receiver.headers.lock().unwrap().insert("retry-after", until.parse().unwrap());
    scene.tell(&keys(5)).await;
    scene.deliver_for(HOUR).await;
    let tries = scene.receiver.got();
    let waited = tries[1].at.since(tries[0].at);
    assert!((890..=900).contains(&waited.as_secs()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn waits_are_longer_by_what_is_drawn() {
    let scene = Scene::new().await;
    scene.dice.0.store(128, Ordering::Relaxed);
    scene.receiver.answers(|_| 503);
    scene.tell(&keys(1)).await;
    scene.deliver_for(2 * HOUR).await;
    let tries = scene.receiver.got();
    let waits: Vec<u64> =
        tries.windows(2).map(|two| two[1].at.since(two[0].at).as_secs()).collect();
    assert_eq!(waits[..5], [5, 33, 135, 675, 2_025]);
}

#[tokio::test(start_paused = true)]
async fn at_a_stop_the_tries_under_way_are_recorded_and_the_lease_is_given_back() {
    let scene = Scene::new().await;
    scene.tell(&keys(20)).await;
    let stop = tokio::time::sleep(Duration::from_millis(30));
    let one = scene.deliverer("one");
    one.run(stop, &|_| {}).await;
    // The first eight arrived; the next eight were under way.
    let state = scene.state().await;
    assert_eq!((state.position, scene.receiver.accepted().len()), (16, 16));
    // Another process goes on within a beat, and repeats nothing.
    let two = scene.deliverer("two");
    two.run(tokio::time::sleep(Duration::from_secs(2)), &|message| panic!("{message}")).await;
    assert_eq!(scene.receiver.accepted().len(), 20);
    assert_eq!(scene.state().await.position, 20);
}

#[tokio::test(start_paused = true)]
async fn a_redirect_is_not_a_delivery_and_gone_is_gone() {
    let scene = Scene::new().await;
    scene.receiver.answers(|_| 410);
    scene.tell(&keys(20)).await;
    scene.deliver_for(24 * HOUR).await;
    let state = scene.state().await;
    assert_eq!((state.standing, state.position), (Standing::Off, 0));
    assert!(scene.receiver.got().len() <= 8);
    let calls = scene.calls().await;
    assert!(calls.len() == 1 && calls[0].contains("events enable erp"), "{calls:?}");
}

#[tokio::test(start_paused = true)]
async fn after_three_days_an_endpoint_is_put_off_and_a_person_is_called() {
    let scene = Scene::new().await;
    scene.receiver.answers(|_| 500);
    scene.tell(&keys(20)).await;
    scene.deliver_for(71 * HOUR).await;
    assert_eq!(scene.state().await.standing, Standing::Failing);
    assert!(scene.calls().await.is_empty());
    scene.deliver_for(3 * HOUR).await;
    assert_eq!(scene.state().await.standing, Standing::Off);
    let (calls, tries) = (scene.calls().await, scene.receiver.got().len());
    assert!(calls.len() == 1 && calls[0].contains("events enable erp"), "{calls:?}");
    scene.deliver_for(24 * HOUR).await;
    assert_eq!(scene.receiver.got().len(), tries);

    scene.receiver.answers(|_| 200);
    enable(&scene.orders(), &scene.name).await.unwrap();
    scene.deliver_for(MINUTE).await;
    let first = &scene.receiver.got()[tries];
    assert_eq!(first.kind, "endpoint.recovered");
    assert_eq!(first.body["data"]["waiting"], 21);
    assert_eq!(first.body["data"]["failing_since"], "2023-11-14T22:13:20.02Z");
    // The notice about the endpoint itself is an event as well.
    assert_eq!(scene.receiver.accepted().len(), 21);
    assert_eq!(scene.state().await.standing, Standing::Working);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_works_again_is_told_first_what_waits() {
    let scene = Scene::new().await;
    scene.receiver.answers(|_| 0);
    scene.tell(&keys(20)).await;
    scene.deliver_for(2 * HOUR).await;
    let tries = scene.receiver.got().len();
    scene.receiver.answers(|_| 200);
    scene.deliver_for(HOUR).await;
    let got = scene.receiver.got();
    assert_eq!(got[tries].kind, "endpoint.recovered");
    assert_eq!(got[tries].body["data"]["waiting"], 20);
    assert_eq!(scene.receiver.accepted().len(), 20);
    assert_eq!(scene.state().await.waiting, 0);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_does_not_know_the_greeting_gets_its_events_all_the_same() {
    let scene = Scene::new().await;
    scene.receiver.answers(|_| 0);
    scene.tell(&keys(20)).await;
    scene.deliver_for(2 * HOUR).await;
    scene.receiver.answers(|got| if got.kind == "endpoint.recovered" { 400 } else { 200 });
    scene.deliver_for(HOUR).await;
    assert_eq!(scene.receiver.accepted().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_refused_holds_up_its_own_payout_only() {
    let scene = Scene::new().await;
    scene.receiver.answers(|got| if got.number() == Some(3) { 400 } else { 200 });
    for _ in 0..3 {
        scene.tell(&keys(200)).await;
    }
    scene.deliver_for(10 * MINUTE).await;
    let state = scene.state().await;
    // Events 3, 203 and 403 are of one payout. The reader's position keeps them from being pruned.
    assert_eq!((state.set_aside, state.waiting, state.position), (3, 3, 2));
    assert_eq!(scene.receiver.accepted().len(), 597);
    assert!(scene.calls().await.is_empty());

    scene.receiver.answers(|_| 200);
    scene.deliver_for(2 * HOUR).await;
    let state = scene.state().await;
    assert_eq!((state.set_aside, state.waiting, state.position), (0, 0, 600));
    assert_eq!(check_order(&scene.receiver), 0);
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_refused_for_three_days_is_given_up_with_a_notice() {
    let scene = Scene::new().await;
    scene.receiver.answers(|got| if got.number() == Some(1) { 400 } else { 200 });
    scene.tell(&keys(50)).await;
    scene.tell(&keys(1)).await;
    scene.deliver_for(74 * HOUR).await;
    let calls = scene.calls().await;
    assert!(calls.len() == 1 && calls[0].contains("--endpoint erp --from 1"), "{calls:?}");
    let accepted = scene.receiver.accepted();
    assert!(accepted.contains(&51) && !accepted.contains(&1));
    assert_eq!(scene.state().await.position, 52);
}

#[tokio::test(start_paused = true)]
async fn two_refused_events_are_told_apart_from_an_endpoint_that_is_down() {
    let scene = Scene::new().await;
    scene.receiver.answers(|got| if matches!(got.number(), Some(2 | 5)) { 400 } else { 200 });
    scene.tell(&keys(300)).await;
    scene.deliver_for(30 * MINUTE).await;
    let state = scene.state().await;
    assert_eq!((state.set_aside, state.standing), (2, Standing::Working));
    assert_eq!(scene.receiver.accepted().len(), 298);
}

#[tokio::test(start_paused = true)]
async fn a_person_puts_an_endpoint_off_and_on() {
    let scene = Scene::new().await;
    disable(&scene.orders(), &scene.name).await.unwrap();
    scene.tell(&keys(4)).await;
    scene.deliver_for(HOUR).await;
    assert_eq!(scene.state().await.standing, Standing::Off);
    assert!(scene.receiver.got().is_empty() && scene.calls().await.is_empty());
    enable(&scene.orders(), &scene.name).await.unwrap();
    scene.deliver_for(MINUTE).await;
    assert_eq!(scene.receiver.got()[0].kind, "endpoint.recovered");
    assert_eq!(scene.receiver.accepted(), [1, 2, 3, 4]);
}

#[tokio::test(start_paused = true)]
async fn a_replay_sends_the_same_ids_again_while_the_service_runs() {
    let scene = Scene::new().await;
    scene.tell(&keys(10)).await;
    let order = async {
        tokio::time::sleep(MINUTE).await;
        replay(&scene.orders(), &scene.name, 7).await.unwrap();
    };
    tokio::join!(scene.deliver_for(2 * MINUTE), order);
    assert_eq!(scene.receiver.accepted(), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 7, 8, 9, 10]);
    assert_eq!((scene.state().await.waiting, scene.state().await.orders), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_replay_from_where_nothing_is_kept_is_refused_with_the_oldest_number() {
    let scene = Scene::new().await;
    scene.tell(&keys(10)).await;
    scene.deliver_for(MINUTE).await;
    scene.store.forget_notices(5).await.unwrap();
    let oldest = scene.store.outbox(0, 1).await.unwrap()[0].0;
    assert!(oldest > 1);
    let refused = replay(&scene.orders(), &scene.name, 1).await;
    assert!(matches!(refused, Err(OrderError::Pruned { oldest: it, .. }) if it == oldest));
    let refused = replay(&scene.orders(), &scene.name, 11).await;
    assert!(matches!(refused, Err(OrderError::NotYet { newest: 10, .. })));
}

#[tokio::test(start_paused = true)]
async fn a_forgotten_endpoint_holds_nothing_and_comes_back_as_a_new_one() {
    let scene = Scene::new().await;
    scene.receiver.answers(|_| 503);
    scene.tell(&keys(10)).await;
    scene.deliver_for(MINUTE).await;
    let at = |after_s| scene.clock.now().plus(Duration::from_secs(after_s));
    let refused = forget(&scene.orders(), &scene.name, at(0)).await;
    assert!(matches!(refused, Err(OrderError::InUse { .. })), "{refused:?}");
    assert_eq!(scene.state().await.waiting, 10);
    forget(&scene.orders(), &scene.name, at(60)).await.unwrap();
    assert!(endpoint_names(scene.store.as_ref()).await.unwrap().is_empty());
    assert!(scene.store.readers().await.unwrap().is_empty());
    forget(&scene.orders(), &scene.name, at(60)).await.unwrap();

    scene.receiver.answers(|_| 200);
    scene.deliver_for(MINUTE).await;
    assert!(scene.receiver.accepted().is_empty());
    scene.tell(&keys(1)).await;
    scene.deliver_for(MINUTE).await;
    assert_eq!(scene.receiver.accepted(), [11]);
}

#[tokio::test(start_paused = true)]
async fn of_two_processes_one_delivers() {
    let scene = Scene::new().await;
    let (one, two) = (scene.deliverer("one"), scene.deliverer("two"));
    let told = Arc::new(std::sync::Mutex::new(Vec::new()));
    let tell = |text: &str| told.lock().unwrap().push(text.to_owned());
    let work = async {
        for _ in 0..10 {
            scene.tell(&keys(30)).await;
            tokio::time::sleep(MINUTE).await;
        }
    };
    tokio::select! {
        () = one.run(pending(), &tell) => {}
        () = two.run(pending(), &tell) => {}
        () = work => {}
    }
    assert_eq!(scene.receiver.accepted().len(), 300);
    assert_eq!(told.lock().unwrap().len(), 1);
}
