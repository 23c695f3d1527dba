//! Compares a store with the one in memory: random operations must get the same answers from both.
//! The operations on payments are in `agreement/payment.rs`.

use std::{fmt::Debug, sync::Arc};

use pagos_core::{
    AccountName, Currency, Event, FailReason, Hint, Money, OrderKey, ProviderRef, Status, Subject,
    Timestamp,
};

use super::{
    random::Random,
    sample::{
        LEASE, account, actor, asked, at, attempt, close_as, defer_until, delivery, intent, key,
        lanes, notice, observed, run, step,
    },
};
use crate::{
    delivery::{InboxId, InboxState, Trust, Verdict},
    intent::{Closed, Intent, Permit, Run, RunId},
    list::{Cursor, Filter, Page, Sorted},
    memory::MemoryStore,
    payment::Payment,
    progress::Attention,
    store::{Claim, ClaimRequest, Lane, Lease, Payout, Share, Step, Store, StoreError, Work},
};

const ACCOUNTS: [&str; 3] = ["alpha", "gamma", "alpha-mx"];
const RUNS: [&str; 3] = ["a", "b", "c"];
const WORDS: [&str; 6] = ["created", "unknown", "pending", "succeeded", "failed", "quarantined"];

pub(super) async fn random_operations_agree_with_memory(store: Arc<dyn Store>) {
    agrees_with_memory(store, 1, 1_000).await;
}

/// Runs `operations` random operations, drawn from `seed`, on `store` and on a [`MemoryStore`], and
/// compares every answer. `store` must be empty.
///
/// # Panics
/// At the first answer that differs, with the seed and the number of the operation.
pub async fn agrees_with_memory(store: Arc<dyn Store>, seed: u64, operations: u32) {
    let memory: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let mut pair = Pair {
        store,
        memory,
        random: Random::new(seed),
        place: String::new(),
        now_ms: 0,
        seen: Vec::new(),
        seen_payments: Vec::new(),
    };
    for number in 0..operations {
        pair.place = format!("seed {seed}, operation {number}");
        pair.now_ms += i64::try_from(pair.random.below(9)).expect("below 9");
        pair.operate().await;
    }
    pair.compare_everything().await;
}

struct Pair {
    store: Arc<dyn Store>,
    memory: Arc<dyn Store>,
    random: Random,
    place: String,
    now_ms: i64,
    /// Payouts as they once were in both stores, which draw their versions and epochs, to build steps
    /// from old versions and old claims too.
    seen: Vec<(Payout, Payout)>,
    /// Payments as they once were.
    seen_payments: Vec<Payment>,
}

/// Calls both stores, asserts that the answers are equal, and returns that of memory.
macro_rules! both {
    ($pair:expr, $method:ident($($argument:expr),*)) => {{
        let theirs = $pair.store.$method($($argument),*).await;
        let ours = $pair.memory.$method($($argument),*).await;
        $pair.agree(stringify!($method), &theirs, &ours);
        ours
    }};
}

// After the macro, which it uses.
mod payment;
mod retention;

impl Pair {
    /// Asserts that two answers are equal but for what each store draws.
    fn agree<T: Debug>(
        &self,
        method: &str,
        theirs: &Result<T, StoreError>,
        ours: &Result<T, StoreError>,
    ) {
        let shown =
            |answer: &Result<T, StoreError>| Some(undrawn(&format!("{:?}", answer.as_ref().ok()?)));
        assert_eq!(
            shown(theirs),
            shown(ours),
            "{}: {method} (left: the store under test, right: memory)",
            self.place,
        );
    }

    async fn operate(&mut self) {
        match self.random.below(20) {
            0 | 1 => self.submit().await,
            2 => self.release_or_withdraw().await,
            3 | 4 => self.claim().await,
            5..=8 => self.commit().await,
            9 => self.receive().await,
            10 => self.file().await,
            11 | 12 => self.submit_payment().await,
            13..=16 => self.commit_payment().await,
            17 => self.read_payments().await,
            18 => self.retain().await,
            _ => self.read().await,
        }
        if self.random.once_in(60) {
            let _ = both!(self, end_claims());
        }
    }

