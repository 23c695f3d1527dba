//! Payouts that leave the store: durable in the archive first, known for ever, and told of when somebody
//! speaks of them again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{error::Error, sync::Arc, time::Duration};

use async_trait::async_trait;
use pagos_core::{Clock, Source, Status};
use pagos_engine::{
    Archive, ArchivedPayout, Committed, EngineError, Entry, Horizon, InboxState, InstrumentedStore,
    Lease, NoticeAbout, Portion, PruneError, SealedAs, Stay, Step, Store,
};
use pagos_tests::{Answer, CAREFUL, Reply, ScriptedHarness, event, finish, hint, key, order};

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
fn settled(names: &[&str]) -> ScriptedHarness {
    let answers = [Answer::Found(Status::Succeeded)];
    let scripted = ScriptedHarness::new(&CAREFUL, [Reply::Says(Status::Succeeded)], answers);
    scripted.submit(names);
    scripted.work_for(&scripted.engine(), LONG);
    scripted
}

fn instrumented(scripted: &ScriptedHarness) -> InstrumentedStore {
    Arc::clone(&scripted.store).into()
}

/// A horizon a day ago.
fn horizon(scripted: &ScriptedHarness) -> Horizon {
    let now = scripted.timer.now();
    let day_ms = i64::try_from(DAY.as_millis()).unwrap();
    let before = pagos_core::Timestamp::from_millis(now.as_millis() - day_ms);
    Horizon::new(before, now).unwrap()
}

fn prune(scripted: &ScriptedHarness, shelf: &mut Shelf) -> Result<Portion, PruneError> {
    finish(instrumented(scripted).prune(shelf, horizon(scripted), 0, 100))
}

#[test]
fn what_the_archive_does_not_keep_stays() {
    let scripted = settled(&["a", "b"]);
    let before = (scripted.payout("a"), scripted.history("a"));
    let mut full = Shelf { is_full: true, ..Shelf::default() };
    let error = prune(&scripted, &mut full).unwrap_err();
    assert!(error.to_string().contains("nothing left the database: no space left"), "{error}");
    assert_eq!((scripted.payout("a"), scripted.history("a")), before);
    assert_eq!(finish(scripted.store.sealed(&key("a"))).unwrap(), None);
    assert_eq!(finish(scripted.store.tally(None)).unwrap().total(), 2);
}

#[test]
fn what_leaves_is_in_the_archive_with_its_whole_history() {
    let scripted = settled(&["a", "b"]);
    let before = (scripted.payout("a"), scripted.history("a"));
    let mut shelf = Shelf::default();
    let portion = prune(&scripted, &mut shelf).unwrap();
    assert_eq!(portion, Portion { archived: 2, changed: 0, next: None });
    let kept = shelf.kept.iter().find(|kept| kept.key == "a").unwrap();
    assert_eq!((&kept.order, &kept.progress), (&before.0.order, &before.0.progress));
    assert_eq!((&kept.history, kept.version), (&before.1, before.0.version));
    assert_eq!(finish(scripted.store.payout(&key("a"))).unwrap(), None);
    assert!(scripted.history("a").is_empty());
    assert_eq!(prune(&scripted, &mut shelf).unwrap(), Portion::default());
    assert_eq!(shelf.kept.len(), 2);
}

#[test]
fn what_changes_while_it_is_archived_stays_and_is_archived_again() {
    let scripted = settled(&["a", "b"]);
    let mut shelf = Shelf { meddles: Some(Arc::clone(&scripted.store)), ..Shelf::default() };
    let portion = prune(&scripted, &mut shelf).unwrap();
    assert_eq!((portion.archived, portion.changed), (1, 1));
    let lines = scripted.history("a").len();
    assert_eq!(prune(&scripted, &mut shelf).unwrap().archived, 1);
    let copies: Vec<_> = shelf.kept.iter().filter(|kept| kept.key == "a").collect();
    assert_eq!(copies.len(), 2);
    assert!(copies[0].version < copies[1].version);
    assert_eq!(copies[1].history.len(), lines, "the last copy has the late line");
}

