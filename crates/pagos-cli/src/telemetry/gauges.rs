//! Gauges: the state of the store when somebody asks. A process that does nothing else shows the
//! same numbers as the one that sends.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use metrics_exporter_prometheus::PrometheusBuilder;
use pagos_core::{AccountName, Clock, Timestamp};
use pagos_engine::{Lane, Payout, Store, StoreError, Tally, Work};
use pagos_events::{EndpointName, EndpointState, Standing, endpoint_names, endpoint_state};
use tokio::sync::Mutex;

use super::names;

/// The maximum age of an answer of the store. However often somebody asks, the store is read no
/// more often than that.
const FRESH: Duration = Duration::from_secs(5);

/// How long the store may take.
const STORE_MAX: Duration = Duration::from_secs(2);

/// Of more payouts in doubt than that, only the first submitted are looked at.
const DOUBTS_MAX: usize = 1_000;

/// The gauges of one store.
#[derive(Debug)]
pub(crate) struct Gauges {
    store: Arc<dyn Store>,
    accounts: Vec<AccountName>,
    clock: Arc<dyn Clock>,
    last: Mutex<Option<(Timestamp, String)>>,
}

/// What the store says at one moment.
#[derive(Debug, Default)]
struct Found {
    tally: Tally,
    doubts_oldest: BTreeMap<AccountName, Duration>,
    due_lags: BTreeMap<Lane, Duration>,
    readers: Vec<Behind>,
    endpoints: Vec<(EndpointName, EndpointState)>,
    halted: Vec<AccountName>,
}

/// How far a reader of the outbox is behind.
#[derive(Debug)]
struct Behind {
    reader: String,
    notices: u64,
    age: Duration,
}

impl Gauges {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        accounts: Vec<AccountName>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, accounts, clock, last: Mutex::default() }
    }

    /// The gauges as Prometheus reads them, at most [`FRESH`] old. Whoever asks meanwhile waits for
    /// the one that reads.
    pub(crate) async fn render(&self) -> String {
        let mut last = self.last.lock().await;
        let now = self.clock.now();
        if let Some((at, page)) = last.as_ref()
            && *at <= now
            && now.since(*at) < FRESH
        {
            return page.clone();
        }
        let found = tokio::time::timeout(STORE_MAX, self.find(now)).await;
        // The error may name files; the log of the engine and `pagos doctor` show it.
        let page = self.page(found.ok().and_then(Result::ok).as_ref(), now);
        *last = Some((now, page.clone()));
        page
    }

    async fn find(&self, now: Timestamp) -> Result<Found, StoreError> {
        let store = self.store.as_ref();
        let mut found = Found {
            tally: store.tally(None).await?,
            halted: store.halted().await?,
            ..Found::default()
        };
        for account in &self.accounts {
            let doubts = store.doubts(account, DOUBTS_MAX).await?;
            found.doubts_oldest.insert(account.clone(), oldest(&doubts, now));
            for work in Work::ALL {
                let lane = Lane { account: account.clone(), work };
                let due_at = store.next_due(std::slice::from_ref(&lane)).await?;
                found.due_lags.insert(lane, due_at.map_or(Duration::ZERO, |at| now.since(at)));
            }
        }
        let newest = store.newest_notice().await?;
        for (reader, position) in store.readers().await? {
            let next = store.outbox(position, 1).await?;
            let age = next.first().map_or(Duration::ZERO, |(_, notice)| now.since(notice.at));
            let notices = newest.saturating_sub(position);
            found.readers.push(Behind { reader, notices, age });
        }
        for name in endpoint_names(store).await? {
            let state = endpoint_state(store, &name).await?;
            found.endpoints.push((name, state));
        }
        Ok(found)
    }

    /// A recorder of its own, so that what is no longer true leaves no line behind.
    fn page(&self, found: Option<&Found>, now: Timestamp) -> String {
        let recorder = PrometheusBuilder::new().build_recorder();
        metrics::with_local_recorder(&recorder, || {
            names::describe();
            metrics::gauge!(names::BUILD_INFO, "version" => env!("CARGO_PKG_VERSION")).set(1);
            metrics::gauge!(names::STORE_UP).set(u8::from(found.is_some()));
            if let Some(found) = found {
                self.tell(found);
                tell_endpoints(&found.endpoints, now);
            }
        });
        recorder.handle().render()
    }

    fn tell(&self, found: &Found) {
        for ((account, status), (count, attention)) in by_status(&found.tally) {
            let labels = [("account", account), ("status", status)];
            metrics::gauge!(names::PAYOUTS, &labels).set(float(count));
            metrics::gauge!(names::WAITING, &labels).set(float(attention));
        }
        for (account, age) in &found.doubts_oldest {
            let account = account.to_string();
            metrics::gauge!(names::DOUBT_OLDEST, "account" => account).set(age.as_secs_f64());
        }
        for (lane, lag) in &found.due_lags {
            let (account, work) = (lane.account.to_string(), lane.work.word());
            metrics::gauge!(names::DUE_LAG, "account" => account, "work" => work)
                .set(lag.as_secs_f64());
        }
        for Behind { reader, notices, age } in &found.readers {
            metrics::gauge!(names::OUTBOX_NOTICES, "reader" => reader.clone()).set(float(*notices));
            metrics::gauge!(names::OUTBOX_SECONDS, "reader" => reader.clone())
                .set(age.as_secs_f64());
        }
        for account in &self.accounts {
            let is_halted = found.halted.contains(account);
            metrics::gauge!(names::HALTED, "account" => account.to_string())
                .set(u8::from(is_halted));
        }
    }
}

