//! What no step changes is stored separately from what every step rewrites, and what is due has a
//! table of its own.

/// A step rewrites a row of `payouts`, and only the number of that row is indexed: if the page has
/// room, no index is written (HOT). `queue` and `unsettled` repeat in an index what `payouts` says
/// in a row, and are written only if that changes, in the transaction that changes it and under the
/// row's lock. `orders` is never updated, so it has the indexes of lists, and `arrivals` is not
/// needed any more.
///
/// A program of an earlier version that is still running names columns of `payouts` that are in
/// `orders` now, so whatever it would store, claim or write is refused.
pub(super) const VERSION_9: &str = r#"
LOCK TABLE payouts, members, arrivals, payout_references, entries, outbox IN ACCESS EXCLUSIVE MODE;
ALTER TABLE entries DROP CONSTRAINT entries_payout_fkey;
ALTER TABLE payouts RENAME TO old_payouts;

CREATE SEQUENCE order_ids;
SELECT setval('order_ids', last_value, is_called) FROM payouts_id_seq;

CREATE TABLE orders (
    id bigint NOT NULL,
    created_at bigint NOT NULL,
    amount_minor bigint NOT NULL,
    digest_version integer NOT NULL,
    key text COLLATE "C" NOT NULL,
    account text COLLATE "C" NOT NULL,
    currency text NOT NULL,
    digest bytea NOT NULL,
    order_json text NOT NULL
);
INSERT INTO orders (id, created_at, amount_minor, digest_version, key, account, currency, digest,
                    order_json)
SELECT id, created_at, amount_minor, digest_version, key, account, currency, digest, order_json
FROM old_payouts ORDER BY id;

CREATE TABLE payouts (
    id bigint NOT NULL,
    version bigint NOT NULL,
    epoch bigint NOT NULL,
    due_at bigint,
    lease_until bigint,
    held boolean NOT NULL,
    at_rest boolean NOT NULL,
    attention boolean NOT NULL,
    status text COLLATE "C" NOT NULL,
    work text COLLATE "C" NOT NULL,
    progress_json text NOT NULL,
    reference text COLLATE "C",
    unreadable text,
    runs bigint[] NOT NULL
) WITH (fillfactor = 50);
INSERT INTO payouts (id, version, epoch, due_at, lease_until, held, at_rest, attention, status, work,
                     progress_json, reference, unreadable, runs)
SELECT id, version, epoch, due_at, lease_until, held, at_rest, attention, status, work,
       progress_json, reference, unreadable, runs
FROM old_payouts ORDER BY id;

-- Equal due times go by key.
CREATE TABLE queue (
    due_at bigint NOT NULL,
    id bigint NOT NULL,
    account text COLLATE "C" NOT NULL,
    work text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL
);
INSERT INTO queue (due_at, id, account, work, key)
SELECT due_at, id, account, work, key
FROM old_payouts WHERE due_at IS NOT NULL AND NOT held ORDER BY account, work, due_at, key;

CREATE TABLE unsettled (
    created_at bigint NOT NULL,
    status text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL
);
INSERT INTO unsettled (created_at, status, key)
SELECT created_at, status, key
FROM old_payouts WHERE status <> 'succeeded' ORDER BY status, created_at, key;

ALTER TABLE payout_references ADD COLUMN payout bigint;
UPDATE payout_references SET payout = old_payouts.id
FROM old_payouts WHERE old_payouts.key = payout_references.key;
DELETE FROM payout_references WHERE payout IS NULL;
ALTER TABLE payout_references DROP COLUMN key, ALTER COLUMN payout SET NOT NULL;

DROP TABLE old_payouts, arrivals;
ALTER TABLE orders ADD PRIMARY KEY (id), ADD UNIQUE (key);
CREATE INDEX orders_newest ON orders (created_at, key);
CREATE INDEX orders_of_account ON orders (account, created_at, key);
ALTER TABLE payouts ADD PRIMARY KEY (id);
ALTER TABLE queue ADD PRIMARY KEY (account, work, due_at, key);
ALTER TABLE unsettled ADD PRIMARY KEY (status, created_at, key);

