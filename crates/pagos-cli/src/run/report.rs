//! The result of a run or a list: the sums, the payouts that wait for a person, and the exit code.

use std::sync::Arc;

use pagos_core::OrderKey;
use pagos_engine::{Cursor, Filter, Page, Payout, RunId, Sorted, Store, StoreError, Tally};

use crate::{
    console::Lost,
    exit::Exit,
    output::{Outcome, OutcomeTotal, Row, Totals},
    words::{Text, payout},
};

/// The number of payouts read from the store at a time.
const PAGE: usize = 1_000;

/// The maximum number of waiting payouts that are named.
const NAMED_MAX: usize = 20;

/// What was read from the store for a report, and whether it was written.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) totals: Totals,
    /// How many payouts could be read, including archived ones.
    pub(crate) rows: u64,
    /// The archived ones, which are counted and not listed.
    pub(crate) archived: Totals,
    pub(crate) waiting: Waiting,
    pub(crate) written: Result<(), Lost>,
}

/// Payouts that wait for a person.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    /// The first of them, with reasons.
    named: Vec<(OrderKey, String)>,
    count: u64,
}

impl Default for Report {
    fn default() -> Self {
        let (totals, waiting, archived) =
            (Totals::default(), Waiting::default(), Totals::default());
        Self { totals, rows: 0, archived, waiting, written: Ok(()) }
    }
}

impl Report {
    /// Counts one payout.
    pub(crate) fn add(&mut self, payout: &Payout) {
        self.rows += 1;
        with_row(payout, |row| self.totals.add(row));
        self.waiting.add(payout);
    }

    /// Counts the archived members of a run.
    pub(crate) fn add_archived(&mut self, archived: &Tally) {
        for row in &archived.rows {
            let outcome = match row.status.as_str() {
                "succeeded" => Outcome::Succeeded,
                // Nothing else is ever archived.
                _ => Outcome::Failed,
            };
            let sum = OutcomeTotal {
                account: row.account.clone(),
                currency: row.currency,
                outcome,
                count: row.count,
                amount_minor: row.amount_minor,
            };
            self.rows += sum.count;
            self.totals.add_sum(&sum);
            self.archived.add_sum(&sum);
        }
    }
}

impl Waiting {
    fn add(&mut self, payout: &Payout) {
        let Some(attention) = &payout.progress.attention else { return };
        self.count += 1;
        if self.named.len() < NAMED_MAX {
            self.named.push((payout.order.key.clone(), attention.because().to_owned()));
        }
    }

    /// One line for each of the first payouts, and one for the others.
    pub(crate) fn lines(&self) -> Vec<String> {
        let named = self
            .named
            .iter()
            .map(|(key, because)| format!("{key}: {}", Text::heard_alone(because)));
        let mut lines: Vec<String> = named.collect();
        match self.count.saturating_sub(u64::try_from(lines.len()).unwrap_or(u64::MAX)) {
            0 => {}
            1 => lines.push(payout::one_more_waits().into()),
            more => lines.push(payout::more_wait(more).into()),
        }
        lines
    }
}

/// The exit code for the payouts of a file, by the store's own count. `rows` is the number of
/// payouts in the file.
pub(crate) fn exit_of(tally: &Tally, rows: u64) -> Exit {
    let settled = tally.count("succeeded") + tally.count("failed");
    let waits: u64 = tally.rows.iter().map(|row| row.attention).sum();
    match tally.count("failed") {
        _ if tally.total() != rows || settled != rows || waits > 0 => Exit::InDoubt,
        0 => Exit::Succeeded,
        _ => Exit::SomeFailed,
    }
}

/// Passes a payout to `take` as the row of a report.
pub(crate) fn with_row<R>(payout: &Payout, take: impl FnOnce(&Row<'_>) -> R) -> R {
    let progress = &payout.progress;
    let reason = progress.reason();
    let outcome = match progress.is_quarantined() {
        true => Outcome::Quarantined,
        false => Outcome::from(progress.status()),
    };
    take(&Row {
        key: payout.order.key.as_str(),
        account: &payout.order.account,
        outcome,
        reason: reason.as_deref(),
        attention: progress.attention.is_some(),
        amount: payout.order.amount,
        reference: progress.standing.reference().map(pagos_core::ProviderRef::as_str),
        attempts: progress.attempts,
        reversals: progress.standing.reversals(),
        created_at: Some(payout.created_at),
    })
}

/// The payouts of a filter, page by page.
pub(crate) struct Pages<'a> {
    store: &'a Arc<dyn Store>,
    filter: &'a Filter,
    next: Page,
    /// How many more are requested.
    wanted: usize,
}

