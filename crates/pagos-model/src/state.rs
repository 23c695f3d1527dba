//! What one state of the model consists of. What may follow is in `step.rs`.

/// Where the payout stands for us, or in truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// Nothing was sent, or nothing arrived.
    Created,
    /// In doubt.
    Unknown,
    /// The provider has it.
    Pending,
    /// Paid.
    Succeeded,
    /// Accepted and not paid.
    Failed,
    /// Refused; a kind of failed.
    Rejected,
}

impl Status {
    /// Is it an end?
    pub fn is_final(self) -> bool {
        matches!(self, Status::Succeeded | Status::Failed | Status::Rejected)
    }

    /// The same but for the reason?
    pub fn is_like(self, other: Self) -> bool {
        self == other || (self.is_failure() && other.is_failure())
    }

    /// Failed, for whatever reason?
    pub fn is_failure(self) -> bool {
        matches!(self, Status::Failed | Status::Rejected)
    }
}

/// The durable row: what the engine calls progress, and when it is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Progress {
    /// What is held.
    pub status: Status,
    /// When it was seen; 0 at first. Moments of ours are ranks: only their order counts.
    pub seen: u8,
    /// The provider's own time of it, as the number of the truth; 0 for none.
    pub told: u8,
    /// A contradiction that waits for an answer: since when, and of which provider time.
    pub doubt: Option<(u8, u8)>,
    /// How many attempts were begun.
    pub attempts: u8,
    /// The age of the attempt that is open; its number is `attempts`.
    pub open: Option<u8>,
    /// Answers of absence in a row.
    pub absences: u8,
    /// Attempts closed for absence.
    pub lost: u8,
    /// The age of the first attempt, where the provider forgets keys; otherwise always 0.
    pub first_age: u8,
    /// Is something to be done about it?
    pub is_due: bool,
    /// Was a person called?
    pub person: bool,
    /// Ghost: which truth the evidence for the status is about.
    pub as_of: u8,
}

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Said {
    /// The answer to the request: the provider has it, or nobody knows.
    Reply(Status),
    /// The answer to a query.
    Query(Status),
    /// "No such payout".
    Absent,
    /// The query brought nothing.
    Nothing,
    /// The request was certainly not taken: no connection, or refused unread.
    NotTaken,
    /// A documented, definite no.
    Refused,
}

/// Something that a worker heard and has not written down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct News {
    /// What.
    pub said: Said,
    /// For a refusal: of which attempt; 0 otherwise.
    pub attempt: u8,
    /// For an answer: when the query left; 0 otherwise.
    pub asked: u8,
    /// For what can be an end: when it was heard; 0 otherwise.
    pub seen: u8,
    /// Had the return window closed when the query left?
    pub is_closing: bool,
    /// For absence: was the attempt older than the grace when the query left?
    pub is_old: bool,
    /// Ghost: which truth it is about.
    pub as_of: u8,
}

/// A worker: what it does with the payout, all of it in memory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Worker {
    /// Nothing.
    Idle,
    /// It claimed the payout to send it. The copy of the row that it will write over is kept only
    /// without [`crate::Guard::CompareAndSet`]; with it, a copy is the row, or useless.
    Sending(Option<Box<Progress>>),
    /// Its attempt is durable.
    Begun(u8),
    /// It saw that there is time, so many ticks ago.
    Ready(u8, u8),
    /// The request of this attempt left.
    Waiting(u8),
    /// It claimed the payout to ask.
    Asking,
    /// It heard something. The copy is as with `Sending`.
    Heard(News, Option<Box<Progress>>),
    /// Only without [`crate::Guard::NoticeInCommit`]: about to tell the application.
    Telling(Status),
}

/// A request on its way.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Request {
    /// The key under which it goes.
    pub key: u8,
    /// For how many more ticks it may be under way.
    pub left: u8,
    /// The worker that waits for the answer, if one does.
    pub waits: Option<u8>,
}

/// The provider. Its truths are numbered: 1 pending, 2 the first end, 3 its reversal, and so on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Provider {
    /// How often it paid, or is paying.
    pub paid: u8,
    /// The key that it paid under; 0 once that is forgotten.
    pub key: u8,
    /// Ticks since it learned the key, where it forgets keys; otherwise always 0.
    pub key_age: u8,
    /// The number of the present truth; 0 if it has nothing.
    pub truth: u8,
    /// What truth number 2 was.
    pub first_end: Status,
    /// Ticks since it took the last request, as far as they matter.
    pub age: u8,
    /// Ghost: did it ever refuse a request for good?
    pub has_refused: bool,
    /// Is the return window over?
    pub is_window_over: bool,
}

impl Provider {
    /// Truth number `truth`.
    pub fn status_at(&self, truth: u8) -> Status {
        match truth {
            0 => Status::Created,
            1 => Status::Pending,
            _ if truth.is_multiple_of(2) => self.first_end,
            _ if self.first_end == Status::Succeeded => Status::Failed,
            _ => Status::Succeeded,
        }
    }

    /// What is true now.
    pub fn status(&self) -> Status {
        self.status_at(self.truth)
    }
}

