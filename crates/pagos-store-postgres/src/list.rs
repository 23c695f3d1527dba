//! Lists of payouts, page by page. Each statement walks an index from where its page begins and
//! sorts nothing.

use pagos_core::{AccountName, OrderKey};
use pagos_engine::{Cursor, Filter, Page, Payout, Sorted};
use tokio_postgres::Row;

use crate::{
    connection::Connection,
    failure::Failure,
    parameter::Typed,
    row::{self, payout_columns},
    transaction::Work,
};

/// Reads one page.
pub(crate) struct ListPayouts<'call> {
    pub(crate) filter: &'call Filter,
    pub(crate) page: &'call Page,
}

impl Work for ListPayouts<'_> {
    type Answer = Vec<Payout>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Payout>, Failure> {
        if self.filter.reference.is_some() {
            return self.by_reference(connection).await;
        }
        match &self.page.sorted {
            Sorted::ByKey { after } => {
                let (until_ms, _) = self.filter.span(None).before;
                let after = after.as_ref().map_or("", OrderKey::as_str);
                self.walk(connection, self.by_key(), Place::of(until_ms, after)).await
            }
            Sorted::NewestFirst { after } => {
                let (before_ms, before_key) = self.filter.span(after.as_ref()).before;
                self.walk(connection, self.newest_first(), Place::of(before_ms, &before_key)).await
            }
        }
    }
}

/// Reads the payouts in doubt of an account, the first submitted first.
pub(crate) struct ReadDoubts<'call> {
    pub(crate) account: &'call AccountName,
    pub(crate) limit: usize,
}

impl Work for ReadDoubts<'_> {
    type Answer = Vec<Payout>;

    async fn run(&self, connection: &Connection) -> Result<Vec<Payout>, Failure> {
        let arguments: &[&dyn Typed] = &[&self.account.as_str(), &row::limit(self.limit)];
        let rows = connection.rows(DOUBTS, arguments).await?;
        row::readable(&rows, row::payout)
    }
}

/// Where a statement continues.
struct Place {
    time_ms: i64,
    key: String,
}

impl Place {
    fn of(time_ms: i64, key: &str) -> Self {
        Self { time_ms, key: key.to_owned() }
    }
}

/// A statement, and whether it continues from a time and a key or from a key alone.
struct Walk {
    sql: &'static str,
    moves_in_time: bool,
}

impl ListPayouts<'_> {
    /// Of several filters, the one that leaves the fewest rows determines the index; the others are
    /// checked row by row.
    fn newest_first(&self) -> Walk {
        let Filter { run, status, account, .. } = self.filter;
        let sql = match (run, status.as_deref(), account) {
            (Some(_), ..) => NEWEST_OF_RUN,
            (None, Some(status), _) if status != "succeeded" => NEWEST_UNSETTLED,
            (None, _, Some(_)) => NEWEST_OF_ACCOUNT,
            (None, ..) => NEWEST,
        };
        Walk { sql, moves_in_time: true }
    }

    fn by_key(&self) -> Walk {
        let sql = if self.filter.run.is_some() { BY_KEY_OF_RUN } else { BY_KEY };
        Walk { sql, moves_in_time: false }
    }

    /// Reads as many pages as needed: unreadable rows are left out, and a short answer means that
    /// there are no more.
    async fn walk(
        &self,
        connection: &Connection,
        walk: Walk,
        mut place: Place,
    ) -> Result<Vec<Payout>, Failure> {
        let mut payouts = Vec::new();
        while payouts.len() < self.page.limit {
            let wanted = self.page.limit - payouts.len();
            let rows = self.rows(connection, walk.sql, &place, wanted).await?;
            payouts.extend(row::readable(&rows, row::payout)?);
            match rows.last() {
                Some(last) if rows.len() == wanted => {
                    place.key = last.try_get(KEY)?;
                    if walk.moves_in_time {
                        place.time_ms = last.try_get(CREATED_AT)?;
                    }
                }
                _ => break,
            }
        }
        Ok(payouts)
    }

    /// There is at most one payout per account, so they are sorted here.
    async fn by_reference(&self, connection: &Connection) -> Result<Vec<Payout>, Failure> {
        let reference = self.filter.reference.as_ref().map_or("", |reference| reference.as_str());
        let (until_ms, _) = self.filter.span(None).before;
        let place = Place::of(until_ms, reference);
        let rows = self.rows(connection, BY_REFERENCE, &place, usize::MAX).await?;
        let mut found = row::readable(&rows, row::payout)?;
        match &self.page.sorted {
            Sorted::ByKey { after } => {
                found.retain(|payout| after.as_ref().is_none_or(|it| payout.order.key > *it));
                found.sort_by(|one, other| one.order.key.cmp(&other.order.key));
            }
            Sorted::NewestFirst { after } => {
                let is_behind = |it: &Cursor, payout: &Payout| payout.cursor() < *it;
                found.retain(|payout| after.as_ref().is_none_or(|it| is_behind(it, payout)));
                found.sort_by_key(|payout| std::cmp::Reverse(payout.cursor()));
            }
        }
        found.truncate(self.page.limit);
        Ok(found)
    }

    async fn rows(
        &self,
        connection: &Connection,
        sql: &'static str,
        place: &Place,
        limit: usize,
    ) -> Result<Vec<Row>, Failure> {
        let Filter { run, status, account, .. } = self.filter;
        let account = account.as_ref().map(|account| account.as_str());
        let run = run.as_ref().map(|run| run.0.as_str());
        let from_ms = self.filter.span(None).from_ms;
        let Place { time_ms, key } = place;
        let arguments: &[&dyn Typed] =
            &[status, &account, &from_ms, time_ms, key, &row::limit(limit), &run];
        connection.rows(sql, arguments).await
    }
}

