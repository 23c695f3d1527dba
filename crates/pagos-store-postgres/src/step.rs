//! Steps of payouts: progress, history, notices and the applied delivery of each, all or nothing,
//! in one statement for any number of them. `group.rs` decides which steps go together.

use pagos_core::Timestamp;
use pagos_engine::{Committed, InboxId, Lease, Step, stride};

use crate::{
    connection::Connection,
    failure::Failure,
    flight::{Flight, Statement, raised},
    inbox,
    queue::requeued,
    row,
    tallies::count_moved,
};

/// Steps of different payouts. Each has an answer of its own; a conflict writes nothing and is no
/// error.
pub(crate) struct Steps<'call> {
    steps: &'call [Step],
    /// By how much versions rise, and epochs with a claim. A flight that is repeated has the same.
    stride: u64,
    /// Whether to wait for other writers of these payouts for as long as for any other lock.
    is_patient: bool,
}

/// Claims different payouts whose rows are locked, each until its moment, together with the
/// attempts that begin with their claims, in a transaction that has begun. Each step is fenced with
/// the epoch before the claim.
pub(crate) async fn claim(
    connection: &Connection,
    steps: &[Step],
    until: &[Timestamp],
    stride: u64,
) -> Result<Vec<Stepped>, Failure> {
    let steps = Steps { steps, stride, is_patient: true };
    let until = until.iter().map(|until| Some(until.as_millis())).collect();
    let statement = steps.values(Statement::new(WITHIN).with(connection.stripe), until)?;
    let row = connection.one(statement.sql, &statement.parameters()).await?;
    steps.read_answer(row.try_get(0)?)
}

/// The result of one of several steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stepped {
    Committed(Committed),
    /// The delivery to apply does not exist, so nothing was written.
    UnknownDelivery(InboxId),
}

impl Stepped {
    pub(crate) fn into_committed(self) -> Result<Committed, Failure> {
        match self {
            Self::Committed(committed) => Ok(committed),
            Self::UnknownDelivery(id) => Err(inbox::unknown(id)),
        }
    }
}

impl Flight for Steps<'_> {
    type Answer = Vec<Stepped>;

    fn statement(&self, stripe: i32) -> Result<Statement<'_>, Failure> {
        let mut statement = Statement::new(FLY).with(stripe);
        if !self.is_patient {
            statement.settings = SHORT_WAIT;
        }
        self.values(statement, vec![None; self.steps.len()])
    }

    fn read(&self, answer: &str) -> Result<Vec<Stepped>, Failure> {
        self.read_answer(answer)
    }
}

impl<'call> Steps<'call> {
    pub(crate) fn new(steps: &'call [Step], is_patient: bool) -> Self {
        Self { steps, stride: stride(), is_patient }
    }

    /// One array per column, and one line per entry and notice, with the number of its step.
    /// `until` is the end of the claim, for steps that claim.
    fn values(
        &self,
        statement: Statement<'call>,
        until: Vec<Option<i64>>,
    ) -> Result<Statement<'call>, Failure> {
        let steps = || self.steps.iter();
        let reference = |step: &'call Step| step.progress.standing.reference();
        let mut progress = Vec::with_capacity(self.steps.len());
        let (mut entries, mut entry_places) = (Vec::new(), Vec::new());
        let (mut notices, mut notice_places) = (Vec::new(), Vec::new());
        for (place, step) in (1_i64..).zip(steps()) {
            progress.push(serde_json::to_string(&step.progress)?);
            entries.extend(row::texts(&step.entries)?);
            entry_places.resize(entries.len(), place);
            notices.extend(row::texts(&step.notices)?);
            notice_places.resize(notices.len(), place);
        }
        Ok(statement
            .with(steps().map(|step| step.key.as_str()).collect::<Vec<_>>())
            .with(steps().map(|step| row::signed(step.version)).collect::<Vec<_>>())
            .with(steps().map(|step| step.fence.map(row::signed)).collect::<Vec<_>>())
            .with(steps().map(|step| step.lease == Lease::End).collect::<Vec<_>>())
            .with(steps().map(|step| step.progress.word()).collect::<Vec<_>>())
            .with(steps().map(|step| step.progress.attention.is_some()).collect::<Vec<_>>())
            .with(steps().map(|step| row::millis(step.due_at)).collect::<Vec<_>>())
            .with(progress)
            .with(steps().map(|step| Some(reference(step)?.as_str())).collect::<Vec<_>>())
            .with(steps().map(|step| Some(row::signed(step.applies?.0))).collect::<Vec<_>>())
            .with(steps().map(|step| step.progress.work().word()).collect::<Vec<_>>())
            .with(until)
            .with(entry_places)
            .with(entries)
            .with(notice_places)
            .with(notices)
            .with(row::signed(self.stride)))
    }

    /// Parses one letter per step, in their order.
    fn read_answer(&self, answer: &str) -> Result<Vec<Stepped>, Failure> {
        if answer.len() != self.steps.len() {
            return Err(Failure::unsettled("the database did not answer each step"));
        }
        let read = |(step, letter): (&Step, char)| match (letter, step.applies) {
            ('d', _) => {
                Ok(Stepped::Committed(Committed::Done { version: step.version + self.stride }))
            }
            ('c', _) => Ok(Stepped::Committed(Committed::Conflict)),
            ('u', Some(id)) => Ok(Stepped::UnknownDelivery(id)),
            _ => Err(Failure::unsettled("the database answered a step with an unknown letter")),
        };
        self.steps.iter().zip(answer.chars()).map(read).collect()
    }
}

