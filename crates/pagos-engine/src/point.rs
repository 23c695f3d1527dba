//! The points at which a process can end and leave something behind: every write and every call to
//! a provider has a name here. `instrumented.rs` uses them.

use std::fmt::{self, Debug};

use pagos_core::OrderKey;

/// Is told which point the engine has reached. A test listens, or ends the process there; the
/// default does nothing.
pub trait Probe: Debug + Send + Sync {
    /// The engine is at `point`, in `phase`. `key` names the order concerned; it is absent if there
    /// are several, or if it is not known yet.
    fn at(&self, point: Point, phase: Phase, key: Option<&OrderKey>);
}

/// A probe that does nothing.
#[derive(Debug, Clone, Copy)]
pub struct NoProbe;

impl Probe for NoProbe {
    fn at(&self, _: Point, _: Phase, _: Option<&OrderKey>) {}
}

/// The phase of a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// Nothing was written or sent yet.
    Before,
    /// Only calls: the request was sent and its answer is not read. Only a transport can see this
    /// phase, not the engine.
    Sent,
    /// The write is durable; or the answer is read and not yet recorded.
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
    /// Its phases, in order.
    pub fn phases(self) -> &'static [Phase] {
        match self {
            Deed::Write => &[Phase::Before, Phase::After],
            Deed::Call => &[Phase::Before, Phase::Sent, Phase::After],
        }
    }
}

