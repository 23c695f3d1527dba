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

/// What can be done about an account besides paying with it. None of it moves money.
#[derive(Debug, Subcommand)]
pub(crate) enum ConektaCommand {
    /// The keys that Conekta signs webhooks with
    #[command(subcommand, after_help = EXIT_CODES)]
    WebhookKeys(WebhookKeysCommand),
    /// The addresses that Conekta sends webhooks to
    #[command(subcommand, after_help = EXIT_CODES)]
    Webhooks(WebhooksCommand),
    /// The payees that payouts go to; each payout makes its own
    #[command(subcommand, after_help = EXIT_CODES)]
    Payees(PayeesCommand),
    /// What Conekta told, or should have told
    #[command(subcommand, after_help = EXIT_CODES)]
    Events(EventsCommand),
    /// After an outage: ask about every payout that Conekta told something of
    ///
    /// Reads Conekta's list of events and makes a query due about each payout of the store that
    /// they name. `pagos serve` or `pagos pay` asks them; `pagos serve` does all this by itself when
    /// it starts.
    #[command(after_help = EXIT_CODES)]
    CatchUp(CatchUpArguments),
}

/// Which account, and how it is shown.
#[derive(Debug, Args)]
pub(crate) struct AtArguments {
    /// The configured account
    #[arg(value_name = "PROVIDER", default_value = "conekta")]
    pub(crate) account: String,
    /// Ask the simulators of a running `pagos twin`
    #[arg(long, value_name = "URL")]
    pub(crate) sandbox_url: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// One thing of an account.
#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    /// Conekta's id of it
    pub(crate) id: String,
    #[command(flatten)]
    pub(crate) at: AtArguments,
}

/// Errands about webhook keys.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhookKeysCommand {
    /// List the keys; Conekta shows no public half here
    List(AtArguments),
    /// Make an active key and print its public half, which Conekta may never show again
    Create(AtArguments),
    /// Let a key sign
    Activate(OneArguments),
    /// Let a key sign no more
    Deactivate(OneArguments),
    /// Delete a key
    Delete(OneArguments),
}

/// Errands about webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// List the webhooks
    List(AtArguments),
    /// Show one webhook
    Get(OneArguments),
    /// Make a webhook; Conekta sends a ping at once
    Create(WebhookCreateArguments),
    /// Change a webhook; what is not named stays
    Update(WebhookUpdateArguments),
    /// Delete a webhook
    Delete(OneArguments),
    /// Make Conekta send a ping
    Test(OneArguments),
}

/// Arguments of `webhooks create`.
#[derive(Debug, Args)]
pub(crate) struct WebhookCreateArguments {
    #[command(flatten)]
    pub(crate) at: AtArguments,
    /// Where webhooks go: public, and not on this machine
    #[arg(long, value_name = "URL")]
    pub(crate) url: String,
    /// An event that it hears of, such as payout.paid_out; once for each [default: all]
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
    /// Where webhooks go from now on
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// An event that it hears of from now on; once for each, and name all that are wanted
    #[arg(long = "event", value_name = "NAME")]
    pub(crate) events: Vec<String>,
    /// Switch it on
    #[arg(long, conflicts_with = "off")]
    pub(crate) on: bool,
    /// Switch it off
    #[arg(long)]
    pub(crate) off: bool,
}

/// Errands about payees.
#[derive(Debug, Subcommand)]
pub(crate) enum PayeesCommand {
    /// List the payees
    List(AtArguments),
    /// Show one payee
    Get(OneArguments),
    /// Delete a payee; never one whose payout is in doubt or under way, which is found by it
    Delete(OneArguments),
    /// List the payees that no payout of a store goes to
    ///
    /// Such a payee is left behind where the answer to its making was lost. Payees of other stores,
    /// of other programs and of people look the same: look at the list before you delete it. Payees
    /// that `payee_reuse` names do not count.
    Orphans(OrphansArguments),
}

/// Arguments of `payees orphans`.
#[derive(Debug, Args)]
pub(crate) struct OrphansArguments {
    #[command(flatten)]
    pub(crate) at: AtArguments,
    /// The store that knows the payouts; never guessed
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) db: Database,
    /// Leave younger payees alone, since their payout may not be stored yet; 0s counts all
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = parse_span)]
    pub(crate) older_than: Duration,
    /// Delete them, after asking
    #[arg(long)]
    pub(crate) delete: bool,
    /// Do not ask
    #[arg(long, short, requires = "delete")]
    pub(crate) yes: bool,
}

/// Errands about events.
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// List the events, newest first
    List(EventsListArguments),
    /// Make Conekta send an event again
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
    /// The id of a webhook that it goes to; once for each [default: every webhook]
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