fn tell_endpoints(endpoints: &[(EndpointName, EndpointState)], now: Timestamp) {
    for (name, state) in endpoints {
        let labels = [("endpoint", name.to_string())];
        let age = state.waiting_since.map_or(Duration::ZERO, |since| now.since(since));
        metrics::gauge!(names::EVENT_WAITING, &labels).set(float(state.waiting));
        metrics::gauge!(names::EVENT_LAG, &labels).set(age.as_secs_f64());
        metrics::gauge!(names::EVENT_OFF, &labels).set(u8::from(state.standing == Standing::Off));
    }
}

/// How long the oldest doubt has lasted. It began when the answer did not come, perhaps long after
/// the payout was submitted.
fn oldest(doubts: &[Payout], now: Timestamp) -> Duration {
    let since = doubts.iter().filter_map(Payout::in_doubt_since).min();
    since.map_or(Duration::ZERO, |since| now.since(since))
}

/// Counts of payouts, and of those that wait for a person, over all currencies.
fn by_status(tally: &Tally) -> BTreeMap<(String, String), (u64, u64)> {
    let mut counts = BTreeMap::new();
    for row in &tally.rows {
        let name = (row.account.to_string(), row.status.clone());
        let (count, attention) = counts.entry(name).or_default();
        *count += row.count;
        *attention += row.attention;
    }
    counts
}

