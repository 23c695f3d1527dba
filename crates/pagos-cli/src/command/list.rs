//! `pagos list`: the payouts of a database, with their sums. Asks the store, not the provider.

use pagos_engine::Filter;

use crate::arguments::ListArguments;
use crate::exit::Exit;
use crate::exit::Failure;
use crate::run;
use crate::run::database::Database;
use crate::run::paper::Paper;

/// Prints the payouts.
pub(super) fn run(arguments: &ListArguments) -> Result<Exit, Failure> {
    run::block_on(list(arguments))
}

async fn list(arguments: &ListArguments) -> Result<Exit, Failure> {
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    let status = arguments.status.map(|status| status.word().to_owned());
    let filter = Filter { run: None, status };
    let mut paper = Paper::of_list(arguments.json);
    paper.of_database(&db, store.identity().await?);
    let report = paper.write(&store, &filter).await?;
    report.written.map_err(std::io::Error::from)?;
    Ok(Exit::Succeeded)
}
