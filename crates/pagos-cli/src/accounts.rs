//! From the configured accounts to providers. The one place of the command that names providers:
//! a row of the table, and a file beside for what is peculiar to each.

mod cashypro;
mod certificate;
mod conekta;
mod etpay;
mod limits;
mod proxy;
mod side;
#[cfg(test)]
mod tests;
mod virtualpos;

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

use async_trait::async_trait;
use clap::Subcommand;
use pagos_core::{
    AccountName, Bank, Clock, Environment, Error, Hint, NonceSource, PayoutOrder, PayoutProvider,
    SecretScope, Timestamp, Transport, Violation,
};
use pagos_http::HttpOptions;
use pagos_webhook::Endpoint;

use crate::{
    arguments::RateArguments,
    config::{AccountSettings, ConfigProblem, Configuration, Origin},
    exit::{Exit, Failure},
    input, offline,
};

pub(crate) use self::{limits::Limits, proxy::seams_of};

/// The providers that this binary knows.
pub(crate) const PROVIDERS: [&str; 4] =
    [cashypro::NAME, conekta::NAME, etpay::NAME, virtualpos::NAME];

/// What is done with the settings of an account, by provider.
static TABLE: [Known; 4] = [
    Known { name: cashypro::NAME, build: cashypro::build, sign: cashypro::sign, missed: None },
    Known {
        name: conekta::NAME,
        build: conekta::build,
        sign: conekta::sign,
        missed: Some(conekta::missed),
    },
    Known { name: etpay::NAME, build: etpay::build, sign: etpay::sign, missed: None },
    Known {
        name: virtualpos::NAME,
        build: virtualpos::build,
        sign: virtualpos::sign,
        missed: None,
    },
];

/// The commands that one provider has and no other.
#[derive(Debug, Subcommand)]
pub(crate) enum ProviderCommand {
    /// Look after a Conekta account: its webhook keys, webhooks, payees and events
    #[command(subcommand)]
    Conekta(conekta::Errand),
}

impl ProviderCommand {
    /// Does the provider's errand.
    pub(crate) fn run(&self, config: Option<&Path>) -> Result<Exit, Failure> {
        match self {
            Self::Conekta(errand) => conekta::run(errand, config),
        }
    }
}

/// The field with the secret of one session, for commands that look at one delivery.
pub(crate) const SESSION_SECRET: &str = "signature_token";

const WEBHOOK_SEGMENT: &str = "webhook_segment";

/// An address that is missing where nothing is sent.
const NOWHERE: &str = "https://not-configured.example/";

/// One provider.
struct Known {
    name: &'static str,
    build: fn(&AccountSettings, Gaps, &Seams) -> Built,
    sign: fn(&AccountSettings, &[u8]) -> Result<Signed, Failure>,
    /// What it told while nobody listened, where it keeps that.
    missed: Option<fn(&AccountSettings, &Seams) -> BuiltMissed>,
}

/// A provider, or everything that is wrong with its settings.
type Built = Result<Arc<dyn PayoutProvider>, Vec<ConfigProblem>>;

type BuiltMissed = Result<Arc<dyn Missed>, Vec<ConfigProblem>>;

/// What a provider told while nobody listened, where it keeps that.
#[async_trait]
pub(crate) trait Missed: fmt::Debug + Send + Sync {
    /// What it told of since then, each thing once: reasons to ask, no more.
    async fn hints(&self, since: Timestamp) -> Result<Vec<Hint>, Error>;
}

/// What a provider is given from outside.
#[derive(Debug, Clone)]
pub(crate) struct Seams {
    /// What all accounts share that have no certificates and no proxy of their own.
    pub(crate) transport: Arc<dyn Transport>,
    /// The limits of every transport.
    pub(crate) options: HttpOptions,
    /// Makes the transport of an account that has.
    pub(crate) connect: fn(&HttpOptions) -> Result<Arc<dyn Transport>, Error>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) nonces: Arc<dyn NonceSource>,
}

/// Which fields of an account may be missing. What is invented for them is never sent anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Gaps {
    /// None: the account will be used.
    Refused,
    /// What no signature rests on: signatures are computed and checked, nothing is sent.
    Unsigned,
    /// Credentials too: only the provider's rules are wanted.
    Credentials,
}

