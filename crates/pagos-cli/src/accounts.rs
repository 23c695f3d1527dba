//! From the configured accounts to providers. The one place of the command that names providers.

use std::sync::Arc;

use pagos_cashypro::Cashypro;
use pagos_cashypro::CashyproConfig;
use pagos_core::AccountName;
use pagos_core::Clock;
use pagos_core::Environment;
use pagos_core::Error;
use pagos_core::NonceSource;
use pagos_core::PayoutOrder;
use pagos_core::PayoutProvider;
use pagos_core::Transport;
use pagos_core::Violation;

use crate::config::AccountSettings;
use crate::config::ConfigProblem;
use crate::config::Configuration;
use crate::config::Origin;
use crate::input;

/// The providers that this binary knows.
pub(crate) const PROVIDERS: [&str; 1] = [CASHYPRO];

const CASHYPRO: &str = "cashypro";

/// What a provider is given from outside.
#[derive(Debug, Clone)]
pub(crate) struct Seams {
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) nonces: Arc<dyn NonceSource>,
}

/// Which fields of an account may be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gaps {
    /// None: the account will be used.
    Refused,
    /// Addresses: signatures are computed and checked, nothing is sent.
    Addresses,
    /// Credentials too: only the provider's rules are wanted.
    Credentials,
}

/// One configured account with its provider.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: AccountName,
    pub(crate) environment: Environment,
    pub(crate) provider: Arc<dyn PayoutProvider>,
}

/// All configured accounts.
#[derive(Debug, Clone, Default)]
pub(crate) struct Accounts {
    list: Vec<Account>,
}

impl Accounts {
    /// Builds every configured account.
    ///
    /// # Errors
    /// Everything that is wrong with any of them, in one go.
    pub(crate) fn open(
        configuration: &Configuration,
        gaps: Gaps,
        seams: &Seams,
    ) -> Result<Self, Vec<ConfigProblem>> {
        let mut accounts = Self::default();
        let mut problems = Vec::new();
        for settings in &configuration.accounts {
            match build(settings, gaps, seams) {
                Ok(account) => accounts.list.push(account),
                Err(found) => problems.extend(found),
            }
        }
        match problems.is_empty() {
            true => Ok(accounts),
            false => Err(problems),
        }
    }

    /// One account for every provider, with the provider's rules and without credentials: for a
    /// look at a file before anything is configured.
    pub(crate) fn without_configuration(seams: &Seams) -> Result<Self, Vec<ConfigProblem>> {
        let names = PROVIDERS.iter().filter_map(|provider| AccountName::new(*provider).ok());
        let accounts = names.map(|name| AccountSettings::new(name, Origin::Default)).collect();
        let configuration = Configuration { accounts, ..Configuration::default() };
        Self::open(&configuration, Gaps::Credentials, seams)
    }

    /// The account of this name.
    pub(crate) fn get(&self, name: &AccountName) -> Option<&Account> {
        self.list.iter().find(|account| account.name == *name)
    }

    /// All accounts.
    pub(crate) fn all(&self) -> &[Account] {
        &self.list
    }
}

impl input::Accounts for Accounts {
    fn contains(&self, name: &AccountName) -> bool {
        self.get(name).is_some()
    }

    fn names(&self) -> Vec<String> {
        self.list.iter().map(|account| account.name.to_string()).collect()
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        match self.get(&order.account) {
            Some(account) => account.provider.check(order),
            None => Err(vec![Violation::new(
                "provider",
                "is not an account that is configured",
                "add it to pagos.toml",
            )]),
        }
    }
}

/// Builds one account.
///
/// # Errors
/// What is wrong with it; never an empty list.
pub(crate) fn build(
    settings: &AccountSettings,
    gaps: Gaps,
    seams: &Seams,
) -> Result<Account, Vec<ConfigProblem>> {
    let refused = |error: Error| vec![problem(settings, &error)];
    let config = cashypro_config(settings, gaps)?;
    let (transport, clock) = (Arc::clone(&seams.transport), Arc::clone(&seams.clock));
    let provider = Cashypro::new(config, transport, clock, Arc::clone(&seams.nonces));
    Ok(Account {
        name: settings.name.clone(),
        environment: settings.environment,
        provider: Arc::new(provider.map_err(refused)?),
    })
}

/// The configuration of a Cashypro account.
///
/// # Errors
/// If the account is another provider's, or a field is missing, wrong, or without meaning.
pub(crate) fn cashypro_config(
    settings: &AccountSettings,
    gaps: Gaps,
) -> Result<CashyproConfig, Vec<ConfigProblem>> {
    let provider = settings.lookup("provider").unwrap_or_else(|| settings.provider.clone());
    if provider != CASHYPRO {
        let because = format!("{provider:?} is not a provider of this binary");
        let remedy = format!("write one of {}", PROVIDERS.join(", "));
        let origin = settings.origin_of("provider").clone();
        return Err(vec![ConfigProblem::new(origin, "provider", because, remedy)]);
    }
    // `environment` has a default of its own, and what is invented is never sent anywhere.
    let lookup = |name: &str| {
        settings.lookup(name).or_else(|| match name {
            "ENVIRONMENT" => Some(settings.environment.to_string()),
            "BASE_URL" | "NOTIFY_URL" if gaps >= Gaps::Addresses => {
                Some("https://not-configured.example/".to_owned())
            }
            "MERCHANT_ID" if gaps >= Gaps::Credentials => Some("0".to_owned()),
            "API_KEY" if gaps >= Gaps::Credentials => Some("not-configured".to_owned()),
            _ => None,
        })
    };
    let config =
        CashyproConfig::from_lookup(lookup).map_err(|error| vec![problem(settings, &error)])?;
    let unused = settings.unused();
    match unused.is_empty() {
        true => Ok(config),
        false => Err(unused),
    }
}

/// A provider's refusal of its configuration, with the place of the field.
fn problem(settings: &AccountSettings, error: &Error) -> ConfigProblem {
    let field = error.field().unwrap_or("account");
    let account = settings.name.as_str().to_ascii_uppercase().replace('-', "_");
    let remedy = format!(
        "set it in [accounts.{}], or as PAGOS_{account}_{}",
        settings.name,
        field.to_ascii_uppercase()
    );
    let origin = settings.origin_of(field).clone();
    ConfigProblem::new(origin, format!("{field}:"), error.message(), remedy)
}
