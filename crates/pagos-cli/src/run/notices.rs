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

#[cfg(test)]
mod tests {
    use pagos_core::AccountName;
    use pagos_core::AccountNumber;
    use pagos_core::AccountType;
    use pagos_core::Beneficiary;
    use pagos_core::Currency;
    use pagos_core::Money;
    use pagos_core::OrderKey;
    use pagos_core::PayoutOrder;
    use pagos_core::Status;
    use pagos_core::Subject;
    use pagos_core::Timestamp;
    use pagos_engine::Intent;
    use pagos_engine::Lease;
    use pagos_engine::MemoryStore;
    use pagos_engine::NoticeKind;
    use pagos_engine::RunId;
    use pagos_engine::Step;

    use super::*;

    fn an_order() -> PayoutOrder {
        PayoutOrder {
            key: OrderKey::new("n-1").unwrap(),
            account: AccountName::new("bank").unwrap(),
            amount: Money::new(15_000_000, Currency::Cop),
            beneficiary: Beneficiary {
                name: "Ana".to_owned(),
                document: None,
                bank: None,
                account_type: AccountType::Savings,
                account_number: AccountNumber::new("0012345678").unwrap(),
                email: None,
                phone: None,
            },
            description: None,
        }
    }

    fn notice(order: &PayoutOrder) -> Notice {
        Notice {
            subject: Subject::Payout,
            key: order.key.clone(),
            event: NoticeKind::Advanced,
            status: Status::Pending,
            amount: order.amount,
            returned: None,
            reference: None,
            at: Timestamp::from_millis(0),
        }
    }

    #[tokio::test]
    async fn the_newest_notice_is_found_whatever_their_number() {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
        let order = an_order();
        let (run, created_at) = (RunId("r".to_owned()), Timestamp::from_millis(0));
        store.submit(vec![Intent { order: order.clone(), run, created_at }]).await.unwrap();
        for count in 0..40 {
            assert_eq!(newest(&store).await.unwrap(), count);
            let payout = store.payout(&order.key).await.unwrap().unwrap();
            let step = Step {
                key: order.key.clone(),
                version: payout.version,
                fence: None,
                lease: Lease::Keep,
                progress: payout.progress,
                due_at: None,
                entries: Vec::new(),
                notices: vec![notice(&order)],
                applies: None,
            };
            store.commit(step).await.unwrap();
        }
    }
}
