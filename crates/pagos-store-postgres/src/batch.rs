//! Writes a submission: new payouts, and memberships of stored or archived ones. `submit.rs`
//! decides which is which.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use pagos_core::PayoutOrder;
use pagos_engine::{Actor, Digest, Intent, Mark, Progress, RunId, Seal};

use crate::{
    connection::Connection,
    failure::Failure,
    flight::{Flight, Statement, raised},
    row::{self, DIGEST_VERSION},
    sealed::{self, Sealed},
    submit::Stored,
    tallies::{count_moved, is_at_rest},
};

/// What one submission writes.
#[derive(Default)]
pub(crate) struct Batch<'call> {
    new: NewPayouts<'call>,
    /// Stored payouts that become members.
    joins: BTreeSet<&'call str>,
    /// Archived payouts that become members, by their marks.
    archived: BTreeMap<String, (&'call PayoutOrder, Seal)>,
    /// Who submits what becomes a member.
    joined_by: BTreeSet<&'call str>,
}

impl<'call> Batch<'call> {
    pub(crate) fn enter(&mut self, intent: &'call Intent, digest: Digest) {
        self.new.enter(intent, digest);
    }

    /// Makes a stored payout a member. Its version does not change, since nothing that a step is
    /// computed from has changed.
    pub(crate) fn join(&mut self, intent: &'call Intent, stored: &HashMap<&str, Stored>) {
        let key = intent.order.key.as_str();
        let is_new = stored.get(key).is_some_and(|stored| !stored.is_member);
        if is_new && self.joins.insert(key) {
            self.joined_by.extend(intent.by.as_ref().map(Actor::as_str));
        }
    }

    /// Makes an archived payout a member, and counts it in the run.
    pub(crate) fn join_archived(
        &mut self,
        intent: &'call Intent,
        seal: Seal,
        sealed: &HashMap<&str, Sealed>,
    ) {
        let key = &intent.order.key;
        let is_new = sealed.get(key.as_str()).is_some_and(|sealed| !sealed.is_member);
        let mut joins =
            || self.archived.insert(sealed::hex(Mark::of_key(key)), (&intent.order, seal));
        if is_new && joins().is_none() {
            self.joined_by.extend(intent.by.as_ref().map(Actor::as_str));
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.new.0.is_empty() && self.joins.is_empty() && self.archived.is_empty()
    }

    /// Writes in the order of the keys and in one statement, so that the tallies are counted in
    /// their order.
    pub(crate) async fn write(&self, connection: &Connection, run: i64) -> Result<(), Failure> {
        if self.is_empty() {
            return Ok(());
        }
        let old = || self.archived.values();
        let statement = Statement::new(WRITE).with(connection.stripe).with(run);
        let statement = self
            .new
            .values(statement)?
            .with(self.joins.iter().copied().collect::<Vec<_>>())
            .with(self.archived.keys().map(String::as_str).collect::<Vec<_>>())
            .with(old().map(|(order, _)| order.account.as_str()).collect::<Vec<_>>())
            .with(old().map(|(order, _)| order.amount.currency.code()).collect::<Vec<_>>())
            .with(old().map(|(_, seal)| seal.ended.word()).collect::<Vec<_>>())
            .with(old().map(|(order, _)| order.amount.minor).collect::<Vec<_>>())
            .with(self.new.actors().union(&self.joined_by).copied().collect::<Vec<_>>());
        let row = connection.one(statement.sql, &statement.parameters()).await?;
        let written: [i64; 2] = [row.try_get(0)?, row.try_get(1)?];
        match written == [self.joins.len(), self.archived.len()].map(row::limit) {
            true => Ok(()),
            // The answers for these keys no longer hold: look again.
            false => Err(Failure::collision("another worker submits the same keys at this moment")),
        }
    }
}

/// Payouts that are not stored yet, by key.
#[derive(Default)]
struct NewPayouts<'call>(BTreeMap<&'call str, (&'call Intent, Digest)>);

impl<'call> NewPayouts<'call> {
    fn enter(&mut self, intent: &'call Intent, digest: Digest) {
        self.0.entry(intent.order.key.as_str()).or_insert((intent, digest));
    }

    /// Who submits them, as far as that is known.
    fn actors(&self) -> BTreeSet<&'call str> {
        let actors = self.0.values().filter_map(|(intent, _)| intent.by.as_ref());
        actors.map(Actor::as_str).collect()
    }

    /// One array per column.
    fn values(&self, statement: Statement<'call>) -> Result<Statement<'call>, Failure> {
        let intents = || self.0.values().map(|(intent, _)| *intent);
        let orders = || intents().map(|intent| &intent.order);
        let progress: Vec<Progress> =
            intents().map(|intent| Progress::new(intent.created_at)).collect();
        let progress = || progress.iter();
        Ok(statement
            .with(DIGEST_VERSION)
            .with(orders().map(|order| order.key.as_str()).collect::<Vec<_>>())
            .with(orders().map(|order| order.account.as_str()).collect::<Vec<_>>())
            .with(orders().map(|order| order.amount.currency.code()).collect::<Vec<_>>())
            .with(orders().map(|order| order.amount.minor).collect::<Vec<_>>())
            .with(intents().map(|intent| intent.created_at.as_millis()).collect::<Vec<_>>())
            .with(self.0.values().map(|(_, digest)| digest.0.to_vec()).collect::<Vec<_>>())
            .with(row::texts(&orders().collect::<Vec<_>>())?)
            .with(row::texts(&progress().collect::<Vec<_>>())?)
            .with(progress().map(Progress::word).collect::<Vec<_>>())
            .with(progress().map(|progress| progress.work().word()).collect::<Vec<_>>())
            .with(progress().map(|it| is_at_rest(true, None, it)).collect::<Vec<_>>())
            .with(progress().map(|it| it.attention.is_some()).collect::<Vec<_>>()))
    }
}

/// Stores a batch of which nothing is stored yet, in one round trip. If some of it is stored, or
/// the run accepts no new orders, the answer is false, and nothing but the run is stored.
pub(crate) struct Enter<'call> {
    run: &'call RunId,
    new: NewPayouts<'call>,
}

impl<'call> Enter<'call> {
    /// Takes a batch whose keys are all different, except for repetitions of the same order.
    pub(crate) fn of(run: &'call RunId, intents: &'call [Intent], digests: &[Digest]) -> Self {
        let mut new = NewPayouts::default();
        for (intent, digest) in intents.iter().zip(digests) {
            new.enter(intent, *digest);
        }
        Self { run, new }
    }
}

const ENTERED: &str = "new";

impl Flight for Enter<'_> {
    type Answer = bool;

