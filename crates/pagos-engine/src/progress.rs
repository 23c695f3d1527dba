//! How far one payout has come: its status, its attempts, its queries, and who must look at it.
//!
//! `decide.rs` decides how it may change.

use pagos_core::{Handle, Observation, Standing, Status, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    decide::{Task, task},
    store::Work,
};

/// How far one payout has come. A store keeps it as it is and indexes [`Progress::word`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// The fold of all observations.
    pub standing: Standing,
    /// The last observation that is in `standing` but not yet in the history, because it repeated
    /// what was known. It is written before the next one that does not.
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
    /// The attempt that may be alive, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open: Option<Attempt>,
    /// Whether its last attempt is known only by the witness, because the store went back to an
    /// earlier state. Then only a person sends it again.
    #[serde(default, skip_serializing_if = "is_default")]
    pub is_recalled: bool,
    /// The queries since something was last learned.
    #[serde(default, skip_serializing_if = "is_default")]
    pub asking: Asking,
    /// Set if a hint brought the current query forward: unless the query brings news, it counts for
    /// nothing, and the next one is sent at this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ahead_of: Option<Timestamp>,
    /// How often in a row sending failed, for the delay before the next attempt.
    #[serde(default, skip_serializing_if = "is_default")]
    pub refusals: u32,
    /// When a final status was reached, which starts the watch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_at: Option<Timestamp>,
    /// What it waits for, and since when; for the budget of that wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waiting: Option<Waiting>,
    /// Why a person must look, if one must.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attention: Option<Attention>,
}

/// Empty fields are not written, because a payout's row is rewritten with every step.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What a payout waits for, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// The state that it waits in.
    pub wait: Wait,
    /// Since when, by our clock.
    pub since: Timestamp,
}

/// The states in which a payout can wait. Each has a budget, after which a person is called, once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wait {
    /// It cannot be sent: the provider is unreachable, or refuses it unread, again and again.
    Leave,
    /// It may have been sent, and the provider does not say.
    Doubt,
    /// The provider has it and does not finish.
    Pending,
    /// The provider had it, and now says that it has no such payout.
    Denied,
    /// The provider used an undocumented status word.
    NotUnderstood,
    /// A final status was contradicted, and no answer has confirmed or refuted that.
    Confirm,
}

impl Wait {
    /// All states.
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
    /// The epoch of the claim under which it began. No other attempt of this number has it, not even
    /// in another state of a store that went back. 0 if that is not known.
    #[serde(default)]
    pub epoch: u64,
}

/// The queries since something was last learned.
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
    /// The provider's words contradict the order. They are kept and not folded, and nothing is sent
    /// or queried until a person decides. Later observations that agree with the order still count.
    Quarantine(String),
    /// It is in doubt, and Pagos can do nothing by itself to settle that. Queries go on.
    Doubt(String),
    /// It has waited for too long. Queries, or attempts to send it, go on.
    Overdue(String),
    /// Only payments: paid more than once, so the surplus must be given back.
    Surplus(String),
}

impl Attention {
    /// The reason, in words.
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
            is_recalled: false,
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

    /// Whether a contradiction holds this payout back.
    pub fn is_quarantined(&self) -> bool {
        matches!(self.attention, Some(Attention::Quarantine(_)))
    }

    /// The word for reports and indexes: the status, or `quarantined`.
    ///
    /// ```
    /// use pagos_core::Timestamp;
    /// use pagos_engine::{Attention, Progress};
    ///
    /// let mut progress = Progress::new(Timestamp::from_millis(0));
    /// assert_eq!(progress.word(), "created");
    /// progress.attention = Some(Attention::Quarantine("another amount".to_owned()));
    /// assert_eq!(progress.word(), "quarantined");
    /// ```
    pub fn word(&self) -> &'static str {
        if self.is_quarantined() {
            return "quarantined";
        }
        self.status().word()
    }

    /// Whether its status is final and no later observation casts doubt on it.
    fn is_settled(&self) -> bool {
        self.status().is_final()
            && self.standing.confirm_since().is_none()
            && self.standing.not_understood().is_none()
    }

    /// The work to do when it is due.
    pub fn work(&self) -> Work {
        match task(self) {
            Task::Send => Work::Send,
            Task::Ask if self.is_settled() => Work::Watch,
            Task::AdmitDoubt | Task::Ask | Task::Rest => Work::Ask,
        }
    }

    /// Why it has this status, in the provider's words if it gave any.
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
