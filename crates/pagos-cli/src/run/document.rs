//! The standard output of `pay` and `list`: one JSON document, or a table. Messages go to standard
//! error.

use std::{
    io::{self, Write},
    sync::Arc,
};

use pagos_engine::{Cursor, Filter, RunApproval, Store, StoreError};

use crate::{
    console::{self, Lost, Sheet},
    input::Problem,
    output::{Outcome, PayoutsJson, Row, Screen, Table, write_sentence, write_totals},
    run::{
        database::Database,
        need::Need,
        report::{Pages, Report, with_row},
    },
    words::payout,
};

/// A table of more rows than this shows only payouts that did not simply succeed.
const ROWS_SHOWN_MAX: u64 = 200;

/// The document under construction. It is completed in every case, so that a script always gets
/// one.
#[derive(Debug)]
pub(crate) struct Document {
    form: Form,
    /// A list leaves nothing out.
    shown_max: u64,
}

#[derive(Debug)]
enum Form {
    /// `--json`.
    Json(PayoutsJson<Sheet>),
    /// For people.
    Table(Sheet),
}

impl Document {
    /// The report of a run. A table of many payouts shows only those that did not simply succeed.
    pub(crate) fn of_run(is_json: bool) -> Self {
        Self { shown_max: ROWS_SHOWN_MAX, ..Self::of_list(is_json) }
    }

    /// A list that leaves nothing out.
    pub(crate) fn of_list(is_json: bool) -> Self {
        let sheet = Sheet::new(console::output());
        let form = match is_json {
            true => Form::Json(PayoutsJson::new(sheet)),
            false => Form::Table(sheet),
        };
        Self { form, shown_max: u64::MAX }
    }

    /// Adds the database that the report is from, for scripts.
    pub(crate) fn of_database(&mut self, db: &Database, identity: String) {
        match &mut self.form {
            Form::Json(json) => json.of_database(db.to_string(), identity),
            Form::Table(_) => {}
        }
    }

    /// Adds what of a run needs approval, and how that stands, for scripts.
    pub(crate) fn of_approval(&mut self, need: &Need, run: Option<&RunApproval>) {
        if let Form::Json(json) = &mut self.form {
            json.approval(need.json(run));
        }
    }

    /// Adds a problem of a row. People read it on standard error.
    pub(crate) fn problem(&mut self, problem: &Problem) -> io::Result<()> {
        match &mut self.form {
            Form::Json(json) => {
                json.problem(problem)?;
                Ok(json.out_mut().pass_on_patiently()?)
            }
            Form::Table(_) => Ok(()),
        }
    }

    /// Writes a document without payouts: only problems, since nothing was sent.
    pub(crate) fn refuse(self) -> io::Result<()> {
        match self.form {
            Form::Json(json) => Ok(json.finish(&[], None)?.end_patiently()?),
            Form::Table(_) => Ok(()),
        }
    }

    /// Writes the payouts of a filter and their sums. Payouts that cannot be written are counted
    /// all the same.
    ///
    /// # Errors
    /// If the store cannot be read: then the document is incomplete.
    pub(crate) async fn write(
        self,
        store: &Arc<dyn Store>,
        filter: &Filter,
    ) -> Result<Report, StoreError> {
        let is_long = match &filter.run {
            Some(run) => store.tally(Some(run)).await?.total() > self.shown_max,
            None => false,
        };
        let writing = Writing::new(self.form, is_long);
        Self::write_pages(writing, Pages::new(store, filter), Rest::Unknown).await
    }

    /// Writes a part of a list and its sums, and where the list continues.
    ///
    /// # Errors
    /// If the store cannot be read: then the document is incomplete.
    pub(crate) async fn write_part(self, pages: Pages<'_>) -> Result<Report, StoreError> {
        Self::write_pages(Writing::new(self.form, false), pages, Rest::Told).await
    }

    async fn write_pages(
        mut writing: Writing,
        mut pages: Pages<'_>,
        rest: Rest,
    ) -> Result<Report, StoreError> {
        let mut report = Report::default();
        while let Some(page) = pages.next().await? {
            for payout in &page {
                report.add(payout);
                with_row(payout, |row| writing.row(row));
            }
            writing.pass_on().await;
        }
        if let Some(archived) = pages.archived().await? {
            report.add_archived(&archived);
        }
        if rest == Rest::Told {
            writing.goes_on(pages.rest().await?);
        }
        report.written = writing.end(&report).await;
        Ok(report)
    }
}

/// Whether the document says where a list continues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    Unknown,
    Told,
}

/// A document that is being written, as long as somebody reads it.
struct Writing {
    form: Form,
    table: Table,
    /// Whether payouts that simply succeeded are left out.
    is_long: bool,
    left_out: u64,
    /// Where the list continues.
    next: Option<Cursor>,
    written: Result<(), Lost>,
}

impl Writing {
    fn new(form: Form, is_long: bool) -> Self {
        Self { form, table: Table::new(), is_long, left_out: 0, next: None, written: Ok(()) }
    }

    fn row(&mut self, row: &Row<'_>) {
        if self.written.is_err() {
            return;
        }
        match &mut self.form {
            Form::Json(json) => self.written = json.payout(row).map_err(Lost::from),
            Form::Table(_) => {
                let is_plain =
                    row.outcome == Outcome::Succeeded && row.reversals == 0 && !row.attention;
                match self.is_long && is_plain {
                    true => self.left_out += 1,
                    false => self.table.push(row),
                }
            }
        }
    }

    fn goes_on(&mut self, next: Option<Cursor>) {
        if let Form::Json(json) = &mut self.form {
            json.goes_on(next.as_ref());
        }
        self.next = next;
    }

    async fn pass_on(&mut self) {
        if let (Form::Json(json), Ok(())) = (&mut self.form, &self.written) {
            self.written = json.out_mut().pass_on().await;
        }
    }

    async fn end(self, report: &Report) -> Result<(), Lost> {
        self.written?;
        match self.form {
            Form::Json(mut json) => {
                json.archived(report.archived.sums());
                json.finish(report.totals.sums(), None)?.end().await
            }
            Form::Table(mut sheet) => {
                let screen = Screen::of_stdout();
                self.table.write(&mut sheet, screen)?;
                if self.left_out > 0 {
                    write_sentence(&mut sheet, screen, &payout::not_shown(self.left_out))?;
                }
                if let Some(next) = &self.next {
                    let text = payout::list_goes_on(next.to_string());
                    write_sentence(&mut sheet, screen, &text)?;
                }
                let archived: u64 = report.archived.sums().iter().map(|sum| sum.count).sum();
                if archived > 0 {
                    write_sentence(&mut sheet, screen, &payout::in_the_archive(archived))?;
                }
                writeln!(sheet)?;
                write_totals(&mut sheet, screen, report.totals.sums())?;
                sheet.end().await
            }
        }
    }
}
