//! The arguments of `prune` and `archive`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, Subcommand};
use pagos_core::Timestamp;

use crate::arguments::StoreArguments;

/// Arguments of `prune`.
#[derive(Debug, Args)]
pub(crate) struct PruneArguments {
    /// Payouts, webhooks and notices that have not changed since the beginning of this day, in UTC;
    /// or a moment, such as 2026-01-31T12:00:00Z
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    pub(crate) before: Timestamp,
    /// The folder of the archive for what leaves the database; it is created if needed
    #[arg(long, value_name = "DIR")]
    pub(crate) archive: PathBuf,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Do it: without this option the command only shows what it would do
    #[arg(long, short)]
    pub(crate) yes: bool,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// The commands about an archive.
#[derive(Debug, Subcommand)]
pub(crate) enum ArchiveCommand {
    /// Check that every file is present and unchanged
    ///
    /// Exits 0 if so, and 1 with the name of each file that is not.
    Verify(ArchiveVerifyArguments),
    /// Show an archived payout with its whole history
    Find(ArchiveFindArguments),
}

/// Arguments of `archive verify`.
#[derive(Debug, Args)]
pub(crate) struct ArchiveVerifyArguments {
    /// The folder of the archive
    pub(crate) folder: PathBuf,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
}

/// Arguments of `archive find`.
#[derive(Debug, Args)]
pub(crate) struct ArchiveFindArguments {
    /// The key of the payout
    pub(crate) key: String,
    /// The folder of the archive
    pub(crate) folder: PathBuf,
    /// Print one JSON document on standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Print the whole order too, which contains a name, a document and an account number
    #[arg(long, requires = "json")]
    pub(crate) order: bool,
}

/// A day, meaning its beginning, or a moment.
fn parse_date(text: &str) -> Result<Timestamp, String> {
    let wanted = "write a day such as 2026-01-31, or a moment such as 2026-01-31T12:00:00Z";
    let moment = format!("{text}T00:00:00Z").parse().or_else(|_| text.parse());
    moment.map_err(|_| wanted.to_owned())
}

/// The days of `[retention]` as a duration.
pub(crate) fn days(number: u32) -> Duration {
    Duration::from_secs(u64::from(number) * 86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_a_day_or_a_moment() {
        let day = Timestamp::from_millis(1_767_225_600_000);
        assert_eq!(parse_date("2026-01-01"), Ok(day));
        assert_eq!(parse_date("2026-01-01T00:00:01Z"), Ok(day.plus(Duration::from_secs(1))));
        for text in ["", "yesterday", "01.01.2026", "2026-13-01", "2026-01-01T25:00:00Z"] {
            assert!(parse_date(text).is_err(), "{text}");
        }
    }
}
