//! How a request is refused.
//! Not what the fields of each call must hold.

use http::StatusCode;

use crate::fields::{Flaw, FlawKind};

/// A refusal: nothing was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) text: String,
}

/// The texts are inventions: errors are not documented. `[sim]`
impl Refusal {
    pub(super) fn bad(text: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, text: text.into() }
    }

    pub(super) fn unauthorized(text: impl Into<String>) -> Self {
        Self { status: StatusCode::UNAUTHORIZED, text: text.into() }
    }

    pub(super) fn wrong_credentials() -> Self {
        Self::unauthorized("invalid merchant credentials")
    }

    pub(super) fn not_found(text: impl Into<String>) -> Self {
        Self { status: StatusCode::NOT_FOUND, text: text.into() }
    }

    pub(super) fn required(field: &str) -> Self {
        Self::bad(format!("{field} is required"))
    }

    pub(super) fn invalid(field: &str) -> Self {
        Self::bad(format!("{field} is invalid"))
    }
}

impl From<Flaw> for Refusal {
    fn from(flaw: Flaw) -> Self {
        match flaw.kind {
            FlawKind::Missing => Self::required(&flaw.field),
            FlawKind::Wrong => Self::invalid(&flaw.field),
        }
    }
}
