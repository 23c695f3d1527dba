//! Watches settled payouts by their provider's list, if it has one: all of an account's at once.
//! Recent days are listed most often. A list may lag, so a missing payout means nothing, and a
//! contradiction causes a query. The query that closes a payout's watch is sent in any case.
//!
//! Several workers take turns through the store. This protects no money: a list that is read twice,
//! or not at all because its reader died, costs a few calls or a few hours.

use std::{
    collections::BTreeMap,
    panic::AssertUnwindSafe,
    sync::{MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::FutureExt;
use pagos_core::{
    AccountName, Error, ErrorKind, ListingPage, Observation, OrderKey, Timestamp, Window,
};

use crate::{
    decide::Rules,
    difference::Listed,
    engine::{Engine, EngineError},
    point::Point,
    policy::Sweep,
    rate::Limited,
    record::Writer,
    service::{Admission, Told},
    store::{Payout, StoreErrorKind},
};

/// A list with more pages than this is taken to be endless.
const PAGES_MAX: u32 = 100_000;

/// When to look again whether a list is to be swept, and why the last one was not read to its end.
#[derive(Debug, Default)]
pub(crate) struct Sweeps {
    accounts: BTreeMap<AccountName, Look>,
}

#[derive(Debug)]
struct Look {
    again_at: Timestamp,
    failures: u32,
    because: Option<String>,
}

impl Engine {
    /// The accounts whose list could not be read at the last try, with the reason. The engine tries
    /// again by itself; until then their settled payouts are queried only when their watch ends.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// assert!(engine.unswept().is_empty());
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    pub fn unswept(&self) -> BTreeMap<AccountName, String> {
        let sweeps = self.sweeps();
        let failed = sweeps.accounts.iter();
        failed
            .filter_map(|(account, look)| Some((account.clone(), look.because.clone()?)))
            .collect()
    }

    /// The accounts whose list may be due to be swept.
    pub(crate) fn accounts_to_sweep(&self) -> Vec<AccountName> {
        if !self.has_turn() {
            return Vec::new();
        }
        let now = self.timer.now();
        let sweeps = self.sweeps();
        let is_time = |account: &&AccountName| {
            let is_swept = self.providers.to(account).is_some_and(|it| self.is_swept(account, it));
            let is_open = self.admission(account, now) == Admission::Open;
            let look = sweeps.accounts.get(account);
            is_swept && is_open && look.is_none_or(|look| look.again_at <= now)
        };
        self.providers.names().filter(is_time).cloned().collect()
    }

    /// Reads the account's list as far back as is due, and applies what it reports. Dropping the
    /// future leaves the rest for the next time.
    pub(crate) async fn sweep(&self, account: &AccountName) -> Result<(), EngineError> {
        let sweeps = &self.policy_of(account).sweeps;
        let now = self.timer.now();
        let swept = self.store.swept(account).await?;
        let numbered = || (0_u32..).zip(sweeps);
        let is_due = |(number, sweep): &(u32, &Sweep)| match swept.get(number) {
            // Perhaps the clock was set back.
            Some(swept_at) => *swept_at > now || swept_at.plus(sweep.every) <= now,
            None => true,
        };
        // The deepest part that is due covers those before it.
        let Some((number, sweep)) = numbered().filter(is_due).last() else {
            let next = |(number, sweep): (u32, &Sweep)| Some(swept.get(&number)?.plus(sweep.every));
            let again_at = numbered().filter_map(next).min().unwrap_or(now);
            self.look_again(account, again_at, None);
            return Ok(());
        };
        let was = swept.get(&number).copied();
        if !self.store.note_swept(account, number, was, now).await? {
            // Another worker was faster. If more is due, the next round finds it at once.
            return Ok(());
        }
        let window = Window { from: now.minus(sweep.back), until: now };
        match self.walk_list(account, window, &mut |_| {}).await? {
            Ok(()) => {
                for shallower in 0..number {
                    let was = swept.get(&shallower).copied();
                    self.store.note_swept(account, shallower, was, now).await?;
                }
                self.look_again(account, now, None);
            }
            Err(because) => {
                let before = was.unwrap_or(Timestamp::from_millis(0));
                self.store.note_swept(account, number, Some(now), before).await?;
                self.look_again(account, now, Some(because));
            }
        }
        Ok(())
    }

    /// If there is a reason, waits for the delay of a failed query, which grows each time.
    fn look_again(&self, account: &AccountName, at: Timestamp, because: Option<String>) {
        let mut sweeps = self.sweeps();
        let failures = match (&because, sweeps.accounts.get(account)) {
            (None, _) => 0,
            (Some(_), look) => look.map_or(0, |look| look.failures).saturating_add(1),
        };
        let again_at = match because {
            Some(_) => at.plus(self.policy_of(account).query_delay(failures)),
            None => at,
        };
        sweeps.accounts.insert(account.clone(), Look { again_at, failures, because });
    }

    /// Reads all pages, applies what they report, and shows each row. The inner error is why the
    /// list could not be read to its end.
    pub(crate) async fn walk_list(
        &self,
        account: &AccountName,
        window: Window,
        each: &mut (dyn FnMut(Listed) + Send),
    ) -> Result<Result<(), String>, EngineError> {
        let mut cursor: Option<String> = None;
        for _ in 0..PAGES_MAX {
            if !self.await_turn_to_ask(account).await {
                return Ok(Err("the provider asked for quiet".to_owned()));
            }
            let page = self.read_page(account, window, cursor.as_deref()).await;
            self.note_service(account, Told::by(&page)).await?;
            let page = match page {
                Ok(page) => page,
                Err(error) => {
                    self.heed_quiet(account, &error);
                    return Ok(Err(error.to_string()));
                }
            };
            for row in page.rows {
                let payout = match self.learn_listed(account, &row).await {
                    // Another version wrote it. It is set aside when it is claimed.
                    Err(EngineError::Store(error))
                        if error.kind == StoreErrorKind::UnreadableRow =>
                    {
                        None
                    }
                    learned => learned?,
                };
                each(Listed { row, payout });
            }
            match page.next {
                None => return Ok(Ok(())),
                same if same == cursor => return Ok(Err("its pages repeat themselves".to_owned())),
                next => cursor = next,
            }
        }
        Ok(Err("it has more pages than are read".to_owned()))
    }

    async fn read_page(
        &self,
        account: &AccountName,
        window: Window,
        cursor: Option<&str>,
    ) -> Result<ListingPage, Error> {
        let provider = self.provider_to_call(account)?;
        let late = Error::new(ErrorKind::Undelivered, "no answer within the deadline");
        let reading = self.within_deadline(account, provider.page(window, cursor), late);
        let read = AssertUnwindSafe(Box::pin(reading)).catch_unwind().await;
        read.unwrap_or_else(|_| {
            Err(Error::new(ErrorKind::Unknown, "the provider's code panicked over it"))
        })
    }

    /// Waits for a turn to query, since a page counts as a query. Returns false if the provider
    /// asked for a pause.
    pub(crate) async fn await_turn_to_ask(&self, account: &AccountName) -> bool {
        let rate_max = self.policy_of(account).rate_of(Limited::Queries);
        loop {
            let now = self.timer.now();
            let next_at = {
                let mut rates = self.rates();
                if rates.is_quiet(account, Limited::Queries, now) {
                    return false;
                }
                match rates.take(account, Limited::Queries, rate_max, now, 1) {
                    0 => rates.next_at(account, Limited::Queries, now),
                    _ => return true,
                }
            };
            let wait = next_at.map_or(Duration::ZERO, |next_at| next_at.since(now));
            self.timer.sleep(wait.max(Duration::from_millis(1))).await;
        }
    }

    /// Applies one row, if it is about a payout that this account was asked for and says something
    /// new. Returns the payout that it names, as it stands then.
    async fn learn_listed(
        &self,
        account: &AccountName,
        seen: &Observation,
    ) -> Result<Option<Payout>, EngineError> {
        let Some(payout) = self.find_listed(account, seen).await? else { return Ok(None) };
        // A payout that was never begun cannot be in this account's list.
        if payout.order.account != *account || payout.progress.attempts == 0 {
            return Ok(Some(payout));
        }
        let decide = |payout: &Payout, rules: &Rules<'_>| rules.listed(&payout.progress, seen);
        let written =
            self.write(Point::RecordListed, payout.clone(), Writer::Anyone, decide).await?;
        Ok(Some(written.unwrap_or(payout)))
    }

    /// Finds the payout by our key, or by the provider's id if the list does not repeat our key.
    async fn find_listed(
        &self,
        account: &AccountName,
        seen: &Observation,
    ) -> Result<Option<Payout>, EngineError> {
        let named = seen.echo.key.as_deref().and_then(|key| OrderKey::new(key).ok());
        let mut found = match named {
            Some(key) => self.store.payout(&key).await?,
            None => None,
        };
        if found.is_none()
            && let Some(reference) = &seen.reference
            && let Some(key) = self.store.payout_of(account, reference).await?
        {
            found = self.store.payout(&key).await?;
        }
        Ok(found)
    }

    fn sweeps(&self) -> MutexGuard<'_, Sweeps> {
        // The guarded value is whole, since nothing panics while it holds the lock.
        self.sweeps.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
