//! Steps that are written at the same moment share a transaction, and nothing else: each has its own
//! answer, and none can harm another.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod proxy;
mod sample;

use std::{sync::Arc, time::Duration};

use futures_util::{FutureExt, future::join_all};
use pagos_core::{Observation, ProviderRef, Source, Status};
use pagos_engine::{Committed, InboxId, NoAttempt, Payout, Step, Store};
use pagos_store_postgres::{PostgresOptions, PostgresStore, Scratch, ScratchDatabase};
use tokio_postgres::Client;

use proxy::{Fate, Proxy};
use sample::{assert_sums_are_right, at, claim, connect, count, key, open, release, step};

struct Stand {
    database: ScratchDatabase,
    store: Arc<PostgresStore>,
    payouts: Vec<Payout>,
}

impl Stand {
    /// A store with so many claimed payouts.
    async fn set_up(payouts: usize) -> Option<Self> {
        let database = Scratch::from_env()?.database().await;
        let store = open(&database.url).await;
        let payouts = claimed(&store, payouts).await;
        Some(Self { database, store, payouts })
    }

    async fn read_again(&mut self) {
        for payout in &mut self.payouts {
            *payout = self.store.payout(&payout.order.key).await.unwrap().unwrap();
        }
    }

    fn steps(&self) -> Vec<Step> {
        self.payouts.iter().map(step).collect()
    }

    /// Writes all of them at one moment, as one group: its task runs when all have been polled. The answers
    /// are words.
    async fn commit(&self, steps: Vec<Step>) -> Vec<String> {
        let calls = steps.into_iter().map(|step| self.store.commit(step));
        join_all(calls).await.into_iter().map(word).collect()
    }
}

