//! Cases: lists of payouts, by every filter, in both orders, page by page, while payouts come and
//! change.

use std::sync::Arc;

use pagos_core::{FailReason, Observation, ProviderRef, Source, Status};

use super::sample::{
    account, at, done, intent, key, reach, release, released, run, step, stored, submit, submit_all,
};
use crate::{
    intent::Intent,
    list::{Cursor, Filter, Page, Sorted},
    progress::Attention,
    store::{Payout, Step, Store},
};

fn keys(payouts: &[Payout]) -> Vec<&str> {
    payouts.iter().map(|payout| payout.order.key.as_str()).collect()
}

async fn list(store: &dyn Store, filter: &Filter, page: Page) -> Vec<String> {
    let payouts = store.list(filter, &page).await.unwrap();
    keys(&payouts).into_iter().map(str::to_owned).collect()
}

async fn by_key(store: &dyn Store, filter: &Filter) -> Vec<String> {
    list(store, filter, Page::by_key(100)).await
}

async fn newest(store: &dyn Store, filter: &Filter) -> Vec<String> {
    list(store, filter, Page::newest_first(100)).await
}

/// Reads all pages of a list.
async fn pages(store: &dyn Store, filter: &Filter, first: Page) -> Vec<String> {
    let (mut found, mut page) = (Vec::new(), first);
    loop {
        let payouts = store.list(filter, &page).await.unwrap();
        assert!(payouts.len() <= page.limit);
        let is_last = payouts.len() < page.limit;
        page = payouts.last().map_or(page.clone(), |last| page.after(last));
        found.extend(keys(&payouts).into_iter().map(str::to_owned));
        assert!(found.len() <= 1_000, "{found:?}");
        if is_last {
            return found;
        }
    }
}

fn intent_at(name: &str, ms: i64) -> Intent {
    Intent { created_at: at(ms), ..intent(name) }
}

/// A step that learns a status and the provider's id.
async fn name(store: &dyn Store, name: &str, reference: &str, status: Status) {
    let payout = stored(store, name).await;
    let mut progress = payout.progress.clone();
    let reference = Some(ProviderRef::new(reference).unwrap());
    let seen = Observation { reference, ..Observation::new(status, Source::Reply, at(5)) };
    progress.standing.apply(&seen);
    done(store, Step { progress, ..step(&payout) }).await;
}

pub(super) async fn list_pages_in_the_order_of_keys(store: Arc<dyn Store>) {
    released(&*store, &["k3", "K9", "k10", "k1", "_", "-a", "0"]).await;
    let sorted = ["-a", "0", "K9", "_", "k1", "k10", "k3"];
    let all = Filter::default();
    for limit in [1, 2, 3, 7, 8] {
        assert_eq!(pages(&*store, &all, Page::by_key(limit)).await, sorted, "{limit}");
    }
    let from_the_gap = Page { sorted: Sorted::ByKey { after: Some(key("k0")) }, limit: 10 };
    assert_eq!(list(&*store, &all, from_the_gap).await, ["k1", "k10", "k3"]);
    assert!(store.list(&all, &Page::by_key(0)).await.unwrap().is_empty());
    let found = store.list(&all, &Page::by_key(5)).await.unwrap();
    assert_eq!(found[4], stored(&*store, "k1").await);
}

