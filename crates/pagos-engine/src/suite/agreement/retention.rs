//! Random operations on what leaves a store.

use super::{Pair, at, run};
use crate::{
    intent::Digest,
    retention::{Candidate, Leaving, Scope, SealedAs},
    store::{Step, StoreError},
};

const READERS: [&str; 2] = ["fast", "slow"];

impl Pair {
    /// Most of it wants to seal what must stay, which both refuse alike.
    pub(super) async fn retain(&mut self) {
        match self.random.below(8) {
            0 => {
                let before = at(self.now_ms - 20);
                let _ = both!(self, forgettable_deliveries(before));
                let limit = usize::try_from(self.random.below(4)).expect("below 4");
                let _ = both!(self, forget_deliveries(before, limit));
            }
            1 => {
                let (name, number) = (self.random.pick(&READERS), self.random.below(60));
                let newest = both!(self, newest_notice()).expect("memory never fails");
                let _ = both!(self, acknowledge(name, number.min(newest)));
                let _ = both!(self, readers());
                if self.random.once_in(4) {
                    let _ = both!(self, forget_reader(name));
                }
            }
            2 => {
                let up_to = self.random.below(60);
                let _ = both!(self, forget_notices(up_to));
            }
            _ => self.seal().await,
        }
    }

    async fn seal(&mut self) {
        self.settle_one().await;
        let scope = self.random.pick(&[Scope::All, Scope::Settled, Scope::Settled]);
        let candidates = self.candidates(scope).await;
        let picked = candidates.iter().filter(|_| self.random.once_in(3));
        let picked: Vec<(Candidate, Candidate)> = picked.cloned().collect();
        let (mut leaving, mut leaving_ours) = (Vec::new(), Vec::new());
        for (theirs, ours) in picked {
            let slip = u64::from(self.random.once_in(10));
            let one = Leaving {
                key: theirs.payout.order.key.clone(),
                digest: Digest::of(&theirs.payout.order),
                version: theirs.payout.version + slip,
                ended: self.random.pick(&[SealedAs::Succeeded, SealedAs::Failed]),
            };
            leaving_ours.push(Leaving { version: ours.payout.version + slip, ..one.clone() });
            leaving.push(one);
        }
        let theirs = self.store.seal(leaving, at(self.now_ms)).await;
        self.agree("seal", &theirs, &self.memory.seal(leaving_ours, at(self.now_ms)).await);
        let name = run(self.random.pick(&super::RUNS));
        let _ = both!(self, archived(&name));
    }

    /// Leaves nothing due about a payout, so that some may go.
    async fn settle_one(&mut self) {
        let wanted = self.key();
        let Some(seen) = self.payout(&wanted).await else { return };
        let step = self.step(&seen.1);
        self.commit_to_both(&seen, Step { fence: None, due_at: None, applies: None, ..step }).await;
    }

    /// Each store numbers places in its own way, and orders those of one batch as it likes.
    async fn candidates(&mut self, scope: Scope) -> Vec<(Candidate, Candidate)> {
        let without_places = |found: Result<Vec<Candidate>, StoreError>| {
            let found = found.expect("candidates").into_iter();
            let mut found: Vec<_> = found.map(|it| Candidate { place: 0, ..it }).collect();
            found.sort_by(|one, other| one.payout.order.key.cmp(&other.payout.order.key));
            found
        };
        let theirs = without_places(self.store.candidates(scope, 0, usize::MAX).await);
        let ours = without_places(self.memory.candidates(scope, 0, usize::MAX).await);
        let (theirs, ours) = (Ok(theirs), Ok(ours));
        self.agree("candidates", &theirs, &ours);
        theirs.into_iter().flatten().zip(ours.into_iter().flatten()).collect()
    }

    pub(super) async fn compare_retained(&mut self) {
        let _ = self.candidates(Scope::All).await;
        let _ = both!(self, readers());
        for number in 0..25 {
            let key = super::key(&format!("k{number}"));
            let _ = both!(self, sealed(&key));
        }
    }
}
