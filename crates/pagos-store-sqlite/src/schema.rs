//! The tables, and the migrations from older versions of the file. They go forward only.

mod version_1;
mod version_10;
mod version_11;
mod version_2;
mod version_3;
mod version_4;
mod version_5;
mod version_6;
mod version_7;
mod version_8;
mod version_9;

use rusqlite::Connection;

use crate::{failure::Failure, tallies};

/// The application id in the file's header, which marks the database as ours. ("Pago" in ASCII.)
pub(crate) const APPLICATION_ID: i32 = 0x5061_676f;

/// The application id of a file that was made and not used yet. The first entry in its log is
/// always [`APPLICATION_ID`], so a file with this id and without a log has lost its log. ("Page" in
/// ASCII.)
pub(crate) const APPLICATION_ID_OF_A_BEGINNING: i32 = 0x5061_6765;

/// Each migration raises the schema's number by one. They are never edited, only added.
const MIGRATIONS: [Migration; 11] = [
    Migration { sql: version_1::VERSION_1, afterwards: Afterwards::Nothing },
    Migration { sql: version_2::VERSION_2, afterwards: Afterwards::Nothing },
    Migration { sql: version_3::VERSION_3, afterwards: Afterwards::FillTallyOfAll },
    Migration { sql: version_4::VERSION_4, afterwards: Afterwards::Nothing },
    Migration { sql: version_5::VERSION_5, afterwards: Afterwards::Nothing },
    Migration { sql: version_6::VERSION_6, afterwards: Afterwards::Nothing },
    Migration { sql: version_7::VERSION_7, afterwards: Afterwards::Nothing },
    Migration { sql: version_8::VERSION_8, afterwards: Afterwards::Nothing },
    Migration { sql: version_9::VERSION_9, afterwards: Afterwards::Nothing },
    Migration { sql: version_10::VERSION_10, afterwards: Afterwards::Nothing },
    Migration { sql: version_11::VERSION_11, afterwards: Afterwards::Nothing },
];

struct Migration {
    sql: &'static str,
    afterwards: Afterwards,
}

/// A step that SQL cannot do, in the same transaction.
enum Afterwards {
    Nothing,
    /// Fills the tally of all payouts, because sums can be wider than SQL's integers.
    FillTallyOfAll,
}

impl Migration {
    fn run(&self, connection: &Connection) -> Result<(), Failure> {
        connection.execute_batch(self.sql)?;
        match self.afterwards {
            Afterwards::Nothing => Ok(()),
            Afterwards::FillTallyOfAll => tallies::fill_all(connection),
        }
    }
}

/// The schema that this version reads and writes.
pub(crate) const VERSION: usize = MIGRATIONS.len();

/// How many migrations the file has had.
pub(crate) fn version(connection: &Connection) -> Result<usize, Failure> {
    let version: i64 = connection.query_row("PRAGMA user_version", (), |row| row.get(0))?;
    usize::try_from(version).map_err(|_| Failure::new("the file's schema number is negative"))
}

/// Brings the file to [`VERSION`], in one transaction. The caller has checked that it is ours; a
/// reader checks the version again. Foreign keys are checked at the end, since SQLite would take a
/// table that is rebuilt for one whose rows are deleted.
pub(crate) fn migrate(connection: &Connection) -> Result<(), Failure> {
    if version(connection)? >= VERSION {
        return Ok(());
    }
    // The pragma has no effect inside a transaction. After a failure foreign keys stay off, and the
    // connection is not used before it is set up again.
    connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
    advance(connection)?;
    connection.execute_batch("COMMIT; PRAGMA foreign_keys = ON")?;
    Ok(())
}

/// Fills a blank file with the tables, and marks it as not used yet.
pub(crate) fn make(connection: &Connection) -> Result<(), Failure> {
    connection.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
    advance(connection)?;
    connection.pragma_update(None, "application_id", APPLICATION_ID_OF_A_BEGINNING)?;
    connection.execute_batch("COMMIT")?;
    Ok(())
}

/// Reads the version again: another process may have migrated while we waited for the lock. A newer
/// program may even have gone further than we would; its number must stay.
fn advance(connection: &Connection) -> Result<(), Failure> {
    let found = version(connection)?;
    if found >= VERSION {
        return Ok(());
    }
    for migration in MIGRATIONS.iter().skip(found) {
        migration.run(connection)?;
    }
    if connection.prepare("PRAGMA foreign_key_check")?.exists(())? {
        return Err(Failure::new("its tables refer to rows that are not there; restore a backup"));
    }
    connection.pragma_update(None, "user_version", i64::try_from(VERSION).unwrap_or(i64::MAX))?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set_version(connection: &Connection, version: usize) {
        let version = i64::try_from(version).unwrap();
        connection.pragma_update(None, "user_version", version).unwrap();
    }

    #[test]
    fn every_version_comes_to_the_present_one() {
        for from in 0..=VERSION {
            let connection = Connection::open_in_memory().unwrap();
            for migration in MIGRATIONS.iter().take(from) {
                migration.run(&connection).unwrap();
            }
            set_version(&connection, from);
            migrate(&connection).unwrap();
            assert_eq!(version(&connection).unwrap(), VERSION, "from {from}");
            let sql =
                "SELECT count(*) FROM sqlite_schema WHERE name IN ('payment_sessions', 'members')";
            let found: i64 = connection.query_row(sql, (), |row| row.get(0)).unwrap();
            assert_eq!(found, 2, "from {from}");
        }
    }

    #[test]
    fn what_is_settled_is_asked_about_apart_from_the_rest() {
        let connection = Connection::open_in_memory().unwrap();
        MIGRATIONS.iter().take(3).for_each(|migration| migration.run(&connection).unwrap());
        set_version(&connection, 3);
        let quiet = r#"{"standing":{"held":{},"doubt":null}}"#;
        let doubted = r#"{"standing":{"held":{},"doubt":{"since":1}}}"#;
        let odd = r#"{"standing":{"held":{},"doubt":null,"not_understood":{"word":"x"}}}"#;
        let rows = [
            ("ask", "succeeded", quiet, "watch"),
            ("ask", "failed", quiet, "watch"),
            ("ask", "pending", quiet, "ask"),
            ("send", "created", quiet, "send"),
            ("ask", "succeeded", doubted, "ask"),
            ("ask", "failed", odd, "ask"),
        ];
        for (number, (work, status, progress, _)) in rows.iter().enumerate() {
            connection
                .execute(
                    "INSERT INTO payouts
                     (key, account, amount_minor, currency, status, work, held, at_rest, attention,
                      version, epoch, created_at, digest, digest_version, order_json, progress_json)
                     VALUES (?1, 'a', 1, 'COP', ?2, ?3, 0, 0, 0, 1, 0, 0, x'00', 1, '', ?4)",
                    rusqlite::params![number.to_string(), status, work, progress],
                )
                .unwrap();
        }
        migrate(&connection).unwrap();
        let mut found = connection.prepare("SELECT work FROM payouts ORDER BY id").unwrap();
        let found = found.query_map((), |row| row.get(0)).unwrap();
        let found: Vec<String> = found.map(Result::unwrap).collect();
        assert_eq!(found, rows.map(|(_, _, _, wanted)| wanted));
    }

    #[test]
    fn a_newer_program_that_was_faster_is_not_undone() {
        let connection = Connection::open_in_memory().unwrap();
        set_version(&connection, VERSION + 1);
        advance(&connection).unwrap();
        migrate(&connection).unwrap();
        assert_eq!(version(&connection).unwrap(), VERSION + 1);
    }
}
