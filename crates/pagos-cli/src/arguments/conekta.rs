//! The command line of `pagos conekta`: its commands with their arguments and their help.

use std::time::Duration;

use clap::{Args, Subcommand};

use crate::{
    arguments::{StoreArguments, parse_span},
    run::database::Database,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  wrong arguments or configuration, refused by Conekta, or not there; nothing was changed
  2  some was done and some was not
  3  the answer was lost or cannot be read: look with `list` before you repeat it";

/// The commands to maintain an account. None of them moves money.
#[derive(Debug, Subcommand)]
pub(crate) enum ConektaCommand {
    /// The keys that Conekta signs webhooks with
    #[command(subcommand, after_help = EXIT_CODES)]
    WebhookKeys(WebhookKeysCommand),
    /// The addresses that Conekta sends webhooks to
    #[command(subcommand, after_help = EXIT_CODES)]
    Webhooks(WebhooksCommand),
    /// The payees of payouts; each payout makes its own
    #[command(subcommand, after_help = EXIT_CODES)]
    Payees(PayeesCommand),
    /// The events that Conekta sent, or should have sent
    #[command(subcommand, after_help = EXIT_CODES)]
    Events(EventsCommand),
    /// After an outage: query every payout in Conekta's events
    ///
    /// Reads Conekta's list of events and makes a query due about each payout of the store that
    /// they name. `pagos serve` or `pagos pay` sends the queries; `pagos serve` does all this by
    /// itself when it starts.
    #[command(after_help = EXIT_CODES)]
    CatchUp(CatchUpArguments),
}

/// The account, and the form of the output.
#[derive(Debug, Args)]
pub(crate) struct AtArguments {
    /// The configured account
    #[arg(value_name = "PROVIDER", default_value = "conekta")]
    pub(crate) account: String,
    /// Query the simulators of a running `pagos twin`
    #[arg(long, value_name = "URL")]
    pub(crate) sandbox_url: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// One object of an account.
#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    /// Conekta's id of the object
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) at: AtArguments,
}

/// Commands about webhook keys.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookKeysCommand {
    /// List the keys; Conekta shows no public half here
    List(AtArguments),
    /// Make an active key and print its public half, which Conekta may never show again
    Create(AtArguments),
    /// Let a key sign
    Activate(OneArguments),
    /// Stop a key from signing
    Deactivate(OneArguments),
    /// Delete a key
    Delete(OneArguments),
}

/// Commands about webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// List the webhooks
    List(AtArguments),
    /// Show one webhook
    Get(OneArguments),
    /// Make a webhook; Conekta sends a ping at once
    Create(WebhookCreateArguments),
    /// Change a webhook; values that are not given stay
    Update(WebhookUpdateArguments),
    /// Delete a webhook
    Delete(OneArguments),
    /// Have Conekta send a ping
    Test(OneArguments),
}

/// Arguments of `webhooks create`.
#[derive(Debug, Args)]
pub(crate) struct WebhookCreateArguments {
    #[command(flatten)]
    pub(crate) at: AtArguments,
    /// The address for webhooks: public, and not on this machine
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// An event to send to it, such as payout.paid_out; can be repeated [default: all]
    #[arg(long = "event", value_name = "NAME")]
    pub(crate) events: Vec<String>,
}

/// Arguments of `webhooks update`.
#[derive(Debug, Args)]
#[group(id = "change", required = true, multiple = true,
        args = ["url", "events", "on", "off"])]
pub(crate) struct WebhookUpdateArguments {
    #[command(flatten)]
    pub(crate) one: OneArguments,
    /// The new address for webhooks
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// An event to send to it from now on; can be repeated, and must name all that you want
    #[arg(long = "event", value_name = "NAME")]
    pub(crate) events: Vec<String>,
    /// Switch it on
    #[arg(long, conflicts_with = "off")]
    pub(crate) on: bool,
    /// Switch it off
    #[arg(long)]
    pub(crate) off: bool,
}

/// Commands about payees.
#[derive(Debug, Subcommand)]
pub(crate) enum PayeesCommand {
    /// List the payees
    List(AtArguments),
    /// Show one payee
    Get(OneArguments),
    /// Delete a payee; never one whose payout is in doubt or under way, because the payout is found
    /// by it
    Delete(OneArguments),
    /// List the payees that no payout of a store goes to
    ///
    /// Such a payee remains if the answer to its creation was lost. Payees of other stores, of
    /// other programs and of people look the same: check the list before you delete anything.
    /// Payees that `payee_reuse` names do not count.
    Orphans(OrphansArguments),
}

/// Arguments of `payees orphans`.
#[derive(Debug, Args)]
pub(crate) struct OrphansArguments {
    #[command(flatten)]
    pub(crate) at: AtArguments,
    /// The store with the payouts; there is no default
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) db: Database,
    /// Leave younger payees alone, since their payout may not be stored yet; 0s includes all
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_span)]
    pub(crate) older_than: Duration,
    /// Delete them, after confirmation
    #[arg(long)]
    pub(crate) delete: bool,
    /// Do not ask for confirmation
    #[arg(long, short, requires = "delete")]
    pub(crate) yes: bool,
}

/// Commands about events.
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// List the events, newest first
    List(EventsListArguments),
    /// Have Conekta send an event again
    Resend(ResendArguments),
}

/// Arguments of `events list`.
#[derive(Debug, Args)]
pub(crate) struct EventsListArguments {
    #[command(flatten)]
    pub(crate) at: AtArguments,
    /// How far back: 90s, 30m, 72h, 7d
    #[arg(long, value_name = "TIME", default_value = "72h", value_parser = parse_span)]
    pub(crate) since: Duration,
}

/// Arguments of `events resend`.
#[derive(Debug, Args)]
pub(crate) struct ResendArguments {
    #[command(flatten)]
    pub(crate) one: OneArguments,
    /// The id of a webhook that it is sent to; can be repeated [default: every webhook]
    #[arg(long = "webhook", value_name = "ID")]
    pub(crate) webhooks: Vec<String>,
}

/// Arguments of `catch-up`.
#[derive(Debug, Args)]
pub(crate) struct CatchUpArguments {
    #[command(flatten)]
    pub(crate) at: AtArguments,
    /// How far back: 90s, 30m, 72h, 7d
    #[arg(long, value_name = "TIME", default_value = "72h", value_parser = parse_span)]
    pub(crate) since: Duration,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}
