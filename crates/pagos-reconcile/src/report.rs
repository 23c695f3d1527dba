//! The report of some days of a book: figures that add up, what became of each payout, and
//! everything that somebody has to look at. Personal data is masked.

use std::collections::{BTreeMap, HashSet};

use pagos_core::{AccountName, BookName, Currency, Day, Money, OrderKey};
use pagos_engine::{BookLine, LineState, Page, Payout};
use serde::Serialize;

use crate::{
    balance::Balances,
    book::{BATCH, PAGE, Reconciler, covered},
    error::Error,
    expected::Expected,
    matching::Verdict,
    outcome::{Alarm, Covered, Outcome, alarm, outcome},
    period::{Counter, Late, Sum, Totals},
    stored::{Decided, LineBody},
};

/// The report of some days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The book.
    pub book: BookName,
    /// Its currency.
    pub currency: Currency,
    /// The first day.
    pub from: Day,
    /// The last day.
    pub through: Day,
    /// The balances.
    pub figures: Figures,
    /// What the lines are together.
    pub totals: Totals,
    /// What became of the payouts that were due in these days, and of the lines that none explains.
    pub outcomes: BTreeMap<Outcome, Sum>,
    /// What somebody must know at once.
    pub alarms: Vec<Alarm>,
    /// Every payout about which the book does not agree.
    pub payouts: Vec<PayoutRow>,
    /// Every line that is open or proposed.
    pub lines: Vec<LineRow>,
    /// Closed periods that changed since.
    pub late: Vec<Late>,
}

/// Balances, as statements say them and as the lines make them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Figures {
    /// The balance before the first line, if a statement says it.
    pub opening: Option<Money>,
    /// What left; negative.
    pub debits: Money,
    /// What came.
    pub credits: Money,
    /// Opening, debits and credits together.
    pub computed: Option<Money>,
    /// The balance after the last line, if a statement says it.
    pub closing: Option<Money>,
    /// What the closing balance has more than the computed one; zero if the figures add up.
    pub difference: Option<Money>,
}

/// One payout of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PayoutRow {
    /// Its key.
    pub key: OrderKey,
    /// The account that pays.
    pub account: AccountName,
    /// Its amount.
    pub amount: Money,
    /// The word for where it stands.
    pub status: &'static str,
    /// The day on which the bank should book it.
    pub due: Day,
    /// The last digits of the beneficiary's account.
    pub beneficiary_account: String,
    /// What the book says about it.
    pub outcome: Outcome,
    /// What left for it, less what came back.
    pub booked: Money,
}

/// One line of a book. Long numbers in its text are masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LineRow {
    /// Its id.
    pub id: String,
    /// When it was booked.
    pub day: Day,
    /// What it changed the balance by.
    pub change: Money,
    /// The part of it that nothing explains.
    pub open: Money,
    /// `open`, `proposed`, `matched` or `explained`.
    pub state: &'static str,
    /// The bank's own reference.
    pub bank_reference: Option<String>,
    /// Where it is in the file that brought it.
    pub place: u64,
    /// What the bank wrote about it.
    pub text: String,
    /// Whose it is.
    pub payouts: Vec<OrderKey>,
    /// Whose it may be.
    pub candidates: Vec<OrderKey>,
    /// What people said about it, oldest first.
    pub decided: Vec<Decided>,
}

impl Reconciler {
    /// The report of the days from `from` through `through`. `each` gets every payout that was due
    /// in them or that their lines name, also those that agree, one by one.
    ///
    /// # Errors
    /// `Refused` for sums beyond what an amount can be; `Store`; `Unreadable`.
    pub async fn report(
        &self,
        from: Day,
        through: Day,
        each: &mut (dyn FnMut(&PayoutRow) + Send),
    ) -> Result<Report, Error> {
        let statements = self.statements().await?;
        let mut report = Report {
            book: self.book.name.clone(),
            currency: self.book.currency,
            from,
            through,
            figures: Figures::none(self.book.currency),
            totals: Counter::new(self.book.currency).finish(),
            outcomes: BTreeMap::new(),
            alarms: Vec::new(),
            payouts: Vec::new(),
            lines: Vec::new(),
            late: self.late().await?,
        };
        let mut named = self.add_lines(&mut report).await?;
        let balances = self.balances(&statements, (from, through)).await?;
        report.figures = Figures::of(&report.totals, balances)?;
        let covered = covered(&statements);
        self.add_payouts(&mut report, &covered, &mut named, each).await?;
        report.alarms.sort();
        report.payouts.sort_by(|a, b| (a.outcome, &a.key).cmp(&(b.outcome, &b.key)));
        Ok(report)
    }

