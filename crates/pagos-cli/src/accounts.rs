//! Builds providers from the configured accounts. This is the only place of the command that names
//! providers: each has a row in the table, and a file for its peculiarities.

mod cashypro;
mod certificate;
pub(crate) mod conekta;
mod configured;
mod etpay;
mod fields;
mod fintoc;
mod guards;
mod limits;
#[cfg(test)]
mod page;
mod proxy;
#[cfg(test)]
mod tests;
mod virtualpos;

use std::{collections::BTreeMap, fmt, sync::Arc};

use async_trait::async_trait;
use pagos_core::{
    AccountName, Bank, Environment, Error, Hint, PayoutOrder, PayoutProvider, SecretScope,
    Timestamp, Violation,
};
use pagos_webhook::Endpoint;
use pagos_wire::Setting;

use crate::{
    accounts::fields::Fields,
    config::{AccountSettings, ConfigProblem, Configuration, Origin},
    exit::Failure,
    input,
    seams::{self, Seams},
    words::Text,
};

pub(crate) use pagos_wire::MissingFields;

pub(crate) use self::{
    configured::{load, settings_of},
    guards::Guards,
    limits::Limits,
    proxy::seams_of,
};

/// The providers of this binary.
static PROVIDERS: &[Known] = &[
    // One row each; this comment keeps them on separate lines.
    cashypro::KNOWN,
    conekta::KNOWN,
    etpay::KNOWN,
    fintoc::KNOWN,
    virtualpos::KNOWN,
];

/// The field with the secret of one session, for commands about a single delivery.
pub(crate) const SESSION_SECRET: &str = "signature_token";

pub(crate) const WEBHOOK_SEGMENT: &str = "webhook_segment";

