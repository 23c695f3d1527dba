//! The configuration of one merchant, and its checked form. The caller provides values and nonces,
//! so there is no I/O here.

use std::{fmt::Debug, sync::Arc};

use pagos_core::{Environment, Error, NonceSource, Secret};
use pagos_wire::{BaseUrl, SettingReader, UtcOffset, WebhookUrl};

use crate::{
    country::{COLOMBIA, COUNTRIES, CountrySettings, Evidence, PayDesk, Presence},
    settings::{
        self, PARTIAL_COUNTRIES, PAY_DESKS, PartialCountry, SETTINGS, SIGN_CASES, SignCase,
    },
};

/// One merchant at one deployment. Each country and each environment is a separate deployment with
/// its own address, merchant and key. \[inferred\]
///
/// ```
/// use pagos_cashypro::{CashyproConfig, country};
/// use pagos_core::{Environment, Secret};
///
/// let config = CashyproConfig {
///     base_url: "https://sandbox.example/stage-api".to_owned(),
///     merchant_id: "1002001".to_owned(),
///     api_key: Secret::new("sandbox-key-0123456789abcdef"),
///     notify_url: "https://merchant.example/webhooks/cashypro".to_owned(),
///     ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
/// };
/// assert!(!format!("{config:?}").contains("0123456789abcdef"));
/// ```
#[derive(Debug, Clone)]
pub struct CashyproConfig {
    /// Whether the credentials are for real money.
    pub environment: Environment,
    /// The country's rules.
    pub country: CountrySettings,
    /// Whether a country whose rules are not completely known may be used.
    pub partial_country: PartialCountry,
    /// The address that Cashy provides, with its path prefix. There is no default.
    pub base_url: String,
    /// The merchant id: digits.
    pub merchant_id: String,
    /// The key that signs requests and webhooks.
    pub api_key: Secret,
    /// The address for webhooks. It must be the final URL, since a redirect counts as received.
    pub notify_url: String,
    /// The case of the hexadecimal digits in our signatures.
    pub sign_case: SignCase,
    /// The remark of an order without a description, which the provider requires. ASCII, at most
    /// 32.
    pub default_remark: String,
    /// Words in a refusal that mean "no such order", compared without regard to case.
    pub not_found_words: Vec<String>,
    /// How payments are collected.
    pub payment: PaymentConfig,
}

/// How payments are collected.
#[derive(Debug, Clone)]
pub struct PaymentConfig {
    /// The product.
    pub product: PaymentProduct,
    /// How long a payer can pay, in seconds.
    pub expire_seconds: u32,
    /// `userType`, which some pay types require. Its values are not published; the sample has `1`.
    pub user_type: Option<String>,
}

/// `payIn` with the pay type 154, for one day.
impl Default for PaymentConfig {
    fn default() -> Self {
        Self {
            product: PaymentProduct::PayIn { pay_type: 154 },
            expire_seconds: 24 * 60 * 60,
            user_type: None,
        }
    }
}

/// The product that the payer sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PaymentProduct {
    /// One payment method, which we choose.
    PayIn {
        /// The method: 153, 154 and 157 are known in Colombia. Source: docs: en/col/payin.
        pay_type: u32,
    },
    /// A page on which the payer chooses. The path of its query is unknown, so that only a webhook
    /// tells what became of it. Source: docs: en/col/paydesk, en/ecu/paydesk, en/per/paydesk,
    /// chl/paydesk.
    PayDesk {
        /// Where the payer's browser goes afterwards: at most 250 characters.
        return_url: Option<String>,
    },
}

/// The source of the texts in `nonceStr`. Only for replaying documented examples, whose nonces have
/// many forms: a live provider uses [`NonceSource`] and writes 32 hexadecimal digits.
pub trait NonceText: Debug + Send + Sync {
    /// A fresh text of 1 to 32 ASCII characters.
    fn draw(&self) -> String;
}

#[derive(Debug)]
pub(crate) struct HexNonce(pub(crate) Arc<dyn NonceSource>);

impl NonceText for HexNonce {
    fn draw(&self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0.draw()))
    }
}

/// The longest webhook address. Source: manual "Create Payout Order". That of the page to which a
/// payer returns is the same. Source: docs: en/col/paydesk.
const URL_LENGTH_MAX: usize = 250;

