//! `/v1/waiting`: what waits for a person.

use std::{collections::BTreeSet, str::FromStr};

use axum::extract::State;
use pagos_engine::{Cursor, Filter, Page, Sorted, Tally};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Reading},
    api::Api,
    caller::{Caller, ToRead},
    extract::Query,
    payouts::{in_query, page_limit, view::PayoutView},
    problem::{Problem, ProblemType},
    runs::view::TotalView,
};

/// Where to go on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WaitingQuery {
    /// The `next` of the page before.
    after: Option<String>,
    /// The number of payouts, 100 if it is not given.
    limit: Option<usize>,
}

/// What waits for a person.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WaitingView {
    /// How many payouts wait, by account, currency and status.
    totals: Vec<TotalView>,
    /// The payouts, status by status and newest first. A page may be short or empty and have a
    /// `next` all the same.
    payouts: Vec<PayoutView>,
    /// The accounts that are out of service.
    accounts_out_of_service: Vec<String>,
    /// What `after` of the next page is; absent on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

/// What waits for a person.
#[utoipa::path(
    get, path = "/v1/waiting", tag = "waiting", params(WaitingQuery),
    responses((status = 200, description = "What waits for a person", body = WaitingView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_waiting(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Query(query): Query<WaitingQuery>,
) -> Result<Answer<WaitingView>, Problem> {
    let limit = page_limit(&api, query.limit)?;
    let after: Option<Place> = query.after.as_deref().map(str::parse).transpose()?;
    let tally = api.store().tally(None).await?;
    let waiting = tally.rows.iter().filter(|row| row.attention > 0);
    let totals = waiting.map(TotalView::of).collect();
    let (payouts, next) = scan(&api, &tally, after, limit).await?;
    let accounts_out_of_service =
        api.store().halted().await?.iter().map(ToString::to_string).collect();
    Ok(Answer::ok(WaitingView { totals, payouts, accounts_out_of_service, next }))
}

/// Where a scan goes on: in the list of one status, after a payout.
#[derive(Debug, Clone)]
struct Place {
    status: String,
    after: Option<Cursor>,
}

/// Reads the lists of the statuses in which something waits, and no more than a few thousand rows at
/// a time: no store has an index of those that wait.
async fn scan(
    api: &Api,
    tally: &Tally,
    place: Option<Place>,
    limit: usize,
) -> Result<(Vec<PayoutView>, Option<String>), Problem> {
    let with_some: BTreeSet<&str> =
        tally.rows.iter().filter(|row| row.attention > 0).map(|row| row.status.as_str()).collect();
    let from = place.as_ref().map(|place| place.status.clone()).unwrap_or_default();
    let (mut found, mut scanned) = (Vec::new(), 0);
    let mut after = place.and_then(|place| place.after);
    for status in with_some.into_iter().filter(|status| *status >= from.as_str()) {
        if status != from {
            after = None;
        }
        let filter = Filter { status: Some(status.to_owned()), ..Filter::default() };
        loop {
            let page = Page { sorted: Sorted::NewestFirst { after: after.clone() }, limit: ROWS };
            let payouts = api.store().list(&filter, &page).await?;
            for payout in &payouts {
                if found.len() >= limit {
                    return Ok((found, Some(place_text(status, after.as_ref()))));
                }
                after = Some(payout.cursor());
                if payout.progress.attention.is_some() {
                    found.push(PayoutView::of(payout));
                }
            }
            scanned += payouts.len();
            if payouts.len() < ROWS {
                break;
            }
            if scanned >= SCANNED_MAX {
                return Ok((found, Some(place_text(status, after.as_ref()))));
            }
        }
    }
    Ok((found, None))
}

const ROWS: usize = 500;
const SCANNED_MAX: usize = 5_000;

fn place_text(status: &str, after: Option<&Cursor>) -> String {
    after.map_or_else(|| format!("{status}~"), |after| format!("{status}~{after}"))
}

impl FromStr for Place {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let Some((status, after)) = text.split_once('~') else {
            let detail = "the query: after is not the next of a page";
            return Err(Problem::new(ProblemType::Malformed, detail));
        };
        let after = match after {
            "" => None,
            after => Some(after.parse().map_err(in_query)?),
        };
        Ok(Self { status: status.to_owned(), after })
    }
}
