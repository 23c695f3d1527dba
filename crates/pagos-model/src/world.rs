//! What is assumed of the world, how far it is explored, and which guard is taken away.
//! Numbers only; what they do is in `decide.rs` and `step.rs`.

use crate::state::Bounds;

/// A rule of the engine that can be taken away, one at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Guard {
    /// An attempt is durable before its request leaves.
    DurableBegin,
    /// No attempt begins while another one is open.
    OneOpenAttempt,
    /// "No such payout" is no proof before the grace is over.
    AbsenceNeedsGrace,
    /// The grace is over when the query leaves, not only when its answer is written down.
    GraceByQuery,
    /// One answer of absence is no proof.
    AbsenceNeedsAnswers,
    /// What was closed by absence is not sent again once the provider may have forgotten the key.
    ResendWhileRemembered,
    /// A provider may refuse a request before it looks at the key, so a refusal says nothing of an earlier
    /// attempt that was closed by absence, unless absence is all that protects a repeat.
    RefusalOfItsAttemptOnly,
    /// Where a repeat would pay again and absence proves nothing, a person decides.
    ResendWhereItIsSafe,
    /// The same key (or the same handle) goes out again, never a fresh one.
    SameKey,
    /// No answer is doubt, not failure.
    TimeoutIsUnknown,
    /// No answer is doubt, not proof that nothing arrived.
    TimeoutIsNotNonArrival,
    /// "This key exists already" is doubt, not a refusal.
    DuplicateIsUnknown,
    /// What only a claim's holder may write is refused once somebody else has claimed.
    Fence,
    /// A write names the version that it was computed from.
    CompareAndSet,
    /// A request leaves only if a whole call fits into the lease, and not after the deadline.
    TimeToSend,
    /// A person's "send it again" and "failed" wait until nothing can be on its way any more.
    OperatorWaits,
    /// What anybody could have sent changes nothing.
    UnverifiedOnlyAsks,
    /// A final status gives way only to evidence that is later by source and time.
    OrderedReversal,
    /// Settled payouts are asked about until the return window closes.
    Watch,
    /// The watch ends with an answer that counts, to a query that left after the window closed.
    WatchEndsWithAnswer,
    /// The notice for the application is in the transaction that changes the status.
    NoticeInCommit,
    /// Where nothing may be done without a person, a person is called.
    CallPerson,
}

impl Guard {
    /// All of them.
    pub const ALL: [Guard; 22] = [
        Guard::DurableBegin,
        Guard::OneOpenAttempt,
        Guard::AbsenceNeedsGrace,
        Guard::GraceByQuery,
        Guard::AbsenceNeedsAnswers,
        Guard::ResendWhileRemembered,
        Guard::RefusalOfItsAttemptOnly,
        Guard::ResendWhereItIsSafe,
        Guard::SameKey,
        Guard::TimeoutIsUnknown,
        Guard::TimeoutIsNotNonArrival,
        Guard::DuplicateIsUnknown,
        Guard::Fence,
        Guard::CompareAndSet,
        Guard::TimeToSend,
        Guard::OperatorWaits,
        Guard::UnverifiedOnlyAsks,
        Guard::OrderedReversal,
        Guard::Watch,
        Guard::WatchEndsWithAnswer,
        Guard::NoticeInCommit,
        Guard::CallPerson,
    ];
}

/// What the provider does with a second request of one payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Repeats {
    /// It refuses a key that it knows.
    Refused,
    /// It pays again, and a query by handle finds whatever it paid.
    PaidAndFound,
    /// It pays again, and what it does not list may still be there.
    PaidAndHidden,
}

/// When a query without an answer makes the engine call a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Patience {
    /// Never: what the exploration assumes, so that convergence is not bought with a call.
    Endless,
    /// At any query: what covers every limit, for replaying the engine.
    Any,
}

/// Which answers of absence count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Counting {
    /// All since the attempt began, as the engine has it.
    FromTheStart,
    /// Only those to queries that left after the grace.
    AfterTheGrace,
}

/// How much is explored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// Seconds, optimised or nearly so.
    Small,
    /// Minutes, optimised.
    Large,
}

