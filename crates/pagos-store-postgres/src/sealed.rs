//! What stays of archived payouts: the marks of their keys, for ever, and the sums of their runs. How a
//! payout gets there is in `retention.rs`.
//!
//! A mark bears the first run of its payout, since nearly every payout has one run only; the others
//! stand in a table of their own, together with runs that an archived payout joined later.

use std::collections::HashMap;

use pagos_core::OrderKey;
use pagos_engine::Intent;
use pagos_engine::Mark;
use pagos_engine::Seal;
use pagos_engine::SealedAs;
use tokio_postgres::Row;

use crate::connection::Connection;
use crate::failure::Failure;
use crate::transaction::Work;

/// A key's mark as the text of a `uuid`.
pub(crate) fn hex(mark: [u8; 16]) -> String {
    format!("{:032x}", u128::from_be_bytes(mark))
}

/// What is kept of an archived payout, for one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sealed {
    digest: [u8; 8],
    pub(crate) seal: Seal,
    pub(crate) is_member: bool,
}

impl Sealed {
    /// Is it the mark of this order?
    pub(crate) fn is_of(&self, mark: Mark) -> bool {
        self.digest == mark.digest
    }
}

/// Which keys of a batch are sealed. Asked after the payouts of the batch were looked up and locked: what
/// left the payouts before that look is found here.
pub(crate) async fn find<'call>(
    connection: &Connection,
    intents: &'call [Intent],
    run: i64,
) -> Result<HashMap<&'call str, Sealed>, Failure> {
    let names: HashMap<String, &str> = intents
        .iter()
        .map(|intent| (hex(Mark::of_key(&intent.order.key)), intent.order.key.as_str()))
        .collect();
    let marks: Vec<&str> = names.keys().map(String::as_str).collect();
    let mut found = HashMap::new();
    for row in connection.rows(FIND, &[&marks, &run]).await? {
        let mark: String = row.try_get(0)?;
        let Some(key) = names.get(&mark) else { continue };
        let digest: i64 = row.try_get(3)?;
        let (seal, digest) = (seal(&row)?, digest.to_be_bytes());
        found.insert(*key, Sealed { digest, seal, is_member: row.try_get(4)? });
    }
    Ok(found)
}

const FIND: &str = "SELECT replace(key::text, '-', ''), succeeded, day, digest,
        run = $2 OR EXISTS (SELECT FROM sealed_members
                            WHERE sealed_members.run = $2 AND sealed_members.key = sealed.key)
    FROM sealed WHERE key = ANY ($1::text[]::uuid[])";

fn seal(row: &Row) -> Result<Seal, Failure> {
    let ended = if row.try_get(1)? { SealedAs::Succeeded } else { SealedAs::Failed };
    let day: i32 = row.try_get(2)?;
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
        row.as_ref().map(seal).transpose()
    }
}
