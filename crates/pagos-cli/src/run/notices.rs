//! The output of `serve`: every notice of the outbox as one JSON line on standard output, and
//! accounts that fell out of service as messages on standard error.
//!
//! A notice counts as delivered only when its line is written and flushed: a reader gets every
//! notice at least once, in order. A reader that does not read holds up nothing else.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use pagos_core::AccountName;
use pagos_engine::{InstrumentedStore, Notice, StoreError};
use serde::Serialize;

use crate::{
    arguments::NoticesAfter,
    console::{self, Lost, Stream, Ticket},
    exit::{Failure, with_causes},
    run::instance::Instance,
};

const BEAT: Duration = Duration::from_millis(250);

/// The number of notices that are written, and then acknowledged, at a time.
const PAGE: usize = 100;

/// How long to wait after the store could not be read.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// A notice with its number.
#[derive(Serialize)]
struct Line<'a> {
    number: u64,
    #[serde(flatten)]
    notice: &'a Notice,
}

/// A reader of the outbox, whose position the store keeps.
pub(crate) struct Reader<'a> {
    instance: &'a Instance,
    instrumented: InstrumentedStore,
    out: Stream,
    name: String,
    /// The last notice that was passed on.
    after: u64,
    /// The notices up to this one were passed on and are not acknowledged.
    on_its_way: Option<(u64, Ticket)>,
    told: BTreeMap<AccountName, String>,
}

/// Why notices are not delivered.
#[derive(Debug)]
enum Held {
    /// The stream cannot be written any more.
    Lost(Lost),
    /// The store cannot be read.
    Store(StoreError),
}

impl<'a> Reader<'a> {
    /// The reader with this name, at its position. A new one begins at the first notice, or at the
    /// given position.
    ///
    /// # Errors
    /// If it has a position and another one is given; if there is no such notice.
    pub(crate) async fn open(
        instance: &'a Instance,
        out: Stream,
        name: &str,
        notices_after: Option<NoticesAfter>,
    ) -> Result<Self, Failure> {
        let instrumented = instance.instrumented_store();
        let after = match (instance.store.reader(name).await?, notices_after) {
            (Some(position), None) => position,
            (None, None) => 0,
            (Some(position), Some(_)) => {
                return Err(Failure::new(format!(
                    "reader {name} has acknowledged the notices up to number {position} and goes on \
                     behind it; leave --notices-after out, or name a new --reader"
                )));
            }
            (None, Some(wanted)) => {
                let after = position_of(instance, wanted).await?;
                instrumented.acknowledge(name, after).await?;
                after
            }
        };
        let (name, told) = (name.to_owned(), BTreeMap::new());
        Ok(Self { instance, instrumented, out, name, after, on_its_way: None, told })
    }

    /// Delivers new notices, after `ready`, until it is dropped. Dropping it at any time loses no
    /// notice.
    pub(crate) async fn tell(&mut self, ready: String) -> Infallible {
        if let Err(lost) = self.out.push(ready.into_bytes()).await {
            self.tell_lost(&lost);
            return self.tell_halted_only().await;
        }
        loop {
            self.tell_halted();
            match self.tell_page().await {
                Ok(true) => {}
                Ok(false) => tokio::time::sleep(BEAT).await,
                Err(Held::Store(error)) => {
                    let because = with_causes(&error);
                    console::tell(&format!(
                        "notices cannot be read or acknowledged now: {because}; that is tried again, \
                         and payouts go on"
                    ));
                    tokio::time::sleep(AGAIN_AFTER).await;
                }
                Err(Held::Lost(lost)) => {
                    self.tell_lost(&lost);
                    return self.tell_halted_only().await;
                }
            }
        }
    }

    /// Delivers the remaining notices, if somebody reads; the others stay for the next time.
    pub(crate) async fn tell_last(mut self) {
        let rest = async { while let Ok(true) = self.tell_page().await {} };
        // A reader that is too slow gets the rest from the next `serve`.
        let _ = tokio::time::timeout(console::GRACE, rest).await;
    }

    /// Acknowledges what was written and passes on the next page. Returns false if there is none.
    async fn tell_page(&mut self) -> Result<bool, Held> {
        if let Some((number, ticket)) = self.on_its_way {
            self.out.written(ticket).await?;
            self.instrumented.acknowledge(&self.name, number).await?;
            self.on_its_way = None;
        }
        let page = self.instance.store.outbox(self.after, PAGE).await?;
        let Some((last, _)) = page.last() else { return Ok(false) };
        let mut lines = Vec::new();
        for (number, notice) in &page {
            let line = Line { number: *number, notice };
            serde_json::to_writer(&mut lines, &line).map_err(std::io::Error::from)?;
            lines.push(b'\n');
        }
        let ticket = self.out.push(lines).await?;
        self.after = *last;
        self.on_its_way = Some((*last, ticket));
        Ok(true)
    }

