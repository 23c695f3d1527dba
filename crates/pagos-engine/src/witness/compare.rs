//! Compares the store with its witness, before the first request that moves money: an attempt that
//! the store does not know puts its payout in doubt, or seals its key if even the order is gone.

use std::{collections::BTreeMap, time::Duration};

use futures_util::{StreamExt, TryStreamExt, stream};
use pagos_core::{AccountName, OrderKey, Status, Timestamp, Window};

use crate::{
    decide::Rules,
    difference::Listed,
    engine::{Engine, EngineError},
    point::Point,
    record::Writer,
    store::{Payout, StoreErrorKind},
    witness::{
        Reading, Restored, SentAttempt, WithoutWitness, Witness, WitnessMark, WitnessRules,
        kept::Position, told,
    },
};

/// How many attempts are read at once.
const PAGE: usize = 1_000;

/// How many payouts are looked up at once.
const LOOKUPS: usize = 32;

/// How often it is noted how far the store and its witness agree.
const KEEP_EVERY: Duration = Duration::from_secs(60);

/// How much earlier than the last common point a provider's list is read, for clocks that differ.
const MARGIN: Duration = Duration::from_secs(3_600);

/// What a comparison of the store with its witness found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Comparison {
    /// How many attempts of the witness were compared.
    pub compared: u64,
    /// Payouts that were sent and of which the store had forgotten it. They are in doubt now.
    pub recalled: Vec<OrderKey>,
    /// Payouts that were sent and whose orders the store has forgotten. If such an order is
    /// submitted again, it is in doubt and not sent.
    pub forgotten: Vec<OrderKey>,
    /// Whether the store was ahead of its witness, which was replaced or set back.
    pub is_ahead: bool,
    /// The accounts whose provider's list was read as well, and why it could not be, if so.
    pub lists: BTreeMap<AccountName, Option<String>>,
}

impl Comparison {
    /// Whether the store had forgotten something.
    pub fn has_gap(&self) -> bool {
        !self.recalled.is_empty() || !self.forgotten.is_empty()
    }

    /// Whether every list was read that there is. One that was not is read at the next start.
    fn read_all(&self) -> bool {
        self.lists.values().all(Option::is_none)
    }

    fn note(&mut self, key: OrderKey, found: Found) {
        self.compared += 1;
        match found {
            Found::Known => {}
            Found::Recalled => self.recalled.push(key),
            Found::Forgotten => self.forgotten.push(key),
        }
    }
}

enum Found {
    Known,
    Recalled,
    Forgotten,
}

impl Engine {
    /// What the last comparison of the store with its witness found; `None` before the first, and
    /// for an engine that does not send.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// assert!(engine.comparison().is_some_and(|found| !found.has_gap()));
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    pub fn comparison(&self) -> Option<Comparison> {
        self.guarding().comparison.clone()
    }

    /// Compares before the engine takes its first payout. A witness that cannot be used ends this,
    /// unless the rules say to go on.
    pub(crate) async fn compare_at_start(&self) -> Result<(), EngineError> {
        let ended = self.outages_ended();
        match (self.compare().await, self.store.witness()) {
            (Err(EngineError::Witness(error)), Some((_, rules))) => {
                self.suffer(&error, rules, ended).await?;
                if rules.without == WithoutWitness::Stop {
                    return Err(EngineError::Witness(error));
                }
                // What is known to be forgotten is not sent, with or without a witness.
                self.load_forgotten().await?;
                match self.store.restored().await?.filter(|it| it.accepted.is_none()) {
                    Some(restored) => Err(EngineError::Restored(restored)),
                    None => Ok(()),
                }
            }
            (Err(error), _) => Err(error),
            (Ok(()), _) => Ok(()),
        }
    }

