//! Converts rows to domain values: payouts, payments, entries, numbers.

use pagos_core::Timestamp;
use pagos_engine::{Canonical, Digest, Entry, Payment, Payout};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;

use crate::failure::Failure;

/// The columns that [`payout`] reads, from the first column on. Other tables have times of their
/// own, so columns with ambiguous names are given with their table.
macro_rules! payout_columns {
    () => {
        "order_json, progress_json, digest, digest_version, due_at, version, epoch, created_at"
    };
    ($table:literal) => {
        concat!(
            $table,
            ".order_json, ",
            $table,
            ".progress_json, ",
            $table,
            ".digest, ",
            $table,
            ".digest_version, ",
            $table,
            ".due_at, ",
            $table,
            ".version, ",
            $table,
            ".epoch, ",
            $table,
            ".created_at"
        )
    };
}
pub(crate) use payout_columns;

/// Payouts as one row each: the order, and how far it has come.
macro_rules! payouts {
    () => {
        "orders JOIN payouts USING (id)"
    };
}
pub(crate) use payouts;

/// The columns that [`payment`] reads, from the first column on.
macro_rules! payment_columns {
    () => {
        "order_json, progress_json, digest, digest_version, due_at, version"
    };
}
pub(crate) use payment_columns;

/// The version of the digests that [`Digest::of`] makes, as the type of the column.
// It is 2, and rises by one with a new canonical form.
#[allow(clippy::cast_possible_wrap)]
pub(crate) const DIGEST_VERSION: i32 = Digest::VERSION as i32;

/// Reads the columns of `payout_columns!`.
///
/// # Errors
/// Of the kind `UnreadableRow` if this version does not understand the row.
pub(crate) fn payout(row: &Row) -> Result<Payout, Failure> {
    let order = json(row, 0, "its order")?;
    Ok(Payout {
        progress: json(row, 1, "its progress")?,
        digest: digest(row, 2, &order)?,
        due_at: timestamp(row.try_get(4)?),
        version: unsigned(row.try_get(5)?)?,
        epoch: unsigned(row.try_get(6)?)?,
        created_at: Timestamp::from_millis(row.try_get(7)?),
        order,
    })
}

/// Reads the columns of `payment_columns!`.
///
/// # Errors
/// Of the kind `UnreadableRow` if this version does not understand the row.
pub(crate) fn payment(row: &Row) -> Result<Payment, Failure> {
    let order = json(row, 0, "its order")?;
    Ok(Payment {
        progress: json(row, 1, "its progress")?,
        digest: digest(row, 2, &order)?,
        due_at: timestamp(row.try_get(4)?),
        version: unsigned(row.try_get(5)?)?,
        order,
    })
}

/// Leaves out values that this version cannot read.
pub(crate) fn readable<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let is_wanted =
        |read: &Result<T, Failure>| !matches!(read, Err(why) if why.is_unreadable_row());
    rows.iter().map(read).filter(is_wanted).collect()
}

/// Reads the entries of a history, one per row, from the first column.
pub(crate) fn entries(rows: &[Row]) -> Result<Vec<Entry>, Failure> {
    rows.iter().map(|row| json(row, 0, "a line of its history")).collect()
}

/// Parses JSON; an error calls it `what`.
pub(crate) fn json<T: DeserializeOwned>(
    row: &Row,
    column: usize,
    what: &str,
) -> Result<T, Failure> {
    let text: &str = row.try_get(column)?;
    serde_json::from_str(text).map_err(|cause| Failure::unreadable_json(what, &cause))
}

/// The digest of an order under the current version: the stored one, or, if that has another
/// version, the one that is computed from the stored order. The digest and its version are in two
/// columns.
fn digest(row: &Row, column: usize, order: &impl Canonical) -> Result<Digest, Failure> {
    let version: i32 = row.try_get(column + 1)?;
    match version == DIGEST_VERSION {
        true => stored_digest(row, column),
        false => Ok(Digest::of(order)),
    }
}

/// The digest in a column, whatever its version.
pub(crate) fn stored_digest(row: &Row, column: usize) -> Result<Digest, Failure> {
    let bytes: &[u8] = row.try_get(column)?;
    let digest =
        bytes.try_into().map_err(|_| Failure::unreadable("its digest has a wrong length"))?;
    Ok(Digest(digest))
}

pub(crate) fn timestamp(unix_ms: Option<i64>) -> Option<Timestamp> {
    unix_ms.map(Timestamp::from_millis)
}

pub(crate) fn millis(moment: Option<Timestamp>) -> Option<i64> {
    moment.map(Timestamp::as_millis)
}

/// PostgreSQL's integers are signed; our counts are not.
pub(crate) fn unsigned(value: i64) -> Result<u64, Failure> {
    u64::try_from(value).map_err(|_| Failure::unreadable("a count is negative"))
}

/// A limit or number for PostgreSQL. A value beyond its range is beyond all its rows too.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Like [`signed`], for lengths.
pub(crate) fn limit(value: usize) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// One JSON text per value.
pub(crate) fn texts<T: serde::Serialize>(values: &[T]) -> Result<Vec<String>, Failure> {
    values.iter().map(|value| Ok(serde_json::to_string(value)?)).collect()
}

/// Text for a column, which can hold every character but one.
pub(crate) fn words(text: &str) -> String {
    text.replace('\0', " ")
}
