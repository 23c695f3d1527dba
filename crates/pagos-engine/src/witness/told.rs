//! What a comparison is told as: the common point that is kept, and the words for a person.

use crate::{
    engine::{Engine, EngineError},
    witness::{Comparison, kept::Position},
};

impl Engine {
    /// Writes down the common point over the one that it was computed from, and calls a person if
    /// there is a reason.
    pub(super) async fn tell(
        &self,
        kept: Option<(&Position, u64)>,
        position: &Position,
        moved: bool,
        found: &Comparison,
    ) -> Result<(), EngineError> {
        let has_reason = found.has_gap() || found.is_ahead || moved;
        if position.lineage.is_none() && position.witness.is_none() && !has_reason {
            // Neither a witness nor a server: there is nothing to keep.
            return Ok(());
        }
        let is_same =
            kept.is_some_and(|(kept, _)| Position { at: position.at, ..kept.clone() } == *position);
        if is_same && !has_reason {
            return Ok(());
        }
        let notices = match has_reason {
            true => self.notices_to_all(&reason(position, moved, found)),
            false => Vec::new(),
        };
        let was = kept.map(|(_, version)| version);
        let is_kept = self.store.keep_position(was, position, notices.clone()).await?;
        if is_kept || !found.has_gap() {
            return Ok(());
        }
        // Another worker compared at the same time. What this one found is told beside its point.
        while let Some((theirs, version)) = self.store.position().await? {
            if self.store.keep_position(Some(version), &theirs, notices.clone()).await? {
                break;
            }
        }
        Ok(())
    }
}

pub(super) fn words(found: &Comparison) -> String {
    format!(
        "{} payouts were sent and are in doubt now; of {} more even the order is gone",
        found.recalled.len(),
        found.forgotten.len()
    )
}

fn reason(position: &Position, moved: bool, found: &Comparison) -> String {
    let mut because = Vec::new();
    if moved {
        because.push(match position.witness {
            Some(_) => "the database's server continues on another timeline".to_owned(),
            None => "the database's server continues on another timeline, and there is no witness: what was \
                     sent shortly before may be unknown here; compare with the provider's list"
                .to_owned(),
        });
    }
    if found.has_gap() {
        because.push(format!(
            "the database has forgotten what was sent: {}; what waits for the release of its run is \
             queried once that is released",
            words(found)
        ));
    }
    if found.is_ahead {
        because.push("the witness was replaced or set back; it goes on from here".to_owned());
    }
    because.join("; ")
}