pub(super) async fn list_gives_the_newest_first(store: Arc<dyn Store>) {
    // Clocks differ, so what is stored later need not be submitted later.
    let batch = [("k3", 7), ("K9", 7), ("k10", 9), ("k1", 7), ("0", 8), ("-a", -2)];
    submit_all(&*store, "a", batch.map(|(name, ms)| intent_at(name, ms)).into()).await;
    submit_all(&*store, "b", vec![intent_at("k2", 8), intent_at("k1", 30)]).await;
    let sorted = ["k10", "k2", "0", "k3", "k1", "K9", "-a"];
    let all = Filter::default();
    for limit in [1, 2, 3, 7, 8, usize::MAX] {
        assert_eq!(pages(&*store, &all, Page::newest_first(limit)).await, sorted, "{limit}");
    }
    let found = store.list(&all, &Page::newest_first(5)).await.unwrap();
    assert_eq!(found[4], stored(&*store, "k1").await);
    assert_eq!(found[4].created_at, at(7), "when it was submitted for the first time");
    assert!(store.list(&all, &Page::newest_first(0)).await.unwrap().is_empty());
    // A place is one whether or not anything is there.
    let after = |ms, name| Some(Cursor { created_at: at(ms), key: key(name) });
    for (place, wanted) in [
        (after(8, "1"), &["0", "k3"][..]),
        (after(8, "0"), &["k3", "k1"]),
        (after(7, "k2"), &["k1", "K9"]),
        (after(100, "k"), &["k10", "k2"]),
        (after(-2, "-a"), &[]),
    ] {
        let page = Page { sorted: Sorted::NewestFirst { after: place.clone() }, limit: 2 };
        assert_eq!(list(&*store, &all, page).await, wanted, "{place:?}");
    }
}

pub(super) async fn list_filters_by_status_word(store: Arc<dyn Store>) {
    released(&*store, &["k1", "k2", "k3", "k4", "k5", "k6", "k7"]).await;
    let doubt = Some(Attention::Doubt("no answer".to_owned()));
    let quarantine = Some(Attention::Quarantine("another amount".to_owned()));
    reach(&*store, "k2", Status::Unknown, doubt).await;
    reach(&*store, "k3", Status::Pending, None).await;
    reach(&*store, "k4", Status::Succeeded, None).await;
    reach(&*store, "k5", Status::Failed(FailReason::Returned), None).await;
    reach(&*store, "k6", Status::Failed(FailReason::Declined), None).await;
    reach(&*store, "k7", Status::Succeeded, quarantine).await;
    let expected: [(&str, &[&str]); 8] = [
        ("created", &["k1"]),
        ("unknown", &["k2"]),
        ("pending", &["k3"]),
        ("succeeded", &["k4"]),
        ("failed", &["k5", "k6"]),
        ("quarantined", &["k7"]),
        ("Failed", &[]),
        ("", &[]),
    ];
    let of = |word: &str| Filter { status: Some(word.to_owned()), ..Filter::default() };
    for (word, wanted) in expected {
        assert_eq!(by_key(&*store, &of(word)).await, wanted, "{word}");
        let backwards: Vec<&str> = wanted.iter().rev().copied().collect();
        assert_eq!(newest(&*store, &of(word)).await, backwards, "{word}");
    }
    let behind = Page { sorted: Sorted::ByKey { after: Some(key("k5")) }, limit: 1 };
    assert_eq!(list(&*store, &of("failed"), behind).await, ["k6"]);
}

pub(super) async fn list_filters_by_run(store: Arc<dyn Store>) {
    submit(&*store, "a", &["k1", "k3"]).await;
    submit(&*store, "b", &["k2"]).await;
    submit(&*store, "c", &["k1", "k2"]).await;
    reach(&*store, "k3", Status::Pending, None).await;
    let of = |name: &str, status: Option<&str>| Filter {
        run: Some(run(name)),
        status: status.map(str::to_owned),
        ..Filter::default()
    };
    assert_eq!(by_key(&*store, &of("a", None)).await, ["k1", "k3"]);
    assert_eq!(by_key(&*store, &of("b", None)).await, ["k2"]);
    assert_eq!(by_key(&*store, &of("a", Some("pending"))).await, ["k3"]);
    assert!(by_key(&*store, &of("b", Some("pending"))).await.is_empty());
    assert_eq!(by_key(&*store, &of("c", None)).await, ["k1", "k2"], "a payout has many runs");
    assert!(by_key(&*store, &of("A", None)).await.is_empty());
    assert_eq!(newest(&*store, &of("c", None)).await, ["k2", "k1"]);
    assert!(newest(&*store, &of("A", None)).await.is_empty());
    // What left a run, or is forgotten, is in no list.
    store.withdraw(&run("b")).await.unwrap();
    store.withdraw(&run("c")).await.unwrap();
    assert!(newest(&*store, &of("c", None)).await.is_empty());
    assert_eq!(newest(&*store, &Filter::default()).await, ["k3", "k1"]);
}

