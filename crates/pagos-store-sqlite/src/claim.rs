//! Claims: what is due and nobody's becomes one worker's for a while.

use pagos_engine::Claim;
use pagos_engine::ClaimRequest;
use pagos_engine::Payout;
use rusqlite::Connection;
use rusqlite::params;

use crate::failure::Failure;
use crate::row;
use crate::thread::Transaction;

pub(crate) fn claim(
    transaction: &mut Transaction<'_>,
    request: &ClaimRequest,
) -> Result<Vec<Claim>, Failure> {
    let connection = transaction.connection;
    let mut due = Vec::new();
    for account in accounts_due(connection)? {
        if !request.except.iter().any(|except| except.as_str() == account) {
            collect_due(connection, &account, request, &mut due)?;
        }
    }
    due.sort_unstable();
    due.truncate(request.limit);
    let lease_until = request.now.plus(request.lease);
    let mut claims = Vec::with_capacity(due.len());
    for Due { id, .. } in due {
        let payout = lease(connection, id, lease_until.as_millis())?;
        claims.push(Claim { payout, lease_until });
    }
    Ok(claims)
}

/// In the order of claiming.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    due_at: i64,
    key: String,
    id: i64,
}

/// The accounts that have payouts with a due time. There are few; each costs one look into the
/// index.
pub(crate) fn accounts_due(connection: &Connection) -> Result<Vec<String>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT account FROM payouts INDEXED BY payouts_due
         WHERE due_at IS NOT NULL AND held = 0 AND account > ?1 ORDER BY account LIMIT 1",
    )?;
    let mut accounts: Vec<String> = Vec::new();
    loop {
        let last = accounts.last().map_or("", String::as_str);
        let mut rows = statement.query([last])?;
        let Some(row) = rows.next()? else { break };
        let account = row.get(0)?;
        accounts.push(account);
    }
    Ok(accounts)
}

fn collect_due(
    connection: &Connection,
    account: &str,
    request: &ClaimRequest,
    due: &mut Vec<Due>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT due_at, key, id FROM payouts INDEXED BY payouts_due
         WHERE account = ?1 AND held = 0 AND due_at <= ?2
           AND (lease_until IS NULL OR lease_until <= ?2)
         ORDER BY due_at, key LIMIT ?3",
    )?;
    let arguments = params![account, request.now.as_millis(), row::limit(request.limit)];
    let mut rows = statement.query(arguments)?;
    while let Some(row) = rows.next()? {
        due.push(Due { due_at: row.get(0)?, key: row.get(1)?, id: row.get(2)? });
    }
    Ok(())
}

fn lease(connection: &Connection, id: i64, lease_until_ms: i64) -> Result<Payout, Failure> {
    let mut statement = connection.prepare_cached(
        "UPDATE payouts SET epoch = epoch + 1, lease_until = ?1 WHERE id = ?2
         RETURNING order_json, progress_json, digest, due_at, version, epoch",
    )?;
    let mut rows = statement.query(params![lease_until_ms, id])?;
    let row = rows.next()?.ok_or_else(|| Failure::new("a due payout vanished"))?;
    let payout = row::payout(row)?;
    // An UPDATE that returns rows is finished only when they are all read.
    while rows.next()?.is_some() {}
    Ok(payout)
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
    Ok(ended.try_into().unwrap_or(u64::MAX))
}
