//! The balances at the ends of some days, as statements say them.

use pagos_core::{Day, Money};

use crate::{
    book::{Reconciler, covered},
    error::Error,
    stored::{StatementRecord, StatementSpan},
};

/// The balances before and after some days; `None` if no statement says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Balances {
    pub(crate) opening: Option<Money>,
    pub(crate) closing: Option<Money>,
}

impl Reconciler {
    /// The balances at the ends of these days. If a statement is longer than they are, its balance
    /// is carried to them by its lines.
    pub(crate) async fn balances(
        &self,
        statements: &[StatementRecord],
        days: (Day, Day),
    ) -> Result<Balances, Error> {
        let (from, through) = days;
        let mut spans: Vec<&StatementSpan> =
            statements.iter().flat_map(|it| &it.statements).collect();
        spans.sort_by_key(|it| (it.from, it.through));
        let covered = covered(statements);
        let before = spans.iter().rev().filter(|it| it.from.is_some_and(|begin| begin <= from));
        let carried = before.filter_map(|it| Some((it.from?, it.opening?.amount)));
        let mut carried =
            carried.filter(|it| it.0 == from || covered.contains(it.0, from.plus(-1)));
        let opening = match carried.next() {
            Some((begin, balance)) if begin == from => Some(balance),
            Some((begin, balance)) => {
                let change = self.totals(begin, from.plus(-1)).await?.all.change()?;
                balance.checked_add(change)
            }
            None => first_opening(&spans, from, through),
        };
        Ok(Balances { opening, closing: last_closing(&spans, from, through) })
    }
}

/// The opening balance of the first statement, if nothing was imported about the days before it.
fn first_opening(spans: &[&StatementSpan], from: Day, through: Day) -> Option<Money> {
    let first = spans.iter().find(|it| it.through.is_some_and(|end| end >= from))?;
    let begin = first.from.filter(|begin| (from..=through).contains(begin));
    begin.and(first.opening).map(|it| it.amount)
}

/// The closing balance of the last statement, if none goes on beyond these days.
fn last_closing(spans: &[&StatementSpan], from: Day, through: Day) -> Option<Money> {
    let touching = spans.iter().filter(|it| it.from.is_some_and(|begin| begin <= through));
    let last = touching.max_by_key(|it| it.through)?;
    let end = last.through.filter(|end| (from..=through).contains(end));
    end.and(last.closing).map(|it| it.amount)
}
