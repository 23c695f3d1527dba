//! The stored facts about an account: the world that it pays in, whether it is out of service, and
//! when its provider's list was last read.

use std::collections::BTreeMap;

use pagos_core::{AccountName, Timestamp};
use pagos_engine::Notice;
use rusqlite::{Connection, params};

use crate::{failure::Failure, outbox};

/// Ties an account to a world; the first one is kept.
pub(crate) fn bind(
    connection: &Connection,
    account: &AccountName,
    world: &str,
) -> Result<String, Failure> {
    connection
        .prepare_cached(
            "INSERT INTO accounts (account, world) VALUES (?1, ?2)
             ON CONFLICT (account) DO UPDATE SET world = excluded.world
             WHERE accounts.world IS NULL",
        )?
        .execute([account.as_str(), world])?;
    let bound = connection
        .prepare_cached("SELECT world FROM accounts WHERE account = ?1")?
        .query_row([account.as_str()], |row| row.get(0))?;
    Ok(bound)
}

/// When each part of an account's list was read last.
pub(crate) fn swept(
    connection: &Connection,
    account: &AccountName,
) -> Result<BTreeMap<u32, Timestamp>, Failure> {
    let mut statement =
        connection.prepare_cached("SELECT part, swept_at FROM swept WHERE account = ?1")?;
    let rows = statement.query_map([account.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    rows.map(|row| row.map(|(part, at)| (part, Timestamp::from_millis(at))).map_err(Failure::from))
        .collect()
}

/// Returns false if the noted time is not `was`.
pub(crate) fn note_swept(
    connection: &Connection,
    account: &AccountName,
    part: u32,
    was: Option<Timestamp>,
    at: Timestamp,
) -> Result<bool, Failure> {
    let (account, at) = (account.as_str(), at.as_millis());
    let noted = match was {
        None => connection
            .prepare_cached(
                "INSERT INTO swept (account, part, swept_at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (account, part) DO NOTHING",
            )?
            .execute(params![account, part, at])?,
        Some(was) => connection
            .prepare_cached(
                "UPDATE swept SET swept_at = ?3
                 WHERE account = ?1 AND part = ?2 AND swept_at = ?4",
            )?
            .execute(params![account, part, at, was.as_millis()])?,
    };
    Ok(noted > 0)
}

/// Notes that an account is out of service. Returns false if that was noted before.
pub(crate) fn halt(connection: &Connection, notice: &Notice) -> Result<bool, Failure> {
    let noted = connection
        .prepare_cached(
            "INSERT INTO accounts (account, halted) VALUES (?1, 1)
             ON CONFLICT (account) DO UPDATE SET halted = 1 WHERE accounts.halted = 0",
        )?
        .execute([notice.account.as_str()])?;
    tell_if(connection, noted, notice)
}

/// Notes that an account works again. Returns false if it was not out of service.
pub(crate) fn resume(connection: &Connection, notice: &Notice) -> Result<bool, Failure> {
    let noted = connection
        .prepare_cached("UPDATE accounts SET halted = 0 WHERE account = ?1 AND halted = 1")?
        .execute([notice.account.as_str()])?;
    tell_if(connection, noted, notice)
}

/// The accounts that are noted as out of service, sorted by name.
pub(crate) fn halted(connection: &Connection) -> Result<Vec<AccountName>, Failure> {
    let mut select = connection
        .prepare_cached("SELECT account FROM accounts WHERE halted = 1 ORDER BY account")?;
    let names = select.query_map([], |row| row.get::<_, String>(0))?;
    names.map(|name| Ok(AccountName::new(name?)?)).collect()
}

fn tell_if(connection: &Connection, noted: usize, notice: &Notice) -> Result<bool, Failure> {
    if noted == 0 {
        return Ok(false);
    }
    outbox::tell(connection, std::slice::from_ref(notice))?;
    Ok(true)
}
