//! What happens next to a payout, what a person can decide about it, and its full account number.

use axum::extract::State;
use pagos_core::{Deduplication, Status};
use pagos_engine::{EngineError, Payout, Wait, Work};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Reading, Writing},
    api::Api,
    caller::{Caller, ToRead, ToResolve},
    extract::Path,
    payouts::{missing, view::PayoutView},
    problem::Problem,
    waiting,
};

/// What happens next to a payout, and what would settle a doubt about it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OutlookView {
    /// `send`, `query`, `watch`, `person`, `held` or `nothing`.
    next: &'static str,
    /// When it happens, unless something is learned before.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_at: Option<String>,
    /// What it waits for: `leave`, `doubt`, `pending`, `denied`, `not_understood` or `confirm`.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_for: Option<&'static str>,
    /// Since when.
    #[serde(skip_serializing_if = "Option::is_none")]
    waits_since: Option<String>,
    /// The queries since something was last learned.
    queries: u32,
    /// How many of them in a row were answered "no such payout".
    absences: u32,
    /// How many it takes, over at least `absence_grace_s`, to prove that the provider never had it.
    absences_needed: u32,
    /// How long those answers must go on, in seconds since the attempt.
    absence_grace_s: u64,
    /// Whether the provider recognises a repeat, so that Pagos may send it again by itself once the
    /// absence is proven.
    is_repeat_recognised: bool,
    /// The decisions that a person can make: `succeeded`, `failed`, `resend`, `ask`.
    decisions: Vec<&'static str>,
}

/// What happens next to a payout.
#[utoipa::path(
    get, path = "/v1/payouts/{key}/outlook", tag = "payouts",
    params(("key" = String, Path, description = "The key of the order")),
    responses((status = 200, description = "What happens next", body = OutlookView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_outlook(
    State(api): State<Api>,
    _: Caller<ToRead>,
    path: Path,
) -> Result<Answer<OutlookView>, Problem> {
    let key = path.key()?;
    match api.store().payout(&key).await? {
        Some(payout) => Ok(Answer::ok(OutlookView::of(&api, &payout))),
        None => Err(missing(&api, &key).await),
    }
}

impl OutlookView {
    fn of(api: &Api, payout: &Payout) -> Self {
        let progress = &payout.progress;
        let provider = api.engine().accounts().provider(&payout.order.account);
        let descriptor = provider.map(|provider| provider.descriptor());
        let absence = descriptor.map(|descriptor| descriptor.absence);
        Self {
            next: next(payout),
            next_at: payout.due_at.map(|at| at.to_string()),
            waits_for: progress.waiting.map(|waiting| word(waiting.wait)),
            waits_since: progress.waiting.map(|waiting| waiting.since.to_string()),
            queries: progress.asking.queries,
            absences: progress.asking.absences,
            absences_needed: absence.map_or(0, |absence| absence.answers_min),
            absence_grace_s: absence.map_or(0, |absence| absence.grace.as_secs()),
            is_repeat_recognised: descriptor
                .is_some_and(|it| !matches!(it.deduplication, Deduplication::None)),
            decisions: decisions(payout),
        }
    }
}

fn next(payout: &Payout) -> &'static str {
    let progress = &payout.progress;
    if payout.due_at.is_none() {
        return match PayoutView::is_held(payout) {
            true => "held",
            false if progress.attention.is_some() => "person",
            false => "nothing",
        };
    }
    match progress.work() {
        Work::Send => "send",
        Work::Watch => "watch",
        Work::Ask | Work::Follow | Work::Apply | Work::Hint => "query",
    }
}

fn word(wait: Wait) -> &'static str {
    match wait {
        Wait::Leave => "leave",
        Wait::Doubt => "doubt",
        Wait::Pending => "pending",
        Wait::Denied => "denied",
        Wait::NotUnderstood => "not_understood",
        Wait::Confirm => "confirm",
    }
}

/// The decisions that a payout calls for. The engine judges each when it is made.
fn decisions(payout: &Payout) -> Vec<&'static str> {
    let progress = &payout.progress;
    match progress.status() == Status::Unknown || progress.attention.is_some() {
        true => waiting::decisions(progress),
        false => Vec::new(),
    }
}

/// The account that a payout goes to.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AccountNumberView {
    /// The number in full.
    account_number: String,
}

/// Show the full account number.
///
/// The history keeps who looked, before the answer leaves.
#[utoipa::path(
    post, path = "/v1/payouts/{key}/account-number", tag = "payouts",
    params(("key" = String, Path, description = "The key of the order")),
    responses((status = 200, description = "The number", body = AccountNumberView), Writing),
    security(("token" = ["resolve"])),
)]
pub(crate) async fn disclose_account_number(
    State(api): State<Api>,
    caller: Caller<ToResolve>,
    path: Path,
) -> Result<Answer<AccountNumberView>, Problem> {
    let (key, by, acting) = (path.key()?, caller.name, api.clone());
    let change = async move {
        match acting.acts().disclose(&key, &by).await {
            Ok(payout) => {
                let account_number = payout.order.beneficiary.account_number.as_str().to_owned();
                Ok(Answer::ok(AccountNumberView { account_number }))
            }
            Err(EngineError::NoPayout(_)) => Err(missing(&acting, &key).await),
            Err(error) => Err(error.into()),
        }
    };
    api.spawn_to_its_end(change).await
}
