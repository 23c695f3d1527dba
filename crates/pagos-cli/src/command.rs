//! The commands, one file each. The command line itself is in `arguments.rs`.

mod approval;
mod archive;
mod audit;
mod backup;
mod balance;
mod banks;
mod cep;
mod conekta;
mod doctor;
mod events;
mod export;
mod history;
mod inbox;
mod init;
mod list;
mod migrate;
mod pages;
mod pay;
mod payment;
mod plan;
mod prune;
mod reconcile;
mod resolve;
mod restore;
mod serve;
mod sign;
mod status;
mod token;
mod twin;
mod verify;
mod witness;

use std::path::Path;

use crate::{
    arguments::{Arguments, Command, ReconcileCommand},
    exit::{Exit, Failure},
    telemetry,
};

/// Runs the command.
///
/// # Errors
/// If it could not do its work. The command itself reports problems of a file or a delivery.
pub(crate) fn run(arguments: &Arguments) -> Result<Exit, Failure> {
    let (config, log) = (arguments.config.as_deref(), arguments.log);
    // `serve` subscribes when it knows whether it counts.
    if !matches!(arguments.command, Command::Serve(_)) {
        telemetry::start(log, telemetry::Counting::Off)?;
    }
    match &arguments.command {
        Command::Plan(plan) => plan::run(plan, config),
        Command::Sign(sign) => sign::run(sign, config),
        Command::Verify(verify) => verify::run(verify, config),
        Command::Payment(payment) => payment::run(payment, config),
        Command::Init(init) => init::run(init),
        Command::Pay(pay) => pay::run(pay, config),
        Command::Export(export) => export::run(export, config),
        Command::Status(key) => status::run(key),
        Command::History(key) => history::run(key),
        Command::List(list) => list::run(list),
        Command::Balance(account) => balance::run(account, config),
        Command::Banks(account) => banks::run(account, config),
        Command::Resolve(resolve) => resolve::run(resolve, config),
        Command::Runs(runs) => approval::runs(runs),
        Command::Approve(approve) => approval::approve(approve, config),
        Command::Reject(reject) => approval::reject(reject, config),
        Command::Withdraw(withdraw) => approval::withdraw(withdraw, config),
        Command::Doctor(doctor) => doctor::run(doctor, config),
        Command::Events(events) => events::run(events),
        Command::Serve(serve) => serve::run(serve, config, log),
        Command::Inbox(inbox) => inbox::run(inbox, config),
        Command::Reconcile(command) => reconcile::run(command, config),
        Command::Token(token) => token::run(token),
        Command::Prune(prune) => prune::run(prune),
        Command::Witness(shown) => witness::run(shown, config),
        Command::Archive(archive) => archive::run(archive),
        Command::Audit(audit) => audit::run(audit),
        Command::Cep(cep) => cep::run(cep),
        Command::Backup(backup) => backup::run(backup),
        Command::Restore(restore) => restore::run(restore, config),
        Command::Migrate(migrate) => migrate::run(migrate),
        Command::Completions(shell) => pages::completions(shell),
        Command::Man(man) => pages::man(man),
        Command::Twin(twin) => twin::run(twin),
        Command::Conekta(command) => conekta::run(command, config),
    }
}

/// Whether a command speaks to people in both languages. The others would mix them.
pub(crate) fn is_bilingual(command: &Command) -> bool {
    matches!(
        command,
        Command::Plan(_)
            | Command::Pay(_)
            | Command::Status(_)
            | Command::History(_)
            | Command::List(_)
            | Command::Reconcile(ReconcileCommand::Report(_))
    )
}

/// The bytes of a file that an argument names.
fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(path).map_err(|error| Failure::new(format!("{}: {error}", path.display())))
}
