//! Appends attempts whose numbers are higher than all that the witness has for their keys, in one
//! round trip.

use std::collections::HashMap;

use pagos_core::{AccountName, Timestamp};
use pagos_engine::{Digest, Noted, SentAttempt};
use serde::Deserialize;

use super::Own;
use crate::{
    failure::Failure,
    flight::{Flight, Statement, raised},
    row,
};

/// One append. Its answers are in the order of the attempts.
pub(super) struct Append<'call> {
    pub(super) own: &'call Own,
    pub(super) attempts: &'call [SentAttempt],
}

/// Whether an attempt was appended, and the highest that the witness had for its key before.
#[derive(Deserialize)]
pub(super) struct Known {
    is_new: bool,
    newest: Option<Newest>,
}

#[derive(Deserialize)]
struct Newest {
    account: AccountName,
    number: u32,
    digest: Option<String>,
    first_at: i64,
    at: i64,
    epoch: u64,
}

impl Flight for Append<'_> {
    type Answer = Vec<Known>;

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        let attempts = || self.attempts.iter();
        let digest = |it: &SentAttempt| it.digest.map(|digest| digest.0.to_vec());
        let mut statement = Statement::new(APPEND)
            .with(self.own.number)
            .with(self.own.identity.as_str())
            .with(attempts().map(|it| it.key.as_str()).collect::<Vec<_>>())
            .with(attempts().map(|it| i64::from(it.number)).collect::<Vec<_>>())
            .with(attempts().map(|it| it.account.as_str()).collect::<Vec<_>>())
            .with(attempts().map(digest).collect::<Vec<_>>())
            .with(attempts().map(|it| it.first_at.as_millis()).collect::<Vec<_>>())
            .with(attempts().map(|it| it.at.as_millis()).collect::<Vec<_>>())
            .with(attempts().map(|it| row::signed(it.epoch)).collect::<Vec<_>>());
        statement.before = Some(Box::new(Statement::new(LOCK).with(self.own.number)));
        Ok(statement)
    }

    fn read(&self, answer: &str) -> Result<Vec<Known>, Failure> {
        serde_json::from_str(answer)
            .map_err(|cause| Failure::unreadable_json("an attempt of the witness", &cause))
    }
}

/// The answers to the attempts. One that is not new is answered with the highest of its key, which
/// may be an earlier one of the same append.
pub(super) fn noted(attempts: &[SentAttempt], known: Vec<Known>) -> Vec<Noted> {
    let mut appended: HashMap<_, &SentAttempt> = HashMap::new();
    let mut noted = Vec::with_capacity(attempts.len());
    for (attempt, known) in attempts.iter().zip(known) {
        if known.is_new {
            appended.insert(&attempt.key, attempt);
            noted.push(Noted::New);
            continue;
        }
        let stored = known.newest.map(|newest| newest.of(attempt));
        let highest = appended.get(&attempt.key).map(|it| (*it).clone()).or(stored);
        noted.push(Noted::Known(highest.unwrap_or_else(|| attempt.clone())));
    }
    noted
}

impl Newest {
    fn of(self, attempt: &SentAttempt) -> SentAttempt {
        SentAttempt {
            account: self.account,
            key: attempt.key.clone(),
            number: self.number,
            digest: self.digest.as_deref().and_then(digest),
            first_at: Timestamp::from_millis(self.first_at),
            at: Timestamp::from_millis(self.at),
            epoch: self.epoch,
        }
    }
}

/// A digest of 64 hexadecimal digits.
fn digest(hex: &str) -> Option<Digest> {
    let mut bytes = [0; 32];
    for (byte, place) in bytes.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(place..place + 2)?, 16).ok()?;
    }
    Some(Digest(bytes))
}

/// Held until the commit: whoever appends reads what the one before has appended.
const LOCK: &str = "SELECT FROM witnesses WHERE number = $1 FOR UPDATE";

/// An attempt is new if its number is higher than the stored ones of its key and than those before
/// it in the list. If the witness is gone, `last` is empty, and so is everything else.
const APPEND: &str = concat!(
    "WITH list AS MATERIALIZED (
        SELECT * FROM unnest($3::text[], $4::bigint[], $5::text[], $6::bytea[], $7::bigint[],
                             $8::bigint[], $9::bigint[]) WITH ORDINALITY
                      AS list (key, number, account, digest, first_at, at, epoch, position)
    ), last AS MATERIALIZED (
        SELECT coalesce(newest.place, 0) AS place, coalesce(newest.chain, id) AS chain
        FROM witnesses LEFT JOIN LATERAL (
            SELECT place, chain FROM attempts WHERE witness = $1 ORDER BY place DESC LIMIT 1
        ) AS newest ON true
        WHERE witnesses.number = $1 AND id = $2
    ), judged AS MATERIALIZED (
        SELECT list.*, last.place AS last_place, last.chain AS last_chain, newest.known,
               coalesce(list.number > greatest(newest.number, max(list.number) OVER earlier), true)
                   AS is_new
        FROM last CROSS JOIN list LEFT JOIN LATERAL (
            SELECT number, json_build_object(
                'account', account, 'number', number, 'digest', encode(digest, 'hex'),
                'first_at', first_at, 'at', at, 'epoch', epoch) AS known
            FROM attempts WHERE witness = $1 AND attempts.key = list.key
            ORDER BY number DESC LIMIT 1
        ) AS newest ON true
        WINDOW earlier AS (PARTITION BY list.key ORDER BY position
                           ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ), chained AS MATERIALIZED (
        SELECT encode(sha256(convert_to(
            min(last_chain) || string_agg(concat_ws(' ', key, number, account,
                encode(digest, 'hex'), first_at, at, epoch), ',' ORDER BY position), 'UTF8')), 'hex') AS chain
        FROM judged WHERE is_new
    ), appended AS (
        INSERT INTO attempts (witness, place, number, first_at, at, epoch, account, key, chain,
                              digest)
        SELECT $1, last_place + row_number() OVER (ORDER BY position), number, first_at, at, epoch,
               account, key, chain, digest
        FROM judged CROSS JOIN chained WHERE is_new
    ), outcome AS MATERIALIZED (
        SELECT coalesce(json_agg(json_build_object('is_new', is_new, 'newest', known)
                                 ORDER BY position), '[]')::text AS answer
        FROM judged
    ), ",
    raised!("$10", "$11")
);
