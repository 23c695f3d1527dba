//! Intents become held payouts, whole batches or nothing. Runs are in `run.rs`.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::hash_map;

use pagos_core::AccountName;
use pagos_core::OrderKey;
use pagos_core::Status;
use pagos_engine::Digest;
use pagos_engine::Intent;
use pagos_engine::Progress;
use pagos_engine::RunId;
use pagos_engine::Submitted;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::row;
use crate::tallies::count_moved;
use crate::tallies::is_at_rest;
use crate::transaction::Work;

/// Ties an account to a world. The first world of an account stays.
pub(crate) struct Bind<'call> {
    pub(crate) account: &'call AccountName,
    pub(crate) world: &'call str,
}

impl Work for Bind<'_> {
    type Answer = String;

    async fn run(&self, connection: &Connection) -> Result<String, Failure> {
        let insert = "INSERT INTO worlds (account, world) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        connection.execute(insert, &[&self.account.as_str(), &self.world]).await?;
        // A statement of its own: it sees what another worker bound in between.
        let select = "SELECT world FROM worlds WHERE account = $1";
        Ok(connection.one(select, &[&self.account.as_str()]).await?.try_get(0)?)
    }
}

/// A batch of intents.
pub(crate) struct Submit<'call> {
    pub(crate) intents: &'call [Intent],
}

impl Work for Submit<'_> {
    type Answer = Vec<Submitted>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Submitted>, Failure> {
        let digests: Vec<Digest> =
            self.intents.iter().map(|intent| Digest::of(&intent.order)).collect();
        let stored = stored(connection, self.intents).await?;
        let outcomes = outcomes(self.intents, &digests, &stored);
        if self.intents.is_empty() || outcomes.contains(&Submitted::Conflict) {
            return Ok(outcomes);
        }
        let runs = number_runs(connection, self.intents).await?;
        let mut batch = Batch::default();
        for ((intent, digest), outcome) in self.intents.iter().zip(&digests).zip(&outcomes) {
            let run = *runs
                .get(&intent.run)
                .ok_or_else(|| Failure::new("a run that was just stored is not there"))?;
            match outcome {
                Submitted::New => batch.enter(intent, *digest, run),
                _ => batch.join(&intent.order.key, run, &stored),
            }
        }
        batch.write(connection).await?;
        Ok(outcomes)
    }
}

/// What is there under the key of an intent.
struct Stored {
    digest: Digest,
    status: Status,
    run: i64,
}

/// Locks what it finds, so that nobody withdraws it before the answer.
async fn stored<'call>(
    connection: &Connection,
    intents: &'call [Intent],
) -> Result<HashMap<&'call str, Stored>, Failure> {
    let keys: Vec<&str> = intents.iter().map(|intent| intent.order.key.as_str()).collect();
    let rows = connection
        .rows(
            "SELECT key, digest, progress_json, run FROM payouts WHERE key = ANY ($1)
             ORDER BY key FOR UPDATE",
            &[&keys],
        )
        .await?;
    let mut found = HashMap::new();
    for row in rows {
        let progress: Progress = row::json(&row, 2)?;
        let stored = Stored {
            digest: row::digest(&row, 1)?,
            status: progress.status(),
            run: row.try_get(3)?,
        };
        found.insert(row.try_get::<_, String>(0)?, stored);
    }
    let known = |key: &'call str| Some((key, found.remove(key)?));
    Ok(keys.into_iter().filter_map(known).collect())
}

fn outcomes(
    intents: &[Intent],
    digests: &[Digest],
    stored: &HashMap<&str, Stored>,
) -> Vec<Submitted> {
    let mut batch: HashMap<&OrderKey, Digest> = HashMap::new();
    let mut outcomes = Vec::with_capacity(intents.len());
    for (intent, digest) in intents.iter().zip(digests) {
        let key = &intent.order.key;
        outcomes.push(match (stored.get(key.as_str()), batch.entry(key)) {
            (Some(stored), _) if stored.digest == *digest => {
                Submitted::Existing { status: stored.status }
            }
            (None, hash_map::Entry::Vacant(entry)) => {
                entry.insert(*digest);
                Submitted::New
            }
            (None, hash_map::Entry::Occupied(entry)) if entry.get() == digest => {
                Submitted::Existing { status: Progress::new(intent.created_at).status() }
            }
            _ => Submitted::Conflict,
        });
    }
    outcomes
}

/// The numbers of the runs, which are given to those that have none.
async fn number_runs<'call>(
    connection: &Connection,
    intents: &'call [Intent],
) -> Result<HashMap<&'call RunId, i64>, Failure> {
    let mut names: BTreeMap<&str, &RunId> = BTreeMap::new();
    names.extend(intents.iter().map(|intent| (intent.run.0.as_str(), &intent.run)));
    let mut numbers = HashMap::new();
    for (name, run) in names {
        let select = "SELECT id FROM runs WHERE name = $1";
        let mut row = connection.at_most_one(select, &[&name]).await?;
        if row.is_none() {
            let insert = "INSERT INTO runs (name) VALUES ($1) ON CONFLICT DO NOTHING";
            connection.execute(insert, &[&name]).await?;
            row = connection.at_most_one(select, &[&name]).await?;
        }
        let row = row.ok_or_else(|| Failure::new("a run that was just stored is not there"))?;
        numbers.insert(run, row.try_get(0)?);
    }
    Ok(numbers)
}

