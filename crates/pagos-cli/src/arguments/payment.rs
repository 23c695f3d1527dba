//! The command line of `pagos payment`: its commands with their arguments and their help.
//!
//! Values about the payer are parsed elsewhere, because a parser of the command line repeats what
//! it refuses, and a document must not be repeated.

use clap::{Args, Subcommand};

use crate::arguments::{NewDatabaseArguments, StatusFilter, StoreArguments};

const EXIT_CODES: &str = "\
Exit codes:
  0  done; with --wait and in `status`: it is paid
  1  wrong arguments, configuration or input; nobody can pay
  2  with --wait and in `status`: a try failed, or the time ran out
  3  with --wait and in `status`: still open, in doubt, or a person must look";

/// The commands about payments.
#[derive(Debug, Subcommand)]
pub(crate) enum PaymentCommand {
    /// Open a session in which a payer can pay, and print its address
    ///
    /// The address stands alone on standard output; words go to standard error. Run it again with
    /// the same arguments: it prints the address of the session that is open, and opens another one
    /// only when nobody can pay in the last one any more. A payment that is paid is not asked for
    /// again.
    #[command(after_help = EXIT_CODES)]
    Create(Box<PaymentCreateArguments>),
    /// Show where one payment stands
    #[command(after_help = EXIT_CODES)]
    Status(PaymentAskArguments),
    /// List the payments of a store
    List(PaymentListArguments),
    /// Show everything that was learned about one payment
    History(PaymentKeyArguments),
    /// Take note that a person has looked at a payment that called for one
    ///
    /// For a payment that was paid twice, or that the provider's words contradict. The note stays in
    /// the history, and the provider is asked again; what it told is not changed by it.
    Resolve(PaymentResolveArguments),
}

/// Arguments of `payment create`.
#[derive(Debug, Args)]
pub(crate) struct PaymentCreateArguments {
    /// The configured account that collects
    #[arg(value_name = "PROVIDER")]
    pub(crate) account: String,
    /// Your reference: 1 to 32 of A-Z a-z 0-9 _ -, some providers take less; never reuse one
    #[arg(long)]
    pub(crate) key: String,
    /// Major units with a dot: 1500 or 1250.50
    #[arg(long)]
    pub(crate) amount: String,
    /// CLP, COP, MXN ...; may be left out where the provider has one only
    #[arg(long)]
    pub(crate) currency: Option<String>,
    /// The payer's mail address
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// The payer's name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The payer's bank, as the provider calls it: cl_estado
    #[arg(long)]
    pub(crate) bank: Option<String>,
    /// The payer's document with its type: rut:11.111.111-1
    #[arg(long, value_name = "TYPE:NUMBER")]
    pub(crate) document: Option<String>,
    /// Only the holder of the document may pay
    #[arg(long, requires = "document")]
    pub(crate) lock_document: bool,
    /// The payer's telephone
    #[arg(long)]
    pub(crate) phone: Option<String>,
    /// What the payer may read about it
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Where the payer's browser goes after paying; the account's own if it is left out
    #[arg(long, value_name = "URL")]
    pub(crate) return_url: Option<String>,
    /// Where it goes after failing or giving up; the account's own if it is left out
    #[arg(long, value_name = "URL")]
    pub(crate) cancel_url: Option<String>,
    /// A line that the payer sees; can be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) show: Vec<String>,
    /// A line that the provider keeps and the payer does not see; can be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) keep: Vec<String>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    #[command(flatten)]
    pub(crate) new: NewDatabaseArguments,
    /// Ask the simulators of a running `pagos twin`
    #[arg(long, value_name = "URL")]
    pub(crate) sandbox_url: Option<String>,
    /// Wait until it is paid, failed or expired
    ///
    /// For configured accounts it asks the provider now and then; webhooks come to `pagos serve`,
    /// and what they tell is seen at once if that works on the same store.
    #[arg(long)]
    pub(crate) wait: bool,
    /// Print one JSON document on standard output; with --wait, a second one at the end
    #[arg(long)]
    pub(crate) json: bool,
    /// Print no QR code on a terminal
    #[arg(long)]
    pub(crate) no_qr: bool,
}

/// Arguments of `payment status`.
#[derive(Debug, Args)]
pub(crate) struct PaymentAskArguments {
    /// The key of the payment
    pub(crate) key: String,
    /// Ask the provider first
    #[arg(long)]
    pub(crate) ask: bool,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Ask the simulators of a running `pagos twin`
    #[arg(long, value_name = "URL", requires = "ask")]
    pub(crate) sandbox_url: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `payment list`.
#[derive(Debug, Args)]
pub(crate) struct PaymentListArguments {
    /// Only payments that stand there
    #[arg(long, value_enum, value_name = "STATUS")]
    pub(crate) status: Option<StatusFilter>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of commands about one payment.
#[derive(Debug, Args)]
pub(crate) struct PaymentKeyArguments {
    /// The key of the payment
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `payment resolve`.
#[derive(Debug, Args)]
pub(crate) struct PaymentResolveArguments {
    /// The key of the payment
    pub(crate) key: String,
    /// Who looked, what was found and done: kept in the history
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
