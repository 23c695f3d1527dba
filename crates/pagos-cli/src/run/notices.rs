//! What `serve` tells the world: every notice of the outbox as one JSON line on standard output,
//! and accounts that fell out of service as words on standard error.
//!
//! A notice counts as told when its line was written and flushed, and not before: whoever reads gets
//! every notice at least once, in order. That nobody reads holds up nothing else.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use pagos_core::AccountName;
use pagos_engine::Notice;
use pagos_engine::StoreDoor;
use pagos_engine::StoreError;
use serde::Serialize;

use crate::arguments::NoticesAfter;
use crate::arguments::ServeArguments;
use crate::console;
use crate::console::Lost;
use crate::console::Stream;
use crate::console::Ticket;
use crate::exit::Failure;
use crate::exit::with_causes;
use crate::run::office::Office;

const BEAT: Duration = Duration::from_millis(250);

/// Notices that are written, and then acknowledged, at a time.
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
    office: &'a Office,
    door: StoreDoor,
    out: Stream,
    name: String,
    /// The last notice that was passed on.
    after: u64,
    /// What was passed on and is not acknowledged, up to this notice.
    on_its_way: Option<(u64, Ticket)>,
    told: BTreeMap<AccountName, String>,
}

/// Why notices are not told.
#[derive(Debug)]
enum Held {
    /// Nobody can read them any more.
    Lost(Lost),
    /// The store does not give them.
    Store(StoreError),
}

impl<'a> Reader<'a> {
    /// The reader that the arguments name, at its position.
    ///
    /// # Errors
    /// If it has a position, and the arguments name another one; if there is no such notice.
    pub(crate) async fn open(
        office: &'a Office,
        out: Stream,
        arguments: &ServeArguments,
    ) -> Result<Self, Failure> {
        let (name, door) = (arguments.reader.clone(), office.store_door());
        let after = match (office.store.reader(&name).await?, arguments.notices_after) {
            (Some(position), None) => position,
            (None, None) => 0,
            (Some(position), Some(_)) => {
                return Err(Failure::new(format!(
                    "reader {name} has acknowledged the notices up to number {position} and goes on \
                     behind it; leave --notices-after out, or name a new --reader"
                )));
            }
            (None, Some(wanted)) => {
                let after = position_of(office, wanted).await?;
                door.acknowledge(&name, after).await?;
                after
            }
        };
        let told = BTreeMap::new();
        Ok(Self { office, door, out, name, after, on_its_way: None, told })
    }

    /// Tells what comes, after `ready`, until it is dropped. Dropped anywhere it loses no notice.
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
                        "notices cannot be read and are tried again: {because}; payouts go on"
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

    /// Tells what is left, if somebody reads; what cannot be told stays for the next time.
    pub(crate) async fn tell_last(mut self) {
        let rest = async { while let Ok(true) = self.tell_page().await {} };
        // Whoever does not read in this time gets it from the next `serve`.
        let _ = tokio::time::timeout(console::GRACE, rest).await;
    }

    /// Acknowledges what was written and passes the next page on. False if there is none.
    async fn tell_page(&mut self) -> Result<bool, Held> {
        if let Some((number, ticket)) = self.on_its_way {
            self.out.written(ticket).await?;
            self.door.acknowledge(&self.name, number).await?;
            self.on_its_way = None;
        }
        let page = self.office.store.outbox(self.after, PAGE).await?;
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

    /// Says once which account fell out of service, and when it is back.
    fn tell_halted(&mut self) {
        let halted = self.office.engine.halted();
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

async fn position_of(office: &Office, wanted: NoticesAfter) -> Result<u64, Failure> {
    let newest = office.store.newest_notice().await?;
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