async fn claimed(store: &PostgresStore, payouts: usize) -> Vec<Payout> {
    let names: Vec<String> = (0..payouts).map(|number| format!("k{number:03}")).collect();
    release(store, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let claims = store.claim(claim(0, payouts), &NoAttempt).await.unwrap();
    claims.into_iter().map(|claim| claim.payout).collect()
}

fn word(answer: Result<Committed, pagos_engine::StoreError>) -> String {
    match answer {
        Ok(Committed::Done { .. }) => "done".to_owned(),
        Ok(Committed::Conflict) => "conflict".to_owned(),
        Err(error) => error.to_string(),
    }
}

async fn commits(client: &Client) -> i64 {
    count(client, "SELECT sum(serial)::bigint FROM writers").await
}

#[tokio::test]
async fn steps_of_one_moment_share_a_commit() {
    let Some(stand) = Stand::set_up(64).await else { return };
    let client = connect(&stand.database).await;
    let before = commits(&client).await;
    assert_eq!(stand.commit(stand.steps()).await, vec!["done"; 64]);
    assert_eq!(commits(&client).await - before, 1);
    assert_eq!(count(&client, "SELECT count(*) FROM outbox").await, 64);
    assert_sums_are_right(&client).await;
    assert_eq!(stand.commit(stand.steps()).await, vec!["conflict"; 64]);
    assert_eq!(count(&client, "SELECT count(*) FROM outbox").await, 64);
}

#[tokio::test]
async fn each_step_of_a_group_has_its_own_answer() {
    let Some(stand) = Stand::set_up(8).await else { return };
    let mut steps = stand.steps();
    steps[3].version -= 1;
    steps[4].fence = Some(7);
    steps[5].applies = Some(InboxId(99));
    steps[6].key = key("nobody");
    let expected = [
        "done",
        "done",
        "done",
        "conflict",
        "conflict",
        "the inbox has no delivery 99; a database that was restored, or a standby that took over, \
         may have forgotten it: the provider sends it again, or a query finds out",
        "conflict",
        "done",
    ];
    assert_eq!(stand.commit(steps).await, expected);
    let client = connect(&stand.database).await;
    assert_eq!(count(&client, "SELECT count(*) FROM outbox").await, 4);
    assert_eq!(count(&client, "SELECT count(*) FROM payouts WHERE lease_until IS NULL").await, 4);
    assert_sums_are_right(&client).await;
}

/// The second one is computed from what the first one replaces.
#[tokio::test]
async fn two_steps_of_one_payout_are_not_of_one_group() {
    let Some(stand) = Stand::set_up(4).await else { return };
    let mut steps = stand.steps();
    steps.extend(stand.steps());
    let mut answers = stand.commit(steps).await;
    answers.sort();
    assert_eq!(answers, [vec!["conflict"; 4], vec!["done"; 4]].concat());
}

#[tokio::test]
async fn a_step_that_the_server_refuses_takes_no_other_along() {
    let Some(stand) = Stand::set_up(8).await else { return };
    let client = connect(&stand.database).await;
    let refuse =
        "ALTER TABLE payouts ADD CONSTRAINT never CHECK (id <> 6 OR lease_until IS NOT NULL)";
    client.batch_execute(refuse).await.unwrap();
    let answers = stand.commit(stand.steps()).await;
    for (place, answer) in answers.iter().enumerate() {
        let is_as_expected =
            if place == 5 { answer.contains("database refused") } else { answer == "done" };
        assert!(is_as_expected, "{place}: {answer}");
    }
    assert_eq!(count(&client, "SELECT count(*) FROM outbox").await, 7);
    assert_sums_are_right(&client).await;
}

/// Somebody else holds one of the rows for longer than a group waits: neither its group nor the next one
/// waits for it.
#[tokio::test]
async fn a_step_that_waits_for_long_does_not_hold_up_the_others() {
    let Some(stand) = Stand::set_up(6).await else { return };
    let other = connect(&stand.database).await;
    let lock = "BEGIN; SELECT FROM payouts JOIN orders USING (id) WHERE key = 'k004' FOR UPDATE OF payouts";
    other.batch_execute(lock).await.unwrap();
    let mut steps = stand.steps();
    let (last, late) = (steps.remove(5), steps.remove(4));
    let store = Arc::clone(&stand.store);
    let late = tokio::spawn(async move { word(store.commit(late).await) });
    assert_eq!(stand.commit(steps).await, vec!["done"; 4]);
    assert_eq!(stand.commit(vec![last]).await, ["done"]);
    assert!(!late.is_finished());
    other.batch_execute("COMMIT").await.unwrap();
    assert_eq!(late.await.unwrap(), "done");
}

#[tokio::test]
async fn one_reference_named_twice_in_a_group_is_the_first_ones() {
    let Some(stand) = Stand::set_up(6).await else { return };
    let reference = ProviderRef::new("R1").unwrap();
    let mut steps = stand.steps();
    for step in &mut steps[3..5] {
        let mut seen = Observation::new(Status::Pending, Source::Reply, at(1));
        seen.reference = Some(reference.clone());
        step.progress.standing.apply(&seen);
    }
    assert_eq!(stand.commit(steps).await, vec!["done"; 6]);
    let found = stand.store.payout_of(&sample::account(), &reference).await.unwrap();
    assert_eq!(found, Some(key("k003")));
    assert_sums_are_right(&connect(&stand.database).await).await;
}

/// Callers are dropped while their group is on its way.
#[tokio::test]
async fn a_caller_that_is_dropped_harms_no_other_of_its_group() {
    let Some(stand) = Stand::set_up(8).await else { return };
    let other = connect(&stand.database).await;
    let lock = "BEGIN; SELECT FROM payouts JOIN orders USING (id) WHERE key = 'k005' FOR UPDATE OF payouts";
    other.batch_execute(lock).await.unwrap();
    let mut calls: Vec<_> =
        stand.steps().into_iter().map(|step| stand.store.commit(step)).collect();
    let watch = connect(&stand.database).await;
    let is_waiting = sample::wait_for_waiting(&watch, 1);
    // All of them are polled, until the group waits for the row.
    let mut answers: Vec<Option<String>> = vec![None; calls.len()];
    {
        let polling = std::future::poll_fn(|context| {
            for (call, answer) in calls.iter_mut().zip(&mut answers) {
                if answer.is_none()
                    && let std::task::Poll::Ready(done) = call.as_mut().poll(context)
                {
                    *answer = Some(word(done));
                }
            }
            std::task::Poll::<()>::Pending
        });
        tokio::select! {
            () = polling => {}
            () = is_waiting => {}
        }
    }
    assert!(answers.iter().all(Option::is_none), "the group is on its way");
    // Five of its callers are dropped.
    let rest = calls.split_off(5);
    drop(calls);
    other.batch_execute("COMMIT").await.unwrap();
    let done: Vec<String> = join_all(rest).await.into_iter().map(word).collect();
    assert_eq!(done, vec!["done"; 3]);
    // Groups that nobody waits for are not in anybody's way.
    for payout in &stand.payouts {
        let answer = word(stand.store.commit(step(payout)).await);
        assert!(["done", "conflict"].contains(&answer.as_str()), "{answer}");
    }
    let client = connect(&stand.database).await;
    assert_eq!(count(&client, "SELECT count(*) FROM payouts WHERE lease_until IS NULL").await, 8);
    assert_eq!(count(&client, "SELECT count(*) FROM outbox").await, 8);
}

/// A caller that has begun and is not polled any more, as happens in a loop over `select!`.
#[tokio::test]
async fn a_caller_that_nobody_polls_holds_up_no_other() {
    let Some(stand) = Stand::set_up(2).await else { return };
    let mut steps = stand.steps();
    let mut second = stand.store.commit(steps.remove(1));
    assert!((&mut second).now_or_never().is_none(), "it has begun");
    assert_eq!(word(stand.store.commit(steps.remove(0)).await), "done");
    assert_eq!(word(second.await), "done");
}

/// Its caller is dropped before the group leaves.
#[tokio::test]
async fn a_step_that_nobody_waits_for_any_more_is_not_written() {
    let Some(stand) = Stand::set_up(2).await else { return };
    let mut steps = stand.steps();
    let first = stand.store.commit(steps.remove(1)).now_or_never();
    assert!(first.is_none(), "it had begun");
    assert_eq!(word(stand.store.commit(steps.remove(0)).await), "done");
    let client = connect(&stand.database).await;
    assert_eq!(count(&client, "SELECT count(*) FROM payouts WHERE lease_until IS NULL").await, 1);
}

/// Two workers write the same payouts in opposite orders.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn groups_of_two_workers_never_wait_for_each_other() {
    let Some(mut stand) = Stand::set_up(40).await else { return };
    let other = open(&stand.database.url).await;
    for _ in 0..5 {
        let write = async |store: &PostgresStore, is_reversed: bool| {
            let mut steps: Vec<Step> = stand.payouts.iter().map(step).collect();
            if is_reversed {
                steps.reverse();
            }
            let answers = join_all(steps.into_iter().map(|step| store.commit(step))).await;
            answers
                .into_iter()
                .filter(|answer| *answer.as_ref().unwrap() != Committed::Conflict)
                .count()
        };
        let (one, two) = tokio::join!(write(&stand.store, false), write(&other, true));
        assert_eq!(one + two, 40, "each once");
        stand.read_again().await;
    }
    let client = connect(&stand.database).await;
    let deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()";
    assert_eq!(count(&client, deadlocks).await, 0);
    assert_sums_are_right(&client).await;
}

