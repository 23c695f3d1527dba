//! The configuration of one merchant, and how it is read by name. The caller provides the values,
//! so there is no I/O here. `config/checked.rs` checks them.

mod checked;
pub(crate) mod credential;

use std::time::Duration;

use pagos_core::{Currency, Environment, Error, Secret, Verification};
use pagos_wire::{SettingReader, VERIFICATIONS};

use crate::settings::{self, SETTINGS};

pub(crate) use crate::config::checked::{PaymentSettings, PayoutSettings, Settings};

/// One merchant in one of ETpay's environments. Addresses and credentials differ between sandbox,
/// pre-production and production, so each is an account of its own. Source: manual.
///
/// At least one of `payments` and `payouts` is set.
///
/// ```
/// use pagos_core::{Environment, Secret};
/// use pagos_etpay::{EtpayConfig, PaymentConfig};
///
/// let token = Secret::new("sandbox-token-0123456789abcdef");
/// let config = EtpayConfig {
///     payments: Some(PaymentConfig::new(
///         "https://api.sandbox.example",
///         "https://pmt.sandbox.example",
///         "https://merchant.example/webhooks/etpay",
///     )),
///     ..EtpayConfig::new(Environment::Sandbox, "cl_sim_merchant", token)
/// };
/// assert!(!format!("{config:?}").contains("0123456789abcdef"));
/// ```
#[derive(Debug, Clone)]
pub struct EtpayConfig {
    /// Whether the credentials are for real money. Pre-production moves real money, so it is
    /// `Live`.
    pub environment: Environment,
    /// The merchant's code.
    pub merchant_code: String,
    /// The merchant's API token, which is sent in the bodies of requests. Source: manual.
    pub merchant_api_token: Secret,
    /// How payments are collected; `None` if the account does not collect.
    pub payments: Option<PaymentConfig>,
    /// How payouts are made; `None` if the account does not pay.
    pub payouts: Option<PayoutConfig>,
    /// How many days the clock of a sandbox may be ahead of ours, as a simulator's is that runs
    /// faster than real time. Searches by date reach that much further, and a token may be issued
    /// that much later. 0 in `Live`.
    pub sandbox_clock_days: u8,
}

/// How payments are collected.
#[derive(Debug, Clone)]
pub struct PaymentConfig {
    /// The address of the API (`api_url`), with its path prefix if it has one.
    pub api_url: String,
    /// The address of the pages that payers see (`pmt_url`).
    pub pmt_url: String,
    /// The address for notifications. At most 2048 characters.
    pub notify_url: String,
    /// Where the payer's browser goes after paying, unless the order names a page.
    pub return_url: Option<String>,
    /// Where it goes after failing or giving up, unless the order names a page.
    pub cancel_url: Option<String>,
    /// The character between a return URL with a query and ETpay's addition to it: `&`. Source:
    /// docs: D13.
    pub concat: Option<char>,
    /// How long a session can be paid. ETpay does not say; a reseller says 30 minutes. Source:
    /// docs: D25.
    pub open_for: Duration,
    /// The least payment, in pesos.
    pub amount_minor_min: i64,
    /// The largest payment, in pesos. A reseller's figure. Source: docs: D26.
    pub amount_minor_max: i64,
}

/// How payouts are made. ETpay does not publish its payout calls, so this side is refused in `Live`
/// until `verification` states that they were compared with ETpay's own documents.
#[derive(Debug, Clone)]
pub struct PayoutConfig {
    /// The address of the payouts API, with its path prefix if it has one.
    pub payouts_url: String,
    /// The user name of the login.
    pub username: String,
    /// The password of the login.
    pub password: Secret,
    /// Whether the contract that this crate assumes was compared with ETpay's documents.
    pub verification: Verification,
    /// The least payout, in pesos.
    pub amount_minor_min: i64,
    /// The largest payout, in pesos: the limit of an instant transfer. Source: docs: D26.
    pub amount_minor_max: i64,
    /// Banks beyond the documented ones that ETpay has confirmed, by their `cl_` names.
    pub confirmed_banks: Vec<String>,
    /// How many days a search by date is widened at both ends: 1 to 7.
    pub listing_margin_days: u8,
    /// The number of the first page of a list: 0 or 1.
    pub page_first: u32,
}

/// ETpay's own limits are unknown. A reseller's are used, for payments and for instant transfers
/// alike. Source: docs: D26.
const AMOUNT_MINOR_MIN: i64 = 1;
const AMOUNT_MINOR_MAX: i64 = 7_000_000;

/// Source: docs: D25, a reseller. \[inferred\]
const OPEN_FOR: Duration = Duration::from_secs(30 * 60);

