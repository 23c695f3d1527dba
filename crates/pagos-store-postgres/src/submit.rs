//! Stores intents as held payouts and members of a run, whole batches or nothing. `run.rs` does
//! everything else about runs.

use std::collections::{HashMap, hash_map};

use pagos_core::{OrderKey, PayoutOrder, Status};
use pagos_engine::{Digest, Intent, Mark, Progress, RunId, StoreError, Submitted};
use tokio_postgres::Row;

use crate::{
    batch::{Batch, Enter},
    connection::Connection,
    failure::Failure,
    pool::Pool,
    row::{self, DIGEST_VERSION},
    sealed::{self, Sealed},
    transaction::Work,
};

/// Submits a batch. A batch of which nothing is stored yet is stored in one round trip, and a batch
/// that is already stored is found in another one. Anything in between takes a transaction of
/// several statements.
pub(crate) async fn submit(
    pool: &Pool,
    run: &RunId,
    intents: &[Intent],
) -> Result<Vec<Submitted>, StoreError> {
    let digests: Vec<Digest> = intents.iter().map(|intent| Digest::of(&intent.order)).collect();
    let open = OpenRun { id: 0, is_closed: false };
    let outcomes = outcomes(open, intents, &digests, (&HashMap::new(), &HashMap::new()));
    let is_refused = outcomes.iter().any(|it| it.is_refusal());
    if !is_refused && pool.fly(&Enter::of(run, intents, &digests)).await? {
        return Ok(outcomes);
    }
    if let Some(outcomes) = pool.read(&Look { run, intents, digests: &digests }).await? {
        return Ok(outcomes);
    }
    pool.write(&Submit { run, intents, digests: &digests }).await
}

/// Looks up what is stored of a batch; `None` if something must be written or refused.
///
/// Nothing is locked: a payout that is a member of the run stays stored, whichever other run is
/// withdrawn.
struct Look<'call> {
    run: &'call RunId,
    intents: &'call [Intent],
    digests: &'call [Digest],
}

impl Work for Look<'_> {
    type Answer = Option<Vec<Submitted>>;

    async fn run(&self, connection: &Connection) -> Result<Self::Answer, Failure> {
        let marks = sealed::marks(self.intents);
        let names: Vec<&str> = marks.keys().map(String::as_str).collect();
        let keys: Vec<&str> = self.intents.iter().map(|it| it.order.key.as_str()).collect();
        let rows = connection.rows(LOOK, &[&keys, &self.run.0, &DIGEST_VERSION, &names]).await?;
        let (mut run, mut stored, mut sealed) = (None, HashMap::new(), HashMap::new());
        for row in &rows {
            let name: &str = row.try_get(0)?;
            match row.try_get(5)? {
                RUN => run = Some(OpenRun { id: 0, is_closed: row.try_get(3)? }),
                STORED_ROW => drop(stored.insert(name.to_owned(), read_stored(row)?)),
                _ => {
                    let Some(key) = marks.get(name) else { continue };
                    sealed.insert(*key, Sealed::read(row, 6, row.try_get(3)?)?);
                }
            }
        }
        let Some(run) = run else { return Ok(None) };
        let stored: HashMap<&str, Stored> =
            keys.into_iter().filter_map(|key| Some((key, stored.remove(key)?))).collect();
        let outcomes = outcomes(run, self.intents, self.digests, (&stored, &sealed));
        // Refusals are checked again under locks, like everything that is not as it should be.
        let is_refused = outcomes.iter().any(|it| it.is_refusal());
        let batch = batch(self.intents, self.digests, &outcomes, (&stored, &sealed));
        Ok((!is_refused && batch.is_empty()).then_some(outcomes))
    }
}

const RUN: i32 = 1;
const STORED_ROW: i32 = 2;

/// One statement, so that a payout that leaves and is sealed is found in one of the two places. The
/// first columns are those of `STORED`.
const LOOK: &str = "WITH run AS MATERIALIZED (
        SELECT id, closed_at IS NOT NULL AS is_closed FROM runs WHERE name = $2
    )
    SELECT '', ''::bytea, '', is_closed, NULL, 1, false, 0, 0::bigint FROM run
    UNION ALL
    SELECT key, digest, progress_json, coalesce((SELECT id FROM run) = ANY (runs), false),
           CASE WHEN digest_version <> $3 THEN order_json END, 2, false, 0, 0
    FROM orders JOIN payouts USING (id) WHERE key = ANY ($1)
    UNION ALL
    SELECT replace(sealed.key::text, '-', ''), ''::bytea, '',
           coalesce(sealed.run = run.id OR EXISTS (
               SELECT FROM sealed_members
               WHERE sealed_members.run = run.id AND sealed_members.key = sealed.key), false),
           NULL, 3, succeeded, day, digest
    FROM sealed LEFT JOIN run ON true WHERE sealed.key = ANY ($4::text[]::uuid[])";

