//! Watches a run until nothing more is to be done. It only reads the store.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use pagos_core::AccountName;
use pagos_engine::{Engine, RunId, Store, StoreError, Tally};

use crate::output::{Counts, Progress};

/// When a run is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Until {
    /// Every payout is final, or waits for a person. Later reversals are the task of `pagos serve`.
    Settled,
    /// Nothing is due any more: settled payouts were also watched to the end of the window.
    Watched,
}

/// Why the watch ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Followed {
    /// The run is done.
    Done,
    /// What is left belongs to accounts that are out of service.
    Halted,
}

/// The process that pays, and so knows which accounts are out of service.
pub(crate) enum Payer<'a> {
    /// This process. The store's notes may be left from a previous one.
    Here(&'a Engine),
    /// Another process, which notes it in the store.
    Elsewhere,
}

impl Payer<'_> {
    async fn halted(&self, store: &dyn Store) -> Result<BTreeSet<AccountName>, StoreError> {
        match self {
            Payer::Here(engine) => Ok(engine.halted().into_keys().collect()),
            Payer::Elsewhere => Ok(store.halted().await?.into_iter().collect()),
        }
    }
}

const BEAT: Duration = Duration::from_millis(200);

/// Returns when the run is done, or when everything that is left of it is out of service.
pub(crate) async fn follow(
    store: &Arc<dyn Store>,
    run: &RunId,
    until: Until,
    progress: &Progress,
    payer: Payer<'_>,
) -> Result<Followed, StoreError> {
    loop {
        let began = Instant::now();
        let tally = store.tally(Some(run)).await?;
        progress.show(counts(&tally));
        if is_done(&tally, until) {
            return Ok(Followed::Done);
        }
        if is_stuck(&tally, until, &payer.halted(&**store).await?) {
            return Ok(Followed::Halted);
        }
        // Counting a large store takes a while; never spend more than a tenth of the time on it.
        tokio::time::sleep(BEAT.max(began.elapsed() * 10)).await;
    }
}

/// The counts for the progress bar.
pub(crate) fn counts(tally: &Tally) -> Counts {
    Counts {
        succeeded: tally.count("succeeded"),
        failed: tally.count("failed"),
        pending: tally.count("pending"),
        unknown: tally.count("unknown") + tally.count("quarantined"),
    }
}

fn is_done(tally: &Tally, until: Until) -> bool {
    let done = tally.rows.iter().map(|row| match until {
        Until::Watched => row.at_rest,
        Until::Settled if is_settled(&row.status) => row.count,
        Until::Settled => row.attention,
    });
    done.sum::<u64>() == tally.total()
}

/// Whether everything that is left belongs to accounts out of service, and nothing of it is under
/// way.
fn is_stuck(tally: &Tally, until: Until, halted: &BTreeSet<AccountName>) -> bool {
    let is_left = |row: &&pagos_engine::TallyRow| match until {
        Until::Watched => row.at_rest < row.count,
        Until::Settled => !is_settled(&row.status) && row.attention < row.count,
    };
    tally.rows.iter().filter(is_left).all(|row| halted.contains(&row.account))
}

fn is_settled(status: &str) -> bool {
    matches!(status, "succeeded" | "failed" | "quarantined")
}

#[cfg(test)]
mod tests {
    use pagos_core::{Currency, Timestamp};
    use pagos_engine::{MemoryStore, Notice, NoticeAbout, NoticeKind, TallyRow};

    use super::*;

    fn row(status: &str, count: u64, at_rest: u64, attention: u64) -> TallyRow {
        TallyRow {
            account: AccountName::new("bank-a").unwrap(),
            currency: Currency::Cop,
            status: status.to_owned(),
            count,
            amount_minor: 0,
            at_rest,
            attention,
        }
    }

    #[test]
    fn a_run_is_done_when_nothing_moves_any_more() {
        let cases = [
            (vec![row("succeeded", 3, 0, 0)], true, false),
            (vec![row("succeeded", 3, 3, 0), row("failed", 1, 1, 0)], true, true),
            (vec![row("succeeded", 3, 3, 0), row("pending", 1, 0, 0)], false, false),
            (vec![row("unknown", 2, 2, 2), row("quarantined", 1, 1, 1)], true, true),
            (vec![row("unknown", 2, 1, 1)], false, false),
            (vec![row("created", 1, 0, 0)], false, false),
        ];
        for (rows, settled, watched) in cases {
            let tally = Tally { rows };
            assert_eq!(is_done(&tally, Until::Settled), settled, "{tally:?}");
            assert_eq!(is_done(&tally, Until::Watched), watched, "{tally:?}");
        }
    }

    #[test]
    fn accounts_out_of_service_end_the_wait() {
        let tally = Tally { rows: vec![row("succeeded", 1, 1, 0), row("created", 1, 0, 0)] };
        let halted = BTreeSet::from([AccountName::new("bank-a").unwrap()]);
        assert!(is_stuck(&tally, Until::Settled, &halted));
        assert!(!is_stuck(&tally, Until::Settled, &BTreeSet::new()));
    }

    #[tokio::test]
    async fn whoever_looks_on_learns_from_the_store_which_accounts_are_out_of_service() {
        let bank_a = AccountName::new("bank-a").unwrap();
        let store = MemoryStore::new();
        assert!(Payer::Elsewhere.halted(&store).await.unwrap().is_empty());
        let notice = Notice {
            account: bank_a.clone(),
            event: NoticeKind::Attention { because: "refused".to_owned() },
            about: NoticeAbout::Account,
            at: Timestamp::from_millis(1),
        };
        assert!(store.halt(notice).await.unwrap());
        let halted = Payer::Elsewhere.halted(&store).await.unwrap();
        assert_eq!(halted, BTreeSet::from([bank_a]));
    }
}
