//! The configuration of one account, as it is given. The caller provides the values, so there is no
//! I/O here. `config/checked.rs` checks it.

mod checked;

use std::fmt;

use pagos_core::{Clabe, Currency, Environment, Error, Secret};
use pagos_wire::SettingReader;

use crate::{
    contract,
    settings::{self, LANGUAGES, Language, SETTINGS},
};

pub(crate) use crate::config::checked::Settings;

/// One account in one environment.
///
/// Sandbox and live share one address, and their keys look alike: only the key decides whether
/// money is real. Source: manual. So check the key of a live account twice.
///
/// ```
/// use pagos_conekta::ConektaConfig;
/// use pagos_core::{Environment, Secret};
///
/// let config = ConektaConfig::new(Environment::Sandbox, Secret::new("key_DePruebaDeApi"));
/// assert_eq!(config.base_url, "https://api.conekta.io");
/// assert!(!format!("{config:?}").contains("Prueba"));
/// ```
#[derive(Debug, Clone)]
pub struct ConektaConfig {
    /// Whether the key is for real money.
    pub environment: Environment,
    /// The private key. Printable ASCII without `:`, at most 128 characters.
    pub api_key: Secret,
    /// The address of the API. https, except for this machine itself.
    pub base_url: String,
    /// The language of Conekta's texts for people.
    pub language: Language,
    /// The public keys of webhooks, as PEM texts, each with one or more keys. List every active
    /// key. Without any, a webhook is a hint and never more.
    pub webhook_keys: Vec<String>,
    /// The header of their signature. No other one is read.
    pub digest_header: String,
    /// Existing payees to be paid again instead of fresh ones. With any of them, the account gives
    /// up its protection against a second transfer: see [`ConektaConfig::from_lookup`].
    pub known_payees: Vec<KnownPayee>,
    /// The email address of payees whose order has none.
    pub default_email: Option<String>,
    /// The telephone number of payees whose order has none.
    pub default_phone: Option<String>,
    /// The least payout, in centavos.
    pub amount_minor_min: i64,
    /// The largest payout, in centavos. Larger amounts are refused and not split.
    pub amount_minor_max: i64,
    /// The address for webhooks. Conekta keeps a list of addresses, so this is not sent with a
    /// payout; see [`crate::Conekta::create_webhook`].
    pub notify_url: Option<String>,
}

/// An existing payee. `Debug` hides the account.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownPayee {
    /// The payee's account.
    pub account: Clabe,
    /// Conekta's id of the payee.
    pub payee: String,
}

impl fmt::Debug for KnownPayee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KnownPayee({:?}, ..)", self.payee)
    }
}

impl ConektaConfig {
    /// A configuration with defaults, around the key.
    pub fn new(environment: Environment, api_key: Secret) -> Self {
        Self {
            environment,
            api_key,
            base_url: contract::BASE_URL.to_owned(),
            language: Language::English,
            webhook_keys: Vec::new(),
            digest_header: contract::DIGEST_HEADER.to_owned(),
            known_payees: Vec::new(),
            default_email: None,
            default_phone: None,
            amount_minor_min: contract::AMOUNT_MINOR_MIN,
            amount_minor_max: contract::AMOUNT_MINOR_MAX,
            notify_url: None,
        }
    }

    /// Reads the configuration by name: `ENVIRONMENT` and `API_KEY` are required. A caller that
    /// reads environment variables prepends `PAGOS_CONEKTA_`. `docs/providers/conekta.md` lists all
    /// names.
    ///
    /// `PAYEE_REUSE` is a comma-separated list of `CLABE=payee`. Two payouts to a payee that is
    /// paid again cannot be told apart, so with this setting the descriptor says
    /// `Deduplication::None`: a payout in doubt then waits for a person.
    ///
    /// # Errors
    /// `Invalid` for a missing or malformed value. The message never contains a key or an account.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let reader = SettingReader::new(SETTINGS, &lookup);
        let mut config = Self::new(reader.environment()?, reader.secret(&settings::API_KEY)?);
        reader.fill_text(&settings::BASE_URL, &mut config.base_url);
        reader.fill_word(&settings::ACCEPT_LANGUAGE, &LANGUAGES, &mut config.language)?;
        config.webhook_keys = reader.optional(&settings::WEBHOOK_KEYS).into_iter().collect();
        reader.fill_text(&settings::DIGEST_HEADER, &mut config.digest_header);
        if let Some(list) = reader.list(&settings::PAYEE_REUSE) {
            config.known_payees = parse_payees(&list)?;
        }
        config.default_email = reader.optional(&settings::DEFAULT_EMAIL);
        config.default_phone = reader.optional(&settings::DEFAULT_PHONE);
        reader.fill_minor(&settings::AMOUNT_MIN, Currency::Mxn, &mut config.amount_minor_min)?;
        reader.fill_minor(&settings::AMOUNT_MAX, Currency::Mxn, &mut config.amount_minor_max)?;
        config.notify_url = reader.optional(&settings::NOTIFY_URL);
        Ok(config)
    }
}

fn parse_payees(list: &[String]) -> Result<Vec<KnownPayee>, Error> {
    let refused = |because: &str| Error::invalid(settings::PAYEE_REUSE.name).because(because);
    list.iter()
        .map(|entry| {
            let (account, payee) = entry
                .split_once('=')
                .ok_or_else(|| refused("each entry is CLABE=payee, with commas between them"))?;
            let account = account.trim().parse::<Clabe>();
            let account = account.map_err(|error| refused(error.message()))?;
            Ok(KnownPayee { account, payee: payee.trim().to_owned() })
        })
        .collect()
}

#[cfg(test)]
mod tests;
