//! Without a witness nobody knows what a restored store sent since its backup. Whatever it would
//! send is then put in doubt, so that the provider is asked about it first.

use std::collections::BTreeMap;

use futures_util::{StreamExt, TryStreamExt, stream};
use pagos_core::{AccountName, Status};

use crate::{
    actor::Actor,
    decide::Rules,
    engine::{Engine, EngineError},
    list::{Filter, Page},
    point::Point,
    record::Writer,
    store::{Payout, Work},
    witness::kept::{NO_NOTE, Restored},
};

/// How many payouts are read at once.
const PAGE: usize = 1_000;

/// How many are written at once.
const WRITES: usize = 32;

/// What [`Engine::doubt_unsent`] did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Doubted {
    /// How many payouts are in doubt now that were not.
    pub doubted: u64,
    /// How many were left as they are, by account, because the engine does not know the account. If
    /// there are any, the store is not accepted.
    pub left: BTreeMap<AccountName, u64>,
}

impl Engine {
    /// Treats every payout that a restored store has not sent as one that was perhaps sent between
    /// the backup and the restore, and then accepts the store. The provider is asked about each;
    /// what it knows is learned, and what it does not know is sent again by a person only.
    ///
    /// It helps where there is no witness. A payout that was *submitted* after the backup is not in
    /// the store, so it is not among them. If this is interrupted, nothing is accepted; calling it
    /// again finishes it.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let engine = scene::engine().await;
    /// // This store was not restored.
    /// assert!(engine.doubt_unsent("the panel is down, Ana", None).await.is_err());
    /// # Ok(())
    /// # })?;
    /// # Ok::<(), pagos_engine::EngineError>(())
    /// ```
    ///
    /// # Errors
    /// Refuses an empty note, and a store that was not restored or is accepted already.
    pub async fn doubt_unsent(
        &self,
        note: &str,
        by: Option<&Actor>,
    ) -> Result<Doubted, EngineError> {
        if note.trim().is_empty() {
            return Err(EngineError::Refused(NO_NOTE.to_owned()));
        }
        let Some(restored) = self.store.restored().await?.filter(Restored::is_open) else {
            return Err(EngineError::Refused(NOT_RESTORED.to_owned()));
        };
        let mut done = Doubted::default();
        for status in [Status::Created, Status::Unknown] {
            self.doubt_all(status, &restored, &mut done).await?;
        }
        if done.left.is_empty() {
            let because = format!("what was not sent is in doubt: {note}");
            self.store.accept_restored(&because, by).await?;
        }
        Ok(done)
    }

    async fn doubt_all(
        &self,
        status: Status,
        restored: &Restored,
        done: &mut Doubted,
    ) -> Result<(), EngineError> {
        let filter = Filter { status: Some(status.word().to_owned()), ..Filter::default() };
        let mut page = Page::by_key(PAGE);
        loop {
            let payouts = self.store.store().list(&filter, &page).await?;
            let Some(last) = payouts.last() else { return Ok(()) };
            page = page.after(last);
            let mut here = Vec::new();
            for payout in payouts.into_iter().filter(|it| it.progress.work() == Work::Send) {
                match self.providers.to(&payout.order.account).is_some() {
                    true => here.push(payout),
                    false => *done.left.entry(payout.order.account).or_default() += 1,
                }
            }
            let mut writing = stream::iter(here)
                .map(|payout| self.doubt(payout, restored))
                .buffer_unordered(WRITES);
            while let Some(written) = writing.try_next().await? {
                done.doubted += u64::from(written.is_some());
            }
        }
    }

    async fn doubt(
        &self,
        payout: Payout,
        restored: &Restored,
    ) -> Result<Option<Payout>, EngineError> {
        let doubt = |payout: &Payout, rules: &Rules<'_>| {
            rules.doubted(&payout.progress, restored.restored_at)
        };
        self.write(Point::RecordRecalled, payout, Writer::Anyone, doubt).await
    }
}

const NOT_RESTORED: &str = "this database does not wait for a comparison: it was not restored from a backup, or it was \
                            compared or accepted already";
