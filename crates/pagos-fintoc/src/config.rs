//! The configuration of one account: read by name, and checked. No I/O: nobody here reads an
//! environment variable or a file by himself.

use http::{HeaderName, HeaderValue, header::AUTHORIZATION};

use pagos_core::{Environment, Error, Secret};
use pagos_wire::{BaseUrl, SettingReader, WebhookUrl};

use crate::{
    country::{COUNTRIES, Country},
    settings::{self, SETTINGS},
    sign::{Credentials, SigningKey, WebhookSecret},
};

/// One account at Fintoc in one environment. It pays in the currency of its country.
///
/// ```
/// use pagos_core::{Environment, Secret};
/// use pagos_fintoc::{Country, FintocConfig};
///
/// let config = FintocConfig::new(
///     Environment::Sandbox,
///     "https://api.fintoc.com",
///     Secret::new("sk_test_0123456789"),
///     "acc_31yYL7h9LVPg121AgFtCyJPDsgM",
///     Country::Mexico,
///     Secret::new("-----BEGIN PRIVATE KEY-----\n..."),
/// );
/// assert!(!format!("{config:?}").contains("0123456789"));
/// ```
#[derive(Debug, Clone)]
pub struct FintocConfig {
    /// Which world the key belongs to.
    pub environment: Environment,
    /// The address of the API, which is the same in both worlds. https in `Live`.
    pub base_url: String,
    /// The secret key: `sk_test_…` in `Sandbox`, `sk_live_…` in `Live`.
    pub api_key: Secret,
    /// The account that pays, `acc_…`.
    pub account_id: String,
    /// Where that account is.
    pub country: Country,
    /// The private key that signs transfers, as PEM text: RSA of 2,048 to 4,096 bits.
    pub jws_private_key: Secret,
    /// The secret of the webhook endpoint, `whsec_…`. Without it a webhook is a hint to ask.
    pub webhook_secret: Option<Secret>,
    /// The header `Fintoc-Version`.
    pub api_version: Option<String>,
    /// Where webhooks are received. It is checked, and otherwise unused.
    pub notify_url: Option<String>,
}

/// The configuration once it is checked.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) base: BaseUrl,
    pub(crate) credentials: Credentials,
    pub(crate) account_id: String,
    pub(crate) country: Country,
    pub(crate) signing_key: SigningKey,
    pub(crate) webhook_secret: Option<WebhookSecret>,
    api_version: Option<HeaderValue>,
}

impl FintocConfig {
    /// The defaults around what Fintoc hands out.
    pub fn new(
        environment: Environment,
        base_url: impl Into<String>,
        api_key: Secret,
        account_id: impl Into<String>,
        country: Country,
        jws_private_key: Secret,
    ) -> Self {
        Self {
            environment,
            base_url: base_url.into(),
            api_key,
            account_id: account_id.into(),
            country,
            jws_private_key,
            webhook_secret: None,
            api_version: None,
            notify_url: None,
        }
    }

    /// Reads the configuration by name: `ENVIRONMENT`, `COUNTRY`, `ACCOUNT_ID`, `API_KEY` and
    /// `JWS_PRIVATE_KEY` are needed. Whoever reads environment variables puts `PAGOS_FINTOC_` in front.
    /// `docs/providers/fintoc.md` lists all names.
    ///
    /// # Errors
    /// `Invalid` for a missing or malformed value, never with the value of a key.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let reader = SettingReader::new(SETTINGS, &lookup);
        let mut country = Country::Mexico;
        reader.text(&settings::COUNTRY)?;
        reader.fill_word(&settings::COUNTRY, &COUNTRIES, &mut country)?;
        let mut config = Self::new(
            reader.environment()?,
            "https://api.fintoc.com",
            reader.secret(&settings::API_KEY)?,
            reader.text(&settings::ACCOUNT_ID)?,
            country,
            reader.secret(&settings::JWS_PRIVATE_KEY)?,
        );
        reader.fill_text(&settings::BASE_URL, &mut config.base_url);
        config.webhook_secret = reader.optional(&settings::WEBHOOK_SECRET).map(Secret::new);
        config.api_version = reader.optional(&settings::API_VERSION);
        config.notify_url = reader.optional(&settings::NOTIFY_URL);
        Ok(config)
    }

    /// What the provider works with.
    pub(crate) fn check(self) -> Result<Settings, Error> {
        if let Some(url) = &self.notify_url {
            WebhookUrl::parse(url, self.environment, NOTIFY_URL_LENGTH_MAX)?;
        }
        Ok(Settings {
            environment: self.environment,
            base: BaseUrl::parse(&self.base_url, self.environment)?,
            credentials: Credentials::new(self.api_key, self.environment)?,
            account_id: check_account(self.account_id)?,
            country: self.country,
            signing_key: SigningKey::parse(&self.jws_private_key)?,
            webhook_secret: self.webhook_secret.map(WebhookSecret::new).transpose()?,
            api_version: self.api_version.as_deref().map(check_version).transpose()?,
        })
    }
}

impl Settings {
    /// What every request bears. Source: recorded: all calls; the version: sdk: py client.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (HeaderName, HeaderValue)> {
        let version = HeaderName::from_static("fintoc-version");
        let version = self.api_version.clone().map(|value| (version, value));
        [(AUTHORIZATION, self.credentials.header())].into_iter().chain(version)
    }
}

/// The longest id of an account. Ours.
const ACCOUNT_LENGTH_MAX: usize = 64;

/// The longest address of our webhooks. Our choice: Fintoc states no limit.
const NOTIFY_URL_LENGTH_MAX: usize = 2_048;

/// It becomes a part of paths.
fn check_account(account_id: String) -> Result<String, Error> {
    let is_legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let is_id = account_id.strip_prefix("acc_").is_some_and(|rest| {
        (1..=ACCOUNT_LENGTH_MAX).contains(&rest.len()) && rest.bytes().all(is_legal)
    });
    match is_id {
        true => Ok(account_id),
        false => Err(Error::invalid("account_id")
            .because("the id of an account is acc_ with letters and digits behind it")),
    }
}

fn check_version(version: &str) -> Result<HeaderValue, Error> {
    let is_date =
        version.len() == 10 && version.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    let value = HeaderValue::from_str(version).ok().filter(|_| is_date);
    value.ok_or_else(|| {
        Error::invalid("api_version").because("a version is a date such as 2023-11-15")
    })
}

#[cfg(test)]
mod tests;