pub(super) async fn list_filters_by_account(store: Arc<dyn Store>) {
    let mut intents: Vec<Intent> = (0..6_i64).map(|n| intent_at(&format!("k{n}"), n)).collect();
    for number in [1, 4] {
        intents[number].order.account = account("gamma");
    }
    submit_all(&*store, "a", intents).await;
    reach(&*store, "k4", Status::Unknown, None).await;
    let of = |name: &str| Filter { account: Some(account(name)), ..Filter::default() };
    assert_eq!(by_key(&*store, &of("gamma")).await, ["k1", "k4"]);
    assert_eq!(newest(&*store, &of("gamma")).await, ["k4", "k1"]);
    assert_eq!(newest(&*store, &of("alpha")).await, ["k5", "k3", "k2", "k0"]);
    assert!(newest(&*store, &of("etpa")).await.is_empty());
    let unknown = Filter { status: Some("unknown".to_owned()), ..of("gamma") };
    assert_eq!(newest(&*store, &unknown).await, ["k4"]);
}

pub(super) async fn list_filters_by_the_providers_id(store: Arc<dyn Store>) {
    let mut intents: Vec<Intent> = (0..4_i64).map(|n| intent_at(&format!("k{n}"), n)).collect();
    intents[2].order.account = account("gamma");
    submit_all(&*store, "a", intents).await;
    for (payout, reference) in [("k0", "R1"), ("k1", "R2"), ("k2", "R1")] {
        name(&*store, payout, reference, Status::Pending).await;
    }
    let of = |text: &str| Filter {
        reference: Some(ProviderRef::new(text).unwrap()),
        ..Filter::default()
    };
    assert_eq!(by_key(&*store, &of("R1")).await, ["k0", "k2"], "one of each account");
    assert_eq!(newest(&*store, &of("R1")).await, ["k2", "k0"]);
    assert_eq!(newest(&*store, &of("R2")).await, ["k1"]);
    assert!(newest(&*store, &of("R3")).await.is_empty());
    for limit in [1, 2] {
        assert_eq!(pages(&*store, &of("R1"), Page::newest_first(limit)).await, ["k2", "k0"]);
        assert_eq!(pages(&*store, &of("R1"), Page::by_key(limit)).await, ["k0", "k2"]);
    }
    let narrowed = [
        Filter { account: Some(account("gamma")), ..of("R1") },
        Filter { since: Some(at(1)), ..of("R1") },
    ];
    for filter in narrowed {
        assert_eq!(newest(&*store, &filter).await, ["k2"], "{filter:?}");
    }
    let nothing = [
        Filter { run: Some(run("b")), ..of("R1") },
        Filter { status: Some("failed".to_owned()), ..of("R1") },
        Filter { until: Some(at(0)), ..of("R1") },
    ];
    for filter in nothing {
        assert!(newest(&*store, &filter).await.is_empty(), "{filter:?}");
    }
}

pub(super) async fn list_filters_by_the_moment_of_submission(store: Arc<dyn Store>) {
    let intents = (0..6_i64).map(|n| intent_at(&format!("k{n}"), 10 * n));
    submit_all(&*store, "a", intents.collect()).await;
    let within = |since: Option<i64>, until: Option<i64>| Filter {
        since: since.map(at),
        until: until.map(at),
        ..Filter::default()
    };
    let cases: [(Option<i64>, Option<i64>, &[&str]); 6] = [
        (Some(20), Some(40), &["k3", "k2"]),
        (Some(21), Some(41), &["k4", "k3"]),
        (Some(40), None, &["k5", "k4"]),
        (None, Some(20), &["k1", "k0"]),
        (Some(30), Some(30), &[]),
        (Some(40), Some(20), &[]),
    ];
    for (since, until, wanted) in cases {
        let filter = within(since, until);
        assert_eq!(newest(&*store, &filter).await, wanted, "{since:?} {until:?}");
        let sorted: Vec<&str> = wanted.iter().rev().copied().collect();
        assert_eq!(by_key(&*store, &filter).await, sorted, "{since:?} {until:?}");
        for limit in [1, 2] {
            let found = pages(&*store, &filter, Page::newest_first(limit)).await;
            assert_eq!(found, wanted, "{since:?} {until:?}");
        }
    }
}

