//! The configured accounts: reads `pagos.toml` and the environment into settings that are
//! independent of providers.
//!
//! A field comes from the first of these that has it: the variable `PAGOS_<ACCOUNT>_<FIELD>`, the
//! account's table, its `options`. Each name may end in `_file` (the value is in that file) or, in
//! `pagos.toml`, in `_env` (the value is in that variable). Every failure names file, line and
//! field, and shows no value.

mod api;
mod books;
mod environment;
mod events;
mod file;
mod limit;
mod permission;
mod problem;
mod receiver;
mod retention;
#[cfg(test)]
mod tests;
mod witness;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use pagos_core::{AccountName, Environment, Secret};
use pagos_webhook::Settings;
use pagos_wire::Setting;

pub(crate) use api::ApiSettings;
pub(crate) use books::{BookSettings, MappingName};
pub(crate) use environment::Variables;
pub(crate) use events::Destination;
pub(crate) use permission::{is_readable_by_others, warning_of_key_file};
pub(crate) use problem::{ConfigProblem, Origin};
pub(crate) use retention::Retention;
pub(crate) use witness::{Disk, WitnessPlace, WitnessSettings};

/// The file that is read if none is named.
pub(crate) const FILE_NAME: &str = "pagos.toml";

/// Everything that is configured.
#[derive(Debug, Default)]
pub(crate) struct Configuration {
    /// The accounts, by name.
    pub(crate) accounts: Vec<AccountSettings>,
    /// The endpoints of events, which are configured as accounts are.
    pub(crate) events: Vec<AccountSettings>,
    /// The books, by name.
    pub(crate) books: Vec<BookSettings>,
    /// Where a day begins, as `[days]` says; the accounts check it.
    pub(crate) day_offset: Option<String>,
    /// The limits of the webhook receiver.
    pub(crate) limits: Settings,
    /// The HTTP API of `serve`.
    pub(crate) api: ApiSettings,
    /// What `serve` prunes from the database, if anything.
    pub(crate) retention: Option<Retention>,
    /// Where `serve` answers `GET /metrics`, if anywhere.
    pub(crate) metrics: Option<SocketAddr>,
    /// The witness of the database, if there is one.
    pub(crate) witness: Option<WitnessSettings>,
    /// The file that was read, if there was one.
    pub(crate) path: Option<PathBuf>,
    /// Remarks that are no errors.
    pub(crate) warnings: Vec<ConfigProblem>,
}

/// The configuration of one account. `Debug` shows no value.
#[derive(Debug, Clone)]
pub(crate) struct AccountSettings {
    pub(crate) name: AccountName,
    /// The provider's name; by default the name of the account.
    pub(crate) provider: String,
    /// By default `sandbox`: real money must be requested.
    pub(crate) environment: Environment,
    /// Where the account is configured.
    pub(crate) origin: Origin,
    fields: BTreeMap<String, Field>,
    /// How many rules of approval it has; their fields are `approval.N.FIELD`.
    approval_rules: usize,
    asked: RefCell<BTreeSet<String>>,
}

/// One value. Every value is kept as a secret, since it is unknown which are secret.
#[derive(Debug, Clone)]
struct Field {
    value: Secret,
    origin: Origin,
}

impl Configuration {
    /// Reads `path`, or [`FILE_NAME`] if it exists, and the variables.
    ///
    /// # Errors
    /// All problems at once.
    pub(crate) fn load(
        path: Option<&Path>,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
        providers: &[&str],
    ) -> Result<Self, Vec<ConfigProblem>> {
        let (variables, mut problems) = Variables::new(variables);
        let mut configuration = Self::default();
        if let Some(path) = chosen_path(path) {
            let (read, found) = file::read(&path, &variables);
            problems.extend(found);
            configuration.accounts = read.accounts;
            configuration.events = read.events;
            configuration.books = read.books;
            configuration.day_offset = read.day_offset;
            configuration.limits = read.limits;
            configuration.retention = read.retention;
            configuration.metrics = read.metrics;
            configuration.api = read.api;
            configuration.witness = read.witness;
            configuration.path = Some(path);
        }
        environment::apply(&mut configuration, &variables, providers, &mut problems);
        configuration.accounts.sort_by(|left, right| left.name.cmp(&right.name));
        for account in &mut configuration.accounts {
            if let Err(problem) = account.settle() {
                problems.push(problem);
            }
            problems.extend(account.wrapped());
        }
        for endpoint in &configuration.events {
            problems.extend(endpoint.wrapped());
        }
        configuration.warnings.extend(permission::check(&configuration));
        match problems.is_empty() {
            true => Ok(configuration),
            false => Err(problems),
        }
    }

    /// The account of this name.
    pub(crate) fn account(&self, name: &AccountName) -> Option<&AccountSettings> {
        self.accounts.iter().find(|account| account.name == *name)
    }
}

impl AccountSettings {
    /// An account without any field.
    pub(crate) fn new(name: AccountName, origin: Origin) -> Self {
        Self {
            provider: name.to_string(),
            environment: Environment::Sandbox,
            name,
            origin,
            fields: BTreeMap::new(),
            approval_rules: 0,
            asked: RefCell::default(),
        }
    }