/// One list makes the enum, [`Point::ALL`] and the words, so that no point can be missing in one of
/// them.
macro_rules! points {
    ($($(#[$says:meta])* $name:ident $deed:ident $word:literal,)*) => {
        /// One durable write, named by its purpose, or one kind of call to a provider.
        ///
        /// Exhaustive on purpose: code that sweeps the points does not compile before it handles a
        /// new one.
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

            /// Whether it is a write or a call.
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
    /// Fixes the members of a run that waits for approval.
    CloseRun Write "close-run",
    /// Makes a run due.
    Release Write "release",
    /// Takes back a run that was never released.
    Withdraw Write "withdraw",
    /// Ends the claims of dead workers.
    EndClaims Write "end-claims",
    /// Claims payouts.
    Claim Write "claim",
    /// Notes that an account is out of service.
    Halt Write "halt",
    /// Notes that an account works again.
    Resume Write "resume",
    /// The provider's code panicked: puts the payout into quarantine.
    RecordPanic Write "record-panic",
    /// Lets the provider prepare what `create` needs.
    Prepare Call "prepare",
    /// Records that the order cannot be prepared, for good.
    RecordUnprepared Write "record-unprepared",
    /// Records that the order could not be prepared now.
    PutOff Write "put-off",
    /// Stores the attempt, and what was prepared for it; nothing is sent before this write. It is
    /// part of the claim if nothing has to be prepared.
    BeginAttempt Write "begin-attempt",
    /// Notes attempts with the witness, durably, before their requests leave.
    NoteAttempts Write "note-attempts",
    /// Records that a payout was sent, which the witness knows and the store has forgotten.
    RecordRecalled Write "record-recalled",
    /// Sends the payout.
    Create Call "create",
    /// Records what the reply reports.
    RecordReply Write "record-reply",
    /// Records that no clear reply came: the payout is in doubt.
    RecordDoubt Write "record-doubt",
    /// Records that the provider refused the payout for good.
    RecordRefusal Write "record-refusal",
    /// Records the proof that the attempt is not alive.
    CloseAttempt Write "close-attempt",
    /// Ends the claim; nothing was sent.
    GiveBack Write "give-back",
    /// Puts an attempt in doubt that was found without a worker.
    AdmitDoubt Write "admit-doubt",
    /// Queries the provider about a payout.
    Query Call "query",
    /// Records what the answer reports.
    RecordAnswer Write "record-answer",
    /// Records that the provider has no such payout, which may close the attempt.
    RecordAbsence Write "record-absence",
    /// Records that the provider has several payouts: a person is called.
    RecordAmbiguity Write "record-ambiguity",
    /// Takes the next reading of an account's list, or notes its progress.
    NoteSwept Write "note-swept",
    /// Requests a page of an account's list.
    List Call "list",
    /// Records what a row of a list reports.
    RecordListed Write "record-listed",
    /// Records a query without a result.
    NoteQuery Write "note-query",
    /// Records what a person decided about a payout.
    RecordDecision Write "record-decision",
    /// Stores a delivery's bytes, before it is acknowledged.
    Receive Write "receive",
    /// Records what a verified delivery reports about a payout.
    ApplyDelivery Write "apply-delivery",
    /// Schedules a query about a payout because of a delivery.
    ScheduleQuery Write "schedule-query",
    /// Defers a delivery.
    DeferDelivery Write "defer-delivery",
    /// Closes a delivery without an effect.
    CloseDelivery Write "close-delivery",
    /// Opens a delivery again, to be applied once more.
    ReopenDelivery Write "reopen-delivery",
    /// Counts refused deliveries.
    CountRefused Write "count-refused",
    /// Records how far a reader of the outbox has come.
    Acknowledge Write "acknowledge",
    /// Stores a payment order.
    SubmitPayment Write "submit-payment",
    /// Records that a session is about to be opened.
    BeginOpening Write "begin-opening",
    /// Opens a session.
    PaymentCreate Call "payment-create",
    /// Stores the session and its secret.
    KeepSession Write "keep-session",
    /// Records that no session was opened, or none that is known.
    RecordUnopened Write "record-unopened",
    /// Claims payments.
    ClaimPayments Write "claim-payments",
    /// Queries the provider about a session.
    PaymentQuery Call "payment-query",
    /// Records what the answer reports about a payment.
    RecordPaymentAnswer Write "record-payment-answer",
    /// Records what a verified delivery reports about a payment.
    ApplyPaymentDelivery Write "apply-payment-delivery",
    /// Schedules a query about a payment because of a delivery.
    SchedulePaymentQuery Write "schedule-payment-query",
    /// Records what a person decided about a payment.
    RecordPaymentDecision Write "record-payment-decision",
    /// Creates, changes or revokes an API token.
    KeepToken Write "keep-token",
    /// Records how the deliveries to an endpoint stand.
    KeepEndpoint Write "keep-endpoint",
    /// Records an approval, a rejection, or the wait for them.
    KeepApproval Write "keep-approval",
    /// Reserves what a release spends of the limits of a day, or gives it back.
    KeepSpending Write "keep-spending",
    /// Records how the payouts stood at a moment, or forgets that.
    KeepSample Write "keep-sample",
    /// Keeps or forgets a link that the owner of a token saved.
    KeepLinks Write "keep-links",
    /// Records that a statement was imported into a book.
    KeepStatement Write "keep-statement",
    /// Closes a period of a book.
    KeepPeriod Write "keep-period",
    /// Records how the store stands to its witness, or that it was restored.
    KeepWitness Write "keep-witness",
    /// Records a payout that was sent and whose order is forgotten.
    KeepForgotten Write "keep-forgotten",
    /// Stores lines of a statement.
    AddLines Write "add-lines",
    /// Records what explains lines of a statement.
    WriteLines Write "write-lines",
    /// Calls a person to a payout because of what a statement shows.
    RecordDifference Write "record-difference",
    /// Removes archived payouts and seals their keys.
    Seal Write "seal",
    /// Forgets applied deliveries.
    ForgetDeliveries Write "forget-deliveries",
    /// Forgets notices that every reader acknowledged.
    ForgetNotices Write "forget-notices",
    /// Forgets a reader of the outbox.
    ForgetReader Write "forget-reader",
}

impl Point {
    /// Its phases, in order.
    ///
    /// ```
    /// use pagos_engine::{Phase, Point};
    ///
    /// assert_eq!(Point::Create.phases(), [Phase::Before, Phase::Sent, Phase::After]);
    /// assert_eq!(Point::Claim.phases(), [Phase::Before, Phase::After]);
    /// ```
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
