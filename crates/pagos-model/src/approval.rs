//! Approval of a run as a model of its own: submitters, approvers, a run that is taken back and
//! submitted again under the same name, and a process that ends between approval and release.
//!
//! It shares nothing with the model of a payout. There a payout is due at the start; here is what
//! must have happened before.

use std::collections::BTreeSet;

use stateright::{Checker, HasDiscoveries, Model, Property};

/// How many people there are; any of them submits, approves and rejects.
const PEOPLE: u8 = 3;

/// How many must approve.
const NEEDED: usize = 2;

/// What keeps the promise. Each can be taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ApprovalGuard {
    /// Who submitted a part of the run does not count.
    OthersOnly,
    /// Nobody counts twice.
    OnceEach,
    /// Members are fixed before anybody is asked.
    ClosedFirst,
    /// Whoever approves names the content that they looked at, and it is compared.
    DigestCompared,
    /// What was said belongs to the number of the run, not to its name.
    ByNumber,
    /// The release names the number of the run that was approved.
    PermitNamesRun,
    /// A rejected run is not approved any more.
    RejectionIsFinal,
    /// Approved and rejected are written over what was read, so that only one of them is.
    CompareAndSet,
}

impl ApprovalGuard {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::OthersOnly,
        Self::OnceEach,
        Self::ClosedFirst,
        Self::DigestCompared,
        Self::ByNumber,
        Self::PermitNamesRun,
        Self::RejectionIsFinal,
        Self::CompareAndSet,
    ];
}

/// The world of one run name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApprovalWorld {
    without: Option<ApprovalGuard>,
}

/// What a run of this name holds at present.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct HeldRun {
    number: u8,
    /// Two payouts, of which it has one or both.
    content: u8,
    submitters: BTreeSet<u8>,
    is_closed: bool,
    is_due: bool,
}

/// Where the approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Stand {
    Waiting,
    Approved,
    Rejected,
}

/// The record of the approval.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Asked {
    number: u8,
    digest: u8,
    /// Who approved, in order of the name.
    said: Vec<u8>,
    stand: Stand,
}

/// One state.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ApprovalState {
    run: Option<HeldRun>,
    /// The number of the newest run.
    numbers: u8,
    asked: Option<Asked>,
    /// What each person looked at last.
    looked_at: [Option<u8>; PEOPLE as usize],
    /// A process that is about to release the run of this number.
    releasing: Option<u8>,
    /// A process that read a run that waits and is about to write that it is rejected.
    rejecting: Option<u8>,
    crashes_left: u8,
    /// Ghost: who said yes to which content of which run, having looked at it.
    yes: BTreeSet<(u8, u8, u8)>,
    /// Ghost: which runs were rejected.
    no: BTreeSet<u8>,
    /// Ghost: what became due without its approvals.
    is_broken: bool,
    /// Ghost: a process ended in between, and the run was released later.
    was_interrupted: bool,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApprovalAction {
    /// A person submits a payout to the run.
    Submit(u8, u8),
    /// Somebody asks for the release.
    Ask,
    /// A person looks at what waits.
    Look(u8),
    /// A person approves.
    Approve(u8),
    /// A person reads that the run waits, to reject it.
    BeginReject(u8),
    /// The rejection is written.
    Reject,
    /// Enough have approved: the store makes the run due.
    Release,
    /// An engine looks for approvals that nobody carried out.
    Mend,
    /// The process ends between approval and release.
    Crash,
    /// The run is taken back.
    Withdraw,
}

/// What has to be seen somewhere.
pub const APPROVAL_SIGHTS: [&str; 4] =
    ["released", "rejected", "submitted again", "released after a crash"];

const PROMISE: &str = "nothing is due without the approvals of this very content";

impl ApprovalWorld {
    /// The same world without a guard.
    #[must_use]
    pub fn without(guard: ApprovalGuard) -> Self {
        Self { without: Some(guard) }
    }

    fn holds(&self, guard: ApprovalGuard) -> bool {
        self.without != Some(guard)
    }

    /// How many approvals of the record count for the run.
    fn counted(&self, asked: &Asked, run: &HeldRun) -> usize {
        let counts = |person: &&u8| {
            !self.holds(ApprovalGuard::OthersOnly) || !run.submitters.contains(person)
        };
        let counted: Vec<&u8> = asked.said.iter().filter(counts).collect();
        match self.holds(ApprovalGuard::OnceEach) {
            true => counted.into_iter().collect::<BTreeSet<_>>().len(),
            false => counted.len(),
        }
    }

