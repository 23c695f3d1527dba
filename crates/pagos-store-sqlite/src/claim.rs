//! Claims: what is due and under no claim becomes one worker's for a while.

use pagos_core::Timestamp;
use pagos_engine::Claim;
use pagos_engine::ClaimRequest;
use pagos_engine::Payout;
use pagos_engine::Share;
use rusqlite::Connection;
use rusqlite::params;

use crate::failure::Failure;
use crate::row;
use crate::tallies;
use crate::thread::Transaction;
use crate::unread;
use crate::unread::UNREAD_MAX;
use crate::unread::Unread;

pub(crate) fn claim(
    transaction: &mut Transaction<'_>,
    request: &ClaimRequest,
) -> Result<Vec<Claim>, Failure> {
    let mut claims = Vec::new();
    for share in &request.shares {
        claim_share(transaction, share, request.now, &mut claims)?;
    }
    Ok(claims)
}

fn claim_share(
    transaction: &mut Transaction<'_>,
    share: &Share,
    now: Timestamp,
    claims: &mut Vec<Claim>,
) -> Result<(), Failure> {
    let due = due(transaction.connection, share, now)?;
    for row in &due.unread {
        unread::set_payout_aside(transaction, row, &share.lane.account, now)?;
    }
    let lease_until = now.plus(share.lease);
    for (id, mut payout) in due.payouts {
        lease(transaction.connection, id, lease_until)?;
        payout.epoch += 1;
        claims.push(Claim { payout, lease_until });
    }
    Ok(())
}

/// What is due in one lane, in the order of claiming.
#[derive(Debug, Default)]
struct Due {
    payouts: Vec<(i64, Payout)>,
    unread: Vec<Unread>,
}

fn due(connection: &Connection, share: &Share, now: Timestamp) -> Result<Due, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT order_json, progress_json, digest, digest_version, due_at, version, epoch, id, key,
                account, currency, status, amount_minor, at_rest, attention
         FROM payouts INDEXED BY payouts_due
         WHERE account = ?1 AND work = ?2 AND held = 0 AND due_at <= ?3
           AND (lease_until IS NULL OR lease_until <= ?3)
         ORDER BY due_at, key LIMIT ?4",
    )?;
    let lane = &share.lane;
    let rows_max = row::limit(share.limit.saturating_add(UNREAD_MAX));
    let arguments = params![lane.account.as_str(), lane.work.word(), now.as_millis(), rows_max];
    let mut rows = statement.query(arguments)?;
    let mut due = Due::default();
    while due.payouts.len() < share.limit
        && let Some(row) = rows.next()?
    {
        let id = row.get(7)?;
        match row::payout(row) {
            Ok(payout) => due.payouts.push((id, payout)),
            Err(failure) if failure.is_about_a_row() => due.unread.push(Unread {
                id,
                key: row.get(8)?,
                counted: tallies::counted(row, 9)?,
                because: failure.error.message,
            }),
            Err(failure) => return Err(failure),
        }
    }
    Ok(due)
}

fn lease(connection: &Connection, id: i64, lease_until: Timestamp) -> Result<(), Failure> {
    connection
        .prepare_cached("UPDATE payouts SET epoch = epoch + 1, lease_until = ?1 WHERE id = ?2")?
        .execute(params![lease_until.as_millis(), id])?;
    Ok(())
}

/// Ends every claim, and raises the epochs so that whoever held one writes nothing any more.
pub(crate) fn end_claims(transaction: &mut Transaction<'_>) -> Result<u64, Failure> {
    let ended = transaction
        .connection
        .prepare_cached(
            "UPDATE payouts SET epoch = epoch + 1, lease_until = NULL
             WHERE lease_until IS NOT NULL",
        )?
        .execute(())?;
    let payments = transaction
        .connection
        .prepare_cached("UPDATE payments SET lease_until = NULL WHERE lease_until IS NOT NULL")?
        .execute(())?;
    Ok((ended + payments).try_into().unwrap_or(u64::MAX))
}

/// When something of one lane of payouts can be claimed. Two looks: at the earliest that is under no
/// claim, and at the claims, of which there are few.
pub(crate) fn next_due(
    connection: &Connection,
    account: &str,
    work: &str,
) -> Result<Option<Timestamp>, Failure> {
    let unclaimed: Option<i64> = connection
        .prepare_cached(
            "SELECT min(due_at) FROM
             (SELECT due_at FROM payouts INDEXED BY payouts_due
              WHERE account = ?1 AND work = ?2 AND held = 0 AND due_at IS NOT NULL
                AND lease_until IS NULL
              ORDER BY due_at LIMIT 1)",
        )?
        .query_row([account, work], |row| row.get(0))?;
    // A claimed payout can be claimed again when its claim has ended and it is due.
    let claimed: Option<i64> = connection
        .prepare_cached(
            "SELECT min(max(due_at, lease_until)) FROM payouts INDEXED BY payouts_leased
             WHERE lease_until IS NOT NULL AND due_at IS NOT NULL AND held = 0
               AND account = ?1 AND work = ?2",
        )?
        .query_row([account, work], |row| row.get(0))?;
    Ok(row::timestamp(unclaimed.into_iter().chain(claimed).min()))
}
