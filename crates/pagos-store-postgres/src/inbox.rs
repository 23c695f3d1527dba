//! The inbox: deliveries, each stored once, byte for byte, with its verdict, and what becomes of
//! them. `filed.rs` reads them.
//!
//! Two workers may take the same delivery from the inbox. Applying it twice is harmless: the second
//! step is a conflict, or learns nothing new.

use pagos_core::{AccountName, Delivery, Timestamp};
use pagos_engine::{
    Filing, InboxId, Notice, REPETITION_SPACING, Refused, StoreError, Verdict, fingerprint,
    headers_to_bytes,
};

use crate::{
    failure::Failure,
    flight::{Flight, Statement, raised},
    row,
};

/// The columns of a verdict: the JSON, whether it is genuine, and what it names.
struct Found {
    json: String,
    is_genuine: bool,
    key: Option<String>,
    reference: Option<String>,
}

impl Found {
    fn of(verdict: &Verdict) -> Result<Self, Failure> {
        let hint = verdict.hint();
        Ok(Self {
            json: serde_json::to_string(verdict)?,
            is_genuine: verdict.is_genuine(),
            key: hint.key.map(String::from),
            reference: hint.reference.map(String::from),
        })
    }
}

/// Stores a delivery. If it is already there, it counts as a repetition.
pub(crate) struct Receive<'call> {
    pub(crate) account: &'call AccountName,
    pub(crate) delivery: &'call Delivery,
    pub(crate) verdict: &'call Verdict,
}

impl Flight for Receive<'_> {
    type Answer = InboxId;

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        let found = Found::of(self.verdict)?;
        let spacing = i64::try_from(REPETITION_SPACING.as_millis()).unwrap_or(i64::MAX);
        Ok(Statement::new(RECEIVE)
            .with(self.account.as_str())
            .with(fingerprint(self.delivery).to_vec())
            .with(self.delivery.received_at.as_millis())
            .with(headers_to_bytes(&self.delivery.headers))
            .with(self.delivery.body.as_ref())
            .with(found.json)
            .with(found.is_genuine)
            .with(found.key)
            .with(found.reference)
            .with(spacing))
    }

    fn read(&self, answer: &str) -> Result<InboxId, Failure> {
        match answer {
            // Another connection stored it after this statement began: the next attempt finds it.
            "" => Err(Failure::collision("the same delivery comes in twice at this moment")),
            number => number
                .parse()
                .map(InboxId)
                .map_err(|_| Failure::new("the database gave a delivery no number")),
        }
    }
}

/// A repetition says something new unless the delivery is open, or was genuine and applied. The
/// existing number is looked up before a new one is drawn, so that numbers have no gaps.
macro_rules! if_new {
    ($column:literal, $then:literal) => {
        concat!(
            $column,
            " = CASE WHEN state = 'open' OR (state = 'applied' AND is_genuine) THEN ",
            $column,
            " ELSE ",
            $then,
            " END"
        )
    };
}

const RECEIVE: &str = concat!(
    "WITH known AS (
        UPDATE inbox SET repeats = repeats + 1, ",
    if_new!("verdict_json", "$6"),
    ", ",
    if_new!("is_genuine", "$7"),
    ", ",
    if_new!("order_key", "$8"),
    ", ",
    if_new!("reference", "$9"),
    ", ",
    if_new!("state", "'open'"),
    ", ",
    if_new!("deferrals", "0"),
    ", ",
    if_new!("due_at", "greatest(due_at + $10::bigint, $3)"),
    "   WHERE account = $1 AND fingerprint = $2
        RETURNING id
    ), new AS (
        INSERT INTO inbox (account, fingerprint, received_at, due_at, deferrals, state, because,
                           headers, body, verdict_json, is_genuine, order_key, reference, repeats)
        SELECT $1, $2, $3, $3, 0, 'open', '', $4, $5, $6, $7, $8, $9, 0
        WHERE NOT EXISTS (SELECT FROM known)
        ON CONFLICT (account, fingerprint) DO NOTHING
        RETURNING id
    ), outcome AS MATERIALIZED (
        SELECT coalesce((SELECT id::text FROM known), (SELECT id::text FROM new), '') AS answer
    ), ",
    raised!("$11", "$12")
);

/// Files an open delivery. One that is not open stays as it is.
pub(crate) struct File<'call> {
    pub(crate) id: InboxId,
    pub(crate) filing: &'call Filing,
}

