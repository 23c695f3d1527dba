//! The arguments of `sign` and `verify`.

use std::path::PathBuf;

use clap::Args;
use pagos_core::Timestamp;

use super::moment::parse_moment;
use crate::run::database::Database;

/// Arguments of `sign`.
#[derive(Debug, Args)]
pub(crate) struct SignArguments {
    /// The configured account whose key signs
    #[arg(value_name = "PROVIDER")]
    pub(crate) account: String,
    /// The body, byte for byte
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: PathBuf,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `verify`.
#[derive(Debug, Args)]
pub(crate) struct VerifyArguments {
    /// The configured account of the delivery
    #[arg(value_name = "PROVIDER")]
    pub(crate) account: String,
    /// The headers, one `Name: value` per line, for providers that sign in one
    #[arg(long, value_name = "FILE")]
    pub(crate) headers_file: Option<PathBuf>,
    /// The body, byte for byte
    #[arg(long, value_name = "FILE")]
    pub(crate) body_file: PathBuf,
    /// When it was received, as 2026-01-31T09:30:00Z, for providers that refuse an old signature
    /// [default: now]
    #[arg(long, value_name = "TIME", value_parser = parse_moment)]
    pub(crate) received_at: Option<Timestamp>,
    /// The store that knows the order: its secret, its key and its amount
    #[arg(long, value_name = "PATH|URL")]
    pub(crate) db: Option<Database>,
    /// The key that the delivery must name
    #[arg(long, value_name = "KEY")]
    pub(crate) expect_order: Option<String>,
    /// The amount that the delivery must state, in major units of the account's currency
    #[arg(long, value_name = "AMOUNT")]
    pub(crate) expect_amount: Option<String>,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}