    fn key(&mut self) -> OrderKey {
        key(&format!("k{}", self.random.below(25)))
    }

    fn intent(&mut self) -> Intent {
        let number = self.random.below(25);
        let mut intent = intent(&format!("k{number}"));
        intent.created_at = at(self.now_ms);
        intent.by = self.random.once_in(2).then(|| actor(self.random.pick(&["ana", "leo"])));
        // Account and amount belong to the key, so that only a slip makes a conflict.
        intent.order.account = account(Random::new(number).pick(&ACCOUNTS));
        let slip = i64::from(self.random.once_in(40));
        let minor = i64::try_from(number).expect("a small number") + slip;
        let currency = if number.is_multiple_of(2) { Currency::Cop } else { Currency::Mxn };
        intent.order.amount = Money::new(minor, currency);
        intent
    }

    async fn submit(&mut self) {
        let name = run(self.random.pick(&RUNS));
        let batch: Vec<Intent> = (0..self.random.below(5)).map(|_| self.intent()).collect();
        let _ = both!(self, submit(&name, batch.clone()));
        let _ = self.run(&name).await;
    }

    /// A run in both stores. Their numbers may differ, since a number may be left out.
    async fn run(&self, name: &RunId) -> Option<(Run, Run)> {
        let theirs = self.store.run(name).await.expect("the store does not fail");
        let ours = self.memory.run(name).await.expect("memory never fails");
        let numberless = |run: &Run| Run { id: 0, ..run.clone() };
        assert_eq!(
            theirs.as_ref().map(numberless),
            ours.as_ref().map(numberless),
            "{}",
            self.place
        );
        theirs.zip(ours)
    }

    async fn release_or_withdraw(&mut self) {
        let name = run(self.random.pick(&RUNS));
        if self.random.once_in(3) {
            let _ = both!(self, withdraw(&name));
            return;
        }
        let known = self.run(&name).await;
        let slip = u64::from(self.random.once_in(10));
        let expected = known.as_ref().map_or(0, |(run, _)| run.members) + slip;
        if self.random.once_in(3) {
            let theirs = self.store.close(&name, expected, at(self.now_ms)).await.unwrap();
            let ours = self.memory.close(&name, expected, at(self.now_ms)).await.unwrap();
            match (theirs, ours) {
                (Closed::Done { .. }, Closed::Done { .. }) => {}
                (theirs, ours) => assert_eq!(theirs, ours, "{}", self.place),
            }
            let _ = self.run(&name).await;
            return;
        }
        let _ = both!(self, held(&name, None, 3));
        let other = u64::from(self.random.once_in(4));
        let (theirs, ours) = match known.filter(|_| self.random.once_in(3)) {
            Some((theirs, ours)) => (
                Permit::for_run(theirs.id + other, expected),
                Permit::for_run(ours.id + other, expected),
            ),
            None => (Permit::for_members(expected), Permit::for_members(expected)),
        };
        let theirs = self.store.release(&name, theirs, at(self.now_ms)).await.unwrap();
        let ours = self.memory.release(&name, ours, at(self.now_ms)).await.unwrap();
        assert_eq!(theirs, ours, "{}", self.place);
    }

    async fn claim(&mut self) {
        let mut shares = Vec::new();
        for lane in lanes(&ACCOUNTS, &Work::OF_PAYOUTS) {
            let limit = usize::try_from(self.random.below(4)).expect("below 4");
            if !self.random.once_in(4) {
                shares.push(Share { lane, limit, lease: LEASE });
            }
        }
        let request = ClaimRequest { now: at(self.now_ms), shares };
        let rest = self.random.below(3);
        let begins = |payout: &Payout| {
            let number: u64 = payout.order.key.as_str().bytes().map(u64::from).sum();
            if (number + rest).is_multiple_of(3) { None } else { attempt(payout) }
        };
        let theirs = self.store.claim(request.clone(), &begins).await;
        let ours = self.memory.claim(request, &begins).await;
        self.agree("claim", &theirs, &ours);
        let payouts = |claims: Vec<Claim>| claims.into_iter().map(|claim| claim.payout);
        self.seen.extend(payouts(theirs.unwrap()).zip(payouts(ours.unwrap())));
    }

