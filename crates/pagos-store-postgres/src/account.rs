//! The stored facts about an account: its world, whether it is out of service, and when its list
//! was read.

use std::collections::BTreeMap;

use pagos_core::{AccountName, Timestamp};
use pagos_engine::Notice;

use crate::{
    connection::Connection,
    failure::Failure,
    flight::{Flight, Statement, raised},
    transaction::Work,
};

/// Ties an account to a world; the first one is kept.
pub(crate) struct Bind<'call> {
    pub(crate) account: &'call AccountName,
    pub(crate) world: &'call str,
}

impl Work for Bind<'_> {
    type Answer = String;

    async fn run(&self, connection: &Connection) -> Result<String, Failure> {
        let account = self.account.as_str();
        connection.execute(BIND, &[&account, &self.world]).await?;
        // A statement of its own, so that it sees what another worker bound in between.
        let select = "SELECT world FROM accounts WHERE account = $1";
        Ok(connection.one(select, &[&account]).await?.try_get(0)?)
    }
}

const BIND: &str = "INSERT INTO accounts (account, world) VALUES ($1, $2)
    ON CONFLICT (account) DO UPDATE SET world = excluded.world WHERE accounts.world IS NULL";

/// Notes that the account of a notice is out of service; the answer is whether that is new.
pub(crate) struct Halt<'call> {
    pub(crate) notice: &'call Notice,
}

impl Flight for Halt<'_> {
    type Answer = bool;

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        change(HALT, self.notice)
    }

    fn read(&self, answer: &str) -> Result<bool, Failure> {
        Ok(answer == CHANGED)
    }
}

/// Notes that the account of a notice works again; the answer is whether that is new.
pub(crate) struct Resume<'call> {
    pub(crate) notice: &'call Notice,
}

impl Flight for Resume<'_> {
    type Answer = bool;

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        change(RESUME, self.notice)
    }

    fn read(&self, answer: &str) -> Result<bool, Failure> {
        Ok(answer == CHANGED)
    }
}

/// Reads when each part of an account's list was last read.
pub(crate) struct ReadSwept<'call> {
    pub(crate) account: &'call AccountName,
}

impl Work for ReadSwept<'_> {
    type Answer = BTreeMap<u32, Timestamp>;

    async fn run(&self, connection: &Connection) -> Result<Self::Answer, Failure> {
        let select = "SELECT part, swept_at FROM swept WHERE account = $1";
        let rows = connection.rows(select, &[&self.account.as_str()]).await?;
        let mut swept = BTreeMap::new();
        for row in &rows {
            let part = u32::try_from(row.try_get::<_, i64>(0)?).unwrap_or(u32::MAX);
            swept.insert(part, Timestamp::from_millis(row.try_get(1)?));
        }
        Ok(swept)
    }
}

/// Notes that a part of a list is read; the answer is whether the noted time was as expected.
pub(crate) struct NoteSwept<'call> {
    pub(crate) account: &'call AccountName,
    pub(crate) part: u32,
    pub(crate) was: Option<Timestamp>,
    pub(crate) at: Timestamp,
}

impl Flight for NoteSwept<'_> {
    type Answer = bool;

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        Ok(Statement::new(NOTE_SWEPT)
            .with(self.account.as_str())
            .with(i64::from(self.part))
            .with(self.at.as_millis())
            .with(self.was.map(Timestamp::as_millis)))
    }

    fn read(&self, answer: &str) -> Result<bool, Failure> {
        Ok(answer == CHANGED)
    }
}

/// Reads the accounts that are noted as out of service, sorted by name.
pub(crate) struct ReadHalted;

impl Work for ReadHalted {
    type Answer = Vec<AccountName>;

    async fn run(&self, connection: &Connection) -> Result<Vec<AccountName>, Failure> {
        // Sorted by bytes, whatever the database's collation is.
        let select = "SELECT account FROM accounts WHERE halted ORDER BY account COLLATE \"C\"";
        let rows = connection.rows(select, &[]).await?;
        rows.iter().map(|row| Ok(AccountName::new(row.try_get::<_, String>(0)?)?)).collect()
    }
}

fn change<'call>(sql: &'static str, notice: &'call Notice) -> Result<Statement<'call>, Failure> {
    let text = serde_json::to_string(notice)?;
    Ok(Statement::new(sql).with(notice.account.as_str()).with(text))
}

/// The answer of a statement that changed something.
const CHANGED: &str = "changed";

macro_rules! told {
    () => {
        "told AS (
            INSERT INTO outbox (notice_json) SELECT $2 FROM changed
        ), outcome AS MATERIALIZED (
            SELECT CASE WHEN EXISTS (SELECT FROM changed) THEN 'changed' ELSE '' END AS answer
        ), "
    };
}

const NOTE_SWEPT: &str = concat!(
    "WITH first AS (
        INSERT INTO swept (account, part, swept_at) SELECT $1, $2, $3 WHERE $4::bigint IS NULL
        ON CONFLICT (account, part) DO NOTHING
        RETURNING account
    ), later AS (
        UPDATE swept SET swept_at = $3 WHERE account = $1 AND part = $2 AND swept_at = $4
        RETURNING account
    ), outcome AS MATERIALIZED (
        SELECT CASE WHEN EXISTS (SELECT FROM first) OR EXISTS (SELECT FROM later) THEN 'changed'
               ELSE '' END AS answer
    ), ",
    raised!("$5", "$6")
);

const HALT: &str = concat!(
    "WITH changed AS (
        INSERT INTO accounts (account, halted) VALUES ($1, true)
        ON CONFLICT (account) DO UPDATE SET halted = true WHERE NOT accounts.halted
        RETURNING account
    ), ",
    told!(),
    raised!("$3", "$4")
);

const RESUME: &str = concat!(
    "WITH changed AS (
        UPDATE accounts SET halted = false WHERE account = $1 AND halted RETURNING account
    ), ",
    told!(),
    raised!("$3", "$4")
);
