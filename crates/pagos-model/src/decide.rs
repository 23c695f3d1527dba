//! The engine's decisions in their smallest form: what follows for the row from what was heard.
//! Mirrors `change` of the core and `decide.rs`, `operator.rs` of the engine; knows no workers.

use crate::{
    state::{News, Progress, Said, Status},
    world::{Counting, Guard, Repeats, World},
};

/// Where something was learned, with the times that count for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The answer to the request; never an end that could contradict another one.
    Reply,
    /// The answer to a query; did that leave after the window closed?
    Query { asked: u8, is_closing: bool },
    /// A verified event, with the provider's time.
    Event { told: u8 },
    /// A person.
    Operator,
}

/// One thing learned.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seen {
    pub(crate) status: Status,
    pub(crate) source: Source,
    pub(crate) seen: u8,
    pub(crate) as_of: u8,
}

/// What it does to what is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    Same,
    Advanced,
    Reversed,
    Stale,
    Confirm,
}

/// The rules of one world, at a moment when the return window is over or not.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) world: &'a World,
    pub(crate) is_window_over: bool,
}

impl Rules<'_> {
    fn change(&self, held: &Progress, seen: &Seen) -> Change {
        if held.status.is_like(seen.status) {
            return Change::Same;
        }
        match (held.status, seen.status) {
            (_, Status::Created) => Change::Stale,
            (Status::Created, _) => Change::Advanced,
            (_, Status::Unknown) => Change::Stale,
            (Status::Unknown, _) => Change::Advanced,
            (_, Status::Pending) => Change::Stale,
            (Status::Pending, _) => Change::Advanced,
            (Status::Succeeded | Status::Failed | Status::Rejected, _) => {
                self.contradiction(held, seen)
            }
        }
    }

    fn contradiction(&self, held: &Progress, seen: &Seen) -> Change {
        if !self.world.holds(Guard::OrderedReversal) {
            return Change::Reversed;
        }
        match seen.source {
            Source::Query { asked, .. } if asked < held.seen => Change::Stale,
            Source::Operator if seen.seen > held.seen => Change::Reversed,
            Source::Operator => Change::Stale,
            Source::Query { asked, .. } if asked > held.seen => Change::Reversed,
            Source::Event { told } if held.told > 0 && told > held.told => Change::Reversed,
            Source::Event { told } if held.told > 0 && told < held.told => Change::Stale,
            Source::Event { .. } | Source::Query { .. } | Source::Reply => Change::Confirm,
        }
    }

    /// The fold, and what the engine adds to it.
    pub(crate) fn learn(&self, before: &Progress, seen: &Seen) -> (Progress, Change) {
        let change = self.change(before, seen);
        let mut progress = before.clone();
        match change {
            Change::Advanced => hold(&mut progress, seen),
            Change::Reversed => {
                let told = progress.told.max(told_of(seen));
                hold(&mut progress, seen);
                progress.told = told;
            }
            Change::Same => strengthen(&mut progress, seen),
            Change::Confirm => doubt(&mut progress, seen),
            Change::Stale => {}
        }
        settle_doubt(&mut progress, seen);
        let is_news = matches!(change, Change::Advanced | Change::Reversed);
        let is_query = matches!(seen.source, Source::Query { .. });
        if is_news || change == Change::Confirm || is_query {
            progress.absences = 0;
        }
        if !matches!(progress.status, Status::Created | Status::Unknown) {
            progress.person = false;
        }
        if progress.status.is_final() {
            progress.open = None;
        }
        progress.is_due = self.is_due(&progress, seen, change);
        (progress, change)
    }

    /// Is there a query to come? Settled payouts are watched until their window closes.
    fn is_due(&self, progress: &Progress, seen: &Seen, change: Change) -> bool {
        if progress.doubt.is_some() || !progress.status.is_final() {
            return true;
        }
        if progress.status == Status::Rejected && progress.attempts <= 1 {
            return false;
        }
        let is_last_answer = match seen.source {
            _ if change == Change::Stale => false,
            Source::Query { is_closing, .. } => is_closing,
            Source::Operator => true,
            Source::Reply | Source::Event { .. } => false,
        };
        let may_end = is_last_answer || !self.world.holds(Guard::WatchEndsWithAnswer);
        self.world.holds(Guard::Watch) && !(self.is_window_over && may_end)
    }

    /// A query that brought nothing. It closes no window, and no doubt.
    fn asked(&self, before: &Progress) -> Progress {
        let mut progress = before.clone();
        progress.absences = 0;
        progress.is_due = self.world.holds(Guard::Watch) || !progress.status.is_final();
        progress
    }

    /// "No such payout."
    fn absent(&self, before: &Progress, news: &News) -> Progress {
        let mut progress = self.asked(before);
        if before.status.is_final() && before.doubt.is_none() && news.is_closing {
            // The engine goes on for a second window, and gives up then.
            progress.is_due = false;
        }
        if news.is_old || self.world.counting == Counting::FromTheStart {
            progress.absences = self.world.answers_min.min(before.absences + 1);
        }
        let Some(age) = before.open.filter(|_| before.status == Status::Unknown) else {
            return progress;
        };
        let answers_min = match self.world.holds(Guard::AbsenceNeedsAnswers) {
            true => self.world.answers_min,
            false => 1,
        };
        let is_old = if !self.world.holds(Guard::AbsenceNeedsGrace) {
            true
        } else if !self.world.holds(Guard::GraceByQuery) {
            age >= self.world.grace
        } else {
            news.is_old
        };
        if progress.absences < answers_min || !is_old {
            return progress;
        }
        let is_safe = self.world.repeats != Repeats::PaidAndHidden
            || !self.world.holds(Guard::ResendWhereItIsSafe);
        if !is_safe || self.may_be_forgotten(before) || before.lost + 1 >= self.world.lost_max {
            progress.person |= self.world.holds(Guard::CallPerson);
            return progress;
        }
        progress.lost += 1;
        closed(progress)
    }

    /// May the provider forget the key before another request arrives?
    fn may_be_forgotten(&self, before: &Progress) -> bool {
        self.world.holds(Guard::ResendWhileRemembered)
            && self.world.resend_until().is_some_and(|until| before.first_age > until)
    }

    /// It is too late to send it again: the attempt that was closed by absence is in doubt again, and a
    /// person is called.
    pub(crate) fn reopened(&self, before: &Progress) -> Option<Progress> {
        (before.lost > 0 && self.may_be_forgotten(before)).then(|| Progress {
            open: Some(self.world.age_max()),
            absences: 0,
            person: before.person || self.world.holds(Guard::CallPerson),
            ..before.clone()
        })
    }

    /// What the writer makes of what a worker heard; `None` if only the holder may write it.
    pub(crate) fn hear(
        &self,
        before: &Progress,
        news: &News,
        is_holder: bool,
    ) -> Option<(Progress, Change)> {
        let learn = |status, source| {
            let seen = Seen { status, source, seen: news.seen, as_of: news.as_of };
            Some(self.learn(before, &seen))
        };
        let told = |progress| Some((progress, Change::Same));
        match news.said {
            Said::Reply(status) => learn(status, Source::Reply),
            Said::Query(status) => {
                let (asked, is_closing) = (news.asked, news.is_closing);
                learn(status, Source::Query { asked, is_closing })
            }
            _ if !is_holder => None,
            Said::Absent => told(self.absent(before, news)),
            Said::Nothing => told(self.asked(before)),
            Said::NotTaken => before.open.and_then(|_| told(closed(before.clone()))),
            Said::Refused => {
                let is_this = before.open.is_some() && before.attempts == news.attempt;
                match before.status {
                    Status::Created | Status::Unknown if is_this && !self.may_be_paid(before) => {
                        learn(Status::Rejected, Source::Reply)
                    }
                    _ => told(self.asked(before)),
                }
            }
        }
    }

    /// May an attempt be paid that was closed by absence? Where the key protects, absence was not relied on.
    fn may_be_paid(&self, before: &Progress) -> bool {
        let relies_on_absence = self.world.repeats == Repeats::PaidAndFound;
        let is_guarded = self.world.holds(Guard::RefusalOfItsAttemptOnly);
        is_guarded && before.lost > 0 && !relies_on_absence
    }

    /// A person's "send it again": only in doubt, and only once no worker can be sending.
    pub(crate) fn send_again(&self, before: &Progress) -> Option<Progress> {
        before.open.filter(|_| before.status == Status::Unknown)?;
        self.is_over(before).then(|| closed(before.clone()))
    }

    /// Can nothing of the open attempt be on its way any more, as far as a person may rely on it?
    pub(crate) fn is_over(&self, before: &Progress) -> bool {
        let is_young = before.open.is_some_and(|age| age < self.world.on_the_way());
        !is_young || !self.world.holds(Guard::OperatorWaits)
    }
}

