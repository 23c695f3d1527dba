//! Lists of payouts, page by page. Each statement walks an index from where its page begins and
//! sorts nothing; `INDEXED BY` turns any other plan into an error.

use pagos_core::{AccountName, OrderKey};
use pagos_engine::{Cursor, Filter, Page, Payout, Sorted};
use rusqlite::{Connection, ToSql, params_from_iter};

use crate::{
    failure::Failure,
    row::{self, payout_columns},
    run,
};

/// Reads rows until `page.limit` of them are readable, so that a short page is the last one.
pub(crate) fn list(
    connection: &Connection,
    filter: &Filter,
    page: &Page,
) -> Result<Vec<Payout>, Failure> {
    let run = match &filter.run {
        None => None,
        Some(run) => match run::stored(connection, run)? {
            Some(run) => Some(run.number),
            None => return Ok(Vec::new()),
        },
    };
    let walk = Walk { connection, filter, run };
    if filter.reference.is_some() {
        return walk.by_reference(page);
    }
    match &page.sorted {
        Sorted::ByKey { after } => walk.by_key(after.as_ref(), page.limit),
        Sorted::NewestFirst { after } => walk.newest_first(after.as_ref(), page.limit),
    }
}

/// The payouts in doubt of an account, the first submitted first.
pub(crate) fn doubts(
    connection: &Connection,
    account: &AccountName,
    limit: usize,
) -> Result<Vec<Payout>, Failure> {
    let mut statement = connection.prepare_cached(DOUBTS)?;
    row::readable(statement.query([account.as_str()])?, limit, row::payout)
}

struct Walk<'call> {
    connection: &'call Connection,
    filter: &'call Filter,
    run: Option<i64>,
}

impl Walk<'_> {
    /// Of several filters, the one that leaves the fewest rows determines the index; the others are
    /// checked row by row.
    fn newest_first(&self, after: Option<&Cursor>, limit: usize) -> Result<Vec<Payout>, Failure> {
        let sql = match (self.run, self.filter.status.as_deref(), &self.filter.account) {
            (Some(_), ..) => NEWEST_OF_RUN,
            (None, Some(status), _) if status != "succeeded" => NEWEST_UNSETTLED,
            (None, _, Some(_)) => NEWEST_OF_ACCOUNT,
            (None, ..) => NEWEST,
        };
        let (before_ms, before_key) = self.filter.span(after).before;
        self.read(sql, before_ms, &before_key, limit)
    }

    fn by_key(&self, after: Option<&OrderKey>, limit: usize) -> Result<Vec<Payout>, Failure> {
        let sql = if self.run.is_some() { BY_KEY_OF_RUN } else { BY_KEY };
        let (until_ms, _) = self.filter.span(None).before;
        // Every key is greater than the empty text.
        self.read(sql, until_ms, after.map_or("", OrderKey::as_str), limit)
    }

    /// There is at most one payout per account, so they are sorted here.
    fn by_reference(&self, page: &Page) -> Result<Vec<Payout>, Failure> {
        let reference = self.filter.reference.as_ref().map_or("", |reference| reference.as_str());
        let (until_ms, _) = self.filter.span(None).before;
        let mut found = self.read(BY_REFERENCE, until_ms, reference, usize::MAX)?;
        match &page.sorted {
            Sorted::ByKey { after } => {
                found.retain(|payout| after.as_ref().is_none_or(|it| payout.order.key > *it));
                found.sort_by(|one, other| one.order.key.cmp(&other.order.key));
            }
            Sorted::NewestFirst { after } => {
                found.retain(|payout| after.as_ref().is_none_or(|it| payout.cursor() < *it));
                found.sort_by_key(|payout| std::cmp::Reverse(payout.cursor()));
            }
        }
        found.truncate(page.limit);
        Ok(found)
    }

    /// `time_ms` and `text` are what the statement compares with.
    fn read(
        &self,
        sql: &str,
        time_ms: i64,
        text: &str,
        limit: usize,
    ) -> Result<Vec<Payout>, Failure> {
        let from_ms = self.filter.span(None).from_ms;
        let account = self.filter.account.as_ref().map(|account| account.as_str());
        let arguments: [&dyn ToSql; 6] =
            [&self.filter.status, &account, &from_ms, &time_ms, &text, &self.run];
        let mut statement = self.connection.prepare_cached(sql)?;
        let wanted = arguments.into_iter().take(statement.parameter_count());
        row::readable(statement.query(params_from_iter(wanted))?, limit, row::payout)
    }
}

