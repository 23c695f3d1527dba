//! Nothing leaves a run that needs approval before the people that its rules ask for approved this
//! very content, whatever is called, by whom, and wherever a process ends.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use pagos_engine::*;

mod guarded;
use guarded::*;

const DAY: Duration = Duration::from_secs(24 * 3_600);

#[tokio::test]
async fn what_no_rule_speaks_of_leaves_at_once() {
    let merchant = Merchant::usual();
    let engine = merchant.engine().await;
    submit(&engine, "small", &[100, 100]).await;
    assert_eq!(engine.release(&run("small"), 2).await.unwrap(), 2);
    assert_eq!(merchant.paid().await.len(), 2);
    assert_eq!(merchant.store.records(RecordKind::Approval, "", 9).await.unwrap(), []);
    assert_eq!(merchant.store.records(RecordKind::Spending, "", 9).await.unwrap(), []);
}

#[tokio::test]
async fn a_run_waits_for_as_many_as_its_rules_ask_for() {
    let merchant = Merchant::usual();
    let waits = merchant.waiting("big", &[600, 600]).await;
    assert_eq!((waits.needed, waits.missing(), waits.state), (2, 2, ApprovalState::Waiting));
    assert_eq!(waits.totals[0].amount, clp(1_200));
    assert_eq!(waits.submitters, [actor("ana")]);
    let engine = merchant.engine().await;
    let one = engine.approve(&run("big"), &waits.digest, &actor("leo"), "").await.unwrap();
    assert_eq!((one.missing(), one.state), (1, ApprovalState::Waiting));
    assert_eq!(merchant.paid().await, Vec::<String>::new());
    let two = engine.approve(&run("big"), &waits.digest, &actor("eva"), "seen").await.unwrap();
    assert_eq!(two.state, ApprovalState::Released);
    let by: Vec<&str> = two.approvals.iter().map(|it| it.by.as_str()).collect();
    assert_eq!(by, ["leo", "eva"]);
    assert_eq!(merchant.paid().await, ["big-0", "big-1"]);
    assert_eq!(merchant.news().await, ["waiting_for_approval", "approved"]);
    assert_eq!(engine.approval(&run("big")).await.unwrap().unwrap(), two);
    assert_eq!(engine.approvals().await.unwrap(), []);
}

#[tokio::test]
async fn neither_a_submitter_nor_one_person_twice_is_enough() {
    let merchant = Merchant::usual();
    let waits = merchant.waiting("big", &[600, 600]).await;
    let engine = merchant.engine().await;
    let approve = |name: &'static str| {
        let (engine, digest) = (&engine, &waits.digest);
        async move { engine.approve(&run("big"), digest, &actor(name), "").await }
    };
    assert!(refusal(approve("ana").await).contains("submitted by you"));
    approve("leo").await.unwrap();
    assert!(refusal(approve("leo").await).contains("approved by you"));
    assert_eq!(merchant.paid().await, Vec::<String>::new());
    // Whoever submitted a part of it is a submitter too.
    submit(&engine, "both", &[600]).await;
    let more = vec![order("more", clp(1))];
    engine.submit_by(&run("both"), more, &actor("leo")).await.unwrap();
    let waits = merchant.asked("both", 2).await;
    let told = engine.approve(&run("both"), &waits.digest, &actor("leo"), "").await;
    assert!(refusal(told).contains("submitted by you"));
}

#[tokio::test]
async fn a_run_of_somebody_without_a_name_cannot_be_approved() {
    let merchant = Merchant::usual();
    let engine = merchant.engine().await;
    engine.submit(&run("big"), vec![order("k", clp(600))]).await.unwrap();
    engine.submit_by(&run("half"), vec![order("h1", clp(600))], &actor("ana")).await.unwrap();
    engine.submit(&run("half"), vec![order("h2", clp(600))]).await.unwrap();
    // A name that anybody can type proves as little as none.
    let typed = vec![order("t", clp(600))];
    engine.submit_by(&run("typed"), typed, &actor("cli:ana")).await.unwrap();
    for (name, members) in [("big", 1), ("half", 2), ("typed", 1)] {
        let waits = merchant.asked(name, members).await;
        for by in ["leo", "ana", "cli:leo", RunApprovalNobody::NAME] {
            let told = engine.approve(&run(name), &waits.digest, &actor(by), "").await;
            assert!(refusal(told).contains("name"), "{name} {by}");
        }
        assert!(!engine.has_approvers(&run(name), &[actor("leo"), actor("eva")]).await.unwrap());
    }
    assert_eq!(merchant.paid().await, Vec::<String>::new());
}

/// The name that the engine notes for submitters without one; nobody may use it.
struct RunApprovalNobody;

impl RunApprovalNobody {
    const NAME: &'static str = "(unknown)";
}

