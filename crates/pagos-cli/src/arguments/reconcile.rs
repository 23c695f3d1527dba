//! The arguments of `reconcile`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use pagos_core::{AccountName, BookName, Day};

use crate::arguments::StoreArguments;

/// Compare payouts with what others say. None of these commands sends money or changes the status
/// of a payout because of a statement.
#[derive(Debug, Subcommand)]
pub(crate) enum ReconcileCommand {
    /// Import statements of a bank into a book, and match their lines with payouts
    ///
    /// A file is camt.053 or camt.054 (XML), MT940, or a table (CSV, xlsx) that the book's mapping
    /// describes. A file with a problem is refused as a whole. A line that is known, from this file
    /// or from one that overlaps with it, is stored once. What Pagos calls failed or never sent and
    /// the bank paid, and what the bank paid twice, puts the payout into quarantine and calls a person.
    Statement(StatementArguments),
    /// Compare the payouts of an account with what its provider says, by its list or one by one
    ///
    /// What the provider says is learned, as `pagos serve` does from time to time.
    Provider(ProviderArguments),
    /// Show what a book and Pagos say about each other
    Report(ReportArguments),
    /// List the lines of a book
    Lines(LinesArguments),
    /// Say which payouts a line is
    Match(MatchArguments),
    /// Say that a line is no payout of these accounts
    Explain(DecideArguments),
    /// Take back what was said about a line; from then on only a person matches it
    Undo(DecideArguments),
    /// Close a book through a day; what changes in it later is shown in every report
    Close(CloseArguments),
    /// List the mappings for the tables of banks
    Mappings(MappingsArguments),
}

/// Arguments of `reconcile statement`.
#[derive(Debug, Args)]
pub(crate) struct StatementArguments {
    /// The files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) book: BookArguments,
    /// Read the files, say what is in them, and store nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// The book of a command.
#[derive(Debug, Args)]
pub(crate) struct BookArguments {
    /// The book, as in [books.NAME] of pagos.toml
    #[arg(long, value_name = "NAME")]
    pub(crate) book: BookName,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}

/// Arguments of `reconcile provider`.
#[derive(Debug, Args)]
pub(crate) struct ProviderArguments {
    /// The configured account
    #[arg(value_name = "PROVIDER")]
    pub(crate) account: AccountName,
    /// The first day on which the payouts were sent
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Day,
    /// The last day on which they were sent
    #[arg(long, value_name = "DAY")]
    pub(crate) through: Day,
    /// Query the simulators of a running `pagos twin`
    #[arg(long, value_name = "URL")]
    pub(crate) sandbox_url: Option<String>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `reconcile report`.
#[derive(Debug, Args)]
pub(crate) struct ReportArguments {
    #[command(flatten)]
    pub(crate) book: BookArguments,
    /// The first day
    #[arg(long, value_name = "DAY")]
    pub(crate) from: Day,
    /// The last day
    #[arg(long, value_name = "DAY")]
    pub(crate) through: Day,
    /// The form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    pub(crate) format: ReportFormat,
    /// Show every payout, not only those that somebody should look at
    #[arg(long)]
    pub(crate) all: bool,
    /// Write it into this file, which must not exist, readable by its owner only
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

/// The form of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// Tables for a terminal
    Table,
    /// A row for each payout and line
    Csv,
    /// One JSON document
    Json,
    /// One page without anything from elsewhere, to print and to file
    Html,
}

/// Arguments of `reconcile lines`.
#[derive(Debug, Args)]
pub(crate) struct LinesArguments {
    #[command(flatten)]
    pub(crate) book: BookArguments,
    /// Only lines in this state
    #[arg(long, value_enum, value_name = "STATE")]
    pub(crate) state: Option<LineStateFilter>,
    /// The first day
    #[arg(long, value_name = "DAY", default_value_t = Day::MIN, hide_default_value = true)]
    pub(crate) from: Day,
    /// The last day
    #[arg(long, value_name = "DAY", default_value_t = Day::MAX, hide_default_value = true)]
    pub(crate) through: Day,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// How far a line is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LineStateFilter {
    /// Nothing explains it yet
    Open,
    /// Something may explain it, and a person must say whether it does
    Proposed,
    /// Payouts explain it
    Matched,
    /// It is a fee, a tax, or what a person said
    Explained,
}

/// Arguments of `reconcile match`.
#[derive(Debug, Args)]
pub(crate) struct MatchArguments {
    #[command(flatten)]
    pub(crate) decide: DecideArguments,
    /// A payout, or KEY=AMOUNT for a part of the line such as KEY=1250.50; may be repeated
    #[arg(long = "key", value_name = "KEY[=AMOUNT]", required = true)]
    pub(crate) keys: Vec<String>,
}

/// Arguments of a decision about a line.
#[derive(Debug, Args)]
pub(crate) struct DecideArguments {
    /// The line, as `pagos reconcile lines` shows it
    #[arg(value_name = "LINE")]
    pub(crate) line: String,
    /// How you know it; kept with the line
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) book: BookArguments,
}

/// Arguments of `reconcile close`.
#[derive(Debug, Args)]
pub(crate) struct CloseArguments {
    #[command(flatten)]
    pub(crate) book: BookArguments,
    /// The last day of the period
    #[arg(long, value_name = "DAY")]
    pub(crate) through: Day,
    /// Close it although lines are open or proposed, and why
    #[arg(long, value_name = "TEXT")]
    pub(crate) although: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `reconcile mappings`.
#[derive(Debug, Args)]
pub(crate) struct MappingsArguments {
    /// Print the file of this mapping, to begin another one with
    #[arg(long, value_name = "NAME")]
    pub(crate) show: Option<String>,
}
