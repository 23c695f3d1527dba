//! Intents become held payouts and members of a run, whole batches or nothing. What else happens to
//! runs is in `run.rs`.

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::collections::HashMap;
use std::collections::hash_map;

use pagos_core::OrderKey;
use pagos_core::PayoutOrder;
use pagos_core::Status;
use pagos_engine::Digest;
use pagos_engine::Intent;
use pagos_engine::Mark;
use pagos_engine::Progress;
use pagos_engine::RunId;
use pagos_engine::Seal;
use pagos_engine::Submitted;
use tokio_postgres::Row;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;
use crate::row::DIGEST_VERSION;
use crate::sealed;
use crate::sealed::Sealed;
use crate::tallies::count_moved;
use crate::tallies::is_at_rest;
use crate::transaction::Work;

/// A batch of intents.
pub(crate) struct Submit<'call> {
    pub(crate) run: &'call RunId,
    pub(crate) intents: &'call [Intent],
}

impl Work for Submit<'_> {
    type Answer = Vec<Submitted>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Submitted>, Failure> {
        let digests: Vec<Digest> =
            self.intents.iter().map(|intent| Digest::of(&intent.order)).collect();
        let run = lock_run(connection, self.run).await?;
        let stored = stored(connection, self.intents, run.id).await?;
        // After the payouts, never before: in between, one can leave them and be sealed.
        let sealed = sealed::find(connection, self.intents, run.id).await?;
        let outcomes = outcomes(run, self.intents, &digests, (&stored, &sealed));
        // The run's row stays, even if nothing else does.
        if outcomes.iter().any(|outcome| outcome.is_refusal()) {
            return Ok(outcomes);
        }
        let mut batch = Batch::default();
        for ((intent, digest), outcome) in self.intents.iter().zip(&digests).zip(&outcomes) {
            match outcome {
                Submitted::New => batch.enter(intent, *digest),
                Submitted::Archived(seal) => batch.join_archived(intent, *seal, &sealed),
                _ => batch.join(&intent.order.key, &stored),
            }
        }
        batch.write(connection, run.id).await?;
        Ok(outcomes)
    }
}

#[derive(Debug, Clone, Copy)]
struct OpenRun {
    id: i64,
    is_released: bool,
}

/// Finds or makes the run's row, and locks it against a release or a withdrawal. Other batches of the
/// run need not wait.
async fn lock_run(connection: &Connection, run: &RunId) -> Result<OpenRun, Failure> {
    let select = "SELECT id, released_at IS NOT NULL FROM runs WHERE name = $1 FOR SHARE";
    let mut found = connection.at_most_one(select, &[&run.0]).await?;
    if found.is_none() {
        let insert = "INSERT INTO runs (name) VALUES ($1) ON CONFLICT DO NOTHING";
        connection.execute(insert, &[&run.0]).await?;
        found = connection.at_most_one(select, &[&run.0]).await?;
    }
    let found = found
        .ok_or_else(|| Failure::collision("another worker withdraws the run at this moment"))?;
    Ok(OpenRun { id: found.try_get(0)?, is_released: found.try_get(1)? })
}

/// What is there under the key of an intent.
struct Stored {
    digest: Digest,
    status: Status,
    is_member: bool,
}

/// Locks what it finds, so that nobody withdraws it before the answer.
async fn stored<'call>(
    connection: &Connection,
    intents: &'call [Intent],
    run: i64,
) -> Result<HashMap<&'call str, Stored>, Failure> {
    let keys: Vec<&str> = intents.iter().map(|intent| intent.order.key.as_str()).collect();
    let rows = connection.rows(STORED, &[&keys, &run, &DIGEST_VERSION]).await?;
    let mut found = HashMap::new();
    for row in rows {
        found.insert(row.try_get::<_, String>(0)?, read_stored(&row)?);
    }
    let known = |key: &'call str| Some((key, found.remove(key)?));
    Ok(keys.into_iter().filter_map(known).collect())
}

/// An order comes along only where its digest is of another version.
const STORED: &str = "SELECT key, digest, progress_json, $2::bigint = ANY (runs),
        CASE WHEN digest_version <> $3 THEN order_json END
    FROM payouts WHERE key = ANY ($1) ORDER BY key FOR UPDATE";

