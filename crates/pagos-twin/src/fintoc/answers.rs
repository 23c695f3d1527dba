//! What was answered under an `Idempotency-Key`, and is answered again for a day.
//! Moves no money; what is not found here is done once more.

use std::{collections::HashMap, time::Duration};

use bytes::Bytes;
use http::{StatusCode, header::CONTENT_TYPE};
use pagos_core::Timestamp;
use serde_json::Value;

use super::refusal::Refusal;
use crate::twin::{Reply, Request};

/// The first answers of all keys.
///
/// Source: docs: /api/fintoc-api/idempotent-requests, which has status and body kept whatever they are,
/// compares the parameters, keeps nothing where authentication failed, and lets keys go after a day. That
/// nothing is kept of 429 is `[sim]`.
#[derive(Debug, Default)]
pub(super) struct Answers {
    by_key: HashMap<String, Answer>,
}

/// No `Debug` of what it holds: the request has a name and an account.
struct Answer {
    at: Timestamp,
    path: String,
    body: Bytes,
    status: StatusCode,
    answer: Bytes,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// The key of a request, if it has one.
///
/// Source: docs: /api/fintoc-api/idempotent-requests for the header and its length.
pub(super) fn key_of(request: &Request) -> Result<Option<&str>, Refusal> {
    let Some(header) = request.headers().get(HEADER) else {
        return Ok(None);
    };
    let key = header.to_str().ok().filter(|it| (1..=CHARS_MAX).contains(&it.len()));
    let message = "The Idempotency-Key has 1 to 255 characters.";
    key.map(Some).ok_or_else(|| Refusal::bad("invalid_string_size", message, "Idempotency-Key"))
}

impl Answers {
    /// The first answer to this request; `None` if its key is new, or was forgotten.
    pub(super) fn find(
        &self,
        key: &str,
        request: &Request,
        kept_for: Duration,
        now: Timestamp,
    ) -> Result<Option<Reply>, Refusal> {
        let Some(known) = self.by_key.get(key).filter(|it| now.since(it.at) < kept_for) else {
            return Ok(None);
        };
        if known.path != request.uri().path() || !is_same(&known.body, request.body()) {
            return Err(Refusal::other_parameters());
        }
        Ok(Some(Reply::json(known.status, known.answer.clone())))
    }

    /// Keeps what Fintoc itself answered. What a gateway says, or nobody, is not Fintoc's; the time is
    /// that of the first answer.
    pub(super) fn keep(
        &mut self,
        key: &str,
        request: &Request,
        reply: &Reply,
        kept_for: Duration,
        now: Timestamp,
    ) {
        let Reply::Answer(response) = reply else { return };
        let is_own =
            response.headers().get(CONTENT_TYPE).is_some_and(|it| it == "application/json");
        let is_unread =
            matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS);
        if !is_own || is_unread {
            return;
        }
        let before = self.by_key.get(key).map(|it| it.at).filter(|at| now.since(*at) < kept_for);
        let answer = Answer {
            at: before.unwrap_or(now),
            path: request.uri().path().to_owned(),
            body: request.body().clone(),
            status: response.status(),
            answer: response.body().clone(),
        };
        self.by_key.insert(key.to_owned(), answer);
    }
}

/// The same parameters, in whatever order and with whatever blanks.
fn is_same(one: &Bytes, other: &Bytes) -> bool {
    let value = |body: &Bytes| serde_json::from_slice::<Value>(body).ok();
    one == other || value(one).is_some_and(|it| Some(it) == value(other))
}

const HEADER: &str = "idempotency-key";
const CHARS_MAX: usize = 255;