/// Gauges are floats in Prometheus; counts are exact up to 2^53.
#[allow(clippy::cast_precision_loss, reason = "more than 2^53 payouts do not exist")]
fn float(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use pagos_core::{
        AccountNumber, AccountType, Beneficiary, Currency, Money, Observation, OrderKey,
        PayoutOrder, Source, Status,
    };
    use pagos_engine::{
        Attempt, Attention, Intent, Lease, MemoryStore, Notice, NoticeAbout, NoticeKind,
        RecordKind, RecordStore, RecordWrite, RunId, Step, Wait, Waiting,
    };

    use super::*;

    #[derive(Debug, Default)]
    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(self.0.load(Ordering::Relaxed))
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    fn account() -> AccountName {
        AccountName::new("acme").unwrap()
    }

    /// Two payouts, submitted at 0 and due at 10. One is in doubt since 60 and waits for a person.
    async fn store() -> Arc<MemoryStore> {
        let store = Arc::new(MemoryStore::new());
        let intent = |key: &str| {
            let number = AccountNumber::new("00012345678").unwrap();
            let person = Beneficiary::new("Canaria Amarilla", AccountType::Savings, number);
            let (key, amount) = (OrderKey::new(key).unwrap(), Money::new(100, Currency::Cop));
            Intent {
                order: PayoutOrder::new(key, account(), amount, person),
                created_at: at(0),
                by: None,
            }
        };
        let run = RunId::from("payroll");
        store.submit(&run, vec![intent("k-lost"), intent("k-waits")]).await.unwrap();
        store.release(&run, pagos_engine::suite::permit(2), at(10)).await.unwrap();
        let payout = store.payout(&OrderKey::new("k-lost").unwrap()).await.unwrap().unwrap();
        let mut progress = payout.progress.clone();
        progress.standing.apply(&Observation::new(Status::Unknown, Source::Reply, at(60)));
        progress.open = Some(Attempt { number: 1, begun_at: at(55), epoch: 0 });
        progress.waiting = Some(Waiting { wait: Wait::Doubt, since: at(60) });
        progress.attention = Some(Attention::Overdue("look".to_owned()));
        let halt = |event, seconds| Notice {
            account: account(),
            event,
            about: NoticeAbout::Account,
            at: at(seconds),
        };
        let step = Step {
            key: payout.order.key.clone(),
            version: payout.version,
            fence: None,
            lease: Lease::End,
            progress,
            due_at: None,
            entries: Vec::new(),
            notices: Vec::new(),
            applies: None,
        };
        store.commit(step).await.unwrap();
        store
            .halt(halt(NoticeKind::Attention { because: "refused".to_owned() }, 70))
            .await
            .unwrap();
        store.acknowledge("billing", 0).await.unwrap();
        store.acknowledge("events:erp", 0).await.unwrap();
        let write = RecordWrite {
            kind: RecordKind::Endpoint,
            name: "erp".to_owned(),
            was: None,
            body: Some("{\"health\":{\"off_since\":71000}}".to_owned()),
            notices: Vec::new(),
        };
        store.write_record(write).await.unwrap();
        store
    }

    fn gauges(store: Arc<MemoryStore>, hand: &Arc<Hand>) -> Gauges {
        Gauges::new(store, vec![account()], Arc::clone(hand) as Arc<dyn Clock>)
    }

    #[tokio::test]
    async fn the_gauges_say_what_the_store_says_at_that_moment() {
        let hand = Arc::new(Hand::default());
        hand.0.store(90_000, Ordering::Relaxed);
        let page = gauges(store().await, &hand).render().await;
        for line in [
            "pagos_doubt_oldest_seconds{account=\"acme\"} 30",
            "pagos_due_lag_seconds{account=\"acme\",work=\"send\"} 80",
            "pagos_due_lag_seconds{account=\"acme\",work=\"ask\"} 0",
            "pagos_payouts{account=\"acme\",status=\"created\"} 1",
            "pagos_payouts{account=\"acme\",status=\"unknown\"} 1",
            "pagos_waiting{account=\"acme\",status=\"unknown\"} 1",
            "pagos_waiting{account=\"acme\",status=\"created\"} 0",
            "pagos_account_halted{account=\"acme\"} 1",
            "pagos_outbox_lag_notices{reader=\"billing\"} 1",
            "pagos_outbox_lag_seconds{reader=\"billing\"} 20",
            "pagos_event_waiting{endpoint=\"erp\"} 1",
            "pagos_event_lag_seconds{endpoint=\"erp\"} 20",
            "pagos_event_endpoint_off{endpoint=\"erp\"} 1",
            "pagos_store_up 1",
        ] {
            assert!(page.lines().any(|it| it == line), "{line} is not in\n{page}");
        }
        for secret in ["k-lost", "k-waits", "Canaria", "00012345678"] {
            assert!(!page.contains(secret), "{secret} is in\n{page}");
        }
        names::tests::assert_known(&page);
    }

    #[tokio::test]
    async fn the_store_is_read_every_five_seconds_and_what_is_over_leaves_no_line() {
        let hand = Arc::new(Hand::default());
        hand.0.store(90_000, Ordering::Relaxed);
        let store = store().await;
        let gauges = gauges(Arc::clone(&store), &hand);
        let first = gauges.render().await;
        store.acknowledge("billing", 1).await.unwrap();
        hand.0.store(94_999, Ordering::Relaxed);
        assert_eq!(gauges.render().await, first);
        hand.0.store(95_000, Ordering::Relaxed);
        let page = gauges.render().await;
        assert!(page.contains("pagos_outbox_lag_seconds{reader=\"billing\"} 0\n"), "{page}");
        assert!(page.contains("pagos_doubt_oldest_seconds{account=\"acme\"} 35\n"), "{page}");
        // A clock that was set back does not keep an old answer.
        hand.0.store(80_000, Ordering::Relaxed);
        assert!(
            gauges.render().await.contains("pagos_doubt_oldest_seconds{account=\"acme\"} 20\n")
        );
    }
}
