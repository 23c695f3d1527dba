//! Payouts that leave the store: durable in the archive first, known for ever, and told of when somebody
//! speaks of them again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use pagos_core::{Clock, Source, Status};
use pagos_engine::{
    Archive, ArchivedPayout, Committed, EngineError, Entry, Horizon, InboxState, Lease,
    NoticeAbout, Portion, PruneError, SealedAs, Stay, Step, Store, StoreDoor,
};
use pagos_tests::{Answer, CAREFUL, Reply, Scene, event, finish, hint, key, order};

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Longer than anything is watched.
const LONG: Duration = Duration::from_secs(400 * 24 * 3_600);

/// What is kept is in memory.
#[derive(Debug, Default)]
struct Shelf {
    kept: Vec<ArchivedPayout>,
    is_full: bool,
    /// Changes this payout after it was kept, as a late webhook would.
    meddles: Option<Arc<dyn Store>>,
}

#[async_trait]
impl Archive for Shelf {
    async fn keep(
        &mut self,
        payouts: &[ArchivedPayout],
    ) -> Result<(), Box<dyn Error + Send + Sync>> {
        if self.is_full {
            return Err("no space left on device".into());
        }
        self.kept.extend_from_slice(payouts);
        if let Some(store) = self.meddles.take() {
            touch(&*store, "a").await;
        }
        Ok(())
    }
}

/// Adds a line to a payout's history, and nothing else.
async fn touch(store: &dyn Store, name: &str) {
    let payout = store.payout(&key(name)).await.unwrap().unwrap();
    let at = payout.progress.standing.held().seen_at;
    let step = Step {
        key: key(name),
        version: payout.version,
        fence: None,
        lease: Lease::Keep,
        progress: payout.progress,
        due_at: payout.due_at,
        entries: vec![Entry::Asked { at, answer: "once more".to_owned() }],
        notices: Vec::new(),
        applies: None,
    };
    assert!(matches!(store.commit(step).await.unwrap(), Committed::Done { .. }));
}

/// Payouts that were paid and watched to their end, and then forgotten by everybody for a year.
fn settled(names: &[&str]) -> Scene {
    let answers = [Answer::Found(Status::Succeeded)];
    let scene = Scene::new(&CAREFUL, [Reply::Says(Status::Succeeded)], answers);
    scene.submit(names);
    scene.work_for(&scene.engine(), LONG);
    scene
}

fn door(scene: &Scene) -> StoreDoor {
    Arc::clone(&scene.store).into()
}

/// A horizon a day ago.
fn horizon(scene: &Scene) -> Horizon {
    let now = scene.timer.now();
    let day_ms = i64::try_from(DAY.as_millis()).unwrap();
    let before = pagos_core::Timestamp::from_millis(now.as_millis() - day_ms);
    Horizon::new(before, now).unwrap()
}

fn prune(scene: &Scene, shelf: &mut Shelf) -> Result<Portion, PruneError> {
    finish(door(scene).prune(shelf, horizon(scene), 0, 100))
}

#[test]
fn what_the_archive_does_not_keep_stays() {
    let scene = settled(&["a", "b"]);
    let before = (scene.payout("a"), scene.history("a"));
    let mut full = Shelf { is_full: true, ..Shelf::default() };
    let error = prune(&scene, &mut full).unwrap_err();
    assert!(error.to_string().contains("nothing left the database: no space left"), "{error}");
    assert_eq!((scene.payout("a"), scene.history("a")), before);
    assert_eq!(finish(scene.store.sealed(&key("a"))).unwrap(), None);
    assert_eq!(finish(scene.store.tally(None)).unwrap().total(), 2);
}

#[test]
fn what_leaves_is_in_the_archive_with_its_whole_history() {
    let scene = settled(&["a", "b"]);
    let before = (scene.payout("a"), scene.history("a"));
    let mut shelf = Shelf::default();
    let portion = prune(&scene, &mut shelf).unwrap();
    assert_eq!(portion, Portion { archived: 2, changed: 0, next: None });
    let kept = shelf.kept.iter().find(|kept| kept.key == "a").unwrap();
    assert_eq!((&kept.order, &kept.progress), (&before.0.order, &before.0.progress));
    assert_eq!((&kept.history, kept.version), (&before.1, before.0.version));
    assert_eq!(finish(scene.store.payout(&key("a"))).unwrap(), None);
    assert!(scene.history("a").is_empty());
    assert_eq!(prune(&scene, &mut shelf).unwrap(), Portion::default());
    assert_eq!(shelf.kept.len(), 2);
}