    async fn commit(&mut self) {
        let wanted = self.key();
        let now_seen = self.payout(&wanted).await;
        self.seen.extend(now_seen);
        if self.seen.is_empty() {
            return;
        }
        let newest = &self.seen[self.seen.len().saturating_sub(4)..];
        let seen = if self.random.once_in(4) {
            self.random.pick(&self.seen)
        } else {
            self.random.pick(newest)
        };
        let step = self.step(&seen.1);
        self.commit_to_both(&seen, step).await;
    }

    /// A payout in both stores.
    async fn payout(&self, key: &OrderKey) -> Option<(Payout, Payout)> {
        let (theirs, ours) = (self.store.payout(key).await, self.memory.payout(key).await);
        self.agree("payout", &theirs, &ours);
        theirs.unwrap().zip(ours.unwrap())
    }

    /// Commits a step that was made for memory to both stores.
    async fn commit_to_both(&self, (theirs, _): &(Payout, Payout), step: Step) {
        let fence = step.fence.map(|_| theirs.epoch);
        let their_step = Step { version: theirs.version, fence, ..step.clone() };
        let theirs = self.store.commit(their_step).await;
        self.agree("commit", &theirs, &self.memory.commit(step).await);
    }

    fn step(&mut self, payout: &Payout) -> Step {
        let statuses = [
            Status::Unknown,
            Status::Pending,
            Status::Succeeded,
            Status::Failed(FailReason::Declined),
        ];
        let status = self.random.pick(&statuses);
        let (mut progress, entry) = observed(&payout.progress, status, self.now_ms);
        progress.attention = match self.random.below(6) {
            0 => Some(Attention::Doubt("no answer".to_owned())),
            1 => Some(Attention::Quarantine("another amount".to_owned())),
            _ => None,
        };
        let wait_ms = i64::try_from(self.random.below(40)).expect("below 40");
        let name = payout.order.key.as_str();
        let notices = (0..self.random.below(3)).map(|_| notice(name, self.now_ms)).collect();
        Step {
            progress,
            fence: self.random.once_in(2).then_some(payout.epoch),
            lease: self.random.pick(&[Lease::Keep, Lease::End]),
            due_at: (!self.random.once_in(4)).then(|| at(self.now_ms + wait_ms)),
            entries: vec![entry, asked(self.now_ms, "absent")],
            notices,
            applies: self.random.once_in(4).then(|| InboxId(self.random.below(12))),
            ..step(payout)
        }
    }

    async fn receive(&mut self) {
        let name = account(self.random.pick(&ACCOUNTS));
        let body = self.random.below(8).to_string();
        let signature = if self.random.once_in(3) { "s" } else { "t" };
        let delivery = delivery(&body, signature, self.now_ms);
        let verdict = self.verdict();
        let _ = both!(self, receive(&name, &delivery, &verdict));
    }

    fn verdict(&mut self) -> Verdict {
        let hint = Hint {
            key: self.random.once_in(2).then(|| self.key()),
            reference: self.random.once_in(2).then(|| {
                let name = self.random.pick(&["PAYOUT8506865414587559936", "s1", "s2", "s3"]);
                ProviderRef::new(name).expect("a legal reference")
            }),
        };
        match self.random.below(3) {
            0 => Verdict::Hint { hint },
            1 => Verdict::Unreadable { hint, because: "torn".to_owned() },
            _ => Verdict::Genuine {
                event: Event {
                    subject: Subject::Payout,
                    key: hint.key,
                    reference: hint.reference,
                    observation: None,
                },
            },
        }
    }

    async fn file(&mut self) {
        let id = InboxId(self.random.below(12));
        let wait_ms = i64::try_from(self.random.below(40)).expect("below 40");
        let filing = match self.random.below(5) {
            0 | 1 => defer_until(self.now_ms + wait_ms),
            2 => close_as(InboxState::Orphan),
            3 => close_as(InboxState::Unreadable),
            _ => {
                let verdict = self.random.once_in(2).then(|| self.verdict());
                let _ = both!(self, reopen(id, verdict.clone(), at(self.now_ms)));
                return;
            }
        };
        let _ = both!(self, file(id, filing.clone()));
    }

