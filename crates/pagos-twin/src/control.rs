//! What control calls have in common: how their bodies are read and how they are answered.
//! Not which calls there are; see `surface` for those of all twins, and each twin for its own.

use std::collections::BTreeMap;

use http::StatusCode;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use crate::twin::Reply;

/// The answer of a control call that may make no sense.
pub(crate) fn answered(answer: Result<Value, String>) -> Reply {
    match answer {
        Ok(value) => shown(&value),
        Err(because) => error(StatusCode::BAD_REQUEST, &because),
    }
}

/// A value as the answer.
pub(crate) fn shown<T: Serialize>(value: &T) -> Reply {
    serde_json::to_vec(value).map_or_else(
        |_| error(StatusCode::INTERNAL_SERVER_ERROR, "the answer cannot be written as JSON"),
        |body| Reply::json(StatusCode::OK, body),
    )
}

/// `{"error":"..."}`.
pub(crate) fn error(status: StatusCode, because: &str) -> Reply {
    let body = BTreeMap::from([("error", because)]);
    Reply::json(status, serde_json::to_vec(&body).unwrap_or_default())
}

/// The answer to a call with a method that it does not have.
pub(crate) fn wrong_method() -> Reply {
    error(StatusCode::METHOD_NOT_ALLOWED, "this control call has another method")
}

/// The body of a control call.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|cause| cause.to_string())
}

/// What becomes of `present` if the fields that `body` names are replaced; all of them or none.
pub(crate) fn changed<T: Serialize + DeserializeOwned>(
    present: &T,
    body: &[u8],
) -> Result<T, String> {
    let change: serde_json::Map<String, Value> = read(body)?;
    let mut fields = serde_json::to_value(present).map_err(|cause| cause.to_string())?;
    if let Some(fields) = fields.as_object_mut() {
        fields.extend(change);
    }
    serde_json::from_value(fields).map_err(|cause| cause.to_string())
}
