//! Settled payouts are watched by their provider's list, where it has one: for a few calls an account
//! instead of several a payout, and no reversal is missed for it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use pagos_core::{
    Bank, Clock, Departure, Descriptor, Environment, Error, ErrorKind, FailReason, Handle,
    ListingPage, Lookup, Observation, PayoutListing, PayoutOrder, PayoutProvider, PayoutRef,
    ProviderRef, Source, Status, Violation, Window,
};
use pagos_engine::{Engine, NoticeKind, Timer};
use pagos_reconcile::{Comparison, Outcome, compare_with_provider};
use pagos_store_sqlite::SqliteStore;
use pagos_tests::{
    Act, Answer, BlockingStore, CAREFUL, FaultInjector, Harness, KITS, Kit, Reply, ScriptedHarness,
    ScriptedProvider, drive, finish, order,
};
use pagos_twin::{Fault, Profile};

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);
const RETURNED: Status = Status::Failed(FailReason::Returned);

/// What a page is answered.
#[derive(Debug, Clone)]
enum Page {
    Rows(Vec<Observation>),
    Fails(ErrorKind),
    Silent,
    Panics,
}

/// The scripted provider with a list of two pages, of which the first is always empty.
#[derive(Debug)]
struct Listed {
    inner: Arc<ScriptedProvider>,
    page: Mutex<Page>,
    read: Mutex<Vec<Window>>,
}

#[async_trait]
impl PayoutListing for Listed {
    async fn page(&self, window: Window, cursor: Option<&str>) -> Result<ListingPage, Error> {
        if cursor.is_none() {
            self.read.lock().unwrap().push(window);
            return Ok(ListingPage { rows: Vec::new(), next: Some("2".to_owned()) });
        }
        let page = self.page.lock().unwrap().clone();
        match page {
            Page::Rows(rows) => Ok(ListingPage { rows, next: None }),
            Page::Fails(kind) => Err(Error::new(kind, "the list is down")),
            Page::Silent => std::future::pending().await,
            Page::Panics => panic!("planted"),
        }
    }
}

#[async_trait]
impl PayoutProvider for Listed {
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

    async fn prepare(&self, order: &PayoutOrder) -> Result<Option<Handle>, Error> {
        self.inner.prepare(order).await
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

    fn listing(&self) -> Option<&dyn PayoutListing> {
        Some(self)
    }
}

/// A payout that the provider called succeeded, and whose list is to be read for the first time.
struct Watched {
    scripted: ScriptedHarness,
    provider: Arc<Listed>,
}

impl Watched {
    fn new() -> Self {
        Self::of(&CAREFUL)
    }

    fn of(descriptor: &'static Descriptor) -> Self {
        let succeeded = Status::Succeeded;
        let scripted =
            ScriptedHarness::new(descriptor, [Reply::Says(succeeded)], [Answer::Found(succeeded)]);
        let inner = Arc::clone(&scripted.provider);
        let (page, read) = (Mutex::new(Page::Rows(Vec::new())), Mutex::default());
        let provider = Arc::new(Listed { inner, page, read });
        let watched = Self { scripted: scripted.with_payout("a"), provider };
        watched.lists(succeeded);
        watched.scripted.work(&watched.engine());
        assert_eq!(watched.status(), succeeded);
        watched
    }

    fn engine(&self) -> Engine {
        self.scripted.engine_with(Arc::clone(&self.provider) as _, &Arc::new(FaultInjector::new()))
    }

    fn row(&self, status: Status) -> Observation {
        self.scripted.provider.seen(&order("a"), status, Source::Listing)
    }

    fn lists(&self, status: Status) {
        self.answers(Page::Rows(vec![self.row(status)]));
    }

    fn answers(&self, page: Page) {
        *self.provider.page.lock().unwrap() = page;
    }

    fn status(&self) -> Status {
        self.scripted.payout("a").progress.status()
    }

