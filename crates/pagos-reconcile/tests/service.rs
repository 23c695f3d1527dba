//! Statements are imported, reconciled, decided about, closed and reported.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

mod scene;

use std::sync::Arc;

use pagos_core::{Day, Status};
use pagos_engine::{BookLine, LineFilter, LineState, MemoryStore, Store};
use pagos_reconcile::{
    Closing, Error, LineDecision, Outcome, Reconciler, Said, Summary, reconciled,
};
use pagos_store_sqlite::SqliteStore;

use scene::{
    Statement, ana, at, book, day, failed, import, key, line, pesos, planned, plant, report,
    returned, says,
};

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// Twelve payouts of 10 May, the first eleven of which a statement of May shows.
async fn may(store: &Arc<dyn Store>) -> Reconciler {
    let keys: Vec<String> = (0..12).map(|number| format!("pay-{number:02}")).collect();
    let payouts: Vec<_> = keys.iter().map(|it| planned(it, 1_000, Status::Succeeded)).collect();
    plant(store, "mayo", &payouts).await;
    let book = book(store);
    let lines = keys.iter().take(11).map(|it| line("2026-05-11", -1_000, it)).collect();
    import(&book, "mayo.sta", &statement(lines)).await.unwrap();
    book
}

fn statement(lines: Vec<pagos_statement::Line>) -> Statement {
    Statement { from: "2026-05-01", through: "2026-05-31", opening: 50_000, lines }
}

async fn reconcile(book: &Reconciler) -> Summary {
    book.reconcile(at("2026-06-01")).await.unwrap()
}

async fn lines(
    store: &Arc<dyn Store>,
    book: &Reconciler,
    state: Option<LineState>,
) -> Vec<BookLine> {
    let name = book.book().name.clone();
    let filter = LineFilter { book: name, state, from: Day::MIN, through: Day::MAX };
    store.lines(&filter, None, 100).await.unwrap()
}

#[tokio::test]
async fn the_same_file_and_the_same_lines_change_nothing() {
    let store = memory();
    let book = may(&store).await;
    let first = reconcile(&book).await;
    assert_eq!((first.lines, first.matched, first.written), (11, 11, 11));
    let again = import(&book, "mayo.sta", &statement(Vec::new())).await.unwrap_err();
    assert_eq!((again.file.as_str(), again.lines, again.new), ("mayo.sta", 11, 11));
    let before = lines(&store, &book, None).await;
    let second = reconcile(&book).await;
    assert_eq!((second.lines, second.written), (0, 0));
    assert_eq!(lines(&store, &book, None).await, before);
    // What stays open is not written again and again.
    let open = statement(vec![line("2026-05-12", -7, "?"), line("2026-05-12", -9, "COM pay-01")]);
    import(&book, "rest.sta", &open).await.unwrap();
    let third = reconcile(&book).await;
    assert_eq!((third.open, third.proposed, third.written), (1, 1, 1));
    let fourth = reconcile(&book).await;
    assert_eq!((fourth.open, fourth.proposed, fourth.written), (1, 1, 0));
}

#[tokio::test]
async fn files_that_overlap_are_the_union_and_equal_lines_stay_two() {
    let store = memory();
    let book = book(&store);
    let equal = || line("2026-05-11", -700, "PEAJE");
    let one = statement(vec![equal(), line("2026-05-12", -1, "A")]);
    let two = statement(vec![line("2026-05-13", -2, "B"), equal(), equal()]);
    let first = import(&book, "a", &one).await.unwrap();
    let second = import(&book, "b", &two).await.unwrap();
    assert_eq!((first.lines, first.new, second.lines, second.new), (2, 2, 3, 2));
    let stored = lines(&store, &book, None).await;
    assert_eq!(stored.iter().map(|it| it.change.minor).collect::<Vec<_>>(), [-700, -700, -1, -2]);
}

#[tokio::test]
async fn an_import_that_broke_off_is_completed_by_the_next_one() {
    let store = memory();
    let book = book(&store);
    let half = statement(vec![line("2026-05-11", -1, "A")]);
    import(&book, "half", &half).await.unwrap();
    let whole = statement(vec![line("2026-05-11", -1, "A"), line("2026-05-12", -2, "B")]);
    let completed = import(&book, "whole", &whole).await.unwrap();
    assert_eq!((completed.lines, completed.new), (2, 1));
}

