//! The arguments of `serve`.

use std::net::SocketAddr;

use clap::Args;

use super::{
    NewDatabaseArguments, RateArguments, SandboxArguments, StoreArguments, WitnessArguments,
};

/// Arguments of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    #[command(flatten)]
    pub(crate) new: NewDatabaseArguments,
    #[command(flatten)]
    pub(crate) witness: WitnessArguments,
    /// The address to receive webhooks at
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8787")]
    pub(crate) listen: SocketAddr,
    /// The address of GET /metrics, for Prometheus; this machine only [default: the one of [metrics]
    /// in pagos.toml, or none]
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics: Option<SocketAddr>,
    /// The address of the HTTP API [default: `listen` of [api] in pagos.toml; without it, no API]
    ///
    /// Callers need a token that `pagos token create` made. An address that other machines can
    /// reach is refused while there is no valid token.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) api: Option<SocketAddr>,
    /// The name of the reader of the notices, whose position the store keeps
    ///
    /// Notices from a time without a `serve` are printed by the next `serve` of the same reader. If
    /// the process dies after a line was written and before that was noted, the line is printed
    /// again. Services that print to different places need different names.
    #[arg(long, value_name = "NAME", default_value = "serve",
          value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub(crate) reader: String,
    /// Where a new reader begins: after this number, or `newest` for only new ones [default: at the
    /// first notice]
    #[arg(long, value_name = "NUMBER|newest", value_parser = NoticesAfter::parse)]
    pub(crate) notices_after: Option<NoticesAfter>,
    /// Work for the simulators of a running `pagos twin`; webhooks then arrive at a free port
    ///
    /// The accounts are the simulators', and `pagos.toml` is not read: neither [api], [events] nor
    /// [witness]. `--api` and `--witness` still count.
    #[arg(long, value_name = "URL", conflicts_with = "listen")]
    pub(crate) sandbox_url: Option<String>,
    #[command(flatten)]
    pub(crate) sandbox: SandboxArguments,
    /// The number of payouts under way at a time
    #[arg(long, value_name = "N", default_value_t = 32,
          value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) concurrency: u16,
    #[command(flatten)]
    pub(crate) rates: RateArguments,
}

/// Where a new reader of the notices begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoticesAfter {
    /// After this number.
    Number(u64),
    /// After the newest one.
    Newest,
}

impl NoticesAfter {
    fn parse(text: &str) -> Result<Self, String> {
        match text {
            "newest" => Ok(Self::Newest),
            _ => text
                .parse()
                .map(Self::Number)
                .map_err(|_| "write the number of a notice, or `newest`".to_owned()),
        }
    }
}