/// How often things may still go wrong. 255 is without end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bounds {
    /// Attempts: a state with more of them is not looked at.
    pub attempts: u8,
    /// Workers that end between two steps.
    pub crashes: u8,
    /// Requests that are certainly not taken.
    pub untaken: u8,
    /// Final truths that become the other one.
    pub reversals: u8,
    /// Decisions of a person.
    pub operator: u8,
    /// Wrong answers of absence beyond the lag.
    pub wrong_absences: u8,
}

/// What properties look at and nobody in the world can see.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ghost {
    /// How many attempts are durable.
    pub durable: u8,
    /// Did a request leave before its attempt was durable?
    pub has_left_early: bool,
    /// Did an unverified event change anything?
    pub is_forgery_believed: bool,
    /// The latest truth that was ever held.
    pub as_of_max: u8,
    /// What the application was told last.
    pub application: Status,
}

/// One state of everything.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct State {
    /// The row.
    pub progress: Progress,
    /// Whose claim is the newest; nobody's once that worker is gone.
    pub holder: Option<u8>,
    /// Since whose claim somebody else has claimed to send. A claim to ask fences nobody off.
    pub is_fenced_off: [bool; 2],
    /// For how many more ticks the claim holds.
    pub lease: u8,
    /// The two workers.
    pub workers: [Worker; 2],
    /// Requests on their way.
    pub wire: Vec<Request>,
    /// The provider.
    pub provider: Provider,
    /// What may still go wrong.
    pub bounds: Bounds,
    /// What only properties see.
    pub ghost: Ghost,
}

impl State {
    /// A released payout that nobody has touched.
    pub fn first(bounds: Bounds) -> Self {
        let progress = Progress {
            status: Status::Created,
            seen: 0,
            told: 0,
            doubt: None,
            attempts: 0,
            open: None,
            absences: 0,
            lost: 0,
            first_age: 0,
            is_due: true,
            person: false,
            as_of: 0,
        };
        let provider = Provider {
            paid: 0,
            key: 0,
            key_age: 0,
            truth: 0,
            first_end: Status::Created,
            age: 0,
            has_refused: false,
            is_window_over: false,
        };
        let ghost = Ghost {
            durable: 0,
            has_left_early: false,
            is_forgery_believed: false,
            as_of_max: 0,
            application: Status::Created,
        };
        Self {
            progress,
            holder: None,
            is_fenced_off: [false, false],
            lease: 0,
            workers: [Worker::Idle, Worker::Idle],
            wire: Vec::new(),
            provider,
            bounds,
            ghost,
        }
    }

    /// Is nobody in the middle of anything, and nothing on its way?
    pub fn is_quiet(&self) -> bool {
        self.wire.is_empty() && self.workers.iter().all(|worker| *worker == Worker::Idle)
    }

    /// A moment later than all that are remembered.
    pub(crate) fn now(&mut self) -> u8 {
        self.moments().into_iter().map(|moment| *moment).max().unwrap_or(0) + 1
    }

    /// Brings states that nothing can tell apart into one form: moments as ranks, what no rule looks
    /// at cleared, the wire in order, and, where workers are equal, the workers in order.
    pub(crate) fn normalise(&mut self, is_symmetric: bool) {
        self.progress.clear_unused();
        if is_symmetric && self.workers[0] > self.workers[1] {
            self.workers.swap(0, 1);
            let other = |worker: u8| 1 - worker;
            self.holder = self.holder.map(other);
            self.is_fenced_off.swap(0, 1);
            self.wire.iter_mut().for_each(|request| request.waits = request.waits.map(other));
        }
        self.wire.sort_unstable();
        let mut ranks: Vec<u8> = self.moments().into_iter().map(|moment| *moment).collect();
        ranks.push(0);
        ranks.sort_unstable();
        ranks.dedup();
        for moment in self.moments() {
            let rank = ranks.iter().position(|rank| rank == moment).unwrap_or(0);
            *moment = u8::try_from(rank).unwrap_or(u8::MAX);
        }
    }

    /// Every moment of ours that is remembered somewhere.
    fn moments(&mut self) -> Vec<&mut u8> {
        let mut moments = Vec::with_capacity(8);
        self.progress.add_moments(&mut moments);
        for worker in &mut self.workers {
            match worker {
                Worker::Heard(news, copy) => {
                    moments.push(&mut news.asked);
                    moments.push(&mut news.seen);
                    copy.iter_mut().for_each(|copy| copy.add_moments(&mut moments));
                }
                Worker::Sending(copy) => {
                    copy.iter_mut().for_each(|copy| copy.add_moments(&mut moments));
                }
                Worker::Idle
                | Worker::Begun(_)
                | Worker::Ready(..)
                | Worker::Waiting(_)
                | Worker::Asking
                | Worker::Telling(_) => {}
            }
        }
        moments
    }
}

impl Progress {
    /// Times order ends only; absences and the age of an attempt count in doubt only.
    fn clear_unused(&mut self) {
        if !self.status.is_final() {
            self.seen = 0;
            self.told = 0;
        }
        if self.status == Status::Pending {
            self.open = self.open.map(|_| 0);
        }
        if self.status != Status::Unknown || self.open.is_none() {
            self.absences = 0;
        }
    }

    fn add_moments<'a>(&'a mut self, moments: &mut Vec<&'a mut u8>) {
        moments.push(&mut self.seen);
        if let Some((since, _)) = &mut self.doubt {
            moments.push(since);
        }
    }
}