    fn statement(&self, stripe: i32) -> Result<Statement<'_>, Failure> {
        let marks = self.new.0.values();
        let marks = marks.map(|(intent, _)| sealed::hex(Mark::of_key(&intent.order.key)));
        let statement = Statement::new(ENTER).with(stripe).with(self.run.0.as_str());
        let mut statement = self
            .new
            .values(statement)?
            .with(marks.collect::<Vec<_>>())
            .with(self.new.actors().into_iter().collect::<Vec<_>>());
        statement.settings = sealed::NOTHING_IS_SEALED;
        Ok(statement)
    }

    fn read(&self, answer: &str) -> Result<bool, Failure> {
        Ok(answer == ENTERED)
    }
}

/// The columns of new payouts, from `$4` on.
macro_rules! list {
    () => {
        "unnest($4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bytea[],
                $10::text[], $11::text[], $12::text[], $13::text[], $14::boolean[],
                $15::boolean[])
             AS list (key, account, currency, amount_minor, created_at, digest, order_json,
                      progress_json, status, work, at_rest, attention)"
    };
}

/// Stores the rows of the statement's table `new`, each with its `run`. If a key was stored in
/// between, its index refuses the statement, and the batch is looked up again.
macro_rules! stored {
    () => {
        "ordered AS (
            INSERT INTO orders (id, key, account, currency, amount_minor, created_at, digest,
                                order_json, digest_version)
            SELECT id, key, account, currency, amount_minor, created_at, digest, order_json,
                   $3::integer
            FROM new
        ), stored AS (
            INSERT INTO payouts (id, progress_json, status, work, at_rest, attention, runs, held,
                                 version, epoch)
            SELECT id, progress_json, status, work, at_rest, attention, ARRAY[run], true, 1, 0
            FROM new
        ), listed AS (
            INSERT INTO unsettled (status, created_at, key)
            SELECT status, created_at, key FROM new WHERE status <> 'succeeded'
        ),"
    };
}

/// Opens deliveries again that named an order before it was known. They are locked before the
/// tallies.
macro_rules! reopened {
    () => {
        "named AS MATERIALIZED (
            SELECT orphan.id
            FROM new JOIN inbox AS orphan ON orphan.account = new.account
                 AND orphan.order_key = new.key AND orphan.state = 'orphan'
            ORDER BY orphan.id FOR UPDATE OF orphan
        ), reopened AS (
            UPDATE inbox SET state = 'open', deferrals = 0
            FROM named WHERE inbox.id = named.id AND inbox.state = 'orphan'
            RETURNING inbox.id
        ), before AS MATERIALIZED (
            SELECT count(*) FROM reopened
        ),"
    };
}

