//! What a statement or a provider says when a person compares: a difference holds a payout back and
//! is told once, and an answer is learned as any other.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use pagos_core::{ErrorKind, FailReason, Status};
use pagos_engine::{Decision, Engine, NoticeKind};
use pagos_tests::{Answer, CAREFUL, KEYED, Reply, ScriptedHarness, finish, key};

const MONTH: Duration = Duration::from_secs(30 * 24 * 3_600);
const PAID: &str = "the statement of main shows it paid on 2026-01-31, line 0123";

fn report(scripted: &ScriptedHarness, engine: &Engine) -> bool {
    let is_told = finish(engine.report_difference(&key("a"), PAID)).unwrap();
    let is_call =
        |kind: &NoticeKind| matches!(kind, NoticeKind::Attention { because } if because == PAID);
    let calls = scripted.notices().iter().filter(|notice| is_call(&notice.event)).count();
    assert_eq!(calls, 1);
    is_told
}

/// The worst that a statement can show: Pagos believes that the payout never arrived, is about to send
/// it again, and the bank has paid it.
#[test]
fn what_a_statement_shows_as_paid_is_not_sent_again() {
    let lost = [Reply::Fails(ErrorKind::Unknown), Reply::Says(Status::Succeeded)];
    let scripted = ScriptedHarness::new(&KEYED, lost, [Answer::Absent]).with_payout("a");
    let engine = scripted.engine();
    scripted.work(&engine);
    assert_eq!(scripted.provider.creates(), 1);
    assert!(report(&scripted, &engine));
    scripted.work_for(&scripted.engine(), MONTH);
    assert_eq!(scripted.provider.creates(), 1);
    let progress = scripted.payout("a").progress;
    assert_eq!((progress.status(), progress.word()), (Status::Unknown, "quarantined"));

    // Nor is what was not sent yet, as after a backup was restored.
    let unsent =
        ScriptedHarness::new(&KEYED, [Reply::Says(Status::Succeeded)], []).with_payout("a");
    assert!(report(&unsent, &unsent.engine()));
    unsent.work_for(&unsent.engine(), MONTH);
    assert_eq!(unsent.provider.creates(), 0);

    // Without the report it would have been: that is what makes the test one.
    let lost = [Reply::Fails(ErrorKind::Unknown), Reply::Says(Status::Succeeded)];
    let unreported = ScriptedHarness::new(&KEYED, lost, [Answer::Absent]).with_payout("a");
    unreported.work_for(&unreported.engine(), MONTH);
    assert_eq!(unreported.provider.creates(), 2);
}

#[test]
fn a_difference_is_told_once_even_after_somebody_decided() {
    let failed = Status::Failed(FailReason::Declined);
    let scripted = ScriptedHarness::new(&KEYED, [Reply::Says(failed)], [Answer::Found(failed)]);
    let scripted = scripted.with_payout("a");
    let engine = scripted.engine();
    scripted.work(&engine);
    assert!(report(&scripted, &engine));
    assert_eq!(scripted.payout("a").status(), failed, "a statement changes no status");
    assert!(!report(&scripted, &engine));
    scripted.timer.advance(Duration::from_secs(3_600));
    let a = key("a");
    let paid = engine.resolve(&a, Decision::Succeeded, "the bank's letter of 2 February");
    assert_eq!(finish(paid).unwrap().status(), Status::Succeeded);
    assert!(!report(&scripted, &engine));
    assert_eq!(scripted.payout("a").progress.word(), "succeeded");
}

#[test]
fn a_query_of_a_person_learns_what_was_found_and_proves_no_absence() {
    let answers = [
        Answer::Absent,
        Answer::CannotTell,
        Answer::Fails(ErrorKind::Undelivered),
        Answer::Found(Status::Succeeded),
        Answer::Ambiguous,
    ];
    let scripted = ScriptedHarness::new(&CAREFUL, [Reply::Fails(ErrorKind::Unknown)], answers)
        .with_payout("a");
    let engine = scripted.engine();
    let ask = || finish(engine.query_now(&key("a"))).unwrap();
    assert!(matches!(ask(), pagos_engine::Answer::CannotTell(_)), "it was never sent");
    assert_eq!(scripted.provider.queries(), 0);
    scripted.work(&engine);
    let before = (scripted.payout("a"), scripted.history("a"));
    assert_eq!(ask(), pagos_engine::Answer::Absent);
    for _ in 0..2 {
        assert!(matches!(ask(), pagos_engine::Answer::CannotTell(_)));
    }
    assert_eq!((scripted.payout("a"), scripted.history("a")), before);
    let found = ask();
    assert!(
        matches!(&found, pagos_engine::Answer::Found { payout, .. } if payout.status() == Status::Succeeded),
        "{found:?}"
    );
    assert!(matches!(ask(), pagos_engine::Answer::Ambiguous(_)));
    assert!(scripted.payout("a").progress.is_quarantined());
}
