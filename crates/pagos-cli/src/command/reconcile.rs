//! `pagos reconcile`: compares payouts with statements of banks and with what providers say.

mod decide;
mod lines;
mod provider;
mod report;
mod statement;

use std::{collections::BTreeSet, io::Write, path::Path, sync::Arc};

use pagos_api::token::Scope;
use pagos_core::{AccountName, BookName, Day};
use pagos_engine::{Actor, Store, UtcOffset};
use pagos_reconcile::{Book, Reconciler, Rules};
use pagos_statement::Mapping;

use crate::{
    accounts,
    arguments::{BookArguments, MappingsArguments, ReconcileCommand},
    config::{BookSettings, Configuration, MappingName},
    console,
    exit::{Exit, Failure},
    input::path_text,
    output::{Column, Grid, Kind, Screen},
    run::{self, actor::actor, database::Database, instance},
};

/// Runs one of the commands.
pub(super) fn run(command: &ReconcileCommand, config: Option<&Path>) -> Result<Exit, Failure> {
    run::block_on(async {
        match command {
            ReconcileCommand::Statement(arguments) => statement::run(arguments, config).await,
            ReconcileCommand::Provider(arguments) => provider::run(arguments, config).await,
            ReconcileCommand::Report(arguments) => report::run(arguments, config).await,
            ReconcileCommand::Lines(arguments) => lines::run(arguments, config).await,
            ReconcileCommand::Match(arguments) => decide::matched(arguments, config).await,
            ReconcileCommand::Explain(arguments) => decide::explain(arguments, config).await,
            ReconcileCommand::Undo(arguments) => decide::undo(arguments, config).await,
            ReconcileCommand::Close(arguments) => decide::close(arguments, config).await,
            ReconcileCommand::Mappings(arguments) => mappings(arguments),
        }
    })
}

/// An open book.
struct Opened {
    db: Database,
    settings: BookSettings,
    reconciler: Reconciler,
}

impl Opened {
    /// Opens the book that an argument names, in a database that exists.
    async fn open(arguments: &BookArguments, config: Option<&Path>) -> Result<Self, Failure> {
        let configuration = accounts::load(config)?;
        let settings = book_settings(&configuration, &arguments.book)?;
        let db = Database::existing(arguments.store.db.as_ref());
        if db.is_new().await? {
            return Err(Failure::new(format!("{db}: there is no database")));
        }
        let store = db.open().await?;
        check_accounts(&configuration, &settings, store.as_ref()).await?;
        let book = Book {
            name: settings.name.clone(),
            accounts: settings.accounts.clone(),
            currency: settings.currency,
            utc_offset_minutes: offset(&configuration, &settings)?.minutes(),
            rules: rules(&settings),
        };
        let writer = instance::instrumented(Arc::clone(&store));
        Ok(Self { db, settings, reconciler: Reconciler::new(store, writer, book) })
    }

    /// Whoever gives the command.
    async fn who(&self) -> Result<Actor, Failure> {
        let because = "nobody has a name here: set PAGOS_TOKEN, or the variable USER";
        actor(&self.db, Scope::Resolve).await?.ok_or_else(|| Failure::new(because))
    }

    /// Whoever imports a file: `cli` where nobody has a name, as in many containers.
    async fn importer(&self) -> Result<Actor, Failure> {
        match actor(&self.db, Scope::Resolve).await? {
            Some(by) => Ok(by),
            None => Ok(Actor::new("cli")?),
        }
    }

    /// How tables are read, if the book says it.
    fn mapping(&self) -> Result<Option<Mapping>, Failure> {
        self.settings.mapping.as_ref().map(find_mapping).transpose()
    }
}

/// A misspelt account would have no payouts, and everything would be open.
async fn check_accounts(
    configuration: &Configuration,
    book: &BookSettings,
    store: &dyn Store,
) -> Result<(), Failure> {
    let tally = store.tally(None).await?;
    let paid: BTreeSet<&AccountName> = tally.rows.iter().map(|row| &row.account).collect();
    let is_strange =
        |name: &&AccountName| !paid.contains(name) && configuration.account(name).is_none();
    match book.accounts.iter().find(is_strange) {
        None => Ok(()),
        Some(account) => Err(Failure::new(format!(
            "book {}: account {account} is not configured, and has no payout in this database",
            book.name
        ))),
    }
}

fn check_days(from: Day, through: Day) -> Result<(), Failure> {
    match through < from {
        false => Ok(()),
        true => Err(Failure::new(format!("--through {through} is before --from {from}"))),
    }
}

fn book_settings(configuration: &Configuration, name: &BookName) -> Result<BookSettings, Failure> {
    let known = configuration.books.iter().find(|book| book.name == *name);
    known.cloned().ok_or_else(|| {
        let names: Vec<&str> = configuration.books.iter().map(|book| book.name.as_str()).collect();
        Failure::new(match names[..] {
            [] => format!(
                "book {name} is not configured: write a table [books.{name}] with accounts and \
                 currency into pagos.toml; `pagos init` shows how"
            ),
            _ => format!("book {name} is not configured; there is {}", names.join(", ")),
        })
    })
}

/// Where a day of the book begins.
fn offset(configuration: &Configuration, book: &BookSettings) -> Result<UtcOffset, Failure> {
    match (book.offset, &configuration.day_offset) {
        (Some(offset), _) => Ok(offset),
        (None, Some(text)) => Ok(text.parse()?),
        (None, None) => Ok(UtcOffset::UTC),
    }
}

fn rules(book: &BookSettings) -> Rules {
    let usual = Rules::default();
    Rules {
        before_days: book.before_days.unwrap_or(usual.before_days),
        after_days: book.after_days.unwrap_or(usual.after_days),
        fee_max: book.fee_max.map(|amount| amount.minor),
        ..usual
    }
}

fn find_mapping(name: &MappingName) -> Result<Mapping, Failure> {
    match name {
        MappingName::Preset(name) => Mapping::preset(name).ok_or_else(|| {
            Failure::new(format!(
                "mapping {name:?} is not known; `pagos reconcile mappings` lists them, and \
                 FILE.toml:NAME is one of your own"
            ))
        }),
        MappingName::File { path, name } => {
            let place = path_text(path);
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::new(format!("{place}: cannot be read: {error}")))?;
            let mut read = Mapping::parse(&text).map_err(|problems| {
                Failure::many(problems.iter().map(|it| format!("{place}: {it}")).collect())
            })?;
            read.remove(name).ok_or_else(|| {
                Failure::new(format!("{place}: there is no table [statement.{name}] in it"))
            })
        }
    }
}

fn mappings(arguments: &MappingsArguments) -> Result<Exit, Failure> {
    let mut out = console::stdout();
    match &arguments.show {
        Some(name) => {
            let text = Mapping::preset_text(name).ok_or_else(|| {
                Failure::new(format!("mapping {name:?} is not known; leave --show out to see all"))
            })?;
            out.write_all(text.as_bytes())?;
        }
        None => {
            let mut grid = Grid::new(&[
                Column::new("MAPPING", Kind::Whole),
                Column::new("CURRENCY", Kind::Whole),
                Column::new("MADE FROM, NOT COMPARED WITH A BANK", Kind::Note),
            ]);
            for name in Mapping::presets() {
                let Some(mapping) = Mapping::preset(name) else { continue };
                let source = mapping.source().to_owned();
                grid.push_plain([name.to_owned(), mapping.currency().to_string(), source]);
            }
            grid.write(&mut out, Screen::of_stdout())?;
        }
    }
    out.flush()?;
    Ok(Exit::Succeeded)
}