/// `found` waits for other writers of these payouts, in the order of their keys, and contains those
/// that are then as their steps expect. `change` writes those of them whose delivery is known;
/// everything else depends on it, and its `runs` are the runs of a payout at that time. `before`
/// makes sure that references and deliveries are locked before the tallies. What `change` says
/// about the queue was true when the step's version was read, and whatever changes it raises the
/// version, so it is what this statement sees. `answer` has a letter per step: done, conflict, or
/// unknown delivery.
///
/// A row goes from table to table, and no table is joined with another of the same steps: the
/// server expects them to be tiny, and would compare each row with each. The progress, which is
/// long, is fetched by its position.
macro_rules! steps {
    () => {
        concat!(
            "WITH list AS MATERIALIZED (
                SELECT * FROM unnest($2::text[], $3::bigint[], $4::bigint[], $5::boolean[],
                                     $6::text[], $7::boolean[], $8::bigint[], $10::text[],
                                     $11::bigint[], $12::text[], $13::bigint[])
                    WITH ORDINALITY
                    AS list (key, version, fence, ends, new_status, new_attention, new_due_at,
                             new_reference, delivery, new_work, until, place)
            ), found AS MATERIALIZED (
                SELECT payouts.id, orders.account, orders.currency, orders.amount_minor,
                       orders.created_at, payouts.status, payouts.at_rest, payouts.attention,
                       payouts.reference, payouts.work,
                       CASE WHEN NOT payouts.held THEN payouts.due_at END AS due_at, list.*,
                       delivery IS NULL OR EXISTS (SELECT FROM inbox WHERE inbox.id = delivery)
                           AS is_known
                FROM list JOIN orders ON orders.key = list.key
                          JOIN payouts ON payouts.id = orders.id
                WHERE payouts.version = list.version
                  AND (list.fence IS NULL OR payouts.epoch = list.fence)
                ORDER BY orders.key FOR UPDATE OF payouts
            ), change AS (
                UPDATE payouts SET
                    status = new_status, attention = new_attention, due_at = new_due_at,
                    progress_json = ($9::text[])[place], reference = new_reference,
                    work = new_work, unreadable = NULL,
                    at_rest = new_attention OR (new_due_at IS NULL AND NOT payouts.held),
                    version = payouts.version + $18,
                    epoch = CASE WHEN until IS NULL THEN payouts.epoch ELSE payouts.epoch + $18 END,
                    lease_until = CASE WHEN ends THEN NULL
                                       ELSE coalesce(until, payouts.lease_until) END
                FROM found WHERE payouts.id = found.id AND found.is_known
                RETURNING place, payouts.id, found.key, account, currency, amount_minor, created_at,
                          payouts.runs, ends, delivery,
                          payouts.status, payouts.at_rest, payouts.attention, payouts.work,
                          CASE WHEN NOT payouts.held THEN payouts.due_at END AS due_at,
                          payouts.reference,
                          found.status AS old_status, found.at_rest AS old_at_rest,
                          found.attention AS old_attention, found.work AS old_work,
                          found.due_at AS old_due_at, found.reference AS old_reference
            ), ",
            requeued!(),
            " asked AS (
                DELETE FROM asking USING change WHERE ends AND asking.payout = change.id
            ), named AS (
                INSERT INTO payout_references (account, reference, payout)
                SELECT DISTINCT ON (account, reference) account, reference, id FROM change
                WHERE reference IS NOT NULL AND reference IS DISTINCT FROM old_reference
                ORDER BY account, reference, place
                ON CONFLICT (account, reference) DO UPDATE SET payout = excluded.payout
                WHERE NOT EXISTS (SELECT FROM payouts WHERE payouts.id = payout_references.payout)
                RETURNING payout
            ), touched AS MATERIALIZED (
                SELECT id, id IN (SELECT delivery FROM change WHERE delivery IS NOT NULL) AS is_applied
                FROM inbox WHERE id IN (
                    SELECT delivery FROM change WHERE delivery IS NOT NULL
                    UNION ALL
                    SELECT orphan.id FROM change JOIN inbox AS orphan ON orphan.state = 'orphan'
                        AND orphan.account = change.account
                        AND orphan.reference = change.reference
                    WHERE old_reference IS NULL
                )
                ORDER BY id FOR UPDATE
            ), filed AS (
                UPDATE inbox SET
                    state = CASE WHEN is_applied THEN 'applied' ELSE 'open' END,
                    because = CASE WHEN is_applied THEN '' ELSE because END,
                    deferrals = CASE WHEN is_applied THEN deferrals ELSE 0 END
                FROM touched
                WHERE inbox.id = touched.id AND (is_applied OR inbox.state = 'orphan')
                RETURNING inbox.id
            ), before AS MATERIALIZED (
                SELECT (SELECT count(*) FROM named) + (SELECT count(*) FROM filed)
            ), kept AS (
                INSERT INTO entries (payout, entry_json)
                SELECT change.id, lines.entry
                FROM unnest($14::bigint[], $15::text[]) WITH ORDINALITY
                     AS lines (step, entry, number)
                JOIN change ON change.place = lines.step
                ORDER BY lines.number
            ), told AS (
                INSERT INTO outbox (notice_json)
                SELECT lines.notice
                FROM unnest($16::bigint[], $17::text[]) WITH ORDINALITY
                     AS lines (step, notice, number)
                JOIN change ON change.place = lines.step
                ORDER BY lines.number
            ), moved AS (
                SELECT unnest(runs || 0::bigint) AS run, account, currency, old_status AS status,
                       amount_minor, old_at_rest AS at_rest, old_attention AS attention, -1 AS sign
                FROM before CROSS JOIN change
                UNION ALL
                SELECT unnest(runs || 0::bigint), account, currency, status, amount_minor, at_rest,
                       attention, 1
                FROM before CROSS JOIN change
            ), outcome AS MATERIALIZED (
                SELECT coalesce(string_agg(CASE WHEN change.place IS NOT NULL THEN 'd'
                                                WHEN found.place IS NOT NULL THEN 'u'
                                                ELSE 'c' END, '' ORDER BY list.place), '') AS answer
                FROM list LEFT JOIN found ON found.place = list.place
                          LEFT JOIN change ON change.place = list.place
            ), ",
            count_moved!(),
        )
    };
}

