//! A payout as answers show it.

use pagos_core::Status;
use pagos_engine::Payout;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{amount::major, mask};

/// A payout as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PayoutView {
    /// The key of the order.
    key: String,
    /// The account that pays.
    account: String,
    /// The amount in major units, as text.
    amount: String,
    /// The amount in minor units.
    amount_minor: i64,
    /// The currency.
    currency: String,
    /// `created`, `unknown`, `pending`, `succeeded`, `failed` or `quarantined`.
    pub(crate) status: String,
    /// Whether anything keeps it from being sent.
    pub(crate) state: PayoutState,
    /// Why it failed: `rejected`, `declined`, `cancelled`, `expired` or `returned`.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// Why it has this status, in the provider's words if it gave any.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether a person must look at it.
    needs_attention: bool,
    /// The provider's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
    /// Who is paid.
    beneficiary: BeneficiaryView,
    /// The text that the beneficiary may see.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// How often it was sent, or may have been.
    attempts: u32,
    /// When it was submitted, as RFC 3339.
    created_at: String,
    /// When a final status was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<String>,
}

/// Whether anything keeps a payout from being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum PayoutState {
    /// It is held until a run that it is a member of is released.
    Held,
    /// It is held until somebody approves it, or that it is sent again. Lists say `held`, and so does
    /// everything about a member of a run that waits: that run says `waiting_for_approval`.
    WaitingForApproval,
    /// Nothing: it is sent and followed by itself.
    UnderWay,
}

/// Who is paid. The number of the account is never shown in full.
#[derive(Debug, Serialize, ToSchema)]
struct BeneficiaryView {
    /// The name on the account.
    name: String,
    /// The type of the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    document_type: Option<String>,
    /// The bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank: Option<String>,
    /// The type of the account.
    account_type: String,
    /// Asterisks, and the last four characters of a number of more than eight.
    account_number_masked: String,
}

/// A page of payouts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PayoutPage {
    /// The payouts, newest first.
    pub(crate) payouts: Vec<PayoutView>,
    /// What `after` of the next page is; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl PayoutView {
    /// Whether its run holds it: it was never due and never begun.
    pub(crate) fn is_held(payout: &Payout) -> bool {
        let progress = &payout.progress;
        let is_untouched = progress.status() == Status::Created && progress.attempts == 0;
        is_untouched && payout.due_at.is_none() && progress.attention.is_none()
    }

    pub(crate) fn of(payout: &Payout) -> Self {
        let (order, progress) = (&payout.order, &payout.progress);
        let (payee, amount) = (&order.beneficiary, order.amount);
        let hide = |text: &str| mask::about(&payee.account_number, text);
        let held = progress.standing.held();
        Self {
            key: order.key.to_string(),
            account: order.account.to_string(),
            amount: major(amount),
            amount_minor: amount.minor,
            currency: amount.currency.to_string(),
            status: progress.word().to_owned(),
            state: state(payout),
            failure: match progress.status() {
                Status::Failed(reason) => Some(reason.word().to_owned()),
                Status::Created | Status::Unknown | Status::Pending | Status::Succeeded => None,
            },
            reason: progress.reason().as_deref().map(hide),
            needs_attention: progress.attention.is_some(),
            reference: held.reference.as_ref().map(ToString::to_string),
            beneficiary: BeneficiaryView {
                name: hide(&payee.name),
                document_type: payee.document.as_ref().map(|it| it.kind().to_string()),
                bank: payee.bank.as_ref().map(|bank| hide(bank.as_str())),
                account_type: payee.account_type.to_string(),
                account_number_masked: mask::account(&payee.account_number),
            },
            description: order.description.as_deref().map(hide),
            attempts: progress.attempts,
            created_at: payout.created_at.to_string(),
            settled_at: progress.settled_at.map(|at| at.to_string()),
        }
    }
}

fn state(payout: &Payout) -> PayoutState {
    match PayoutView::is_held(payout) {
        true => PayoutState::Held,
        false => PayoutState::UnderWay,
    }
}