/// One configured account with its provider.
#[derive(Debug, Clone)]
pub(crate) struct Account {
    pub(crate) name: AccountName,
    pub(crate) environment: Environment,
    pub(crate) provider: Arc<dyn PayoutProvider>,
    /// Where its webhooks come in, if the provider sends any.
    pub(crate) endpoint: Option<Endpoint>,
    /// Where the proxy is that its calls go through, fit to be shown.
    pub(crate) proxy: Option<String>,
    /// What it told while nobody listened, if the account is used and the provider keeps that.
    pub(crate) missed: Option<Arc<dyn Missed>>,
    pub(crate) limits: Limits,
}

/// How a body is signed.
#[derive(Debug)]
pub(crate) struct Signed {
    pub(crate) string_to_sign: Vec<u8>,
    pub(crate) signature: String,
    pub(crate) headers: BTreeMap<&'static str, String>,
    /// The whole token, where the signature travels in one, or is one.
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

    /// Follows arguments about rates, which are for every account.
    pub(crate) fn limit_rates(&mut self, rates: &RateArguments) {
        self.list.iter_mut().for_each(|account| account.limits.yield_to(rates));
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

    fn bank(&self, order: &PayoutOrder) -> Option<Bank> {
        self.get(&order.account)?.provider.payee_bank(order)
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
    let known = known(settings).map_err(|problem| vec![problem])?;
    let limits = Limits::read(settings)?;
    let seams = &seams_of(settings, &limits, seams)?;
    let provider = (known.build)(settings, gaps, seams)?;
    let missed = match (gaps, known.missed) {
        (Gaps::Refused, Some(missed)) => Some(missed(settings, seams)?),
        _ => None,
    };
    let endpoint = endpoint(settings, &provider).map_err(|problem| vec![problem])?;
    limits.check(settings, provider.as_ref()).map_err(|problem| vec![problem])?;
    let unused = settings.unused();
    if !unused.is_empty() {
        return Err(unused);
    }
    let (name, environment) = (settings.name.clone(), settings.environment);
    let proxy = seams.options.proxy.as_ref().map(|proxy| proxy.place().to_owned());
    Ok(Account { name, environment, provider, endpoint, proxy, missed, limits })
}

/// How the exact bytes of a body are signed for an account. Sends nothing.
///
/// # Errors
/// What is wrong with the account, or that there is nothing to sign with.
pub(crate) fn sign(settings: &AccountSettings, body: &[u8]) -> Result<Signed, Failure> {
    build(settings, Gaps::Unsigned, &offline::seams())?;
    let known = known(settings).map_err(|problem| vec![problem])?;
    (known.sign)(settings, body)
}

fn known(settings: &AccountSettings) -> Result<&'static Known, ConfigProblem> {
    let provider = settings.lookup("provider").unwrap_or_else(|| settings.provider.clone());
    TABLE.iter().find(|known| known.name == provider).ok_or_else(|| {
        let because = format!("{provider:?} is not a provider of this binary");
        let remedy = format!("write one of {}", PROVIDERS.join(", "));
        ConfigProblem::new(settings.origin_of("provider").clone(), "provider", because, remedy)
    })
}

/// Where the account's webhooks come in.
fn endpoint(
    settings: &AccountSettings,
    provider: &Arc<dyn PayoutProvider>,
) -> Result<Option<Endpoint>, ConfigProblem> {
    let Some(decoder) = provider.webhooks() else {
        return Ok(None);
    };
    if decoder.secret_scope() == SecretScope::Session {
        // Known, so that it is not called misspelt by the commands that do not use it.
        settings.lookup(SESSION_SECRET);
    }
    let endpoint = Endpoint::new(settings.name.clone(), Arc::clone(provider));
    let endpoint = match settings.lookup(WEBHOOK_SEGMENT) {
        Some(segment) => endpoint.and_then(|endpoint| endpoint.with_segment(&segment)),
        None => endpoint,
    };
    endpoint.map(Some).map_err(|error| problem(settings, &error))
}

/// A provider's refusal of its configuration, with the place of the field.
fn problem(settings: &AccountSettings, error: &Error) -> ConfigProblem {
    let field = error.field().unwrap_or("account");
    let variable = settings.variable(field);
    let remedy = format!("set it in [accounts.{}], or as {variable}", settings.name);
    let origin = settings.origin_of(field).clone();
    ConfigProblem::new(origin, format!("{field}:"), error.message(), remedy)
}
