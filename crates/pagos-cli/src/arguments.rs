//! The command line: every command with its arguments and its help.
//!
//! No argument takes a secret, because every process of a machine can see arguments.

mod approval;
mod audit;
mod backup;
mod cep;
pub(crate) mod conekta;
mod events;
mod export;
mod inbox;
mod list;
mod migrate;
mod moment;
mod pay;
mod payment;
mod reconcile;
mod resolve;
mod retention;
mod sandbox;
mod serve;
mod signature;
mod span;
mod token;
mod twin;
mod witness;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use approval::{ApproveArguments, RejectArguments, RunsArguments, WithdrawArguments};
pub(crate) use audit::{AuditCommand, AuditExportArguments, AuditVerifyArguments};
pub(crate) use backup::{BackupArguments, RestoreArguments};
pub(crate) use cep::{CepCheckArguments, CepCommand, CepPayouts, CepRequestArguments};
pub(crate) use events::{EventsCommand, EventsForgetArguments, EventsListArguments};
pub(crate) use export::{BankFormat, ExportArguments};
pub(crate) use inbox::{
    InboxCommand, InboxListArguments, InboxReplayArguments, InboxShowArguments, InboxStateFilter,
};
pub(crate) use list::{ListArguments, StatusFilter};
pub(crate) use migrate::{CompletionsArguments, ManArguments, MigrateArguments};
pub(crate) use pay::{FaultProfile, PayArguments, PlanArguments};
pub(crate) use payment::{
    PaymentAskArguments, PaymentCommand, PaymentCreateArguments, PaymentKeyArguments,
    PaymentListArguments, PaymentResolveArguments,
};
pub(crate) use reconcile::{
    BookArguments, CloseArguments, DecideArguments, LineStateFilter, LinesArguments,
    MappingsArguments, MatchArguments, ProviderArguments, ReconcileCommand, ReportArguments,
    ReportFormat, StatementArguments,
};
pub(crate) use resolve::{Decision, ResolveArguments};
pub(crate) use retention::{
    ArchiveCommand, ArchiveFindArguments, ArchiveVerifyArguments, PruneArguments, days,
};
pub(crate) use sandbox::SandboxArguments;
pub(crate) use serve::{NoticesAfter, ServeArguments};
pub(crate) use signature::{SignArguments, VerifyArguments};
pub(crate) use span::parse_span;
pub(crate) use token::{
    TokenCommand, TokenCreateArguments, TokenListArguments, TokenRevokeArguments,
};
pub(crate) use twin::TwinArguments;

pub(crate) use witness::{WitnessArguments, WitnessShowArguments};

use crate::{accounts, language::Language, run::database::Database};

const EXIT_CODES: &str = "\
Exit codes:
  0  everything was done; every payout succeeded
  1  wrong arguments, configuration or input; this command sent nothing
  2  some payouts failed, none is in doubt
  3  some payouts are in doubt: not known to be paid, not known to have failed; or they wait for a
     person, for an account that is out of service, or for the witness
  4  the payouts are stored and wait for approval; this command sent nothing (`pagos runs --waiting`)

Credentials come from PAGOS_<ACCOUNT>_<FIELD>, such as PAGOS_BANK_A_API_KEY for account bank-a,
or from pagos.toml (`pagos init` writes one). They are never arguments.";

const COLUMNS: &str = "\
Columns of FILE (header required, any order; CSV with commas, semicolons, tabs or |, in UTF-8, UTF-16
or Windows-1252; or the first sheet of an .xlsx, with accounts and documents as text):
  key           1 to 32 of A-Z a-z 0-9 _ -, unique in the file; never reuse one
  provider      the configured account that pays
  amount        major units with a dot: 150000 or 1250.50
  currency      COP, MXN, CLP ...
  name          the name on the account
  document_type cc, ce, ti, nit, passport, rut, dni, ruc, cpf, cnpj, curp, rfc
  document      the number, as text
  bank          the provider's id or name of the bank, or the national code where it is known
  account_type  checking, savings, sight, wallet, clabe, card
  account       the number, as text: leading zeros matter
  email, phone, description
document_type, document, bank, email, phone and description may be empty or missing, unless the
provider wants them.";

/// Pay a CSV file of people in Latin America, and never pay anybody twice.
#[derive(Debug, Parser)]
#[command(name = "pagos", version, after_help = EXIT_CODES, propagate_version = true)]
pub(crate) struct Arguments {
    /// The configuration file [default: `pagos.toml` in this folder, if it exists]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) config: Option<PathBuf>,

    /// Write calls, writes and deliveries to standard error; RUST_LOG says how much [default: info]
    #[arg(long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) log: Option<LogFormat>,