impl PaymentConfig {
    /// A configuration with defaults, around the three addresses that ETpay and you agree on.
    pub fn new(
        api_url: impl Into<String>,
        pmt_url: impl Into<String>,
        notify_url: impl Into<String>,
    ) -> Self {
        Self {
            api_url: api_url.into(),
            pmt_url: pmt_url.into(),
            notify_url: notify_url.into(),
            return_url: None,
            cancel_url: None,
            concat: None,
            open_for: OPEN_FOR,
            amount_minor_min: AMOUNT_MINOR_MIN,
            amount_minor_max: AMOUNT_MINOR_MAX,
        }
    }

    fn read_options(&mut self, reader: &SettingReader<'_>) -> Result<(), Error> {
        self.return_url = reader.optional(&settings::RETURN_URL);
        self.cancel_url = reader.optional(&settings::CANCEL_URL);
        if let Some(text) = reader.optional(&settings::CONCAT) {
            let character = text.parse().map_err(|_| {
                Error::invalid("concat").because(format!("{text:?} is not one character"))
            })?;
            self.concat = Some(character);
        }
        if let Some(minutes) = reader.number::<u64>(&settings::SESSION_MINUTES)? {
            self.open_for = Duration::from_secs(minutes.saturating_mul(60));
        }
        reader.fill_minor(&settings::PAYMENT_MIN, Currency::Clp, &mut self.amount_minor_min)?;
        reader.fill_minor(&settings::PAYMENT_MAX, Currency::Clp, &mut self.amount_minor_max)?;
        Ok(())
    }
}

impl PayoutConfig {
    /// A configuration with defaults, around the address and the login that ETpay provides.
    pub fn new(
        payouts_url: impl Into<String>,
        username: impl Into<String>,
        password: Secret,
    ) -> Self {
        Self {
            payouts_url: payouts_url.into(),
            username: username.into(),
            password,
            verification: Verification::Missing,
            amount_minor_min: AMOUNT_MINOR_MIN,
            amount_minor_max: AMOUNT_MINOR_MAX,
            confirmed_banks: Vec::new(),
            listing_margin_days: 1,
            page_first: 1,
        }
    }

    fn read_options(&mut self, reader: &SettingReader<'_>) -> Result<(), Error> {
        reader.fill_word(&settings::CONTRACT_VERIFIED, &VERIFICATIONS, &mut self.verification)?;
        reader.fill_minor(&settings::PAYOUT_MIN, Currency::Clp, &mut self.amount_minor_min)?;
        reader.fill_minor(&settings::PAYOUT_MAX, Currency::Clp, &mut self.amount_minor_max)?;
        if let Some(banks) = reader.list(&settings::CONFIRMED_BANKS) {
            self.confirmed_banks = banks;
        }
        reader.fill_number(&settings::LISTING_MARGIN_DAYS, &mut self.listing_margin_days)?;
        reader.fill_number(&settings::PAGE_FIRST, &mut self.page_first)?;
        Ok(())
    }
}

impl EtpayConfig {
    /// An account that neither collects nor pays. It is refused until `payments` or `payouts` is
    /// set.
    pub fn new(
        environment: Environment,
        merchant_code: impl Into<String>,
        merchant_api_token: Secret,
    ) -> Self {
        Self {
            environment,
            merchant_code: merchant_code.into(),
            merchant_api_token,
            payments: None,
            payouts: None,
            sandbox_clock_days: 0,
        }
    }

