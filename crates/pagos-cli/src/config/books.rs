//! The configured books: accounts at a bank whose statements are reconciled with the payouts of some
//! accounts.

use std::path::PathBuf;

use pagos_core::{AccountName, BookName, Currency, Money};
use pagos_engine::UtcOffset;

/// The most days that a window may have: a longer one is a typing error.
const DAYS_MAX: i32 = 366;

/// One book. `pagos reconcile` reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BookSettings {
    pub(crate) name: BookName,
    /// The accounts whose payouts the bank books in it.
    pub(crate) accounts: Vec<AccountName>,
    pub(crate) currency: Currency,
    /// How its tables (CSV, xlsx) are read.
    pub(crate) mapping: Option<MappingName>,
    /// Where a day of the bank begins; `None` for that of `[days]`.
    pub(crate) offset: Option<UtcOffset>,
    /// How many days before it was sent a bank may book a payout.
    pub(crate) before_days: Option<i32>,
    /// How many days after it was sent or settled a bank books a payout at the latest.
    pub(crate) after_days: Option<i32>,
    /// The largest fee or tax that is taken for one.
    pub(crate) fee_max: Option<Money>,
}

/// Where the mapping of a bank's tables is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum MappingName {
    /// One of `pagos reconcile mappings`.
    Preset(String),
    /// A table `[statement.NAME]` of a file.
    File { path: PathBuf, name: String },
}

impl MappingName {
    /// Reads `NAME`, or `FILE.toml:NAME`.
    pub(crate) fn parse(text: &str) -> Self {
        match text.rsplit_once(".toml:") {
            Some((file, name)) => {
                Self::File { path: PathBuf::from(format!("{file}.toml")), name: name.to_owned() }
            }
            None => Self::Preset(text.to_owned()),
        }
    }
}

/// The fields of `[books.NAME]` while they are read.
#[derive(Debug, Default)]
pub(super) struct Fields {
    accounts: Option<Vec<AccountName>>,
    currency: Option<Currency>,
    mapping: Option<MappingName>,
    offset: Option<UtcOffset>,
    before_days: Option<i32>,
    after_days: Option<i32>,
    fee_max: Option<String>,
}

impl Fields {
    /// Sets one field.
    ///
    /// # Errors
    /// Why not, for a sentence that begins with its name, and what to do.
    pub(super) fn set(
        &mut self,
        name: &str,
        text: &str,
    ) -> Result<(), (&'static str, &'static str)> {
        match name {
            "accounts" => {
                let names = text.split(',').map(|it| AccountName::new(it.trim()));
                let names = names.collect::<Result<Vec<_>, _>>();
                let remedy = "write accounts = [\"NAME\"], with names of [accounts.NAME]";
                self.accounts = Some(names.map_err(|_| ("is no list of accounts", remedy))?);
            }
            "currency" => {
                let currency = text.parse().ok();
                self.currency =
                    Some(currency.ok_or(("is no currency", "write currency = \"CLP\""))?);
            }
            "mapping" if text.is_empty() => {
                return Err(("names no mapping", "`pagos reconcile mappings` lists them"));
            }
            "mapping" => self.mapping = Some(MappingName::parse(text)),
            "offset" => {
                let offset = text.parse().ok();
                let because = ("is not UTC or an offset", "write offset = \"-03:00\"");
                self.offset = Some(offset.ok_or(because)?);
            }
            "before_days" => self.before_days = Some(days(text)?),
            "after_days" => self.after_days = Some(days(text)?),
            "fee_max" => self.fee_max = Some(text.to_owned()),
            _ => {
                let remedy = "it has accounts, currency, mapping, offset, before_days, after_days and \
                              fee_max";
                return Err(("is no field of [books.NAME]", remedy));
            }
        }
        Ok(())
    }

    /// The complete book.
    ///
    /// # Errors
    /// The field that is missing or wrong, and why.
    pub(super) fn finish(
        self,
        name: BookName,
    ) -> Result<BookSettings, (&'static str, &'static str)> {
        let missing = |field| (field, "is missing in [books.NAME]");
        let currency = self.currency.ok_or(missing("currency"))?;
        let fee_max = self.fee_max.map(|text| Money::parse(&text, currency)).transpose();
        Ok(BookSettings {
            name,
            accounts: self.accounts.ok_or(missing("accounts"))?,
            currency,
            mapping: self.mapping,
            offset: self.offset,
            before_days: self.before_days,
            after_days: self.after_days,
            fee_max: fee_max.map_err(|_| ("fee_max", "is no amount of the book's currency"))?,
        })
    }
}

fn days(text: &str) -> Result<i32, (&'static str, &'static str)> {
    let days = text.parse().ok().filter(|days| (0..=DAYS_MAX).contains(days));
    days.ok_or(("is not a whole number of days between 0 and 366", "write after_days = 5"))
}