    /// Compares everything since the last common point, on the store's present line of history.
    pub(crate) async fn compare(&self) -> Result<(), EngineError> {
        let lineage = self.store.lineage();
        let (kept, version) = self.store.position().await?.unzip();
        let mark = self.store.restored().await?;
        let unread = mark.as_ref().and_then(|it| it.lists_since);
        let restored = mark.clone().filter(Restored::is_open);
        let moved = kept.as_ref().is_some_and(|it| it.lineage.is_some() && it.lineage != lineage);
        let mut found = Comparison::default();
        let mut position = Position {
            witness: None,
            lineage: lineage.clone(),
            mark: None,
            confirmed: None,
            at: self.timer.now(),
        };
        match (self.store.witness(), &restored) {
            (Some((witness, rules)), _) => {
                let from = kept.as_ref().and_then(|kept| common_point(kept, witness, &lineage));
                found.is_ahead = kept.as_ref().is_some_and(|kept| {
                    kept.witness.as_deref().is_some_and(|known| known != witness.identity())
                });
                position.witness = Some(witness.identity().to_owned());
                position.confirmed = from.clone();
                position.mark = Some(self.compare_since(witness, rules, from, &mut found).await?);
            }
            (None, Some(restored)) => return Err(EngineError::Restored(restored.clone())),
            (None, None) => position.witness = kept.as_ref().and_then(|it| it.witness.clone()),
        }
        if restored.is_some() || unread.is_some() || moved || found.has_gap() {
            let from = kept.as_ref().map(|kept| kept.at).into_iter().chain(unread);
            let from = from.chain(restored.as_ref().map(|it| it.backup_at)).min();
            self.read_lists(from, &mut found).await?;
        }
        if let Some(restored) = restored {
            let because = format!("compared with the witness: {}", told::words(&found));
            let accepted = Restored { accepted: Some(because), ..restored };
            self.store.settle_restored(accepted).await?;
        } else if let Some(mark) = mark.filter(|it| it.lists_since.is_some() && found.read_all()) {
            self.store.settle_restored(mark).await?;
        }
        self.tell(kept.as_ref().zip(version), &position, moved, &found).await?;
        self.load_forgotten().await?;
        self.forget_what_came_back().await?;
        if !self.is_in_outage() {
            // Of a process that ended before it could note that.
            self.store.end_outage().await?;
        }
        let mut state = self.guarding();
        state.comparison = Some(found);
        state.compared = Some(lineage);
        Ok(())
    }

    /// Notes how far the store and its witness agree. Where several engines send, what was appended
    /// since is compared first: another one may have written to a store that lost it.
    pub(crate) async fn keep_mark(&self) -> Result<(), EngineError> {
        let Some((witness, rules)) = self.store.witness() else { return Ok(()) };
        let Some((kept, version)) = self.store.position().await? else { return Ok(()) };
        let lineage = self.guarding().compared.clone().flatten();
        let mut found = Comparison::default();
        let mark = match self.is_alone() {
            true => self.in_time(rules, witness.mark()).await?,
            false => {
                let from = common_point(&kept, witness, &lineage);
                self.compare_since(witness, rules, from, &mut found).await?
            }
        };
        if self.store.lineage() != lineage {
            // The next claim compares.
            return Ok(());
        }
        let confirmed = common_point(&kept, witness, &lineage);
        let position = Position {
            witness: Some(witness.identity().to_owned()),
            lineage,
            mark: Some(mark),
            confirmed,
            at: self.timer.now(),
        };
        self.tell(Some((&kept, version)), &position, false, &found).await?;
        self.load_forgotten().await
    }

    /// Returns the end of what was compared.
    async fn compare_since(
        &self,
        witness: &dyn Witness,
        rules: WitnessRules,
        from: Option<WitnessMark>,
        found: &mut Comparison,
    ) -> Result<WitnessMark, EngineError> {
        let mut after = from;
        loop {
            let page = self.in_time(rules, witness.read(after.as_ref(), PAGE)).await?;
            let (attempts, next) = match page {
                Reading::Attempts { attempts, next } => (attempts, next),
                Reading::Unrecognised if after.is_some() => {
                    (found.is_ahead, after) = (true, None);
                    continue;
                }
                // It knows no mark at all, so there is nothing in it.
                Reading::Unrecognised => return Ok(self.in_time(rules, witness.mark()).await?),
            };
            if attempts.is_empty() {
                return Ok(next);
            }
            let mut looking = stream::iter(newest(attempts))
                .map(|sent| async move {
                    let found = self.recall_if_unknown(&sent).await?;
                    Ok::<_, EngineError>((sent.key, found))
                })
                .buffered(LOOKUPS);
            while let Some((key, what)) = looking.try_next().await? {
                found.note(key, what);
            }
            after = Some(next);
        }
    }

    async fn recall_if_unknown(&self, sent: &SentAttempt) -> Result<Found, EngineError> {
        let stored = match self.store.payout(&sent.key).await {
            // A row that cannot be read is never sent.
            Err(error) if error.kind() == StoreErrorKind::UnreadableRow => return Ok(Found::Known),
            stored => stored?,
        };
        if let Some(payout) = stored {
            return self.recall_payout(payout, sent).await;
        }
        if self.store.sealed(&sent.key).await?.is_some() {
            return Ok(Found::Known);
        }
        let is_new = self.store.keep_forgotten(sent).await?;
        // It may have been submitted in between.
        match self.store.payout(&sent.key).await? {
            Some(payout) => {
                let found = self.recall_payout(payout, sent).await?;
                self.store.drop_forgotten(&sent.key).await?;
                Ok(found)
            }
            None if is_new => Ok(Found::Forgotten),
            None => Ok(Found::Known),
        }
    }