    /// The language for people [default: Spanish if LC_ALL, LC_MESSAGES or LANG begins with es]
    ///
    /// `plan`, `pay`, `status`, `history`, `list` and the page of `reconcile report` speak it; the
    /// other commands speak English. JSON, logs, files and exit codes are the same in both.
    #[arg(long, global = true, value_enum, value_name = "LANGUAGE")]
    pub(crate) lang: Option<Language>,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The format of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line of text for each event
    Text,
    /// A JSON object for each event
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check every row of a file and show totals; send nothing
    #[command(after_help = COLUMNS)]
    Plan(PlanArguments),
    /// Pay a file, follow every payout to its end, show the outcomes
    ///
    /// If PAGOS_TOKEN is set, its owner submits the file and needs the scope submit. A file that
    /// needs approval is refused without it.
    ///
    /// Run it again after a crash, a power cut or Ctrl-C: it shows final payouts, queries those in
    /// doubt, and sends nothing twice.
    #[command(after_help = EXIT_CODES)]
    Pay(PayArguments),
    /// Write a file's payouts as a file for your bank, or read the bank's answer; send nothing
    ///
    /// The rows are checked as by `plan`, and nothing is written unless every row is good. Keys that
    /// the database knows are refused, because Pagos pays those. Pagos does not learn what the bank
    /// pays: never give an exported row to `pagos pay`. With --read it exits 0 if everything is
    /// settled, 2 if the bank refused something, and 3 if something is not finished.
    #[command(after_help = COLUMNS)]
    Export(ExportArguments),
    /// Show the state of one payout
    Status(KeyArguments),
    /// Show everything that was learned about one payout
    History(KeyArguments),
    /// List the payouts of a store, newest first
    List(ListArguments),
    /// Query the balances of an account
    Balance(AccountArguments),
    /// List the banks that an account can pay to
    Banks(AccountArguments),
    /// Decide about a payout in doubt, as its operator
    ///
    /// For a payout that the provider cannot tell about. The decision is recorded with your note
    /// and cannot be undone; look at a statement of the provider first. If PAGOS_TOKEN is set, its
    /// owner decides and needs the scope resolve; sending again what needs approval needs it.
    Resolve(ResolveArguments),
    /// List the runs, and what waits for approval: runs, and payouts to be sent again
    Runs(RunsArguments),
    /// Approve a run that waits: the next `pagos pay` or `serve` sends it when enough have
    ///
    /// PAGOS_TOKEN says who you are. Whoever submitted a part of it cannot approve it, and nobody
    /// counts twice. With --resend it is a decision to send a payout again, which whoever took it
    /// cannot approve.
    Approve(ApproveArguments),
    /// Reject a run that waits; nothing of it is sent before it is withdrawn and submitted again
    Reject(RejectArguments),
    /// Take back a run that waits or was rejected
    Withdraw(WithdrawArguments),
    /// Collect payments from payers, and see whether they paid
    #[command(subcommand)]
    Payment(PaymentCommand),
    /// Write an annotated pagos.toml
    Init(InitArguments),
    /// Check configuration, store, clock and connections
    Doctor(DoctorArguments),
    /// Run webhook receiver, dispatcher and poller until SIGTERM
    ///
    /// It prints one JSON line with its addresses when it is ready, and then one JSON line for
    /// every notice: a payout or payment that advanced, was reversed, came back, or needs a person.
    /// Notices are numbered, and the store keeps the position of each --reader: the next `serve`
    /// continues after the last notice that was printed. Payouts never wait for a reader.
    Serve(ServeArguments),
    /// Show the endpoints that get events, put them off and on, and send events again
    #[command(subcommand)]
    Events(EventsCommand),
    /// Show received webhooks, and apply one again
    #[command(subcommand)]
    Inbox(InboxCommand),
    /// Compare payouts with bank statements and with what providers say
    #[command(subcommand)]
    Reconcile(ReconcileCommand),
    /// Make, list and revoke tokens of the HTTP API
    #[command(subcommand)]
    Token(TokenCommand),
    /// Move old settled payouts from the database into an archive
    ///
    /// A payout leaves only if it is final, was watched to its end and has not changed since the
    /// date. The command shows what would leave and what stays, and does it with --yes. A payout is
    /// in the archive, on the disk, before it leaves the database. Its key stays known for ever:
    /// the same order is never sent again, and another order under the key is refused. Applied
    /// webhooks, and notices that every reader has acknowledged, are deleted. `serve` may run
    /// meanwhile.
    Prune(PruneArguments),
    /// Show the witness of a database, and the payouts whose orders the database has forgotten
    Witness(WitnessShowArguments),
    /// Check an archive, and find payouts in it
    #[command(subcommand)]
    Archive(ArchiveCommand),
    /// Write the history of payouts to a file that shows every change, and check such a file
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Write what Banco de México asks for to prove a transfer, and compare its proofs with payouts
    #[command(subcommand)]
    Cep(CepCommand),
    /// Copy a database file to a new file, while `pay` and `serve` work on it
    ///
    /// The copy is one consistent state, it is compared with the database row by row, and it has its
    /// name only when all of it is on the disk. It is as secret as the database. A PostgreSQL server
    /// has tools of its own (`pg_basebackup`).
    Backup(BackupArguments),
    /// Put a backup in the place of a database that is gone, and say what it may have forgotten
    ///
    /// Nothing is sent from a restored database before it is compared: by the next `pay` or `serve`
    /// with its witness, or else by a person, who says so with --accept. With --doubt-unsent nothing
    /// is sent before the provider was asked about it; submit the files of after the backup again
    /// before that, so that they are among what is asked about. If PAGOS_TOKEN is set, its owner
    /// decides and needs the scope resolve.
    Restore(RestoreArguments),
    /// Move a database from a file to an empty PostgreSQL database, whole
    ///
    /// Everything is copied and compared first. Then the file is marked, so that nothing is ever
    /// sent from it again, and only after that the server can send. If the command is broken off,
    /// run it again: at no moment can both send. No other process may work on the file meanwhile.
    Migrate(MigrateArguments),
    /// Print a script that completes commands and options in a shell
    Completions(CompletionsArguments),
    /// Write the manual pages
    Man(ManArguments),
    /// Run the providers' simulators on this machine
    Twin(TwinArguments),
    /// Show how a body is signed: string to sign, signature and headers
    ///
    /// The output can contain the account's keys, if the provider's way of signing includes them.
    /// It goes only to standard output: do not paste it into a ticket.
    #[command(after_long_help = what_is_signed())]
    Sign(SignArguments),
    /// Check a captured webhook and show its event
    ///
    /// Exits 0 if the delivery is genuine and agrees with what was ordered, 1 with the reason if
    /// not. An unsigned delivery, or one for which the account has no keys, is only a reason to
    /// query.
    ///
    /// A provider that signs with a secret of each session needs that secret: from the store
    /// (--db), which also knows the agreed key and amount, or from the variable
    /// PAGOS_<ACCOUNT>_SIGNATURE_TOKEN.
    Verify(VerifyArguments),
    /// Maintain a Conekta account: its webhook keys, webhooks, payees and events
    #[command(subcommand)]
    Conekta(conekta::ConektaCommand),
}

