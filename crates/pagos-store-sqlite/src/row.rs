//! From rows to domain values: payouts, payments, entries, numbers. No queries.

use pagos_core::Timestamp;
use pagos_engine::Digest;
use pagos_engine::Entry;
use pagos_engine::Payment;
use pagos_engine::Payout;
use pagos_engine::Progress;
use rusqlite::Row;
use rusqlite::Rows;

use crate::failure::Failure;

/// Reads `order_json, progress_json, digest, due_at, version, epoch`, in this order from the first
/// column on.
pub(crate) fn payout(row: &Row<'_>) -> Result<Payout, Failure> {
    Ok(Payout {
        order: serde_json::from_str(text(row, 0)?)?,
        progress: progress(row, 1)?,
        digest: Digest(row.get(2)?),
        due_at: timestamp(row.get(3)?),
        version: unsigned(row.get(4)?)?,
        epoch: unsigned(row.get(5)?)?,
    })
}

/// Reads `order_json, progress_json, digest, due_at, version`, in this order from the first column
/// on.
pub(crate) fn payment(row: &Row<'_>) -> Result<Payment, Failure> {
    Ok(Payment {
        order: serde_json::from_str(text(row, 0)?)?,
        progress: serde_json::from_str(text(row, 1)?)?,
        digest: Digest(row.get(2)?),
        due_at: timestamp(row.get(3)?),
        version: unsigned(row.get(4)?)?,
    })
}

pub(crate) fn progress(row: &Row<'_>, column: usize) -> Result<Progress, Failure> {
    Ok(serde_json::from_str(text(row, column)?)?)
}

/// Reads the entries of a history, one per row, from the first column.
pub(crate) fn entries(mut rows: Rows<'_>) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(serde_json::from_str(text(row, 0)?)?);
    }
    Ok(entries)
}

/// The text of a column, where it is.
pub(crate) fn text<'row>(row: &'row Row<'_>, column: usize) -> Result<&'row str, Failure> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

pub(crate) fn timestamp(unix_ms: Option<i64>) -> Option<Timestamp> {
    unix_ms.map(Timestamp::from_millis)
}

pub(crate) fn millis(moment: Option<Timestamp>) -> Option<i64> {
    moment.map(Timestamp::as_millis)
}

/// SQLite's integers are signed; ours that count are not.
pub(crate) fn unsigned(value: i64) -> Result<u64, Failure> {
    u64::try_from(value).map_err(|_| Failure::new("a stored count is negative"))
}

/// A limit or number for SQLite. What is beyond its range is beyond all its rows too.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// As [`signed`], for lengths.
pub(crate) fn limit(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