    /// How far back it was read each time, in days.
    fn depths(&self) -> Vec<u64> {
        let read = self.provider.read.lock().unwrap();
        read.iter().map(|it| it.until.since(it.from).as_secs() / (24 * 3_600)).collect()
    }
}

#[test]
fn a_listed_payout_is_asked_about_once_when_its_window_closes() {
    let watched = Watched::new();
    let engine = watched.engine();
    let version = watched.scripted.payout("a").version;
    // The window of the script's descriptor is a day.
    watched.scripted.work_for(&engine, 23 * HOUR);
    assert_eq!(watched.scripted.provider.queries(), 0);
    assert_eq!(watched.scripted.payout("a").version, version, "a row without news writes nothing");
    watched.scripted.work_for(&engine, 2 * HOUR);
    assert_eq!(watched.scripted.provider.queries(), 1);
    assert_eq!(watched.scripted.payout("a").due_at, None);
}

/// Its row is written when it is stored, released and claimed, and then by a step when it is replied and
/// answered, and for each answer of its watch.
#[test]
fn what_a_settled_payout_costs_over_its_thirty_days() {
    let return_window = Some(30 * DAY);
    let monthly = Box::leak(Box::new(Descriptor { return_window, ..CAREFUL.clone() }));
    let watched = Watched::of(monthly);
    watched.scripted.work_for(&watched.engine(), 31 * DAY);
    let (asked, written) = (watched.scripted.provider.queries(), steps(&watched.scripted));
    assert_eq!((asked, written), (1, 2), "with a list, and settled by the reply");

    let (pending, succeeded) = (Status::Pending, Status::Succeeded);
    let scripted =
        ScriptedHarness::new(monthly, [Reply::Says(pending)], [Answer::Found(succeeded)]);
    let scripted = scripted.with_payout("a");
    scripted.work_for(&scripted.engine(), 32 * DAY);
    let (asked, written) = (scripted.provider.queries(), steps(&scripted));
    assert_eq!((asked, written), (1 + 7, 9), "without a list, and settled by a query");
    assert_eq!(scripted.payout("a").due_at, None);
}

fn steps(scripted: &ScriptedHarness) -> usize {
    let is_step = |act: &&Act| matches!(act, Act::Committed(_, None));
    scripted.acts().iter().filter(is_step).count()
}

#[test]
fn a_list_is_read_often_for_what_is_young_and_seldom_for_what_is_old() {
    let watched = Watched::new();
    let engine = watched.engine();
    for _ in 0..9 * 24 {
        watched.scripted.timer.advance(HOUR);
        watched.scripted.work(&engine);
    }
    // The deepest does the work of those before it.
    let (depths, counts) =
        (watched.depths(), |days| watched.depths().iter().filter(|depth| **depth == days).count());
    assert_eq!(depths[..5], [38, 2, 2, 2, 5], "{depths:?}");
    assert_eq!((counts(38), counts(14), counts(5)), (2, 2, 6), "{depths:?}");
    assert!((24..=28).contains(&counts(2)), "{depths:?}");
}

#[test]
fn a_reversal_that_the_list_shows_is_asked_about_at_once_and_told() {
    let watched = Watched::new();
    watched.scripted.provider.answer_from_now_on([Answer::Found(RETURNED)]);
    watched.scripted.timer.advance(DAY / 2);
    watched.lists(RETURNED);
    watched.scripted.work_for(&watched.engine(), Duration::from_secs(10));
    assert_eq!((watched.status(), watched.scripted.provider.queries()), (RETURNED, 1));
    let told = watched.scripted.notices();
    let is_reversal = |kind: &NoticeKind| matches!(kind, NoticeKind::Reversed { .. });
    assert_eq!(told.iter().filter(|notice| is_reversal(&notice.event)).count(), 1);
}

#[test]
fn what_a_list_lacks_or_says_of_others_changes_nothing() {
    let watched = Watched::new();
    let mut foreign = watched.row(RETURNED);
    foreign.echo.key = Some("somebody-elses".to_owned());
    foreign.reference = Some(ProviderRef::new("other").unwrap());
    for page in [Vec::new(), vec![foreign]] {
        watched.answers(Page::Rows(page));
        let before = watched.scripted.payout("a");
        watched.scripted.timer.advance(7 * HOUR);
        watched.scripted.work(&watched.engine());
        assert_eq!(watched.scripted.payout("a"), before);
    }
}

#[test]
fn a_row_without_our_key_is_known_by_the_providers_id() {
    let watched = Watched::new();
    watched.scripted.provider.answer_from_now_on([Answer::Found(RETURNED)]);
    let mut row = watched.row(RETURNED);
    row.echo.key = None;
    watched.answers(Page::Rows(vec![row]));
    watched.scripted.timer.advance(7 * HOUR);
    watched.scripted.work_for(&watched.engine(), Duration::from_secs(10));
    assert_eq!(watched.status(), RETURNED);
}

#[test]
fn two_payouts_under_one_key_are_found_by_the_list() {
    let watched = Watched::new();
    let mut second = watched.row(Status::Succeeded);
    second.reference = Some(ProviderRef::new("R2").unwrap());
    watched.answers(Page::Rows(vec![watched.row(Status::Succeeded), second]));
    watched.scripted.timer.advance(7 * HOUR);
    watched.scripted.work(&watched.engine());
    assert!(watched.scripted.payout("a").progress.is_quarantined());
}

#[test]
fn a_person_reads_the_list_and_sees_what_is_known_of_each_row() {
    let watched = Watched::new();
    watched.scripted.submit(&["unsent"]);
    let mut foreign = watched.row(RETURNED);
    foreign.echo.key = Some("somebody-elses".to_owned());
    foreign.reference = Some(ProviderRef::new("other").unwrap());
    let mut unsent = watched.row(Status::Succeeded);
    unsent.echo.key = Some("unsent".to_owned());
    unsent.reference = Some(ProviderRef::new("R9").unwrap());
    watched.answers(Page::Rows(vec![watched.row(Status::Succeeded), foreign, unsent]));
    let engine = watched.engine();
    let (account, now) = (order("a").account, watched.scripted.timer.now());
    let window = Window { from: now.minus(DAY), until: now };
    assert!(engine.lists(&account));
    let mut read = Vec::new();
    let mut each = |listed: pagos_engine::Listed| {
        read.push(listed.payout.map(|it| (it.order.key.to_string(), it.status())));
    };
    finish(engine.read_list(&account, window, &mut each)).unwrap();
    let known = Some(("a".to_owned(), Status::Succeeded));
    // What was never sent is shown, and learns nothing from a list.
    assert_eq!(read, [known, None, Some(("unsent".to_owned(), Status::Created))]);
    watched.answers(Page::Fails(ErrorKind::Undelivered));
    let refused = finish(engine.read_list(&account, window, &mut |_| {})).unwrap_err();
    assert!(refused.to_string().contains("not read to its end"), "{refused}");
}

/// Compares the last day of the account with what the provider says.
fn compared(scripted: &ScriptedHarness, engine: &Engine) -> Comparison {
    let (account, now) = (order("a").account, scripted.timer.now());
    let window = Window { from: now.minus(DAY), until: now.plus(HOUR) };
    let store = &*scripted.store;
    finish(compare_with_provider(engine, store, &account, window)).unwrap()
}

#[test]
fn a_comparison_with_a_list_tells_what_somebody_must_look_at() {
    let paid = Status::Succeeded;
    let check = |rows: &dyn Fn(&Watched) -> Vec<Observation>, expected: &[(Outcome, bool)]| {
        let watched = Watched::new();
        watched.scripted.submit(&["unsent"]);
        watched.answers(Page::Rows(rows(&watched)));
        let comparison = compared(&watched.scripted, &watched.engine());
        let found = comparison.differences.iter().map(|it| (it.outcome, it.is_alarming));
        let found: Vec<_> = found.collect();
        assert_eq!(found, expected, "{:?}", comparison.differences);
        comparison
    };
    let named = |watched: &Watched, key: &str, reference: &str| {
        let mut row = watched.row(paid);
        row.echo.key = Some(key.to_owned());
        row.reference = Some(ProviderRef::new(reference).unwrap());
        row
    };
    let agreed = check(&|watched| vec![watched.row(paid); 2], &[]);
    assert_eq!((agreed.rows, agreed.agreed, agreed.queried), (2, 1, 0));
    check(
        &|watched| vec![watched.row(paid), named(watched, "theirs", "R7")],
        &[(Outcome::MissingHere, false)],
    );
    check(
        &|watched| vec![watched.row(paid), named(watched, "a", "R2")],
        &[(Outcome::DuplicateThere, true)],
    );
    check(
        &|watched| vec![watched.row(paid), named(watched, "unsent", "R9")],
        &[(Outcome::StatusDiffers, true)],
    );
    let dearer = |watched: &Watched| {
        let mut row = watched.row(paid);
        row.echo.amount = order("a").amount.checked_add(order("b").amount);
        vec![row]
    };
    check(&dearer, &[(Outcome::AmountDiffers, true)]);
    check(&|watched| vec![watched.row(RETURNED)], &[(Outcome::Returned, false)]);
    // What a list lacks proves nothing: the payout is asked about, and the script has it.
    let asked = check(&|_| Vec::new(), &[]);
    assert_eq!((asked.queried, asked.agreed), (1, 1));
}

#[test]
fn without_a_list_each_payout_is_asked_about() {
    let (paid, failed) = (Status::Succeeded, Status::Failed(FailReason::Declined));
    let check = |reply: Status, answer: Answer, expected: &[(Outcome, bool)], unanswered: usize| {
        let scripted = ScriptedHarness::new(&CAREFUL, [Reply::Says(reply)], [answer]);
        let scripted = scripted.with_payout("a");
        let engine = scripted.engine();
        scripted.work(&engine);
        let comparison = compared(&scripted, &engine);
        let found = comparison.differences.iter().map(|it| (it.outcome, it.is_alarming));
        assert_eq!(found.collect::<Vec<_>>(), expected, "{:?}", comparison.differences);
        assert_eq!((comparison.queried, comparison.unanswered.len()), (1, unanswered));
    };
    check(paid, Answer::Found(paid), &[], 0);
    check(paid, Answer::Found(RETURNED), &[(Outcome::Returned, false)], 0);
    check(paid, Answer::Absent, &[(Outcome::MissingThere, true)], 0);
    check(paid, Answer::Ambiguous, &[(Outcome::DuplicateThere, true)], 0);
    check(failed, Answer::Absent, &[], 0);
    check(failed, Answer::Found(paid), &[(Outcome::StatusDiffers, true)], 0);
    check(paid, Answer::CannotTell, &[], 1);
    check(paid, Answer::Fails(ErrorKind::Undelivered), &[], 1);
}

#[test]
fn a_list_that_cannot_be_read_is_told_and_read_again() {
    for page in [Page::Fails(ErrorKind::Undelivered), Page::Panics] {
        let watched = Watched::new();
        let engine = watched.engine();
        watched.answers(page);
        watched.scripted.timer.advance(7 * HOUR);
        watched.scripted.work(&engine);
        assert_eq!(engine.unswept().len(), 1);
        watched.scripted.work(&engine);
        assert_eq!(watched.depths(), [38, 2], "not at once");
        // Whoever comes next, and has not heard of it, may try.
        watched.scripted.work(&watched.engine());
        assert_eq!(watched.depths(), [38, 2, 2]);
        watched.lists(Status::Succeeded);
        watched.scripted.timer.advance(Duration::from_secs(60));
        watched.scripted.work(&engine);
        assert!(engine.unswept().is_empty());
        assert_eq!(watched.depths().len(), 4);
    }
}

/// A row that another version wrote ends no work but its own.
#[test]
fn a_row_that_cannot_be_read_does_not_end_the_loop() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pagos.db");
    let succeeded = Status::Succeeded;
    let mut scripted =
        ScriptedHarness::new(&CAREFUL, [Reply::Says(succeeded)], [Answer::Found(succeeded)]);
    scripted.store = BlockingStore::over(Arc::new(SqliteStore::open(&path).unwrap()));
    scripted.submit(&["a"]);
    let inner = Arc::clone(&scripted.provider);
    let row = inner.seen(&order("a"), succeeded, Source::Listing);
    let (page, read) = (Mutex::new(Page::Rows(vec![row])), Mutex::default());
    let provider = Arc::new(Listed { inner, page, read });
    let engine = scripted.engine_with(provider, &Arc::new(FaultInjector::new()));
    scripted.work(&engine);
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute("UPDATE payouts SET progress_json = '{\"of\":\"tomorrow\"}'", ()).unwrap();
    scripted.timer.advance(7 * HOUR);
    finish(engine.work(4)).unwrap();
}

