//! Finds a witness, makes it, and reads it in pages.

use pagos_core::{AccountName, OrderKey, Timestamp};
use pagos_engine::{Reading, SentAttempt, StoreError, WitnessMark};
use tokio_postgres::Row;

use super::Own;
use crate::{
    connection::Connection,
    failure::{Failure, Kind},
    row,
    transaction::Work,
};

/// Makes the witness of a store if there is none.
pub(super) struct Create<'call> {
    pub(super) store: &'call str,
    pub(super) identity: &'call str,
}

impl Work for Create<'_> {
    type Answer = ();

    async fn run(&self, connection: &Connection) -> Result<(), Failure> {
        let sql = "INSERT INTO witnesses (store, id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
        connection.execute(sql, &[&self.store, &self.identity]).await.map(drop)
    }
}

/// Finds the witness of a store.
pub(super) struct Find<'call> {
    pub(super) store: &'call str,
}

/// The witnesses of a database.
pub(super) enum Found {
    Own {
        number: i64,
        identity: String,
    },
    /// Only those of other stores.
    Others,
    Nothing,
}

impl Work for Find<'_> {
    type Answer = Found;

    async fn run(&self, connection: &Connection) -> Result<Found, Failure> {
        let sql = "SELECT number, id, store = $1 FROM witnesses ORDER BY store = $1 DESC LIMIT 1";
        let Some(row) = connection.at_most_one(sql, &[&self.store]).await? else {
            return Ok(Found::Nothing);
        };
        match row.try_get(2)? {
            true => Ok(Found::Own { number: row.try_get(0)?, identity: row.try_get(1)? }),
            false => Ok(Found::Others),
        }
    }
}

/// A place, and the checksum of everything up to there. The checksum of the beginning is the
/// identity of the witness.
pub(super) struct Place {
    number: i64,
    chain: String,
}

impl Place {
    /// The place of a mark, or the beginning; `None` if no witness made this mark.
    pub(super) fn of(mark: Option<&WitnessMark>, own: &Own) -> Option<Self> {
        let Some(mark) = mark else {
            return Some(Self { number: 0, chain: own.identity.clone() });
        };
        let (number, chain) = mark.0.split_once(':')?;
        let number: i64 = number.parse().ok().filter(|number| *number >= 0)?;
        let is_known = number > 0 || chain == own.identity;
        is_known.then(|| Self { number, chain: chain.to_owned() })
    }

    fn mark(&self) -> WitnessMark {
        WitnessMark(format!("{}:{}", self.number, self.chain))
    }
}

/// Reads the present end; `None` if the witness is gone.
pub(super) struct End<'call> {
    pub(super) own: &'call Own,
}

impl Work for End<'_> {
    type Answer = Option<WitnessMark>;

    async fn run(&self, connection: &Connection) -> Result<Option<WitnessMark>, Failure> {
        let row =
            connection.at_most_one(END, &[&self.own.number, &self.own.identity.as_str()]).await?;
        let Some(row) = row else { return Ok(None) };
        Ok(Some(Place { number: row.try_get(0)?, chain: row.try_get(1)? }.mark()))
    }
}

const END: &str = "SELECT coalesce(newest.place, 0), coalesce(newest.chain, id)
    FROM witnesses LEFT JOIN LATERAL (
        SELECT place, chain FROM attempts WHERE witness = $1 ORDER BY place DESC LIMIT 1
    ) AS newest ON true
    WHERE witnesses.number = $1 AND id = $2";

/// Reads the attempts after a place.
pub(super) struct Page<'call> {
    pub(super) own: &'call Own,
    pub(super) after: &'call Place,
    pub(super) limit: usize,
}

impl Work for Page<'_> {
    type Answer = Reading;

    /// The row at the place itself comes first: it proves that this is the history of the mark.
    async fn run(&self, connection: &Connection) -> Result<Reading, Failure> {
        let is_beginning = self.after.number == 0;
        let limit = row::limit(self.limit + usize::from(!is_beginning));
        let (witness, after) = (self.own.number, self.after.number);
        let rows = connection.rows(PAGE, &[&witness, &after, &limit]).await?;
        let mut rows = rows.iter();
        if !is_beginning {
            let is_known = |row: &Row| -> Result<bool, Failure> {
                let (place, chain): (i64, &str) = (row.try_get(0)?, row.try_get(1)?);
                Ok(place == self.after.number && chain == self.after.chain)
            };
            if !rows.next().map(is_known).transpose()?.unwrap_or(false) {
                return Ok(Reading::Unrecognised);
            }
        }
        let mut attempts = Vec::with_capacity(rows.len());
        let mut next = Place { number: self.after.number, chain: self.after.chain.clone() };
        for row in rows {
            let place: i64 = row.try_get(0)?;
            if place != next.number + 1 {
                return Err(missing());
            }
            next = Place { number: place, chain: row.try_get(1)? };
            attempts.push(attempt(row)?);
        }
        Ok(Reading::Attempts { attempts, next: next.mark() })
    }
}

fn missing() -> Failure {
    let message = "attempts were removed from the witness; look who did that, and name a new one";
    Failure { kind: Kind::Refused, error: StoreError::unreadable(message) }
}

const PAGE: &str = "SELECT place, chain, account, key, number, digest, first_at, at, epoch
    FROM attempts WHERE witness = $1 AND place >= $2 ORDER BY place LIMIT $3";

fn attempt(row: &Row) -> Result<SentAttempt, Failure> {
    let number: i64 = row.try_get(4)?;
    let has_digest = row.try_get::<_, Option<&[u8]>>(5)?.is_some();
    Ok(SentAttempt {
        account: AccountName::new(row.try_get::<_, String>(2)?)?,
        key: OrderKey::new(row.try_get::<_, String>(3)?)?,
        number: u32::try_from(number)
            .map_err(|_| Failure::unreadable("an attempt's number is no number"))?,
        digest: if has_digest { Some(row::stored_digest(row, 5)?) } else { None },
        first_at: Timestamp::from_millis(row.try_get(6)?),
        at: Timestamp::from_millis(row.try_get(7)?),
        epoch: row::unsigned(row.try_get(8)?)?,
    })
}