    async fn read(&mut self) {
        let filter = Filter {
            run: self.random.once_in(2).then(|| run(self.random.pick(&RUNS))),
            status: self.random.once_in(2).then(|| self.random.pick(&WORDS).to_owned()),
            account: self.random.once_in(3).then(|| account(self.random.pick(&ACCOUNTS))),
            reference: None,
            since: self.random.once_in(4).then(|| self.past()),
            until: self.random.once_in(4).then(|| self.past()),
        };
        let limit = usize::try_from(self.random.below(6)).expect("below 6");
        let key = self.random.once_in(2).then(|| self.key());
        let place =
            self.random.once_in(2).then(|| Cursor { created_at: self.past(), key: self.key() });
        for sorted in [Sorted::ByKey { after: key }, Sorted::NewestFirst { after: place }] {
            let page = Page { sorted, limit };
            let _ = both!(self, list(&filter, &page));
        }
        let _ = both!(self, tally(filter.run.as_ref()));
        let lanes = self.lanes();
        let _ = both!(self, next_due(&lanes));
        let accounts = self.accounts();
        for trust in [Trust::Verified, Trust::Unverified] {
            let _ = both!(self, inbox(trust, &accounts, at(self.now_ms), limit));
        }
        let state = self.random.once_in(2).then(|| self.random.pick(&InboxState::ALL));
        let after = self.random.below(12);
        let _ = both!(self, deliveries(state, after, limit));
        let number = self.random.below(9);
        let _ = both!(self, outbox(number, limit));
        let wanted = self.key();
        let _ = both!(self, history(&wanted));
        let _ = both!(self, sealed(&wanted));
    }

    /// A moment since the beginning.
    fn past(&mut self) -> Timestamp {
        let now_ms = u64::try_from(self.now_ms).expect("after the beginning");
        at(i64::try_from(self.random.below(now_ms + 1)).expect("at most now"))
    }

    fn accounts(&mut self) -> Vec<AccountName> {
        let picked = ACCOUNTS.into_iter().filter(|_| !self.random.once_in(3));
        picked.map(account).collect()
    }

    fn lanes(&mut self) -> Vec<Lane> {
        let all = lanes(&ACCOUNTS, &Work::ALL).into_iter();
        all.filter(|_| !self.random.once_in(3)).collect()
    }

    async fn compare_everything(&mut self) {
        let newest = Page::newest_first(usize::MAX);
        let _ = both!(self, list(&Filter::default(), &newest));
        let all = both!(self, list(&Filter::default(), &Page::by_key(usize::MAX))).expect("memory");
        for payout in all {
            let _ = both!(self, history(&payout.order.key));
        }
        let _ = both!(self, tally(None));
        for name in RUNS {
            let _ = both!(self, tally(Some(&run(name))));
            let _ = both!(self, archived(&run(name)));
            let _ = both!(self, run(&run(name)));
        }
        for lane in lanes(&ACCOUNTS, &Work::ALL) {
            let _ = both!(self, next_due(std::slice::from_ref(&lane)));
        }
        let accounts = ACCOUNTS.map(account);
        for trust in [Trust::Verified, Trust::Unverified] {
            let _ = both!(self, inbox(trust, &accounts, at(i64::from(i32::MAX)), usize::MAX));
        }
        let _ = both!(self, deliveries(None, 0, usize::MAX));
        let _ = both!(self, outbox(0, usize::MAX));
        let _ = both!(self, newest_notice());
        self.compare_retained().await;
        self.compare_payments().await;
    }
}

/// The text without the numbers of versions and epochs.
fn undrawn(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(begin) = ["version: ", "epoch: "]
        .into_iter()
        .filter_map(|name| rest.find(name).map(|place| place + name.len()))
        .min()
    {
        let (before, after) = rest.split_at(begin);
        shown.push_str(before);
        rest = after.trim_start_matches(|it: char| it.is_ascii_digit());
    }
    shown + rest
}