/// # Errors
/// If nobody can tell whether it is the same order. A progress that this version cannot read is no
/// such case: of that payout it is not known where it stands.
fn read_stored(row: &Row) -> Result<Stored, Failure> {
    let old_order: Option<&str> = row.try_get(4)?;
    let digest = match old_order {
        None => row::stored_digest(row, 1)?,
        Some(_) => Digest::of(&row::json::<PayoutOrder>(row, 4, "its order")?),
    };
    let status = match row::json::<Progress>(row, 2, "its progress") {
        Ok(progress) => progress.status(),
        Err(why) if why.is_unreadable_row() => Status::Unknown,
        Err(failure) => return Err(failure),
    };
    Ok(Stored { digest, status, is_member: row.try_get(3)? })
}

fn outcomes(
    run: OpenRun,
    intents: &[Intent],
    digests: &[Digest],
    (stored, sealed): (&HashMap<&str, Stored>, &HashMap<&str, Sealed>),
) -> Vec<Submitted> {
    let mut batch: HashMap<&OrderKey, Digest> = HashMap::new();
    let mut outcomes = Vec::with_capacity(intents.len());
    for (intent, digest) in intents.iter().zip(digests) {
        let key = &intent.order.key;
        let known = stored.get(key.as_str());
        let sealed = sealed.get(key.as_str()).filter(|_| known.is_none());
        let is_member = known.is_some_and(|stored| stored.is_member)
            || sealed.is_some_and(|sealed| sealed.is_member);
        let is_closed = run.is_released && !is_member;
        outcomes.push(match known {
            Some(stored) if stored.digest != *digest => Submitted::Conflict,
            _ if sealed.is_some_and(|sealed| !sealed.is_of(Mark::of(key, *digest))) => {
                Submitted::Conflict
            }
            _ if is_closed => Submitted::Closed,
            Some(stored) => Submitted::Existing { status: stored.status },
            // Never stored anew, whatever comes under it.
            None if let Some(sealed) = sealed => Submitted::Archived(sealed.seal),
            None => match batch.entry(key) {
                hash_map::Entry::Vacant(entry) => {
                    entry.insert(*digest);
                    Submitted::New
                }
                hash_map::Entry::Occupied(entry) if entry.get() == digest => {
                    Submitted::Existing { status: Progress::new(intent.created_at).status() }
                }
                hash_map::Entry::Occupied(_) => Submitted::Conflict,
            },
        });
    }
    outcomes
}

/// What one call writes.
#[derive(Default)]
struct Batch<'call> {
    new: BTreeMap<&'call str, New<'call>>,
    /// Stored payouts that become members.
    joins: BTreeSet<&'call str>,
    /// Archived payouts that become members, by their marks.
    archived: BTreeMap<String, (&'call PayoutOrder, Seal)>,
}

struct New<'call> {
    intent: &'call Intent,
    digest: Digest,
}

impl<'call> Batch<'call> {
    fn enter(&mut self, intent: &'call Intent, digest: Digest) {
        self.new.insert(intent.order.key.as_str(), New { intent, digest });
    }

    /// Makes a stored payout a member. Its version stays: nothing that a step is computed from has
    /// changed.
    fn join(&mut self, key: &'call OrderKey, stored: &HashMap<&str, Stored>) {
        let key = key.as_str();
        if stored.get(key).is_some_and(|stored| !stored.is_member) {
            self.joins.insert(key);
        }
    }

    /// Makes an archived payout a member, which counts in the run.
    fn join_archived(&mut self, intent: &'call Intent, seal: Seal, sealed: &HashMap<&str, Sealed>) {
        let key = &intent.order.key;
        if sealed.get(key.as_str()).is_some_and(|sealed| !sealed.is_member) {
            self.archived.insert(sealed::hex(Mark::of_key(key)), (&intent.order, seal));
        }
    }