#[test]
fn what_changes_while_it_is_archived_stays_and_is_archived_again() {
    let scene = settled(&["a", "b"]);
    let mut shelf = Shelf { meddles: Some(Arc::clone(&scene.store)), ..Shelf::default() };
    let portion = prune(&scene, &mut shelf).unwrap();
    assert_eq!((portion.archived, portion.changed), (1, 1));
    let lines = scene.history("a").len();
    assert_eq!(prune(&scene, &mut shelf).unwrap().archived, 1);
    let copies: Vec<_> = shelf.kept.iter().filter(|kept| kept.key == "a").collect();
    assert_eq!(copies.len(), 2);
    assert!(copies[0].version < copies[1].version);
    assert_eq!(copies[1].history.len(), lines, "the last copy has the late line");
}

#[test]
fn what_was_paid_and_archived_is_never_paid_again() {
    let scene = settled(&["a"]);
    prune(&scene, &mut Shelf::default()).unwrap();
    let engine = scene.engine();
    let creates = scene.provider.creates();
    let error = finish(engine.pay(order("a"))).unwrap_err();
    assert!(matches!(&error, EngineError::Archived(of, seal)
        if *of == key("a") && seal.ended == SealedAs::Succeeded));
    assert!(error.to_string().contains("pagos archive find a DIR"), "{error}");
    scene.work_for(&engine, LONG);
    assert_eq!(scene.provider.creates(), creates);
    // A new key goes its way.
    finish(engine.pay(order("b"))).unwrap();
    scene.work_for(&engine, DAY);
    assert_eq!(scene.provider.creates(), creates + 1);
}

#[test]
fn a_genuine_webhook_about_an_archived_payout_calls_a_person_and_names_the_archive() {
    let scene = settled(&["a"]);
    prune(&scene, &mut Shelf::default()).unwrap();
    let engine = scene.engine();
    let told = scene.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    assert!(scene.receive(&event(&key("a"), &told, scene.timer.now())));
    scene.work(&engine);
    assert!(scene.waiting().is_empty(), "it does not come back by waiting");
    let orphans = finish(scene.store.deliveries(Some(InboxState::Orphan), 0, 9)).unwrap();
    assert_eq!(orphans.len(), 1);
    let because = &orphans[0].because;
    assert!(because.contains("payout a succeeded and is archived since"), "{because}");
    let last = scene.notices().pop().unwrap();
    assert!(matches!(last.about, NoticeAbout::Delivery { .. }), "{last:?}");
    // What anybody could have sent leaves nothing.
    let said = scene.provider.seen(&order("a"), Status::Succeeded, Source::UnverifiedEvent);
    scene.receive(&hint(&key("a"), &said, scene.timer.now()));
    assert!(scene.waiting().is_empty());
    assert_eq!(finish(scene.store.deliveries(None, 0, 9)).unwrap().len(), 1);
}

#[test]
fn a_survey_says_what_leaves_and_what_stays() {
    let scene = settled(&["a", "b"]);
    let engine = scene.engine();
    finish(engine.pay(order("c"))).unwrap();
    scene.work(&engine);
    finish(scene.store.submit(
        &pagos_engine::RunId("held".to_owned()),
        vec![pagos_engine::Intent { order: order("d"), created_at: scene.timer.now() }],
    ))
    .unwrap();
    let survey = finish(door(&scene).survey(horizon(&scene))).unwrap();
    assert_eq!((survey.leaving(), survey.staying(), survey.unreadable), (2, 2, 0));
    let row = survey.rows().next().unwrap();
    assert_eq!((row.status.as_str(), row.count), ("succeeded", 2));
    assert_eq!(row.amount_minor, 2 * i128::from(order("a").amount.minor));
    let stays: Vec<(Stay, u64)> = survey.stays.into_iter().collect();
    assert_eq!(stays, [(Stay::Unfinished, 1), (Stay::Due, 1)]);
    // It changed nothing.
    assert_eq!(finish(scene.store.tally(None)).unwrap().total(), 4);
}

#[test]
fn notices_go_behind_the_slowest_reader_and_the_horizon() {
    let scene = settled(&["a", "b"]);
    let newest = finish(scene.store.newest_notice()).unwrap();
    assert!(newest >= 2);
    let forget = || finish(door(&scene).forget_notices(horizon(&scene))).unwrap();
    assert_eq!(forget(), 0, "nobody has read anything");
    finish(scene.store.acknowledge("slow", 1)).unwrap();
    finish(scene.store.acknowledge("fast", newest)).unwrap();
    assert_eq!((forget(), forget()), (1, 0));
    finish(scene.store.acknowledge("slow", newest)).unwrap();
    let old = Horizon::new(pagos_tests::start(), scene.timer.now()).unwrap();
    assert_eq!(finish(door(&scene).forget_notices(old)).unwrap(), 0, "none is so old");
    assert_eq!(forget(), newest - 2, "the newest stays");
    assert_eq!(finish(scene.store.newest_notice()).unwrap(), newest);
}
