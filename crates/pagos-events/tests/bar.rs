//! An endpoint that is down for 72 hours while 100,000 events come in, in virtual time: everything is
//! delivered, in order per payout, and the repeats are counted.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod scene;

use std::{collections::BTreeSet, time::Duration};

use self::scene::{HOUR, Scene, check_order};

const EVENTS: u64 = 100_000;
const PAYOUTS: u64 = 20_000;

#[tokio::test(start_paused = true)]
async fn everything_arrives_after_three_days_without_an_endpoint() {
    let scene = Scene::new().await;
    let back = pagos_core::Clock::now(scene.clock.as_ref()).plus(72 * HOUR);
    scene.receiver.answers(move |got| if got.at < back { 0 } else { 200 });
    let coming = async {
        for hour in 0..50 {
            let numbers = hour * EVENTS / 50..(hour + 1) * EVENTS / 50;
            let keys: Vec<String> =
                numbers.map(|number| format!("p{}", number % PAYOUTS)).collect();
            scene.tell(&keys).await;
            tokio::time::sleep(HOUR).await;
        }
    };
    tokio::join!(coming, scene.deliver_for(75 * HOUR));
    let accepted = scene.receiver.accepted();
    let repeats = check_order(&scene.receiver);
    assert_eq!(accepted.iter().collect::<BTreeSet<_>>().len(), 100_000);
    assert_eq!((accepted.len() - repeats, repeats), (100_000, 0));
    let got = std::mem::take(&mut *scene.receiver.got.lock().unwrap());
    let first = got.iter().position(|it| it.answer == 200).unwrap();
    assert_eq!(got[first].kind, "endpoint.recovered");
    assert_eq!(got[first].body["data"]["waiting"], EVENTS);
    // Less than one try an hour and the first ones.
    assert!(first < 90, "{first} tries while it was down");
    assert!(got[first].at.since(back) <= HOUR + Duration::from_secs(10));
    assert!(scene.calls().await.is_empty());
    assert_eq!((scene.state().await.waiting, scene.state().await.set_aside), (0, 0));
}