/// The longest remark. Source: manual "Create Payout Order".
pub(crate) const REMARK_LENGTH_MAX: usize = 32;

impl CashyproConfig {
    /// The defaults. Address, merchant, key and webhook address are empty, and must be set.
    pub fn new(environment: Environment, country: CountrySettings) -> Self {
        Self {
            environment,
            country,
            partial_country: PartialCountry::Refused,
            base_url: String::new(),
            merchant_id: String::new(),
            api_key: Secret::new(""),
            notify_url: String::new(),
            sign_case: SignCase::Lower,
            default_remark: "payout".to_owned(),
            // Guess: no document shows the answer to a query about an unknown order. Two things
            // protect payouts that depend on it: the descriptor's `Absence`, and the provider's
            // refusal of a used key.
            not_found_words: vec!["Order_not_exist".to_owned()],
            payment: PaymentConfig::default(),
        }
    }

    /// Reads the configuration by name: `MERCHANT_ID`, `API_KEY`, `BASE_URL`, `NOTIFY_URL` and
    /// `ENVIRONMENT` are required, `COUNTRY` defaults to `COL`. A caller that reads environment
    /// variables prepends `PAGOS_CASHYPRO_`. `docs/providers/cashypro.md` lists all names.
    ///
    /// # Errors
    /// `Invalid` for a missing or malformed value. The message never contains the key.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let reader = SettingReader::new(SETTINGS, &lookup);
        let countries = COUNTRIES.map(|country| (country.country.code(), country));
        let country = reader.word(&settings::COUNTRY, &countries)?.unwrap_or(&COLOMBIA);
        let mut config = Self::new(reader.environment()?, country.clone());
        config.base_url = reader.text(&settings::BASE_URL)?;
        config.merchant_id = reader.text(&settings::MERCHANT_ID)?;
        config.api_key = reader.secret(&settings::API_KEY)?;
        config.notify_url = reader.text(&settings::NOTIFY_URL)?;
        config.country.read_options(&reader)?;
        config.payment.read_options(&reader, &config.country)?;
        reader.fill_word(
            &settings::PARTIAL_COUNTRY,
            &PARTIAL_COUNTRIES,
            &mut config.partial_country,
        )?;
        reader.fill_word(&settings::SIGN_CASE, &SIGN_CASES, &mut config.sign_case)?;
        reader.fill_text(&settings::DEFAULT_REMARK, &mut config.default_remark);
        Ok(config)
    }

    /// Checks the configuration and returns the settings that the provider uses.
    pub(crate) fn check(self) -> Result<Settings, Error> {
        let is_refused = self.partial_country == PartialCountry::Refused;
        if self.country.evidence == Evidence::Partial && is_refused {
            return Err(Error::invalid("country").because(format!(
                "the rules of {} are not completely known; confirm them with Cashy and set \
                 partial_country to accepted",
                self.country.country
            )));
        }
        let is_digits = |byte: u8| byte.is_ascii_digit();
        if !(1..=20).contains(&self.merchant_id.len()) || !self.merchant_id.bytes().all(is_digits) {
            return Err(Error::invalid("merchant_id").because("a merchant id is 1 to 20 digits"));
        }
        if self.api_key.is_empty() {
            return Err(Error::invalid("api_key").because("the key is empty"));
        }
        // A line end from a file would invalidate every signature.
        if self.api_key.expose().trim() != self.api_key.expose() {
            return Err(Error::invalid("api_key").because("the key begins or ends with a blank"));
        }
        if self.payment.return_url().is_some_and(|url| url.len() > URL_LENGTH_MAX) {
            return Err(Error::invalid("return_url")
                .because(format!("longer than {URL_LENGTH_MAX} characters")));
        }
        let remark = &self.default_remark;
        if remark.trim().is_empty() || remark.len() > REMARK_LENGTH_MAX || !remark.is_ascii() {
            return Err(Error::invalid("default_remark")
                .because(format!("{remark:?} is not 1 to {REMARK_LENGTH_MAX} ASCII characters")));
        }
        Ok(Settings {
            environment: self.environment,
            base: BaseUrl::parse(&self.base_url, self.environment)?,
            notify_url: WebhookUrl::parse(&self.notify_url, self.environment, URL_LENGTH_MAX)?,
            payment_rules: self.payment.rules(&self.country),
            country: self.country,
            merchant_id: self.merchant_id,
            api_key: self.api_key,
            sign_case: self.sign_case,
            default_remark: self.default_remark,
            not_found_words: self.not_found_words,
            payment: self.payment,
        })
    }
}