#[tokio::test]
async fn an_approval_is_of_one_content() {
    let merchant = Merchant::usual();
    let first = merchant.waiting("big", &[600]).await;
    let engine = merchant.engine().await;
    // The same name with other payouts: it has another number, and another digest.
    engine.withdraw(&run("big")).await.unwrap();
    let second = merchant.waiting("big", &[900]).await;
    assert_ne!((first.id, first.digest.clone()), (second.id, second.digest.clone()));
    let told = engine.approve(&run("big"), &first.digest, &actor("leo"), "").await;
    assert!(refusal(told).contains("something else"));
    assert_eq!(merchant.paid().await, Vec::<String>::new());
    assert_eq!(
        merchant.news().await,
        ["waiting_for_approval", "withdrawn", "waiting_for_approval"]
    );
}

/// The same payouts under the same name have the same digest, so the number is what tells them apart.
#[tokio::test]
async fn what_was_said_to_a_run_that_was_withdrawn_is_void() {
    let merchant = Merchant::usual();
    let first = merchant.waiting("big", &[600, 600]).await;
    let engine = merchant.engine().await;
    engine.approve(&run("big"), &first.digest, &actor("leo"), "").await.unwrap();
    engine.withdraw(&run("big")).await.unwrap();
    let second = merchant.waiting("big", &[600, 600]).await;
    assert_eq!((&second.digest, second.missing()), (&first.digest, 2));
    let one = engine.approve(&run("big"), &second.digest, &actor("eva"), "").await.unwrap();
    assert_eq!(one.missing(), 1);
    assert_eq!(merchant.paid().await, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_joins_a_run_that_waits() {
    let merchant = Merchant::usual();
    let waits = merchant.waiting("big", &[600]).await;
    let engine = merchant.engine().await;
    let more = engine.submit_by(&run("big"), vec![order("more", clp(1))], &actor("ana")).await;
    assert!(matches!(more, Err(EngineError::RunClosed(_))), "{more:?}");
    engine.approve(&run("big"), &waits.digest, &actor("leo"), "").await.unwrap();
    assert_eq!(merchant.paid().await, ["big-0"]);
}

#[tokio::test]
async fn a_rejected_run_stays_until_it_is_withdrawn_and_submitted_again() {
    let merchant = Merchant::usual();
    let waits = merchant.waiting("big", &[600]).await;
    let engine = merchant.engine().await;
    assert!(refusal(engine.reject(&run("big"), &actor("leo"), " ").await).contains("note"));
    let rejected = engine.reject(&run("big"), &actor("leo"), "not now").await.unwrap();
    assert_eq!(rejected.state, ApprovalState::Rejected);
    let bare = merchant.accounts.clone().with_approvals(account(), Approvals::default());
    for engine in [&engine, &merchant.engine().await, &merchant.engine_with(bare).await] {
        let told = engine.release(&run("big"), 1).await;
        assert!(matches!(told, Err(EngineError::RunRejected(_))), "{told:?}");
        let told = engine.approve(&run("big"), &waits.digest, &actor("eva"), "").await;
        assert!(refusal(told).contains("rejected"));
    }
    assert_eq!(merchant.paid().await, Vec::<String>::new());
    engine.withdraw(&run("big")).await.unwrap();
    let again = merchant.waiting("big", &[600]).await;
    engine.approve(&run("big"), &again.digest, &actor("eva"), "").await.unwrap();
    assert_eq!(merchant.paid().await, ["big-0"]);
}

#[tokio::test]
async fn a_payout_of_a_run_that_waits_does_not_leave_by_another_run() {
    // Only the sum of a run matters here, so that each payout alone would pass.
    let merchant = Merchant::of(vec![rule(Measure::Run, 1_000, 1)], Limits::default());
    merchant.waiting("big", &[600, 600]).await;
    let engine = merchant.engine().await;
    let shared = vec![order("big-0", clp(600))];
    engine.submit_by(&run("small"), shared.clone(), &actor("ana")).await.unwrap();
    assert!(refusal(engine.release(&run("small"), 1).await).contains("run big"));
    assert!(refusal(engine.pay_by(shared[0].clone(), &actor("ana")).await).contains("run big"));
    engine.reject(&run("big"), &actor("leo"), "no").await.unwrap();
    assert!(refusal(engine.release(&run("small"), 1).await).contains("rejected"));
    assert_eq!(merchant.paid().await, Vec::<String>::new());
    engine.withdraw(&run("big")).await.unwrap();
    assert_eq!(engine.release(&run("small"), 1).await.unwrap(), 1);
}

#[tokio::test]
async fn a_single_payout_waits_like_a_run() {
    let merchant = Merchant::usual();
    let engine = merchant.engine().await;
    let paid = engine.pay_by(order("k", clp(101)), &actor("ana")).await;
    let Err(EngineError::WaitsForApproval(waits)) = paid else { panic!("{paid:?}") };
    assert_eq!(merchant.paid().await, Vec::<String>::new());
    engine.approve(&waits.run, &waits.digest, &actor("leo"), "").await.unwrap();
    assert_eq!(merchant.paid().await, ["k"]);
    // Repeated, it answers the payout.
    engine.pay_by(order("k", clp(101)), &actor("ana")).await.unwrap();
}

#[tokio::test]
async fn rules_are_those_of_the_moment_of_the_release() {
    let merchant = Merchant::usual();
    let waits = merchant.waiting("big", &[600]).await;
    let strict = Approvals::new(vec![rule(Measure::Payout, 100, 2)]);
    let strict = merchant.accounts.clone().with_approvals(account(), strict);
    let engine = merchant.engine_with(strict).await;
    let one = engine.approve(&run("big"), &waits.digest, &actor("leo"), "").await.unwrap();
    assert_eq!((one.needed, one.missing()), (2, 1));
    assert_eq!(merchant.bank.paid(), Vec::<String>::new());
    engine.approve(&run("big"), &waits.digest, &actor("eva"), "").await.unwrap();
    assert_eq!(merchant.paid().await, ["big-0"]);
}

#[tokio::test]
async fn a_currency_that_no_rule_names_waits_for_the_most() {
    let merchant = Merchant::usual();
    let cop = pagos_core::Money::new(1, pagos_core::Currency::Cop);
    let engine = merchant.engine().await;
    engine.submit_by(&run("r"), vec![order("k", cop)], &actor("ana")).await.unwrap();
    assert_eq!(merchant.asked("r", 1).await.needed, 2);
    assert_eq!(merchant.paid().await, Vec::<String>::new());
}

#[tokio::test]
async fn whoever_may_approve_can_be_too_few_and_that_is_told_once() {
    let merchant = Merchant::usual();
    let waits = merchant.waiting("big", &[600, 600]).await;
    let engine = merchant.engine().await;
    let (ana, leo, eva) = (actor("ana"), actor("leo"), actor("eva"));
    let has = |who: Vec<Actor>| {
        let engine = &engine;
        async move { engine.has_approvers(&run("big"), &who).await.unwrap() }
    };
    assert!(has(vec![leo.clone(), eva.clone()]).await);
    for _ in 0..2 {
        assert!(!has(vec![ana.clone(), leo.clone(), leo.clone()]).await);
    }
    assert_eq!(merchant.news().await, ["waiting_for_approval", "blocked"]);
    engine.approve(&run("big"), &waits.digest, &leo, "").await.unwrap();
    assert!(!has(vec![leo.clone()]).await);
    assert!(has(vec![eva]).await);
}

/// Wherever the process ends, nothing leaves early, and repeating or a later engine completes it.
#[tokio::test]
async fn an_approval_that_was_interrupted_is_completed_and_never_anticipated() {
    let points = [
        (Point::KeepApproval, Phase::Before),
        (Point::KeepApproval, Phase::After),
        (Point::Release, Phase::Before),
        (Point::Release, Phase::After),
    ];
    for (point, phase) in points {
        for is_repeated in [true, false] {
            let merchant = Merchant::usual();
            let waits = merchant.waiting("big", &[600]).await;
            let engine = merchant.engine().await;
            let leo = actor("leo");
            let big = run("big");
            let approving = engine.approve(&big, &waits.digest, &leo, "");
            merchant.ends_at(point, phase, approving).await;
            let is_lost = (point, phase) == (Point::KeepApproval, Phase::Before);
            let engine = merchant.engine().await;
            if is_repeated {
                drop(engine.approve(&run("big"), &waits.digest, &leo, "").await);
            }
            drive(&engine).await;
            let expected: &[&str] = if is_lost && !is_repeated { &[] } else { &["big-0"] };
            assert_eq!(merchant.paid().await, expected, "{point} {}", phase.word());
            assert_eq!(engine.approvals().await.unwrap().is_empty(), !expected.is_empty());
        }
    }
}

/// One round of the loop, which completes what ended processes left.
async fn drive(engine: &Engine) {
    let mut rounds = 0;
    let stop = std::future::poll_fn(move |context| {
        rounds += 1;
        context.waker().wake_by_ref();
        if rounds > 64 { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    });
    engine.run(4, stop, std::future::pending::<()>).await.unwrap();
}

#[tokio::test]
async fn a_run_that_was_withdrawn_halfway_leaves_no_approval_behind() {
    let merchant = Merchant::usual();
    merchant.waiting("big", &[600]).await;
    let engine = merchant.engine().await;
    let big = run("big");
    merchant.ends_at(Point::Withdraw, Phase::After, engine.withdraw(&big)).await;
    drive(&engine).await;
    assert_eq!(engine.approvals().await.unwrap(), []);
    assert_eq!(merchant.news().await, ["waiting_for_approval", "withdrawn"]);
    merchant.clock.pass(DAY);
    assert_eq!(merchant.paid().await, Vec::<String>::new());
}
