//! Cases: what is read back, page by page, counted and summed.

use std::sync::Arc;

use pagos_core::{AccountName, Currency, Money, Observation, ProviderRef, Source, Status};

use super::sample::{
    account, asked, at, claimed, close_as, defer_until, delivery, done, intent, key, next_due,
    notice, observed, reach, receive, release, released, run, set_due, step, stored, submit,
    submit_all, with_runs,
};
use crate::{
    delivery::InboxState,
    history::{Entry, Notice, NoticeAbout, NoticeKind, Proof},
    progress::Attention,
    store::{Step, Store},
    tally::TallyRow,
};

pub(super) async fn payout_of_finds_by_the_providers_id(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2"]).await;
    let reference = |text: &str| ProviderRef::new(text).unwrap();
    let found = async |account: &AccountName, text: &str| {
        let found = store.payout_of(account, &reference(text)).await.unwrap();
        found.map(|key| key.to_string())
    };
    assert_eq!(found(&account("alpha"), "R1").await, None, "nothing was learned yet");
    let learned = async |name: &str, text: &str, status| {
        let payout = stored(&*store, name).await;
        let mut progress = payout.progress.clone();
        let seen = Observation {
            reference: Some(reference(text)),
            ..Observation::new(status, Source::Reply, at(5))
        };
        progress.standing.apply(&seen);
        done(&*store, Step { progress, ..step(&payout) }).await;
    };
    learned("k1", "R1", Status::Pending).await;
    learned("k2", "R2", Status::Pending).await;
    assert_eq!(found(&account("alpha"), "R1").await.as_deref(), Some("k1"));
    assert_eq!(found(&account("alpha"), "R2").await.as_deref(), Some("k2"));
    assert_eq!(found(&account("alpha"), "R3").await, None);
    assert_eq!(found(&account("somebody-else"), "R1").await, None, "an id is the account's");
    learned("k1", "R9", Status::Succeeded).await;
    assert_eq!(found(&account("alpha"), "R9").await.as_deref(), Some("k1"), "an id given later");
}

pub(super) async fn history_is_complete_and_in_order(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2"]).await;
    let mut written = Vec::new();
    for round in 0..12_u32 {
        let payout = stored(&*store, "k1").await;
        let ms = i64::from(round);
        let (progress, entry) = observed(&payout.progress, Status::Pending, ms);
        let closed = Entry::AttemptClosed {
            number: round,
            proof: Proof::NeverReached,
            at: at(ms),
            because: "ñ".to_owned(),
        };
        // Times go backwards: the order is the order of writing.
        let entries = vec![entry, asked(1_000 - ms, "absent"), closed];
        written.extend(entries.clone());
        done(&*store, Step { progress, entries, ..step(&payout) }).await;
        let other = stored(&*store, "k2").await;
        done(&*store, Step { entries: vec![asked(ms, "other")], ..step(&other) }).await;
    }
    assert_eq!(store.history(&key("k1")).await.unwrap(), written);
    assert_eq!(store.history(&key("k2")).await.unwrap().len(), 12);
    assert!(store.history(&key("k3")).await.unwrap().is_empty());
}

pub(super) async fn payout_of_an_unknown_key_is_none(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    for name in ["K1", "k", "k11"] {
        assert_eq!(store.payout(&key(name)).await.unwrap(), None, "{name}");
    }
}

fn row(name: &str, currency: Currency, status: &str, count: u64, amount_minor: i128) -> TallyRow {
    TallyRow {
        account: account(name),
        currency,
        status: status.to_owned(),
        count,
        amount_minor,
        at_rest: 0,
        attention: 0,
    }
}

pub(super) async fn tally_sums_by_account_currency_and_status(store: Arc<dyn Store>) {
    let mut intents = Vec::new();
    for (number, name, currency) in [
        (1, "gamma", Currency::Clp),
        (2, "gamma", Currency::Clp),
        (3, "alpha", Currency::Mxn),
        (4, "alpha", Currency::Cop),
        (5, "alpha", Currency::Cop),
    ] {
        let mut intent = intent(&format!("k{number}"));
        intent.order.account = account(name);
        intent.order.amount = Money::new(100 + number, currency);
        intents.push(intent);
    }
    submit_all(&*store, "a", intents).await;
    release(&*store, "a", 0).await;
    reach(&*store, "k2", Status::Pending, None).await;
    reach(&*store, "k5", Status::Pending, None).await;
    let expected = [
        row("alpha", Currency::Cop, "created", 1, 104),
        row("alpha", Currency::Cop, "pending", 1, 105),
        row("alpha", Currency::Mxn, "created", 1, 103),
        row("gamma", Currency::Clp, "created", 1, 101),
        row("gamma", Currency::Clp, "pending", 1, 102),
    ];
    assert_eq!(store.tally(None).await.unwrap().rows, expected);
    assert_eq!(store.tally(Some(&run("a"))).await.unwrap().rows, expected);
    assert!(store.tally(Some(&run("b"))).await.unwrap().rows.is_empty());
}