impl Flight for File<'_> {
    type Answer = ();

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        let id = row::signed(self.id.0);
        Ok(match self.filing {
            Filing::Defer { due_at, because } => {
                Statement::new(DEFER).with(id).with(due_at.as_millis()).with(row::words(because))
            }
            Filing::Close { state, because, notice } => {
                let text = |notice: &Notice| serde_json::to_string(notice);
                Statement::new(CLOSE)
                    .with(id)
                    .with(state.word())
                    .with(row::words(because))
                    .with(notice.as_deref().map(text).transpose()?)
            }
        })
    }

    fn read(&self, answer: &str) -> Result<(), Failure> {
        match answer {
            KNOWN => Ok(()),
            _ => Err(unknown(self.id)),
        }
    }
}

/// The answer of a statement if its delivery exists.
const KNOWN: &str = "known";

macro_rules! is_known {
    () => {
        "outcome AS MATERIALIZED (
            SELECT CASE WHEN EXISTS (SELECT FROM inbox WHERE id = $1) THEN 'known' ELSE '' END
                   AS answer
        ), "
    };
}

const DEFER: &str = concat!(
    "WITH filed AS (
        UPDATE inbox SET due_at = $2, because = $3, deferrals = deferrals + 1
        WHERE id = $1 AND state = 'open'
    ), ",
    is_known!(),
    raised!("$4", "$5")
);

const CLOSE: &str = concat!(
    "WITH filed AS (
        UPDATE inbox SET state = $2, because = $3 WHERE id = $1 AND state = 'open' RETURNING id
    ), told AS (
        INSERT INTO outbox (notice_json) SELECT $4::text FROM filed WHERE $4 IS NOT NULL
    ), ",
    is_known!(),
    raised!("$5", "$6")
);

pub(crate) fn unknown(id: InboxId) -> Failure {
    Failure::new(StoreError::missing_delivery(id).message)
}

/// Makes a delivery due again, whatever became of it; false if there is none.
pub(crate) struct Reopen<'call> {
    pub(crate) id: InboxId,
    pub(crate) verdict: Option<&'call Verdict>,
    pub(crate) now: Timestamp,
}

impl Flight for Reopen<'_> {
    type Answer = bool;

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        let (id, now) = (row::signed(self.id.0), self.now.as_millis());
        Ok(match self.verdict {
            None => Statement::new(REOPEN).with(id).with(now),
            Some(verdict) => {
                let Found { json, is_genuine, key, reference } = Found::of(verdict)?;
                Statement::new(REOPEN_AS)
                    .with(id)
                    .with(now)
                    .with(json)
                    .with(is_genuine)
                    .with(key)
                    .with(reference)
            }
        })
    }

    fn read(&self, answer: &str) -> Result<bool, Failure> {
        Ok(answer == KNOWN)
    }
}

const REOPEN: &str = concat!(
    "WITH reopened AS (
        UPDATE inbox SET state = 'open', deferrals = 0, due_at = $2 WHERE id = $1
    ), ",
    is_known!(),
    raised!("$3", "$4")
);

const REOPEN_AS: &str = concat!(
    "WITH reopened AS (
        UPDATE inbox SET state = 'open', deferrals = 0, due_at = $2,
            verdict_json = $3, is_genuine = $4, order_key = $5, reference = $6
        WHERE id = $1
    ), ",
    is_known!(),
    raised!("$7", "$8")
);

/// Counts what was refused.
pub(crate) struct CountRefused<'call> {
    pub(crate) refused: &'call [Refused],
}

impl Flight for CountRefused<'_> {
    type Answer = ();

    fn statement(&self, _: i32) -> Result<Statement<'_>, Failure> {
        // A refusal without an account gets the empty name.
        fn account(refused: &Refused) -> &str {
            refused.account.as_ref().map_or("", AccountName::as_str)
        }
        let all = || self.refused.iter();
        let accounts: Vec<&str> = all().map(account).collect();
        let reasons: Vec<String> = all().map(|one| row::words(&one.reason)).collect();
        let counts: Vec<i64> = all().map(|one| row::signed(one.count)).collect();
        let moments: Vec<i64> = all().map(|one| one.last_at.as_millis()).collect();
        Ok(Statement::new(COUNT_REFUSED).with(accounts).with(reasons).with(counts).with(moments))
    }

    fn read(&self, _: &str) -> Result<(), Failure> {
        Ok(())
    }
}

const COUNT_REFUSED: &str = concat!(
    "WITH counted AS (
        INSERT INTO refused (account, reason, count, last_at)
        SELECT account, reason, sum(count)::bigint, max(last_at)
        FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
             AS list (account, reason, count, last_at)
        GROUP BY account, reason ORDER BY account, reason
        ON CONFLICT (account, reason) DO UPDATE SET
            count = refused.count + excluded.count,
            last_at = greatest(refused.last_at, excluded.last_at)
    ), outcome AS MATERIALIZED (
        SELECT '' AS answer
    ), ",
    raised!("$5", "$6")
);
