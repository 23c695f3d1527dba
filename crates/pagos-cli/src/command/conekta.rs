//! `pagos conekta`: maintains an account; moves no money. It shows no name, email address or
//! telephone number, and only the last four digits of an account number.

mod catch_up;
mod event;
mod key;
mod payee;
mod webhook;

use std::{io::Write, path::Path, sync::Arc};

use pagos_conekta::Conekta;
use pagos_core::{Error, ErrorKind};
use pagos_engine::{Policy, World};
use serde::Serialize;

use crate::{
    accounts::{
        self, Account, MissingFields,
        conekta::{self, NAME},
    },
    arguments::conekta::{AtArguments, ConektaCommand},
    config::AccountSettings,
    console,
    exit::{Exit, Failure},
    output::{Column, Grid, List, Piece, Screen},
    run::{self, target},
    seams,
};

/// Runs the command.
pub(super) fn run(command: &ConektaCommand, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(async {
        match command {
            ConektaCommand::WebhookKeys(command) => key::run(command, config).await,
            ConektaCommand::Webhooks(command) => webhook::run(command, config).await,
            ConektaCommand::Payees(command) => payee::run(command, config).await,
            ConektaCommand::Events(command) => event::run(command, config).await,
            ConektaCommand::CatchUp(arguments) => catch_up::run(arguments, config).await,
        }
    })
}

/// The account that a command is about.
struct ManagedAccount {
    conekta: Arc<Conekta>,
    settings: AccountSettings,
    account: Account,
    policy: Policy,
    /// The world in which the account's payouts are made.
    world: World,
    is_json: bool,
}

impl ManagedAccount {
    /// Opens the account that an argument names.
    async fn open(at: &AtArguments, config: Option<&Path>) -> Result<Self, Failure> {
        let found = target::settings_of(&at.account, at.sandbox_url.as_deref(), config).await?;
        let target::Found { settings, policy, world } = found;
        check_provider(&settings)?;
        let limits = accounts::Limits::read(&settings)?;
        let seams = accounts::seams_of(&settings, &limits, &seams::online(&policy)?)?;
        // Checks the whole account, including fields without a meaning.
        let account = accounts::build(&settings, MissingFields::Refused, &seams)?;
        let conekta = conekta::open(&settings, &seams)?;
        Ok(Self { conekta, settings, account, policy, world, is_json: at.json })
    }

    fn print_all<R: Shown>(&self, rows: &[R]) -> Result<Exit, Failure> {
        if self.is_json {
            console::print_json(&rows)?;
        } else if rows.is_empty() {
            console::tell("there are none");
        } else {
            let mut grid = Grid::new(R::COLUMNS);
            rows.iter().for_each(|row| grid.push_plain(row.cells()));
            let mut out = console::stdout();
            grid.write(&mut out, Screen::of_stdout())?;
            out.flush()?;
        }
        Ok(Exit::Succeeded)
    }

    /// Prints one object, with a line for each of its columns.
    fn print<R: Shown>(&self, row: &R) -> Result<Exit, Failure> {
        if self.is_json {
            console::print_json(row)?;
            return Ok(Exit::Succeeded);
        }
        let mut list = List::narrow();
        for (column, cell) in R::COLUMNS.iter().zip(row.cells()) {
            list.add(column.heading.to_ascii_lowercase(), Piece::plain(cell), column.kind);
        }
        let mut out = console::stdout();
        list.write(&mut out, Screen::of_stdout())?;
        out.flush()?;
        Ok(Exit::Succeeded)
    }

    /// Prints the result of a change, with a remark.
    fn print_changed<R: Shown>(
        &self,
        changed: Result<R, Error>,
        done: &str,
        look: &str,
    ) -> Result<Exit, Failure> {
        let Some(row) = made(changed, look)? else { return Ok(Exit::InDoubt) };
        let exit = self.print(&row)?;
        console::tell(done);
        Ok(exit)
    }
}

/// An object as it is shown. The names of its fields in JSON are stable.
trait Shown: Serialize {
    /// The headings of its cells.
    const COLUMNS: &'static [Column];

    /// The cells for people.
    fn cells(&self) -> Vec<String>;
}

/// The result of a change; `None` if it is unknown whether it was made, which is then reported.
///
/// # Errors
/// If it was certainly not made.
fn made<T>(changed: Result<T, Error>, look: &str) -> Result<Option<T>, Failure> {
    match changed {
        Ok(made) => Ok(Some(made)),
        Err(error) if is_in_doubt(&error) => {
            console::tell(Failure::from(error).to_string().trim_end());
            console::tell(&format!("it may have been done all the same: look with `{look}` first"));
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the change may have been made.
fn is_in_doubt(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Undelivered | ErrorKind::Unknown => true,
        ErrorKind::Invalid
        | ErrorKind::Throttled
        | ErrorKind::Unauthorized
        | ErrorKind::Rejected => false,
    }
}

fn check_provider(settings: &AccountSettings) -> Result<(), Failure> {
    match settings.provider == NAME {
        true => Ok(()),
        false => Err(Failure::new(format!(
            "account {} is of provider {}, and `pagos {NAME}` is for accounts of {NAME}; name \
             another account",
            settings.name, settings.provider
        ))),
    }
}

/// The cell of an optional value.
fn cell<T: ToString>(value: Option<&T>) -> String {
    value.map_or_else(|| "-".to_owned(), T::to_string)
}

fn yes_or_no(value: Option<bool>) -> String {
    value.map_or("-", |is_so| if is_so { "yes" } else { "no" }).to_owned()
}