    /// In the order of the keys, and in one statement, so that the tallies are counted in their order.
    async fn write(&self, connection: &Connection, run: i64) -> Result<(), Failure> {
        if self.new.is_empty() && self.joins.is_empty() && self.archived.is_empty() {
            return Ok(());
        }
        let new = || self.new.values();
        let orders = || new().map(|new| &new.intent.order);
        let progress: Vec<Progress> =
            new().map(|new| Progress::new(new.intent.created_at)).collect();
        let keys: Vec<&str> = orders().map(|order| order.key.as_str()).collect();
        let accounts: Vec<&str> = orders().map(|order| order.account.as_str()).collect();
        let currencies: Vec<&str> = orders().map(|order| order.amount.currency.code()).collect();
        let amounts: Vec<i64> = orders().map(|order| order.amount.minor).collect();
        let created: Vec<i64> = new().map(|new| new.intent.created_at.as_millis()).collect();
        let digests: Vec<&[u8]> = new().map(|new| new.digest.0.as_slice()).collect();
        let words: Vec<&str> = progress.iter().map(Progress::word).collect();
        let works: Vec<&str> = progress.iter().map(|progress| progress.work().word()).collect();
        let at_rest: Vec<bool> =
            progress.iter().map(|progress| is_at_rest(true, None, progress)).collect();
        let attention: Vec<bool> =
            progress.iter().map(|progress| progress.attention.is_some()).collect();
        let joins: Vec<&str> = self.joins.iter().copied().collect();
        let marks: Vec<&str> = self.archived.keys().map(String::as_str).collect();
        let old = || self.archived.values();
        let old_accounts: Vec<&str> = old().map(|(order, _)| order.account.as_str()).collect();
        let old_currencies: Vec<&str> =
            old().map(|(order, _)| order.amount.currency.code()).collect();
        let old_words: Vec<&str> = old().map(|(_, seal)| seal.ended.word()).collect();
        let old_amounts: Vec<i64> = old().map(|(order, _)| order.amount.minor).collect();
        let row = connection
            .one(
                WRITE,
                &[
                    &connection.stripe,
                    &run,
                    &DIGEST_VERSION,
                    &keys,
                    &accounts,
                    &currencies,
                    &amounts,
                    &created,
                    &digests,
                    &row::texts(&orders().collect::<Vec<_>>())?,
                    &row::texts(&progress)?,
                    &words,
                    &works,
                    &at_rest,
                    &attention,
                    &joins,
                    &marks,
                    &old_accounts,
                    &old_currencies,
                    &old_words,
                    &old_amounts,
                ],
            )
            .await?;
        let written: [i64; 3] = [row.try_get(0)?, row.try_get(1)?, row.try_get(2)?];
        match written == [keys.len(), joins.len(), marks.len()].map(row::limit) {
            true => Ok(()),
            // What was answered for these keys no longer holds: look again.
            false => Err(Failure::collision("another worker submits the same keys at this moment")),
        }
    }
}

/// `reopened`: deliveries that named an order before it was known. They are locked before the tallies.
const WRITE: &str = concat!(
    "WITH new AS (
        INSERT INTO payouts (key, account, currency, amount_minor, created_at, digest, order_json,
                             progress_json, status, work, at_rest, attention,
                             runs, digest_version, held, version, epoch, seal_checked)
        SELECT list.*, ARRAY[$2::bigint], $3::integer, true, 1, 0, true
        FROM unnest($4::text[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bytea[],
                    $10::text[], $11::text[], $12::text[], $13::text[], $14::boolean[],
                    $15::boolean[]) AS list
        ON CONFLICT (key) DO NOTHING
        RETURNING key, account, currency, status, amount_minor, at_rest, attention, created_at
    ), arrived AS (
        INSERT INTO arrivals (created_at, key, account) SELECT created_at, key, account FROM new
    ), joined AS (
        UPDATE payouts SET runs = runs || $2::bigint WHERE key = ANY ($16::text[])
        RETURNING key, account, currency, status, amount_minor, at_rest, attention, created_at
    ), archived AS (
        INSERT INTO sealed_members (run, key, account, currency, status, amount_minor)
        SELECT $2::bigint, list.mark::uuid, list.account, list.currency, list.status,
               list.amount_minor
        FROM unnest($17::text[], $18::text[], $19::text[], $20::text[], $21::bigint[])
             AS list (mark, account, currency, status, amount_minor)
        ON CONFLICT DO NOTHING
        RETURNING account, currency, status, amount_minor
    ), entered AS (
        INSERT INTO members (run, key, created_at)
        SELECT $2::bigint, key, created_at FROM new
        UNION ALL SELECT $2::bigint, key, created_at FROM joined
    ), named AS MATERIALIZED (
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
    ), moved AS (
        SELECT run, account, currency, status, amount_minor, at_rest, attention, 1 AS sign
        FROM before CROSS JOIN new CROSS JOIN unnest(ARRAY[$2::bigint, 0]) AS run
        UNION ALL
        SELECT $2::bigint, account, currency, status, amount_minor, at_rest, attention, 1
        FROM before CROSS JOIN joined
        UNION ALL
        SELECT run, account, currency, status, amount_minor, true, false, 1
        FROM before CROSS JOIN archived CROSS JOIN unnest(ARRAY[$2::bigint, -$2::bigint]) AS run
    ), ",
    count_moved!(),
    "SELECT (SELECT count(*) FROM new), (SELECT count(*) FROM joined),
            (SELECT count(*) FROM archived)"
);
