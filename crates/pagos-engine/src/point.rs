//! The points at which a process can end and leave something behind: every write and every call to
//! a provider has a name here. Decides nothing and stores nothing; `instrumented.rs` uses it.

use std::fmt::{self, Debug};

use pagos_core::OrderKey;

/// Is told where the engine stands. A test listens, or ends the process there; the default does
/// nothing.
pub trait Probe: Debug + Send + Sync {
    /// The engine stands at `point`, in `phase`; `key` names the order that it is about, and is
    /// absent where many are meant, or none that is known yet.
    fn at(&self, point: Point, phase: Phase, key: Option<&OrderKey>);
}

/// Hears nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoProbe;

impl Probe for NoProbe {
    fn at(&self, _: Point, _: Phase, _: Option<&OrderKey>) {}
}

/// Where in a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Nothing was written, nothing has left.
    Before,
    /// Only calls: a request has left and its answer is not read. The engine does not see that; a
    /// transport can.
    Sent,
    /// The write is durable; the answer is read and nothing of it is written.
    After,
}

impl Phase {
    /// The stable word.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Before => "before",
            Phase::Sent => "sent",
            Phase::After => "after",
        }
    }
}

/// What the engine does at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deed {
    /// One transaction of the store.
    Write,
    /// One call to a provider.
    Call,
}

impl Deed {
    /// The phases that it has, in their order.
    pub fn phases(self) -> &'static [Phase] {
        match self {
            Deed::Write => &[Phase::Before, Phase::After],
            Deed::Call => &[Phase::Before, Phase::Sent, Phase::After],
        }
    }
}

/// One list makes the enum, [`Point::ALL`] and the words, so that none of them can lack a point.
macro_rules! points {
    ($($(#[$says:meta])* $name:ident $deed:ident $word:literal,)*) => {
        /// One durable write by its purpose, or one kind of call to a provider.
        ///
        /// Exhaustive on purpose: whoever sweeps the points has an answer for a new one, or does
        /// not compile.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Point {
            $($(#[$says])* $name,)*
        }

        impl Point {
            /// Every point, in the order of the list.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable word.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$name => $word,)*
                }
            }

            /// What is done there.
            pub fn deed(self) -> Deed {
                match self {
                    $(Self::$name => Deed::$deed,)*
                }
            }
        }
    };
}

points! {
    /// Ties an account to its world.
    Bind Write "bind",
    /// Takes the turn to send.
    TakeTurn Write "take-turn",
    /// Stores orders, held.
    Submit Write "submit",
    /// Makes a run due.
    Release Write "release",
    /// Takes back what no release ever made due.
    Withdraw Write "withdraw",
    /// Ends the claims of dead workers.
    EndClaims Write "end-claims",
    /// Claims payouts.
    Claim Write "claim",
    /// Notes that an account is out of service.
    Halt Write "halt",
    /// Notes that an account works again.
    Resume Write "resume",
    /// The provider's code panicked: the payout is put in quarantine.
    RecordPanic Write "record-panic",
    /// Lets the provider prepare what `create` needs.
    Prepare Call "prepare",
    /// The order could not be prepared, for good.
    RecordUnprepared Write "record-unprepared",
    /// It could not be prepared now.
    PutOff Write "put-off",
    /// Stores the attempt, and what was prepared for it: the line before which nothing leaves. Part of
    /// the claim where nothing is to be prepared.
    BeginAttempt Write "begin-attempt",
    /// Sends the payout.
    Create Call "create",
    /// What the reply told.
    RecordReply Write "record-reply",
    /// No reply that tells: the payout is in doubt.
    RecordDoubt Write "record-doubt",
    /// The provider refused the payout for good.
    RecordRefusal Write "record-refusal",
    /// The attempt is proven not to be alive.
    CloseAttempt Write "close-attempt",
    /// Nothing was sent; the claim ends.
    GiveBack Write "give-back",
    /// An attempt was found that nobody works on: it is in doubt.
    AdmitDoubt Write "admit-doubt",
    /// Asks about a payout.
    Query Call "query",
    /// What the answer told.
    RecordAnswer Write "record-answer",
    /// The provider has no such payout, which may close the attempt.
    RecordAbsence Write "record-absence",
    /// The provider has several: a person is called.
    RecordAmbiguity Write "record-ambiguity",
    /// Takes the next reading of an account's list, or notes how far it came.
    NoteSwept Write "note-swept",
    /// Asks for a page of an account's list.
    List Call "list",
    /// What a row of a list told.
    RecordListed Write "record-listed",
    /// A query in vain.
    NoteQuery Write "note-query",
    /// What a person decided about a payout.
    RecordDecision Write "record-decision",
    /// Stores a delivery's bytes, before it is acknowledged.
    Receive Write "receive",
    /// What a verified delivery told about a payout.
    ApplyDelivery Write "apply-delivery",
    /// A delivery is a reason to ask about a payout.
    ScheduleQuery Write "schedule-query",
    /// A delivery is looked at again later.
    DeferDelivery Write "defer-delivery",
    /// A delivery is closed without effect.
    CloseDelivery Write "close-delivery",
    /// A delivery is to be applied once more.
    ReopenDelivery Write "reopen-delivery",
    /// Counts deliveries that were refused.
    CountRefused Write "count-refused",
    /// A reader of the outbox has got so far.
    Acknowledge Write "acknowledge",
    /// Stores a payment that is asked for.
    SubmitPayment Write "submit-payment",
    /// Stores that a session is about to be opened.
    BeginOpening Write "begin-opening",
    /// Opens a session.
    PaymentCreate Call "payment-create",
    /// Stores the session and its secret.
    KeepSession Write "keep-session",
    /// No session was opened, or none that is known.
    RecordUnopened Write "record-unopened",
    /// Claims payments.
    ClaimPayments Write "claim-payments",
    /// Asks about a session.
    PaymentQuery Call "payment-query",
    /// What the answer told about a payment.
    RecordPaymentAnswer Write "record-payment-answer",
    /// What a verified delivery told about a payment.
    ApplyPaymentDelivery Write "apply-payment-delivery",
    /// A delivery is a reason to ask about a payment.
    SchedulePaymentQuery Write "schedule-payment-query",
    /// What a person decided about a payment.
    RecordPaymentDecision Write "record-payment-decision",
    /// Archived payouts leave, and their keys are sealed.
    Seal Write "seal",
    /// Applied deliveries are forgotten.
    ForgetDeliveries Write "forget-deliveries",
    /// Notices that every reader acknowledged are forgotten.
    ForgetNotices Write "forget-notices",
}

impl Point {
    /// The phases that it has, in their order.
    pub fn phases(self) -> &'static [Phase] {
        self.deed().phases()
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn words_are_stable_looking_and_unique() {
        let words: BTreeSet<&str> = Point::ALL.iter().map(|point| point.word()).collect();
        assert_eq!(words.len(), Point::ALL.len());
        for word in words {
            assert!(word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{word}");
        }
    }
}
