//! `pagos list`: the payouts of a database, newest first, with their sums. It reads the store and
//! sends no queries.

use std::num::NonZeroUsize;

use pagos_core::AccountName;
use pagos_engine::{Filter, RunId, Store};

use crate::{
    arguments::ListArguments,
    exit::{Exit, Failure},
    run::{self, database::Database, document::Document, report::Pages},
    words::payout as words,
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
        let (until, since) = (until.to_string(), since.to_string());
        return Err(Failure::new(words::until_before_since(until, since)));
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
        return Err(Failure::new(words::run_is_not_known(db.to_string(), &run.0)));
    }
    let Some(wanted) = &filter.account else { return Ok(()) };
    let tally = store.tally(None).await?;
    let mut known: Vec<&AccountName> = tally.rows.iter().map(|row| &row.account).collect();
    known.dedup();
    if known.contains(&wanted) {
        return Ok(());
    }
    let known: Vec<&str> = known.into_iter().map(AccountName::as_str).collect();
    let (db, wanted) = (db.to_string(), wanted.as_str());
    Err(Failure::new(match known[..] {
        [] => words::no_payout_at_all(db, wanted),
        _ => words::no_payout_of(db, wanted, known.join(", ")),
    }))
}
