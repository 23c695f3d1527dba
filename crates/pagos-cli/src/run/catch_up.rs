//! After an outage: turns a provider's stored events into queries about our payouts. The events are
//! not believed; only the answers count.

use std::{convert::Infallible, fmt, time::Duration};

use pagos_core::{AccountName, Clock, Timestamp};
use pagos_system::System;
use serde::Serialize;

use crate::{
    accounts::{Accounts, MissedEvents},
    console,
    exit::Failure,
    run::instance::Instance,
    words::Text,
};

/// How far back a service looks when it starts. Longer than providers repeat a webhook.
const SINCE: Duration = Duration::from_secs(72 * 3_600);

/// The result. The names in JSON are stable.
#[derive(Debug, Serialize)]
pub(crate) struct CaughtUp {
    pub(crate) since: Timestamp,
    /// The orders in the provider's events, whether or not they are ours.
    pub(crate) told: usize,
    /// Those of ours, which are queried now.
    pub(crate) asked: usize,
}

impl fmt::Display for CaughtUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { since, told, asked } = self;
        let ours = "are in the store and are asked about now";
        write!(f, "{told} orders were told of since {since}; {asked} {ours}")
    }
}

/// Makes a query due about each order in the provider's events since then.
///
/// # Errors
/// If the provider does not answer, or the store cannot be written. Queries that were made due stay
/// due.
pub(crate) async fn catch_up(
    instance: &Instance,
    account: &AccountName,
    missed: &dyn MissedEvents,
    since: Duration,
) -> Result<CaughtUp, Failure> {
    let since = System.now().minus(since);
    let hints = missed.hints(since).await?;
    let mut caught = CaughtUp { since, told: hints.len(), asked: 0 };
    for hint in &hints {
        if instance.engine.nudge(account, hint).await? {
            caught.asked += 1;
        }
    }
    if caught.asked > 0 {
        instance.wake();
    }
    Ok(caught)
}

/// Does the same once for every account whose provider stores events, then waits for ever. A
/// failure is reported and ends nothing, because every payout is queried in its own time anyway.
pub(crate) async fn at_start(instance: &Instance, accounts: &Accounts) -> Infallible {
    for account in accounts.all() {
        let Some(missed) = &account.missed else { continue };
        match catch_up(instance, &account.name, missed.as_ref(), SINCE).await {
            Ok(caught) if caught.asked == 0 => {}
            Ok(caught) => console::tell(&format!("account {}: {caught}", account.name)),
            Err(failure) => console::tell(&format!(
                "account {}: what was told during an outage is not known ({}); payouts are asked \
                 about in their own time",
                account.name,
                Text::separated(failure.messages(), "; ")
            )),
        }
    }
    std::future::pending().await
}
