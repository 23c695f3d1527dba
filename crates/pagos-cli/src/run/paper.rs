//! What `pay` puts on standard output: one JSON document, or a table. Words go to standard error.

use std::io;
use std::io::BufWriter;
use std::io::StdoutLock;
use std::io::Write;
use std::sync::Arc;

use pagos_engine::RunId;
use pagos_engine::Store;

use crate::console;
use crate::input::Problem;
use crate::output::Colour;
use crate::output::PayoutsJson;
use crate::output::Totals;
use crate::run::report;
use crate::run::report::ReportError;

/// The document in the making. Every end writes it whole, so that a script always has one.
#[derive(Debug)]
pub(crate) enum Paper {
    /// `--json`.
    Json(PayoutsJson<BufWriter<StdoutLock<'static>>>),
    /// For people.
    Table,
}

impl Paper {
    pub(crate) fn new(is_json: bool) -> Self {
        match is_json {
            true => Self::Json(PayoutsJson::new(console::stdout())),
            false => Self::Table,
        }
    }

    /// Notes what is wrong with a row. People read it on standard error.
    pub(crate) fn problem(&mut self, problem: &Problem) -> io::Result<()> {
        match self {
            Self::Json(json) => json.problem(problem),
            Self::Table => Ok(()),
        }
    }

    /// Nothing was sent: problems, and no payouts.
    pub(crate) fn refuse(self) -> io::Result<()> {
        match self {
            Self::Json(json) => json.finish(&[], None),
            Self::Table => Ok(()),
        }
    }

    /// The outcomes of a run, and their sums.
    pub(crate) async fn finish(
        self,
        store: &Arc<dyn Store>,
        run: &RunId,
    ) -> Result<Totals, ReportError> {
        let filter = report::of_run(run);
        match self {
            Self::Json(json) => report::write_json(store, &filter, json).await,
            Self::Table => {
                let mut out = console::stdout();
                let colour = Colour::of(&io::stdout());
                let totals = report::write_table(store, &filter, &mut out, colour).await?;
                out.flush()?;
                Ok(totals)
            }
        }
    }
}