    /// The value of a field, by its name in either case. Notes that it was used.
    pub(crate) fn lookup(&self, field: &str) -> Option<String> {
        let field = field.to_ascii_lowercase();
        let value = self.fields.get(&field).map(|field| field.value.expose().to_owned());
        self.asked.borrow_mut().insert(field);
        value
    }

    /// How many rules of approval it has.
    pub(crate) fn approval_rules(&self) -> usize {
        self.approval_rules
    }

    /// Where a field is configured, for a message about it.
    pub(crate) fn origin_of(&self, field: &str) -> &Origin {
        self.fields.get(field).map_or(&self.origin, |field| &field.origin)
    }

    /// The variable that sets a field: `PAGOS_BANK_A_API_KEY`.
    pub(crate) fn variable(&self, field: &str) -> String {
        let account = self.name.as_str().to_ascii_uppercase().replace('-', "_");
        format!("PAGOS_{account}_{}", field.to_ascii_uppercase())
    }

    /// The fields that were not used: misspelt, or without effect. A misspelt one is likely to be
    /// one of the `table`, or one that was used.
    pub(crate) fn unused(&self, table: &[Setting]) -> Vec<ConfigProblem> {
        let asked = self.asked.borrow();
        let known = asked.iter().map(String::as_str).chain(table.iter().map(|it| it.name));
        let known: BTreeSet<&str> = known.collect();
        let unused = self.fields.iter().filter(|(name, _)| !asked.contains(*name));
        let problem = |(name, field): (&String, &Field)| {
            let distance = |known: &&&str| strsim::levenshtein(name, known);
            let others = known.iter().filter(|known| **known != name.as_str());
            let nearest = others.min_by_key(distance).filter(|near| distance(near) <= 2);
            let remedy = match nearest {
                Some(near) => format!("did you mean {near}?"),
                None => format!("remove it, or see the page of provider {}", self.provider),
            };
            let because = format!("has no meaning for account {}", self.name);
            ConfigProblem::new(field.origin.clone(), name, because, remedy)
        };
        unused.map(problem).collect()
    }

    /// Sets a field; a variable wins over the file.
    pub(crate) fn set(&mut self, name: &str, text: String, origin: Origin) {
        let rule = name.strip_prefix("approval.").and_then(|rest| rest.split('.').next());
        if let Some(number) = rule.and_then(|number| number.parse::<usize>().ok()) {
            self.approval_rules = self.approval_rules.max(number + 1);
        }
        self.fields.insert(name.to_owned(), Field { value: Secret::new(text), origin });
    }

    /// Reads the two fields that do not belong to the provider.
    pub(crate) fn settle(&mut self) -> Result<(), ConfigProblem> {
        if let Some(provider) = self.lookup("provider") {
            self.provider = provider;
        }
        if let Some(word) = self.lookup("environment") {
            self.environment = word.parse().map_err(|_| {
                let because = "is neither \"sandbox\" nor \"live\"";
                let remedy = "write one of the two";
                let origin = self.origin_of("environment").clone();
                ConfigProblem::new(origin, "environment", because, remedy)
            })?;
        }
        Ok(())
    }

    /// Values with extra characters around them. No field of a provider has them, and the provider
    /// would refuse such a key with a misleading message.
    fn wrapped(&self) -> Vec<ConfigProblem> {
        let problem = |(name, field): (&String, &Field)| {
            let (because, remedy) = wrapping(field.value.expose())?;
            Some(ConfigProblem::new(field.origin.clone(), name, because, remedy))
        };
        self.fields.iter().filter_map(problem).collect()
    }

    /// Whether the file itself contains a secret value.
    fn has_secret_in_file(&self) -> bool {
        let is_in_file = |field: &Field| matches!(field.origin, Origin::File { .. });
        // A proxy's address may contain its credentials.
        let is_secret = |name: &str, field: &Field| {
            is_secret(name) || (name == "proxy" && field.value.expose().contains('@'))
        };
        self.fields.iter().any(|(name, field)| is_secret(name, field) && is_in_file(field))
    }
}

/// The extra characters around a value, and what to do.
fn wrapping(text: &str) -> Option<(&'static str, &'static str)> {
    let is_in = |quote: char| text.len() > 1 && text.starts_with(quote) && text.ends_with(quote);
    if text.starts_with('\u{FEFF}') {
        return Some(("begins with a byte order mark", "save its file as UTF-8 without one"));
    }
    if is_in('"') || is_in('\'') {
        let because = "has its quotes as a part of the value, as from an env file";
        return Some((because, "set it without the quotes"));
    }
    let is_padded = text.trim() != text && !text.contains("-----BEGIN");
    is_padded.then_some(("begins or ends with a space or a line break", "set it without"))
}

/// Recognises the usual names of secrets, for the warning about a file that others can read.
fn is_secret(name: &str) -> bool {
    ["key", "secret", "token", "password", "segment"].iter().any(|word| name.contains(word))
}

fn chosen_path(path: Option<&Path>) -> Option<PathBuf> {
    let default = || Some(PathBuf::from(FILE_NAME)).filter(|path| path.exists());
    path.map(Path::to_owned).or_else(default)
}
