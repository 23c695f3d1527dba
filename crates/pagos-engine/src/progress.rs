//! How far one payout is: where it stands, what was tried, what is asked, who must look.
//!
//! Plain state. What may follow what is decided in `decide.rs`.

use pagos_core::{Handle, Observation, Standing, Status, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    decide::{Task, task},
    store::Work,
};

/// How far one payout is. A store keeps it as it is and indexes [`Progress::word`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// What all observations amount to.
    pub standing: Standing,
    /// The last observation that is in `standing` and not in the history yet: it repeated what was
    /// known. It is written before the next one that does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repeated: Option<Observation>,
    /// What `prepare` made at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub handle: Option<Handle>,
    /// When the first attempt was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_begun_at: Option<Timestamp>,
    /// How many attempts were begun.
    #[serde(default, skip_serializing_if = "is_default")]
    pub attempts: u32,
    /// How many of them were lost on their way: closed because the provider had no such payout.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lost: u32,
    /// The attempt that may be alive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Attempt>,
    /// What is asked since the last thing learned.
    #[serde(default, skip_serializing_if = "is_default")]
    pub asking: Asking,
    /// The query at hand was brought forward by somebody who proved nothing: unless it brings news,
    /// it counts for nothing, and the next one is at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_of: Option<Timestamp>,
    /// Failures in a row to send at all, for the delay before the next try.
    #[serde(default, skip_serializing_if = "is_default")]
    pub refusals: u32,
    /// When a final status was reached, for the watch over it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// What it waits for, and since when; for the budget of that wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Why a person must look, if one must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
}

/// What says nothing is not written: a payout's row is written anew with every step.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What a payout waits for, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// For what.
    pub wait: Wait,
    /// Since when, by our clock.
    pub since: Timestamp,
}

/// The states that a payout can wait in. Each has a budget, after which a person is called, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// It cannot leave: the provider cannot be reached, or refuses it unread, again and again.
    Leave,
    /// It may have been sent, and the provider does not say.
    Doubt,
    /// The provider has it and does not finish.
    Pending,
    /// The provider had it, and now says that it has no such payout.
    Denied,
    /// The provider said something that nobody documented.
    NotUnderstood,
    /// A final status was contradicted, and no answer confirms or refutes that.
    Confirm,
}

impl Wait {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Leave, Self::Doubt, Self::Pending, Self::Denied, Self::NotUnderstood, Self::Confirm];
}

/// An attempt that was made durable and may have been sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// 1 for the first.
    pub number: u32,
    /// When it was made durable.
    pub begun_at: Timestamp,
}

/// Queries since the last thing learned.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asking {
    /// How many were sent, for the growing delay.
    #[serde(rename = "questions")]
    pub queries: u32,
    /// How many in a row were answered "no such payout".
    pub absences: u32,
}

/// Why a person must look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind", content = "because")]
pub enum Attention {
    /// The provider's words contradict the order: they are kept and not folded, and nothing is sent
    /// or asked until a person decides. What is told later and agrees with the order still counts.
    Quarantine(String),
    /// In doubt, and nothing that Pagos may do on its own can settle it. Queries go on.
    Doubt(String),
    /// It waits for longer than it should. Queries, or tries to send it, go on.
    Overdue(String),
    /// Only payments: paid more than once, so somebody gets money back.
    Surplus(String),
}

impl Attention {
    /// Why, in words.
    pub fn because(&self) -> &str {
        match self {
            Attention::Quarantine(because)
            | Attention::Doubt(because)
            | Attention::Overdue(because)
            | Attention::Surplus(because) => because,
        }
    }
}

impl Progress {
    /// A payout that was just submitted.
    pub fn new(created_at: Timestamp) -> Self {
        Self {
            standing: Standing::new(created_at),
            repeated: None,
            handle: None,
            first_begun_at: None,
            attempts: 0,
            lost: 0,
            open: None,
            asking: Asking::default(),
            ahead_of: None,
            refusals: 0,
            settled_at: None,
            waiting: None,
            attention: None,
        }
    }

    /// The present status.
    pub fn status(&self) -> Status {
        self.standing.status()
    }

    /// Does a contradiction hold this payout back?
    pub fn is_quarantined(&self) -> bool {
        matches!(self.attention, Some(Attention::Quarantine(_)))
    }

    /// The word for reports and indexes: the status, or `quarantined`.
    pub fn word(&self) -> &'static str {
        if self.is_quarantined() {
            return "quarantined";
        }
        self.status().word()
    }

    /// Is its status final, and does nothing that was told cast a doubt on it?
    fn is_settled(&self) -> bool {
        self.status().is_final()
            && self.standing.confirm_since().is_none()
            && self.standing.not_understood().is_none()
    }

    /// What is done about it when it is due.
    pub fn work(&self) -> Work {
        match task(self) {
            Task::Send => Work::Send,
            Task::Ask if self.is_settled() => Work::Watch,
            Task::AdmitDoubt | Task::Ask | Task::Rest => Work::Ask,
        }
    }

    /// Why it is what it is, in the provider's words where there are any.
    pub fn reason(&self) -> Option<String> {
        if let Some(attention) = &self.attention {
            return Some(attention.because().to_owned());
        }
        let held = self.standing.held();
        match held.status {
            Status::Failed(reason) => {
                let said = held.message.as_deref().or(held.provider_code.as_deref());
                Some(said.unwrap_or(reason.word()).to_owned())
            }
            Status::Unknown => held.message.clone(),
            Status::Created | Status::Pending | Status::Succeeded => None,
        }
    }
}
