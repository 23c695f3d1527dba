//! Checks the configuration, and holds the settings that the provider uses.

use pagos_core::{Contract, Environment, Error, Secret};
use pagos_wire::{BaseUrl, WebhookUrl};

use crate::{
    config::{
        PaymentConfig, VirtualPosConfig,
        path::Template,
        words::{Words, fold_states},
    },
    payout::check::read_message,
    settings::{CreateBody, QueryMethod, QuerySignature, RutCheck},
    sign::Credentials,
};

/// The longest key of either kind, so that a token stays below 4 KiB. \[inferred\]
const KEY_LENGTH_MAX: usize = 128;

impl VirtualPosConfig {
    /// Checks the configuration and returns the settings that the provider uses.
    pub(crate) fn check(self) -> Result<Settings, Error> {
        let environment = self.environment;
        // Money must not move over a wire format that nobody has verified.
        Contract::Assumed.admit(environment, self.verification)?;
        check_key("api_key", &self.api_key)?;
        check_key("secret_key", &self.secret_key)?;
        if self.amount_minor_min < 1 || self.amount_minor_min > self.amount_minor_max {
            return Err(
                Error::invalid("amount_max").because("the limits are at least 1 and in order")
            );
        }
        if environment == Environment::Live && self.rut_check == RutCheck::ShapeOnly {
            return Err(Error::invalid("strict_rut")
                .because("check digits may be left unchecked in the sandbox only"));
        }
        if self.tls.client_certificate.is_some() != self.tls.client_key.is_some() {
            return Err(Error::invalid("client_certificate")
                .because("a client certificate and its key come together"));
        }
        let default_message = read_message(&self.default_message)
            .map_err(|found| Error::invalid("default_message").because(found.because))?;
        Ok(Settings {
            environment,
            base: parse_base("base_url", &self.base_url, environment)?,
            credentials: Credentials::new(self.api_key, self.secret_key)?,
            create_path: Template::plain("path_create", &self.paths.create)?,
            by_id_path: Template::parse("path_by_id", &self.paths.by_id, "{id}")?,
            by_key_path: Template::parse(
                "path_by_merchant_id",
                &self.paths.by_merchant_id,
                "{merchant_id}",
            )?,
            query_method: self.query_method,
            create_body: self.create_body,
            query_signature: self.query_signature,
            words: Words {
                states: fold_states(&self.state_words)?,
                auth_codes: self.auth_codes,
                absent_codes: self.absent_codes,
            },
            default_message,
            amount_minor_min: self.amount_minor_min,
            amount_minor_max: self.amount_minor_max,
            rut_check: self.rut_check,
            payments: self.payments.map(|config| config.check(environment)).transpose()?,
        })
    }
}

impl PaymentConfig {
    fn check(self, environment: Environment) -> Result<PaymentSettings, Error> {
        check_key("payments_api_key", &self.api_key)?;
        check_key("payments_secret_key", &self.secret_key)?;
        let page = |field, url: Option<String>| {
            url.map(|url| WebhookUrl::parse_visited(field, &url, environment)).transpose()
        };
        Ok(PaymentSettings {
            environment,
            base: parse_base("payments_url", &self.payments_url, environment)?,
            credentials: Credentials::new(self.api_key, self.secret_key)?,
            return_url: page("return_url", self.return_url)?,
            notify_url: page("notify_url", self.notify_url)?,
        })
    }
}

/// A checked configuration: in `Live` the contract is verified.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) environment: Environment,
    pub(crate) base: BaseUrl,
    pub(crate) credentials: Credentials,
    pub(crate) create_path: Template,
    pub(crate) by_id_path: Template,
    pub(crate) by_key_path: Template,
    pub(crate) query_method: QueryMethod,
    pub(crate) create_body: CreateBody,
    pub(crate) query_signature: QuerySignature,
    pub(crate) words: Words,
    pub(crate) default_message: String,
    pub(crate) amount_minor_min: i64,
    pub(crate) amount_minor_max: i64,
    pub(crate) rut_check: RutCheck,
    pub(crate) payments: Option<PaymentSettings>,
}

/// The checked settings of payments.
#[derive(Debug)]
pub(crate) struct PaymentSettings {
    pub(crate) environment: Environment,
    pub(crate) base: BaseUrl,
    pub(crate) credentials: Credentials,
    pub(crate) return_url: Option<WebhookUrl>,
    pub(crate) notify_url: Option<WebhookUrl>,
}

/// Requires https, except for loopback: every request contains the API key.
pub(super) fn parse_base(
    field: &'static str,
    url: &str,
    environment: Environment,
) -> Result<BaseUrl, Error> {
    let refused = |because: &str| Error::invalid(field).because(because);
    let base = BaseUrl::parse(url, environment).map_err(|error| refused(error.message()))?;
    let uri = base.join("/")?;
    let host = uri.host().unwrap_or_default();
    let is_loopback = matches!(host, "localhost" | "127.0.0.1" | "[::1]" | "::1");
    match is_plain(url) && !is_loopback {
        true => Err(refused("plain http is for this machine itself; any other host wants https")),
        false => Ok(base),
    }
}

fn is_plain(url: &str) -> bool {
    url.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("http:"))
}

// A line end from a file would invalidate every signature.
fn check_key(field: &'static str, key: &Secret) -> Result<(), Error> {
    let is_visible = key.expose().bytes().all(|byte| byte.is_ascii_graphic());
    match is_visible && (1..=KEY_LENGTH_MAX).contains(&key.expose().len()) {
        true => Ok(()),
        false => Err(Error::invalid(field)
            .because(format!("a key is 1 to {KEY_LENGTH_MAX} visible ASCII characters"))),
    }
}
