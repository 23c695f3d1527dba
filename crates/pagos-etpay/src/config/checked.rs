//! Checks a configuration. No later code checks it again.

use std::time::Duration;

use pagos_core::{Contract, Environment, Error, Secret};
use pagos_wire::{BaseUrl, WebhookUrl};

use crate::config::{EtpayConfig, PaymentConfig, PayoutConfig};

/// A checked configuration.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) merchant_code: String,
    pub(crate) merchant_api_token: Secret,
    pub(crate) payments: Option<PaymentSettings>,
    pub(crate) payouts: Option<PayoutSettings>,
    pub(crate) clock_ahead: Duration,
}

/// The checked settings of payments.
#[derive(Debug)]
pub(crate) struct PaymentSettings {
    pub(crate) base: BaseUrl,
    pub(crate) pages: BaseUrl,
    pub(crate) notify_url: WebhookUrl,
    pub(crate) return_url: Option<WebhookUrl>,
    pub(crate) cancel_url: Option<WebhookUrl>,
    pub(crate) concat: Option<char>,
    pub(crate) open_for: Duration,
    pub(crate) amount_minor_min: i64,
    pub(crate) amount_minor_max: i64,
}

/// The checked settings of payouts: in `Live` the contract is verified. Bank names are in lower
/// case.
#[derive(Debug)]
pub(crate) struct PayoutSettings {
    pub(crate) base: BaseUrl,
    pub(crate) username: String,
    pub(crate) password: Secret,
    pub(crate) amount_minor_min: i64,
    pub(crate) amount_minor_max: i64,
    pub(crate) confirmed_banks: Vec<String>,
    pub(crate) listing_margin_days: u8,
    pub(crate) page_first: u32,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A session that counted as open for longer than a day would never be queried.
const OPEN_MINUTES_MAX: u64 = 24 * 60;

/// The lengths of merchant codes and user names are not limited in any document. \[inferred\]
const NAME_LENGTH_MAX: usize = 254;

impl EtpayConfig {
    /// Checks the configuration and returns the settings that the provider uses.
    pub(crate) fn check(self) -> Result<Settings, Error> {
        check_name("merchant_code", &self.merchant_code)?;
        check_secret("merchant_api_token", &self.merchant_api_token)?;
        if self.payments.is_none() && self.payouts.is_none() {
            return Err(Error::invalid("pmt_url")
                .because("set PMT_URL to collect payments, USERNAME to make payouts, or both"));
        }
        let environment = self.environment;
        if environment == Environment::Live && self.sandbox_clock_days > 0 {
            return Err(Error::invalid("sandbox_clock_days")
                .because("it is for simulators; in live use every clock is right"));
        }
        Ok(Settings {
            environment,
            merchant_code: self.merchant_code,
            merchant_api_token: self.merchant_api_token,
            payments: self.payments.map(|config| config.check(environment)).transpose()?,
            payouts: self.payouts.map(|config| config.check(environment)).transpose()?,
            clock_ahead: DAY * u32::from(self.sandbox_clock_days),
        })
    }
}

impl PaymentConfig {
    fn check(self, environment: Environment) -> Result<PaymentSettings, Error> {
        check_range("payment_max", self.amount_minor_min, self.amount_minor_max)?;
        let minutes = self.open_for.as_secs() / 60;
        if !(1..=OPEN_MINUTES_MAX).contains(&minutes) {
            return Err(Error::invalid("session_minutes").because("it is 1 to 1440 minutes"));
        }
        if self.concat.is_some_and(|concat| !concat.is_ascii_graphic()) {
            return Err(Error::invalid("concat").because("it is one visible ASCII character"));
        }
        let page = |field, url: Option<String>| {
            url.map(|url| WebhookUrl::parse_visited(field, &url, environment)).transpose()
        };
        Ok(PaymentSettings {
            base: parse_base("api_url", &self.api_url, environment)?,
            pages: parse_base("pmt_url", &self.pmt_url, environment)?,
            notify_url: WebhookUrl::parse_visited("notify_url", &self.notify_url, environment)?,
            return_url: page("return_url", self.return_url)?,
            cancel_url: page("cancel_url", self.cancel_url)?,
            concat: self.concat,
            open_for: self.open_for,
            amount_minor_min: self.amount_minor_min,
            amount_minor_max: self.amount_minor_max,
        })
    }
}

impl PayoutConfig {
    fn check(self, environment: Environment) -> Result<PayoutSettings, Error> {
        // Money must not move over a wire format that nobody has verified.
        Contract::Assumed.admit(environment, self.verification)?;
        check_name("username", &self.username)?;
        check_secret("password", &self.password)?;
        check_range("payout_max", self.amount_minor_min, self.amount_minor_max)?;
        if !(1..=7).contains(&self.listing_margin_days) {
            return Err(Error::invalid("listing_margin_days").because("it is 1 to 7 days"));
        }
        if self.page_first > 1 {
            return Err(Error::invalid("page_first").because("it is 0 or 1"));
        }
        Ok(PayoutSettings {
            base: parse_base("payouts_url", &self.payouts_url, environment)?,
            username: self.username,
            password: self.password,
            amount_minor_min: self.amount_minor_min,
            amount_minor_max: self.amount_minor_max,
            confirmed_banks: self
                .confirmed_banks
                .iter()
                .map(|bank| bank.to_ascii_lowercase())
                .collect(),
            listing_margin_days: self.listing_margin_days,
            page_first: self.page_first,
        })
    }
}

fn parse_base(field: &'static str, url: &str, environment: Environment) -> Result<BaseUrl, Error> {
    BaseUrl::parse(url, environment).map_err(|error| Error::invalid(field).because(error.message()))
}

fn check_name(field: &'static str, text: &str) -> Result<(), Error> {
    let is_padded = text.trim() != text;
    let has_control = text.chars().any(char::is_control);
    if text.is_empty() || text.len() > NAME_LENGTH_MAX || is_padded || has_control {
        return Err(Error::invalid(field)
            .because("it is empty, padded with blanks, or longer than 254 characters"));
    }
    Ok(())
}

// A line end from a file would invalidate every call.
fn check_secret(field: &'static str, secret: &Secret) -> Result<(), Error> {
    if secret.is_empty() || secret.expose().trim() != secret.expose() {
        return Err(Error::invalid(field).because("it is empty, or begins or ends with a blank"));
    }
    Ok(())
}

fn check_range(field: &'static str, minor_min: i64, minor_max: i64) -> Result<(), Error> {
    match 1 <= minor_min && minor_min <= minor_max {
        true => Ok(()),
        false => Err(Error::invalid(field).because("the limits are at least 1 and in order")),
    }
}

#[cfg(test)]
mod tests {
    use pagos_core::Verification;