/// The row-by-row condition: `?1` is the status, `?2` the account.
macro_rules! is_wanted {
    () => {
        "(?1 IS NULL OR status = ?1) AND (?2 IS NULL OR account = ?2)"
    };
}

/// From the moment `?3` on, and before the place `?4, ?5`; newest first.
macro_rules! newest_of {
    ($table:literal) => {
        concat!(
            $table,
            ".created_at >= ?3 AND (",
            $table,
            ".created_at, ",
            $table,
            ".key) < (?4, ?5) ORDER BY ",
            $table,
            ".created_at DESC, ",
            $table,
            ".key DESC"
        )
    };
}

/// CROSS JOIN walks the index in its order first, then finds the rows that it names.
const NEWEST: &str = concat!(
    "SELECT ",
    payout_columns!(),
    " FROM payouts INDEXED BY payouts_newest CROSS JOIN orders USING (id) WHERE ",
    is_wanted!(),
    " AND ",
    newest_of!("payouts")
);

const NEWEST_OF_ACCOUNT: &str = concat!(
    "SELECT ",
    payout_columns!(),
    " FROM payouts INDEXED BY payouts_of_account CROSS JOIN orders USING (id)
     WHERE account = ?2 AND (?1 IS NULL OR status = ?1) AND ",
    newest_of!("payouts")
);

const NEWEST_UNSETTLED: &str = concat!(
    "SELECT ",
    payout_columns!(),
    " FROM payouts INDEXED BY payouts_unsettled CROSS JOIN orders USING (id)
     WHERE status <> 'succeeded' AND status = ?1 AND (?2 IS NULL OR account = ?2) AND ",
    newest_of!("payouts")
);

const DOUBTS: &str = concat!(
    "SELECT ",
    payout_columns!(),
    " FROM payouts INDEXED BY payouts_unsettled CROSS JOIN orders USING (id)
     WHERE status <> 'succeeded' AND status = 'unknown' AND account = ?1
     ORDER BY payouts.created_at, payouts.key"
);

const NEWEST_OF_RUN: &str = concat!(
    "SELECT ",
    payout_columns!(),
    " FROM members INDEXED BY members_newest CROSS JOIN payouts ON payouts.id = members.payout
     CROSS JOIN orders USING (id) WHERE members.run = ?6 AND ",
    is_wanted!(),
    " AND ",
    newest_of!("members")
);

/// After the key `?5`, from the moment `?3` on and before `?4`. The plus keeps SQLite from walking
/// an index of times, whose rows it would have to sort.
const BY_KEY: &str = concat!(
    "SELECT ",
    payout_columns!(),
    " FROM payouts CROSS JOIN orders USING (id) WHERE payouts.key > ?5 AND ",
    is_wanted!(),
    " AND +payouts.created_at >= ?3 AND +payouts.created_at < ?4 ORDER BY payouts.key"
);

const BY_KEY_OF_RUN: &str = concat!(
    "SELECT ",
    payout_columns!(),
    " FROM members CROSS JOIN payouts ON payouts.id = members.payout CROSS JOIN orders USING (id)
     WHERE members.run = ?6 AND members.key > ?5 AND ",
    is_wanted!(),
    " AND +payouts.created_at >= ?3 AND +payouts.created_at < ?4 ORDER BY members.key"
);

/// Finds the accounts by skipping from each to the next in the key of the table.
const BY_REFERENCE: &str = concat!(
    "WITH RECURSIVE named (account) AS (
         SELECT min(account) FROM payout_references
         UNION ALL
         SELECT (SELECT min(account) FROM payout_references AS next
                 WHERE next.account > named.account)
         FROM named WHERE named.account IS NOT NULL
     )
     SELECT ",
    payout_columns!(),
    " FROM named CROSS JOIN payout_references AS found
          ON found.account = named.account AND found.reference = ?5
     CROSS JOIN payouts ON payouts.key = found.key CROSS JOIN orders USING (id)
     WHERE (?1 IS NULL OR status = ?1) AND (?2 IS NULL OR payouts.account = ?2)
       AND payouts.created_at >= ?3 AND payouts.created_at < ?4
       AND (?6 IS NULL OR EXISTS
            (SELECT 1 FROM members WHERE members.run = ?6 AND members.key = payouts.key))"
);
