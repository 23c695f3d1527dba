//! Leases due payouts that no worker holds to one worker.
//!
//! The reading thread reads what is due, the caller decides about it, and the writing thread writes
//! it after it has checked that each row is unchanged. Claims to ask are in `asked.rs`, not in the
//! file: only the process that has the turn claims payouts, and its queries end with it.

use std::collections::{HashMap, HashSet};

use pagos_core::Timestamp;
use pagos_engine::{Begin, Begun, Claim, Lane, Payout, Share, stride};
use rusqlite::{Connection, params};

use crate::{
    failure::Failure,
    row::{self, payout_columns},
    step,
    tallies::{self, Counted, is_at_rest},
    thread::Transaction,
    unread::{self, UNREAD_MAX, Unread},
};

/// The due payouts of one lane, in the order of claiming.
#[derive(Debug, Default)]
pub(crate) struct Due {
    pub(crate) payouts: Vec<Found>,
    pub(crate) unread: Vec<Unread>,
}

/// A due payout, as it was read.
#[derive(Debug)]
pub(crate) struct Found {
    id: i64,
    counted: Counted,
    pub(crate) payout: Payout,
}

/// Finds what a share may claim: what is due in its lane, is not under a claim to send, and is not
/// among the `asked`.
pub(crate) fn due(
    connection: &Connection,
    share: &Share,
    now: Timestamp,
    asked: &HashSet<String>,
) -> Result<Due, Failure> {
    let Share { lane, limit, .. } = share;
    let mut statement = connection.prepare_cached(concat!(
        "SELECT ",
        payout_columns!(),
        ", id, key, account, currency, status, amount_minor, at_rest, attention
         FROM payouts INDEXED BY payouts_due JOIN orders USING (id)
         WHERE account = ?1 AND work = ?2 AND held = 0 AND due_at <= ?3
           AND (lease_until IS NULL OR lease_until <= ?3)
         ORDER BY due_at, key LIMIT ?4",
    ))?;
    let rows_max = row::limit(limit.saturating_add(asked.len()).saturating_add(UNREAD_MAX));
    let arguments = params![lane.account.as_str(), lane.work.word(), now.as_millis(), rows_max];
    let mut rows = statement.query(arguments)?;
    let mut due = Due::default();
    while due.payouts.len() < *limit
        && let Some(row) = rows.next()?
    {
        if asked.contains(row::text(row, 9)?) {
            continue;
        }
        let (id, counted) = (row.get(8)?, tallies::counted(row, 10)?);
        match row::payout(row) {
            Ok(payout) => due.payouts.push(Found { id, counted, payout }),
            Err(failure) if failure.is_about_a_row() => due.unread.push(Unread {
                id,
                version: row.get(5)?,
                key: row.get(9)?,
                counted,
                because: failure.error.message,
            }),
            Err(failure) => return Err(failure),
        }
    }
    Ok(due)
}

/// What a request claims, ready to be written.
#[derive(Debug, Default)]
pub(crate) struct Writing {
    to_send: Vec<ToSend>,
    unread: Vec<(Unread, Lane)>,
}

impl Writing {
    pub(crate) fn is_nothing(&self) -> bool {
        self.to_send.is_empty() && self.unread.is_empty()
    }

    pub(crate) fn set_aside(&mut self, unread: Vec<Unread>, lane: &Lane) {
        self.unread.extend(unread.into_iter().map(|row| (row, lane.clone())));
    }

    /// Claims one payout to send it, with the attempt that `begin` decides on. The returned claim
    /// holds if the write succeeds.
    pub(crate) fn claim(
        &mut self,
        found: Found,
        share: &Share,
        now: Timestamp,
        begin: &dyn Begin,
    ) -> Result<Claim, Failure> {
        let Found { id, counted, mut payout } = found;
        let lease_until = now.plus(share.lease);
        let (version, epoch) = (row::signed(payout.version), row::signed(payout.epoch));
        payout.epoch += stride();
        let begun = begin.begin(&payout);
        if let Some(begun) = &begun {
            payout.progress = begun.progress.clone();
            payout.due_at = begun.due_at;
            payout.version += stride();
        }
        self.to_send.push(ToSend {
            id,
            key: payout.order.key.to_string(),
            version,
            epoch,
            new_version: row::signed(payout.version),
            new_epoch: row::signed(payout.epoch),
            lease_until: lease_until.as_millis(),
            written: begun.as_ref().map(|begun| Written::of(begun, &counted)).transpose()?,
            counted,
        });
        Ok(Claim { payout, work: share.lane.work, lease_until })
    }
}

/// One payout to be claimed for sending, as it was read.
#[derive(Debug)]
struct ToSend {
    id: i64,
    key: String,
    version: i64,
    epoch: i64,
    new_version: i64,
    new_epoch: i64,
    lease_until: i64,
    counted: Counted,
    written: Option<Written>,
}

/// What an attempt writes that begins with its claim.
#[derive(Debug)]
struct Written {
    progress_json: String,
    work: &'static str,
    due_at: Option<i64>,
    after: Counted,
    entries: Vec<String>,
}

