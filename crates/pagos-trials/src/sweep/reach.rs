//! How the sweep gets to each point, or why it cannot. A table, no more: nothing is started here.
//!
//! Exhaustive over the points of the engine: a new one has an answer here or this does not compile.

use pagos_engine::{Phase, Point};
use pagos_twin::Fault;

use pagos_kit::{CreateReply as Reply, Events, Kit, PaymentQuery, Preparation};

use crate::sweep::fault::{self, InjectedFault};

/// One place in the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    pub(super) point: Point,
    pub(super) phase: Phase,
}

/// How a process gets to a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// `pay` gets there with a row of its own.
    Pay(Way),
    /// `pay` gets there with a file that has a known key with another amount.
    Conflict,
    /// `resolve` gets there.
    Resolve,
    /// `payment create` gets there.
    OpenPayment,
    /// `payment status --ask` gets there.
    AskPayment,
    /// `payment create --wait` gets there when the payer pays.
    WaitForPayer,
    /// `serve` gets there when a bank that has never seen it greets it.
    Serve,
    /// No process gets there, and why.
    Never(&'static str),
}

/// What a row needs on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Nothing.
    Straight,
    /// A crash before: the attempt is durable and the request never left.
    AfterCrashUnsent,
    /// A crash before: the answer was read and not written. Then the bank answers no queries for a
    /// while, so that its news comes first.
    AfterCrashAnswered,
}

