//! Matches the lines of a statement with payouts. It reads no store and no clock, and the order of
//! lines and payouts does not matter to the result.
//!
//! Each line is cut into words once and looked up in hash tables; payouts and lines are never
//! compared in pairs. `named.rs` decides about lines that name payouts, `weak.rs` about those that
//! only look like one. What has two equally good explanations is a proposal for a person.

mod index;
mod item;
mod named;
mod weak;

use pagos_core::{Day, Money, OrderKey};
use pagos_statement::{Kind, Line};
use serde::{Deserialize, Serialize};

use crate::{
    expected::Expected,
    rule::{Place, Rule, Rules},
};

use index::Index;
use item::{Item, Ruling};

/// A line of a book that is not explained yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenLine {
    /// What identifies it within its book.
    pub id: String,
    /// What the bank wrote.
    pub line: Line,
}

/// What was found about a line. A line that nothing explains has no finding and stays open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The id of the line.
    pub line: String,
    /// What explains it.
    pub verdict: Verdict,
}

/// What explains a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// These payouts; what they leave of the line's money are the charges that the line names.
    Matched {
        /// The money of each payout.
        parts: Vec<Part>,
    },
    /// A person must say which payouts it is.
    Proposed {
        /// The payouts of which there is no doubt.
        parts: Vec<Part>,
        /// Who else it may be: the first 20, by key.
        candidates: Vec<Part>,
        /// How many candidates there are.
        count: usize,
    },
    /// It is no payout.
    Explained {
        /// What it is.
        rule: Rule,
    },
}

/// The money of a line that belongs to one payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The payout.
    pub key: OrderKey,
    /// What it changed the balance by: negative if it was paid.
    pub change: Money,
    /// By which rule.
    pub rule: Rule,
    /// Where the evidence stands.
    pub place: Place,
}

/// The maximum number of candidates that a proposal lists.
pub const CANDIDATES_MAX: usize = 20;

/// Matches lines with payouts. The findings come in the order of the lines.
///
/// ```
/// use pagos_reconcile::{Rules, match_lines};
///
/// assert_eq!(match_lines(&[], &[], &Rules::default()), []);
/// ```
pub fn match_lines(expected: &[Expected], lines: &[OpenLine], rules: &Rules) -> Vec<Finding> {
    let mut matcher = Matcher::new(expected, *rules);
    for it in lines {
        matcher.add(&it.id, &it.line);
    }
    let judged = matcher.finish();
    judged.filter_map(|it| Some(Finding { line: it.line, verdict: it.verdict? })).collect()
}

/// Matches lines that come one by one, and keeps no more of them than it needs.
#[derive(Debug)]
pub struct Matcher<'a> {
    expected: &'a [Expected],
    rules: Rules,
    index: Index<'a>,
    lines: Vec<Kept>,
    items: Vec<Item>,
}

/// What was found about a line, if anything was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JudgedLine {
    /// The id of the line.
    pub line: String,
    /// When it was booked.
    pub day: Day,
    /// What explains it; `None` if nothing does.
    pub verdict: Option<Verdict>,
}

/// What is kept of a line.
#[derive(Debug)]
struct Kept {
    id: String,
    day: Day,
    /// Where its items end in the list of all.
    items_end: usize,
    /// Whether its transactions are more than its amount, so that nothing of it can be shared out.
    is_excessive: bool,
}

impl<'a> Matcher<'a> {
    /// A matcher for these payouts.
    pub fn new(expected: &'a [Expected], rules: Rules) -> Self {
        let index = Index::new(expected);
        Self { expected, rules, index, lines: Vec::new(), items: Vec::new() }
    }

    /// Adds a line. Returns whether each of its transactions names a payout.
    pub fn add(&mut self, id: &str, line: &Line) -> bool {
        let sum: i128 = line.transactions.iter().map(|it| i128::from(it.amount.minor)).sum();
        let mut names_all = true;
        for transaction in &line.transactions {
            let item = Item::new(&self.index, line, transaction);
            names_all &= !item.clues.is_empty();
            self.items.push(item);
        }
        self.lines.push(Kept {
            id: id.to_owned(),
            day: line.day,
            items_end: self.items.len(),
            is_excessive: sum > i128::from(line.amount.minor),
        });
        names_all
    }

    /// What was found about each line, in their order. Each verdict is made when it is asked for, so
    /// that not all of them are in memory.
    pub fn finish(mut self) -> impl Iterator<Item = JudgedLine> + use<'a> {
        let is_taken = named::decide(self.expected, &self.rules, &self.index, &mut self.items);
        drop(self.index);
        weak::decide(self.expected, &self.rules, &is_taken, &mut self.items);
        let (expected, mut begin) = (self.expected, 0);
        let mut items = self.items.into_iter();
        self.lines.into_iter().map(move |kept| {
            let of_line: Vec<Item> = items.by_ref().take(kept.items_end - begin).collect();
            begin = kept.items_end;
            let verdict = compose(expected, &of_line, kept.is_excessive);
            JudgedLine { line: kept.id, day: kept.day, verdict }
        })
    }
}

/// What the transactions of a line say together.
fn compose(expected: &[Expected], items: &[Item], is_excessive: bool) -> Option<Verdict> {
    let (mut parts, mut candidates, mut count) = (Vec::new(), Vec::new(), 0);
    let (mut is_whole, mut kind) = (true, None);
    for item in items {
        match &item.ruling {
            Ruling::Open => is_whole = false,
            Ruling::Explained => kind = Some(item.kind),
            Ruling::Matched(shares) => {
                let found = shares.iter().map(|share| share.part(expected, item.side));
                parts.extend(found.flatten());
            }
            Ruling::Proposed(shares, of_item) => {
                is_whole = false;
                let found = shares.iter().map(|share| share.part(expected, item.side));
                candidates.extend(found.flatten());
                count += of_item;
            }
        }
    }
    merge(&mut parts);
    merge(&mut candidates);
    if is_excessive {
        count += parts.len();
        candidates.append(&mut parts);
        is_whole = false;
    }
    candidates.truncate(CANDIDATES_MAX);
    match kind.and_then(explanation) {
        Some(rule) if is_whole && parts.is_empty() => Some(Verdict::Explained { rule }),
        _ if parts.is_empty() && candidates.is_empty() => None,
        _ if is_whole => Some(Verdict::Matched { parts }),
        _ => Some(Verdict::Proposed { parts, candidates, count }),
    }
}

/// Of one line, a payout has one part. They are sorted by key.
fn merge(parts: &mut Vec<Part>) {
    parts.sort_by(|a, b| a.key.cmp(&b.key));
    parts.dedup_by(|later, kept| {
        let sum = kept.change.checked_add(later.change).filter(|_| later.key == kept.key);
        sum.inspect(|sum| kept.change = *sum).is_some()
    });
}

fn explanation(kind: Kind) -> Option<Rule> {
    match kind {
        Kind::Transfer | Kind::Return => None,
        Kind::Fee => Some(Rule::Fee),
        Kind::Tax => Some(Rule::Tax),
        Kind::Interest => Some(Rule::Interest),
    }
}

#[cfg(test)]
mod tests;
