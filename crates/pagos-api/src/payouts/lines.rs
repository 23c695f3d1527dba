//! The lines of bank statements that show a payout.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    amount::major,
    answer::{Answer, Reading},
    api::Api,
    caller::{Caller, ToRead},
    extract::Path,
    payouts::missing,
    problem::Problem,
};

/// Everything that statements show of a payout. What a statement shows changes no status.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StatementLines {
    /// The lines, by day.
    lines: Vec<StatementLineView>,
}

/// What a line of a statement shows of a payout.
#[derive(Debug, Serialize, ToSchema)]
struct StatementLineView {
    /// The book: an account at a bank.
    book: String,
    /// The line.
    line: String,
    /// When the bank booked it.
    day: String,
    /// `matched`, or `proposed` if a person must still say so.
    state: &'static str,
    /// What it changed the balance by for this payout, in major units: negative if it was paid.
    change: String,
    /// The same in minor units.
    change_minor: i64,
    /// The currency.
    currency: String,
    /// The bank's own reference.
    #[serde(skip_serializing_if = "Option::is_none")]
    bank_reference: Option<String>,
    /// Why the line is said to be this payout.
    evidence: String,
    /// The person who said so; absent if a rule did.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
}

/// The lines of bank statements that show a payout.
#[utoipa::path(
    get, path = "/v1/payouts/{key}/statement-lines", tag = "payouts",
    params(("key" = String, Path, description = "The key of the order")),
    responses((status = 200, description = "The lines", body = StatementLines), Reading),
    security(("token" = ["read"])),
)]
pub(crate) async fn read_statement_lines(
    State(api): State<Api>,
    _: Caller<ToRead>,
    path: Path,
) -> Result<Answer<StatementLines>, Problem> {
    let key = path.key()?;
    if api.store().payout(&key).await?.is_none() {
        return Err(missing(&api, &key).await);
    }
    let found = pagos_reconcile::reconciled(api.store(), &key).await?;
    let lines = found.into_iter().map(|it| StatementLineView {
        book: it.book.to_string(),
        line: it.line,
        day: it.day.to_string(),
        state: it.state,
        change: major(it.change),
        change_minor: it.change.minor,
        currency: it.change.currency.to_string(),
        bank_reference: it.bank_reference,
        evidence: it.evidence,
        by: it.by,
    });
    Ok(Answer::ok(StatementLines { lines: lines.collect() }))
}