/// One world. Time is counted in ticks; waiting is free, and anybody may wait at any moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// What it is called in reports.
    pub name: &'static str,
    /// What the provider does with a repeat.
    pub repeats: Repeats,
    /// For how many ticks a claim holds.
    pub lease: u8,
    /// For how many ticks after the last look at the claim a request may leave.
    pub deadline: u8,
    /// For how many ticks a request may be under way; `None` for without limit.
    pub queue: Option<u8>,
    /// For how many ticks after it paid the provider may say "absent"; `None` for without limit.
    pub lag: Option<u8>,
    /// For how many ticks after its first request the provider certainly remembers a key; `None` for
    /// ever.
    pub memory: Option<u8>,
    /// For how many ticks after an attempt began absence proves nothing.
    pub grace: u8,
    /// How many answers of absence in a row are a proof.
    pub answers_min: u8,
    /// Which of them count.
    pub counting: Counting,
    /// Does no query overtake a request, to be answered before that arrives?
    pub is_in_order: bool,
    /// After so many lost attempts a person is called.
    pub lost_max: u8,
    /// When a person is called for lack of an answer.
    pub patience: Patience,
    /// What may go wrong, and how often.
    pub bounds: Bounds,
    /// The guards that are taken away.
    pub without: Vec<Guard>,
    /// May the two workers be swapped? They are equal; a replay has to tell them apart.
    pub is_symmetric: bool,
}

impl World {
    /// A provider that refuses a repeated key, over a network that may hold a request for ever.
    pub fn keyed(size: Size) -> Self {
        let bounds = Bounds {
            attempts: 2,
            crashes: 1,
            untaken: 1,
            reversals: 1,
            operator: 0,
            wrong_absences: 0,
        };
        let base = Self {
            name: "keyed",
            repeats: Repeats::Refused,
            lease: 2,
            deadline: 1,
            queue: None,
            lag: None,
            memory: None,
            grace: 4,
            answers_min: 2,
            counting: Counting::FromTheStart,
            is_in_order: false,
            lost_max: 2,
            patience: Patience::Endless,
            bounds,
            without: Vec::new(),
            is_symmetric: true,
        };
        base.sized(size)
    }

    /// A provider that would pay a repeat, and that can be asked by handle. Absence becomes a proof
    /// because a request that is under way arrives or is lost within the queue's time, and because
    /// what was paid shows within the lag.
    pub fn handled(size: Size) -> Self {
        let keyed = Self::keyed(Size::Small);
        let base = Self {
            name: "handled",
            repeats: Repeats::PaidAndFound,
            queue: Some(1),
            lag: Some(1),
            // Lease and deadline together, and what the provider itself may take.
            grace: 5,
            ..keyed
        };
        base.sized(size)
    }

    /// As [`World::handled`], but one answer of absence may be wrong at any time, and requests arrive
    /// before a query does, or never.
    pub fn forgetful(size: Size) -> Self {
        let handled = Self::handled(Size::Small);
        let bounds = Bounds { wrong_absences: 1, ..handled.bounds };
        let base = Self { name: "forgetful", lag: Some(0), is_in_order: true, bounds, ..handled };
        base.sized(size)
    }

    /// A provider that would pay a repeat and whose absence proves nothing; a person can look at the
    /// bank's books, and decides once. What is under way arrives or is lost within the queue's time:
    /// otherwise no waiting would make a person's word safe.
    pub fn hidden(size: Size) -> Self {
        let keyed = Self::keyed(Size::Small);
        let bounds = Bounds { operator: 1, ..keyed.bounds };
        let repeats = Repeats::PaidAndHidden;
        let base = Self { name: "hidden", repeats, queue: Some(1), bounds, ..keyed };
        base.sized(size)
    }

    /// As [`World::keyed`], but the provider may forget the key after some time and pay it again. What is
    /// under way arrives or is lost within the queue's time.
    pub fn remembering(size: Size) -> Self {
        let keyed = Self::keyed(Size::Small);
        let base = Self { name: "remembering", queue: Some(1), memory: Some(9), ..keyed };
        base.sized(size)
    }

    /// All of them.
    pub fn all(size: Size) -> [Self; 5] {
        [
            Self::keyed(size),
            Self::handled(size),
            Self::forgetful(size),
            Self::hidden(size),
            Self::remembering(size),
        ]
    }

    /// This world without one of the guards.
    #[must_use]
    pub fn without(mut self, guard: Guard) -> Self {
        self.without.push(guard);
        self
    }

    /// Is this guard in place?
    pub fn holds(&self, guard: Guard) -> bool {
        !self.without.contains(&guard)
    }

    /// For how many ticks after an attempt began a worker may still be sending it.
    pub fn on_the_way(&self) -> u8 {
        self.lease + self.deadline
    }

    /// Until which age of the first attempt another one may begin under the same key, so that all of it
    /// arrives while the key is remembered.
    pub(crate) fn resend_until(&self) -> Option<u8> {
        let memory = self.memory?;
        Some(memory.saturating_sub(self.on_the_way() + self.queue.unwrap_or(0)))
    }

    /// The age after which an attempt does not grow older: nothing looks at more.
    pub(crate) fn age_max(&self) -> u8 {
        self.grace.max(self.on_the_way())
    }

    fn sized(mut self, size: Size) -> Self {
        if size == Size::Large {
            self.bounds.attempts += 1;
            self.bounds.crashes += 1;
            self.bounds.untaken += 1;
            self.lost_max += 1;
        }
        self
    }
}