    use super::*;

    fn config() -> EtpayConfig {
        let payouts = PayoutConfig {
            verification: Verification::Stated,
            ..PayoutConfig::new(
                "https://api-dashboard.example",
                "user@example.com",
                Secret::new("canary-password"),
            )
        };
        EtpayConfig {
            environment: Environment::Live,
            merchant_code: "cl_sim_merchant".to_owned(),
            merchant_api_token: Secret::new("canary-token"),
            payments: Some(PaymentConfig::new(
                "https://api.example/sandbox/",
                "https://pmt.example",
                "https://merchant.example/webhooks/etpay",
            )),
            payouts: Some(payouts),
            sandbox_clock_days: 0,
        }
    }

    fn payments(config: &mut EtpayConfig) -> &mut PaymentConfig {
        config.payments.as_mut().unwrap()
    }

    fn payouts(config: &mut EtpayConfig) -> &mut PayoutConfig {
        config.payouts.as_mut().unwrap()
    }

    #[test]
    fn a_complete_configuration_passes_and_hides_its_secrets() {
        let settings = config().check().unwrap();
        assert!(!format!("{settings:?}{:?}", config()).contains("canary"));
        let base = &settings.payments.unwrap().base;
        let url = base.join("/session/initialize").unwrap();
        assert_eq!(url, "https://api.example/sandbox/session/initialize");
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        struct Case(&'static str, fn(&mut EtpayConfig));
        let cases = [
            Case("merchant_code", |config| config.merchant_code.clear()),
            Case("merchant_code", |config| config.merchant_code = " code".to_owned()),
            Case("merchant_code", |config| config.merchant_code = "co\0de".to_owned()),
            Case("merchant_api_token", |config| config.merchant_api_token = Secret::new("")),
            Case("merchant_api_token", |config| config.merchant_api_token = Secret::new("a\n")),
            Case("pmt_url", |config| (config.payments, config.payouts) = (None, None)),
            Case("api_url", |config| payments(config).api_url.clear()),
            Case("api_url", |config| payments(config).api_url = "http://api.example".to_owned()),
            Case("pmt_url", |config| payments(config).pmt_url = "pmt.example".to_owned()),
            Case("notify_url", |config| payments(config).notify_url.clear()),
            Case("notify_url", |config| payments(config).notify_url = "https://10.0.0.1/".into()),
            Case("notify_url", |config| payments(config).notify_url = "HTTP://a.example/".into()),
            Case("return_url", |config| payments(config).return_url = Some("/ok".to_owned())),
            Case("cancel_url", |config| payments(config).cancel_url = Some(String::new())),
            Case("concat", |config| payments(config).concat = Some('ñ')),
            Case("concat", |config| payments(config).concat = Some(' ')),
            Case("session_minutes", |config| payments(config).open_for = Duration::from_secs(59)),
            Case("session_minutes", |config| payments(config).open_for = Duration::MAX),
            Case("payment_max", |config| payments(config).amount_minor_min = 0),
            Case("payment_max", |config| payments(config).amount_minor_max = 0),
            Case("payouts_url", |config| payouts(config).payouts_url.clear()),
            Case("username", |config| payouts(config).username.clear()),
            Case("password", |config| payouts(config).password = Secret::new(" a")),
            Case("payout_max", |config| payouts(config).amount_minor_max = -1),
            Case("listing_margin_days", |config| payouts(config).listing_margin_days = 0),
            Case("listing_margin_days", |config| payouts(config).listing_margin_days = 8),
            Case("page_first", |config| payouts(config).page_first = 2),
            Case("sandbox_clock_days", |config| config.sandbox_clock_days = 1),
            Case("contract_verified", |config| {
                payouts(config).verification = Verification::Missing;
            }),
        ];
        for Case(field, spoil) in cases {
            let mut config = config();
            spoil(&mut config);
            assert_eq!(config.check().unwrap_err().field(), Some(field));
        }
    }

    #[test]
    fn payments_alone_need_no_verified_contract_and_neither_does_the_sandbox() {
        let mut alone = config();
        alone.payouts = None;
        assert!(alone.check().unwrap().payouts.is_none());
        let mut sandbox = config();
        sandbox.environment = Environment::Sandbox;
        payouts(&mut sandbox).verification = Verification::Missing;
        payments(&mut sandbox).api_url = "http://127.0.0.1:8080/etpay".to_owned();
        payments(&mut sandbox).notify_url = "http://127.0.0.1:9000/webhooks/etpay".to_owned();
        assert!(sandbox.check().is_ok());
    }
}