/// The columns after those of `payout_columns!`.
const KEY: usize = 8;
const CREATED_AT: usize = 7;

macro_rules! listed {
    () => {
        concat!("SELECT ", payout_columns!("payouts"), ", payouts.key")
    };
}

/// The row-by-row condition: `$1` is the status, `$2` the account. Each statement names every
/// parameter, so that all are called alike.
macro_rules! is_wanted {
    () => {
        "($1::text IS NULL OR payouts.status = $1) AND ($2::text IS NULL OR payouts.account = $2)"
    };
}

/// From the moment `$3` on, and before the place `$4, $5`; the newest `$6`. `$7` is the run.
macro_rules! newest_of {
    ($table:literal) => {
        concat!(
            $table,
            ".created_at >= $3 AND (",
            $table,
            ".created_at, ",
            $table,
            ".key) < ($4::bigint, $5::text) AND ($7::text IS NULL OR true) ORDER BY ",
            $table,
            ".created_at DESC, ",
            $table,
            ".key DESC LIMIT $6"
        )
    };
}

/// After the key `$5`, from the moment `$3` on and before `$4`; the first `$6`.
macro_rules! by_key_of {
    ($table:literal) => {
        concat!(
            $table,
            ".key > $5 AND payouts.created_at >= $3 AND payouts.created_at < $4
             AND ($7::text IS NULL OR true) ORDER BY ",
            $table,
            ".key LIMIT $6"
        )
    };
}

/// For each row of a table that lists payouts, the payout under the name `payouts`. OFFSET keeps
/// the planner from beginning with the payouts, whose rows it would then have to sort.
macro_rules! payouts_of {
    ($table:literal) => {
        concat!(
            " FROM ",
            $table,
            " CROSS JOIN LATERAL (SELECT * FROM orders JOIN payouts USING (id) WHERE orders.key = ",
            $table,
            ".key OFFSET 0) AS payouts WHERE "
        )
    };
}

/// The same for the table of orders, which is a list itself.
macro_rules! payouts_of_orders {
    () => {
        " FROM orders AS list CROSS JOIN LATERAL (
              SELECT list.*, payouts.* FROM payouts WHERE payouts.id = list.id OFFSET 0
          ) AS payouts WHERE "
    };
}

const NEWEST: &str =
    concat!(listed!(), payouts_of_orders!(), is_wanted!(), " AND ", newest_of!("list"));

const NEWEST_OF_ACCOUNT: &str = concat!(
    listed!(),
    payouts_of_orders!(),
    "list.account = $2 AND ($1::text IS NULL OR payouts.status = $1) AND ",
    newest_of!("list")
);

const NEWEST_UNSETTLED: &str = concat!(
    listed!(),
    payouts_of!("unsettled"),
    "unsettled.status = $1 AND ($2::text IS NULL OR payouts.account = $2) AND ",
    newest_of!("unsettled")
);

const DOUBTS: &str = concat!(
    listed!(),
    payouts_of!("unsettled"),
    "unsettled.status = 'unknown' AND payouts.account = $1::text
     ORDER BY unsettled.created_at, unsettled.key LIMIT $2::bigint"
);

const NEWEST_OF_RUN: &str = concat!(
    listed!(),
    payouts_of!("members"),
    "members.run = (SELECT id FROM runs WHERE name = $7) AND ",
    is_wanted!(),
    " AND ",
    newest_of!("members")
);

const BY_KEY: &str =
    concat!(listed!(), payouts_of_orders!(), is_wanted!(), " AND ", by_key_of!("list"));

const BY_KEY_OF_RUN: &str = concat!(
    listed!(),
    payouts_of!("members"),
    "members.run = (SELECT id FROM runs WHERE name = $7) AND ",
    is_wanted!(),
    " AND ",
    by_key_of!("members")
);

/// Finds the accounts by skipping from each to the next in the key of the table.
const BY_REFERENCE: &str = concat!(
    "WITH RECURSIVE named (account) AS (
         (SELECT account FROM payout_references ORDER BY account LIMIT 1)
         UNION ALL
         SELECT (SELECT next.account FROM payout_references AS next
                 WHERE next.account > named.account ORDER BY next.account LIMIT 1)
         FROM named WHERE named.account IS NOT NULL
     ) ",
    listed!(),
    " FROM named JOIN payout_references AS found
          ON found.account = named.account AND found.reference = $5
     CROSS JOIN LATERAL (SELECT orders.*, payouts.* FROM orders JOIN payouts USING (id)
                         WHERE orders.id = found.payout) AS payouts WHERE ",
    is_wanted!(),
    " AND payouts.created_at >= $3 AND payouts.created_at < $4
      AND ($7::text IS NULL OR EXISTS (SELECT FROM members
           WHERE members.run = (SELECT id FROM runs WHERE name = $7) AND members.key = payouts.key))
     LIMIT $6"
);