-- An entry is found by its payout only, and a notice by its number, or among those that have none yet.
DROP INDEX entries_of;
ALTER TABLE entries DROP CONSTRAINT entries_pkey, ADD PRIMARY KEY (payout, id);
ALTER TABLE outbox DROP CONSTRAINT outbox_pkey;
"#;

#[cfg(all(test, feature = "scratch"))]
mod tests {
    use std::time::Duration;

    use pagos_core::{AccountName, OrderKey, ProviderRef, Timestamp};
    use pagos_engine::{
        ClaimRequest, Filter, Intent, Lane, NoAttempt, Page, Progress, Released, RunId, Share,
        Store, Submitted, Work, suite::permit,
    };

    use super::super::MIGRATIONS;
    use crate::{
        PostgresOptions, PostgresStore, Scratch,
        connection::{Commit, Connection},
        target::{Mode, Target},
        url,
    };

    /// `$PROGRESS` is a new payout's. Two are due to be sent, one of which is claimed, one is held, one is
    /// to be asked about, one is watched, and one waits for a person. A reference is of a payout that is
    /// gone.
    const ROWS: &str = r#"
    INSERT INTO runs (name, released_at) VALUES ('a', 0), ('b', NULL);
    INSERT INTO payouts (id, runs, amount_minor, version, epoch, lease_until, due_at, created_at, held,
                         at_rest, attention, key, account, currency, status, work, reference, digest,
                         digest_version, order_json, progress_json, seal_checked)
    OVERRIDING SYSTEM VALUE
    SELECT id, ARRAY[CASE WHEN held THEN 2 ELSE 1 END], 5, 3, 1, lease_until, due_at, id, held,
           due_at IS NULL AND NOT held, status = 'quarantined', 'k' || id, 'alpha', 'COP', status,
           work, reference, '', 1,
           '{"key":"k' || id || '","account":"alpha","amount":{"minor":5,"currency":"COP"},
             "beneficiary":{"name":"Ana","document":null,"bank":null,"account_type":"savings",
             "account_number":"00012345678","email":null,"phone":null},"description":null}',
           '$PROGRESS', true
    FROM (VALUES (11, NULL, 10, false, 'created', 'send', NULL),
                 (12, NULL, NULL, true, 'created', 'send', NULL),
                 (13, NULL, 20, false, 'pending', 'ask', 'R13'),
                 (14, NULL, 30, false, 'succeeded', 'watch', 'R14'),
                 (15, NULL, NULL, false, 'quarantined', 'ask', NULL),
                 (16, 99, 10, false, 'unknown', 'send', NULL))
        AS list (id, lease_until, due_at, held, status, work, reference);
    SELECT setval('payouts_id_seq', 16);
    INSERT INTO arrivals SELECT created_at, key, account FROM payouts;
    INSERT INTO members (run, key, created_at)
    SELECT unnest(runs), key, created_at FROM payouts;
    INSERT INTO tallies (run, stripe, count, at_rest, attention, amount_minor, account, currency, status)
    SELECT run, 0, count(*), 0, 0, sum(amount_minor), account, currency, status
    FROM payouts CROSS JOIN unnest(runs || 0::bigint) AS run GROUP BY 1, 7, 8, 9;
    INSERT INTO payout_references (account, reference, key)
    VALUES ('alpha', 'R13', 'k13'), ('alpha', 'R14', 'k14'), ('alpha', 'R1', 'k1');
    INSERT INTO entries (payout, entry_json)
    SELECT 13, '{"entry":"attempt_begun","number":' || number || ',"at":1}'
    FROM generate_series(1, 3) AS number;
    INSERT INTO outbox (number, notice_json)
    SELECT 7, '{"account":"alpha","event":{"kind":"in_service_again"},"subject":"account","at":1}';
    "#;

    async fn version_8(url: &str) {
        let options = PostgresOptions::default();
        let server = url::parse(url).unwrap();
        let target = Target::new(server, options.schema, Mode::Write, options.connect_timeout);
        let connection = Connection::open(&target).await.unwrap();
        connection.begin("CREATE SCHEMA pagos").await.unwrap();
        let made = "CREATE TABLE schema_version (version integer);
                    INSERT INTO schema_version VALUES (8)";
        connection.batch(made).await.unwrap();
        for migration in MIGRATIONS.iter().take(8) {
            connection.batch(migration).await.unwrap();
        }
        let progress = Progress::new(Timestamp::from_millis(0));
        let progress = serde_json::to_string(&progress).unwrap();
        connection.batch(&ROWS.replace("$PROGRESS", &progress)).await.unwrap();
        assert!(matches!(connection.commit().await, Commit::Done));
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn lane(work: Work) -> Lane {
        Lane { account: AccountName::new("alpha").unwrap(), work }
    }

    async fn claimed(store: &PostgresStore, work: Work, ms: i64) -> Vec<String> {
        let lease = Duration::from_secs(1);
        let shares = vec![Share { lane: lane(work), limit: 10, lease }];
        let claims = store.claim(ClaimRequest { now: at(ms), shares }, &NoAttempt).await.unwrap();
        claims.into_iter().map(|claim| claim.payout.order.key.to_string()).collect()
    }

    #[tokio::test]
    async fn payouts_of_version_8_stand_where_they_stood() {
        let Some(scratch) = Scratch::from_env() else { return };
        let database = scratch.database().await;
        version_8(&database.url).await;
        let options = PostgresOptions::default();
        let store = PostgresStore::connect(&database.url, options).await.unwrap();
        let account = AccountName::new("alpha").unwrap();
        for (reference, key) in [("R13", Some("k13")), ("R14", Some("k14")), ("R1", None)] {
            let found = ProviderRef::new(reference).unwrap();
            let found = store.payout_of(&account, &found).await.unwrap();
            assert_eq!(found.as_ref().map(OrderKey::as_str), key);
        }
        assert_eq!(store.history(&OrderKey::new("k13").unwrap()).await.unwrap().len(), 3);
        assert_eq!(store.outbox(0, 10).await.unwrap().first().map(|(number, _)| *number), Some(7));
        let stored = store.payout(&OrderKey::new("k11").unwrap()).await.unwrap().unwrap();
        assert_eq!((stored.version, stored.epoch), (3, 1));
        for (status, keys) in [
            ("created", vec!["k12", "k11"]),
            ("pending", vec!["k13"]),
            ("succeeded", vec!["k14"]),
            ("quarantined", vec!["k15"]),
            ("unknown", vec!["k16"]),
        ] {
            let filter = Filter { status: Some(status.to_owned()), ..Filter::default() };
            let found = store.list(&filter, &Page::newest_first(10)).await.unwrap();
            let found: Vec<&str> = found.iter().map(|it| it.order.key.as_str()).collect();
            assert_eq!(found, keys, "{status}");
        }
        assert_eq!(store.next_due(&[lane(Work::Send)]).await.unwrap(), Some(at(10)));
        assert_eq!(store.next_due(&[lane(Work::Ask)]).await.unwrap(), Some(at(20)));
        assert_eq!(claimed(&store, Work::Send, 50).await, ["k11"], "k16 is claimed");
        assert_eq!(claimed(&store, Work::Send, 100).await, ["k16"], "not any more");
        assert_eq!(claimed(&store, Work::Ask, 50).await, ["k13"]);
        assert_eq!(claimed(&store, Work::Watch, 50).await, ["k14"]);
        let held = RunId("b".to_owned());
        let released = store.release(&held, permit(1), at(60)).await.unwrap();
        assert_eq!(released, Released::Done { made_due: 1 });
        assert_eq!(claimed(&store, Work::Send, 60).await, ["k12"]);
        let order = stored.order;
        let again = Intent { order: order.clone(), created_at: at(70), by: None };
        let order = pagos_core::PayoutOrder { key: OrderKey::new("k17").unwrap(), ..order };
        let new = Intent { order, created_at: at(70), by: None };
        let run = RunId("c".to_owned());
        let answers = store.submit(&run, vec![again, new]).await.unwrap();
        assert!(matches!(answers[..], [Submitted::Existing { .. }, Submitted::New]), "{answers:?}");
        let tally = store.tally(None).await.unwrap();
        assert_eq!(tally.total(), 7);
    }
}
