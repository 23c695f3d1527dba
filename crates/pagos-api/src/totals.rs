//! `/v1/totals`: how many payouts there are and what they sum up to, by account, currency and status.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Reading},
    api::Api,
    caller::{Caller, ToRead},
    problem::Problem,
    runs::view::TotalView,
};

/// All payouts of the store, but for the archived ones.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotalsView {
    /// One row for each account, currency and status.
    totals: Vec<TotalView>,
    /// The accounts that are out of service, because the provider refuses their credentials.
    accounts_out_of_service: Vec<String>,
}

/// How many payouts there are and what they sum up to.
#[utoipa::path(
    get, path = "/v1/totals", tag = "payouts",
    responses((status = 200, description = "The totals", body = TotalsView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_totals(
    State(api): State<Api>,
    _: Caller<ToRead>,
) -> Result<Answer<TotalsView>, Problem> {
    let tally = api.store().tally(None).await?;
    let accounts_out_of_service =
        api.store().halted().await?.iter().map(ToString::to_string).collect();
    let totals = tally.rows.iter().map(TotalView::of).collect();
    Ok(Answer::ok(TotalsView { totals, accounts_out_of_service }))
}
