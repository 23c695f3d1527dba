//! The JSON document of `plan` and `pay`, written row by row in constant memory.
//!
//! It is `{"payouts":[..],"totals":[..],"problems":[..]}`, followed by `"plan":{..}` for a plan,
//! `"next"` for a list, and `"approval":{..}` if an account has rules of approval. Empty parts are present too, so that a script need not check for them.

use std::io::{self, Write};

use pagos_engine::Cursor;
use serde::Serialize;
use serde_json::Value;

use crate::{
    input::{BanksPaid, Format, Plan, Problem},
    output::{OutcomeTotal, Row},
};

/// Writes one document. The parts come in the order of these methods; each may be left out.
#[derive(Debug)]
pub(crate) struct PayoutsJson<W: Write> {
    out: W,
    database: Option<DatabaseWire>,
    next: Option<Option<String>>,
    archived: Vec<OutcomeTotal>,
    approval: Option<Value>,
    part: Part,
    is_first: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Start,
    Problems,
    Payouts,
}

/// The database that the document is about. Its id distinguishes it, whatever its name.
#[derive(Debug, Serialize)]
struct DatabaseWire {
    place: String,
    id: String,
}

/// The plan's part of the document.
#[derive(Serialize)]
struct PlanWire<'a> {
    rows: u64,
    rows_bad: u64,
    digest: String,
    delimiter: Option<&'static str>,
    encoding: Option<&'static str>,
    sheet: Option<&'a str>,
    banks: &'a [BanksPaid],
    warnings_more: u64,
}

impl<W: Write> PayoutsJson<W> {
    /// Begins a document on `out`, which should be buffered.
    pub(crate) fn new(out: W) -> Self {
        let (database, next, archived, approval) = (None, None, Vec::new(), None);
        Self { out, database, next, archived, approval, part: Part::Start, is_first: true }
    }

    /// Adds the database at the end.
    pub(crate) fn of_database(&mut self, place: String, id: String) {
        self.database = Some(DatabaseWire { place, id });
    }

    /// Adds at the end where the list continues, or that it does not.
    pub(crate) fn goes_on(&mut self, next: Option<&Cursor>) {
        self.next = Some(next.map(ToString::to_string));
    }

    /// Writes one problem. Must not be called after the first payout.
    pub(crate) fn problem(&mut self, problem: &Problem) -> io::Result<()> {
        self.item(Part::Problems, problem)
    }

    /// Writes one payout.
    pub(crate) fn payout(&mut self, row: &Row<'_>) -> io::Result<()> {
        self.item(Part::Payouts, row)
    }

    /// Adds the sums of archived payouts, which are in the totals but not in the list.
    pub(crate) fn archived(&mut self, sums: &[OutcomeTotal]) {
        self.archived = sums.to_vec();
    }

    /// Adds at the end what needs approval, and how that stands.
    pub(crate) fn approval(&mut self, approval: Value) {
        self.approval = Some(approval);
    }

    /// The writer of the document.
    pub(crate) fn out_mut(&mut self) -> &mut W {
        &mut self.out
    }

    /// Ends the document, and returns its writer.
    pub(crate) fn finish(mut self, totals: &[OutcomeTotal], plan: Option<&Plan>) -> io::Result<W> {
        self.enter(Part::Payouts)?;
        self.out.write_all(b"],\n\"totals\":")?;
        serde_json::to_writer(&mut self.out, totals)?;
        if !self.archived.is_empty() {
            self.out.write_all(b",\n\"archived\":")?;
            serde_json::to_writer(&mut self.out, &self.archived)?;
        }
        if let Some(approval) = &self.approval {
            self.out.write_all(b",\n\"approval\":")?;
            serde_json::to_writer(&mut self.out, approval)?;
        }
        if let Some(database) = &self.database {
            self.out.write_all(b",\n\"database\":")?;
            serde_json::to_writer(&mut self.out, database)?;
        }
        if let Some(next) = &self.next {
            self.out.write_all(b",\n\"next\":")?;
            serde_json::to_writer(&mut self.out, next)?;
        }
        if let Some(plan) = plan {
            let (delimiter, encoding, sheet) = match &plan.format {
                Some(Format::Text { delimiter, encoding }) => {
                    (Some(delimiter.word()), Some(encoding.word()), None)
                }
                Some(Format::Sheet { name }) => (None, None, Some(name.as_str())),
                None => (None, None, None),
            };
            let wire = PlanWire {
                rows: plan.rows,
                rows_bad: plan.rows_bad,
                digest: plan.digest.to_string(),
                delimiter,
                encoding,
                sheet,
                banks: &plan.banks,
                warnings_more: plan.warnings_more,
            };
            self.out.write_all(b",\n\"plan\":")?;
            serde_json::to_writer(&mut self.out, &wire)?;
            self.out.write_all(b",\n\"warnings\":")?;
            serde_json::to_writer(&mut self.out, &plan.warnings)?;
        }
        self.out.write_all(b"}\n")?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn item(&mut self, part: Part, item: &impl Serialize) -> io::Result<()> {
        self.enter(part)?;
        let before: &[u8] = if self.is_first { b"\n" } else { b",\n" };
        self.is_first = false;
        self.out.write_all(before)?;
        Ok(serde_json::to_writer(&mut self.out, item)?)
    }

    /// Closes the parts before `part` and opens it.
    fn enter(&mut self, part: Part) -> io::Result<()> {
        if self.part == Part::Start {
            self.out.write_all(b"{\"problems\":[")?;
            self.part = Part::Problems;
        }
        if self.part < part {
            self.out.write_all(b"],\n\"payouts\":[")?;
            self.part = Part::Payouts;
            self.is_first = true;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use pagos_core::{AccountName, Currency, Money};

    use super::*;
    use crate::output::{Outcome, Totals};

    #[test]
    fn the_document_has_its_shape_with_and_without_rows() {
        let mut empty = Vec::new();
        PayoutsJson::new(&mut empty).finish(&[], None).unwrap();
        let empty: Value = serde_json::from_slice(&empty).unwrap();
        assert_eq!(empty, serde_json::json!({"problems": [], "payouts": [], "totals": []}));

        let account = AccountName::new("bank-a").unwrap();
        let first = Row {
            key: "n-1",
            account: &account,
            outcome: Outcome::Failed,
            reason: Some("ACCOUNT NOT EXITS"),
            attention: false,
            amount: Money::new(15_000_000, Currency::Cop),
            reference: Some("PAYOUT8551739282639106048"),
            attempts: 1,
            reversals: 1,
            created_at: None,
        };
        let second = Row { key: "n-2", reason: None, attention: true, reference: None, ..first };
        let mut out = Vec::new();
        let mut json = PayoutsJson::new(&mut out);
        json.problem(&Problem::of_line(4, "has 2 fields", "add some")).unwrap();
        let mut totals = Totals::default();
        for row in [&first, &second] {
            json.payout(row).unwrap();
            totals.add(row);
        }
        json.finish(totals.sums(), None).unwrap();
        insta::assert_snapshot!(String::from_utf8(out).unwrap());
    }
}
