//! `pagos list`: the payouts of a database, newest first, with their sums. It reads the store and
//! sends no queries.

use std::num::NonZeroUsize;

use pagos_core::AccountName;
use pagos_engine::{Filter, RunId, Store};

use crate::{
    arguments::ListArguments,
    exit::{Exit, Failure},
    run::{self, database::Database, document::Document, report::Pages},
};

/// Prints the payouts.
pub(super) fn run(arguments: &ListArguments) -> Result<Exit, Failure> {
    run::block_on(list(arguments))
}

async fn list(arguments: &ListArguments) -> Result<Exit, Failure> {
    let filter = filter(arguments)?;
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    check_names(store.as_ref(), &filter, &db).await?;
    let mut document = Document::of_list(arguments.json);
    document.of_database(&db, store.identity().await?);
    let wanted = arguments.limit.map_or(usize::MAX, NonZeroUsize::get);
    let pages = Pages::newest(&store, &filter, arguments.after.clone(), wanted);
    let report = document.write_part(pages).await?;
    report.written.map_err(std::io::Error::from)?;
    Ok(Exit::Succeeded)
}

fn filter(arguments: &ListArguments) -> Result<Filter, Failure> {
    if let (Some(since), Some(until)) = (arguments.since, arguments.until)
        && until <= since
    {
        return Err(Failure::new(format!(
            "--until {until} is not after --since {since}, so nothing is in between"
        )));
    }
    Ok(Filter {
        run: arguments.run.clone().map(RunId),
        status: arguments.status.map(|status| status.word().to_owned()),
        account: arguments.account.clone(),
        reference: arguments.reference.clone(),
        since: arguments.since,
        until: arguments.until,
    })
}

/// An empty list should mean that there are no payouts, and not that a name is misspelt.
async fn check_names(store: &dyn Store, filter: &Filter, db: &Database) -> Result<(), Failure> {
    if let Some(run) = &filter.run
        && store.run(run).await?.is_none()
    {
        let name = &run.0;
        return Err(Failure::new(format!(
            "{db}: no file with the digest {name} was paid from it; `pagos plan --json FILE` prints \
             the digest of a file"
        )));
    }
    let Some(wanted) = &filter.account else { return Ok(()) };
    let tally = store.tally(None).await?;
    let mut known: Vec<&AccountName> = tally.rows.iter().map(|row| &row.account).collect();
    known.dedup();
    if known.contains(&wanted) {
        return Ok(());
    }
    let known: Vec<&str> = known.into_iter().map(AccountName::as_str).collect();
    Err(Failure::new(match known[..] {
        [] => format!("{db}: no payout of account {wanted} is in it, nor any other"),
        _ => format!("{db}: no payout of account {wanted} is in it, only of {}", known.join(", ")),
    }))
}