/// A batch of intents, looked up under locks.
struct Submit<'call> {
    run: &'call RunId,
    intents: &'call [Intent],
    digests: &'call [Digest],
}

impl Work for Submit<'_> {
    type Answer = Vec<Submitted>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Submitted>, Failure> {
        sealed::seal_nothing(connection).await?;
        let run = lock_run(connection, self.run, self.intents).await?;
        let stored = stored(connection, self.intents, run.id).await?;
        // After the payouts, never before: a payout can leave and be sealed in between.
        let sealed = sealed::find(connection, self.intents, run.id).await?;
        let outcomes = outcomes(run, self.intents, self.digests, (&stored, &sealed));
        // The run's row stays, even if nothing else is stored.
        if outcomes.iter().any(|outcome| outcome.is_refusal()) {
            return Ok(outcomes);
        }
        let batch = batch(self.intents, self.digests, &outcomes, (&stored, &sealed));
        batch.write(connection, run.id).await?;
        Ok(outcomes)
    }
}

/// What must be written if nothing is refused.
fn batch<'call>(
    intents: &'call [Intent],
    digests: &[Digest],
    outcomes: &[Submitted],
    (stored, sealed): (&HashMap<&str, Stored>, &HashMap<&str, Sealed>),
) -> Batch<'call> {
    let mut batch = Batch::default();
    for ((intent, digest), outcome) in intents.iter().zip(digests).zip(outcomes) {
        match outcome {
            Submitted::New => batch.enter(intent, *digest),
            Submitted::Archived(seal) => batch.join_archived(intent, *seal, sealed),
            _ => batch.join(intent, stored),
        }
    }
    batch
}

#[derive(Debug, Clone, Copy)]
struct OpenRun {
    id: i64,
    is_closed: bool,
}

/// Finds or creates the run's row, and locks it against a release or a withdrawal. Other batches of
/// the run need not wait.
async fn lock_run(
    connection: &Connection,
    run: &RunId,
    intents: &[Intent],
) -> Result<OpenRun, Failure> {
    let select = "SELECT id, closed_at IS NOT NULL FROM runs WHERE name = $1 FOR SHARE";
    let mut found = connection.at_most_one(select, &[&run.0]).await?;
    if found.is_none() {
        let created_at = row::millis(intents.iter().map(|intent| intent.created_at).min());
        let insert = "INSERT INTO runs (name, created_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        connection.execute(insert, &[&run.0, &created_at]).await?;
        found = connection.at_most_one(select, &[&run.0]).await?;
    }
    let found = found
        .ok_or_else(|| Failure::collision("another worker withdraws the run at this moment"))?;
    Ok(OpenRun { id: found.try_get(0)?, is_closed: found.try_get(1)? })
}

/// What is stored under the key of an intent.
pub(crate) struct Stored {
    digest: Digest,
    status: Status,
    pub(crate) is_member: bool,
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

/// The order is included only if its digest has another version.
const STORED: &str = "SELECT key, digest, progress_json, $2::bigint = ANY (runs),
        CASE WHEN digest_version <> $3 THEN order_json END
    FROM orders JOIN payouts USING (id) WHERE key = ANY ($1) ORDER BY key FOR UPDATE OF payouts";

/// # Errors
/// If it cannot be determined whether it is the same order. A progress that this version cannot
/// read is no such error: only the status of that payout is then unknown.
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
        let is_closed = run.is_closed && !is_member;
        outcomes.push(match known {
            Some(stored) if stored.digest != *digest => Submitted::Conflict,
            _ if sealed.is_some_and(|sealed| !sealed.is_of(Mark::of(key, *digest))) => {
                Submitted::Conflict
            }
            _ if is_closed => Submitted::Closed,
            Some(stored) => Submitted::Existing { status: stored.status },
            // It is never stored again, whatever order comes under its key.
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
