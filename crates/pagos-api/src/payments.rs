//! `/v1/payments`: open a session for a payer, look at it, its history, a list, and a person's note.

pub(crate) mod order;
pub(crate) mod view;

use axum::extract::State;
use http::{HeaderMap, StatusCode};
use pagos_core::{ErrorKind, OrderKey, PaymentOrder};
use pagos_engine::{Actor, Digest, EngineError, Payment};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::{
    answer::{Answer, Reading, Writing},
    api::Api,
    caller::{Caller, ToRead, ToResolve, ToSubmit},
    extract::{Json, Path, Query},
    history::{HistoryEntry, HistoryView},
    mask,
    payments::{
        order::PaymentRequest,
        view::{PaymentPage, PaymentView},
    },
    payouts::{in_query, known_status, order::key_of_header, page_limit, require_note},
    problem::{Problem, ProblemType},
};

/// Collect a payment: store the order, and open a session in which the payer pays.
///
/// Repeating the request answers with the session that is open, and opens another one only when
/// nobody can pay in the last one any more.
#[utoipa::path(
    post, path = "/v1/payments", tag = "payments",
    params(("Idempotency-Key" = Option<String>, Header, description = "The key of the order")),
    request_body = PaymentRequest,
    responses(
        (status = 201, description = "This request opened a session", body = PaymentView),
        (status = 200, description = "Stored before; this is how it stands", body = PaymentView),
        (status = 202, description = "Stored, durably; whether there is a session is unknown",
         body = PaymentView),
        Writing,
    ),
    security(("token" = ["submit"])),
)]
pub(crate) async fn create_payment(
    State(api): State<Api>,
    caller: Caller<ToSubmit>,
    headers: HeaderMap,
    Json(request): Json<PaymentRequest>,
) -> Result<Answer<PaymentView>, Problem> {
    let key = key_of_header(&headers)?;
    let order = request.order(key.as_ref()).map_err(Problem::invalid)?;
    api.spawn_to_its_end(open(api.clone(), order, caller.name)).await
}

async fn open(api: Api, order: PaymentOrder, by: Actor) -> Result<Answer<PaymentView>, Problem> {
    let key = order.key.clone();
    let stored = api.store().payment(&key).await.map_err(EngineError::from)?;
    let is_other = |stored: &Payment| {
        stored.digest != Digest::of(&order) || stored.order.account != order.account
    };
    if stored.as_ref().is_some_and(is_other) {
        let detail = format!("{key} names a payment with another body");
        return Err(Problem::new(ProblemType::KeyConflict, detail));
    }
    match api.acts().open_payment(order, &by).await {
        Ok(opened) => {
            let view = PaymentView::of(&opened.payment);
            Ok(match opened.is_new {
                true => Answer(StatusCode::CREATED, view),
                false => Answer::of_payment(view),
            })
        }
        // Stored, and in doubt: that is an answer and no failure.
        Err(EngineError::Provider(error)) if error.kind() == ErrorKind::Unknown => {
            let stored = load(&api, &key).await?;
            Ok(Answer(StatusCode::ACCEPTED, PaymentView::of(&stored)))
        }
        Err(error) => Err(error.into()),
    }
}

/// One payment.
#[utoipa::path(
    get, path = "/v1/payments/{key}", tag = "payments",
    params(("key" = String, Path, description = "The key of the order")),
    responses(
        (status = 200, description = "The payment", body = PaymentView),
        (status = 202, description = "The payment; its outcome is unknown", body = PaymentView),
        Reading,
    ),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_payment(
    State(api): State<Api>,
    _: Caller<ToRead>,
    path: Path,
) -> Result<Answer<PaymentView>, Problem> {
    let payment = load(&api, &path.key()?).await?;
    Ok(Answer::of_payment(PaymentView::of(&payment)))
}

