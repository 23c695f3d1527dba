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
    /// Standard output contains only the address; messages go to standard error. Run it again with
    /// the same arguments: it prints the address of the open session, and opens another one only
    /// when nobody can pay in the last one any more. A payment that is paid is not requested again.
    #[command(after_help = EXIT_CODES)]
    Create(Box<PaymentCreateArguments>),
    /// Show the state of one payment
    #[command(after_help = EXIT_CODES)]
    Status(PaymentAskArguments),
    /// List the payments of a store
    List(PaymentListArguments),
    /// Show everything that was learned about one payment
    History(PaymentKeyArguments),
    /// Note that a person has looked at a payment that called for one
    ///
    /// For a payment that was paid twice, or that the provider's words contradict. The note stays
    /// in the history, and the provider is queried again; the provider's observations do not
    /// change.
    Resolve(PaymentResolveArguments),
}

/// Arguments of `payment create`.
#[derive(Debug, Args)]
pub(crate) struct PaymentCreateArguments {
    /// The configured account that collects
    #[arg(value_name = "PROVIDER")]
    pub(crate) account: String,
    /// Your own key: 1 to 32 of A-Z a-z 0-9 _ -, some providers allow less; never reuse one
    #[arg(long)]
    pub(crate) key: String,
    /// Major units with a dot: 1500 or 1250.50
    #[arg(long)]
    pub(crate) amount: String,
    /// CLP, COP, MXN ...; optional if the provider has only one
    #[arg(long)]
    pub(crate) currency: Option<String>,
    /// The payer's email address
    #[arg(long)]
    pub(crate) email: Option<String>,
    /// The payer's name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// The payer's bank, by the provider's name for it: cl_estado
    #[arg(long)]
    pub(crate) bank: Option<String>,
    /// The payer's document with its type: rut:11.111.111-1
    #[arg(long, value_name = "TYPE:NUMBER")]
    pub(crate) document: Option<String>,
    /// Only the holder of the document may pay
    #[arg(long, requires = "document")]
    pub(crate) lock_document: bool,
    /// The payer's telephone number
    #[arg(long)]
    pub(crate) phone: Option<String>,
    /// A text about it that the payer may see
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// Where the payer's browser goes after paying [default: the account's setting]
    #[arg(long, value_name = "URL")]
    pub(crate) return_url: Option<String>,
    /// Where it goes after failing or giving up [default: the account's setting]
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
    /// Query the simulators of a running `pagos twin`
    #[arg(long, value_name = "URL")]
    pub(crate) sandbox_url: Option<String>,
    /// Wait until it is paid, failed or expired
    ///
    /// For configured accounts it queries the provider now and then. Webhooks go to `pagos serve`;
    /// if that works on the same store, their content is seen at once.
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
    /// Query the provider first
    #[arg(long)]
    pub(crate) ask: bool,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Query the simulators of a running `pagos twin`
    #[arg(long, value_name = "URL", requires = "ask")]
    pub(crate) sandbox_url: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `payment list`.
#[derive(Debug, Args)]
pub(crate) struct PaymentListArguments {
    /// Only payments with this status
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
    /// Who looked, what was found and done; kept in the history
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: String,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