#[tokio::test]
async fn what_was_said_is_never_matched_again_by_itself() {
    let store = memory();
    let book = may(&store).await;
    reconcile(&book).await;
    let id = lines(&store, &book, None).await[0].id.clone();
    let of_01 = || Said::Match(vec![(key("pay-01"), None)]);
    let refused = book.decide(&id, says(of_01())).await.unwrap_err();
    assert!(refused.to_string().contains("take that back first"), "{refused}");
    book.decide(&id, says(Said::TakeBack)).await.unwrap();
    let summary = reconcile(&book).await;
    assert_eq!((summary.matched, summary.proposed), (0, 1));
    for (said, word) in [
        (Said::Match(vec![(key("pay-77"), None)]), "no payout"),
        (Said::Match(vec![(key("pay-01"), Some(pesos(1_001)))]), "no more than that"),
        (Said::Match(vec![(key("pay-01"), None), (key("pay-02"), None)]), "no more than that"),
        (Said::Match(vec![(key("pay-01"), Some(pesos(-1)))]), "more than nothing"),
        (Said::Match(Vec::new()), "some of the line"),
        (Said::TakeBack, "nothing to take back"),
    ] {
        let refused = book.decide(&id, says(said)).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(_)), "{refused:?}");
        assert!(refused.to_string().contains(word), "{refused}");
    }
    let without_note = LineDecision { note: "  ".to_owned(), ..says(Said::NotOurs) };
    assert!(book.decide(&id, without_note).await.unwrap_err().to_string().contains("note"));
    let two = vec![(key("pay-01"), Some(pesos(400))), (key("pay-02"), Some(pesos(600)))];
    book.decide(&id, says(Said::Match(two))).await.unwrap();
    let found = reconciled(&*store, &key("pay-01")).await.unwrap();
    let by_person = found.iter().find(|it| it.rule == "person").unwrap();
    assert_eq!((by_person.change, by_person.by.as_deref()), (pesos(-400), Some("ana")));
    assert_eq!(reconcile(&book).await.lines, 0);
    book.decide(&id, says(Said::TakeBack)).await.unwrap();
    book.decide(&id, says(Said::NotOurs)).await.unwrap();
    assert_eq!(lines(&store, &book, Some(LineState::Explained)).await[0].id, id);
}

#[tokio::test]
async fn figures_add_up_and_each_payout_has_its_outcome() {
    let store = memory();
    let book = may(&store).await;
    let others = [
        planned("lost-1", 1_000, failed()),
        planned("back-1", 1_000, returned()),
        planned("twice-1", 1_000, Status::Succeeded),
        planned("other-1", 1_000, Status::Succeeded),
        planned("young-1", 1_000, Status::Created),
    ];
    plant(&store, "otros", &others).await;
    let more = vec![
        line("2026-05-13", -1_000, "lost-1"),
        line("2026-05-13", -1_000, "back-1"),
        line("2026-05-14", 1_000, "DEV back-1"),
        line("2026-05-13", -1_000, "twice-1"),
        line("2026-05-14", -1_000, "twice-1"),
        line("2026-05-13", -999, "other-1"),
        line("2026-05-13", -5, "NN"),
    ];
    import(&book, "otros.sta", &statement(more)).await.unwrap();
    let summary = reconcile(&book).await;
    let alarms: Vec<&str> = summary.alarms.iter().map(|it| it.key.as_str()).collect();
    assert_eq!(alarms, ["lost-1", "twice-1"]);
    let report = report(&book, "2026-05-01", "2026-05-31").await;
    let counts: Vec<(&str, u64)> =
        report.outcomes.iter().map(|(it, sum)| (it.word(), sum.count)).collect();
    let expected = [
        ("matched", 11),
        ("missing_there", 1),
        ("missing_here", 1),
        ("amount_differs", 1),
        ("status_differs", 1),
        ("returned", 1),
        ("duplicate_there", 1),
        ("not_paid", 1),
    ];
    assert_eq!(counts, expected);
    let figures = report.figures;
    assert_eq!((figures.debits, figures.credits), (pesos(-16_004), pesos(1_000)));
    assert_eq!((figures.opening, figures.computed), (Some(pesos(50_000)), Some(pesos(34_996))));
    let totals = &report.totals;
    let parts = [totals.matched, totals.explained, totals.open];
    let sum: i64 = parts.iter().map(|it| it.debits.amount.minor + it.credits.amount.minor).sum();
    assert_eq!(sum, -15_004);
    // The second file tells a closing balance that leaves out the lines of the first.
    assert_eq!(figures.difference, Some(pesos(11_000)));
    assert_eq!(report.payouts.len(), 5);
    assert!(report.payouts.iter().all(|it| it.beneficiary_account.len() == 8));
}

