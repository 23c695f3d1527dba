//! `pagos payment history KEY`: prints everything that was done and learned about one payment,
//! oldest first.

use pagos_core::{OrderKey, Timestamp};
use pagos_engine::Entry;

use crate::{
    arguments::PaymentKeyArguments,
    command::{history, payment},
    console,
    exit::{Exit, Failure},
    run::{self, database::Database},
    words::{Text, payout as words},
};

pub(super) fn run(arguments: &PaymentKeyArguments) -> Result<Exit, Failure> {
    let entries = run::block_on(entries(arguments))?;
    if arguments.json {
        console::print_json(&entries)?;
        return Ok(Exit::Succeeded);
    }
    history::print(&entries, line, words::nothing_asked())?;
    Ok(Exit::Succeeded)
}

async fn entries(arguments: &PaymentKeyArguments) -> Result<Vec<Entry>, Failure> {
    let key: OrderKey = arguments.key.parse()?;
    let db = Database::existing(arguments.store.db.as_ref());
    let store = db.open_to_read().await?;
    payment::find(store.as_ref(), &db, &key).await?;
    Ok(store.payment_history(&key).await?)
}

/// The time and text of an entry. Unlike a payout, a payment sends nothing to anybody: it opens
/// sessions.
fn line(entry: &Entry) -> (Timestamp, Text) {
    match entry {
        Entry::AttemptBegun { number, at, .. } => (*at, words::session_begun(*number)),
        Entry::AttemptClosed { number, proof, at, because } => {
            (*at, words::session_closed(*number, history::proven(*proof), because))
        }
        Entry::Observed { observation, change } => {
            let (at, told) = (observation.seen_at, history::told(observation));
            let effect = history::effect(*change);
            match &observation.transfer {
                Some(transfer) => (at, words::try_told(told, transfer.as_str(), effect)),
                None => (at, words::with_effect(told, effect)),
            }
        }
        other => history::line(other),
    }
}