#[test]
fn workers_take_turns_with_a_list() {
    let watched = Watched::new();
    let workers = [watched.engine(), watched.engine(), watched.engine()];
    for _ in 0..4 {
        watched.scripted.timer.advance(6 * HOUR);
        workers.iter().for_each(|worker| watched.scripted.work(worker));
    }
    assert_eq!(watched.depths(), [38, 2, 2, 2, 5]);
}

#[test]
fn whoever_is_told_to_stop_waits_for_no_list() {
    let watched = Watched::new();
    watched.answers(Page::Silent);
    watched.scripted.timer.advance(7 * HOUR);
    let engine = watched.engine();
    let stop = watched.scripted.timer.sleep(Duration::from_secs(1));
    let mut run = Box::pin(engine.run(4, stop, std::future::pending::<()>));
    assert!(drive(&mut run).is_none());
    assert_eq!(watched.depths(), [38, 2]);
    watched.scripted.timer.advance(Duration::from_secs(1));
    drive(&mut run).expect("it has ended").unwrap();
}

/// Both that list, against their twins: no webhook tells of the reversal, and a list that lags or shows
/// no key is no hindrance.
#[test]
fn twins_reversals_are_found_by_their_lists() {
    let lists = |kit: &&Kit| {
        let harness = Harness::of(**kit, 1, Profile::None);
        harness.provider_over(Arc::new(harness.transport())).listing().is_some()
    };
    let listing: Vec<&Kit> = KITS.iter().filter(lists).collect();
    assert!(listing.len() > 1, "{listing:?}");
    for (kit, seed) in listing.into_iter().zip(3..) {
        let harness = Harness::of(*kit, seed, Profile::None);
        harness.trigger("a", Fault::SuccessThenFail, 1);
        harness.trigger("a", Fault::WebhookLost, 9);
        harness.submit(vec![kit.order("a"), kit.order("b")]);
        harness.run_to_rest(&harness.engine());
        assert_eq!(harness.payout("a").progress.word(), "failed", "{}", kit.name());
        assert_eq!(harness.payout("b").progress.word(), "succeeded", "{}", kit.name());
    }
}