impl Written {
    fn of(begun: &Begun, before: &Counted) -> Result<Self, Failure> {
        let progress = &begun.progress;
        Ok(Self {
            progress_json: serde_json::to_string(progress)?,
            work: progress.work().word(),
            due_at: row::millis(begun.due_at),
            after: Counted {
                status: progress.word().to_owned(),
                at_rest: is_at_rest(false, begun.due_at, progress),
                attention: progress.attention.is_some(),
                ..before.clone()
            },
            entries: begun.entries.iter().map(serde_json::to_string).collect::<Result<_, _>>()?,
        })
    }
}

/// Writes claims, and returns which of them hold. The others do not: their rows have changed.
pub(crate) fn write(
    transaction: &mut Transaction<'_>,
    writing: &Writing,
    now: Timestamp,
) -> Result<Vec<bool>, Failure> {
    for (row, lane) in &writing.unread {
        unread::set_payout_aside(transaction, row, &lane.account, now)?;
    }
    writing.to_send.iter().map(|one| lease(transaction, one, now.as_millis())).collect()
}

fn lease(transaction: &mut Transaction<'_>, one: &ToSend, now: i64) -> Result<bool, Failure> {
    let connection = transaction.connection;
    let Some(written) = &one.written else {
        let sql = "UPDATE payouts SET epoch = ?6, lease_until = ?1
                   WHERE id = ?2 AND version = ?3 AND epoch = ?4
                     AND (lease_until IS NULL OR lease_until <= ?5)";
        let arguments =
            params![one.lease_until, one.id, one.version, one.epoch, now, one.new_epoch];
        return Ok(connection.prepare_cached(sql)?.execute(arguments)? == 1);
    };
    let after = &written.after;
    let sql = "UPDATE payouts SET epoch = ?12, lease_until = ?1, version = ?13,
                      status = ?6, work = ?7, at_rest = ?8, attention = ?9, due_at = ?10,
                      progress_json = ?11
               WHERE id = ?2 AND version = ?3 AND epoch = ?4
                 AND (lease_until IS NULL OR lease_until <= ?5)";
    let arguments = params![
        one.lease_until,
        one.id,
        one.version,
        one.epoch,
        now,
        after.status,
        written.work,
        after.at_rest,
        after.attention,
        written.due_at,
        written.progress_json,
        one.new_epoch,
        one.new_version,
    ];
    if connection.prepare_cached(sql)?.execute(arguments)? == 0 {
        return Ok(false);
    }
    step::keep(connection, one.id, &written.entries)?;
    tallies::recount(transaction, &one.key, &one.counted, after)?;
    Ok(true)
}

/// Ends every claim to send, and raises the epochs so that no previous holder can write any more;
/// ends the claims to follow payments too.
pub(crate) fn end_claims(transaction: &mut Transaction<'_>) -> Result<u64, Failure> {
    let ended = transaction
        .connection
        .prepare_cached(
            "UPDATE payouts SET epoch = epoch + ?1, lease_until = NULL
             WHERE lease_until IS NOT NULL",
        )?
        .execute([row::signed(stride())])?;
    let payments = transaction
        .connection
        .prepare_cached("UPDATE payments SET lease_until = NULL WHERE lease_until IS NOT NULL")?
        .execute(())?;
    Ok((ended + payments).try_into().unwrap_or(u64::MAX))
}

/// When something of one lane of payouts can be claimed. It takes three reads: the earliest due
/// payout without a claim, and the claims to send and to ask, of which there are few.
pub(crate) fn next_due(
    connection: &Connection,
    lane: &Lane,
    asked: &HashMap<String, Timestamp>,
) -> Result<Option<Timestamp>, Failure> {
    let (account, work) = (lane.account.as_str(), lane.work.word());
    let mut statement = connection.prepare_cached(
        "SELECT due_at, key FROM payouts INDEXED BY payouts_due
         WHERE account = ?1 AND work = ?2 AND held = 0 AND due_at IS NOT NULL
           AND lease_until IS NULL
         ORDER BY due_at, key",
    )?;
    let mut rows = statement.query([account, work])?;
    let mut earliest: Option<i64> = None;
    while earliest.is_none()
        && let Some(row) = rows.next()?
    {
        if !asked.contains_key(row::text(row, 1)?) {
            earliest = row.get(0)?;
        }
    }
    // A claimed payout can be claimed again when its claim is over and it is due.
    let mut statement = connection.prepare_cached(
        "SELECT max(due_at, lease_until), key FROM payouts INDEXED BY payouts_leased
         WHERE lease_until IS NOT NULL AND due_at IS NOT NULL AND held = 0
           AND account = ?1 AND work = ?2",
    )?;
    let mut rows = statement.query([account, work])?;
    while let Some(row) = rows.next()? {
        if !asked.contains_key(row::text(row, 1)?) {
            earliest = earliest.into_iter().chain(row.get::<_, Option<i64>>(0)?).min();
        }
    }
    let mut statement = connection.prepare_cached(
        "SELECT max(due_at, coalesce(lease_until, due_at)) FROM payouts
         WHERE key = ?1 AND account = ?2 AND work = ?3 AND held = 0 AND due_at IS NOT NULL",
    )?;
    for (key, until) in asked {
        let mut rows = statement.query([key.as_str(), account, work])?;
        if let Some(row) = rows.next()? {
            let claimable_at = row.get::<_, i64>(0)?.max(until.as_millis());
            earliest = earliest.into_iter().chain([claimable_at]).min();
        }
    }
    Ok(row::timestamp(earliest))
}
