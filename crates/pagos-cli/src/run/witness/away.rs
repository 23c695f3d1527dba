//! A witness that is away, and is looked for whenever it is needed.

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use pagos_engine::{
    Noted, Reading, SentAttempt, WithoutWitness, Witness, WitnessError, WitnessErrorKind,
    WitnessMark, WitnessRules,
};

use super::Meant;

/// Whether payouts are sent without the witness until it is back. One that was damaged, or is
/// another database's, does not come back by itself.
pub(super) fn may_come_back(error: &WitnessError, rules: WitnessRules) -> bool {
    let may = match error.kind {
        WitnessErrorKind::Unavailable | WitnessErrorKind::Full => true,
        WitnessErrorKind::Damaged | WitnessErrorKind::OtherStore => false,
    };
    may && rules.without == WithoutWitness::GoOn
}

/// The witness that will be there. `known` is the identity of the one that was.
pub(super) fn witness(meant: Meant, known: Option<&str>) -> Arc<dyn Witness> {
    let known = known.unwrap_or_default().to_owned();
    Arc::new(Away { meant, known, back: OnceLock::new() })
}

#[derive(Debug)]
struct Away {
    meant: Meant,
    known: String,
    back: OnceLock<Arc<dyn Witness>>,
}

impl Away {
    async fn look(&self) -> Result<&dyn Witness, WitnessError> {
        if let Some(witness) = self.back.get() {
            return Ok(witness.as_ref());
        }
        let witness = self.meant.open().await?;
        if !self.known.is_empty() && witness.identity() != self.known {
            let (kind, place) = (WitnessErrorKind::Unavailable, self.meant.place());
            let message = format!("{place}: another witness is there; stop, and say --new-witness");
            return Err(WitnessError { kind, message });
        }
        Ok(self.back.get_or_init(|| witness).as_ref())
    }
}

#[async_trait]
impl Witness for Away {
    fn identity(&self) -> &str {
        self.back.get().map_or(&self.known, |witness| witness.identity())
    }

    async fn append(&self, attempts: &[SentAttempt]) -> Result<Vec<Noted>, WitnessError> {
        self.look().await?.append(attempts).await
    }

    async fn mark(&self) -> Result<WitnessMark, WitnessError> {
        self.look().await?.mark().await
    }

    async fn read(
        &self,
        after: Option<&WitnessMark>,
        limit: usize,
    ) -> Result<Reading, WitnessError> {
        self.look().await?.read(after, limit).await
    }
}
