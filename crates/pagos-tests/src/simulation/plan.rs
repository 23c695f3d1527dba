//! What a seed decides before a schedule begins: who takes part, how many payouts, how bad the day is.
//! What goes wrong on the way is drawn as it goes.

use std::time::Duration;

use pagos_engine::{Policy, WithoutWitness};
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
    pub(crate) fate: Fate,
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
            fate: Fate::of(seed, GoingBack::AtTimes),
        }
    }

    /// The same schedule in which the store goes back as often as that.
    #[must_use]
    pub fn going_back(self, how: GoingBack) -> Self {
        Self { fate: Fate::of(self.seed, how), ..self }
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

/// How often the store goes back to an earlier state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GoingBack {
    /// In one schedule of five, and always with a witness.
    AtTimes,
    /// In every schedule, with a witness.
    Always,
    /// In every schedule, without a witness: what that costs is counted, not judged.
    WithoutWitness,
}

impl GoingBack {
    /// How to ask for it on the command line.
    pub(crate) fn flag(self) -> &'static str {
        match self {
            Self::AtTimes => "",
            Self::Always => " --go-back",
            Self::WithoutWitness => " --without-witness",
        }
    }
}

/// What becomes of the store and its witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fate {
    pub(crate) has_witness: bool,
    /// How often the store goes back, at most.
    pub(crate) returns: u32,
    pub(crate) kind: Kind,
    /// Whether all workers end when the store goes back.
    pub(crate) do_workers_end: bool,
    pub(crate) witness: OfWitness,
}

/// What the store is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// It says that it continues on another line of history.
    Server,
    /// It says nothing.
    File,
}

/// What becomes of a witness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfWitness {
    Kept,
    /// It is out of reach for a time.
    Lost(WithoutWitness),
    /// It loses its newest attempts.
    SetBack,
    /// It goes back together with the store.
    GoesBack,
}

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Server => "a server",
            Self::File => "a file",
        }
    }
}

impl Fate {
    /// Nothing happens to either.
    pub(crate) const CALM: Self = Self {
        has_witness: true,
        returns: 0,
        kind: Kind::File,
        do_workers_end: true,
        witness: OfWitness::Kept,
    };

    fn of(seed: u64, how: GoingBack) -> Self {
        let mut chance = SplitMix64::for_occasion(seed, "fate", "", 0);
        let (stop, go_on) =
            (OfWitness::Lost(WithoutWitness::Stop), OfWitness::Lost(WithoutWitness::GoOn));
        let often = 1 + u32::from(chance.below(3) == 0);
        let drawn = chance.below(100);
        let (returns, witness) = match (how, drawn) {
            (GoingBack::AtTimes, 0..70) => return Self::CALM,
            (GoingBack::AtTimes, 70..88) => (often, OfWitness::Kept),
            (GoingBack::AtTimes, 88..91) => (often, stop),
            (GoingBack::AtTimes, 91..94) => (0, stop),
            (GoingBack::AtTimes, 94..97) => (0, go_on),
            (GoingBack::AtTimes, _) => (0, OfWitness::SetBack),
            (GoingBack::Always, 0..75) => (often, OfWitness::Kept),
            (GoingBack::Always, 75..90) => (often, stop),
            (GoingBack::Always, _) => (often, OfWitness::GoesBack),
            (GoingBack::WithoutWitness, _) => (often, OfWitness::Kept),
        };
        let kind = if chance.below(2) == 0 { Kind::Server } else { Kind::File };
        let do_workers_end = match kind {
            Kind::Server => chance.below(4) == 0,
            // Nobody has a file open while it is replaced; the witness is to refuse all the same.
            Kind::File => chance.below(4) > 0,
        };
        let has_witness = how != GoingBack::WithoutWitness;
        Self { has_witness, returns, kind, do_workers_end, witness }
    }

    /// Why payouts may be paid twice, so that they are counted and not judged. A file is not exchanged
    /// while somebody has it open: the witness refuses what it has all the same, but an attempt that
    /// was never noted can then pass for one that was sent.
    pub(crate) fn excuse(self) -> Option<&'static str> {
        let is_in_use = self.kind == Kind::File && !self.do_workers_end && self.returns > 0;
        match self.witness {
            _ if !self.has_witness => Some("without a witness"),
            OfWitness::GoesBack => Some("the witness went back too"),
            _ if is_in_use => Some("a file was exchanged under running workers"),
            OfWitness::Kept | OfWitness::Lost(_) | OfWitness::SetBack => None,
        }
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