pub(super) async fn tally_counts_what_is_at_rest_and_what_needs_attention(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1"]).await;
    assert_eq!(store.tally(None).await.unwrap().at_rest(), 0, "held is not at rest");
    release(&*store, "a", 0).await;
    assert_eq!(store.tally(None).await.unwrap().at_rest(), 0, "due is not at rest");
    set_due(&*store, "k1", None).await;
    assert_eq!(store.tally(None).await.unwrap().at_rest(), 1);
    let doubt = Some(Attention::Doubt("no answer".to_owned()));
    let claim_due = Some(at(3));
    set_due(&*store, "k1", claim_due).await;
    reach(&*store, "k1", Status::Unknown, doubt).await;
    let tally = store.tally(None).await.unwrap();
    assert_eq!((tally.at_rest(), tally.rows[0].attention), (1, 1), "a person must look");
    reach(&*store, "k1", Status::Pending, None).await;
    let tally = store.tally(None).await.unwrap();
    assert_eq!((tally.at_rest(), tally.rows[0].attention), (0, 0));
    let quarantine = Some(Attention::Quarantine("another key".to_owned()));
    reach(&*store, "k1", Status::Pending, quarantine).await;
    let tally = store.tally(Some(&run("a"))).await.unwrap();
    assert_eq!((tally.count("quarantined"), tally.count("pending")), (1, 0));
    assert_eq!((tally.at_rest(), tally.rows[0].attention), (1, 1));
}

pub(super) async fn tally_counts_a_payout_in_each_of_its_runs(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1", "k2"]).await;
    submit(&*store, "b", &["k1"]).await;
    for (name, wanted) in [("a", 2), ("b", 1), ("c", 0)] {
        assert_eq!(store.tally(Some(&run(name))).await.unwrap().total(), wanted, "{name}");
    }
    assert_eq!(store.tally(None).await.unwrap().total(), 2);
    reach(&*store, "k1", Status::Succeeded, None).await;
    for (name, wanted) in [("a", (1, 1)), ("b", (1, 0))] {
        let tally = store.tally(Some(&run(name))).await.unwrap();
        assert_eq!((tally.count("succeeded"), tally.count("created")), wanted, "{name}");
    }
    assert_eq!(store.tally(None).await.unwrap().count("succeeded"), 1);
    // A member of a later run counts there as it is.
    submit(&*store, "d", &["k1"]).await;
    assert_eq!(store.tally(Some(&run("d"))).await.unwrap().count("succeeded"), 1);
}

pub(super) async fn tally_is_exact_beyond_64_bits(store: Arc<dyn Store>) {
    let mut intents = Vec::new();
    for number in 0..3 {
        let mut intent = intent(&format!("k{number}"));
        intent.order.amount = Money::new(i64::MAX, Currency::Cop);
        intents.push(intent);
    }
    submit_all(&*store, "a", intents).await;
    let rows = store.tally(None).await.unwrap().rows;
    assert_eq!(rows[0].amount_minor, 3 * i128::from(i64::MAX));
    reach(&*store, "k1", Status::Pending, None).await;
    let rows = store.tally(None).await.unwrap().rows;
    assert_eq!(rows[0].amount_minor, 2 * i128::from(i64::MAX));
    assert_eq!(rows[1].amount_minor, i128::from(i64::MAX));
}

pub(super) async fn next_due_of_an_empty_store_is_none(store: Arc<dyn Store>) {
    assert_eq!(next_due(&*store).await, None);
}

pub(super) async fn next_due_is_the_earliest_of_payouts_and_claims(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2", "k3"]).await;
    assert_eq!(next_due(&*store).await, Some(at(0)));
    set_due(&*store, "k2", Some(at(50))).await;
    set_due(&*store, "k3", Some(at(20))).await;
    assert_eq!(claimed(&*store, 10, 1).await.len(), 1);
    assert_eq!(next_due(&*store).await, Some(at(20)), "k1 is claimed until 40");
    set_due(&*store, "k3", Some(at(60))).await;
    assert_eq!(next_due(&*store).await, Some(at(40)), "when the claim ends");
    // A claimed payout that is put off beyond its claim is due then, not when the claim ends.
    set_due(&*store, "k1", Some(at(55))).await;
    assert_eq!(next_due(&*store).await, Some(at(50)));
    for name in ["k1", "k2", "k3"] {
        set_due(&*store, name, None).await;
    }
    assert_eq!(next_due(&*store).await, None);
}

