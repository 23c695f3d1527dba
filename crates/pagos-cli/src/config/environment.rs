//! The variables `PAGOS_<ACCOUNT>_<FIELD>`. The caller passes the environment.

use std::{collections::BTreeMap, ffi::OsString, path::Path};

use pagos_core::AccountName;

use crate::config::{AccountSettings, ConfigProblem, Configuration, Origin, file};

const PREFIX: &str = "PAGOS_";

/// The variables of an environment that are valid text.
#[derive(Debug)]
pub(crate) struct Variables {
    values: BTreeMap<String, String>,
}

impl Variables {
    /// Keeps variables that are text. A variable of ours that is not text is a problem.
    pub(crate) fn new(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> (Self, Vec<ConfigProblem>) {
        let mut values = BTreeMap::new();
        let mut problems = Vec::new();
        for (name, value) in variables {
            let Ok(name) = name.into_string() else {
                continue;
            };
            match value.into_string() {
                Ok(value) => {
                    values.insert(name, value);
                }
                Err(_) if name.starts_with(PREFIX) => {
                    let origin = Origin::Variable(name);
                    let because = "is not UTF-8";
                    problems.push(ConfigProblem::new(origin, "the value", because, "set it again"));
                }
                Err(_) => {}
            }
        }
        (Self { values }, problems)
    }

    /// The value of one variable.
    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }
}

/// Adds the variables to their accounts. If the file has no account with a provider's name, a
/// variable with that name creates it.
pub(super) fn apply(
    configuration: &mut Configuration,
    variables: &Variables,
    providers: &[&str],
    problems: &mut Vec<ConfigProblem>,
) {
    for (name, value) in variables.values.range(PREFIX.to_owned()..) {
        let Some(rest) = name.strip_prefix(PREFIX) else {
            break;
        };
        // Who gives a command: see `run/actor.rs`.
        if rest == "TOKEN" {
            continue;
        }
        let origin = Origin::Variable(name.clone());
        let Some((account, field)) = split(rest, configuration, providers) else {
            let remedy = "its name is PAGOS_<ACCOUNT>_<FIELD>; it was not used";
            let warning = ConfigProblem::new(origin, "the variable", "names no account", remedy);
            configuration.warnings.push(warning);
            continue;
        };
        if value.is_empty() {
            let (because, remedy) = ("is empty", "set it, or unset the variable");
            problems.push(ConfigProblem::new(origin, field, because, remedy));
            continue;
        }
        let (field, text) = match field.strip_suffix("_file") {
            None => (field.as_str(), value.clone()),
            Some(stem) => match file::read_secret(Path::new(value)) {
                Ok(text) => (stem, text),
                Err(because) => {
                    let remedy = "name a readable file of one line";
                    problems.push(ConfigProblem::new(origin, field, because, remedy));
                    continue;
                }
            },
        };
        account_mut(configuration, &account, &origin).set(field, text, origin);
    }
}

/// The account and field that a variable names. The longest account name wins, so that `bank-a-mx`
/// is not taken for field `mx` of `bank-a`.
fn split(
    rest: &str,
    configuration: &Configuration,
    providers: &[&str],
) -> Option<(AccountName, String)> {
    let configured = configuration.accounts.iter().map(|account| account.name.clone());
    let by_provider = providers.iter().filter_map(|provider| AccountName::new(*provider).ok());
    let names = configured.chain(by_provider);
    let fitting = names.filter_map(|name| {
        let field = rest.strip_prefix(&variable_part(&name))?.strip_prefix('_')?;
        (!field.is_empty()).then(|| (name, field.to_ascii_lowercase()))
    });
    fitting.max_by_key(|(name, _)| name.as_str().len())
}

fn variable_part(name: &AccountName) -> String {
    name.as_str().to_ascii_uppercase().replace('-', "_")
}

fn account_mut<'a>(
    configuration: &'a mut Configuration,
    name: &AccountName,
    origin: &Origin,
) -> &'a mut AccountSettings {
    let place = configuration.accounts.iter().position(|account| account.name == *name);
    let place = place.unwrap_or_else(|| {
        configuration.accounts.push(AccountSettings::new(name.clone(), origin.clone()));
        configuration.accounts.len() - 1
    });
    // `place` was found, or belongs to the account that was just pushed.
    #[allow(clippy::indexing_slicing)]
    &mut configuration.accounts[place]
}