/// What the command knows about one provider.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    /// Its country and its abilities, as a line above its account in a configuration file.
    pub(crate) title: &'static str,
    /// The settings of its accounts.
    pub(crate) settings: &'static [Setting],
    /// What `pagos sign` signs, and which secrets its output contains.
    pub(crate) signs: &'static str,
    build: fn(&Fields<'_>, &Seams) -> Built,
    sign: fn(&Fields<'_>, &[u8]) -> Result<Signed, Failure>,
    /// Its events from the time when nobody listened, if the provider stores them.
    missed: Option<fn(&Fields<'_>, &Seams) -> BuiltMissed>,
    /// The setting that verifies its webhooks. `None` if they are verified in any case, or never.
    webhook_key: Option<&'static str>,
    /// What must be known before such an account is used, depending on its settings.
    caution: fn(&Fields<'_>) -> Option<Text>,
    /// Signs a text with a key that no call of `pagos doctor` needs, and says what that leaves open.
    try_key: Option<fn(&Fields<'_>) -> TriedKey>,
}

/// A provider, or all problems of its settings.
type Built = Result<Arc<dyn PayoutProvider>, Vec<ConfigProblem>>;

/// What remains open after a key signed, or all problems of its settings.
type TriedKey = Result<&'static str, Vec<ConfigProblem>>;

type BuiltMissed = Result<Arc<dyn MissedEvents>, Vec<ConfigProblem>>;

/// A provider's events from the time when nobody listened.
#[async_trait]
pub(crate) trait MissedEvents: fmt::Debug + Send + Sync {
    /// The events since that moment, each subject once. They are only reasons to query.
    async fn hints(&self, since: Timestamp) -> Result<Vec<Hint>, Error>;
}

/// One configured account with its provider.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: AccountName,
    pub(crate) environment: Environment,
    pub(crate) provider: Arc<dyn PayoutProvider>,
    /// Where its webhooks arrive, if the provider sends any.
    pub(crate) endpoint: Option<Endpoint>,
    /// The address of the proxy for its calls, without credentials.
    pub(crate) proxy: Option<String>,
    /// Its events from the time when nobody listened, if the account is used and the provider
    /// stores them.
    pub(crate) missed: Option<Arc<dyn MissedEvents>>,
    pub(crate) limits: Limits,
    /// What must be known before it is used.
    pub(crate) caution: Option<Text>,
    /// The setting that verifies its webhooks, if there is one.
    webhook_key: Option<&'static str>,
    pub(crate) guards: Guards,
}

impl Account {
    /// How to keep strangers from causing queries through its webhooks.
    pub(crate) fn remedy_for_strangers(&self) -> String {
        let segment = format!("{WEBHOOK_SEGMENT} to 16 or more random characters");
        match self.webhook_key {
            Some(key) => format!("set {key}, with which Pagos verifies them, or {segment}"),
            None => format!("set {segment}"),
        }
    }
}

/// A body's signature.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) string_to_sign: Vec<u8>,
    pub(crate) signature: String,
    pub(crate) headers: BTreeMap<&'static str, String>,
    /// The whole token, if the signature is part of one or is one.
    pub(crate) token: Option<String>,
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
    /// All problems of all accounts, at once.
    pub(crate) fn open(
        configuration: &Configuration,
        missing_fields: MissingFields,
        seams: &Seams,
    ) -> Result<Self, Vec<ConfigProblem>> {
        let mut accounts = Self::default();
        let mut problems = Vec::new();
        for settings in &configuration.accounts {
            match build(settings, missing_fields, seams) {
                Ok(account) => accounts.list.push(account),
                Err(found) => problems.extend(found),
            }
        }
        match problems.is_empty() {
            true => Ok(accounts),
            false => Err(problems),
        }
    }

    /// One account for every provider, with the provider's rules and without credentials, to check
    /// a file before anything is configured.
    pub(crate) fn without_configuration(seams: &Seams) -> Result<Self, Vec<ConfigProblem>> {
        let names = providers().filter_map(|known| AccountName::new(known.name).ok());
        let accounts = names.map(|name| AccountSettings::new(name, Origin::Default)).collect();
        let configuration = Configuration { accounts, ..Configuration::default() };
        Self::open(&configuration, MissingFields::Credentials, seams)
    }

    /// The account of this name.
    pub(crate) fn get(&self, name: &AccountName) -> Option<&Account> {
        self.list.iter().find(|account| account.name == *name)
    }

    /// All accounts.
    pub(crate) fn all(&self) -> &[Account] {
        &self.list
    }

    /// Drops rates that arguments set for the whole process.
    pub(crate) fn yield_to(&mut self, told: &Limits) {
        self.list.iter_mut().for_each(|account| account.limits.yield_to(told));
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
            Some(account) => {
                let mut violations = account.provider.check(order).err().unwrap_or_default();
                violations.extend(account.guards.limits.violations(order));
                if violations.is_empty() { Ok(()) } else { Err(violations) }
            }
            None => Err(vec![
                Violation::new(
                    "provider",
                    "is not an account that is configured",
                    "add it to pagos.toml",
                )
                .in_spanish("no es una cuenta configurada", "agréguela a pagos.toml"),
            ]),
        }
    }

    fn bank(&self, order: &PayoutOrder) -> Option<Bank> {
        self.get(&order.account)?.provider.payee_bank(order)
    }
}

/// Builds one account.
///
/// # Errors
/// All problems of the account; never an empty list.
pub(crate) fn build(
    settings: &AccountSettings,
    missing_fields: MissingFields,
    seams: &Seams,
) -> Result<Account, Vec<ConfigProblem>> {
    let known = known(settings).map_err(|problem| vec![problem])?;
    let limits = Limits::read(settings)?;
    let guards = Guards::read(settings)?;
    let seams = &seams_of(settings, &limits, seams)?;
    let fields = Fields::new(settings, known.settings, missing_fields);
    fields.check_sides()?;
    let seams = &certificate::seams(&fields, seams)?;
    let provider = (known.build)(&fields, seams)?;
    let missed = match (missing_fields, known.missed) {
        (MissingFields::Refused, Some(missed)) => Some(missed(&fields, seams)?),
        _ => None,
    };
    let endpoint = endpoint(settings, &provider).map_err(|problem| vec![problem])?;
    limits.check(settings, provider.as_ref()).map_err(|problem| vec![problem])?;
    let unused = settings.unused(known.settings);
    if !unused.is_empty() {
        return Err(unused);
    }
    let (name, environment) = (settings.name.clone(), settings.environment);
    let proxy = seams.options.proxy.as_ref().map(|proxy| proxy.place().to_owned());
    let (caution, webhook_key) = ((known.caution)(&fields), known.webhook_key);
    Ok(Account {
        name,
        environment,
        provider,
        endpoint,
        proxy,
        missed,
        limits,
        caution,
        webhook_key,
        guards,
    })
}

/// Tries the account's key that no call of `pagos doctor` needs. `None` if it has none.
pub(crate) fn try_key(settings: &AccountSettings) -> Option<TriedKey> {
    let known = known(settings).ok()?;
    let fields = Fields::new(settings, known.settings, MissingFields::Refused);
    known.try_key.map(|try_key| try_key(&fields))
}

/// Shows how the exact bytes of a body are signed for an account. Sends nothing.
///
/// # Errors
/// What is wrong with the account, or that it has nothing to sign with.
pub(crate) fn sign(settings: &AccountSettings, body: &[u8]) -> Result<Signed, Failure> {
    build(settings, MissingFields::Unsigned, &seams::offline())?;
    let known = known(settings).map_err(|problem| vec![problem])?;
    (known.sign)(&Fields::new(settings, known.settings, MissingFields::Unsigned), body)
}

/// The providers of this binary.
pub(crate) fn providers() -> impl Iterator<Item = &'static Known> {
    PROVIDERS.iter()
}

