//! From rows to domain values: payouts and numbers. No queries.

use pagos_core::PayoutOrder;
use pagos_core::Timestamp;
use pagos_engine::Digest;
use pagos_engine::Payout;
use pagos_engine::Progress;
use rusqlite::Row;

use crate::failure::Failure;

/// Reads `order_json, progress_json, digest, due_at, version, epoch`, in this order from the first
/// column on.
pub(crate) fn payout(row: &Row<'_>) -> Result<Payout, Failure> {
    Ok(Payout {
        order: order(row, 0)?,
        progress: progress(row, 1)?,
        digest: Digest(row.get(2)?),
        due_at: timestamp(row.get(3)?),
        version: unsigned(row.get(4)?)?,
        epoch: unsigned(row.get(5)?)?,
    })
}

fn order(row: &Row<'_>, column: usize) -> Result<PayoutOrder, Failure> {
    Ok(serde_json::from_str(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)?)
}

pub(crate) fn progress(row: &Row<'_>, column: usize) -> Result<Progress, Failure> {
    Ok(serde_json::from_str(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)?)
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
