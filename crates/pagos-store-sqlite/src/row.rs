//! Converts rows to domain values: payouts, payments, entries, numbers.

use pagos_core::{PaymentOrder, PayoutOrder, Timestamp};
use pagos_engine::{Canonical, Digest, Entry, Payment, Payout};
use rusqlite::{Row, Rows};
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// The columns that [`payout`] reads, from the first column on.
macro_rules! payout_columns {
    () => {
        "order_json, progress_json, digest, digest_version, due_at, version, epoch,
         payouts.created_at"
    };
}
pub(crate) use payout_columns;

/// Reads the columns of `payout_columns!`.
pub(crate) fn payout(row: &Row<'_>) -> Result<Payout, Failure> {
    Ok(Payout {
        order: json(row, 0)?,
        progress: json(row, 1)?,
        digest: digest::<PayoutOrder>(row, 2, 0)?,
        due_at: timestamp(row.get(4)?),
        version: unsigned(row.get(5)?)?,
        epoch: unsigned(row.get(6)?)?,
        created_at: Timestamp::from_millis(row.get(7)?),
    })
}

/// Reads `order_json, progress_json, digest, digest_version, due_at, version` in this order, from
/// the first column on.
pub(crate) fn payment(row: &Row<'_>) -> Result<Payment, Failure> {
    Ok(Payment {
        order: json(row, 0)?,
        progress: json(row, 1)?,
        digest: digest::<PaymentOrder>(row, 2, 0)?,
        due_at: timestamp(row.get(4)?),
        version: unsigned(row.get(5)?)?,
    })
}

/// Reads `digest, digest_version` from column `first` on, and returns the stored order's digest
/// under the current version. The order itself is read only if it was stored under another version.
pub(crate) fn digest<Order>(row: &Row<'_>, first: usize, order: usize) -> Result<Digest, Failure>
where
    Order: Canonical + DeserializeOwned,
{
    if row.get::<_, u32>(first + 1)? == Digest::VERSION {
        return Ok(Digest(row.get(first)?));
    }
    Ok(Digest::of(&json::<Order>(row, order)?))
}

/// Parses the JSON in a column.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> Result<T, Failure> {
    Ok(serde_json::from_str(text(row, column)?)?)
}

/// Reads the entries of a history, one per row, from the first column.
pub(crate) fn entries(mut rows: Rows<'_>) -> Result<Vec<Entry>, Failure> {
    let mut entries = Vec::new();
    while let Some(row) = rows.next()? {
        entries.push(json(row, 0)?);
    }
    Ok(entries)
}

/// Reads up to `limit` rows and leaves out unreadable ones.
pub(crate) fn readable<T>(
    mut rows: Rows<'_>,
    limit: usize,
    read: impl Fn(&Row<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut found = Vec::new();
    while found.len() < limit
        && let Some(row) = rows.next()?
    {
        match read(row) {
            Ok(one) => found.push(one),
            Err(failure) if failure.is_about_a_row() => {}
            Err(failure) => return Err(failure),
        }
    }
    Ok(found)
}

/// Borrows the text of a column.
pub(crate) fn text<'row>(row: &'row Row<'_>, column: usize) -> Result<&'row str, Failure> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}

pub(crate) fn timestamp(unix_ms: Option<i64>) -> Option<Timestamp> {
    unix_ms.map(Timestamp::from_millis)
}

pub(crate) fn millis(moment: Option<Timestamp>) -> Option<i64> {
    moment.map(Timestamp::as_millis)
}

/// SQLite's integers are signed; our counts are not.
pub(crate) fn unsigned(value: i64) -> Result<u64, Failure> {
    u64::try_from(value).map_err(|_| Failure::unreadable("a count in it is negative"))
}

/// A limit or number for SQLite. A value beyond its range is beyond all its rows too.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Like [`signed`], for lengths.
pub(crate) fn limit(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