    /// Reads the configuration by name: `ENVIRONMENT`, `MERCHANT_CODE` and `MERCHANT_API_TOKEN` are
    /// required; `PMT_URL` switches payments on, `USERNAME` payouts. A caller that reads
    /// environment variables prepends `PAGOS_ETPAY_`. `docs/providers/etpay.md` lists all names.
    ///
    /// # Errors
    /// `Invalid` for a missing or malformed value. The message never contains a secret.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let reader = SettingReader::new(SETTINGS, &lookup);
        let mut config = Self {
            environment: reader.environment()?,
            merchant_code: reader.text(&settings::MERCHANT_CODE)?,
            merchant_api_token: reader.secret(&settings::MERCHANT_API_TOKEN)?,
            payments: None,
            payouts: None,
            sandbox_clock_days: reader.number(&settings::SANDBOX_CLOCK_DAYS)?.unwrap_or(0),
        };
        if let Some(pmt_url) = reader.optional(&settings::PMT_URL) {
            let api_url = reader.text(&settings::API_URL)?;
            let notify_url = reader.text(&settings::NOTIFY_URL)?;
            let mut payments = PaymentConfig::new(api_url, pmt_url, notify_url);
            payments.read_options(&reader)?;
            config.payments = Some(payments);
        }
        if let Some(username) = reader.optional(&settings::USERNAME) {
            // The manual calls both addresses `api_url`; another host is known for payouts. Source:
            // docs: D4.
            let payouts_url = match reader.optional(&settings::PAYOUTS_URL) {
                Some(url) => url,
                None => reader.text(&settings::API_URL)?,
            };
            let password = reader.secret(&settings::PASSWORD)?;
            let mut payouts = PayoutConfig::new(payouts_url, username, password);
            payouts.read_options(&reader)?;
            config.payouts = Some(payouts);
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Option<String> {
        let value = match name {
            "ENVIRONMENT" => "live",
            "MERCHANT_CODE" => "cl_sim_merchant",
            "MERCHANT_API_TOKEN" => "canary-token",
            "API_URL" => "https://api.example",
            "PMT_URL" => "https://pmt.example",
            "NOTIFY_URL" => "https://merchant.example/webhooks/etpay",
            "RETURN_URL" => "https://shop.example/ok",
            "CANCEL_URL" => "https://shop.example/ko",
            "CONCAT" => "&",
            "SESSION_MINUTES" => "10",
            "PAYMENT_MIN" => "100",
            "PAYMENT_MAX" => "5000000",
            "USERNAME" => "user@example.com",
            "PASSWORD" => "canary-password",
            "CONTRACT_VERIFIED" => "true",
            "PAYOUT_MIN" => "200",
            "PAYOUT_MAX" => "6000000",
            "CONFIRMED_BANKS" => "CL_BICE, ,cl_tenpo",
            "LISTING_MARGIN_DAYS" => "2",
            "PAGE_FIRST" => "0",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn names_are_looked_up() {
        let settings = EtpayConfig::from_lookup(named).unwrap().check().unwrap();
        let payments = settings.payments.unwrap();
        assert_eq!(payments.return_url.unwrap().as_str(), "https://shop.example/ok");
        assert_eq!(payments.cancel_url.unwrap().as_str(), "https://shop.example/ko");
        assert_eq!((payments.concat, payments.open_for.as_secs()), (Some('&'), 600));
        assert_eq!((payments.amount_minor_min, payments.amount_minor_max), (100, 5_000_000));
        let payouts = settings.payouts.unwrap();
        assert_eq!(payouts.base.to_string(), "https://api.example");
        assert_eq!((payouts.amount_minor_min, payouts.amount_minor_max), (200, 6_000_000));
        assert_eq!(payouts.confirmed_banks, ["cl_bice", "cl_tenpo"]);
        assert_eq!((payouts.listing_margin_days, payouts.page_first), (2, 0));

        let elsewhere = |name: &str| match name {
            "PAYOUTS_URL" => Some("https://api-dashboard.example".to_owned()),
            _ => named(name),
        };
        let config = EtpayConfig::from_lookup(elsewhere).unwrap();
        assert_eq!(config.payouts.unwrap().payouts_url, "https://api-dashboard.example");
    }

    #[test]
    fn a_half_is_there_if_its_name_is_set() {
        let without = |missing: &'static str| {
            EtpayConfig::from_lookup(move |name| named(name).filter(|_| name != missing))
        };
        assert!(without("PMT_URL").unwrap().payments.is_none());
        assert!(without("USERNAME").unwrap().payouts.is_none());
        let needed = [
            ("ENVIRONMENT", "environment"),
            ("MERCHANT_CODE", "merchant_code"),
            ("MERCHANT_API_TOKEN", "merchant_api_token"),
            ("API_URL", "api_url"),
            ("NOTIFY_URL", "notify_url"),
            ("PASSWORD", "password"),
        ];
        for (name, field) in needed {
            assert_eq!(without(name).unwrap_err().field(), Some(field), "{name}");
        }
        let unverified = without("CONTRACT_VERIFIED").unwrap().check().unwrap_err();
        assert_eq!(unverified.field(), Some("contract_verified"));
    }

    #[test]
    fn malformed_values_are_named_and_secrets_are_not_shown() {
        let cases = [
            ("ENVIRONMENT", "prod", "environment"),
            ("CONCAT", "&&", "concat"),
            ("CONCAT", "", "concat"),
            ("SESSION_MINUTES", "half", "session_minutes"),
            ("PAYMENT_MAX", "1.5", "payment_max"),
            ("CONTRACT_VERIFIED", "yes", "contract_verified"),
            ("LISTING_MARGIN_DAYS", "256", "listing_margin_days"),
            ("PAGE_FIRST", "-1", "page_first"),
        ];
        for (spoilt, value, field) in cases {
            let lookup = |name: &str| match name == spoilt {
                true => Some(value.to_owned()),
                false => named(name),
            };
            let refused = EtpayConfig::from_lookup(lookup).unwrap_err();
            assert_eq!(refused.field(), Some(field), "{spoilt} {value}");
            assert!(!format!("{refused:?}").contains("canary"));
        }
    }
}