    /// Adds the lines, and returns the payouts that they are matched with.
    async fn add_lines(&self, report: &mut Report) -> Result<HashSet<OrderKey>, Error> {
        let mut counter = Counter::new(self.book.currency);
        let (mut named, mut last) = (HashSet::new(), None);
        loop {
            let page = self.lines(None, (report.from, report.through), last.as_ref()).await?;
            for line in &page {
                let body = LineBody::read(line)?;
                counter.add(line, &body)?;
                named.extend(body.parts().iter().map(|it| it.key.clone()));
                if matches!(line.state, LineState::Open | LineState::Proposed) {
                    let row = LineRow::of(line, &body);
                    // What is proposed may be ours.
                    if line.state == LineState::Open {
                        report.count(Outcome::MissingHere, row.open)?;
                    }
                    report.lines.push(row);
                }
            }
            if page.len() < BATCH {
                report.totals = counter.finish();
                return Ok(named);
            }
            last = page.into_iter().last();
        }
    }

    /// The lines of some days in a state, by day, at most `limit`.
    ///
    /// # Errors
    /// `Unreadable` for a line that a newer version wrote; `Store`.
    pub async fn line_rows(
        &self,
        state: Option<LineState>,
        days: (Day, Day),
        limit: usize,
    ) -> Result<Vec<LineRow>, Error> {
        let (mut rows, mut last) = (Vec::new(), None);
        loop {
            let page = self.lines(state, days, last.as_ref()).await?;
            for line in page.iter().take(limit - rows.len()) {
                rows.push(LineRow::of(line, &LineBody::read(line)?));
            }
            if page.len() < BATCH || rows.len() >= limit {
                return Ok(rows);
            }
            last = page.into_iter().last();
        }
    }

    async fn add_payouts(
        &self,
        report: &mut Report,
        covered: &Covered,
        named: &mut HashSet<OrderKey>,
        each: &mut (dyn FnMut(&PayoutRow) + Send),
    ) -> Result<(), Error> {
        let days = report.from..=report.through;
        let since = report.from.plus(-self.book.rules.reach_days);
        for account in &self.book.accounts {
            let mut page = Page::newest_first(PAGE);
            loop {
                let payouts = self.payouts(account, since, &page).await?;
                let is_last = payouts.len() < page.limit;
                page = payouts.last().map_or(page.clone(), |last| page.after(last));
                for it in self.expected(&payouts, |_, _| true).await? {
                    if named.remove(&it.key) || days.contains(&it.due()) {
                        self.add_payout(report, covered, &it, each)?;
                    }
                }
                if is_last {
                    break;
                }
            }
        }
        // What is left was submitted long before the line that names it.
        let mut left: Vec<OrderKey> = named.drain().collect();
        left.sort();
        for keys in left.chunks(PAGE) {
            let payouts = self.payouts_of(keys).await?;
            for it in self.expected(&payouts, |_, _| true).await? {
                self.add_payout(report, covered, &it, each)?;
            }
        }
        Ok(())
    }

    async fn payouts_of(&self, keys: &[OrderKey]) -> Result<Vec<Payout>, Error> {
        let mut found = Vec::new();
        for key in keys {
            found.extend(self.store.payout(key).await.map_err(Error::store)?);
        }
        Ok(found)
    }

    fn add_payout(
        &self,
        report: &mut Report,
        covered: &Covered,
        it: &Expected,
        each: &mut (dyn FnMut(&PayoutRow) + Send),
    ) -> Result<(), Error> {
        let found = outcome(it, covered, &self.book.rules);
        let row = PayoutRow::of(it, found);
        each(&row);
        // A payout of another currency has no place in these sums.
        if it.amount.currency == self.book.currency {
            report.count(found, it.amount)?;
        }
        report.alarms.extend(alarm(it, found));
        if !found.is_agreed() {
            report.payouts.push(row);
        }
        Ok(())
    }
}