#[tokio::test]
async fn a_closed_period_is_refused_while_open_and_tells_what_came_late() {
    let store = memory();
    let book = may(&store).await;
    let closing = |through: &str, although: Option<&str>| Closing {
        through: day(through),
        although: although.map(str::to_owned),
        by: ana(),
        at: at("2026-06-03"),
    };
    let refused = book.close(closing("2026-05-31", None)).await.unwrap_err();
    assert!(refused.to_string().contains("is open"), "{refused}");
    reconcile(&book).await;
    let refused = book.close(closing("2026-06-05", None)).await.unwrap_err();
    assert!(refused.to_string().contains("no statement covers"), "{refused}");
    let refused = book.close(closing("2026-05-31", None)).await.unwrap_err();
    assert!(refused.to_string().contains("pay-11 is missing_there"), "{refused}");
    let closed = book.close(closing("2026-05-31", Some("the bank looks for it"))).await.unwrap();
    assert_eq!((closed.from, closed.opening), (day("2026-05-01"), Some(pesos(50_000))));
    assert_eq!(closed.closing, Some(pesos(39_000)));
    assert!(book.close(closing("2026-05-20", None)).await.is_err());
    assert_eq!(report(&book, "2026-05-01", "2026-05-31").await.late, []);
    import(&book, "late.sta", &statement(vec![line("2026-05-30", -7, "NN")])).await.unwrap();
    // Also a report of other days tells it.
    let late = report(&book, "2026-06-01", "2026-06-30").await.late;
    assert_eq!(
        (late.len(), late[0].then.all.debits.count, late[0].now.all.debits.count),
        (1, 11, 12)
    );
    assert!(book.close(closing("2026-06-30", Some("no statement yet"))).await.is_ok());
    // So does a match that changes no sum.
    let id = lines(&store, &book, Some(LineState::Matched)).await[0].id.clone();
    let before = book.late().await.unwrap();
    book.decide(&id, says(Said::TakeBack)).await.unwrap();
    book.decide(&id, says(Said::Match(vec![(key("pay-11"), None)]))).await.unwrap();
    let now = book.late().await.unwrap();
    assert_eq!(now[0].now.matched, before[0].now.matched);
    assert_ne!(now[0].now.digest, before[0].now.digest);
}

#[tokio::test]
async fn a_sum_is_matched_with_the_members_of_its_run() {
    let store = memory();
    let payouts =
        [("pay-1", 700), ("pay-2", 300)].map(|(it, sum)| planned(it, sum, Status::Succeeded));
    plant(&store, "nomina-mayo", &payouts).await;
    let book = book(&store);
    let sum = statement(vec![line("2026-05-11", -1_000, "PAGO MASIVO nomina-mayo")]);
    import(&book, "sum", &sum).await.unwrap();
    assert_eq!(reconcile(&book).await.matched, 1);
    let report = report(&book, "2026-05-01", "2026-05-31").await;
    assert_eq!(report.outcomes[&Outcome::Matched].count, 2);
}

#[tokio::test]
async fn a_line_that_somebody_else_wrote_is_left_for_the_next_time() {
    let store = memory();
    let book = may(&store).await;
    let id = lines(&store, &book, None).await[0].id.clone();
    book.decide(&id, says(Said::NotOurs)).await.unwrap();
    assert_eq!(reconcile(&book).await.lines, 10);
    assert_eq!(lines(&store, &book, Some(LineState::Explained)).await.len(), 1);
}

#[tokio::test]
async fn a_file_in_another_currency_is_refused() {
    let store = memory();
    let book = book(&store);
    let mut foreign = line("2026-05-11", -1, "A");
    foreign.amount.currency = pagos_core::Currency::Usd;
    let file = pagos_reconcile::StatementFile {
        name: "usd".to_owned(),
        sha256: "0".to_owned(),
        format: "csv".to_owned(),
        at: at("2026-06-01"),
        by: ana(),
    };
    let pagos_reconcile::Begun::New(mut import) = book.import(file).await.unwrap() else {
        panic!()
    };
    assert!(matches!(import.add(foreign).await, Err(Error::Refused(_))));
}

#[tokio::test]
async fn sqlite_says_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> =
        Arc::new(SqliteStore::open(folder.path().join("pagos.db")).unwrap());
    let book = may(&store).await;
    assert_eq!(reconcile(&book).await.matched, 11);
    assert_eq!(reconcile(&book).await.written, 0);
    let report = report(&book, "2026-05-01", "2026-05-31").await;
    assert_eq!(report.outcomes[&Outcome::Matched].count, 11);
    assert_eq!(report.figures.difference, Some(pesos(0)));
}
