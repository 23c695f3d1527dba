//! What stays of archived payouts: the marks of their keys, for ever, and the sums of their runs.
//! `retention.rs` archives them.
//!
//! A mark holds the first run of its payout, since nearly every payout has only one. Other runs are
//! in a table of their own, together with runs that an archived payout joined later.

use std::collections::HashMap;

use pagos_core::OrderKey;
use pagos_engine::{Intent, Mark, Seal, SealedAs};
use tokio_postgres::Row;

use crate::{connection::Connection, failure::Failure, transaction::Work};

/// A key's mark as the text of a `uuid`.
pub(crate) fn hex(mark: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(mark))
}

/// The marks of a batch's keys, with the keys.
pub(crate) fn marks(intents: &[Intent]) -> HashMap<String, &str> {
    let key = |intent: &'_ Intent| hex(Mark::of_key(&intent.order.key));
    intents.iter().map(|intent| (key(intent), intent.order.key.as_str())).collect()
}

/// The schema's lock of seals; a test ties its number to the other locks.
macro_rules! seals {
    () => {
        "(1348560753, hashtext(current_schema()))"
    };
}

/// Makes sure that nothing is sealed until the end of the transaction. It comes before a statement
/// that stores what it finds neither stored nor sealed, so that this is still true at its commit.
/// Sealing takes the same lock exclusively ([`seal_alone`]).
pub(crate) const NOTHING_IS_SEALED: &str =
    concat!("SELECT pg_advisory_xact_lock_shared", seals!(), "; ");

/// [`NOTHING_IS_SEALED`], in a transaction that has begun.
pub(crate) async fn seal_nothing(connection: &Connection) -> Result<(), Failure> {
    let lock = concat!("SELECT pg_advisory_xact_lock_shared", seals!());
    connection.execute(lock, &[]).await.map(drop)
}

/// Waits for transactions that are storing something, and keeps new ones from beginning.
pub(crate) async fn seal_alone(connection: &Connection) -> Result<(), Failure> {
    let lock = concat!("SELECT pg_advisory_xact_lock", seals!());
    connection.execute(lock, &[]).await.map(drop)
}

/// What is kept of an archived payout, for one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealed {
    digest: [u8; 8],
    pub(crate) seal: Seal,
    pub(crate) is_member: bool,
}

impl Sealed {
    /// Reads `succeeded, day, digest` from the column `first` on.
    pub(crate) fn read(row: &Row, first: usize, is_member: bool) -> Result<Self, Failure> {
        let digest: i64 = row.try_get(first + 2)?;
        Ok(Self { digest: digest.to_be_bytes(), seal: seal(row, first)?, is_member })
    }

    /// Whether it is the mark of this order.
    pub(crate) fn is_of(&self, mark: Mark) -> bool {
        self.digest == mark.digest
    }
}

/// Finds the sealed keys of a batch. It runs after the payouts of the batch were looked up and
/// locked, so that it finds payouts that left before that.
pub(crate) async fn find<'call>(
    connection: &Connection,
    intents: &'call [Intent],
    run: i64,
) -> Result<HashMap<&'call str, Sealed>, Failure> {
    let names = marks(intents);
    let marks: Vec<&str> = names.keys().map(String::as_str).collect();
    let mut found = HashMap::new();
    for row in connection.rows(FIND, &[&marks, &run]).await? {
        let mark: String = row.try_get(0)?;
        let Some(key) = names.get(&mark) else { continue };
        found.insert(*key, Sealed::read(&row, 1, row.try_get(4)?)?);
    }
    Ok(found)
}

const FIND: &str = "SELECT replace(key::text, '-', ''), succeeded, day, digest,
        run = $2 OR EXISTS (SELECT FROM sealed_members
                            WHERE sealed_members.run = $2 AND sealed_members.key = sealed.key)
    FROM sealed WHERE key = ANY ($1::text[]::uuid[])";

fn seal(row: &Row, first: usize) -> Result<Seal, Failure> {
    let ended = if row.try_get(first)? { SealedAs::Succeeded } else { SealedAs::Failed };
    let day: i32 = row.try_get(first + 1)?;
    Ok(Seal::on_day(ended, i64::from(day)))
}

/// Looks one key up.
pub(crate) struct ReadSeal<'call> {
    pub(crate) key: &'call OrderKey,
}

impl Work for ReadSeal<'_> {
    type Answer = Option<Seal>;

    async fn run(&self, connection: &Connection) -> Result<Option<Seal>, Failure> {
        let sql = "SELECT 1, succeeded, day FROM sealed WHERE key = $1::text::uuid";
        let row = connection.at_most_one(sql, &[&hex(Mark::of_key(self.key))]).await?;
        row.as_ref().map(|row| seal(row, 1)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema;

    #[test]
    fn no_other_lock_has_the_number_of_that_of_seals() {
        assert!(NOTHING_IS_SEALED.contains(&format!("({},", schema::LOCK + 2)));
    }
}