const ACCOUNTS: [&str; 2] = ["alpha", "gamma"];
const WORDS: [&str; 4] = ["created", "pending", "succeeded", "failed"];

/// A payout as a case wants it to be.
struct Wanted {
    key: String,
    created_ms: i64,
    account: &'static str,
    word: &'static str,
    runs: Vec<&'static str>,
    reference: Option<String>,
}

impl Wanted {
    fn passes(&self, filter: &Filter) -> bool {
        filter.run.as_ref().is_none_or(|wanted| self.runs.contains(&wanted.0.as_str()))
            && filter.status.as_deref().is_none_or(|wanted| wanted == self.word)
            && filter.account.as_ref().is_none_or(|wanted| wanted.as_str() == self.account)
            && filter.reference.as_ref().is_none_or(|wanted| {
                self.reference.as_deref().is_some_and(|it| it == wanted.as_str())
            })
            && filter.since.is_none_or(|since| at(self.created_ms) >= since)
            && filter.until.is_none_or(|until| at(self.created_ms) < until)
    }
}

/// Payouts that differ in everything that a filter looks at.
async fn submit_various(store: &dyn Store) -> Vec<Wanted> {
    let mut various = Vec::new();
    for number in 0..24_usize {
        let word = WORDS[number / 2 % 4];
        let is_known = word != "created";
        various.push(Wanted {
            key: format!("k{:02}", number * 7 % 24),
            created_ms: i64::try_from(number / 3).expect("a small number"),
            account: ACCOUNTS[number % 2],
            word,
            runs: [&["a"][..], &["b"], &["a", "b"]][number % 3].to_vec(),
            // The same in both accounts.
            reference: is_known.then(|| format!("R{}", number / 2)),
        });
    }
    for name in ["a", "b"] {
        let members = various.iter().filter(|payout| payout.runs.contains(&name));
        let intents = members.map(|payout| {
            let mut intent = intent_at(&payout.key, payout.created_ms);
            intent.order.account = account(payout.account);
            intent
        });
        submit_all(store, name, intents.collect()).await;
        release(store, name, 0).await;
    }
    for payout in &various {
        let Some(reference) = &payout.reference else { continue };
        let status = match payout.word {
            "succeeded" => Status::Succeeded,
            "failed" => Status::Failed(FailReason::Declined),
            _ => Status::Pending,
        };
        name(store, &payout.key, reference, status).await;
    }
    various
}

pub(super) async fn list_filters_by_everything_at_once(store: Arc<dyn Store>) {
    let mut various = submit_various(&*store).await;
    let mut seen = 0;
    for number in 0..(3 * 5 * 3 * 3 * 4_usize) {
        let pick = |of: usize, among: usize| number / of % among;
        let window = [(None, None), (Some(2), None), (None, Some(6)), (Some(2), Some(5))];
        let (since, until): (Option<i64>, Option<i64>) = window[pick(135, 4)];
        let filter = Filter {
            run: ["a", "b"].get(pick(1, 3)).map(|name| run(name)),
            status: WORDS.get(pick(3, 5)).map(|word| (*word).to_owned()),
            account: ACCOUNTS.get(pick(15, 3)).map(|name| account(name)),
            reference: ["R3", "R5"].get(pick(45, 3)).map(|it| ProviderRef::new(*it).unwrap()),
            since: since.map(at),
            until: until.map(at),
        };
        let mut wanted = |sort: fn(&Wanted, &Wanted) -> std::cmp::Ordering| {
            various.sort_by(sort);
            let passing = various.iter().filter(|payout| payout.passes(&filter));
            passing.map(|payout| payout.key.clone()).collect::<Vec<_>>()
        };
        let sorted = wanted(|one, other| one.key.cmp(&other.key));
        let newest =
            wanted(|one, other| (other.created_ms, &other.key).cmp(&(one.created_ms, &one.key)));
        let limit = 1 + number % 4;
        assert_eq!(pages(&*store, &filter, Page::by_key(limit)).await, sorted, "{filter:?}");
        let found = pages(&*store, &filter, Page::newest_first(limit)).await;
        assert_eq!(found, newest, "{filter:?}");
        seen += newest.len();
    }
    assert!(seen > 500, "{seen}");
}

