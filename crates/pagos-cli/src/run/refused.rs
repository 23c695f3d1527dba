//! What the receiver refused, deliveries and connections: counted in the store, and reported to the
//! operator. Refused deliveries are not stored.

use std::{collections::BTreeMap, convert::Infallible, time::Duration};

use pagos_core::AccountName;
use pagos_engine::{InstrumentedStore, Refused};
use pagos_webhook::Receiver;

use crate::{console, exit::with_causes};

/// In this time a stranger can cause at most one write and one line per account.
const BEAT: Duration = Duration::from_secs(60);

/// How long the last count may delay the end.
const LAST_MAX: Duration = Duration::from_secs(1);

/// Counts what was refused, once a minute.
pub(crate) async fn note_every_minute(
    receiver: &Receiver,
    instrumented: &InstrumentedStore,
) -> Infallible {
    loop {
        tokio::time::sleep(BEAT).await;
        note(receiver, instrumented).await;
    }
}

/// Counts what was refused since the last time, at the end.
pub(crate) async fn note_last(receiver: &Receiver, instrumented: &InstrumentedStore) {
    if tokio::time::timeout(LAST_MAX, note(receiver, instrumented)).await.is_err() {
        console::tell("warning: the store did not take the last count of refused webhooks in time");
    }
}

async fn note(receiver: &Receiver, instrumented: &InstrumentedStore) {
    let refused = receiver.take_refused();
    if refused.is_empty() {
        return;
    }
    lines(&refused).iter().for_each(|line| console::tell(line));
    if let Err(error) = instrumented.count_refused(refused).await {
        console::tell(&format!(
            "warning: the refused webhooks could not be counted in the store: {}",
            with_causes(&error)
        ));
    }
}

/// One line per account, and one for refusals without an account.
fn lines(refused: &[Refused]) -> Vec<String> {
    let mut accounts: BTreeMap<Option<&AccountName>, Vec<&Refused>> = BTreeMap::new();
    for one in refused {
        accounts.entry(one.account.as_ref()).or_default().push(one);
    }
    let line = |(account, refused): (Option<&AccountName>, Vec<&Refused>)| {
        let sum: u64 = refused.iter().map(|one| one.count).sum();
        let reasons = refused.iter().map(|one| format!("{}: {}", one.reason, one.count));
        let reasons = reasons.collect::<Vec<_>>().join("; ");
        let Some(account) = account else {
            let what =
                if sum == 1 { "request or connection was" } else { "requests or connections were" };
            return format!(
                "the receiver: {sum} {what} refused ({reasons}); `pagos inbox list --state refused` has \
                 the sums"
            );
        };
        let what = if sum == 1 { "webhook was" } else { "webhooks were" };
        format!(
            "account {account}: {sum} {what} refused ({reasons}); if they are the provider's, check the \
             account's keys; `pagos inbox list --state refused` has the sums"
        )
    };
    accounts.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use pagos_core::Timestamp;

    use super::*;

    #[test]
    fn an_account_gets_one_line_however_many_were_refused() {
        let refused = |account: &str, reason: &str, count| Refused {
            account: (!account.is_empty()).then(|| AccountName::new(account).unwrap()),
            reason: reason.to_owned(),
            count,
            last_at: Timestamp::from_millis(0),
        };
        let all = [
            refused("b", "forged", 1),
            refused("a", "forged", 9),
            refused("", "no room", 3),
            refused("a", "untrusted", 2),
        ];
        let told = lines(&all);
        let wanted = [
            "the receiver: 3 requests or connections were refused (no room: 3);",
            "account a: 11 webhooks were refused (forged: 9; untrusted: 2);",
            "account b: 1 webhook was refused (forged: 1);",
        ];
        assert_eq!(told.len(), wanted.len());
        for (told, wanted) in told.iter().zip(wanted) {
            assert!(told.starts_with(wanted), "{told}");
        }
    }
}
