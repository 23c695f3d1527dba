//! A payment as answers show it.

use pagos_core::Status;
use pagos_engine::Payment;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{amount::major, mask};

/// A payment as it stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentView {
    /// The key of the order.
    key: String,
    /// The account that collects.
    account: String,
    /// The amount in major units, as text.
    amount: String,
    /// The amount in minor units.
    amount_minor: i64,
    /// The currency.
    currency: String,
    /// `created`, `unknown`, `pending`, `succeeded`, `failed` or `quarantined`.
    pub(crate) status: String,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
    /// Why it has this status, in the provider's words if it gave any.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// Whether a person must look at it.
    needs_attention: bool,
    /// How often it was paid; the surplus must be given back.
    times_paid: u64,
    /// The last session.
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<SessionView>,
    /// The text that the payer may see.
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    /// When it was submitted, as RFC 3339.
    created_at: String,
    /// When a final status was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    settled_at: Option<String>,
}

/// A session in which a payer pays.
#[derive(Debug, Serialize, ToSchema)]
struct SessionView {
    /// The provider's id.
    reference: String,
    /// The page for the payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// A code to pay with.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// When payers can no longer pay in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    closes_at: Option<String>,
}

/// A page of payments.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PaymentPage {
    /// The payments, by key.
    pub(crate) payments: Vec<PaymentView>,
    /// What `after` of the next page is; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) next: Option<String>,
}

impl PaymentView {
    pub(crate) fn of(payment: &Payment) -> Self {
        let (order, progress) = (&payment.order, &payment.progress);
        let amount = order.amount;
        let session = progress.sessions.last().map(|session| SessionView {
            reference: session.reference.to_string(),
            url: session.url.clone(),
            code: session.code.clone(),
            closes_at: session.closes_at.map(|at| at.to_string()),
        });
        Self {
            key: order.key.to_string(),
            account: order.account.to_string(),
            amount: major(amount),
            amount_minor: amount.minor,
            currency: amount.currency.to_string(),
            status: progress.word().to_owned(),
            failure: match progress.status() {
                Status::Failed(reason) => Some(reason.word().to_owned()),
                Status::Created | Status::Unknown | Status::Pending | Status::Succeeded => None,
            },
            reason: progress.reason().as_deref().map(mask::text),
            needs_attention: progress.attention.is_some(),
            times_paid: u64::try_from(progress.times_paid()).unwrap_or(u64::MAX),
            session,
            description: order.description.clone(),
            created_at: progress.created_at.to_string(),
            settled_at: progress.settled_at.map(|at| at.to_string()),
        }
    }
}
