//! The accounts that a command pays through: the configured ones, or a sandbox with invented ones.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::Arc,
};

use pagos_core::{AccountName, Environment, PayoutProvider};
use pagos_engine::{Policy, World};
use pagos_twin::Profile;
use pagos_webhook::Settings;

use crate::{
    accounts::{self, Account, Accounts, Limits, MissingFields},
    arguments::{AccountArguments, RateArguments, WitnessArguments, days},
    config::{
        AccountSettings, ApiSettings, Configuration, Destination, Origin, Retention,
        WitnessSettings,
    },
    exit::Failure,
    run::{database::Database, follow::Until, listen, witness::Money},
    sandbox::{self, Sandbox},
    seams,
    words::{Text, pay},
};

/// The word that a store keeps for accounts whose providers are twins.
pub(crate) const SIMULATED: &str = "simulated";

/// The target that a command was told to use.
#[derive(Debug, Clone)]
pub(crate) enum Choice {
    /// The configured accounts.
    Configured {
        /// The configuration file that was named.
        config: Option<PathBuf>,
    },
    /// Twins in this process, with their memory beside the database.
    Twins {
        /// The database.
        db: Database,
        /// Their fault profile.
        profile: Profile,
        /// The seed of their faults.
        seed: u64,
    },
    /// Twins that are already running.
    RunningTwins {
        /// Their address, as `http://127.0.0.1:PORT`.
        origin: String,
    },
}

/// Accounts, and the rules for them.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) accounts: Accounts,
    pub(crate) policy: Policy,
    /// The world in which its payouts are made. A store is tied to it.
    pub(crate) world: World,
    pub(crate) until: Until,
    /// The limits of the webhook receiver.
    pub(crate) limits: Settings,
    /// What the service prunes from the database, if anything.
    pub(crate) retention: Option<Retention>,
    /// The endpoints that get events.
    pub(crate) events: Vec<Destination>,
    /// Where the service answers `GET /metrics`, if that is configured.
    pub(crate) metrics: Option<SocketAddr>,
    /// Its HTTP API.
    pub(crate) api: ApiSettings,
    /// The witness of the database, if there is one.
    pub(crate) witness: Option<WitnessSettings>,
    /// The socket for webhooks to this process; for real accounts `pagos serve` opens one.
    pub(crate) listener: Option<TcpListener>,
    /// The twins, if this process must stop them.
    pub(crate) sandbox: Option<Sandbox>,
    /// The address of the twins, if there are any.
    twins: Option<String>,
}

impl Target {
    pub(crate) async fn open(choice: Choice) -> Result<Self, Failure> {
        match choice {
            Choice::Configured { config } => Self::configured(config.as_deref()),
            Choice::Twins { db, profile, seed } => {
                let sandbox = Sandbox::start(db.bank(), profile, seed).await?;
                Self::of_sandbox(sandbox).await
            }
            Choice::RunningTwins { origin } => {
                Self::of_sandbox(Sandbox::join(&origin).await?).await
            }
        }
    }

    /// The message about a sandbox.
    pub(crate) fn about_sandbox(&self) -> Option<Text> {
        let sandbox = self.sandbox.as_ref()?;
        Some(pay::sandbox(sandbox.place(), sandbox.speed().text()))
    }

    /// Whether real money would be sent.
    pub(crate) fn is_live(&self) -> bool {
        let is_live = |account: &Account| account.environment == Environment::Live;
        self.world == World::Providers && self.accounts.all().iter().any(is_live)
    }

    pub(crate) fn money(&self) -> Money {
        if self.is_live() { Money::Real } else { Money::Invented }
    }

    /// The witness that an argument names takes the place of the configured one.
    pub(crate) fn witness_at(&mut self, arguments: &WitnessArguments) {
        if let Some(place) = &arguments.witness {
            self.witness = Some(match self.witness.take() {
                Some(settings) => WitnessSettings { place: place.clone(), ..settings },
                None => WitnessSettings::at(place.clone()),
            });
        }
    }

    /// Tells the twins the webhook address of this process. Real providers are told by hand, and
    /// some get no address in requests.
    pub(crate) async fn announce(&self, listening: SocketAddr) -> Result<(), Failure> {
        let Some(origin) = &self.twins else {
            return Ok(());
        };
        let address = |account: &Account| {
            let name = &account.name;
            (name.to_string(), listen::notify_url(listening, name))
        };
        let webhooks: BTreeMap<_, _> = self.accounts.all().iter().map(address).collect();
        let merchant = serde_json::json!({ "webhooks": webhooks });
        Ok(sandbox::register(origin, &merchant).await?)
    }

    /// Applies arguments about rates to all accounts; without them each account has its own rates,
    /// or the policy's.
    pub(crate) fn limit_rates(&mut self, rates: &RateArguments) {
        let policy = &mut self.policy;
        policy.sends_per_second_max = rates.rate.or(policy.sends_per_second_max);
        if let Some(queries) = rates.query_rate {
            policy.limit_queries(queries);
        }
        self.accounts.yield_to(&Limits {
            sends_per_second_max: rates.rate,
            queries_per_second_max: rates.query_rate,
            ..Limits::default()
        });
    }

