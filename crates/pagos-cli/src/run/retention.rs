//! Prunes in portions: for `pagos prune`, and in the background of `pagos serve`. The engine
//! decides which payouts may leave.

use std::{convert::Infallible, fmt, future::Future, time::Duration};

use pagos_core::Clock;
use pagos_engine::{Horizon, InstrumentedStore, PruneError};
use pagos_system::System;
use serde::Serialize;

use crate::{
    archive::ArchiveFolder, arguments::days, config::Retention, console, exit::with_causes,
    run::instance::Instance,
};

/// The number of payouts that `serve` examines at a time: a transaction that delays nobody for
/// long.
const PORTION: usize = 200;

/// The pause between two portions, so that webhooks and payouts come first.
const PAUSE: Duration = Duration::from_secs(1);

/// The pause between two rounds.
const ROUND: Duration = Duration::from_secs(3_600);

/// What was done. The names in JSON are stable.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Pruned {
    /// Payouts that left the database.
    archived: u64,
    /// Payouts that are in the archive and stay, because they changed in between.
    changed: u64,
    deliveries: u64,
    notices: u64,
}

impl fmt::Display for Pruned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { archived, changed, deliveries, notices } = self;
        write!(
            f,
            "{archived} payouts were moved into the archive; {deliveries} applied webhooks and {notices} \
             notices that everybody has read were forgotten"
        )?;
        match changed {
            0 => Ok(()),
            _ => write!(f, "; {changed} payouts were changed meanwhile and stay"),
        }
    }
}

/// Moves payouts that may leave, portion by portion, with a `pause` between portions.
///
/// # Errors
/// If the archive or the store fails; what was moved before stays moved.
pub(crate) async fn prune<Pausing: Future<Output = ()>>(
    instrumented: &InstrumentedStore,
    archive: &mut ArchiveFolder,
    horizon: Horizon,
    portion: usize,
    pause: impl Fn() -> Pausing,
) -> Result<Pruned, PruneError> {
    let mut done = Pruned::default();
    let mut after = Some(0);
    // The place rises with every portion, so this ends.
    while let Some(place) = after {
        let moved = instrumented.prune(archive, horizon, place, portion).await?;
        done.archived += moved.archived;
        done.changed += moved.changed;
        after = moved.next;
        pause().await;
    }
    loop {
        let forgotten = instrumented.forget_deliveries(horizon.before(), portion).await?;
        done.deliveries += forgotten;
        if forgotten == 0 {
            break;
        }
        pause().await;
    }
    loop {
        let forgotten = instrumented.forget_notices(horizon).await?;
        done.notices += forgotten;
        if forgotten == 0 {
            return Ok(done);
        }
        pause().await;
    }
}

/// Prunes once an hour, as long as the service runs. A failure is reported, and pruning is tried
/// again an hour later, because payouts do not depend on it.
pub(crate) async fn in_background(
    instance: &Instance,
    retention: Option<&Retention>,
) -> Infallible {
    let Some(retention) = retention else { return std::future::pending().await };
    loop {
        match round(instance, retention).await {
            Ok(done) if done == Pruned::default() => {}
            Ok(done) => console::tell(&format!("{done} ({})", retention.archive.display())),
            Err(because) => {
                console::tell(&format!(
                    "nothing more is pruned now: {because}; that is tried again"
                ));
            }
        }
        tokio::time::sleep(ROUND).await;
    }
}

async fn round(instance: &Instance, retention: &Retention) -> Result<Pruned, String> {
    let now = System.now();
    let horizon = Horizon::new(now.minus(days(retention.keep_days)), now)?;
    let identity =
        instance.store.identity().await.map_err(|error| String::from(with_causes(&error)))?;
    let mut archive =
        ArchiveFolder::open(&retention.archive, &identity).map_err(|fault| fault.to_string())?;
    let instrumented = instance.instrumented_store();
    let pause = || tokio::time::sleep(PAUSE);
    let done = prune(&instrumented, &mut archive, horizon, PORTION, pause).await;
    done.map_err(|error| with_causes(&error).into())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use pagos_core::{
        AccountName, AccountNumber, AccountType, Beneficiary, Currency, Money, Observation,
        OrderKey, PayoutOrder, Source, Status, Timestamp,
    };
    use pagos_engine::{
        Intent, Lease, MemoryStore, Policy, RunId, Step, Store, World, suite::permit,
    };
    use tempfile::TempDir;

    use super::*;

    /// Long ago.
    const THEN: Timestamp = Timestamp::from_millis(1_500_000_000_000);

    fn order(number: usize) -> PayoutOrder {
        PayoutOrder {
            key: OrderKey::new(format!("k-{number}")).unwrap(),
            account: AccountName::new("bank-a").unwrap(),
            amount: Money::new(15_000_000, Currency::Cop),
            beneficiary: Beneficiary {
                name: "Ana Inventada".to_owned(),
                document: None,
                bank: None,
                account_type: AccountType::Savings,
                account_number: AccountNumber::new("00012345678").unwrap(),
                email: None,
                phone: None,
            },
            description: None,
        }
    }

    /// Payouts that were paid long ago, and one that is watched.
    async fn store(settled: usize) -> Arc<dyn Store> {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let run = RunId("a".to_owned());
        let intent = |number| Intent { order: order(number), created_at: THEN, by: None };
        store.submit(&run, (0..=settled).map(intent).collect()).await.unwrap();
        store.release(&run, permit(settled as u64 + 1), THEN).await.unwrap();
        for number in 0..=settled {
            let payout = store.payout(&order(number).key).await.unwrap().unwrap();
            let mut progress = payout.progress;
            progress.standing.apply(&Observation::new(Status::Succeeded, Source::Query, THEN));
            let step = Step {
                key: payout.order.key,
                version: payout.version,
                fence: None,
                lease: Lease::End,
                progress,
                due_at: (number == settled).then_some(THEN),
                entries: Vec::new(),
                notices: Vec::new(),
                applies: None,
            };
            store.commit(step).await.unwrap();
        }
        store
    }

    #[tokio::test(start_paused = true)]
    async fn serve_prunes_portion_by_portion_and_leaves_what_is_watched() {
        let settled = 2 * PORTION + 1;
        let (store, scratch) = (store(settled).await, TempDir::new().unwrap());
        let accounts = pagos_engine::Accounts::new();
        let instance =
            Instance::over(Arc::clone(&store), &World::Providers, accounts, Policy::live());
        let instance = instance.await.unwrap();
        let retention = Retention { keep_days: 31, archive: scratch.path().join("archive") };
        tokio::select! {
            never = in_background(&instance, Some(&retention)) => match never {},
            () = tokio::time::sleep(ROUND / 2) => {}
        }
        assert_eq!(store.tally(None).await.unwrap().total(), 1);
        let verified = crate::archive::verify(&retention.archive).unwrap();
        assert_eq!((verified.files, verified.payouts), (3, settled as u64));
        assert!(verified.faults.is_empty());
        assert!(store.payout(&order(settled).key).await.unwrap().is_some());
    }
}
