//! Two index tables, of what is due and of what has not succeeded: a part of every statement that
//! changes payouts. Claims and lists walk them.
//!
//! Neither decides anything. A row of `payouts` is the truth; these follow it in the transaction
//! that rewrites it, under its lock. A payout has one row in `queue` if it is released and due, and
//! one in `unsettled` if it has not succeeded.

/// A part of a statement: follows the rows of its table `change` (`id, account, key, created_at`,
/// and the values before and now: `old_work, old_due_at, old_status, work, due_at, status`; a due
/// time is NULL if nothing is due, or the payout is held).
macro_rules! requeued {
    () => {
        "queued AS (
            INSERT INTO queue (account, work, due_at, key, id)
            SELECT account, work, due_at, key, id FROM change
            WHERE old_due_at IS NULL AND due_at IS NOT NULL
        ), requeued AS (
            UPDATE queue SET work = change.work, due_at = change.due_at FROM change
            WHERE queue.account = change.account AND queue.work = old_work
              AND queue.due_at = old_due_at AND queue.key = change.key
              AND change.due_at IS NOT NULL AND (change.work, change.due_at) <> (old_work, old_due_at)
        ), unqueued AS (
            DELETE FROM queue USING change
            WHERE queue.account = change.account AND queue.work = old_work
              AND queue.due_at = old_due_at AND queue.key = change.key AND change.due_at IS NULL
        ), listed AS (
            INSERT INTO unsettled (status, created_at, key)
            SELECT status, created_at, key FROM change
            WHERE old_status = 'succeeded' AND status <> 'succeeded'
        ), relisted AS (
            UPDATE unsettled SET status = change.status FROM change
            WHERE unsettled.status = old_status AND unsettled.created_at = change.created_at
              AND unsettled.key = change.key
              AND change.status NOT IN ('succeeded', old_status)
        ), unlisted AS (
            DELETE FROM unsettled USING change
            WHERE unsettled.status = old_status AND unsettled.created_at = change.created_at
              AND unsettled.key = change.key AND change.status = 'succeeded'
        ),"
    };
}
pub(crate) use requeued;