/// One payout that another transaction holds must not hold up others for long.
const SHORT_WAIT: &str = "SET LOCAL lock_timeout TO '250ms';";

const FLY: &str = concat!(steps!(), ", ", raised!("$19", "$20"));

const WITHIN: &str = concat!(steps!(), "SELECT answer FROM outcome");

#[cfg(all(test, feature = "scratch"))]
mod tests {
    use pagos_core::OrderKey;
    use pagos_engine::Progress;

    use super::*;
    use crate::{
        PostgresOptions, PostgresStore, Scratch,
        target::{Mode, Target},
        url,
    };

    fn step(name: &str, version: u64) -> Step {
        Step {
            key: OrderKey::new(name).unwrap(),
            version,
            fence: None,
            lease: Lease::Keep,
            progress: Progress::new(Timestamp::from_millis(0)),
            due_at: None,
            entries: Vec::new(),
            notices: Vec::new(),
            applies: (name == "c").then_some(InboxId(99)),
        }
    }

    #[tokio::test]
    async fn claims_are_written_with_their_attempts_in_a_transaction_that_has_begun() {
        let Some(scratch) = Scratch::from_env() else { return };
        let database = scratch.database().await;
        let options = PostgresOptions::default();
        PostgresStore::connect(&database.url, options.clone()).await.unwrap();
        let server = url::parse(&database.url).unwrap();
        let target = Target::new(server, options.schema, Mode::Write, options.connect_timeout);
        let connection = Connection::open(&target).await.unwrap();
        let insert =
            "INSERT INTO orders (id, key, account, currency, amount_minor, created_at, digest,
                          order_json, digest_version)
                      SELECT id, key, 'alpha', 'COP', 1, 0, '', '{}', 2
                      FROM unnest(ARRAY['a', 'b', 'c']) WITH ORDINALITY AS list (key, id);
             INSERT INTO payouts (id, progress_json, status, work, at_rest, attention, runs, held,
                          version, epoch)
                      SELECT id, '{}', 'created', 'send', false, false, '{}', false, 1, 0
                      FROM orders";
        connection.begin(insert).await.unwrap();
        let steps = [step("b", 1), step("a", 7), step("c", 1)];
        let until = [Timestamp::from_millis(9); 3];
        let stepped = claim(&connection, &steps, &until, 1).await.unwrap();
        let expected = [
            Stepped::Committed(Committed::Done { version: 2 }),
            Stepped::Committed(Committed::Conflict),
            Stepped::UnknownDelivery(InboxId(99)),
        ];
        assert_eq!(stepped, expected);
        let sql =
            "SELECT string_agg(concat(version, ' ', epoch, ' ', lease_until), ',' ORDER BY key)
                   FROM orders JOIN payouts USING (id)";
        let written: String = connection.one(sql, &[]).await.unwrap().try_get(0).unwrap();
        assert_eq!(written, "1 0 ,2 1 9,1 0 ");
        connection.roll_back().await.unwrap();
    }
}
