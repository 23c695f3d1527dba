//! Settled payouts are asked about separately from the others, and hints are taken separately from
//! verified deliveries. The next step of a payout writes its work anew, so a word that is missed
//! here waits in the other lane only once.

pub(super) const VERSION_4: &str = "
UPDATE payouts SET work = 'watch'
WHERE work = 'ask' AND status IN ('succeeded', 'failed')
    AND progress_json NOT LIKE '%\"doubt\":{%' AND progress_json NOT LIKE '%\"not_understood\":{%';
DROP INDEX inbox_due;
CREATE INDEX inbox_due ON inbox (account, is_genuine, due_at) WHERE state = 'open';
";
