//! `/v1/events`: the notices of the outbox by number. Whoever reads them keeps the last number, and
//! goes on after it.

use axum::extract::State;
use pagos_core::{Money, Status};
use pagos_engine::{Notice, NoticeAbout, NoticeKind, OrderNews};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    amount::major,
    answer::{Answer, Reading},
    api::Api,
    caller::{Caller, ToRead},
    extract::Query,
    mask,
    payouts::page_limit,
    problem::Problem,
};

/// Where to go on.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventQuery {
    /// The number of the last event that you have; 0 for the first.
    #[serde(default)]
    after: u64,
    /// The number of rows, 100 if it is not given.
    limit: Option<usize>,
}

/// An event: something that an application wants to know, once and in order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventView {
    /// Its number, which only rises.
    number: u64,
    /// When it was committed.
    at: String,
    /// The account.
    account: String,
    /// What happened: `advanced`, `reversed`, `returned`, `paid_by_later_try`, `attention` ...
    kind: String,
    /// What it is about: `payout`, `payment`, `delivery`, `account` ...
    subject: String,
    /// Why, for a person.
    #[serde(skip_serializing_if = "Option::is_none")]
    because: Option<String>,
    /// The number of the webhook that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    delivery: Option<u64>,
    /// The order that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<EventOrder>,
}

/// The state of an order after the event.
#[derive(Debug, Serialize, ToSchema)]
struct EventOrder {
    /// The key.
    key: String,
    /// The runs that it is a member of.
    runs: Vec<String>,
    /// The status now.
    status: String,
    /// The status before.
    #[serde(skip_serializing_if = "Option::is_none")]
    was: Option<String>,
    /// Why, in the provider's words if it gave any.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// The ordered amount in major units, as text.
    amount: String,
    /// The ordered amount in minor units.
    amount_minor: i64,
    /// The currency.
    currency: String,
    /// What came back, in major units.
    #[serde(skip_serializing_if = "Option::is_none")]
    returned: Option<String>,
    /// What came back, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    returned_minor: Option<i64>,
    /// The provider's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<String>,
}

/// A page of events.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct EventPage {
    /// The events, by number.
    events: Vec<EventView>,
    /// The number to go on after, also if there is nothing more yet.
    next: u64,
}

/// Events after a number, oldest first.
#[utoipa::path(
    get, path = "/v1/events", tag = "events", params(EventQuery),
    responses((status = 200, description = "A page of events", body = EventPage), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_events(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Query(query): Query<EventQuery>,
) -> Result<Answer<EventPage>, Problem> {
    let limit = page_limit(&api, query.limit)?;
    let notices = api.store().outbox(query.after, limit).await?;
    let next = notices.last().map_or(query.after, |(number, _)| *number);
    let events = notices.iter().map(|(number, notice)| EventView::of(*number, notice)).collect();
    Ok(Answer::ok(EventPage { events, next }))
}

impl EventView {
    fn of(number: u64, notice: &Notice) -> Self {
        let (subject, delivery) = match &notice.about {
            NoticeAbout::Payout(_) => ("payout", None),
            NoticeAbout::Payment(_) => ("payment", None),
            NoticeAbout::Delivery { delivery } => ("delivery", Some(*delivery)),
            NoticeAbout::Account => ("account", None),
            NoticeAbout::Run(_) => ("run", None),
            NoticeAbout::Endpoint { .. } => ("endpoint", None),
        };
        let (kind, because) = match &notice.event {
            NoticeKind::Advanced => ("advanced", None),
            NoticeKind::Reversed { .. } => ("reversed", None),
            NoticeKind::Returned => ("returned", None),
            NoticeKind::PaidByLaterTry { .. } => ("paid_by_later_try", None),
            NoticeKind::Attention { because } => ("attention", Some(mask::text(because))),
            NoticeKind::InServiceAgain => ("in_service_again", None),
            NoticeKind::WaitingForApproval => ("waiting_for_approval", None),
            NoticeKind::Approved => ("approved", None),
            NoticeKind::Rejected { because } => ("rejected", Some(mask::text(because))),
            NoticeKind::Blocked => ("blocked", None),
            NoticeKind::Withdrawn => ("withdrawn", None),
        };
        Self {
            number,
            at: notice.at.to_string(),
            account: notice.account.to_string(),
            kind: kind.to_owned(),
            subject: subject.to_owned(),
            because,
            delivery,
            order: notice.order().map(EventOrder::of),
        }
    }
}

impl EventOrder {
    fn of(news: &OrderNews) -> Self {
        let word = |status: Status| status.word().to_owned();
        Self {
            key: news.key.to_string(),
            runs: news.runs.iter().map(|run| run.0.clone()).collect(),
            status: word(news.status),
            was: news.was.map(word),
            reason: news.reason.as_deref().map(mask::text),
            amount: major(news.amount),
            amount_minor: news.amount.minor,
            currency: news.amount.currency.to_string(),
            returned: news.returned.map(major),
            returned_minor: news.returned.map(|money: Money| money.minor),
            reference: news.reference.as_ref().map(ToString::to_string),
        }
    }
}
