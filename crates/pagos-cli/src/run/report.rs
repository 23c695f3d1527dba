//! The end of a run for people and for scripts: every payout's outcome, and the sums.

use std::io;
use std::io::Write;
use std::sync::Arc;

use pagos_core::OrderKey;
use pagos_engine::Filter;
use pagos_engine::Payout;
use pagos_engine::RunId;
use pagos_engine::Store;
use pagos_engine::StoreError;

use crate::output::Colour;
use crate::output::Outcome;
use crate::output::PayoutsJson;
use crate::output::Row;
use crate::output::Table;
use crate::output::Totals;
use crate::output::write_totals;

/// Payouts read from the store at a time.
const PAGE: usize = 1_000;

/// A table of more rows than this shows only what did not go straight.
const ROWS_SHOWN_MAX: u64 = 200;

/// The report cannot be made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the report could not be written")]
    Write(#[from] io::Error),
}

/// Writes the payouts into a JSON document, page by page, ends it, and returns the sums.
pub(crate) async fn write_json(
    store: &Arc<dyn Store>,
    filter: &Filter,
    mut json: PayoutsJson<impl Write>,
) -> Result<Totals, ReportError> {
    let mut totals = Totals::default();
    let mut pages = Pages::new(store, filter);
    while let Some(page) = pages.next().await? {
        for payout in &page {
            with_row(payout, |row| {
                totals.add(row);
                json.payout(row)
            })?;
        }
    }
    json.finish(totals.sums(), None)?;
    Ok(totals)
}

/// Writes the table and the sums of a run, and returns the sums. Of many payouts only those are
/// shown that did not simply succeed.
pub(crate) async fn write_table(
    store: &Arc<dyn Store>,
    filter: &Filter,
    out: &mut dyn Write,
    colour: Colour,
) -> Result<Totals, ReportError> {
    let is_long = match &filter.run {
        Some(run) => store.tally(Some(run)).await?.total() > ROWS_SHOWN_MAX,
        None => false,
    };
    let mut table = Table::new();
    let mut totals = Totals::default();
    let mut left_out = 0_u64;
    let mut pages = Pages::new(store, filter);
    while let Some(page) = pages.next().await? {
        for payout in &page {
            with_row(payout, |row| {
                totals.add(row);
                let is_plain = row.outcome == Outcome::Succeeded && row.reversals == 0;
                if is_long && is_plain {
                    left_out += 1;
                } else {
                    table.push(row);
                }
            });
        }
    }
    table.write(out, colour)?;
    if left_out > 0 {
        writeln!(out, "... and {left_out} that succeeded, not shown; --json lists all")?;
    }
    writeln!(out)?;
    write_totals(out, colour, totals.sums())?;
    Ok(totals)
}

/// Lends a payout as the row of a report.
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
        amount: payout.order.amount,
        reference: progress.standing.reference().map(pagos_core::ProviderRef::as_str),
        attempts: progress.attempts,
        reversals: progress.standing.reversals(),
    })
}

/// All payouts of a filter, a page at a time.
pub(crate) struct Pages<'a> {
    store: &'a Arc<dyn Store>,
    filter: &'a Filter,
    after: Option<OrderKey>,
}

impl<'a> Pages<'a> {
    pub(crate) fn new(store: &'a Arc<dyn Store>, filter: &'a Filter) -> Self {
        Self { store, filter, after: None }
    }

    /// The next page, or `None` behind the last.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Payout>>, StoreError> {
        let page = self.store.list(self.filter, self.after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { return Ok(None) };
        self.after = Some(last.order.key.clone());
        Ok(Some(page))
    }
}

/// Everything of one run.
pub(crate) fn of_run(run: &RunId) -> Filter {
    Filter { run: Some(run.clone()), status: None }
}