const WRITE: &str = concat!(
    "WITH new AS MATERIALIZED (
        SELECT $2::bigint AS run, nextval('order_ids') AS id, list.* FROM ",
    list!(),
    "), ",
    stored!(),
    " joined AS (
        UPDATE payouts SET runs = runs || $2::bigint
        FROM orders WHERE orders.id = payouts.id AND orders.key = ANY ($16::text[])
        RETURNING key, account, currency, status, amount_minor, at_rest, attention, created_at
    ), archived AS (
        INSERT INTO sealed_members (run, key, account, currency, status, amount_minor)
        SELECT $2::bigint, list.mark::uuid, list.account, list.currency, list.status,
               list.amount_minor
        FROM unnest($17::text[], $18::text[], $19::text[], $20::text[], $21::bigint[])
             AS list (mark, account, currency, status, amount_minor)
        ON CONFLICT DO NOTHING
        RETURNING account, currency, status, amount_minor
    ), noted AS (
        INSERT INTO run_actors (run, actor)
        SELECT $2::bigint, actor FROM unnest($22::text[]) AS list (actor)
        ON CONFLICT DO NOTHING
    ), entered AS (
        INSERT INTO members (run, key, created_at)
        SELECT run, key, created_at FROM new
        UNION ALL SELECT $2::bigint, key, created_at FROM joined
    ), ",
    reopened!(),
    " moved AS (
        SELECT run, account, currency, status, amount_minor, at_rest, attention, 1 AS sign
        FROM before CROSS JOIN (SELECT account, currency, status, amount_minor, at_rest, attention
                                FROM new) AS new
                    CROSS JOIN unnest(ARRAY[$2::bigint, 0]) AS run
        UNION ALL
        SELECT $2::bigint, account, currency, status, amount_minor, at_rest, attention, 1
        FROM before CROSS JOIN joined
        UNION ALL
        SELECT run, account, currency, status, amount_minor, true, false, 1
        FROM before CROSS JOIN archived CROSS JOIN unnest(ARRAY[$2::bigint, -$2::bigint]) AS run
    ), ",
    count_moved!(),
    "SELECT (SELECT count(*) FROM joined), (SELECT count(*) FROM archived)"
);

/// `open` has the run if it accepts new orders, and locks it against a release or a withdrawal;
/// other batches of the run need not wait. `fresh` has it only if nothing of the batch is stored or
/// sealed, and everything else depends on `fresh`. Seals do not change until this is committed: see
/// `sealed.rs`.
const ENTER: &str = concat!(
    "WITH made AS (
        INSERT INTO runs (name, created_at)
        SELECT $2, (SELECT min(moment) FROM unnest($8::bigint[]) AS list (moment))
        WHERE NOT EXISTS (SELECT FROM runs WHERE name = $2)
        ON CONFLICT DO NOTHING RETURNING id
    ), known AS MATERIALIZED (
        SELECT id, closed_at FROM runs WHERE name = $2 FOR SHARE
    ), open AS MATERIALIZED (
        SELECT id FROM made UNION ALL SELECT id FROM known WHERE closed_at IS NULL
    ), fresh AS MATERIALIZED (
        SELECT id FROM open
        WHERE NOT EXISTS (SELECT FROM orders WHERE key = ANY ($4::text[]))
          AND NOT EXISTS (SELECT FROM sealed WHERE key = ANY ($16::text[]::uuid[]))
    ), noted AS (
        INSERT INTO run_actors (run, actor)
        SELECT fresh.id, actor FROM fresh CROSS JOIN unnest($17::text[]) AS list (actor)
        ON CONFLICT DO NOTHING
    ), new AS MATERIALIZED (
        SELECT fresh.id AS run, nextval('order_ids') AS id, list.* FROM fresh CROSS JOIN ",
    list!(),
    "), ",
    stored!(),
    " entered AS (
        INSERT INTO members (run, key, created_at) SELECT run, key, created_at FROM new
    ), ",
    reopened!(),
    " moved AS (
        SELECT counted.run, account, currency, status, amount_minor, at_rest, attention, 1 AS sign
        FROM before CROSS JOIN new CROSS JOIN LATERAL unnest(ARRAY[new.run, 0]) AS counted (run)
    ), outcome AS MATERIALIZED (
        SELECT CASE WHEN EXISTS (SELECT FROM new) THEN 'new' ELSE 'known' END AS answer
    ), ",
    count_moved!(),
    ", ",
    raised!("$18", "$19")
);