impl<'a> Pages<'a> {
    /// All of them, sorted by key.
    pub(crate) fn new(store: &'a Arc<dyn Store>, filter: &'a Filter) -> Self {
        Self { store, filter, next: Page::by_key(PAGE), wanted: usize::MAX }
    }

    /// The newest of them after a place, up to a limit.
    pub(crate) fn newest(
        store: &'a Arc<dyn Store>,
        filter: &'a Filter,
        after: Option<Cursor>,
        wanted: usize,
    ) -> Self {
        let next = Page { sorted: Sorted::NewestFirst { after }, limit: PAGE };
        Self { store, filter, next, wanted }
    }

    /// The next page, or `None` after the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Payout>>, StoreError> {
        self.next.limit = self.wanted.min(PAGE);
        let page = self.store.list(self.filter, &self.next).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.next = self.next.clone().after(last);
        self.wanted -= page.len().min(self.wanted);
        Ok(Some(page))
    }

    /// The archived part of a run that is listed in full.
    pub(crate) async fn archived(&self) -> Result<Option<Tally>, StoreError> {
        let Some(run) = &self.filter.run else { return Ok(None) };
        let is_whole = *self.filter == of_run(run) && self.wanted > usize::MAX / 2;
        if is_whole { Ok(Some(self.store.archived(run).await?)) } else { Ok(None) }
    }

    /// Where the list continues, if it does: after the last payout that was read.
    pub(crate) async fn rest(self) -> Result<Option<Cursor>, StoreError> {
        let Sorted::NewestFirst { after: Some(place) } = &self.next.sorted else { return Ok(None) };
        let behind = Page { limit: 1, ..self.next.clone() };
        let is_there = !self.store.list(self.filter, &behind).await?.is_empty();
        Ok(Some(place.clone()).filter(|_| is_there))
    }
}

/// Everything of one run.
pub(crate) fn of_run(run: &RunId) -> Filter {
    Filter { run: Some(run.clone()), ..Filter::default() }
}

#[cfg(test)]
mod tests {
    use pagos_core::{AccountName, Currency};
    use pagos_engine::TallyRow;

    use super::*;

    /// Status word, count, and how many of them wait for a person.
    type Counted = (&'static str, u64, u64);

    fn tally(rows: &[Counted]) -> Tally {
        let row = |(status, count, attention): &Counted| TallyRow {
            account: AccountName::new("bank-a").unwrap(),
            currency: Currency::Cop,
            status: (*status).to_owned(),
            count: *count,
            amount_minor: 0,
            at_rest: *count,
            attention: *attention,
        };
        Tally { rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn truth_10_what_waits_for_a_person_is_in_doubt_even_if_it_is_settled() {
        let cases: [(&[Counted], u64, Exit); 10] = [
            (&[("succeeded", 3, 0)], 3, Exit::Succeeded),
            (&[("succeeded", 2, 0), ("failed", 1, 0)], 3, Exit::SomeFailed),
            (&[("succeeded", 3, 1)], 3, Exit::InDoubt),
            (&[("succeeded", 2, 0), ("failed", 1, 1)], 3, Exit::InDoubt),
            (&[("succeeded", 2, 0), ("unknown", 1, 0)], 3, Exit::InDoubt),
            (&[("succeeded", 2, 0), ("pending", 1, 0)], 3, Exit::InDoubt),
            (&[("succeeded", 2, 0), ("created", 1, 0)], 3, Exit::InDoubt),
            (&[("succeeded", 2, 0), ("quarantined", 1, 1)], 3, Exit::InDoubt),
            // A word of a newer version.
            (&[("succeeded", 2, 0), ("resting", 1, 0)], 3, Exit::InDoubt),
            (&[], 0, Exit::Succeeded),
        ];
        for (rows, expected_rows, expected) in cases {
            assert_eq!(exit_of(&tally(rows), expected_rows), expected, "{rows:?}");
        }
    }

    #[test]
    fn truth_01_a_count_that_is_not_the_files_is_never_a_success() {
        for (count, rows) in [(3, 4), (4, 3), (0, 1)] {
            assert_eq!(exit_of(&tally(&[("succeeded", count, 0)]), rows), Exit::InDoubt);
        }
        // Even if as many are settled as the file has.
        let one_too_many = tally(&[("succeeded", 3, 0), ("pending", 1, 0)]);
        assert_eq!(exit_of(&one_too_many, 3), Exit::InDoubt);
    }
}