    fn tell_lost(&self, lost: &Lost) {
        console::tell(&format!(
            "standard output cannot be written ({lost}), so notices are not printed any more; payouts \
             go on, and the next `pagos serve` with --reader {} prints what was not acknowledged",
            self.name
        ));
    }

    async fn tell_halted_only(&mut self) -> Infallible {
        loop {
            self.tell_halted();
            tokio::time::sleep(BEAT).await;
        }
    }

    /// Reports once when an account falls out of service, and when it is back.
    fn tell_halted(&mut self) {
        let halted = self.instance.engine.halted();
        self.told.retain(|account, _| {
            let is_halted = halted.contains_key(account);
            if !is_halted {
                console::tell(&format!("account {account} is in service again"));
            }
            is_halted
        });
        for (account, because) in halted {
            if self.told.insert(account.clone(), because.clone()).is_none() {
                console::tell(&format!(
                    "account {account} is out of service: {because}; correct it (`pagos doctor` \
                     helps); it is tried again by itself"
                ));
            }
        }
    }
}

async fn position_of(instance: &Instance, wanted: NoticesAfter) -> Result<u64, Failure> {
    let newest = instance.store.newest_notice().await?;
    match wanted {
        NoticesAfter::Newest => Ok(newest),
        NoticesAfter::Number(number) if number <= newest => Ok(number),
        NoticesAfter::Number(number) => Err(Failure::new(format!(
            "there is no notice {number}: the newest one is number {newest}; give --notices-after a \
             number up to that, or `newest`"
        ))),
    }
}

impl From<Lost> for Held {
    fn from(lost: Lost) -> Self {
        Self::Lost(lost)
    }
}

impl From<StoreError> for Held {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<std::io::Error> for Held {
    fn from(error: std::io::Error) -> Self {
        Self::Lost(error.into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use pagos_core::Timestamp;
    use pagos_engine::{MemoryStore, NoticeAbout, NoticeKind, Policy, Store, World};

    use super::*;

    /// Whatever is written stays there.
    #[derive(Clone, Default)]
    struct Document(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Document {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    impl Document {
        fn numbers(&self) -> Vec<u64> {
            let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
            let read = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap();
            text.lines().map(|line| read(line)["number"].as_u64().unwrap()).collect()
        }
    }

    async fn instance(notices: usize) -> Instance {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        for number in 0..notices {
            let notice = Notice {
                account: AccountName::new(format!("bank-{number}")).unwrap(),
                event: NoticeKind::Attention { because: "its key is wrong".to_owned() },
                about: NoticeAbout::Account,
                at: Timestamp::from_millis(0),
            };
            store.halt(notice).await.unwrap();
        }
        let accounts = pagos_engine::Accounts::new();
        Instance::over(store, &World::Providers, accounts, Policy::live()).await.unwrap()
    }

    async fn reader<'a>(instance: &'a Instance, document: &Document) -> Reader<'a> {
        Reader::open(instance, Stream::over(document.clone()), "serve", None).await.unwrap()
    }

    #[tokio::test]
    async fn truth_11_a_page_is_acknowledged_after_it_was_written_and_not_before() {
        let instance = instance(PAGE + 5).await;
        let first = Document::default();
        let mut killed = reader(&instance, &first).await;
        assert!(killed.tell_page().await.unwrap());
        assert_eq!(instance.store.reader("serve").await.unwrap(), None);
        // The second call finds the first page written.
        assert!(killed.tell_page().await.unwrap());
        let page = u64::try_from(PAGE).unwrap();
        assert_eq!(instance.store.reader("serve").await.unwrap(), Some(page));
        killed.out.drain(console::GRACE);
        drop(killed);
        assert_eq!(first.numbers(), (1..=page + 5).collect::<Vec<u64>>());

        let second = Document::default();
        reader(&instance, &second).await.tell_last().await;
        assert_eq!(second.numbers(), (page + 1..=page + 5).collect::<Vec<u64>>());
        assert_eq!(instance.store.reader("serve").await.unwrap(), Some(page + 5));
    }

    #[tokio::test]
    async fn a_position_is_durable_as_soon_as_it_is_named() {
        let instance = instance(3).await;
        let document = Document::default();
        let from = |after| Reader::open(&instance, Stream::over(document.clone()), "serve", after);
        assert!(from(Some(NoticesAfter::Number(4))).await.is_err());
        drop(from(Some(NoticesAfter::Newest)).await.unwrap());
        assert_eq!(instance.store.reader("serve").await.unwrap(), Some(3));
        assert!(from(Some(NoticesAfter::Number(0))).await.is_err());
        assert!(from(None).await.is_ok());
    }
}
