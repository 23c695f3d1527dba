//! The inbox: deliveries in every state, each stored once, byte for byte, with its verdict.

use bytes::Bytes;
use pagos_core::{AccountName, Delivery, OrderKey, ProviderRef, Timestamp};
use pagos_engine::{
    Filed, Filing, InboxId, InboxItem, InboxState, REPETITION_SPACING, Refused, StoreError, Trust,
    Verdict, fingerprint, headers_from_bytes, headers_to_bytes,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{failure::Failure, outbox, row};

pub(crate) fn receive(
    connection: &Connection,
    account: &AccountName,
    delivery: &Delivery,
    verdict: &Verdict,
) -> Result<InboxId, Failure> {
    let fingerprint = fingerprint(delivery);
    let known = connection
        .prepare_cached(
            "SELECT id, state, is_genuine, due_at FROM inbox
             WHERE account = ?1 AND fingerprint = ?2",
        )?
        .query_row(params![account.as_str(), fingerprint], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    if let Some((id, word, is_genuine, due_at)) = known {
        let known = Known { id, state: state(word)?, is_genuine, due_at };
        known.repeat(connection, delivery, verdict)?;
        return Ok(InboxId(row::unsigned(id)?));
    }
    insert(connection, account, fingerprint, delivery, verdict)
}

fn insert(
    connection: &Connection,
    account: &AccountName,
    fingerprint: [u8; 32],
    delivery: &Delivery,
    verdict: &Verdict,
) -> Result<InboxId, Failure> {
    let hint = verdict.hint();
    connection
        .prepare_cached(
            "INSERT INTO inbox
             (account, fingerprint, state, is_genuine, order_key, reference, received_at, due_at,
              deferrals, repeats, because, verdict_json, headers, body)
             VALUES (?1, ?2, 'open', ?3, ?4, ?5, ?6, ?6, 0, 0, '', ?7, ?8, ?9)",
        )?
        .execute(params![
            account.as_str(),
            fingerprint,
            verdict.is_genuine(),
            hint.key.as_ref().map(OrderKey::as_str),
            hint.reference.as_ref().map(ProviderRef::as_str),
            delivery.received_at.as_millis(),
            serde_json::to_string(verdict)?,
            headers_to_bytes(&delivery.headers),
            &delivery.body[..],
        ])?;
    Ok(InboxId(row::unsigned(connection.last_insert_rowid())?))
}

/// A delivery that is already stored.
struct Known {
    id: i64,
    state: InboxState,
    is_genuine: bool,
    due_at: i64,
}

impl Known {
    /// Records that the same bytes arrived once more.
    fn repeat(
        &self,
        connection: &Connection,
        delivery: &Delivery,
        verdict: &Verdict,
    ) -> Result<(), Failure> {
        connection
            .prepare_cached("UPDATE inbox SET repeats = repeats + 1 WHERE id = ?1")?
            .execute([self.id])?;
        let says_nothing_new = match self.state {
            InboxState::Open => true,
            InboxState::Applied => self.is_genuine,
            InboxState::Orphan | InboxState::Unreadable => false,
        };
        if says_nothing_new {
            return Ok(());
        }
        let earliest = Timestamp::from_millis(self.due_at).plus(REPETITION_SPACING);
        judge(connection, self.id, verdict)?;
        open(connection, self.id, earliest.max(delivery.received_at))?;
        Ok(())
    }
}

fn judge(connection: &Connection, id: i64, verdict: &Verdict) -> Result<(), Failure> {
    let hint = verdict.hint();
    connection
        .prepare_cached(
            "UPDATE inbox SET is_genuine = ?1, order_key = ?2, reference = ?3, verdict_json = ?4
             WHERE id = ?5",
        )?
        .execute(params![
            verdict.is_genuine(),
            hint.key.as_ref().map(OrderKey::as_str),
            hint.reference.as_ref().map(ProviderRef::as_str),
            serde_json::to_string(verdict)?,
            id,
        ])?;
    Ok(())
}

/// Returns whether there is such a delivery.
fn open(connection: &Connection, id: i64, due_at: Timestamp) -> Result<bool, Failure> {
    let opened = connection
        .prepare_cached(
            "UPDATE inbox SET state = 'open', deferrals = 0, due_at = ?1 WHERE id = ?2",
        )?
        .execute(params![due_at.as_millis(), id])?;
    Ok(opened > 0)
}

pub(crate) fn reopen(
    connection: &Connection,
    id: InboxId,
    verdict: Option<&Verdict>,
    now: Timestamp,
) -> Result<bool, Failure> {
    let id = row::signed(id.0);
    if let Some(verdict) = verdict {
        judge(connection, id, verdict)?;
    }
    open(connection, id, now)
}

/// Verified deliveries oldest first, hints by how long they have been due; an index has each of
/// these orders.
pub(crate) fn due(
    connection: &Connection,
    trust: Trust,
    accounts: &[AccountName],
    now: Timestamp,
    limit: usize,
) -> Result<Vec<InboxItem>, Failure> {
    let mut accounts: Vec<&str> = accounts.iter().map(AccountName::as_str).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let mut found: Vec<(i64, i64)> = Vec::new();
    let mut statement = connection.prepare_cached(match trust {
        Trust::Verified => {
            "SELECT 0, id FROM inbox INDEXED BY inbox_open
             WHERE state = 'open' AND account = ?1 AND is_genuine = ?2 AND due_at <= ?3
             ORDER BY id LIMIT ?4"
        }
        Trust::Unverified => {
            "SELECT due_at, id FROM inbox INDEXED BY inbox_due
             WHERE state = 'open' AND account = ?1 AND is_genuine = ?2 AND due_at <= ?3
             ORDER BY due_at, id LIMIT ?4"
        }
    })?;
    for account in accounts {
        let arguments = params![account, is_genuine(trust), now.as_millis(), row::limit(limit)];
        let rows = statement.query_map(arguments, |row| Ok((row.get(0)?, row.get(1)?)))?;
        found.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    found.sort_unstable();
    let mut items = Vec::new();
    for (_, id) in found.into_iter().take(limit) {
        items.extend(delivery(connection, id)?.map(|filed| filed.item));
    }
    Ok(items)
}

pub(crate) fn delivery(connection: &Connection, id: i64) -> Result<Option<Filed>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT id, account, headers, body, received_at, deferrals, verdict_json, state, because,
                repeats
         FROM inbox WHERE id = ?1",
    )?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(named).transpose()
}

pub(crate) fn deliveries(
    connection: &Connection,
    state: Option<InboxState>,
    after: u64,
    limit: usize,
) -> Result<Vec<Filed>, Failure> {
    // Nearly all deliveries are applied; the other states have an index.
    let mut statement = connection.prepare_cached(match state {
        None | Some(InboxState::Applied) => {
            "SELECT id, account, headers, body, received_at, deferrals, verdict_json, state,
                    because, repeats
             FROM inbox WHERE id > ?1 AND (?2 IS NULL OR state = ?2) ORDER BY id LIMIT ?3"
        }
        Some(InboxState::Open | InboxState::Orphan | InboxState::Unreadable) => {
            "SELECT id, account, headers, body, received_at, deferrals, verdict_json, state,
                    because, repeats
             FROM inbox INDEXED BY inbox_unapplied
             WHERE state <> 'applied' AND id > ?1 AND state = ?2 ORDER BY id LIMIT ?3"
        }
    })?;
    let state = state.map(InboxState::word);
    let mut rows = statement.query(params![row::signed(after), state, row::limit(limit)])?;
    let mut deliveries = Vec::new();
    while let Some(row) = rows.next()? {
        deliveries.push(named(row)?);
    }
    Ok(deliveries)
}

fn named(row: &Row<'_>) -> Result<Filed, Failure> {
    let id: i64 = row.get(0)?;
    filed(row).map_err(|failure| failure.of(format!("delivery {id}")))
}

fn filed(row: &Row<'_>) -> Result<Filed, Failure> {
    let headers: Vec<u8> = row.get(2)?;
    let body: Vec<u8> = row.get(3)?;
    let deferrals: i64 = row.get(5)?;
    let item = InboxItem {
        id: InboxId(row::unsigned(row.get(0)?)?),
        account: AccountName::new(row.get::<_, String>(1)?)?,
        delivery: Delivery {
            headers: headers_from_bytes(&headers)
                .ok_or_else(|| Failure::unreadable("its headers are damaged"))?,
            body: Bytes::from(body),
            received_at: Timestamp::from_millis(row.get(4)?),
        },
        verdict: verdict(row, 6)?,
        deferrals: u32::try_from(deferrals).unwrap_or(u32::MAX),
    };
    Ok(Filed {
        item,
        state: state(row.get(7)?)?,
        because: row.get(8)?,
        repeats: row::unsigned(row.get(9)?)?,
    })
}

/// A verdict that this version cannot read counts as missing: the bytes can be judged again.
fn verdict(row: &Row<'_>, column: usize) -> Result<Option<Verdict>, Failure> {
    let json: Option<String> = row.get(column)?;
    Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
}

fn state(word: String) -> Result<InboxState, Failure> {
    InboxState::from_word(&word)
        .ok_or_else(|| Failure::unreadable("its state is a word that this version does not know"))
}

/// Marks a delivery as applied by a step.
pub(crate) fn apply(connection: &Connection, id: InboxId) -> Result<(), Failure> {
    let applied = connection
        .prepare_cached("UPDATE inbox SET state = 'applied', because = '' WHERE id = ?1")?
        .execute([row::signed(id.0)])?;
    if applied == 0 { Err(no_such_delivery(id)) } else { Ok(()) }
}

/// Defers or closes an open delivery. One that is not open stays as it is, which is no error.
pub(crate) fn file(connection: &Connection, id: InboxId, filing: &Filing) -> Result<(), Failure> {
    let number = row::signed(id.0);
    let filed = match filing {
        Filing::Defer { due_at, because } => connection
            .prepare_cached(
                "UPDATE inbox SET due_at = ?1, because = ?2, deferrals = deferrals + 1
                 WHERE id = ?3 AND state = 'open'",
            )?
            .execute(params![due_at.as_millis(), because, number])?,
        Filing::Close { state, because, .. } => connection
            .prepare_cached(
                "UPDATE inbox SET state = ?1, because = ?2 WHERE id = ?3 AND state = 'open'",
            )?
            .execute(params![state.word(), because, number])?,
    };
    if filed == 0 {
        let mut statement = connection.prepare_cached("SELECT 1 FROM inbox WHERE id = ?1")?;
        return if statement.exists([number])? { Ok(()) } else { Err(no_such_delivery(id)) };
    }
    match filing {
        Filing::Close { notice: Some(notice), .. } => {
            outbox::tell(connection, std::slice::from_ref(notice))
        }
        Filing::Close { notice: None, .. } | Filing::Defer { .. } => Ok(()),
    }
}

fn no_such_delivery(id: InboxId) -> Failure {
    Failure::new(StoreError::missing_delivery(id).message)
}

/// Makes orphans due that name this key, whose order is known now.
pub(crate) fn match_key(
    connection: &Connection,
    account: &AccountName,
    key: &OrderKey,
) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "UPDATE inbox INDEXED BY inbox_orphans_of_keys SET state = 'open', deferrals = 0
             WHERE state = 'orphan' AND account = ?1 AND order_key = ?2",
        )?
        .execute([account.as_str(), key.as_str()])?;
    Ok(())
}

