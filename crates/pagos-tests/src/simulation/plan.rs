//! What a seed decides before a schedule begins: who takes part, how many payouts, how bad the day is.
//! What goes wrong on the way is drawn as it goes.

use std::time::Duration;

use pagos_engine::Policy;
use pagos_kit::Terms;
use pagos_twin::{Profile, Span, SplitMix64};

use crate::{harness::policy, simulation::participant::Participant};

/// One schedule, before it begins.
#[derive(Debug, Clone)]
pub struct Schedule {
    /// What everything follows from.
    pub seed: u64,
    /// Who pays, and how many payouts.
    pub mix: Vec<(Participant, u64)>,
    /// How many processes work.
    pub workers: usize,
    pub(crate) profile: Profile,
    pub(crate) terms: Terms,
    pub(crate) policy: Policy,
    /// After this nothing more happens to workers, clocks, network and post.
    pub(crate) calm_after: Duration,
    /// How many of a thousand requests meet trouble on the way.
    pub(crate) network_per_mille: u64,
    /// How many of a thousand rounds a worker does not end as it should.
    pub(crate) worker_per_mille: u64,
    pub(crate) clocks: Clocks,
    pub(crate) division: Division,
}

/// Which accounts do the workers serve?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Division {
    /// Everybody serves all of them.
    Shared,
    /// Each account is served by one worker.
    ByAccount,
}

/// Do the machines agree on the time?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clocks {
    Agree,
    Differ,
}

impl Schedule {
    /// The schedule of a seed among these participants.
    ///
    /// # Panics
    /// If there are none.
    pub fn of(seed: u64, among: &[Participant]) -> Self {
        let mut chance = SplitMix64::for_occasion(seed, "plan", "", 0);
        let any = |chance: &mut SplitMix64| {
            among[usize::try_from(chance.below(among.len() as u64)).unwrap()]
        };
        // A payout that is asked about for days takes as long as ten others.
        let pick = |chance: &mut SplitMix64| match any(chance) {
            Participant::Provider(kit) if kit.takes_days() && chance.below(2) == 0 => any(chance),
            participant => participant,
        };
        let mut mix: Vec<(Participant, u64)> = Vec::new();
        for _ in 0..=chance.below(3) {
            let participant = pick(&mut chance);
            let count = count(&mut chance);
            match mix.iter_mut().find(|(known, _)| *known == participant) {
                Some((_, counted)) => *counted += count,
                None => mix.push((participant, count)),
            }
        }
        mix.sort_unstable();
        let hours = |hours: u64| Duration::from_secs(hours * 3_600);
        let watch_for = [hours(2), hours(2), hours(2), hours(24), hours(72)];
        let rate_max = (chance.below(8) == 0).then_some(5);
        let watch_for = watch_for[usize::try_from(chance.below(5)).unwrap()];
        Self {
            seed,
            mix,
            workers: 1 + usize::try_from(chance.below(3)).unwrap(),
            profile: match chance.below(10) {
                0 => Profile::None,
                1 => Profile::Mild,
                _ => Profile::Hostile,
            },
            terms: terms(&mut chance),
            policy: Policy { watch_for, sends_per_second_max: rate_max, ..policy() },
            calm_after: chance.within(Span::from_millis(300_000, 3 * 3_600_000)),
            network_per_mille: [0, 20, 60, 200][usize::try_from(chance.below(4)).unwrap()],
            worker_per_mille: [0, 30, 80, 200][usize::try_from(chance.below(4)).unwrap()],
            clocks: if chance.below(2) == 0 { Clocks::Agree } else { Clocks::Differ },
            division: match chance.below(4) {
                0 => Division::ByAccount,
                _ => Division::Shared,
            },
        }
    }

    /// How many payouts there are.
    pub fn payouts(&self) -> u64 {
        self.mix.iter().map(|(_, count)| count).sum()
    }

    /// Does worker `nth` serve this participant?
    pub(crate) fn serves(&self, nth: usize, participant: Participant) -> bool {
        let place = self.mix.iter().position(|(it, _)| *it == participant);
        match self.division {
            Division::Shared => true,
            Division::ByAccount => place.is_some_and(|place| place % self.workers == nth),
        }
    }

    /// The keys of all payouts, each with its provider.
    pub(crate) fn keys(&self) -> Vec<(String, Participant)> {
        let of_participant = |(participant, count): &(Participant, u64)| {
            let (participant, count) = (*participant, *count);
            let name = move |nth| format!("{}{}n{nth:02}", participant.letter(), self.seed);
            (0..count).map(move |nth| (name(nth), participant)).collect::<Vec<_>>()
        };
        self.mix.iter().flat_map(of_participant).collect()
    }
}

/// Signing a webhook with RSA takes a thousand times what any other step takes, and a weekend is
/// full of queries; so both are rare.
fn terms(chance: &mut SplitMix64) -> Terms {
    let is_subscribed = chance.below(16) == 0;
    let delay = u32::try_from(chance.below(1_200)).unwrap();
    let execution_delay_seconds = (chance.below(8) > 0).then_some(delay);
    Terms { is_subscribed, execution_delay_seconds }
}

/// Few payouts show most faults, and many show what crowds do.
fn count(chance: &mut SplitMix64) -> u64 {
    match chance.below(100) {
        0..35 => 1 + chance.below(3),
        35..80 => 3 + chance.below(5),
        80..98 => 8 + chance.below(9),
        _ => 20 + chance.below(30),
    }
}
