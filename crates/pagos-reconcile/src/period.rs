//! Totals of a book, and periods that are closed with them. What changes in a closed period later
//! is shown with both totals.

use pagos_core::{Currency, Day, Money, Timestamp};
use pagos_engine::{Actor, BookLine, LineState, RecordKind, RecordWrite, RecordWritten};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{
    book::{BATCH, Reconciler, covered},
    error::Error,
    stored::{LineBody, StatementRecord, parse, record_name, sum, write},
};

/// A number of lines and the sum of their money; a sum of debits is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sum {
    /// How many.
    pub count: u64,
    /// How much.
    pub amount: Money,
}

/// Debits and credits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sides {
    /// What left.
    pub debits: Sum,
    /// What came.
    pub credits: Sum,
}

/// What the lines of some days are together. Matched, explained and open money is all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All lines.
    pub all: Sides,
    /// The money that belongs to payouts.
    pub matched: Sides,
    /// The money of fees and taxes, and of what a person explained.
    pub explained: Sides,
    /// The money that nothing explains yet.
    pub open: Sides,
    /// A digest of the lines and what they are matched with, to notice what changes no sum.
    pub digest: String,
}

/// A closed period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeriodRecord {
    /// Its first day.
    pub from: Day,
    /// Its last day.
    pub through: Day,
    /// The balance before its first line, if a statement says it.
    pub opening: Option<Money>,
    /// The balance after its last line, if a statement says it.
    pub closing: Option<Money>,
    /// The totals at the closing.
    pub totals: Totals,
    /// Why it was closed although lines are open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub although: Option<String>,
    /// When it was closed.
    pub at: Timestamp,
    /// Who closed it.
    pub by: Actor,
}

/// A closed period whose lines or matches changed later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// Its first day.
    pub from: Day,
    /// Its last day.
    pub through: Day,
    /// The totals at the closing.
    pub then: Totals,
    /// The totals of today.
    pub now: Totals,
}

impl Sides {
    pub(crate) fn new(currency: Currency) -> Self {
        let none = Sum { count: 0, amount: Money::new(0, currency) };
        Self { debits: none, credits: none }
    }

    pub(crate) fn add(&mut self, change: Money) -> Result<(), Error> {
        let side = if change.minor < 0 { &mut self.debits } else { &mut self.credits };
        side.count = side.count.saturating_add(1);
        side.amount = side.amount.checked_add(change).ok_or_else(too_large)?;
        Ok(())
    }

    /// What both change the balance by.
    pub(crate) fn change(&self) -> Result<Money, Error> {
        self.debits.amount.checked_add(self.credits.amount).ok_or_else(too_large)
    }
}

fn too_large() -> Error {
    Error::refused("the sums of these days are beyond what an amount can be; ask for fewer days")
}

/// Totals that grow line by line.
#[derive(Debug)]
pub(crate) struct Counter {
    totals: Totals,
    digest: Sha256,
}

impl Counter {
    pub(crate) fn new(currency: Currency) -> Self {
        let none = Sides::new(currency);
        let digest = String::new();
        let totals = Totals { all: none, matched: none, explained: none, open: none, digest };
        Self { totals, digest: Sha256::new() }
    }

