//! What is read: payouts, pages, histories, and the next due time of everything. Changes nothing.

use pagos_core::AccountName;
use pagos_core::OrderKey;
use pagos_core::ProviderRef;
use pagos_core::Timestamp;
use pagos_engine::Entry;
use pagos_engine::Filter;
use pagos_engine::Payout;
use pagos_engine::RunId;
use pagos_engine::Tally;
use rusqlite::Connection;
use rusqlite::OptionalExtension;
use rusqlite::params;

use crate::claim::accounts_due;
use crate::failure::Failure;
use crate::inbox;
use crate::payment;
use crate::row;
use crate::submit::known_run;
use crate::tallies;

pub(crate) fn payout(connection: &Connection, key: &OrderKey) -> Result<Option<Payout>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT order_json, progress_json, digest, due_at, version, epoch
         FROM payouts WHERE key = ?1",
    )?;
    let mut rows = statement.query([key.as_str()])?;
    rows.next()?.map(row::payout).transpose()
}

pub(crate) fn payout_of(
    connection: &Connection,
    account: &AccountName,
    reference: &ProviderRef,
) -> Result<Option<OrderKey>, Failure> {
    let key: Option<String> = connection
        .prepare_cached(
            "SELECT key FROM payout_references JOIN payouts USING (key)
             WHERE payout_references.account = ?1 AND reference = ?2",
        )?
        .query_row([account.as_str(), reference.as_str()], |row| row.get(0))
        .optional()?;
    Ok(key.map(OrderKey::new).transpose()?)
}

pub(crate) fn list(
    connection: &Connection,
    filter: &Filter,
    after: Option<&OrderKey>,
    limit: usize,
) -> Result<Vec<Payout>, Failure> {
    let run = match &filter.run {
        None => None,
        Some(run) => match known_run(connection, run)? {
            None => return Ok(Vec::new()),
            number => number,
        },
    };
    let mut statement = connection.prepare_cached(
        "SELECT order_json, progress_json, digest, due_at, version, epoch
         FROM payouts
         WHERE key > ?1 AND (?2 IS NULL OR run = ?2) AND (?3 IS NULL OR status = ?3)
         ORDER BY key LIMIT ?4",
    )?;
    // Every key is greater than the empty text.
    let after = after.map_or("", OrderKey::as_str);
    let mut rows = statement.query(params![after, run, filter.status, row::limit(limit)])?;
    let mut payouts = Vec::new();
    while let Some(row) = rows.next()? {
        payouts.push(row::payout(row)?);
    }
    Ok(payouts)
}

pub(crate) fn history(connection: &Connection, key: &OrderKey) -> Result<Vec<Entry>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT entry_json FROM entries
         WHERE payout = (SELECT id FROM payouts WHERE key = ?1) ORDER BY id",
    )?;
    row::entries(statement.query([key.as_str()])?)
}

pub(crate) fn tally(connection: &Connection, run: Option<&RunId>) -> Result<Tally, Failure> {
    let Some(run) = run else { return tallies::read(connection, None) };
    match known_run(connection, run)? {
        None => Ok(Tally::default()),
        number => tallies::read(connection, number),
    }
}

pub(crate) fn next_due(connection: &Connection) -> Result<Option<Timestamp>, Failure> {
    let mut earliest = inbox::next_due(connection)?;
    for account in accounts_due(connection)? {
        let unclaimed = earliest_unclaimed(connection, &account)?;
        earliest = earliest.into_iter().chain(unclaimed).min();
    }
    let claimed = earliest_claimed(connection)?;
    let payments = payment::next_due(connection)?;
    Ok(earliest.into_iter().chain(claimed).chain(payments).min())
}

fn earliest_unclaimed(
    connection: &Connection,
    account: &str,
) -> Result<Option<Timestamp>, Failure> {
    let due_at = connection
        .prepare_cached(
            "SELECT due_at FROM payouts INDEXED BY payouts_due
             WHERE account = ?1 AND held = 0 AND due_at IS NOT NULL AND lease_until IS NULL
             ORDER BY due_at LIMIT 1",
        )?
        .query_row([account], |row| row.get(0))
        .optional()?;
    Ok(row::timestamp(due_at))
}

/// A claimed payout can be claimed again when its claim has ended and it is due.
fn earliest_claimed(connection: &Connection) -> Result<Option<Timestamp>, Failure> {
    let due_at = connection
        .prepare_cached(
            "SELECT min(max(due_at, lease_until)) FROM payouts INDEXED BY payouts_leased
             WHERE lease_until IS NOT NULL AND due_at IS NOT NULL AND held = 0",
        )?
        .query_row((), |row| row.get(0))?;
    Ok(row::timestamp(due_at))
}
