//! The balances at the ends of some days, as statements say them.

use pagos_core::{Day, Money};

use crate::{
    book::{Reconciler, covered},
    error::Error,
    stored::{StatementRecord, StatementSpan},
};

/// The balances before and after some days, as far as statements say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Balances {
    pub(crate) opening: Option<Money>,
    /// Several if statements contradict each other.
    closings: Vec<Money>,
}

impl Balances {
    /// The balance after these days. If statements contradict each other, the one that is farthest from
    /// what the lines make: a difference is never hidden.
    pub(crate) fn closing(&self, computed: Option<Money>) -> Option<Money> {
        let computed = computed.map_or(0, |it| i128::from(it.minor));
        let distance = |it: &Money| (i128::from(it.minor) - computed).abs();
        self.closings.iter().copied().max_by_key(distance)
    }
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
            Some((begin, _)) if begin == from => opening_of(&spans, from),
            Some((begin, balance)) => {
                let change = self.totals(begin, from.plus(-1)).await?.all.change()?;
                balance.checked_add(change)
            }
            None => first_opening(&spans, from, through),
        };
        Ok(Balances { opening, closings: last_closings(&spans, from, through) })
    }
}

/// The opening balance of the first of the statements that begin on a day: a later one of that day opens
/// with what an earlier one closes with. `None` if that does not tell which is the first.
fn opening_of(spans: &[&StatementSpan], day: Day) -> Option<Money> {
    let beginning = || spans.iter().filter(|it| it.from == Some(day));
    let openings = beginning().filter_map(|it| it.opening).map(|it| it.amount);
    let closings: Vec<Money> = beginning()
        .filter(|it| has_moved(it))
        .filter_map(|it| it.closing)
        .map(|it| it.amount)
        .collect();
    single(openings.filter(|it| !closings.contains(it)))
}

/// The closing balance of the last of the statements that end on a day; several if they contradict each
/// other.
fn closings_of(spans: &[&StatementSpan], day: Day) -> Vec<Money> {
    let ending = || spans.iter().filter(|it| it.through == Some(day));
    let closings = ending().filter_map(|it| it.closing).map(|it| it.amount);
    let openings: Vec<Money> = ending()
        .filter(|it| has_moved(it))
        .filter_map(|it| it.opening)
        .map(|it| it.amount)
        .collect();
    closings.filter(|it| !openings.contains(it)).collect()
}

/// A statement without movement says nothing about the order of others.
fn has_moved(span: &StatementSpan) -> bool {
    span.opening.map(|it| it.amount) != span.closing.map(|it| it.amount)
}

/// The only amount that there is, however often.
fn single(mut amounts: impl Iterator<Item = Money>) -> Option<Money> {
    let first = amounts.next()?;
    amounts.all(|it| it == first).then_some(first)
}

/// The opening balance of the first statement, if nothing was imported about the days before it.
fn first_opening(spans: &[&StatementSpan], from: Day, through: Day) -> Option<Money> {
    let first = spans.iter().find(|it| it.through.is_some_and(|end| end >= from))?;
    opening_of(spans, first.from.filter(|begin| (from..=through).contains(begin))?)
}

/// The closing balance of the last statement, if none goes on beyond these days.
fn last_closings(spans: &[&StatementSpan], from: Day, through: Day) -> Vec<Money> {
    let touching = spans.iter().filter(|it| it.from.is_some_and(|begin| begin <= through));
    let last = touching.filter_map(|it| it.through).max();
    let inside = last.filter(|end| (from..=through).contains(end));
    inside.map_or_else(Vec::new, |end| closings_of(spans, end))
}