/// A checked configuration.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) country: CountrySettings,
    /// The country's rules as the payments of this account have to keep them.
    pub(crate) payment_rules: CountrySettings,
    pub(crate) base: BaseUrl,
    pub(crate) merchant_id: String,
    pub(crate) api_key: Secret,
    pub(crate) notify_url: WebhookUrl,
    pub(crate) sign_case: SignCase,
    pub(crate) default_remark: String,
    pub(crate) not_found_words: Vec<String>,
    pub(crate) payment: PaymentConfig,
}

impl CountrySettings {
    fn read_options(&mut self, reader: &SettingReader<'_>) -> Result<(), Error> {
        reader.fill_minor(&settings::AMOUNT_MIN, self.currency, &mut self.amount_minor_min)?;
        reader.fill_minor(&settings::AMOUNT_MAX, self.currency, &mut self.amount_minor_max)?;
        if let Some(minutes) = reader.number(&settings::UTC_OFFSET_MINUTES)? {
            self.utc_offset = UtcOffset::minutes(minutes);
        }
        if let Some(banks) = reader.list(&settings::WALLET_BANKS) {
            self.wallet_banks = banks.iter().map(|id| parse_bank(id)).collect::<Result<_, _>>()?;
        }
        Ok(())
    }
}

impl PaymentConfig {
    fn read_options(
        &mut self,
        reader: &SettingReader<'_>,
        country: &CountrySettings,
    ) -> Result<(), Error> {
        if let Some(pay_type) = reader.number(&settings::PAY_TYPE)? {
            self.product = PaymentProduct::PayIn { pay_type };
        }
        if reader.word(&settings::PAY_DESK, &PAY_DESKS)? == Some(true) {
            let return_url = reader.optional(&settings::RETURN_URL);
            self.product = PaymentProduct::PayDesk { return_url };
            self.expire_seconds =
                country.pay_desk.map_or(self.expire_seconds, |desk| desk.expire_seconds);
        }
        reader.fill_number(&settings::EXPIRE_SECONDS, &mut self.expire_seconds)?;
        self.user_type = reader.optional(&settings::USER_TYPE);
        Ok(())
    }

    /// What the country wants of `payDesk`, if payments go there and its page was read.
    pub(crate) fn desk(&self, country: &CountrySettings) -> Option<PayDesk> {
        match self.product {
            PaymentProduct::PayDesk { .. } => country.pay_desk,
            PaymentProduct::PayIn { .. } => None,
        }
    }

    fn rules(&self, country: &CountrySettings) -> CountrySettings {
        let rules = country.clone();
        let Some(desk) = self.desk(country) else { return rules };
        CountrySettings {
            amount_minor_min: desk.amount_minor_min,
            amount_minor_max: desk.amount_minor_max,
            name_length_max: desk.name_length_max,
            email_length_max: desk.email_length_max,
            document: Presence::Required,
            payer_contact: Presence::Required,
            ..rules
        }
    }

    fn return_url(&self) -> Option<&str> {
        match &self.product {
            PaymentProduct::PayDesk { return_url } => return_url.as_deref(),
            PaymentProduct::PayIn { .. } => None,
        }
    }
}

fn parse_bank(id: &str) -> Result<u32, Error> {
    id.parse().map_err(|_| {
        Error::invalid(settings::WALLET_BANKS.name).because(format!("{id:?} is no id of a bank"))
    })
}

#[cfg(test)]
mod tests {
    use pagos_wire::Form;

    use super::*;
    use crate::country;

    fn config() -> CashyproConfig {
        CashyproConfig {
            base_url: "https://client.example/prod-api".to_owned(),
            merchant_id: "1002001".to_owned(),
            api_key: Secret::new("canary-key"),
            notify_url: "https://merchant.example/webhooks/cashypro".to_owned(),
            ..CashyproConfig::new(Environment::Live, COLOMBIA)
        }
    }

    #[test]
    fn a_complete_configuration_passes_and_hides_its_key() {
        let settings = config().check().unwrap();
        assert!(!format!("{settings:?}{:?}", config()).contains("canary"));
    }

