//! The arguments of `events`.

use clap::{Args, Subcommand};
use pagos_events::EndpointName;

use crate::arguments::StoreArguments;

/// The commands about events, which `pagos serve` delivers to the endpoints of `[events.NAME]`.
#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// List the endpoints: how they stand, what waits, why the last try failed
    List(EventsListArguments),
    /// Send events again, from a number on
    ///
    /// They have their old ids, by which a receiver recognises them. A running `pagos serve` sends them,
    /// or else the next one.
    Replay(EventsReplayArguments),
    /// Deliver to an endpoint again, after it was put off
    Enable(EventsSwitchArguments),
    /// Deliver nothing to an endpoint; its events wait and are not pruned
    Disable(EventsSwitchArguments),
    /// Forget an endpoint that was taken out of pagos.toml
    ///
    /// What it has not got is never delivered, and it holds no notices back from `pagos prune` any more.
    Forget(EventsForgetArguments),
}

/// Arguments of `events list`.
#[derive(Debug, Args)]
pub(crate) struct EventsListArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `events replay`.
#[derive(Debug, Args)]
pub(crate) struct EventsReplayArguments {
    /// The endpoint
    #[arg(long, value_name = "NAME", value_parser = parse_name)]
    pub(crate) endpoint: EndpointName,
    /// The number of the first event, which is the end of its id
    #[arg(long, value_name = "N")]
    pub(crate) from: u64,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}

/// Arguments of `events enable` and `events disable`.
#[derive(Debug, Args)]
pub(crate) struct EventsSwitchArguments {
    /// The endpoint
    #[arg(value_name = "NAME", value_parser = parse_name)]
    pub(crate) endpoint: EndpointName,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}

/// Arguments of `events forget`.
#[derive(Debug, Args)]
pub(crate) struct EventsForgetArguments {
    /// The endpoint
    #[arg(value_name = "NAME", required_unless_present = "reader", value_parser = parse_name)]
    pub(crate) endpoint: Option<EndpointName>,
    /// Forget this reader of `pagos serve --reader` instead, which nobody uses any more
    #[arg(long, value_name = "NAME", conflicts_with = "endpoint")]
    pub(crate) reader: Option<String>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
}

fn parse_name(text: &str) -> Result<EndpointName, String> {
    EndpointName::new(text).map_err(|error| error.message().to_owned())
}
