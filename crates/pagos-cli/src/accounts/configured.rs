//! The configuration of a command, and the account in it that an argument names.

use std::path::Path;

use pagos_core::AccountName;

use crate::{
    accounts::providers,
    config::{AccountSettings, Configuration},
    console,
    exit::Failure,
    words::file,
};

/// Loads the configuration and prints its warnings.
pub(crate) fn load(path: Option<&Path>) -> Result<Configuration, Failure> {
    let providers: Vec<&str> = providers().map(|known| known.name).collect();
    let configuration = Configuration::load(path, std::env::vars_os(), &providers)?;
    for warning in &configuration.warnings {
        console::tell(&file::warning(warning.text()));
    }
    Ok(configuration)
}

/// The settings of the account that an argument names.
pub(crate) fn settings_of<'a>(
    configuration: &'a Configuration,
    name: &str,
) -> Result<&'a AccountSettings, Failure> {
    let found = AccountName::new(name).ok().and_then(|name| configuration.account(&name));
    found.ok_or_else(|| {
        let names = configuration.accounts.iter().map(|account| account.name.as_str());
        let names: Vec<&str> = names.collect();
        let known = match names.is_empty() {
            true => "none is".to_owned(),
            false => format!("{} are", names.join(", ")),
        };
        Failure::new(format!(
            "account {name:?} is not configured ({known}); add it to pagos.toml, \
             or set PAGOS_<ACCOUNT>_<FIELD>"
        ))
    })
}
