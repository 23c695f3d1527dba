//! What `serve` tells the world: every notice of the outbox as one JSON line on standard output,
//! and accounts that fell out of service as words on standard error.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use pagos_core::AccountName;
use pagos_engine::Notice;
use pagos_engine::Store;
use pagos_engine::StoreError;
use serde::Serialize;

use crate::console;
use crate::exit::Failure;
use crate::run::office::Office;

const BEAT: Duration = Duration::from_millis(250);
const PAGE: usize = 500;

/// A notice with its number, from which a reader can go on after a restart.
#[derive(Serialize)]
struct Line<'a> {
    number: u64,
    #[serde(flatten)]
    notice: &'a Notice,
}

/// Tells what comes after notice number `after`, until it is dropped.
///
/// # Errors
/// If the store cannot be read or standard output is gone.
pub(crate) async fn tell(office: &Office, mut after: u64) -> Result<Infallible, Failure> {
    let mut told = BTreeMap::new();
    loop {
        let page = office.store.outbox(after, PAGE).await?;
        for (number, notice) in &page {
            let mut out = console::stdout();
            serde_json::to_writer(&mut out, &Line { number: *number, notice })
                .map_err(std::io::Error::from)?;
            writeln!(out)?;
            out.flush()?;
            after = *number;
        }
        tell_halted(office.engine.halted(), &mut told);
        if page.is_empty() {
            tokio::time::sleep(BEAT).await;
        }
    }
}

fn tell_halted(halted: BTreeMap<AccountName, String>, told: &mut BTreeMap<AccountName, String>) {
    for (account, because) in halted {
        if told.insert(account.clone(), because.clone()).is_none() {
            console::tell(&format!(
                "account {account} is out of service until a restart: {because}; \
                 `pagos doctor` helps to find out why"
            ));
        }
    }
}

/// The number of the newest notice, 0 if there is none. Numbers have no gaps, so a search finds it.
pub(crate) async fn newest(store: &Arc<dyn Store>) -> Result<u64, StoreError> {
    let (mut below, mut step) = (0_u64, 1_u64);
    // `below` is a number that is reached, or 0; first in growing strides, then in halves.
    while is_beyond(store, below + step).await? {
        below += step;
        step *= 2;
    }
    while step > 0 {
        if is_beyond(store, below + step).await? {
            below += step;
        }
        step /= 2;
    }
    Ok(below)
}

/// Is there a notice with this number?
async fn is_beyond(store: &Arc<dyn Store>, number: u64) -> Result<bool, StoreError> {
    Ok(!store.outbox(number - 1, 1).await?.is_empty())
}
