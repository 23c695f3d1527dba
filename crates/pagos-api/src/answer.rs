//! Answers as JSON, and the problems that an operation documents.

use std::collections::BTreeMap;

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use utoipa::{
    IntoResponses, ToSchema,
    openapi::{Content, RefOr, Response as Described, ResponseBuilder},
};

use crate::problem::{ProblemDocument, ProblemType};

/// A status and a body.
#[derive(Debug)]
pub(crate) struct Answer<T>(pub(crate) StatusCode, pub(crate) T);

impl<T> Answer<T> {
    pub(crate) fn ok(body: T) -> Self {
        Self(StatusCode::OK, body)
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        // The views have text keys and no value that cannot be written.
        let body = serde_json::to_vec(&self.1).unwrap_or_default();
        let mut answer = Response::new(axum::body::Body::from(body));
        *answer.status_mut() = self.0;
        let json = HeaderValue::from_static("application/json");
        answer.headers_mut().insert(header::CONTENT_TYPE, json);
        // Nobody between keeps what is about money.
        let never = HeaderValue::from_static("no-store");
        answer.headers_mut().insert(header::CACHE_CONTROL, never);
        answer
    }
}

/// The problems of an operation that reads.
pub(crate) struct Reading;

/// The problems of an operation that changes something.
pub(crate) struct Writing;

/// The problems of an operation without a token.
pub(crate) struct Public;

const OF_EVERYBODY: &[ProblemType] = &[ProblemType::Busy];

const OF_READING: &[ProblemType] = &[
    ProblemType::Malformed,
    ProblemType::NoToken,
    ProblemType::NoScope,
    ProblemType::NotFound,
    ProblemType::Archived,
    ProblemType::TooManyFailures,
    ProblemType::StoreFailed,
    ProblemType::Busy,
    ProblemType::Unavailable,
];

const OF_WRITING: &[ProblemType] = &[
    ProblemType::KeyConflict,
    ProblemType::RunClosed,
    ProblemType::Refused,
    ProblemType::TooLarge,
    ProblemType::WrongMediaType,
    ProblemType::Invalid,
    ProblemType::ProviderRejected,
    ProblemType::OutcomeUnknown,
    ProblemType::ProviderUnavailable,
];

impl IntoResponses for Public {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(OF_EVERYBODY.iter())
    }
}

impl IntoResponses for Reading {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(OF_READING.iter())
    }
}

impl IntoResponses for Writing {
    fn responses() -> BTreeMap<String, RefOr<Described>> {
        described(OF_READING.iter().chain(OF_WRITING))
    }
}

/// One response for each status, which lists the types that have it.
fn described<'a>(
    types: impl Iterator<Item = &'a ProblemType>,
) -> BTreeMap<String, RefOr<Described>> {
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for one in types {
        by_status.entry(one.status()).or_default().push(one.slug());
    }
    let describe = |(status, slugs): (u16, Vec<&str>)| {
        let document =
            Content::new(Some(utoipa::openapi::Ref::from_schema_name(ProblemDocument::name())));
        let response = ResponseBuilder::new()
            .description(slugs.join(", "))
            .content("application/problem+json", document)
            .build();
        (status.to_string(), RefOr::T(response))
    };
    by_status.into_iter().map(describe).collect()
}
