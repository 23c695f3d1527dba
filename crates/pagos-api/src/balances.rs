//! `/v1/balances`: what the accounts can still pay out.

pub(crate) mod asked;

use axum::extract::State;

use crate::{
    answer::{Answer, Reading},
    api::Api,
    balances::asked::BalancesView,
    caller::{Caller, ToRead},
    problem::Problem,
};

/// What the accounts can still pay out.
///
/// Providers are asked one after the other; one that does not answer in time is told as such. For ten
/// seconds everybody gets the same answer, so that no caller can wear out an account's rate.
#[utoipa::path(
    get, path = "/v1/balances", tag = "balances",
    responses((status = 200, description = "The balances", body = BalancesView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_balances(
    State(api): State<Api>,
    _: Caller<ToRead>,
) -> Result<Answer<BalancesView>, Problem> {
    let view = api.balances().read(api.engine().accounts(), api.now()).await;
    Ok(Answer::ok(view))
}