/// Makes orphans due that name this id of an order or session, which is known now.
pub(crate) fn match_reference(
    connection: &Connection,
    account: &str,
    reference: &ProviderRef,
) -> Result<(), Failure> {
    connection
        .prepare_cached(
            "UPDATE inbox INDEXED BY inbox_orphans_of_references SET state = 'open', deferrals = 0
             WHERE state = 'orphan' AND account = ?1 AND reference = ?2",
        )?
        .execute([account, reference.as_str()])?;
    Ok(())
}

pub(crate) fn next_due(
    connection: &Connection,
    account: &str,
    trust: Trust,
) -> Result<Option<Timestamp>, Failure> {
    let earliest = connection
        .prepare_cached(
            "SELECT min(due_at) FROM inbox INDEXED BY inbox_due
             WHERE state = 'open' AND account = ?1 AND is_genuine = ?2",
        )?
        .query_row(params![account, is_genuine(trust)], |row| row.get(0))?;
    Ok(row::timestamp(earliest))
}

/// The value of the column for this trust.
fn is_genuine(trust: Trust) -> bool {
    match trust {
        Trust::Verified => true,
        Trust::Unverified => false,
    }
}

/// A refusal without an account gets the empty name.
pub(crate) fn count_refused(connection: &Connection, refused: &[Refused]) -> Result<(), Failure> {
    for Refused { account, reason, count, last_at } in refused {
        connection
            .prepare_cached(
                "INSERT INTO refused (account, reason, count, last_at) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (account, reason) DO UPDATE
                 SET count = count + excluded.count, last_at = max(last_at, excluded.last_at)",
            )?
            .execute(params![
                account.as_ref().map_or("", AccountName::as_str),
                reason,
                row::signed(*count),
                last_at.as_millis()
            ])?;
    }
    Ok(())
}

pub(crate) fn refused(connection: &Connection) -> Result<Vec<Refused>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT account, reason, count, last_at FROM refused ORDER BY account, reason",
    )?;
    let mut rows = statement.query(())?;
    let mut refused = Vec::new();
    while let Some(row) = rows.next()? {
        refused.push(counted(row).map_err(|failure| failure.of("a count of refused deliveries"))?);
    }
    Ok(refused)
}

fn counted(row: &Row<'_>) -> Result<Refused, Failure> {
    Ok(Refused {
        account: Some(row.get::<_, String>(0)?)
            .filter(|name| !name.is_empty())
            .map(AccountName::new)
            .transpose()?,
        reason: row.get(1)?,
        count: row::unsigned(row.get(2)?)?,
        last_at: Timestamp::from_millis(row.get(3)?),
    })
}
