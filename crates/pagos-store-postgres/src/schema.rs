//! The tables, and the migrations from older versions. They go forward only.

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
mod witness;

use std::time::Duration;

use crate::{
    connection::{Commit, Connection},
    failure::Failure,
    transaction::Work,
};

/// The tables of one purpose, in a schema of their own.
#[derive(Debug)]
pub(crate) struct Tables {
    /// The table that counts the migrations, by which these tables are recognised.
    counter: &'static str,
    read_version: &'static str,
    migrations: &'static [&'static str],
}

/// The tables of a store.
pub(crate) const STORE: &Tables = &Tables {
    counter: "schema_version",
    read_version: "SELECT version FROM schema_version",
    migrations: &MIGRATIONS,
};

/// The tables of witnesses. `schema/witness.rs` makes them.
pub(crate) const WITNESSES: &Tables = &Tables {
    counter: "witness_version",
    read_version: "SELECT version FROM witness_version",
    migrations: &[witness::VERSION_1, witness::VERSION_2],
};

/// Each migration raises the schema's number by one. They are never edited, only added.
const MIGRATIONS: [&str; 11] = [
    version_1::VERSION_1,
    version_2::VERSION_2,
    version_3::VERSION_3,
    version_4::VERSION_4,
    version_5::VERSION_5,
    version_6::VERSION_6,
    version_7::VERSION_7,
    version_8::VERSION_8,
    version_9::VERSION_9,
    version_10::VERSION_10,
    version_11::VERSION_11,
];

/// How long one migration may take: it rewrites each row of a large database.
const MIGRATION_MAX: Duration = Duration::from_mins(30);

/// "Pago" in ASCII: the first half of the advisory locks of this crate.
pub(crate) const LOCK: i32 = 0x5061_676f;

/// Brings the schema to the present version, in one transaction; many programs may do so at once.
pub(crate) async fn migrate(
    connection: &Connection,
    tables: &Tables,
    schema: &str,
) -> Result<(), Failure> {
    if version(connection, tables, schema).await? == Some(tables.version()) {
        return Ok(());
    }
    connection
        .begin("SET LOCAL statement_timeout TO '30min'; SET LOCAL lock_timeout TO '10min'")
        .await?;
    let outcome = match advance(connection, tables, schema).await {
        Ok(()) => match connection.commit().await {
            Commit::Done => Ok(()),
            // A migration is never done twice, so it need not be known whether this one happened.
            Commit::TakenBack(failure) | Commit::Unknown(failure) => Err(failure),
        },
        failed => failed,
    };
    if outcome.is_err() && !connection.is_closed() {
        connection.roll_back().await?;
    }
    outcome
}

/// Reads the version under the lock: another program may have migrated in between, or may even be
/// newer.
async fn advance(connection: &Connection, tables: &Tables, schema: &str) -> Result<(), Failure> {
    connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", &[&LOCK, &schema]).await?;
    let found = version(connection, tables, schema).await?.unwrap_or(0);
    let counter = tables.counter;
    if found == 0 {
        // Not IF NOT EXISTS, which needs the right to create schemas even if there is nothing to
        // do.
        let exists = "SELECT 1 FROM pg_namespace WHERE nspname = $1";
        if connection.at_most_one(exists, &[&schema]).await?.is_none() {
            connection.batch(&format!("CREATE SCHEMA \"{schema}\"")).await?;
        }
        connection.batch(&format!("CREATE TABLE {counter} (version integer NOT NULL)")).await?;
        connection.batch(&format!("INSERT INTO {counter} VALUES (0)")).await?;
    }
    for migration in tables.migrations.iter().skip(found) {
        connection.batch_within(migration, MIGRATION_MAX).await?;
    }
    connection.batch(&format!("UPDATE {counter} SET version = {}", tables.version())).await
}

/// Whether these tables do not exist yet.
pub(crate) struct IsNew<'call> {
    pub(crate) tables: &'static Tables,
    pub(crate) schema: &'call str,
}

