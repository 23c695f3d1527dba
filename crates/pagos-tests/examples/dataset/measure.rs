//! What is measured in a dataset: each query several times, about another payout each time.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use pagos_core::Timestamp;
use pagos_engine::{
    ClaimRequest, Filter, Intent, Lane, Lease, NoAttempt, Page, RecordKind, RecordWrite, Share,
    Step, Store, Work,
};
use pagos_events::{endpoint_names, endpoint_state};

use super::{
    mix::{ACCOUNTS, Mix, NOW_MS},
    pages::{self, Browser},
};

/// The median of so many counts, after one that does not.
const ROUNDS: u64 = 5;

/// A commit waits for the disk, which takes its time now and then.
const COMMITS: u64 = 41;

/// The longest page of the desk.
const PAGE_BYTES_MAX: usize = 100 * 1024;

/// Payouts of a list.
pub(crate) const LISTED: usize = 100;

/// One line of the report.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) what: String,
    pub(crate) median: Duration,
    /// How many payouts came back, in the last round.
    pub(crate) found: usize,
}

/// Measures everything.
pub(crate) async fn all(store: &Arc<dyn Store>, mix: Mix) -> Vec<Figure> {
    let mut bench = Bench { store: Arc::clone(store), mix, figures: Vec::new() };
    bench.lists().await;
    bench.claims().await;
    bench.scrape().await;
    bench.pages().await;
    bench.writes().await;
    bench.figures
}

struct Bench {
    store: Arc<dyn Store>,
    mix: Mix,
    figures: Vec<Figure>,
}

impl Bench {
    async fn lists(&mut self) {
        let mix = self.mix;
        let any = Filter::default();
        self.list("newest", |_| any.clone()).await;
        for word in ["created", "unknown", "pending", "quarantined", "failed", "succeeded"] {
            let of = Filter { status: Some(word.to_owned()), ..any.clone() };
            self.list(&format!("of status {word}"), |_| of.clone()).await;
        }
        let run = |round| Mix::run(round * 31 % mix.runs());
        // The first time, the pages of a run that nobody read for long come from the disk.
        for what in ["of a run", "of the same runs again"] {
            self.list(what, |round| Filter { run: Some(run(round)), ..any.clone() }).await;
        }
        let account = |round| Some(Mix::account(round));
        self.list("of an account", |round| Filter { account: account(round), ..any.clone() }).await;
        let of = |round| Filter {
            account: account(round),
            status: Some("unknown".to_owned()),
            ..any.clone()
        };
        self.list("of an account, unknown", of).await;
        let moment = |number| Some(Timestamp::from_millis(mix.created_ms(number)));
        let third = mix.rows / 3;
        let of = |round| Filter {
            since: moment(third + round),
            until: moment(2 * third + round),
            ..any.clone()
        };
        self.list("of a month, two months ago", of).await;
        let of =
            |round| Filter { reference: Some(Mix::reference(mix.settled(round))), ..any.clone() };
        self.list("by the provider's id", of).await;
    }

    async fn list(&mut self, what: &str, filter: impl Fn(u64) -> Filter) {
        let page = Page::newest_first(LISTED);
        let mut times = Vec::new();
        let mut found = 0;
        for round in 0..=ROUNDS {
            let filter = filter(round);
            let begun = Instant::now();
            found = self.store.list(&filter, &page).await.unwrap().len();
            times.push(begun.elapsed());
        }
        self.note(format!("list {what}"), times, found);
    }

    async fn claims(&mut self) {
        let accounts: Vec<_> = (0..ACCOUNTS).map(Mix::account).collect();
        let lane = |work| accounts.iter().map(move |it| Lane { account: it.clone(), work });
        let share = |lane| Share { lane, limit: 16, lease: Duration::from_secs(60) };
        let shares: Vec<Share> = lane(Work::Send).map(share).collect();
        let (mut times, mut found) = (Vec::new(), 0);
        for round in 0..=ROUNDS {
            let now = Timestamp::from_millis(NOW_MS + i64::try_from(round).unwrap());
            let request = ClaimRequest { now, shares: shares.clone() };
            let begun = Instant::now();
            found = self.store.claim(request, &NoAttempt).await.unwrap().len();
            times.push(begun.elapsed());
        }
        self.note("claim of 64".to_owned(), times, found);
        let lanes: Vec<Lane> = Work::OF_PAYOUTS.into_iter().flat_map(lane).collect();
        let mut times = Vec::new();
        for _ in 0..=ROUNDS {
            let begun = Instant::now();
            assert!(self.store.next_due(&lanes).await.unwrap().is_some());
            times.push(begun.elapsed());
        }
        self.note("next due of 12 lanes".to_owned(), times, 1);
    }

