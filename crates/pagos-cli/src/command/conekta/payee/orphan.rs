//! `pagos conekta payees orphans`: lists and deletes payees that no payout of a store goes to. A
//! transfer in doubt is found by its payee, so payees that may be in use are left alone.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use pagos_conekta::Payee;
use pagos_core::{AccountName, Clock, Error, ErrorKind, Timestamp};
use pagos_engine::{Filter, Store};
use pagos_system::System;

use crate::{
    accounts::conekta,
    arguments::conekta::OrphansArguments,
    command::conekta::{
        ManagedAccount, is_in_doubt,
        payee::{self, Row},
    },
    console,
    exit::{Exit, Failure, with_causes},
    run::{
        database::Database,
        instance::{self, Instance},
        report::Pages,
    },
    words::pay,
};

pub(super) async fn run(
    arguments: &OrphansArguments,
    config: Option<&Path>,
) -> Result<Exit, Failure> {
    let managed = ManagedAccount::open(&arguments.at, config).await?;
    let db = &arguments.db;
    // Fails if there is no store: with an empty one, every payee would be an orphan.
    drop(db.open_to_read().await?);
    let store = db.open().await?;
    // Refuses a store in which this account pays in another world.
    let account =
        instance::engine_accounts(std::slice::from_ref(&managed.account), &managed.policy);
    let instance = Instance::over(store, &managed.world, account, managed.policy.clone()).await;
    let store = instance.map_err(|error| instance::of_database(db, error))?.store;
    // Payees are read first, so that a payout stored meanwhile counts.
    let payees = payee::all(&managed).await?;
    let used = Used::read(&store, &managed.settings.name).await?;
    used.check(&payees, db, &managed.settings.name)?;
    let reused = conekta::config(&managed.settings)?.known_payees;
    let now = System.now();
    let is_orphan = |payee: &&Payee| {
        !payee.is_deleted
            && !used.ids.contains(&payee.id)
            && !reused.iter().any(|known| known.payee == payee.id)
            && is_old(payee.created_at, now, arguments.older_than)
    };
    let orphans: Vec<Row> = payees.iter().filter(is_orphan).map(Row::from).collect();
    if !arguments.delete {
        return managed.print_all(&orphans);
    }
    if !managed.is_json || orphans.is_empty() {
        managed.print_all(&orphans)?;
    }
    let question = pay::delete_payees(orphans.len());
    if orphans.is_empty() {
        return Ok(Exit::Succeeded);
    }
    if !arguments.yes && !console::is_agreed(&question, &pay::say_yes_to_delete())? {
        console::tell("nothing was deleted");
        return Ok(Exit::Refused);
    }
    delete(&managed, orphans).await
}

/// What the payouts of a store use.
#[derive(Default)]
struct Used {
    /// Every part of every handle. One of them is the payee; only the provider knows which.
    ids: BTreeSet<String>,
    /// Whether the store has any payout of the account.
    is_known: bool,
}

impl Used {
    async fn read(store: &Arc<dyn Store>, account: &AccountName) -> Result<Self, Failure> {
        let (mut used, filter) = (Self::default(), Filter::default());
        let mut pages = Pages::new(store, &filter);
        while let Some(page) = pages.next().await? {
            for payout in page {
                used.is_known |= payout.order.account == *account;
                let handle = payout.progress.handle.as_ref();
                let parts = handle.into_iter().flat_map(|handle| handle.as_str().split('/'));
                used.ids.extend(parts.map(str::to_owned));
            }
        }
        Ok(used)
    }

    /// Refuses a store that is about something else, because then every payee would be an orphan.
    fn check(&self, payees: &[Payee], db: &Database, account: &AccountName) -> Result<(), Failure> {
        let is_met = payees.iter().any(|payee| self.ids.contains(&payee.id));
        let because = match (self.is_known, is_met) {
            _ if payees.is_empty() => return Ok(()),
            (true, true) => return Ok(()),
            (false, _) => format!("no payout of account {account} is in it"),
            (true, false) => {
                format!("none of its payouts goes to a payee that account {account} has")
            }
        };
        Err(Failure::new(format!(
            "{}: {because}, so every payee would be an orphan; name the store of this account with \
             --db, or see `{}`",
            db,
            payee::LOOK
        )))
    }
}

/// Whether it is old enough. A payee is made before its payout stores it, and one without a time
/// may be new.
fn is_old(created_at: Option<Timestamp>, now: Timestamp, older_than: Duration) -> bool {
    let is_past = |at: Timestamp| at.plus(older_than) <= now;
    older_than.is_zero() || created_at.is_some_and(is_past)
}

/// Deletes one after the other, until a failure that would affect the next one too.
async fn delete(managed: &ManagedAccount, mut orphans: Vec<Row>) -> Result<Exit, Failure> {
    let (mut failures, mut is_doubtful) = (0, false);
    for orphan in &mut orphans {
        let Err(error) = managed.conekta.delete_payee(&orphan.id).await else {
            orphan.deleted = true;
            continue;
        };
        failures += 1;
        is_doubtful |= is_in_doubt(&error);
        tell(&orphan.id, &error);
        if error.kind() != ErrorKind::Rejected {
            break;
        }
    }
    if managed.is_json {
        console::print_json(&orphans)?;
    }
    let deleted = orphans.iter().filter(|orphan| orphan.deleted).count();
    console::tell(&format!("{deleted} of {} were deleted", orphans.len()));
    if failures == 0 {
        return Ok(Exit::Succeeded);
    }
    console::tell("run it again for the others");
    Ok(match (is_doubtful, deleted) {
        (true, _) => Exit::InDoubt,
        (false, 0) => Exit::Refused,
        (false, _) => Exit::SomeFailed,
    })
}

fn tell(id: &str, error: &Error) {
    console::tell(&format!("error: payee {id}: {}", with_causes(error)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_new_is_left_alone() {
        let (now, hour) = (Timestamp::from_millis(7_200_000), Duration::from_secs(3_600));
        let cases = [
            (Some(3_600_000), hour, true),
            (Some(3_600_001), hour, false),
            (Some(9_000_000), hour, false),
            (None, hour, false),
            (None, Duration::ZERO, true),
            (Some(9_000_000), Duration::ZERO, true),
        ];
        for (created_ms, older_than, expected) in cases {
            let created_at = created_ms.map(Timestamp::from_millis);
            assert_eq!(is_old(created_at, now, older_than), expected, "{created_ms:?}");
        }
    }
}
