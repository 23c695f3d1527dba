//! Deliveries: kept byte for byte, once, with what was found when they arrived, and what becomes of
//! them. Nothing is verified here. Looking at them is in `filed.rs`.
//!
//! Two workers may take the same delivery from the inbox. Applying it twice is harmless: the step
//! of the second is a conflict, or learns nothing new.

use pagos_core::AccountName;
use pagos_core::Delivery;
use pagos_core::Timestamp;
use pagos_engine::Filing;
use pagos_engine::InboxId;
use pagos_engine::Notice;
use pagos_engine::REPETITION_SPACING;
use pagos_engine::Refused;
use pagos_engine::Verdict;
use pagos_engine::fingerprint;

use crate::connection::Connection;
use crate::delivery;
use crate::failure::Failure;
use crate::parameter::Parameter;
use crate::row;
use crate::transaction::Work;

/// A verdict as its columns: the JSON, whether it is genuine, and what it names.
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

/// Stores a delivery. If it is there, it is a repetition.
pub(crate) struct Receive<'call> {
    pub(crate) account: &'call AccountName,
    pub(crate) delivery: &'call Delivery,
    pub(crate) verdict: &'call Verdict,
}

impl Work for Receive<'_> {
    type Answer = InboxId;

    async fn run(&self, connection: &Connection) -> Result<InboxId, Failure> {
        let found = Found::of(self.verdict)?;
        let spacing = i64::try_from(REPETITION_SPACING.as_millis()).unwrap_or(i64::MAX);
        let row = connection
            .at_most_one(
                RECEIVE,
                &[
                    &self.account.as_str(),
                    &fingerprint(self.delivery).as_slice(),
                    &self.delivery.received_at.as_millis(),
                    &delivery::headers_to_bytes(&self.delivery.headers),
                    &self.delivery.body.as_ref(),
                    &found.json,
                    &found.is_genuine,
                    &found.key,
                    &found.reference,
                    &spacing,
                ],
            )
            .await?;
        match row {
            Some(row) => Ok(InboxId(row::unsigned(row.try_get(0)?)?)),
            // Stored by another connection after this statement began: the next attempt finds it.
            None => Err(Failure::collision("the same delivery comes in twice at this moment")),
        }
    }
}

/// A repetition says something new unless the delivery is open, or was genuine and applied. Its number
/// is looked for before a new one is drawn, so that numbers have no gaps.
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
    )
    SELECT id FROM known UNION ALL SELECT id FROM new"
);

/// Says what becomes of an open delivery. One that is not open stays as it is.
pub(crate) struct File<'call> {
    pub(crate) id: InboxId,
    pub(crate) filing: &'call Filing,
}

impl Work for File<'_> {
    type Answer = ();

    async fn run(&self, connection: &Connection) -> Result<(), Failure> {
        let id = row::signed(self.id.0);
        let row = match self.filing {
            Filing::Defer { due_at, because } => {
                let because = row::words(because);
                connection.one(DEFER, &[&id, &due_at.as_millis(), &because]).await?
            }
            Filing::Close { state, because, notice } => {
                let text = |notice: &Notice| serde_json::to_string(notice);
                let notice = notice.as_deref().map(text).transpose()?;
                let because = row::words(because);
                connection.one(CLOSE, &[&id, &state.word(), &because, &notice]).await?
            }
        };
        match row.try_get(0)? {
            true => Ok(()),
            false => Err(unknown(self.id)),
        }
    }
}

const DEFER: &str = "WITH filed AS (
        UPDATE inbox SET due_at = $2, because = $3, deferrals = deferrals + 1
        WHERE id = $1 AND state = 'open'
    )
    SELECT EXISTS (SELECT FROM inbox WHERE id = $1)";

const CLOSE: &str = "WITH filed AS (
        UPDATE inbox SET state = $2, because = $3 WHERE id = $1 AND state = 'open' RETURNING id
    ), told AS (
        INSERT INTO outbox (notice_json) SELECT $4::text FROM filed WHERE $4 IS NOT NULL
    )
    SELECT EXISTS (SELECT FROM inbox WHERE id = $1)";

pub(crate) fn unknown(id: InboxId) -> Failure {
    Failure::new(format!("the inbox has no delivery {}", id.0))
}

/// Makes a delivery due again, whatever became of it; false if there is none.
pub(crate) struct Reopen<'call> {
    pub(crate) id: InboxId,
    pub(crate) verdict: Option<&'call Verdict>,
    pub(crate) now: Timestamp,
}

impl Work for Reopen<'_> {
    type Answer = bool;

    async fn run(&self, connection: &Connection) -> Result<bool, Failure> {
        let (id, now) = (row::signed(self.id.0), self.now.as_millis());
        let touched = match self.verdict {
            None => connection.execute(REOPEN, &[&id, &now]).await?,
            Some(verdict) => {
                let Found { json, is_genuine, key, reference } = Found::of(verdict)?;
                let found: [Parameter<'_>; 6] = [&id, &now, &json, &is_genuine, &key, &reference];
                connection.execute(REOPEN_AS, &found).await?
            }
        };
        Ok(touched == 1)
    }
}

const REOPEN: &str = "UPDATE inbox SET state = 'open', deferrals = 0, due_at = $2 WHERE id = $1";

const REOPEN_AS: &str = "UPDATE inbox SET state = 'open', deferrals = 0, due_at = $2,
        verdict_json = $3, is_genuine = $4, order_key = $5, reference = $6
    WHERE id = $1";

/// Counts what was refused.
pub(crate) struct CountRefused<'call> {
    pub(crate) refused: &'call [Refused],
}

impl Work for CountRefused<'_> {
    type Answer = ();

    async fn run(&self, connection: &Connection) -> Result<(), Failure> {
        // What is about no account has the empty name.
        fn account(refused: &Refused) -> &str {
            refused.account.as_ref().map_or("", AccountName::as_str)
        }
        let all = || self.refused.iter();
        let accounts: Vec<&str> = all().map(account).collect();
        let reasons: Vec<String> = all().map(|one| row::words(&one.reason)).collect();
        let counts: Vec<i64> = all().map(|one| row::signed(one.count)).collect();
        let moments: Vec<i64> = all().map(|one| one.last_at.as_millis()).collect();
        connection.execute(COUNT_REFUSED, &[&accounts, &reasons, &counts, &moments]).await.map(drop)
    }
}

const COUNT_REFUSED: &str = "INSERT INTO refused (account, reason, count, last_at)
    SELECT account, reason, sum(count)::bigint, max(last_at)
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
         AS list (account, reason, count, last_at)
    GROUP BY account, reason ORDER BY account, reason
    ON CONFLICT (account, reason) DO UPDATE SET
        count = refused.count + excluded.count,
        last_at = greatest(refused.last_at, excluded.last_at)";