    /// A target without accounts.
    #[cfg(test)]
    pub(crate) fn nobodys() -> Self {
        Self {
            accounts: Accounts::default(),
            policy: Policy::live(),
            world: World::Providers,
            until: Until::Settled,
            limits: Settings::default(),
            retention: None,
            events: Vec::new(),
            metrics: None,
            api: ApiSettings::default(),
            witness: None,
            listener: None,
            sandbox: None,
            twins: None,
        }
    }

    fn configured(config: Option<&Path>) -> Result<Self, Failure> {
        let configuration = accounts::load(config)?;
        if configuration.accounts.is_empty() {
            return Err(Failure::new(pay::no_account_to_pay_with()));
        }
        let policy = Policy::live();
        let accounts =
            Accounts::open(&configuration, MissingFields::Refused, &seams::online(&policy)?)?;
        let events = Destination::read_all(&configuration.events)?;
        if let Some(retention) = &configuration.retention {
            check_retention(retention, &accounts, &policy)?;
        }
        Ok(Self {
            accounts,
            policy,
            world: World::Providers,
            until: Until::Settled,
            limits: configuration.limits,
            retention: configuration.retention,
            events,
            metrics: configuration.metrics,
            api: configuration.api,
            witness: configuration.witness,
            listener: None,
            sandbox: None,
            twins: None,
        })
    }

    /// The accounts of twins, with their invented credentials.
    pub(crate) async fn of_sandbox(sandbox: Sandbox) -> Result<Self, Failure> {
        let listener = listen::open(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
        let mut configuration = settings_of_twins(&sandbox)?;
        let listening = listener.local_addr()?;
        for settings in &mut configuration.accounts {
            let address = listen::notify_url(listening, &settings.name);
            settings.set("notify_url", address, Origin::Default);
        }
        let policy = Policy::twin(sandbox.speed().times());
        let accounts =
            Accounts::open(&configuration, MissingFields::Refused, &seams::online(&policy)?)?;
        Ok(Self {
            accounts,
            policy,
            world: simulated(),
            until: Until::Watched,
            limits: configuration.limits,
            retention: None,
            events: Vec::new(),
            metrics: None,
            api: ApiSettings::default(),
            witness: None,
            listener: Some(listener),
            twins: Some(sandbox.origin().to_owned()),
            sandbox: Some(sandbox),
        })
    }
}

/// Refuses a retention under which a payout leaves while its provider can still reverse it.
///
/// # Errors
/// If the days are too few, with the account that needs more.
fn check_retention(
    retention: &Retention,
    accounts: &Accounts,
    policy: &Policy,
) -> Result<(), Failure> {
    let kept = days(retention.keep_days);
    for account in accounts.all() {
        let window = account.provider.descriptor().return_window.unwrap_or(policy.watch_for);
        if kept <= window {
            let window_days = window.as_secs().div_ceil(86_400);
            let (keep_days, account) = (retention.keep_days, account.name.as_str());
            return Err(Failure::new(pay::watched_for_longer(
                keep_days,
                account,
                window_days,
                window_days + 1,
            )));
        }
    }
    Ok(())
}

/// The world of accounts whose providers are twins.
pub(crate) fn simulated() -> World {
    World::Simulated(SIMULATED.to_owned())
}

/// One account before its provider is built.
pub(crate) struct Found {
    pub(crate) settings: AccountSettings,
    pub(crate) policy: Policy,
    /// The world in which its payouts are made.
    pub(crate) world: World,
}

/// The account that an argument names, as configured or as invented by running twins.
pub(crate) async fn settings_of(
    name: &str,
    sandbox_url: Option<&str>,
    config: Option<&Path>,
) -> Result<Found, Failure> {
    let (configuration, policy) = match sandbox_url {
        Some(origin) => {
            let sandbox = Sandbox::join(origin).await?;
            (settings_of_twins(&sandbox)?, Policy::twin(sandbox.speed().times()))
        }
        None => (accounts::load(config)?, Policy::live()),
    };
    let settings = accounts::settings_of(&configuration, name)?.clone();
    let world = match sandbox_url {
        Some(_) => simulated(),
        None => World::Providers,
    };
    Ok(Found { settings, policy, world })
}

/// The provider of the account that an argument names.
pub(crate) async fn provider_of(
    arguments: &AccountArguments,
    config: Option<&Path>,
) -> Result<Arc<dyn PayoutProvider>, Failure> {
    let choice = match &arguments.sandbox_url {
        Some(origin) => Choice::RunningTwins { origin: origin.clone() },
        None => Choice::Configured { config: config.map(Path::to_owned) },
    };
    let target = Target::open(choice).await?;
    let name: AccountName = arguments.account.parse()?;
    match target.accounts.get(&name) {
        Some(account) => Ok(Arc::clone(&account.provider)),
        None => Err(Failure::new(format!("account {name} is not configured"))),
    }
}

/// Accounts with the twins' invented credentials; each has its provider's name.
fn settings_of_twins(sandbox: &Sandbox) -> Result<Configuration, Failure> {
    let mut configuration = Configuration::default();
    for (provider, fields) in sandbox.credentials() {
        let name = AccountName::new(provider.clone())?;
        let mut settings = AccountSettings::new(name, Origin::Default);
        for (field, value) in fields {
            settings.set(field, value.clone(), Origin::Default);
        }
        configuration.accounts.push(settings);
    }
    Ok(configuration)
}