/// What `pagos sign` takes and shows, by provider.
fn what_is_signed() -> String {
    let line = |known: &accounts::Known| format!("\n  {:<11} {}", known.name, known.signs);
    format!("What FILE holds, by provider:{}", accounts::providers().map(line).collect::<String>())
}

/// The store of the payouts.
#[derive(Debug, Args)]
pub(crate) struct StoreArguments {
    /// The store: a file or a PostgreSQL server [default: pagos.db; pagos-sandbox.db with --sandbox,
    /// pagos-twin.db with --sandbox-url]
    ///
    /// A file is created if needed, and one process at a time sends from it. A server is
    /// postgres://USER@HOST/DATABASE, and any number of processes on any number of machines send
    /// from it at once; tables are created if needed. Its password comes from PGPASSWORD, or from
    /// the file that PGPASSFILE names or ~/.pgpass (HOST:PORT:DATABASE:USER:PASSWORD). It is no
    /// argument, because every process of a machine can see arguments.
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) db: Option<Database>,
}

/// Whether a database may be created.
#[derive(Debug, Args)]
pub(crate) struct NewDatabaseArguments {
    /// Create the database if it is missing; required for live accounts
    #[arg(long)]
    pub(crate) new_db: bool,
}

/// Arguments of commands about one payout.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    /// The key of the payout
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of commands about one account.
#[derive(Debug, Args)]
pub(crate) struct AccountArguments {
    /// The configured account
    #[arg(value_name = "PROVIDER")]
    pub(crate) account: String,
    /// Query the simulators of a running `pagos twin`
    #[arg(long, value_name = "URL")]
    pub(crate) sandbox_url: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The file to write; an existing one is never overwritten
    #[arg(default_value = crate::config::FILE_NAME)]
    pub(crate) path: PathBuf,
}

/// Arguments of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// The rates of calls to providers.
#[derive(Debug, Args)]
pub(crate) struct RateArguments {
    /// The maximum number of new payouts per second and account, for this process [default: 5; no
    /// limit for simulators]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) rate: Option<u32>,
    /// The maximum number of queries per second and account, for this process; hints cause at most
    /// half of them (and at least one) [default: 20; no limit for simulators]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) query_rate: Option<u32>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound_and_takes_no_secret() {
        let command = Arguments::command();
        command.clone().debug_assert();
        let names = argument_names(&command);
        assert!(names.len() > 40, "{names:?}");
        for name in names {
            let words = ["key_", "secret", "token", "password"];
            assert!(!words.iter().any(|word| name.contains(word)), "{name}");
        }
    }

    fn argument_names(command: &clap::Command) -> Vec<String> {
        let own = command.get_arguments().map(|argument| argument.get_id().as_str().to_owned());
        own.chain(command.get_subcommands().flat_map(argument_names)).collect()
    }
}
