//! Checks the configuration, and holds the settings that the provider uses.

use http::{
    HeaderName, HeaderValue,
    header::{ACCEPT, ACCEPT_LANGUAGE, AUTHORIZATION},
};

use pagos_core::{Clabe, Environment, Error};
use pagos_wire::{BaseUrl, WebhookUrl};

use crate::{
    config::{ConektaConfig, KnownPayee},
    contract,
    payout::{
        check::{read_email, read_phone},
        handle::is_segment,
    },
    settings::Language,
    sign::{Credentials, key::PublicKey},
};

/// The longest name of a header. Ours.
const HEADER_LENGTH_MAX: usize = 64;

/// The longest address of webhooks. \[inferred\]
const URL_LENGTH_MAX: usize = 2048;

impl ConektaConfig {
    /// Checks the configuration and returns the settings that the provider uses.
    pub(crate) fn check(self) -> Result<Settings, Error> {
        if self.amount_minor_min < 1 || self.amount_minor_min > self.amount_minor_max {
            return Err(
                Error::invalid("amount_max").because("the limits are at least 1 and in order")
            );
        }
        if let Some(url) = &self.notify_url {
            WebhookUrl::parse(url, self.environment, URL_LENGTH_MAX)?;
        }
        Ok(Settings {
            environment: self.environment,
            base: parse_base(&self.base_url, self.environment)?,
            credentials: Credentials::new(self.api_key)?,
            language: self.language,
            webhook_keys: parse_keys(&self.webhook_keys)?,
            webhook_headers: parse_header(&self.digest_header)?,
            known_payees: check_payees(self.known_payees)?,
            default_email: default("default_email", self.default_email, read_email)?,
            default_phone: default("default_phone", self.default_phone, read_phone)?,
            amount_minor_min: self.amount_minor_min,
            amount_minor_max: self.amount_minor_max,
        })
    }
}

/// A checked configuration.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) base: BaseUrl,
    pub(crate) credentials: Credentials,
    pub(crate) language: Language,
    pub(crate) webhook_keys: Vec<PublicKey>,
    /// The one header that is read of a webhook.
    pub(crate) webhook_headers: &'static [&'static str; 1],
    pub(crate) known_payees: Vec<KnownPayee>,
    pub(crate) default_email: Option<String>,
    pub(crate) default_phone: Option<String>,
    pub(crate) amount_minor_min: i64,
    pub(crate) amount_minor_max: i64,
}

impl Settings {
    /// The headers of every request. Source: manual; the language: openapi, see [`Language`].
    pub(crate) fn headers(&self) -> [(HeaderName, HeaderValue); 3] {
        let language = match self.language {
            Language::English => "en",
            Language::Spanish => "es",
        };
        [
            (ACCEPT, HeaderValue::from_static(contract::ACCEPT)),
            (AUTHORIZATION, self.credentials.header()),
            (ACCEPT_LANGUAGE, HeaderValue::from_static(language)),
        ]
    }

    /// The payee that the configuration names for this account.
    pub(crate) fn known_payee(&self, account: &Clabe) -> Option<&str> {
        let known = self.known_payees.iter().find(|known| known.account == *account)?;
        Some(&known.payee)
    }
}

/// Requires https, except for loopback: every request contains the key.
fn parse_base(url: &str, environment: Environment) -> Result<BaseUrl, Error> {
    let base = BaseUrl::parse(url, environment)?;
    let uri = base.join("/")?;
    let is_loopback = matches!(uri.host(), Some("localhost" | "127.0.0.1" | "[::1]" | "::1"));
    match uri.scheme_str() == Some("http") && !is_loopback {
        true => Err(Error::invalid("base_url")
            .because("plain http is for this machine itself; any other host wants https")),
        false => Ok(base),
    }
}

fn parse_keys(texts: &[String]) -> Result<Vec<PublicKey>, Error> {
    let mut keys = Vec::new();
    for text in texts {
        keys.extend(PublicKey::parse_all(text)?);
    }
    Ok(keys)
}

/// A decoder names its headers for as long as the process lives. A name that is not the usual one is
/// kept for that long, once for each configuration that has it.
fn parse_header(name: &str) -> Result<&'static [&'static str; 1], Error> {
    let refused = || Error::invalid("digest_header").because("it is no name of a header");
    let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
    if header.as_str().len() > HEADER_LENGTH_MAX {
        return Err(refused());
    }
    if header.as_str() == contract::DIGEST_HEADER {
        return Ok(&[contract::DIGEST_HEADER]);
    }
    let name: &'static str = header.as_str().to_owned().leak();
    Ok(Box::leak(Box::new([name])))
}

fn check_payees(known: Vec<KnownPayee>) -> Result<Vec<KnownPayee>, Error> {
    let refused = |because: &str| Err(Error::invalid("payee_reuse").because(because));
    for (position, entry) in known.iter().enumerate() {
        if !is_segment(&entry.payee) {
            return refused("a payee's id is letters, digits, _ and -");
        }
        if known.iter().take(position).any(|other| other.account == entry.account) {
            return refused("one account has two payees");
        }
    }
    Ok(known)
}

fn default<T>(
    field: &'static str,
    value: Option<String>,
    read: impl Fn(Option<&str>) -> Result<String, T>,
) -> Result<Option<String>, Error> {
    let Some(value) = value else { return Ok(None) };
    match read(Some(&value)) {
        Ok(value) => Ok(Some(value)),
        Err(_) => Err(Error::invalid(field).because("it would be refused in an order too")),
    }
}