impl Work for IsNew<'_> {
    type Answer = bool;

    async fn run(&self, connection: &Connection) -> Result<bool, Failure> {
        Ok(version(connection, self.tables, self.schema).await?.is_none())
    }
}

/// The version of the existing tables; `None` if there are none.
///
/// # Errors
/// If the tables are another program's, or a newer version's.
async fn version(
    connection: &Connection,
    tables: &Tables,
    schema: &str,
) -> Result<Option<usize>, Failure> {
    let row = connection.one(TABLES, &[&schema, &tables.counter]).await?;
    let (found, is_ours): (i64, bool) = (row.try_get(0)?, row.try_get(1)?);
    if !is_ours {
        return match found {
            0 => Ok(None),
            _ => Err(Failure::new(format!(
                "the schema {schema} holds tables of another program; name another schema"
            ))),
        };
    }
    let row = connection.one(tables.read_version, &[]).await?;
    let version: i32 = row.try_get(0)?;
    let version =
        usize::try_from(version).map_err(|_| Failure::new("the schema's number is negative"))?;
    if version > tables.version() {
        return Err(Failure::new(format!(
            "the database was written by a newer version of pagos (schema {version}, this one \
             knows {}); upgrade this program",
            tables.version()
        )));
    }
    Ok(Some(version))
}

/// For readers: checks that the schema exists and has the current version.
pub(crate) async fn check(
    connection: &Connection,
    tables: &Tables,
    schema: &str,
) -> Result<(), Failure> {
    match version(connection, tables, schema).await? {
        Some(version) if version == tables.version() => Ok(()),
        Some(_) => Err(Failure::new(
            "the database was written by an older version of pagos; open it for writing once, as \
             `pagos pay` and `pagos serve` do, to bring it up to date",
        )),
        None => Err(Failure::new(
            "the database holds nothing of pagos yet; open it for writing once, as `pagos pay` \
             and `pagos serve` do",
        )),
    }
}

impl Tables {
    /// The version that this program reads and writes.
    pub(crate) fn version(&self) -> usize {
        self.migrations.len()
    }
}

const TABLES: &str = "SELECT count(*), coalesce(bool_or(relname = $2), false)
     FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
     WHERE nspname = $1 AND relkind IN ('r', 'p', 'v', 'm')";

#[cfg(all(test, feature = "scratch"))]
mod tests {
    use super::*;
    use crate::{
        PostgresOptions, PostgresStore, Scratch,
        target::{Mode, Target},
        url,
    };

    async fn connect(database_url: &str) -> Connection {
        let options = PostgresOptions::default();
        let server = url::parse(database_url).unwrap();
        let target = Target::new(server, options.schema, Mode::Write, options.connect_timeout);
        Connection::open(&target).await.unwrap()
    }

    #[tokio::test]
    async fn every_version_comes_to_the_present_one() {
        let Some(scratch) = Scratch::from_env() else { return };
        for from in 0..=STORE.version() {
            let database = scratch.database().await;
            let connection = connect(&database.url).await;
            connection.begin("CREATE SCHEMA pagos").await.unwrap();
            if from > 0 {
                connection.batch("CREATE TABLE schema_version (version integer)").await.unwrap();
                let insert = format!("INSERT INTO schema_version VALUES ({from})");
                connection.batch(&insert).await.unwrap();
            }
            for migration in MIGRATIONS.iter().take(from) {
                connection.batch(migration).await.unwrap();
            }
            assert!(matches!(connection.commit().await, Commit::Done));
            migrate(&connection, STORE, "pagos").await.unwrap();
            let found = version(&connection, STORE, "pagos").await.unwrap();
            assert_eq!(found, Some(STORE.version()), "from {from}");
            migrate(&connection, STORE, "pagos").await.unwrap();
            let store = PostgresStore::connect(&database.url, PostgresOptions::default()).await;
            assert!(store.is_ok(), "from {from}");
        }
    }
}
