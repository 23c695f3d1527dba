//! `pagos list`: the payouts of a database, with their sums. Asks the store, not the provider.

use std::io;
use std::io::Write;

use pagos_engine::Filter;

use crate::arguments::ListArguments;
use crate::console;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::output::Colour;
use crate::output::PayoutsJson;
use crate::run;
use crate::run::database::Database;
use crate::run::report;

/// Prints the payouts.
pub(super) fn run(arguments: &ListArguments) -> Result<Exit, Failure> {
    run::block_on(list(arguments))
}

async fn list(arguments: &ListArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    let status = arguments.status.map(|status| status.word().to_owned());
    let filter = Filter { run: None, status };
    let mut out = console::stdout();
    if arguments.json {
        report::write_json(&store, &filter, PayoutsJson::new(out)).await?;
    } else {
        report::write_table(&store, &filter, &mut out, Colour::of(&io::stdout())).await?;
        out.flush()?;
    }
    Ok(Exit::Succeeded)
}