    pub(crate) fn add(&mut self, line: &BookLine, body: &LineBody) -> Result<(), Error> {
        let currency = line.change.currency;
        let matched = sum(body.parts().iter().map(|it| it.change));
        // A match never has more than its line, so both are within the range of the line.
        let matched = i64::try_from(matched).map_err(|_| too_large())?;
        let rest = line.change.minor.checked_sub(matched).ok_or_else(too_large)?;
        self.totals.all.add(line.change)?;
        if matched != 0 {
            self.totals.matched.add(Money::new(matched, currency))?;
        }
        if rest != 0 {
            let rest = Money::new(rest, currency);
            match line.state {
                LineState::Open | LineState::Proposed => self.totals.open.add(rest)?,
                LineState::Matched | LineState::Explained => self.totals.explained.add(rest)?,
            }
        }
        self.digest.update(format!("{}\n{}\n", line.id, line.state.word()));
        for part in body.parts() {
            self.digest.update(format!("{} {}\n", part.key, part.change.minor));
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Totals {
        let digest = self.digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Totals { digest, ..self.totals }
    }
}

/// Closes a period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The last day of the period; it begins after the one that was closed last.
    pub through: Day,
    /// A note that says why it is closed although lines are open or no statement covers its end.
    pub although: Option<String>,
    /// Who closes it.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
}

impl Reconciler {
    /// Closes the days after the last closed period, through a day.
    ///
    /// # Errors
    /// `Refused` if lines are open or proposed, payouts differ, or no statement covers a day, unless a note
    /// says why it is closed although that is so; `Refused` for a day that is closed already;
    /// `Conflict` if somebody else closed it at the same moment; `Store`.
    pub async fn close(&self, closing: Closing) -> Result<PeriodRecord, Error> {
        let statements = self.statements().await?;
        let Some((first, _)) = covered(&statements).hull() else {
            return Err(Error::refused("no statement was imported, so there is nothing to close"));
        };
        let last = self.periods().await?.last().map(|it| it.through);
        let (from, through) = (last.map_or(first, |it| it.plus(1)), closing.through);
        if through < from {
            return Err(Error::refused(format!(
                "the days up to {} are closed or before the first statement; close a later day",
                from.plus(-1)
            )));
        }
        let although = closing.although.filter(|it| !it.trim().is_empty());
        let totals = self.totals(from, through).await?;
        if although.is_none() {
            self.refuse_unfinished(&statements, (from, through)).await?;
        }
        let balances = self.balances(&statements, (from, through)).await?;
        let change = totals.all.change()?;
        let computed = balances.opening.and_then(|it| it.checked_add(change));
        let record = PeriodRecord {
            from,
            through,
            opening: balances.opening,
            closing: balances.closing(computed),
            totals,
            although,
            at: closing.at,
            by: closing.by,
        };
        let write = RecordWrite {
            kind: RecordKind::Period,
            name: record_name(&self.book.name, &through.to_string()),
            was: None,
            body: Some(write(&record)?),
            notices: Vec::new(),
        };
        match self.writer.write_record(write).await.map_err(Error::store)? {
            RecordWritten::Done { .. } => Ok(record),
            RecordWritten::Conflict => {
                Err(Error::Conflict("somebody else closed this period".to_owned()))
            }
        }
    }

    async fn refuse_unfinished(
        &self,
        statements: &[StatementRecord],
        days: (Day, Day),
    ) -> Result<(), Error> {
        for state in [LineState::Open, LineState::Proposed] {
            if let Some(line) = self.lines(Some(state), days, None).await?.first() {
                return Err(Error::refused(format!(
                    "line {} of {} is {}; decide about it, or close with a note that says why not",
                    line.id,
                    line.day,
                    state.word()
                )));
            }
        }
        if !covered(statements).contains(days.0, days.1) {
            return Err(Error::refused(format!(
                "no statement covers all days from {} to {}; import it, or close with a note",
                days.0, days.1
            )));
        }
        let touches =
            |it: &StatementRecord| it.statements.iter().any(|it| it.touches(days.0, days.1));
        if let Some(record) = statements.iter().find(|it| it.unsure > 0 && touches(it)) {
            return Err(Error::refused(format!(
                "{} lines of {} are only taken for lines of an earlier file; compare the two files, and \
                 close with a note",
                record.unsure, record.file
            )));
        }
        let report = self.report(days.0, days.1, &mut |_| ()).await?;
        if let Some(row) = report.payouts.iter().find(|it| it.outcome.is_difference()) {
            return Err(Error::refused(format!(
                "payout {} is {}; look at it, or close with a note",
                row.key,
                row.outcome.word()
            )));
        }
        Ok(())
    }

    /// The closed periods, the earliest first.
    ///
    /// # Errors
    /// `Unreadable` for a record that a newer version wrote; `Store`.
    pub async fn periods(&self) -> Result<Vec<PeriodRecord>, Error> {
        let records = self.records(RecordKind::Period).await?;
        records.iter().map(|it| parse(&it.body, &it.name)).collect()
    }

    /// The closed periods in which something changed since. It reads every line of theirs.
    ///
    /// # Errors
    /// `Store`; `Unreadable`.
    pub async fn late(&self) -> Result<Vec<Late>, Error> {
        let mut late = Vec::new();
        for period in self.periods().await? {
            let (from, through, then) = (period.from, period.through, period.totals);
            let now = self.totals(from, through).await?;
            if now != then {
                late.push(Late { from, through, then, now });
            }
        }
        Ok(late)
    }

    pub(crate) async fn totals(&self, from: Day, through: Day) -> Result<Totals, Error> {
        let mut counter = Counter::new(self.book.currency);
        let mut last = None;
        loop {
            let page = self.lines(None, (from, through), last.as_ref()).await?;
            for line in &page {
                counter.add(line, &LineBody::read(line)?)?;
            }
            if page.len() < BATCH {
                return Ok(counter.finish());
            }
            last = page.into_iter().last();
        }
    }
}
