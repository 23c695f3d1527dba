//! What waits for a person, as answers show it, and what each decision would do.

use pagos_core::Status;
use pagos_engine::Progress;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    payments::view::PaymentView,
    payouts::{ResendView, view::PayoutView},
    runs::view::{RunState, RunView, TotalView},
    waiting::gaps::GapsView,
};

/// Everything that waits for a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingView {
    /// How many payouts wait, by account, currency and status.
    pub(super) totals: Vec<TotalView>,
    /// The payouts, status by status and newest first. A page may be short or empty and have a
    /// `next` all the same.
    pub(super) payouts: Vec<WaitingPayout>,
    /// The payments, by key, after all payouts.
    pub(super) payments: Vec<WaitingPayment>,
    /// The runs that wait for approval, are blocked, or were rejected, oldest first. Only on the
    /// first page.
    pub(super) runs: Vec<WaitingRun>,
    /// The decisions to send a payout once more that wait for the approval of others. Only on the
    /// first page.
    pub(super) resends: Vec<WaitingResend>,
    /// The accounts that are out of service.
    pub(super) accounts_out_of_service: Vec<String>,
    /// What the database is known not to know.
    pub(super) database: GapsView,
    /// What `after` of the next page is; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) next: Option<String>,
}

/// A payout that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingPayout {
    #[serde(flatten)]
    payout: PayoutView,
    /// What a person can decide.
    decisions: Vec<Choice>,
}

/// A payment that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingPayment {
    #[serde(flatten)]
    payment: PaymentView,
    /// What a person can decide.
    decisions: Vec<Choice>,
}

/// A run that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingRun {
    #[serde(flatten)]
    run: RunView,
    /// What a person can decide.
    decisions: Vec<Choice>,
}

/// A decision to send again that waits.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingResend {
    #[serde(flatten)]
    resend: ResendView,
    /// What a person can decide.
    decisions: Vec<Choice>,
}

/// A decision, and what it would do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
struct Choice {
    /// The last part of the address that the decision is posted to: `resolve`, `approve`, `reject`,
    /// `withdraw`, `resend/approve` or `resend/reject`.
    operation: &'static str,
    /// The `decision` of a `resolve`.
    #[serde(skip_serializing_if = "Option::is_none")]
    decision: Option<&'static str>,
    /// What it would do.
    effect: &'static str,
}

impl Choice {
    const fn to(operation: &'static str, effect: &'static str) -> Self {
        Self { operation, decision: None, effect }
    }

    const fn resolve(decision: &'static str, effect: &'static str) -> Self {
        Self { operation: "resolve", decision: Some(decision), effect }
    }
}

const SUCCEEDED: Choice = Choice::resolve(
    "succeeded",
    "it counts as paid; decide so only if a statement shows the money. It is watched for a reversal",
);
const FAILED: Choice = Choice::resolve(
    "failed",
    "it counts as not paid, for good; decide so only if the provider confirmed it. To pay the debt \
     you submit a new key",
);
const RESEND: Choice = Choice::resolve(
    "resend",
    "the same key is sent once more; if the provider has the first one after all, it may pay twice. \
     Where the rules of the account ask for it, others must approve first",
);
const ASK: Choice =
    Choice::resolve("ask", "nothing is decided; the provider is queried again, from now on");
const LOOKED: Choice = Choice::to(
    "resolve",
    "it is noted that somebody looked, and the provider is queried again; no money moves",
);
const APPROVE: Choice =
    Choice::to("approve", "your approval counts; with the last one that is needed the run is paid");
const REJECT: Choice = Choice::to("reject", "nothing of the run is paid; it can be withdrawn only");
const WITHDRAW: Choice =
    Choice::to("withdraw", "the run is deleted with its orders; they can be submitted again");
const APPROVE_RESEND: Choice = Choice::to(
    "resend/approve",
    "your approval counts; with the last one that is needed the payout is sent once more",
);
const REJECT_RESEND: Choice =
    Choice::to("resend/reject", "it is not sent; it stays in doubt and can be decided anew");

impl WaitingPayout {
    pub(super) fn of(payout: PayoutView, progress: &Progress) -> Self {
        Self { payout, decisions: about_payout(progress).collect() }
    }
}

/// The words of what a person can decide about a payout that calls for one.
pub(crate) fn decisions(progress: &Progress) -> Vec<&'static str> {
    about_payout(progress).filter_map(|choice| choice.decision).collect()
}

fn about_payout(progress: &Progress) -> impl Iterator<Item = Choice> + use<> {
    let is_in_doubt = progress.status() == Status::Unknown && progress.open.is_some();
    let choices =
        [(progress.attempts > 0, SUCCEEDED), (true, FAILED), (is_in_doubt, RESEND), (true, ASK)];
    choices.into_iter().filter(|(fits, _)| *fits).map(|(_, it)| it)
}

impl WaitingPayment {
    pub(super) fn of(payment: PaymentView) -> Self {
        Self { payment, decisions: vec![LOOKED] }
    }
}

impl WaitingRun {
    pub(super) fn of(run: RunView) -> Self {
        let decisions = match run.state() {
            RunState::WaitingForApproval => vec![APPROVE, REJECT, WITHDRAW],
            RunState::Blocked => vec![REJECT, WITHDRAW],
            _ => vec![WITHDRAW],
        };
        Self { run, decisions }
    }
}

impl WaitingResend {
    pub(super) fn of(resend: ResendView) -> Self {
        Self { resend, decisions: vec![APPROVE_RESEND, REJECT_RESEND] }
    }
}