/// How a process gets to `place` with a row that meets this fault.
pub(super) fn reach(place: Place, provider: Kit, injected: InjectedFault) -> Reach {
    let straight = Reach::Pay(Way::Straight);
    let when = |is_reached, because| if is_reached { straight } else { Reach::Never(because) };
    let prepares = provider.preparation() != Preparation::Nothing;
    let reply = fault::reply(provider, injected);
    let is_news_lost = injected == Some(Fault::WebhookLost) && provider.has_one_event();
    let is_signed = provider.events() == Events::Signed;
    let is_for_a_person = reply == Reply::DoubtForGood
        || (reply == Reply::DoubtAndLost && !provider.resends_when_absent());
    match place.point {
        Point::Bind
        | Point::TakeTurn
        | Point::Submit
        | Point::Release
        | Point::EndClaims
        | Point::Claim
        | Point::BeginAttempt
        | Point::NoteAttempts
        | Point::KeepWitness
        | Point::Create => straight,
        Point::Resume => when(
            reply != Reply::Refuses,
            "a refusal does not say that the provider works with the account",
        ),
        Point::NoteSwept | Point::List | Point::RecordListed => {
            Reach::Never("twins' settled payouts are asked about one by one, since their time runs")
        }
        Point::RecordRecalled | Point::KeepForgotten => Reach::Never("nothing goes back"),
        Point::Halt => Reach::Never("no fault of the twins refuses the credentials"),
        Point::RecordPanic => Reach::Never("no provider's code panics"),
        Point::ReopenDelivery => Reach::Never("it is a person's, or another worker was faster"),
        Point::KeepToken | Point::KeepEndpoint | Point::KeepLinks => {
            Reach::Never("nobody makes a token or a link here, and no events leave; no money")
        }
        Point::CloseRun | Point::KeepApproval | Point::KeepSpending => {
            Reach::Never("the accounts of the sweep have no approvals and no limits of a day")
        }
        Point::CountRefused | Point::Acknowledge | Point::KeepSample => {
            Reach::Never("it is `serve`'s, now and then or for each page of notices; no money")
        }
        Point::KeepStatement
        | Point::KeepPeriod
        | Point::AddLines
        | Point::WriteLines
        | Point::RecordDifference => Reach::Never("it is `reconcile`'s, which moves no money"),
        Point::Seal | Point::ForgetDeliveries | Point::ForgetNotices | Point::ForgetReader => {
            Reach::Never("nothing is old enough to be pruned, and nobody prunes here")
        }
        // Whoever is refused for good is asked about only if the refusal was not heard.
        Point::Query if reply == Reply::Refuses => Reach::Pay(Way::AfterCrashUnsent),
        Point::Query => straight,
        Point::CloseDelivery => Reach::Serve,
        Point::Withdraw => Reach::Conflict,
        Point::GiveBack => Reach::Never("what is claimed is sent at once, so no claim runs out"),
        Point::RecordDecision => Reach::Resolve,
        Point::Prepare if place.phase == Phase::Sent => when(
            provider.preparation() == Preparation::Request,
            "nothing is asked of the provider to prepare it",
        ),
        Point::Prepare => {
            when(prepares, "nothing is prepared, or the first payout logs in for all")
        }
        Point::RecordUnprepared => Reach::Never("the plan refuses what cannot be prepared"),
        Point::PutOff => when(
            provider.preparation() == Preparation::Request && fault::is_of_query(injected),
            "nothing goes wrong while it is prepared",
        ),
        Point::RecordReply => match reply {
            Reply::Tells | Reply::Proves => straight,
            Reply::DoubtAndThere => Reach::Never("no reply tells; a query does"),
            Reply::DoubtAndLost => when(provider.resends_when_absent(), FOR_A_PERSON),
            Reply::DoubtForGood => Reach::Never(FOR_A_PERSON),
            Reply::Refuses => Reach::Never(REFUSED),
        },
        Point::RecordDoubt => when(
            matches!(reply, Reply::DoubtAndThere | Reply::DoubtAndLost | Reply::DoubtForGood),
            "the reply leaves no doubt",
        ),
        Point::RecordRefusal => when(reply == Reply::Refuses, "nothing refuses it for good"),
        Point::CloseAttempt => {
            when(reply == Reply::Proves, "the reply proves not that nothing is under way")
        }
        Point::AdmitDoubt | Point::RecordAbsence => Reach::Pay(Way::AfterCrashUnsent),
        Point::RecordAnswer
        | Point::Receive
        | Point::ApplyDelivery
        | Point::ScheduleQuery
        | Point::DeferDelivery
            if reply == Reply::Refuses =>
        {
            Reach::Never(REFUSED)
        }
        Point::RecordAnswer => when(!is_for_a_person, FOR_A_PERSON),
        Point::RecordAmbiguity => Reach::Never("no twin has two payouts under one key"),
        Point::NoteQuery => when(fault::is_of_query(injected), "every query is answered"),
        Point::Receive if is_news_lost => Reach::Never(NEWS_LOST),
        Point::Receive => when(!is_for_a_person, FOR_A_PERSON),
        Point::ApplyDelivery | Point::ScheduleQuery if is_news_lost => Reach::Never(NEWS_LOST),
        Point::ApplyDelivery | Point::ScheduleQuery if is_for_a_person => {
            Reach::Never(FOR_A_PERSON)
        }
        Point::ApplyDelivery => when(is_signed, "its news is only a reason to ask"),
        Point::ScheduleQuery => when(!is_signed, "its news is signed, and applied"),
        Point::DeferDelivery if provider.events_name_our_key() => {
            Reach::Never("its news names our key, which is always there before")
        }
        Point::DeferDelivery => match reply {
            Reply::Tells | Reply::DoubtAndThere => Reach::Pay(Way::AfterCrashAnswered),
            Reply::Proves | Reply::DoubtAndLost | Reply::DoubtForGood | Reply::Refuses => {
                Reach::Never("the attempt that the crash leaves open never came to be")
            }
        },
        Point::SubmitPayment
        | Point::BeginOpening
        | Point::PaymentCreate
        | Point::KeepSession
        | Point::RecordUnopened
        | Point::ClaimPayments
        | Point::PaymentQuery
        | Point::RecordPaymentAnswer
        | Point::ApplyPaymentDelivery
        | Point::SchedulePaymentQuery
        | Point::RecordPaymentDecision => reach_payment(place, provider, injected),
    }
}

const FOR_A_PERSON: &str = "it was lost and is not sent again by itself: a person decides";
const REFUSED: &str = "it is refused, so there is nothing to be told about";
const NEWS_LOST: &str = "its only news is lost";