pub(super) async fn list_goes_on_where_its_page_ended(store: Arc<dyn Store>) {
    let intents = (0..9_i64).map(|n| intent_at(&format!("k{n}"), n));
    submit_all(&*store, "a", intents.take(8).collect()).await;
    submit_all(&*store, "held", vec![intent_at("h5", 5)]).await;
    let all = Filter::default();
    let first = store.list(&all, &Page::newest_first(3)).await.unwrap();
    assert_eq!(keys(&first), ["k7", "k6", "k5"]);
    let second = Page::newest_first(3).after(&first[2]);
    // Others come, one of them with a clock that is late; a payout moves on; one goes.
    submit_all(&*store, "b", vec![intent_at("n1", 20), intent_at("k5b", 5), intent_at("a0", 4)])
        .await;
    reach(&*store, "k4", Status::Succeeded, None).await;
    store.withdraw(&run("held")).await.unwrap();
    assert_eq!(list(&*store, &all, second.clone()).await, ["k4", "a0", "k3"]);
    // Where the page ended with a payout that is not there any more.
    let gone = Cursor { created_at: at(5), key: key("h5") };
    let behind = Page { sorted: Sorted::NewestFirst { after: Some(gone) }, limit: 3 };
    assert_eq!(list(&*store, &all, behind).await, ["k4", "a0", "k3"]);
    let seen: Vec<String> = pages(&*store, &all, second).await;
    assert_eq!(seen, ["k4", "a0", "k3", "k2", "k1", "k0"], "none twice, and none left out");
}

pub(super) async fn list_keeps_its_place_when_a_payout_is_submitted_anew(store: Arc<dyn Store>) {
    submit_all(&*store, "a", vec![intent_at("k1", 1), intent_at("k2", 2)]).await;
    store.withdraw(&run("a")).await.unwrap();
    assert!(newest(&*store, &Filter::default()).await.is_empty());
    submit_all(&*store, "b", vec![intent_at("k2", 7), intent_at("k1", 8)]).await;
    submit_all(&*store, "c", vec![intent_at("k2", 9)]).await;
    let of = |name: &str| Filter { run: Some(run(name)), ..Filter::default() };
    assert_eq!(newest(&*store, &Filter::default()).await, ["k1", "k2"]);
    assert_eq!(newest(&*store, &of("b")).await, ["k1", "k2"]);
    let only = Filter { since: Some(at(8)), ..of("c") };
    assert!(newest(&*store, &only).await.is_empty(), "a second run changes no time");
    assert_eq!(newest(&*store, &of("c")).await, ["k2"]);
}

pub(super) async fn list_of_doubts_begins_with_the_first_submitted(store: Arc<dyn Store>) {
    let store = store.as_ref();
    let mut other = intent_at("other", 1);
    other.order.account = account("beta");
    let intents = [("c", 20), ("b", 20), ("a", 30), ("paid", 10), ("new", 5)];
    let intents = intents.map(|(name, ms)| intent_at(name, ms)).into_iter().chain([other]);
    submit_all(store, "a", intents.collect()).await;
    release(store, "a", 40).await;
    for (payout, status) in [
        ("a", Status::Unknown),
        ("b", Status::Unknown),
        ("c", Status::Unknown),
        ("other", Status::Unknown),
        ("paid", Status::Succeeded),
    ] {
        name(store, payout, &format!("R{payout}"), status).await;
    }
    let alpha = account("alpha");
    assert_eq!(keys(&store.doubts(&alpha, 9).await.unwrap()), ["b", "c", "a"]);
    assert_eq!(keys(&store.doubts(&alpha, 2).await.unwrap()), ["b", "c"]);
    assert_eq!(keys(&store.doubts(&account("beta"), 9).await.unwrap()), ["other"]);
    assert!(store.doubts(&account("gamma"), 9).await.unwrap().is_empty());
}
