//! What a database is known not to know: what happened after the backup that it was restored from, and
//! the orders of payouts that it sent and has forgotten.

use pagos_engine::{InstrumentedStore, Restored, SentAttempt, StoreError};
use serde::Serialize;

use crate::{
    output::List,
    words::{Text, payout as words},
};

/// The gaps of one database at present. In JSON, what there is none of is left out.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Gaps {
    /// That it was restored, until it was compared and the providers' lists were read.
    #[serde(skip_serializing_if = "Option::is_none")]
    restored: Option<Restored>,
    /// How many payouts were sent and have no order here any more.
    #[serde(skip_serializing_if = "is_zero")]
    forgotten: usize,
}

impl Gaps {
    /// The mark of a restored database, if it matters still, and what the database has forgotten.
    pub(crate) async fn of(
        store: &InstrumentedStore,
        forgotten: &[SentAttempt],
    ) -> Result<Self, StoreError> {
        let restored = store.restored().await?.filter(|it| !it.is_settled());
        Ok(Self { restored, forgotten: forgotten.len() })
    }

    /// Adds a line for each, with the next step.
    pub(crate) fn tell(&self, list: &mut List) {
        for line in self.lines() {
            list.note(words::database(), line);
        }
    }

    fn lines(&self) -> Vec<Text> {
        let restored = self.restored.as_ref().map(restored_line);
        restored.into_iter().chain(forgotten_line(self.forgotten)).collect()
    }
}

fn restored_line(restored: &Restored) -> Text {
    let Restored { restored_at, backup_at, accepted, lists_since } = restored;
    match accepted {
        None => words::was_restored(restored_at.to_string(), backup_at.to_string()),
        Some(accepted) => {
            let since = lists_since.unwrap_or(*backup_at).to_string();
            words::was_accepted(restored_at.to_string(), accepted.to_string(), since)
        }
    }
}

fn forgotten_line(count: usize) -> Option<Text> {
    match count {
        0 => None,
        1 => Some(words::has_forgotten(words::one_order())),
        _ => Some(words::has_forgotten(words::orders_of(count))),
    }
}

/// Everything that was sent and whose orders the database has forgotten, by key.
///
/// # Errors
/// The error of the store.
pub(crate) async fn all_forgotten(
    store: &InstrumentedStore,
) -> Result<Vec<SentAttempt>, StoreError> {
    const PAGE: usize = 1_000;

    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let page = store.forgotten(&after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(all) };
        last.key.as_str().clone_into(&mut after);
        all.extend(page);
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests {
    use pagos_core::Timestamp;

    use super::*;

    #[test]
    fn each_gap_has_its_line_and_its_next_step() {
        let (early, late) = (Timestamp::from_millis(1_000), Timestamp::from_millis(9_000));
        let open = Restored::of_copy(early, late, None);
        let accepted = Some("cli:ana: panel".to_owned());
        let unread = Restored { accepted, lists_since: Some(early), ..open.clone() };
        let lines = |restored, forgotten| Gaps { restored, forgotten }.lines();
        assert!(lines(None, 0).is_empty());
        let told = lines(Some(open), 1);
        assert!(
            told[0].english().contains("nothing is sent from it before it was compared"),
            "{told:?}"
        );
        assert!(told[1].english().contains("the order of 1 payout that it sent"), "{told:?}");
        let told = lines(Some(unread), 2);
        assert!(
            told[0].english().contains("(cli:ana: panel); the providers' lists since 1970"),
            "{told:?}"
        );
        assert!(told[1].english().contains("the orders of 2 payouts"), "{told:?}");
        assert_eq!(serde_json::to_string(&Gaps::default()).unwrap(), "{}");
    }
}
