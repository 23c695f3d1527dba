//! The arguments of `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pagos_bankfile::{Charset, pab, pain001};
use pagos_core::Day;

use crate::arguments::StoreArguments;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The payroll: CSV or .xlsx; - is standard input
    #[arg(required_unless_present = "read")]
    pub(crate) file: Option<PathBuf>,
    /// The format of the file for the bank
    #[arg(long, value_enum, required_unless_present = "read")]
    pub(crate) format: Option<BankFormat>,
    /// A TOML file about who pays: name, account, account_type, bank (its national code) or bic,
    /// document_type and document
    #[arg(long, value_name = "FILE", required_unless_present = "read")]
    pub(crate) payer: Option<PathBuf>,
    /// The day on which the bank is to pay, such as 2026-01-31: today or within a year
    #[arg(long, value_name = "DAY", required_unless_present = "read")]
    pub(crate) execution: Option<Day>,
    /// The file to write, which only its owner can read; an existing one is never overwritten
    /// [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The version of pain.001 [default: 03]
    #[arg(long, value_enum)]
    pub(crate) pain_version: Option<PainVersion>,
    /// The name of the file for the bank, of pain.001: letters, digits, blanks and /-?:().,'+ [default: from the digest of FILE, so that a
    /// bank refuses the same file when it comes twice]
    #[arg(long, value_name = "ID")]
    pub(crate) message_id: Option<String>,
    /// The characters that the bank takes
    #[arg(long, value_enum, default_value = "full")]
    pub(crate) charset: CharsetChoice,
    /// What is paid, for PAB [default: suppliers]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<PabKind>,
    /// What it is for, in at most 10 characters, for PAB
    #[arg(long, value_name = "TEXT")]
    pub(crate) purpose: Option<String>,
    /// The number of the file on its day, for PAB [default: 1]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=99))]
    pub(crate) sequence: Option<u8>,
    /// Treat warnings as errors
    #[arg(long)]
    pub(crate) strict: bool,
    /// Read the bank's answer (pain.002) instead, and show the status of each payout
    #[arg(long, value_name = "FILE",
          conflicts_with_all = ["file", "format", "payer", "execution", "out", "message_id",
              "pain_version", "kind", "purpose", "sequence"])]
    pub(crate) read: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) store: StoreArguments,
    /// Print one JSON document on standard output
    #[arg(long, requires = "read")]
    pub(crate) json: bool,
}

impl ExportArguments {
    /// An option that says nothing in this format; whoever gives it expects something of it.
    pub(crate) fn foreign_to(&self, format: BankFormat) -> Option<&'static str> {
        let of_pain = [
            ("--pain-version", self.pain_version.is_some()),
            ("--message-id", self.message_id.is_some()),
        ];
        let of_pab = [
            ("--kind", self.kind.is_some()),
            ("--purpose", self.purpose.is_some()),
            ("--sequence", self.sequence.is_some()),
        ];
        let foreign = match format {
            BankFormat::Pain001 => of_pab.as_slice(),
            BankFormat::Pab => of_pain.as_slice(),
        };
        foreign.iter().find(|(_, is_given)| *is_given).map(|(name, _)| *name)
    }
}

/// The format of a file for a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum BankFormat {
    /// ISO 20022 customer credit transfer initiation
    #[value(name = "pain.001")]
    Pain001,
    /// The flat file of Bancolombia; made from public descriptions, not seen by the bank
    #[value(name = "pab")]
    Pab,
}

/// The version of pain.001.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PainVersion {
    /// pain.001.001.03
    #[default]
    #[value(name = "03")]
    V03,
    /// pain.001.001.09
    #[value(name = "09")]
    V09,
}

impl From<PainVersion> for pain001::Version {
    fn from(version: PainVersion) -> Self {
        match version {
            PainVersion::V03 => Self::V03,
            PainVersion::V09 => Self::V09,
        }
    }
}

/// The characters of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CharsetChoice {
    /// As they are: UTF-8 for pain.001, ISO 8859-1 for PAB
    Full,
    /// Without accents: `ñ` becomes `n`, `&` becomes `+`; every replacement is told
    Basic,
}

impl From<CharsetChoice> for Charset {
    fn from(choice: CharsetChoice) -> Self {
        match choice {
            CharsetChoice::Full => Self::Full,
            CharsetChoice::Basic => Self::Basic,
        }
    }
}

/// What a PAB file pays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum PabKind {
    #[default]
    Suppliers,
    Payroll,
}

impl From<PabKind> for pab::Kind {
    fn from(kind: PabKind) -> Self {
        match kind {
            PabKind::Suppliers => Self::Suppliers,
            PabKind::Payroll => Self::Payroll,
        }
    }
}