impl Report {
    fn count(&mut self, outcome: Outcome, amount: Money) -> Result<(), Error> {
        let none = Sum { count: 0, amount: Money::new(0, self.currency) };
        let sum = self.outcomes.entry(outcome).or_insert(none);
        sum.count = sum.count.saturating_add(1);
        sum.amount = sum.amount.checked_add(amount).ok_or_else(|| {
            Error::refused("the sums of these days are beyond an amount; ask for fewer days")
        })?;
        Ok(())
    }
}

impl Figures {
    fn none(currency: Currency) -> Self {
        let none = Money::new(0, currency);
        let (opening, computed, closing, difference) = (None, None, None, None);
        Self { opening, debits: none, credits: none, computed, closing, difference }
    }

    fn of(totals: &Totals, balances: Balances) -> Result<Self, Error> {
        let (opening, change) = (balances.opening, totals.all.change()?);
        let computed = opening.and_then(|it| it.checked_add(change));
        let closing = balances.closing(computed);
        let negative = |it: Money| Money::new(it.minor.saturating_neg(), it.currency);
        let difference = computed.zip(closing);
        let difference =
            difference.and_then(|(computed, closing)| closing.checked_add(negative(computed)));
        let (debits, credits) = (totals.all.debits.amount, totals.all.credits.amount);
        Ok(Self { opening, debits, credits, computed, closing, difference })
    }
}

impl PayoutRow {
    fn of(it: &Expected, outcome: Outcome) -> Self {
        Self {
            key: it.key.clone(),
            account: it.account.clone(),
            amount: it.amount,
            status: it.word,
            due: it.due(),
            beneficiary_account: masked(&it.payee.account),
            outcome,
            booked: Money::new(it.booked.left(), it.amount.currency),
        }
    }
}

impl LineRow {
    fn of(line: &BookLine, body: &LineBody) -> Self {
        let matched: i64 = body.parts().iter().map(|it| it.change.minor).sum();
        let candidates = match &body.found {
            Some(Verdict::Proposed { candidates, .. }) => candidates.as_slice(),
            Some(Verdict::Matched { .. } | Verdict::Explained { .. }) | None => &[],
        };
        Self {
            id: line.id.clone(),
            day: line.day,
            change: line.change,
            open: Money::new(line.change.minor - matched, line.change.currency),
            state: line.state.word(),
            bank_reference: bank_reference(body),
            place: body.line.place,
            text: text(body),
            payouts: body.parts().iter().map(|it| it.key.clone()).collect(),
            candidates: candidates.iter().map(|it| it.key.clone()).collect(),
            decided: body.decided.clone(),
        }
    }
}

/// References and words of a line, with at most the last four digits of long numbers.
fn text(body: &LineBody) -> String {
    let transactions = body.line.transactions.iter().take(TRANSACTIONS_SHOWN);
    let texts = transactions.flat_map(|it| it.references.iter().chain([&it.text]));
    let words = texts.flat_map(|it| it.as_str().split_whitespace()).map(masked_number);
    words.collect::<Vec<_>>().join(" ")
}

/// A word in which a number of seven digits or more, as of an account or a document, is masked.
fn masked_number(word: &str) -> String {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let is_number = word.bytes().all(|it| it.is_ascii_digit() || b"-./".contains(&it));
    if is_number && digits >= 7 { masked(word) } else { word.to_owned() }
}

/// Of a batch, so many are shown.
const TRANSACTIONS_SHOWN: usize = 3;

pub(crate) fn bank_reference(body: &LineBody) -> Option<String> {
    let mut references = body.line.transactions.iter().filter_map(|it| it.bank_reference.as_ref());
    references.next().map(|it| it.as_str().to_owned())
}

/// The last four characters, if there are more than those.
fn masked(number: &str) -> String {
    let cut = number.char_indices().rev().nth(3).map_or(0, |(at, _)| at);
    match number.get(cut..) {
        Some(last) if cut > 0 => format!("****{last}"),
        _ => "****".to_owned(),
    }
}