/// What one call writes.
#[derive(Default)]
struct Batch<'call> {
    new: BTreeMap<&'call str, New<'call>>,
    /// The run that a stored payout goes to.
    joins: BTreeMap<&'call str, i64>,
}

struct New<'call> {
    intent: &'call Intent,
    digest: Digest,
    run: i64,
}

impl<'call> Batch<'call> {
    fn enter(&mut self, intent: &'call Intent, digest: Digest, run: i64) {
        self.new.insert(intent.order.key.as_str(), New { intent, digest, run });
    }

    /// Moves a payout into another run. Its version stays: nothing that a step is computed from has
    /// changed.
    fn join(&mut self, key: &'call OrderKey, run: i64, stored: &HashMap<&str, Stored>) {
        let key = key.as_str();
        match self.new.get_mut(key) {
            Some(new) => new.run = run,
            None if stored.get(key).is_some_and(|stored| stored.run != run) => {
                self.joins.insert(key, run);
            }
            // The last run counts: one that came before in this batch is forgotten.
            None => {
                self.joins.remove(key);
            }
        }
    }

    /// In the order of the keys, so that two batches never wait for each other.
    async fn write(&self, connection: &Connection) -> Result<(), Failure> {
        if !self.new.is_empty() {
            self.insert(connection).await?;
        }
        if !self.joins.is_empty() {
            let keys: Vec<&str> = self.joins.keys().copied().collect();
            let runs: Vec<i64> = self.joins.values().copied().collect();
            connection.execute(JOIN, &[&connection.stripe, &keys, &runs]).await?;
        }
        Ok(())
    }

    async fn insert(&self, connection: &Connection) -> Result<(), Failure> {
        let new = || self.new.values();
        let orders = || new().map(|new| &new.intent.order);
        let progress: Vec<Progress> =
            new().map(|new| Progress::new(new.intent.created_at)).collect();
        let keys: Vec<&str> = orders().map(|order| order.key.as_str()).collect();
        let runs: Vec<i64> = new().map(|new| new.run).collect();
        let accounts: Vec<&str> = orders().map(|order| order.account.as_str()).collect();
        let currencies: Vec<&str> = orders().map(|order| order.amount.currency.code()).collect();
        let amounts: Vec<i64> = orders().map(|order| order.amount.minor).collect();
        let created: Vec<i64> = new().map(|new| new.intent.created_at.as_millis()).collect();
        let digests: Vec<&[u8]> = new().map(|new| new.digest.0.as_slice()).collect();
        let order_texts = row::texts(&orders().collect::<Vec<_>>())?;
        let progress_texts = row::texts(&progress)?;
        let words: Vec<&str> = progress.iter().map(Progress::word).collect();
        let at_rest: Vec<bool> =
            progress.iter().map(|progress| is_at_rest(true, None, progress)).collect();
        let attention: Vec<bool> =
            progress.iter().map(|progress| progress.attention.is_some()).collect();
        let row = connection
            .one(
                INSERT,
                &[
                    &connection.stripe,
                    &keys,
                    &runs,
                    &accounts,
                    &currencies,
                    &amounts,
                    &created,
                    &digests,
                    &order_texts,
                    &progress_texts,
                    &words,
                    &at_rest,
                    &attention,
                ],
            )
            .await?;
        let inserted: i64 = row.try_get(0)?;
        match usize::try_from(inserted) == Ok(keys.len()) {
            true => Ok(()),
            // What was answered for these keys no longer holds: look again.
            false => Err(Failure::collision("another worker submits the same keys at this moment")),
        }
    }
}

const INSERT: &str = concat!(
    "WITH new AS (
        INSERT INTO payouts (key, run, account, currency, amount_minor, created_at, digest,
                             order_json, progress_json, status, at_rest, attention,
                             held, version, epoch)
        SELECT list.*, true, 1, 0
        FROM unnest($2::text[], $3::bigint[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
                    $8::bytea[], $9::text[], $10::text[], $11::text[], $12::boolean[],
                    $13::boolean[]) AS list
        ON CONFLICT (key) DO NOTHING
        RETURNING run, account, currency, status, amount_minor, at_rest, attention
    ), moved AS (SELECT *, 1 AS sign FROM new), ",
    count_moved!(),
    "SELECT count(*) FROM new"
);

const JOIN: &str = concat!(
    "WITH old AS MATERIALIZED (
        SELECT payouts.*, list.run_after
        FROM unnest($2::text[], $3::bigint[]) AS list (key, run_after) JOIN payouts USING (key)
    ), joined AS (
        UPDATE payouts SET run = old.run_after FROM old WHERE payouts.id = old.id
    ), moved AS (
        SELECT run, account, currency, status, amount_minor, at_rest, attention, -1 AS sign
        FROM old
        UNION ALL
        SELECT run_after, account, currency, status, amount_minor, at_rest, attention, 1 FROM old
    ), ",
    count_moved!(),
    "SELECT count(*) FROM old"
);
