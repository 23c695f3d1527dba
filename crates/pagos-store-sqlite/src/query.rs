//! Reads payouts, histories, and the next due time of everything.

use std::collections::HashMap;

use pagos_core::{AccountName, OrderKey, ProviderRef, Timestamp};
use pagos_engine::{Entry, Lane, Payout, RunId, Tally, Trust, Work};
use rusqlite::{Connection, OptionalExtension};

use crate::{
    claim,
    failure::Failure,
    inbox, payment,
    row::{self, payout_columns},
    run, sealed, tallies,
};

pub(crate) fn payout(connection: &Connection, key: &OrderKey) -> Result<Option<Payout>, Failure> {
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        payout_columns!(),
        " FROM payouts JOIN orders USING (id) WHERE key = ?1"
    ))?;
    let mut rows = statement.query([key.as_str()])?;
    let payout = rows.next()?.map(row::payout).transpose();
    payout.map_err(|failure| failure.of(format!("payout {key}")))
}

pub(crate) fn payout_of(
    connection: &Connection,
    account: &AccountName,
    reference: &ProviderRef,
) -> Result<Option<OrderKey>, Failure> {
    let key: Option<String> = connection
        .prepare_cached(
            "SELECT key FROM payout_references JOIN payouts USING (key)
             WHERE payout_references.account = ?1 AND payout_references.reference = ?2",
        )?
        .query_row([account.as_str(), reference.as_str()], |row| row.get(0))
        .optional()?;
    let key = key.map(OrderKey::new).transpose();
    key.map_err(|cause| Failure::from(cause).of("the key of a payout"))
}

/// The identity of this database.
pub(crate) fn identity(connection: &Connection) -> Result<String, Failure> {
    Ok(connection.query_row("SELECT id FROM identity", (), |row| row.get(0))?)
}

/// The same for an older file before its migration, which has none.
pub(crate) fn identity_if_any(connection: &Connection) -> Result<Option<String>, Failure> {
    let sql = "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'identity'";
    match connection.prepare(sql)?.exists(())? {
        true => identity(connection).map(Some),
        false => Ok(None),
    }
}

pub(crate) fn history(connection: &Connection, key: &OrderKey) -> Result<Vec<Entry>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT entry_json FROM entries
         WHERE payout = (SELECT id FROM payouts WHERE key = ?1) ORDER BY number",
    )?;
    let entries = row::entries(statement.query([key.as_str()])?);
    entries.map_err(|failure| failure.of(format!("the history of payout {key}")))
}

pub(crate) fn tally(connection: &Connection, run: Option<&RunId>) -> Result<Tally, Failure> {
    let Some(run) = run else { return tallies::read(connection, tallies::ALL) };
    match run::stored(connection, run)? {
        None => Ok(Tally::default()),
        Some(run) => tallies::read(connection, run.number),
    }
}

/// The tally of the archived members of a run.
pub(crate) fn archived(connection: &Connection, run: &RunId) -> Result<Tally, Failure> {
    match run::stored(connection, run)? {
        None => Ok(Tally::default()),
        Some(run) => tallies::read(connection, sealed::archived_of(run.number)),
    }
}

pub(crate) fn next_due(
    connection: &Connection,
    lanes: &[Lane],
    asked: &HashMap<String, Timestamp>,
) -> Result<Option<Timestamp>, Failure> {
    let mut earliest = None;
    for lane in lanes {
        let account = lane.account.as_str();
        let due_at = match lane.work {
            Work::Send | Work::Ask | Work::Watch => claim::next_due(connection, lane, asked)?,
            Work::Follow => payment::next_due(connection, account)?,
            Work::Apply => inbox::next_due(connection, account, Trust::Verified)?,
            Work::Hint => inbox::next_due(connection, account, Trust::Unverified)?,
        };
        earliest = earliest.into_iter().chain(due_at).min();
    }
    Ok(earliest)
}