pub(super) async fn next_due_minds_the_inbox(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    set_due(&*store, "k1", Some(at(50))).await;
    let id = receive(&*store, "alpha", &delivery("{}", "s", 30)).await;
    assert_eq!(next_due(&*store).await, Some(at(30)));
    store.file(id, defer_until(40)).await.unwrap();
    assert_eq!(next_due(&*store).await, Some(at(40)));
    store.file(id, defer_until(90)).await.unwrap();
    assert_eq!(next_due(&*store).await, Some(at(50)));
    store.file(id, close_as(InboxState::Orphan)).await.unwrap();
    set_due(&*store, "k1", None).await;
    assert_eq!(next_due(&*store).await, None);
}

pub(super) async fn readers_have_names_and_never_go_back(store: Arc<dyn Store>) {
    assert_eq!(store.newest_notice().await.unwrap(), 0);
    assert_eq!(store.reader("serve").await.unwrap(), None);
    store.acknowledge("serve", 0).await.unwrap();
    assert_eq!(store.reader("serve").await.unwrap(), Some(0));
    for (number, wanted) in [(7, 7), (5, 7), (7, 7), (9, 9)] {
        store.acknowledge("serve", number).await.unwrap();
        assert_eq!(store.reader("serve").await.unwrap(), Some(wanted));
    }
    assert_eq!(store.reader("ledger").await.unwrap(), None, "each has a position of its own");
}

pub(super) async fn a_part_of_a_list_is_noted_by_whoever_was_faster(store: Arc<dyn Store>) {
    let (bank, other) = (account("alpha"), account("other"));
    let note = async |part, was, now| store.note_swept(&bank, part, was, at(now)).await.unwrap();
    assert!(store.swept(&bank).await.unwrap().is_empty());
    // Before and after the account is known by anything else.
    assert!(!note(0, Some(at(1)), 5).await, "nothing was noted yet");
    assert!(note(0, None, 5).await);
    assert!(!note(0, None, 6).await, "another one was faster");
    store.bind(&bank, "live").await.unwrap();
    assert!(note(0, Some(at(5)), 9).await);
    assert!(!note(0, Some(at(5)), 10).await);
    assert!(note(3, None, 2).await, "each part stands for itself");
    // What failed is given back.
    assert!(note(0, Some(at(9)), 5).await);
    let swept: Vec<_> = store.swept(&bank).await.unwrap().into_iter().collect();
    assert_eq!(swept, [(0, at(5)), (3, at(2))]);
    assert!(store.swept(&other).await.unwrap().is_empty());
}

pub(super) async fn an_account_is_halted_and_resumed_once(store: Arc<dyn Store>) {
    let about =
        |event| Notice { account: account("alpha"), event, about: NoticeAbout::Account, at: at(1) };
    let halted = about(NoticeKind::Attention { because: "refused".to_owned() });
    let resumed = about(NoticeKind::InServiceAgain);
    assert!(!store.resume(resumed.clone()).await.unwrap(), "it was not out of service");
    store.bind(&account("alpha"), "live").await.unwrap();
    for _ in 0..2 {
        assert!(store.halted().await.unwrap().is_empty());
        assert!(store.halt(halted.clone()).await.unwrap());
        assert_eq!(store.halted().await.unwrap(), [account("alpha")]);
        assert!(!store.halt(halted.clone()).await.unwrap());
        assert!(store.resume(resumed.clone()).await.unwrap());
        assert!(!store.resume(resumed.clone()).await.unwrap());
    }
    let told: Vec<_> = store.outbox(0, 9).await.unwrap().into_iter().map(|(_, it)| it).collect();
    assert_eq!(told, [halted.clone(), resumed.clone(), halted, resumed]);
    assert_eq!(store.bind(&account("alpha"), "sandbox").await.unwrap(), "live");
}

pub(super) async fn outbox_is_read_from_any_place(store: Arc<dyn Store>) {
    released(&*store, &["k1"]).await;
    let payout = stored(&*store, "k1").await;
    let notices: Vec<_> = (0..5).map(|ms| notice("k1", ms)).collect();
    done(&*store, Step { notices: notices.clone(), ..step(&payout) }).await;
    submit(&*store, "B", &["k1"]).await;
    let page = store.outbox(1, 2).await.unwrap();
    let told = |place: usize| with_runs(notices[place].clone(), &["B", "a"]);
    assert_eq!(page, [(2, told(1)), (3, told(2))]);
    assert_eq!(store.newest_notice().await.unwrap(), 5);
    assert!(store.outbox(5, 10).await.unwrap().is_empty());
    assert!(store.outbox(u64::MAX, 10).await.unwrap().is_empty());
    assert!(store.outbox(0, 0).await.unwrap().is_empty());
}