/// Nothing of a group is done again that may have happened.
#[tokio::test]
async fn a_group_whose_outcome_nobody_can_tell_is_an_error_for_all_of_it() {
    let Some(scratch) = Scratch::from_env() else { return };
    let database = scratch.database().await;
    let proxy = Proxy::start(&proxy::server_of(&database.url)).await;
    let reconnect_for = Duration::from_millis(200);
    let options =
        PostgresOptions { connections_max: 1, reconnect_for, ..PostgresOptions::default() };
    let store = sample::open_with(&proxy.url(&database.url), options).await;
    let stand = Stand { payouts: claimed(&store, 5).await, store, database };
    proxy.next_commit(Fate::CutAnswers(0));
    proxy.refuse(u32::MAX);
    let answers = stand.commit(stand.steps()).await;
    let is_unknown = |answer: &String| answer.contains("whether the step was written is not known");
    assert!(answers.iter().all(is_unknown), "{answers:?}");
    proxy.refuse(0);
    let expected = vec!["conflict"; 5];
    assert_eq!(stand.commit(stand.steps()).await, expected, "it had happened");
}

/// Wherever the way to the server is cut, every step of the group happens once and is answered.
#[tokio::test]
async fn a_group_that_is_cut_anywhere_happens_once() {
    let Some(scratch) = Scratch::from_env() else { return };
    for fate in [Fate::CutRequests as fn(usize) -> Fate, Fate::CutAnswers] {
        let database = scratch.database().await;
        let proxy = Proxy::start(&proxy::server_of(&database.url)).await;
        let reconnect_for = Duration::from_secs(60);
        let options =
            PostgresOptions { connections_max: 1, reconnect_for, ..PostgresOptions::default() };
        let store = sample::open_with(&proxy.url(&database.url), options).await;
        let mut stand = Stand { payouts: claimed(&store, 5).await, store, database };
        let mut places = 0;
        loop {
            proxy.next_commit(fate(places));
            let done = stand.commit(stand.steps()).await;
            assert_eq!(done, ["done"; 5], "{:?}", fate(places));
            if !proxy.has_cut() {
                break;
            }
            stand.read_again().await;
            places += 1;
        }
        assert!(places >= 5, "{places}");
        let client = connect(&stand.database).await;
        let told = i64::try_from(5 * (places + 1)).unwrap();
        assert_eq!(count(&client, "SELECT count(*) FROM outbox").await, told);
        assert_sums_are_right(&client).await;
    }
}