/// The same for payments.
fn reach_payment(place: Place, provider: Kit, injected: InjectedFault) -> Reach {
    let Some(payment) = provider.payment() else {
        return Reach::Never("it collects nothing");
    };
    let is_opened = fault::is_session_told(provider, injected);
    let is_signed = payment.events == Events::Signed;
    match place.point {
        Point::SubmitPayment | Point::BeginOpening | Point::PaymentCreate => Reach::OpenPayment,
        Point::KeepSession if payment.is_opened_once && !is_opened => {
            Reach::Never("the reply is lost, and the provider takes a key once")
        }
        Point::KeepSession => Reach::OpenPayment,
        Point::RecordUnopened if is_opened => Reach::Never("the reply names the session"),
        Point::RecordUnopened => Reach::OpenPayment,
        Point::PaymentQuery
            if place.phase == Phase::Sent
                && payment.query == PaymentQuery::BySession
                && !is_opened =>
        {
            Reach::Never("it is asked by the id of a session, and none is known")
        }
        Point::PaymentQuery | Point::RecordPaymentAnswer => Reach::AskPayment,
        Point::ClaimPayments if payment.is_asked_while_open => Reach::WaitForPayer,
        Point::ClaimPayments => Reach::Never("no query is due before its news settles it"),
        Point::ApplyPaymentDelivery | Point::SchedulePaymentQuery if !payment.has_page => {
            Reach::Never("its twin has no page for payers")
        }
        Point::ApplyPaymentDelivery | Point::SchedulePaymentQuery
            if injected == Some(Fault::WebhookLost) =>
        {
            Reach::Never(NEWS_LOST)
        }
        Point::ApplyPaymentDelivery if is_signed => Reach::WaitForPayer,
        Point::ApplyPaymentDelivery => Reach::Never("its news is only a reason to ask"),
        Point::SchedulePaymentQuery if !is_signed => Reach::WaitForPayer,
        Point::SchedulePaymentQuery => Reach::Never("its news is signed, and applied"),
        Point::RecordPaymentDecision => {
            Reach::Never("no fault of the twins has a payer pay twice, so it calls for nobody")
        }
        Point::Bind
        | Point::TakeTurn
        | Point::Halt
        | Point::Resume
        | Point::RecordPanic
        | Point::ReopenDelivery
        | Point::CountRefused
        | Point::Acknowledge
        | Point::Seal
        | Point::ForgetDeliveries
        | Point::ForgetNotices
        | Point::ForgetReader
        | Point::KeepToken
        | Point::KeepEndpoint
        | Point::KeepApproval
        | Point::KeepSpending
        | Point::KeepSample
        | Point::KeepLinks
        | Point::KeepStatement
        | Point::KeepPeriod
        | Point::AddLines
        | Point::WriteLines
        | Point::RecordDifference
        | Point::NoteAttempts
        | Point::RecordRecalled
        | Point::KeepWitness
        | Point::KeepForgotten
        | Point::CloseRun
        | Point::Submit
        | Point::Release
        | Point::Withdraw
        | Point::EndClaims
        | Point::Claim
        | Point::Prepare
        | Point::RecordUnprepared
        | Point::PutOff
        | Point::BeginAttempt
        | Point::Create
        | Point::RecordReply
        | Point::RecordDoubt
        | Point::RecordRefusal
        | Point::CloseAttempt
        | Point::GiveBack
        | Point::AdmitDoubt
        | Point::Query
        | Point::RecordAnswer
        | Point::RecordAbsence
        | Point::RecordAmbiguity
        | Point::NoteQuery
        | Point::NoteSwept
        | Point::List
        | Point::RecordListed
        | Point::RecordDecision
        | Point::Receive
        | Point::ApplyDelivery
        | Point::ScheduleQuery
        | Point::DeferDelivery
        | Point::CloseDelivery => Reach::Never("it is no point of a payment"),
    }
}
