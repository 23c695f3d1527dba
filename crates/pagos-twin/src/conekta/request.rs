//! What calls have in common: how their bodies are read, and queries that go wrong.
//! Not who asks; see `access`.

use super::{
    ConektaTwin,
    refusal::{self, Language, Refusal},
};
use crate::{
    fields::{Fields, Flaw},
    twin::{Reply, Request},
};

/// The fields of a body; nothing at all has none.
pub(super) fn fields(request: &Request) -> Result<Fields, Refusal> {
    let body: &[u8] = if request.body().is_empty() { b"{}" } else { request.body() };
    Fields::open(body).map_err(|_| Refusal::no_json())
}

/// `active`, if it is said.
pub(super) fn active(fields: &Fields) -> Result<Option<bool>, Refusal> {
    let Some(value) = fields.value("active") else {
        return Ok(None);
    };
    value.as_bool().map(Some).ok_or_else(|| invalid("active"))
}

pub(super) fn invalid(field: &str) -> Refusal {
    Flaw::wrong(field).into()
}

/// Answers a query about no transfer, unless that goes wrong.
pub(super) fn ask_of_route(
    twin: &mut ConektaTwin,
    route: &'static str,
    language: Language,
    answer: impl FnOnce(&mut ConektaTwin) -> Result<Reply, Refusal>,
) -> Result<Reply, Refusal> {
    let error_replies = refusal::error_replies(language);
    Ok(twin.ask_of_route(route, error_replies, |twin| refusal::reply_of(answer(twin), language)))
}