    #[test]
    fn what_is_missing_or_wrong_is_named() {
        struct Case(&'static str, fn(&mut CashyproConfig));
        let cases = [
            Case("country", |config| config.country = country::PERU),
            Case("merchant_id", |config| config.merchant_id.clear()),
            Case("merchant_id", |config| config.merchant_id = "merchant".to_owned()),
            Case("api_key", |config| config.api_key = Secret::new("")),
            Case("api_key", |config| config.api_key = Secret::new("canary-key\n")),
            Case("base_url", |config| config.base_url.clear()),
            Case("base_url", |config| config.base_url = "http://client.example".to_owned()),
            Case("notify_url", |config| config.notify_url = "https://10.0.0.1/cb".to_owned()),
            Case("return_url", |config| {
                let return_url = Some(format!("https://merchant.example/{}", "x".repeat(226)));
                config.payment.product = PaymentProduct::PayDesk { return_url };
            }),
            Case("default_remark", |config| config.default_remark = "nómina".to_owned()),
            Case("default_remark", |config| config.default_remark = "x".repeat(33)),
        ];
        for Case(field, spoil) in cases {
            let mut config = config();
            spoil(&mut config);
            assert_eq!(config.check().unwrap_err().field(), Some(field));
        }
    }

    #[test]
    fn a_partial_country_works_once_it_is_accepted() {
        for settings in COUNTRIES {
            let config = CashyproConfig {
                country: settings.clone(),
                partial_country: PartialCountry::Accepted,
                ..config()
            };
            assert!(config.check().is_ok(), "{}", settings.country);
        }
    }

    #[test]
    fn names_are_looked_up() {
        let named = |name: &str| {
            let value = match name {
                "ENVIRONMENT" => "sandbox",
                "BASE_URL" => "http://127.0.0.1:8080/stage-api",
                "MERCHANT_ID" => "1002001",
                "API_KEY" => "canary-key",
                "NOTIFY_URL" => "http://127.0.0.1:9000/webhooks/cashypro",
                "WALLET_BANKS" => "29, 33,51",
                "AMOUNT_MAX" => "7000000",
                "SIGN_CASE" => "upper",
                "PAY_TYPE" => "157",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let config = CashyproConfig::from_lookup(named).unwrap();
        assert_eq!(config.country.wallet_banks[..], [29, 33, 51]);
        assert_eq!(config.country.amount_minor_max, 700_000_000);
        assert_eq!(config.sign_case, SignCase::Upper);
        assert_eq!(config.payment.product, PaymentProduct::PayIn { pay_type: 157 });
        assert!(config.check().is_ok());

        let missing = |name: &str| named(name).filter(|_| name != "API_KEY");
        assert_eq!(CashyproConfig::from_lookup(missing).unwrap_err().field(), Some("api_key"));
    }

    #[test]
    fn a_desk_is_open_for_as_long_as_its_country_says() {
        struct Case(&'static str, &'static str, Option<&'static str>, u32);
        let cases = [
            Case("COL", "on", None, 604_800),
            Case("ECU", "on", None, 604_800),
            Case("PER", "on", None, 3_600),
            // Its page was not read.
            Case("IDN", "on", None, 86_400),
            Case("PER", "on", Some("900"), 900),
            Case("PER", "off", None, 86_400),
        ];
        for Case(country, desk, expire_seconds, expected) in cases {
            let config = CashyproConfig::from_lookup(|name| {
                let value = match name {
                    "ENVIRONMENT" => "sandbox",
                    "COUNTRY" => country,
                    "BASE_URL" => "https://client.example/stage-api",
                    "MERCHANT_ID" => "1002001",
                    "API_KEY" => "canary-key",
                    "NOTIFY_URL" => "https://merchant.example/webhooks/cashypro",
                    "PAY_DESK" => desk,
                    "EXPIRE_SECONDS" => expire_seconds?,
                    _ => return None,
                };
                Some(value.to_owned())
            });
            let payment = config.unwrap().payment;
            assert_eq!(payment.expire_seconds, expected, "{country} {desk} {expire_seconds:?}");
        }
    }

    #[test]
    fn every_country_is_in_the_table() {
        let codes = COUNTRIES.map(|country| country.country.code());
        assert!(matches!(settings::COUNTRY.form, Form::Words(words) if words == codes));
    }
}