    /// The record, if it is about the present run.
    fn about<'a>(&self, state: &'a ApprovalState) -> Option<(&'a Asked, &'a HeldRun)> {
        let (asked, run) = state.asked.as_ref().zip(state.run.as_ref())?;
        let is_same = asked.number == run.number || !self.holds(ApprovalGuard::ByNumber);
        is_same.then_some((asked, run))
    }

    fn submit(&self, state: &mut ApprovalState, person: u8, payout: u8) -> Option<()> {
        let Some(run) = &mut state.run else {
            state.numbers += 1;
            let submitters = BTreeSet::from([person]);
            let (number, content) = (state.numbers, payout);
            state.run =
                Some(HeldRun { number, content, submitters, is_closed: false, is_due: false });
            return Some(());
        };
        if run.is_closed || run.is_due || run.content & payout != 0 {
            return None;
        }
        run.content |= payout;
        run.submitters.insert(person);
        Some(())
    }

    fn ask(&self, state: &mut ApprovalState) -> Option<()> {
        let is_known = self.about(state).is_some();
        let run = state.run.as_mut().filter(|run| !run.is_due && !is_known)?;
        run.is_closed = self.holds(ApprovalGuard::ClosedFirst);
        let (number, digest) = (run.number, run.content);
        state.asked = Some(Asked { number, digest, said: Vec::new(), stand: Stand::Waiting });
        Some(())
    }

    fn approve(&self, state: &mut ApprovalState, person: u8) -> Option<()> {
        let (asked, run) = self.about(state)?;
        let seen = state.looked_at[usize::from(person)]?;
        let is_open = asked.stand == Stand::Waiting
            || (asked.stand == Stand::Rejected && !self.holds(ApprovalGuard::RejectionIsFinal));
        let is_same = seen == asked.digest || !self.holds(ApprovalGuard::DigestCompared);
        let is_twice = asked.said.contains(&person) && self.holds(ApprovalGuard::OnceEach);
        let is_own = run.submitters.contains(&person) && self.holds(ApprovalGuard::OthersOnly);
        if run.is_due || !is_open || !is_same || is_twice || is_own || asked.said.len() >= NEEDED {
            return None;
        }
        let number = run.number;
        let mut asked = asked.clone();
        asked.said.push(person);
        asked.said.sort_unstable();
        if self.counted(&asked, run) >= NEEDED {
            asked.stand = Stand::Approved;
            state.releasing = Some(number);
        }
        state.asked = Some(asked);
        state.yes.insert((person, number, seen));
        Some(())
    }

    fn release(&self, state: &mut ApprovalState) -> Option<()> {
        let number = state.releasing.take()?;
        let run = state.run.as_mut().filter(|run| !run.is_due)?;
        if run.number != number && self.holds(ApprovalGuard::PermitNamesRun) {
            return Some(());
        }
        run.is_due = true;
        let said_yes = |person: &u8| state.yes.contains(&(*person, run.number, run.content));
        let approvers = (0..PEOPLE).filter(|person| !run.submitters.contains(person));
        let is_rejected = state.no.contains(&run.number);
        state.is_broken |= approvers.filter(said_yes).count() < NEEDED || is_rejected;
        Some(())
    }

    /// Written over what was read: an approval in between wins.
    fn reject(&self, state: &mut ApprovalState) -> Option<()> {
        let number = state.rejecting.take()?;
        let asked = state.asked.as_mut().filter(|asked| asked.number == number)?;
        let is_as_read = asked.stand == Stand::Waiting;
        if !is_as_read && self.holds(ApprovalGuard::CompareAndSet) {
            return Some(());
        }
        asked.stand = Stand::Rejected;
        state.no.insert(number);
        Some(())
    }

    fn change(&self, state: &mut ApprovalState, action: ApprovalAction) -> Option<()> {
        match action {
            ApprovalAction::Submit(person, payout) => self.submit(state, person, payout),
            ApprovalAction::Ask => self.ask(state),
            ApprovalAction::Look(person) => {
                let seen = state.asked.as_ref()?.digest;
                state.looked_at[usize::from(person)] = Some(seen);
                Some(())
            }
            ApprovalAction::Approve(person) => self.approve(state, person),
            ApprovalAction::BeginReject(_) => {
                let (asked, run) = self.about(state)?;
                let number = (asked.stand == Stand::Waiting && !run.is_due).then_some(asked.number);
                state.rejecting = Some(number?);
                Some(())
            }
            ApprovalAction::Reject => self.reject(state),
            ApprovalAction::Release => self.release(state),
            ApprovalAction::Mend => {
                let (asked, run) = self.about(state)?;
                let is_left = asked.stand == Stand::Approved && !run.is_due;
                state.releasing = Some(is_left.then_some(run.number)?);
                Some(())
            }
            ApprovalAction::Crash => {
                state.crashes_left = state.crashes_left.checked_sub(1)?;
                state.releasing.take()?;
                state.was_interrupted = true;
                Some(())
            }
            ApprovalAction::Withdraw => {
                state.run.take().filter(|run| !run.is_due)?;
                if self.holds(ApprovalGuard::ByNumber) {
                    state.asked = None;
                }
                Some(())
            }
        }
    }
}

