//! What each command does, one file a command. The command line itself is in `arguments.rs`.

mod archive;
mod balance;
mod banks;
mod conekta;
mod doctor;
mod history;
mod inbox;
mod init;
mod list;
mod pay;
mod payment;
mod plan;
mod prune;
mod resolve;
mod serve;
mod sign;
mod status;
mod twin;
mod verify;

use std::path::Path;

use pagos_core::AccountName;

use crate::{
    accounts,
    arguments::{Arguments, Command},
    config::{AccountSettings, Configuration},
    console,
    exit::{Exit, Failure},
};

/// Runs the command.
///
/// # Errors
/// If it could not do its work. What a file or a delivery lacks is the command's own report.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let config = arguments.config.as_deref();
    match &arguments.command {
        Command::Plan(plan) => plan::run(plan, config),
        Command::Sign(sign) => sign::run(sign, config),
        Command::Verify(verify) => verify::run(verify, config),
        Command::Payment(payment) => payment::run(payment, config),
        Command::Init(init) => init::run(init),
        Command::Pay(pay) => pay::run(pay, config),
        Command::Status(key) => status::run(key),
        Command::History(key) => history::run(key),
        Command::List(list) => list::run(list),
        Command::Balance(account) => balance::run(account, config),
        Command::Banks(account) => banks::run(account, config),
        Command::Resolve(resolve) => resolve::run(resolve, config),
        Command::Doctor(doctor) => doctor::run(doctor, config),
        Command::Serve(serve) => serve::run(serve, config),
        Command::Inbox(inbox) => inbox::run(inbox, config),
        Command::Prune(prune) => prune::run(prune),
        Command::Archive(archive) => archive::run(archive),
        Command::Twin(twin) => twin::run(twin),
        Command::Conekta(errand) => conekta::run(errand, config),
    }
}

/// The configuration, after its warnings were told.
pub(crate) fn load(path: Option<&Path>) -> Result<Configuration, Failure> {
    let providers: Vec<&str> = accounts::providers().map(|known| known.name).collect();
    let configuration = Configuration::load(path, std::env::vars_os(), &providers)?;
    for warning in &configuration.warnings {
        console::tell(&format!("warning: {warning}"));
    }
    Ok(configuration)
}

/// The settings of the account that an argument names.
pub(crate) fn account<'a>(
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

/// The bytes of a file that an argument names.
fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}