fn known(settings: &AccountSettings) -> Result<&'static Known, ConfigProblem> {
    let provider = settings.lookup("provider").unwrap_or_else(|| settings.provider.clone());
    providers().find(|known| known.name == provider).ok_or_else(|| {
        let because = format!("{provider:?} is not a provider of this binary");
        let names: Vec<&str> = providers().map(|known| known.name).collect();
        let remedy = format!("write one of {}", names.join(", "));
        ConfigProblem::new(settings.origin_of("provider").clone(), "provider", because, remedy)
    })
}

/// The endpoint for the account's webhooks.
fn endpoint(
    settings: &AccountSettings,
    provider: &Arc<dyn PayoutProvider>,
) -> Result<Option<Endpoint>, ConfigProblem> {
    let Some(decoder) = provider.webhooks() else {
        return Ok(None);
    };
    if decoder.secret_scope() == SecretScope::Session {
        // Read here, so that commands which do not use it do not report it as misspelt.
        settings.lookup(SESSION_SECRET);
    }
    let endpoint = Endpoint::new(settings.name.clone(), Arc::clone(provider));
    let endpoint = match settings.lookup(WEBHOOK_SEGMENT) {
        Some(segment) => endpoint.and_then(|endpoint| endpoint.with_segment(&segment)),
        None => endpoint,
    };
    endpoint.map(Some).map_err(|error| problem(settings, &error))
}

/// The problem of a refused field, with its place.
fn problem(settings: &AccountSettings, error: &Error) -> ConfigProblem {
    let field = error.field().unwrap_or("account");
    let variable = settings.variable(field);
    let table = known(settings).map_or(&[][..], |known| known.settings);
    let setting = table.iter().find(|setting| setting.name == field && !setting.is_switch());
    let without = match setting.and_then(|setting| setting.side) {
        Some(side) => format!("; without {} the account has no {}", side.switch, side.what),
        None => String::new(),
    };
    let remedy = format!("set it in [accounts.{}], or as {variable}{without}", settings.name);
    let origin = settings.origin_of(field).clone();
    ConfigProblem::new(origin, format!("{field}:"), error.message(), remedy)
}