impl Model for ApprovalWorld {
    type State = ApprovalState;
    type Action = ApprovalAction;

    fn init_states(&self) -> Vec<ApprovalState> {
        vec![ApprovalState {
            run: None,
            numbers: 0,
            asked: None,
            looked_at: [None; PEOPLE as usize],
            releasing: None,
            rejecting: None,
            crashes_left: 1,
            yes: BTreeSet::new(),
            no: BTreeSet::new(),
            is_broken: false,
            was_interrupted: false,
        }]
    }

    fn actions(&self, _: &ApprovalState, actions: &mut Vec<ApprovalAction>) {
        for person in 0..PEOPLE {
            actions.extend([1, 2].map(|payout| ApprovalAction::Submit(person, payout)));
            actions.push(ApprovalAction::Look(person));
            actions.push(ApprovalAction::Approve(person));
        }
        actions.extend([
            ApprovalAction::Ask,
            ApprovalAction::BeginReject(0),
            ApprovalAction::Reject,
            ApprovalAction::Release,
            ApprovalAction::Mend,
            ApprovalAction::Crash,
            ApprovalAction::Withdraw,
        ]);
    }

    fn next_state(&self, last: &ApprovalState, action: ApprovalAction) -> Option<ApprovalState> {
        let mut state = last.clone();
        self.change(&mut state, action)?;
        Some(state)
    }

    fn within_boundary(&self, state: &ApprovalState) -> bool {
        state.numbers <= 2
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let sights: [fn(&Self, &ApprovalState) -> bool; 4] = [
            |_, state| state.run.as_ref().is_some_and(|run| run.is_due),
            |_, state| !state.no.is_empty(),
            |_, state| state.numbers == 2 && state.run.as_ref().is_some_and(|run| run.is_due),
            |_, state| state.was_interrupted && state.run.as_ref().is_some_and(|run| run.is_due),
        ];
        let mut properties =
            vec![Property::always(PROMISE, |_, state: &ApprovalState| !state.is_broken)];
        let named = APPROVAL_SIGHTS.into_iter().zip(sights);
        properties.extend(named.map(|(name, sight)| Property::sometimes(name, sight)));
        properties
    }
}

/// Explores the world completely: how many states there are, and which sights were not seen.
///
/// # Errors
/// The shortest way to what became due without its approvals.
pub fn explore_approval(
    world: &ApprovalWorld,
) -> Result<(usize, Vec<&'static str>), Vec<ApprovalAction>> {
    let checker = world.clone().checker().spawn_bfs().join();
    if let Some(path) = checker.discovery(PROMISE) {
        return Err(path.into_actions());
    }
    let unseen = APPROVAL_SIGHTS.into_iter().filter(|name| checker.discovery(name).is_none());
    Ok((checker.unique_state_count(), unseen.collect()))
}

/// The shortest way to break the promise in this world.
pub fn way_around_approval(world: &ApprovalWorld) -> Option<Vec<ApprovalAction>> {
    let enough = HasDiscoveries::AnyOf(BTreeSet::from([PROMISE]));
    let checker = world.clone().checker().finish_when(enough).spawn_bfs().join();
    Some(checker.discovery(PROMISE)?.into_actions())
}