#[test]
fn what_was_paid_and_archived_is_never_paid_again() {
    let scripted = settled(&["a"]);
    prune(&scripted, &mut Shelf::default()).unwrap();
    let engine = scripted.engine();
    let creates = scripted.provider.creates();
    let error = finish(engine.pay(order("a"))).unwrap_err();
    assert!(matches!(&error, EngineError::Archived(of, seal)
        if *of == key("a") && seal.ended == SealedAs::Succeeded));
    assert!(error.to_string().contains("pagos archive find a DIR"), "{error}");
    scripted.work_for(&engine, LONG);
    assert_eq!(scripted.provider.creates(), creates);
    // A new key goes its way.
    finish(engine.pay(order("b"))).unwrap();
    scripted.work_for(&engine, DAY);
    assert_eq!(scripted.provider.creates(), creates + 1);
}

#[test]
fn a_genuine_webhook_about_an_archived_payout_calls_a_person_and_names_the_archive() {
    let scripted = settled(&["a"]);
    prune(&scripted, &mut Shelf::default()).unwrap();
    let engine = scripted.engine();
    let told = scripted.provider.seen(&order("a"), Status::Succeeded, Source::VerifiedEvent);
    assert!(scripted.receive(&event(&key("a"), &told, scripted.timer.now())));
    scripted.work(&engine);
    assert!(scripted.waiting().is_empty(), "it does not come back by waiting");
    let orphans = finish(scripted.store.deliveries(Some(InboxState::Orphan), 0, 9)).unwrap();
    assert_eq!(orphans.len(), 1);
    let because = &orphans[0].because;
    assert!(because.contains("payout a succeeded and is archived since"), "{because}");
    let last = scripted.notices().pop().unwrap();
    assert!(matches!(last.about, NoticeAbout::Delivery { .. }), "{last:?}");
    // What anybody could have sent leaves nothing.
    let said = scripted.provider.seen(&order("a"), Status::Succeeded, Source::UnverifiedEvent);
    scripted.receive(&hint(&key("a"), &said, scripted.timer.now()));
    assert!(scripted.waiting().is_empty());
    assert_eq!(finish(scripted.store.deliveries(None, 0, 9)).unwrap().len(), 1);
}

#[test]
fn a_survey_says_what_leaves_and_what_stays() {
    let scripted = settled(&["a", "b"]);
    let engine = scripted.engine();
    finish(engine.pay(order("c"))).unwrap();
    scripted.work(&engine);
    finish(scripted.store.submit(
        &pagos_engine::RunId("held".to_owned()),
        vec![pagos_engine::Intent {
            order: order("d"),
            created_at: scripted.timer.now(),
            by: None,
        }],
    ))
    .unwrap();
    let survey = finish(instrumented(&scripted).survey(horizon(&scripted))).unwrap();
    assert_eq!((survey.leaving(), survey.staying(), survey.unreadable), (2, 2, 0));
    let row = survey.rows().next().unwrap();
    assert_eq!((row.status.as_str(), row.count), ("succeeded", 2));
    assert_eq!(row.amount_minor, 2 * i128::from(order("a").amount.minor));
    let stays: Vec<(Stay, u64)> = survey.stays.into_iter().collect();
    assert_eq!(stays, [(Stay::Unfinished, 1), (Stay::Due, 1)]);
    // It changed nothing.
    assert_eq!(finish(scripted.store.tally(None)).unwrap().total(), 4);
}

#[test]
fn notices_go_behind_the_slowest_reader_and_the_horizon() {
    let scripted = settled(&["a", "b"]);
    let newest = finish(scripted.store.newest_notice()).unwrap();
    assert!(newest >= 2);
    let forget = || finish(instrumented(&scripted).forget_notices(horizon(&scripted))).unwrap();
    assert_eq!(forget(), 0, "nobody has read anything");
    finish(scripted.store.acknowledge("slow", 1)).unwrap();
    finish(scripted.store.acknowledge("fast", newest)).unwrap();
    assert_eq!((forget(), forget()), (1, 0));
    finish(scripted.store.acknowledge("slow", newest)).unwrap();
    let old = Horizon::new(pagos_tests::start(), scripted.timer.now()).unwrap();
    assert_eq!(finish(instrumented(&scripted).forget_notices(old)).unwrap(), 0, "none is so old");
    assert_eq!(forget(), newest - 2, "the newest stays");
    assert_eq!(finish(scripted.store.newest_notice()).unwrap(), newest);
}
