//! How a request is refused, in Fintoc's envelope and words.
//! Not which request is refused.

use http::StatusCode;
use serde::Serialize;

use super::transfer::Status;
use crate::{
    call::{ErrorReplies, Statuses},
    twin::Reply,
};

/// A refusal. Of a transfer: none came into being.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    kind: &'static str,
    code: &'static str,
    message: &'static str,
    param: Option<String>,
}

/// What is wrong, by the documented codes: each has one status.
///
/// Source: sdk: ruby errors.rb for codes and their status, sdk: py errors.py for the types. The
/// messages, and which code answers what, are `[sim]` throughout.
impl Refusal {
    pub(super) fn missing_key() -> Self {
        Self::authentication("authentication", "No API key was provided.")
    }

    pub(super) fn wrong_key() -> Self {
        Self::authentication("invalid_api_key", "The API key is invalid.")
    }

    pub(super) fn missing_signature() -> Self {
        let message = "The Fintoc-JWS-Signature header is missing.";
        Self::authentication("missing_jws_signature_header", message)
    }

    /// Also what fits neither this body nor the key.
    pub(super) fn wrong_signature() -> Self {
        let message = "The Fintoc-JWS-Signature header is invalid.";
        Self::authentication("invalid_jws_signature_header", message)
    }

    pub(super) fn wrong_algorithm() -> Self {
        let message = "The algorithm of the signature is not RS256.";
        Self::authentication("invalid_jws_signature_algorithm", message)
    }

    pub(super) fn wrong_nonce() -> Self {
        let message = "The nonce of the signature is invalid.";
        Self::authentication("invalid_jws_signature_nonce", message)
    }

    pub(super) fn used_nonce() -> Self {
        let message = "The nonce of the signature was used before.";
        Self::authentication("jws_nonce_already_used", message)
    }

    pub(super) fn no_timestamp() -> Self {
        let message = "The timestamp of the signature is no number of seconds.";
        Self::authentication("invalid_jws_signature_timestamp_format", message)
    }

    pub(super) fn wrong_timestamp() -> Self {
        let message = "The timestamp of the signature is too far from now.";
        Self::authentication("invalid_jws_signature_timestamp_value", message)
    }

    pub(super) fn no_json() -> Self {
        Self::request(StatusCode::BAD_REQUEST, "invalid_json", "The body is no JSON object.")
    }

    pub(super) fn missing(param: &str) -> Self {
        Self::bad("missing_parameter", "A required parameter is missing.", param)
    }

    pub(super) fn bad(code: &'static str, message: &'static str, param: &str) -> Self {
        let refusal = Self::request(StatusCode::BAD_REQUEST, code, message);
        Self { param: Some(param.to_owned()), ..refusal }
    }

    pub(super) fn wrong_account_number() -> Self {
        let message = "The account number of the counterparty is invalid.";
        Self::bad("invalid_account_number", message, "counterparty.account_number")
    }

    pub(super) fn foreign_account() -> Self {
        let message = "The account does not exist, or is not yours.";
        let refusal = Self::request(StatusCode::FORBIDDEN, "invalid_account", message);
        Self { param: Some("account_id".to_owned()), ..refusal }
    }

    pub(super) fn not_found() -> Self {
        let message = "There is no such object.";
        Self::request(StatusCode::NOT_FOUND, "missing_resource", message)
    }

    pub(super) fn no_such_path() -> Self {
        Self::request(StatusCode::NOT_FOUND, "invalid_url", "There is no such path.")
    }

    pub(super) fn wrong_method() -> Self {
        let message = "This path has other methods.";
        Self::request(StatusCode::METHOD_NOT_ALLOWED, "operation_not_allowed", message)
    }

    pub(super) fn insufficient_balance() -> Self {
        let message = "The balance of the account does not cover the transfer.";
        Self::request(StatusCode::CONFLICT, "insufficient_balance", message)
    }

    /// The answer to a known key with other parameters is documented to be an error, and no more.
    pub(super) fn other_parameters() -> Self {
        let message = "This Idempotency-Key was used with other parameters.";
        let refusal = Self::request(StatusCode::CONFLICT, "idempotency_error", message);
        Self { kind: "idempotency_error", ..refusal }
    }

    pub(super) fn too_many_requests() -> Self {
        let message = "Too many requests.";
        Self::request(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", message)
    }

    pub(super) fn internal_error() -> Self {
        let status = StatusCode::INTERNAL_SERVER_ERROR;
        let message = "Something went wrong on our side.";
        Self { kind: "api_error", ..Self::request(status, "internal_server_error", message) }
    }

    fn authentication(code: &'static str, message: &'static str) -> Self {
        let refusal = Self::request(StatusCode::UNAUTHORIZED, code, message);
        Self { kind: "authentication_error", ..refusal }
    }

    const fn request(status: StatusCode, code: &'static str, message: &'static str) -> Self {
        Self { status, kind: "invalid_request_error", code, message, param: None }
    }

    /// As it is answered.
    pub(super) fn reply(&self) -> Reply {
        #[derive(Serialize)]
        struct Envelope<'a> {
            error: Error<'a>,
        }
        #[derive(Serialize)]
        struct Error<'a> {
            #[serde(rename = "type")]
            kind: &'a str,
            code: &'a str,
            message: &'a str,
            param: Option<&'a str>,
            doc_url: &'a str,
        }
        let Self { kind, code, message, .. } = self;
        let param = self.param.as_deref();
        let error = Error { kind, code, message, param, doc_url: DOC_URL };
        Reply::json(self.status, serde_json::to_vec(&Envelope { error }).unwrap_or_default())
    }
}

/// What it says when it takes nothing on. A busy Fintoc counts requests. `[sim]`
pub(super) const ERRORS: ErrorReplies = ErrorReplies {
    internal_error: || Refusal::internal_error().reply(),
    busy: || Refusal::too_many_requests().reply(),
    refusal: || Refusal::wrong_account_number().reply(),
    statuses: Statuses { field: "status", words: &Status::WORDS },
};

const DOC_URL: &str = "https://docs.fintoc.com/reference/errors";
