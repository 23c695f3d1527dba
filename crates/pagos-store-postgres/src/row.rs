//! From rows to domain values: payouts, payments, entries, numbers. No queries.

use pagos_core::Timestamp;
use pagos_engine::Digest;
use pagos_engine::Entry;
use pagos_engine::Payment;
use pagos_engine::Payout;
use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use crate::failure::Failure;

/// Reads `order_json, progress_json, digest, due_at, version, epoch`, in this order from the first
/// column on.
pub(crate) fn payout(row: &Row) -> Result<Payout, Failure> {
    Ok(Payout {
        order: json(row, 0)?,
        progress: json(row, 1)?,
        digest: digest(row, 2)?,
        due_at: timestamp(row.try_get(3)?),
        version: unsigned(row.try_get(4)?)?,
        epoch: unsigned(row.try_get(5)?)?,
    })
}

/// Reads `order_json, progress_json, digest, due_at, version`, in this order from the first column
/// on.
pub(crate) fn payment(row: &Row) -> Result<Payment, Failure> {
    Ok(Payment {
        order: json(row, 0)?,
        progress: json(row, 1)?,
        digest: digest(row, 2)?,
        due_at: timestamp(row.try_get(3)?),
        version: unsigned(row.try_get(4)?)?,
    })
}

/// Reads the entries of a history, one per row, from the first column.
pub(crate) fn entries(rows: &[Row]) -> Result<Vec<Entry>, Failure> {
    rows.iter().map(|row| json(row, 0)).collect()
}

pub(crate) fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Result<T, Failure> {
    let text: &str = row.try_get(column)?;
    Ok(serde_json::from_str(text)?)
}

pub(crate) fn digest(row: &Row, column: usize) -> Result<Digest, Failure> {
    let bytes: &[u8] = row.try_get(column)?;
    let digest =
        bytes.try_into().map_err(|_| Failure::new("a stored digest has a wrong length"))?;
    Ok(Digest(digest))
}

pub(crate) fn timestamp(unix_ms: Option<i64>) -> Option<Timestamp> {
    unix_ms.map(Timestamp::from_millis)
}

pub(crate) fn millis(moment: Option<Timestamp>) -> Option<i64> {
    moment.map(Timestamp::as_millis)
}

/// PostgreSQL's integers are signed; ours that count are not.
pub(crate) fn unsigned(value: i64) -> Result<u64, Failure> {
    u64::try_from(value).map_err(|_| Failure::new("a stored count is negative"))
}

/// A limit or number for PostgreSQL. What is beyond its range is beyond all its rows too.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// As [`signed`], for lengths.
pub(crate) fn limit(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// One JSON text per value.
pub(crate) fn texts<T: serde::Serialize>(values: &[T]) -> Result<Vec<String>, Failure> {
    values.iter().map(|value| Ok(serde_json::to_string(value)?)).collect()
}