/// The attempt that is open is not alive, which settles the doubt that a person was called for.
fn closed(mut progress: Progress) -> Progress {
    progress.open = None;
    progress.person = false;
    progress.absences = 0;
    progress.is_due = true;
    progress
}

fn told_of(seen: &Seen) -> u8 {
    match seen.source {
        Source::Event { told } => told,
        Source::Reply | Source::Query { .. } | Source::Operator => 0,
    }
}

fn hold(progress: &mut Progress, seen: &Seen) {
    progress.status = seen.status;
    progress.seen = seen.seen;
    progress.told = told_of(seen);
    progress.as_of = seen.as_of;
}

fn strengthen(progress: &mut Progress, seen: &Seen) {
    if told_of(seen) > progress.told {
        let (latest, as_of) = (progress.seen.max(seen.seen), progress.as_of.max(seen.as_of));
        hold(progress, seen);
        progress.seen = latest;
        progress.as_of = as_of;
        return;
    }
    if let Source::Query { asked, .. } = seen.source
        && asked > progress.seen
    {
        progress.seen = seen.seen;
        progress.as_of = progress.as_of.max(seen.as_of);
    }
}

fn doubt(progress: &mut Progress, seen: &Seen) {
    let (since, told) = progress.doubt.unwrap_or((seen.seen, 0));
    progress.doubt = Some((since.max(seen.seen), told.max(told_of(seen))));
}

fn settle_doubt(progress: &mut Progress, seen: &Seen) {
    let Some((since, told)) = progress.doubt else { return };
    let is_answer = match seen.source {
        Source::Query { asked, .. } => asked > since,
        Source::Operator => seen.seen > since,
        Source::Reply | Source::Event { .. } => false,
    };
    if is_answer {
        progress.doubt = None;
        progress.told = progress.told.max(told);
    }
}