/// Everything that was learned and done about one payment, oldest first.
#[utoipa::path(
    get, path = "/v1/payments/{key}/history", tag = "payments",
    params(("key" = String, Path, description = "The key of the order")),
    responses((status = 200, description = "The history", body = HistoryView), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_payment_history(
    State(api): State<Api>,
    _: Caller<ToRead>,
    path: Path,
) -> Result<Answer<HistoryView>, Problem> {
    let key = path.key()?;
    load(&api, &key).await?;
    let entries = api.store().payment_history(&key).await?;
    let entries = entries.iter().map(|entry| HistoryEntry::of(entry, &mask::text)).collect();
    Ok(Answer::ok(HistoryView { key: key.to_string(), entries }))
}

/// What selects the payments of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PaymentQuery {
    /// Only with this status: `created`, `unknown`, `pending`, `succeeded`, `failed` or
    /// `quarantined`.
    status: Option<String>,
    /// The `next` of the page before.
    after: Option<String>,
    /// The number of rows, 100 if it is not given.
    limit: Option<usize>,
}

/// Payments, by key.
#[utoipa::path(
    get, path = "/v1/payments", tag = "payments", params(PaymentQuery),
    responses((status = 200, description = "A page of payments", body = PaymentPage), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn list_payments(
    State(api): State<Api>,
    _: Caller<ToRead>,
    Query(query): Query<PaymentQuery>,
) -> Result<Answer<PaymentPage>, Problem> {
    let limit = page_limit(&api, query.limit)?;
    let status = query.status.map(known_status).transpose()?;
    let after: Option<OrderKey> =
        query.after.map(|after| after.parse()).transpose().map_err(in_query)?;
    let payments = api.store().payments(status.as_deref(), after.as_ref(), limit).await?;
    let last = payments.last().filter(|_| payments.len() >= limit);
    let next = last.map(|payment| payment.order.key.to_string());
    let payments = payments.iter().map(PaymentView::of).collect();
    Ok(Answer::ok(PaymentPage { payments, next }))
}

/// What a person did about a payment that called for one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LookedRequest {
    /// What was done, on what evidence; kept in the history, with your name.
    note: String,
}

/// Note that a person has looked at a payment; the provider is queried again.
#[utoipa::path(
    post, path = "/v1/payments/{key}/resolve", tag = "payments",
    params(("key" = String, Path, description = "The key of the order")),
    request_body = LookedRequest,
    responses(
        (status = 200, description = "The payment after it", body = PaymentView),
        (status = 202, description = "The payment after it; its outcome is unknown",
         body = PaymentView),
        Writing,
    ),
    security(("token" = ["resolve"])),
)]
pub(crate) async fn resolve_payment(
    State(api): State<Api>,
    caller: Caller<ToResolve>,
    path: Path,
    Json(request): Json<LookedRequest>,
) -> Result<Answer<PaymentView>, Problem> {
    let key = path.key()?;
    require_note(&request.note)?;
    let (by, acting) = (caller.name, api.clone());
    let change = async move {
        let payment = match acting.acts().resolve_payment(&key, &request.note, &by).await {
            Ok(payment) => payment,
            // Nobody is called for: a repeat of what was noted already.
            Err(EngineError::Refused(_))
                if was_noted(&acting, &key, &request.note, &by).await? =>
            {
                load(&acting, &key).await?
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Answer::of_payment(PaymentView::of(&payment)))
    };
    api.spawn_to_its_end(change).await
}

async fn was_noted(api: &Api, key: &OrderKey, note: &str, by: &Actor) -> Result<bool, Problem> {
    let told = format!("{by}: {}", note.trim());
    let history = api.store().payment_history(key).await.map_err(EngineError::from)?;
    Ok(history.iter().any(|entry| match entry {
        pagos_engine::Entry::Attention { because, .. } => because.ends_with(&told),
        _ => false,
    }))
}

async fn load(api: &Api, key: &OrderKey) -> Result<Payment, Problem> {
    let payment = api.store().payment(key).await?;
    payment.ok_or_else(|| EngineError::NoPayment(key.clone()).into())
}

impl Answer<PaymentView> {
    /// 202 if its outcome is unknown, as for payouts.
    fn of_payment(view: PaymentView) -> Self {
        match view.status == "unknown" {
            true => Self(StatusCode::ACCEPTED, view),
            false => Self(StatusCode::OK, view),
        }
    }
}
