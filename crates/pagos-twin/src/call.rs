//! What goes wrong with calls, the same way in every twin: creates that are lost, answered wrongly
//! or applied late, and queries without an answer. Not what a create does when it takes effect.

use std::time::Duration;

use crate::{
    fault::{Fault, Faults, Occasion},
    random::Span,
    scenario::Scenario,
    twin::Reply,
};

/// Whether the merchant's balance counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Funds {
    AsTheyAre,
    Exhausted,
}

/// Whether a create takes effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Now(Funds),
    /// Minutes later, when the caller is long gone.
    Late,
    Never,
}

/// What the caller of a create receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Received {
    Answer,
    Nothing,
    TornAnswer,
    SlowAnswer,
    InternalError,
    Busy,
    BadGateway,
    TooMany,
    Refusal,
}

/// What the provider says when it takes nothing on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorReplies {
    pub(crate) internal_error: fn() -> Reply,
    pub(crate) busy: fn() -> Reply,
    /// That a field is wrong.
    pub(crate) refusal: fn() -> Reply,
    /// How its answers tell a status.
    pub(crate) statuses: Statuses,
}

/// How a provider's answers tell a status.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Statuses {
    /// The field.
    pub(crate) field: &'static str,
    /// Its words.
    pub(crate) words: &'static [&'static str],
}

/// A word that no provider documented. `[sim]`
pub(crate) const ODD_WORD: &str = "EN_REVISION";

/// How many answers about an order that asks for it tell [`ODD_WORD`]. `[sim]`
pub(crate) const ODD_ANSWERS: u32 = 3;

impl Statuses {
    /// The same reply with an odd word for each status. The rest of it stays as it is, to the byte.
    fn made_odd(self, reply: Reply) -> Reply {
        let odd = format!("\"{}\":\"{ODD_WORD}\"", self.field);
        match reply {
            Reply::Answer(response) => Reply::Answer(response.map(|body| {
                let told = String::from_utf8_lossy(&body).into_owned();
                let written = |word: &&str| format!("\"{}\":\"{word}\"", self.field);
                let words = self.words.iter().map(written);
                words.fold(told, |text, word| text.replace(&word, &odd)).into()
            })),
            other => other,
        }
    }
}

/// What a fault makes of a create.
const fn course(fault: Option<Fault>) -> (Effect, Received) {
    let now = Effect::Now(Funds::AsTheyAre);
    match fault {
        Some(Fault::LoseRequest) => (Effect::Never, Received::Nothing),
        Some(Fault::Throttle) => (Effect::Never, Received::TooMany),
        Some(Fault::HtmlBefore) => (Effect::Never, Received::BadGateway),
        Some(Fault::ErrorBefore) => (Effect::Never, Received::InternalError),
        Some(Fault::Busy) => (Effect::Never, Received::Busy),
        Some(Fault::Refuse) => (Effect::Never, Received::Refusal),
        Some(Fault::LateApply) => (Effect::Late, Received::Nothing),
        Some(Fault::LoseReply) => (now, Received::Nothing),
        Some(Fault::ErrorAfter) => (now, Received::InternalError),
        Some(Fault::HtmlAfter) => (now, Received::BadGateway),
        Some(Fault::Torn) => (now, Received::TornAnswer),
        Some(Fault::SlowReply) => (now, Received::SlowAnswer),
        Some(Fault::BalanceExhausted) => (Effect::Now(Funds::Exhausted), Received::Answer),
        // The rest strikes on other occasions, and `Faults` hands out what fits this one.
        Some(_) | None => (now, Received::Answer),
    }
}

impl Received {
    /// The reply, given the answer of a create that took effect and how long a slow one takes.
    fn reply(self, answer: Option<Reply>, error_replies: ErrorReplies, slow: Duration) -> Reply {
        let answer = answer.unwrap_or(Reply::Drop);
        match self {
            Self::Answer => answer,
            Self::Nothing => Reply::Drop,
            Self::TornAnswer => answer.torn(),
            Self::SlowAnswer => Reply::Later { after: slow, reply: Box::new(answer) },
            Self::InternalError => (error_replies.internal_error)(),
            Self::Busy => (error_replies.busy)(),
            Self::BadGateway => Reply::html_bad_gateway(),
            Self::TooMany => Reply::too_many_requests(),
            Self::Refusal => (error_replies.refusal)(),
        }
    }
}

/// How one create goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Course {
    pub(crate) effect: Effect,
    received: Received,
    /// How long a late effect takes.
    pub(crate) late: Duration,
    /// How long a slow answer takes.
    slow: Duration,
}

/// How long what is late or slow takes in one twin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delays {
    /// Which draw of them it is.
    pub(crate) nth: u32,
    pub(crate) late_apply: Span,
    pub(crate) slow_reply: Span,
}

impl Course {
    /// Draws how the `nth` create of a key goes.
    pub(crate) fn of(
        faults: &mut Faults,
        key: &str,
        nth: u32,
        scenario: Option<&Scenario>,
        delays: Delays,
    ) -> Self {
        let fault = fault_of_create(faults, key, nth, scenario);
        let (effect, received) = course(fault);
        Self {
            effect,
            received,
            late: faults.wait("late_apply", key, delays.nth, delays.late_apply),
            slow: faults.wait("slow_reply", key, delays.nth, delays.slow_reply),
        }
    }

    /// The reply, given the answer of a create that took effect.
    pub(crate) fn reply(self, answer: Option<Reply>, error_replies: ErrorReplies) -> Reply {
        self.received.reply(answer, error_replies, self.slow)
    }

    /// The reply to a repeat that the provider answers from memory: only what befalls the way is left.
    pub(crate) fn replay(self, answer: Reply) -> Reply {
        match self.received {
            Received::Answer | Received::InternalError | Received::Busy | Received::Refusal => {
                answer
            }
            Received::Nothing => Reply::Drop,
            Received::TornAnswer => answer.torn(),
            Received::SlowAnswer => Reply::Later { after: self.slow, reply: Box::new(answer) },
            Received::BadGateway => Reply::html_bad_gateway(),
            Received::TooMany => Reply::too_many_requests(),
        }
    }
}

/// The fault that the `nth` create of a key meets: a trigger wins over the scenario, which strikes
/// once, and the scenario over chance.
fn fault_of_create(
    faults: &mut Faults,
    key: &str,
    nth: u32,
    scenario: Option<&Scenario>,
) -> Option<Fault> {
    if let Some(fault) = faults.take_trigger(Occasion::Create, key) {
        return Some(fault);
    }
    match scenario {
        Some(scenario) if nth == 0 => scenario.call.inspect(|fault| faults.note(*fault)),
        Some(_) => None,
        None => faults.draw(Occasion::Create, key, nth),
    }
}

/// Answers a query that meets this fault.
pub(crate) fn query(
    fault: Option<Fault>,
    error_replies: ErrorReplies,
    answer: impl FnOnce() -> Reply,
) -> Reply {
    match fault {
        Some(Fault::QueryLost) => Reply::Drop,
        Some(Fault::QueryError) => (error_replies.internal_error)(),
        Some(Fault::QueryHtml) => Reply::html_bad_gateway(),
        Some(Fault::QueryThrottle) => Reply::too_many_requests(),
        Some(Fault::QueryTorn) => answer().torn(),
        Some(Fault::OddWord) => error_replies.statuses.made_odd(answer()),
        // The rest strikes on other occasions, and `Faults` hands out what fits this one.
        Some(_) | None => answer(),
    }
}