    /// What a scrape of the metrics reads, with a reader of the outbox and an endpoint of events that are
    /// half of everything behind.
    async fn scrape(&mut self) {
        let store = Arc::clone(&self.store);
        let body = Some("{}".to_owned());
        let (kind, name, notices) = (RecordKind::Endpoint, "erp".to_owned(), Vec::new());
        store.write_record(RecordWrite { kind, name, was: None, body, notices }).await.unwrap();
        let half = store.newest_notice().await.unwrap() / 2;
        for reader in ["serve", "events:erp"] {
            store.acknowledge(reader, half).await.unwrap();
        }
        let (mut times, mut found) = (Vec::new(), 0);
        for _ in 0..=ROUNDS {
            let begun = Instant::now();
            found = scrape(store.as_ref()).await;
            times.push(begun.elapsed());
        }
        self.note("scrape of the metrics".to_owned(), times, found);
    }

    async fn pages(&mut self) {
        let browser = Browser::over(&self.store).await;
        for (what, path) in pages::all(self.mix) {
            let mut times = Vec::new();
            for _ in 0..=ROUNDS {
                let (time, bytes) = browser.load(&path).await;
                assert!(bytes < PAGE_BYTES_MAX, "{path} has {bytes} bytes");
                times.push(time);
            }
            self.note(what.to_owned(), times, 1);
        }
    }

    async fn writes(&mut self) {
        let [mut of_all, mut of_run, mut outbox, mut submits, mut commits] =
            [const { Vec::new() }; 5];
        for round in 0..=ROUNDS {
            let begun = Instant::now();
            self.store.tally(None).await.unwrap();
            of_all.push(begun.elapsed());
            let run = Mix::run(round * 31 % self.mix.runs());
            let begun = Instant::now();
            self.store.tally(Some(&run)).await.unwrap();
            of_run.push(begun.elapsed());
            let begun = Instant::now();
            self.store.outbox(self.mix.rows / 2 + round, LISTED).await.unwrap();
            outbox.push(begun.elapsed());
            let batch = new_intents(round);
            let begun = Instant::now();
            self.store.submit(&pagos_tests::run(), batch).await.unwrap();
            submits.push(begun.elapsed());
        }
        for round in 0..=COMMITS {
            let step = self.step(round).await;
            let begun = Instant::now();
            self.store.commit(step).await.unwrap();
            commits.push(begun.elapsed());
        }
        self.note("tally of all".to_owned(), of_all, 1);
        self.note("tally of a run".to_owned(), of_run, 1);
        self.note("100 notices".to_owned(), outbox, LISTED);
        self.note("submit of 256".to_owned(), submits, 256);
        self.note("commit of a step".to_owned(), commits, 1);
    }

    async fn step(&self, round: u64) -> Step {
        let key = Mix::key(self.mix.unknown(round));
        let payout = self.store.payout(&key).await.unwrap().unwrap();
        Step {
            key,
            version: payout.version,
            fence: None,
            lease: Lease::Keep,
            progress: payout.progress,
            due_at: payout.due_at,
            entries: Vec::new(),
            notices: Vec::new(),
            applies: None,
        }
    }

    /// The first time counts for nothing.
    fn note(&mut self, what: String, mut times: Vec<Duration>, found: usize) {
        times.remove(0);
        times.sort();
        self.figures.push(Figure { what, median: times[times.len() / 2], found });
    }
}

/// The calls of `telemetry/gauges.rs` of the command. Returns how many payouts are in doubt.
async fn scrape(store: &dyn Store) -> usize {
    store.tally(None).await.unwrap();
    store.halted().await.unwrap();
    let mut doubts = 0;
    for account in (0..ACCOUNTS).map(Mix::account) {
        doubts += store.doubts(&account, 1_000).await.unwrap().len();
        for work in Work::ALL {
            store.next_due(&[Lane { account: account.clone(), work }]).await.unwrap();
        }
    }
    store.newest_notice().await.unwrap();
    for (_, position) in store.readers().await.unwrap() {
        assert_eq!(store.outbox(position, 1).await.unwrap().len(), 1);
    }
    for name in endpoint_names(store).await.unwrap() {
        assert!(endpoint_state(store, &name).await.unwrap().waiting > 0);
    }
    doubts
}

fn new_intents(round: u64) -> Vec<Intent> {
    let created_at = Timestamp::from_millis(NOW_MS);
    let order = |number| pagos_tests::order(&format!("new-{round}-{number}"));
    (0..256).map(|number| Intent { order: order(number), created_at, by: None }).collect()
}
