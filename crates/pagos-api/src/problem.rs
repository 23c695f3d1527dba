//! Errors as problem documents (RFC 9457): one table of their types, and the document.
//! `doc/answers.md` says what a client does next after each answer.

mod engine;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use pagos_core::ErrorKind;
use serde::Serialize;
use utoipa::ToSchema;

pub(crate) use engine::of_violation;

/// One list makes the types and their table.
macro_rules! problems {
    ($($name:ident $status:literal $slug:literal $kind:ident $title:literal $next:literal,)*) => {
        /// The type of a problem. It decides status, kind, title and next step.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) enum ProblemType {
            $($name,)*
        }

        impl ProblemType {
            pub(crate) fn status(self) -> u16 {
                match self { $(Self::$name => $status,)* }
            }

            pub(crate) fn slug(self) -> &'static str {
                match self { $(Self::$name => $slug,)* }
            }

            fn kind(self) -> ErrorKind {
                match self { $(Self::$name => ErrorKind::$kind,)* }
            }

            fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }

            fn next_step(self) -> &'static str {
                match self { $(Self::$name => $next,)* }
            }
        }
    };
}

problems! {
    Malformed 400 "malformed" Invalid "The request cannot be read"
        "correct the request; nothing was stored",
    NoToken 401 "no-token" Unauthorized "No valid token"
        "send `Authorization: Bearer TOKEN` with a token that `pagos token create` made",
    NoScope 403 "no-scope" Unauthorized "The token does not allow this"
        "use a token with the scope that the operation needs",
    NotFound 404 "not-found" Invalid "There is no such thing"
        "compare the address and the name with what you submitted",
    WrongMethod 405 "wrong-method" Invalid "The address has no such method"
        "look the operation up in /openapi.json",
    KeyConflict 409 "key-conflict" Invalid "The key names something else"
        "a key names one order for ever: give a new order a new key",
    RunClosed 409 "run-closed" Invalid "The members of the run are fixed"
        "submit the other orders in a run of their own",
    Refused 409 "refused" Invalid "It does not fit the present state"
        "read it again, then decide",
    Archived 410 "archived" Rejected "It was settled and archived"
        "look it up in the archive; it is never sent again",
    TooLarge 413 "too-large" Invalid "The body is too long"
        "send it in parts",
    WrongMediaType 415 "wrong-media-type" Invalid "The body has another media type"
        "send `Content-Type: application/json`, or the type of the uploaded file",
    Invalid 422 "invalid" Invalid "What was sent cannot be carried out"
        "correct what `errors` lists; nothing was stored",
    ProviderRejected 422 "provider-rejected" Rejected "The provider refused it"
        "read the detail, correct it, and use a new key",
    TooManyFailures 429 "too-many-failures" Throttled "Too many requests without a valid token"
        "wait, and send a valid token",
    StoreFailed 500 "store-failed" Unknown "The database failed"
        "call the operator; repeating the same request with the same key is safe",
    Busy 503 "busy" Undelivered "The service is busy"
        "repeat the same request after Retry-After seconds; nothing was stored",
    Unavailable 503 "unavailable" Unknown "The database did not answer"
        "repeat the same request after Retry-After seconds, an order with the same key: that is safe",
    OutcomeUnknown 503 "outcome-unknown" Unknown "It is not known whether it was stored"
        "repeat the same request with the same key after Retry-After seconds: that is safe, and pays \
         nobody twice; never send it under another key",
    ProviderUnavailable 503 "provider-unavailable" Undelivered "The provider did not take the request"
        "repeat the same request with the same key after Retry-After seconds",
}

/// One thing that is wrong in a request or a file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Fault {
    /// Where in the JSON body, as a JSON pointer: `/orders/3/amount`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The field or column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The line of an uploaded file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The cell of an uploaded workbook: `B3`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cell: Option<String>,
    /// What is wrong. It contains no account number and no document.
    pub because: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

/// A problem document (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProblemDocument {
    /// The type, a stable name: `urn:pagos:problem:key-conflict`.
    #[serde(rename = "type")]
    pub(crate) problem_type: String,
    /// The type in words.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What happened this time.
    pub(crate) detail: String,
    /// The kind of error: `invalid`, `unauthorized`, `rejected`, `throttled`, `undelivered` or
    /// `unknown`.
    pub(crate) kind: String,
    /// What to do next.
    pub(crate) next_step: String,
    /// Everything that is wrong in the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) errors: Vec<Fault>,
    /// How many more there are than `errors` lists.
    #[serde(skip_serializing_if = "is_zero")]
    pub(crate) errors_more: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A problem that ends a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) of: ProblemType,
    detail: String,
    errors: Vec<Fault>,
    errors_more: u64,
}

impl Problem {
    pub(crate) fn new(of: ProblemType, detail: impl Into<String>) -> Self {
        Self { of, detail: detail.into(), errors: Vec::new(), errors_more: 0 }
    }

    /// One with everything that is wrong, of which it lists the first.
    pub(crate) fn with_errors(mut self, mut errors: Vec<Fault>) -> Self {
        let more = errors.len().saturating_sub(ERRORS_MAX);
        errors.truncate(ERRORS_MAX);
        self.errors = errors;
        self.errors_more += u64::try_from(more).unwrap_or(u64::MAX);
        self
    }

    pub(crate) fn and_more(mut self, more: u64) -> Self {
        self.errors_more += more;
        self
    }

    /// A request that can be read and not carried out.
    pub(crate) fn invalid(errors: Vec<Fault>) -> Self {
        let count = errors.len();
        let detail = match errors.first() {
            Some(first) if count == 1 => first.because.clone(),
            _ => format!("{count} things are wrong"),
        };
        Self::new(ProblemType::Invalid, detail).with_errors(errors)
    }

    pub(crate) fn document(&self) -> ProblemDocument {
        ProblemDocument {
            problem_type: format!("urn:pagos:problem:{}", self.of.slug()),
            title: self.of.title().to_owned(),
            status: self.of.status(),
            detail: self.detail.clone(),
            kind: self.of.kind().word().to_owned(),
            next_step: self.of.next_step().to_owned(),
            errors: self.errors.clone(),
            errors_more: self.errors_more,
        }
    }
}

/// The most errors that one answer lists.
const ERRORS_MAX: usize = 1_000;

/// When a client should try again.
const RETRY_AFTER_S: &str = "2";

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.document()).unwrap_or_default();
        let status = StatusCode::from_u16(self.of.status());
        let mut answer = Response::new(axum::body::Body::from(body));
        *answer.status_mut() = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        answer.extensions_mut().insert(self.of);
        let headers = answer.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if matches!(self.of.status(), 429 | 503) {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static(RETRY_AFTER_S));
        }
        if self.of == ProblemType::NoToken {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        answer
    }
}
