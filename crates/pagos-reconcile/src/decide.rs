//! What a person says about a line: these payouts, none of ours, or that it was said wrongly.

use pagos_core::{Money, OrderKey, Timestamp};
use pagos_engine::{Actor, BookLine, LineState};

use crate::{
    book::Reconciler,
    error::Error,
    matching::{Part, Verdict},
    rule::{Place, Rule},
    stored::{Decided, LineBody, TAKE_BACK, sum},
};

/// What a person says about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    /// It is these payouts. Each has the given money of the line, without a sign; `None` means the
    /// whole line for a single payout, and the payout's amount for several.
    Match(Vec<(OrderKey, Option<Money>)>),
    /// It is none of ours.
    NotOurs,
    /// What explains it now does not.
    TakeBack,
}

/// A decision about a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineDecision {
    /// What it is.
    pub said: Said,
    /// Why, in the person's own words; never empty.
    pub note: String,
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Reconciler {
    /// Writes what a person says about a line. A statement never changes where a payout stands, and
    /// neither does this.
    ///
    /// # Errors
    /// `Refused` for an empty note, an unknown line or payout, a line that is explained already
    /// (take that back first), a payout of another account or currency, and more money than the
    /// line has; `Conflict` if somebody else wrote the line meanwhile; `Store`.
    pub async fn decide(&self, line: &str, decision: LineDecision) -> Result<(), Error> {
        if decision.note.trim().is_empty() {
            return Err(Error::refused("the note is empty; say how you know it"));
        }
        let known = self.store.line(&self.book.name, line).await.map_err(Error::store)?;
        let known = known.ok_or_else(|| {
            Error::refused(format!("book {} has no line {line:?}", self.book.name))
        })?;
        let mut body = LineBody::read(&known)?;
        let is_settled = match known.state {
            LineState::Open | LineState::Proposed => false,
            LineState::Matched | LineState::Explained => true,
        };
        let (word, found) = match decision.said {
            Said::Match(_) | Said::NotOurs if is_settled => {
                return Err(Error::refused(format!(
                    "line {line} is {} already; take that back first",
                    known.state.word()
                )));
            }
            Said::TakeBack if !is_settled => {
                return Err(Error::refused(format!(
                    "line {line} is {}; there is nothing to take back",
                    known.state.word()
                )));
            }
            Said::Match(payouts) => {
                ("match", Some(Verdict::Matched { parts: self.shares(&known, payouts).await? }))
            }
            Said::NotOurs => ("not_ours", Some(Verdict::Explained { rule: Rule::Person })),
            Said::TakeBack => (TAKE_BACK, None),
        };
        body.found = found;
        body.decided.push(Decided {
            at: decision.at,
            by: decision.by.clone(),
            said: word.to_owned(),
            note: decision.note,
        });
        let step = body.step(known, Some(&decision.by))?;
        let written = self.writer.write_lines(vec![step]).await.map_err(Error::store)?;
        match written.as_slice() {
            [true] => Ok(()),
            _ => Err(Error::Conflict(format!("somebody else wrote line {line}; look at it again"))),
        }
    }

    /// The money of each payout, in the direction of the line.
    async fn shares(
        &self,
        line: &BookLine,
        payouts: Vec<(OrderKey, Option<Money>)>,
    ) -> Result<Vec<Part>, Error> {
        let is_single = payouts.len() == 1;
        let mut parts: Vec<Part> = Vec::new();
        for (key, given) in payouts {
            let payout = self.store.payout(&key).await.map_err(Error::store)?;
            let payout =
                payout.ok_or_else(|| Error::refused(format!("there is no payout {key}")))?;
            if !self.book.accounts.contains(&payout.order.account) {
                let account = &payout.order.account;
                return Err(Error::refused(format!(
                    "payout {key} is of account {account}, which book {} does not show",
                    self.book.name
                )));
            }
            let whole = if is_single { absolute(line.change) } else { payout.order.amount };
            let money = given.unwrap_or(whole);
            let currency = self.book.currency;
            if money.currency != currency || payout.order.amount.currency != currency {
                return Err(Error::refused(format!("payout {key} is not in {currency}")));
            }
            if money.minor <= 0 || parts.iter().any(|it| it.key == key) {
                return Err(Error::refused(format!(
                    "payout {key} needs one share, and it must be more than nothing"
                )));
            }
            let minor = if line.change.minor < 0 { -money.minor } else { money.minor };
            let change = Money::new(minor, currency);
            parts.push(Part { key, change, rule: Rule::Person, place: Place::Note });
        }
        let total = sum(parts.iter().map(|it| it.change)).abs();
        if parts.is_empty() || total > i128::from(line.change.minor).abs() {
            return Err(Error::refused(format!(
                "the payouts must have some of the line's {}, and no more than that",
                absolute(line.change)
            )));
        }
        parts.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(parts)
    }
}

fn absolute(money: Money) -> Money {
    Money::new(money.minor.saturating_abs(), money.currency)
}