    async fn recall_payout(
        &self,
        payout: Payout,
        sent: &SentAttempt,
    ) -> Result<Found, EngineError> {
        let Some(provider) = self.providers.to(&payout.order.account) else {
            // Nothing of this account can be sent here.
            return Ok(Found::Known);
        };
        let is_known = self.rules(&payout, provider).recalled(&payout.progress, sent).is_none();
        if is_known || self.has_held_back(sent).await? {
            return Ok(Found::Known);
        }
        let recall = |payout: &Payout, rules: &Rules<'_>| rules.recalled(&payout.progress, sent);
        let written = self.write(Point::RecordRecalled, payout, Writer::Anyone, recall).await?;
        Ok(if written.is_some() { Found::Recalled } else { Found::Known })
    }

    /// Reads the lists of providers since the last common point. A list that names a payout which
    /// was never sent from here is evidence as good as the witness's.
    async fn read_lists(
        &self,
        from: Option<Timestamp>,
        found: &mut Comparison,
    ) -> Result<(), EngineError> {
        let Some(from) = from else { return Ok(()) };
        let now = self.timer.now();
        let window = Window { from: from.minus(MARGIN), until: now };
        let names: Vec<AccountName> = self.providers.names().cloned().collect();
        for account in names.into_iter().filter(|account| self.lists(account)) {
            let mut sent = Vec::new();
            let mut look = |listed: Listed| sent.extend(unknown_here(&account, &listed, now));
            let read = self.walk_list(&account, window, &mut look).await?;
            let sent = newest(sent);
            // Another worker may send at this moment what this list names.
            if let Some((witness, rules)) = self.store.witness() {
                for page in sent.chunks(PAGE) {
                    self.in_time(rules, witness.append(page)).await?;
                }
            }
            for attempt in sent {
                let what = self.recall_if_unknown(&attempt).await?;
                found.note(attempt.key, what);
            }
            found.lists.insert(account, read.err());
        }
        Ok(())
    }

    /// A process that ended may have left the key of a payout that is in doubt already, and a webhook
    /// may have told of one before it was to be sent.
    async fn forget_what_came_back(&self) -> Result<(), EngineError> {
        let forgotten: Vec<SentAttempt> = self.guarding().forgotten.values().cloned().collect();
        for sent in forgotten {
            let payout = match self.store.payout(&sent.key).await {
                Err(error) if error.kind() == StoreErrorKind::UnreadableRow => None,
                payout => payout?,
            };
            if payout.is_some_and(|payout| payout.status() != Status::Created) {
                self.store.drop_forgotten(&sent.key).await?;
                self.guarding().forgotten.remove(&sent.key);
            }
        }
        Ok(())
    }

    /// Reads the keys of all that is forgotten, and says when that is to be done again.
    pub(crate) async fn load_forgotten(&self) -> Result<(), EngineError> {
        let mut forgotten = BTreeMap::new();
        let mut after = String::new();
        loop {
            let page = self.store.forgotten(&after, PAGE).await?;
            let Some(last) = page.last() else { break };
            last.key.as_str().clone_into(&mut after);
            forgotten.extend(page.into_iter().map(|sent| (sent.key.clone(), sent)));
        }
        let mut state = self.guarding();
        state.keep_at = self.timer.now().plus(KEEP_EVERY);
        state.forgotten = forgotten;
        Ok(())
    }
}

/// The newest mark before which this store certainly knew everything.
fn common_point(
    kept: &Position,
    witness: &dyn Witness,
    lineage: &Option<String>,
) -> Option<WitnessMark> {
    if kept.witness.as_deref() != Some(witness.identity()) {
        return None;
    }
    if kept.lineage == *lineage { kept.mark.clone() } else { kept.confirmed.clone() }
}

/// The newest attempt of each payout, with the moment of the first.
fn newest(attempts: Vec<SentAttempt>) -> Vec<SentAttempt> {
    let mut by_key: BTreeMap<OrderKey, SentAttempt> = BTreeMap::new();
    for attempt in attempts {
        let known = by_key.get(&attempt.key);
        if known.is_none_or(|known| known.number < attempt.number) {
            by_key.insert(attempt.key.clone(), attempt);
        }
    }
    by_key.into_values().collect()
}

fn unknown_here(account: &AccountName, listed: &Listed, now: Timestamp) -> Option<SentAttempt> {
    let key = match &listed.payout {
        None => OrderKey::new(listed.row.echo.key.as_deref()?).ok()?,
        Some(payout) if payout.order.account == *account && payout.progress.attempts == 0 => {
            payout.order.key.clone()
        }
        Some(_) => return None,
    };
    let account = account.clone();
    Some(SentAttempt { account, key, number: 1, digest: None, first_at: now, at: now, epoch: 0 })
}
