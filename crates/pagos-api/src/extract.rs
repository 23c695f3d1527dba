//! What a handler takes from a request: the query, the path and the body, each refused with a
//! problem document that says where the mistake is and never repeats a value.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Request},
};
use bytes::Bytes;
use http::{HeaderMap, header, request::Parts};
use pagos_core::OrderKey;
use pagos_engine::RunId;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use crate::{
    api::Api,
    problem::{Fault, Problem, ProblemType},
};

/// The query of an address. A parameter that is not known is refused: a list must not ignore a
/// misspelt filter.
#[derive(Debug)]
pub(crate) struct Query<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Api) -> Result<Self, Problem> {
        match axum::extract::Query::try_from_uri(&parts.uri) {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(error) => {
                let cause = std::error::Error::source(&error).map(ToString::to_string);
                let because = without_values(&cause.unwrap_or_else(|| error.to_string()));
                Err(Problem::new(ProblemType::Malformed, format!("the query: {because}")))
            }
        }
    }
}

/// A part of the path.
#[derive(Debug)]
pub(crate) struct Path(pub(crate) String);

impl FromRequestParts<Api> for Path {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, api).await {
            Ok(axum::extract::Path(part)) => Ok(Self(part)),
            Err(_) => Err(Problem::new(ProblemType::NotFound, "the path is not UTF-8")),
        }
    }
}

impl Path {
    /// The part as a key. What cannot be a key names nothing.
    pub(crate) fn key(&self) -> Result<OrderKey, Problem> {
        OrderKey::new(&self.0)
            .map_err(|_| Problem::new(ProblemType::NotFound, "a key is 1 to 32 of A-Z a-z 0-9 _ -"))
    }

    /// The part as the name of a run.
    pub(crate) fn run(self) -> Result<RunId, Problem> {
        run_named(self.0)
    }
}

/// A run to look for. Names that the command line and the library make may have other characters
/// than those that the API accepts, but none that a database refuses.
pub(crate) fn run_named(name: String) -> Result<RunId, Problem> {
    match name.chars().any(char::is_control) {
        true => Err(Problem::new(ProblemType::NotFound, "no run has a name like this")),
        false => Ok(RunId(name)),
    }
}

/// A JSON body.
#[derive(Debug)]
pub(crate) struct Json<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Api> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        if media_type(&parts.headers) != Some("application/json") {
            let detail = "the body must be application/json";
            return Err(Problem::new(ProblemType::WrongMediaType, detail));
        }
        let bytes = read_body(api, &parts.headers, body, api.limits().json_bytes_max).await?;
        parse(&bytes, "").map(Self)
    }
}

/// The media type without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    value.split(';').next().map(str::trim)
}

/// Reads a body whole, within the limits of length and time.
pub(crate) async fn read_body(
    api: &Api,
    headers: &HeaderMap,
    body: Body,
    bytes_max: usize,
) -> Result<Bytes, Problem> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|it| it.to_str().ok());
    let announced: Option<usize> = announced.and_then(|it| it.parse().ok());
    let too_large =
        || Problem::new(ProblemType::TooLarge, format!("the body has more than {bytes_max} bytes"));
    if announced.is_some_and(|length| length > bytes_max) {
        return Err(too_large());
    }
    let late = |_| Problem::new(ProblemType::Malformed, "the body did not arrive in time");
    let is_short = announced.is_some_and(|length| length <= SHORT_BYTES);
    let reading = async {
        // Only so many long bodies are in memory at a time. The semaphore is never closed.
        let _turn = match is_short {
            true => None,
            false => api.long_bodies().acquire().await.ok(),
        };
        axum::body::to_bytes(body, bytes_max).await
    };
    let read = timeout(api.limits().body_timeout, reading).await.map_err(late)?;
    read.map_err(|error| {
        let mut cause: &dyn std::error::Error = &error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        match cause.to_string().contains("length limit") {
            true => too_large(),
            false => Problem::new(ProblemType::Malformed, "the body was cut off"),
        }
    })
}

const SHORT_BYTES: usize = 64 * 1024;

/// Parses JSON whose place in the body is `place`, a JSON pointer.
///
/// # Errors
/// Text that is not JSON is malformed; JSON of another shape is invalid.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8], place: &str) -> Result<T, Problem> {
    // The reader would take a list for the fields in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        let because = "it is a list; expected an object".to_owned();
        let pointer = Some(place.to_owned());
        return Err(Problem::invalid(vec![Fault { pointer, because, ..Fault::default() }]));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let read = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let pointer = format!("{place}{}", pointer_of(error.path()));
        let cause = error.into_inner();
        if !cause.is_data() {
            let (line, column) = (cause.line(), cause.column());
            let detail = format!("the body is not JSON, at line {line} column {column}");
            return Problem::new(ProblemType::Malformed, detail);
        }
        let because = without_values(&cause.to_string());
        Problem::invalid(vec![Fault { pointer: Some(pointer), because, ..Fault::default() }])
    })?;
    deserializer.end().map_err(|_| {
        Problem::new(ProblemType::Malformed, "something follows the JSON of the body")
    })?;
    Ok(read)
}

fn pointer_of(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;

    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } => pointer.push_str(&format!("/{}", escaped(key))),
            Segment::Enum { variant } => pointer.push_str(&format!("/{variant}")),
            Segment::Unknown => {}
        }
    }
    pointer
}

/// RFC 6901. A name that a client made up is cut, since it can be anything.
fn escaped(name: &str) -> String {
    let cut: String = name.chars().take(NAME_CHARS_MAX).collect();
    crate::mask::text(&cut.replace('~', "~0").replace('/', "~1"))
}

const NAME_CHARS_MAX: usize = 64;

/// The message of a parser without the value that it quotes, which may be an account number.
fn without_values(message: &str) -> String {
    let message = message.split(" at line ").next().unwrap_or(message);
    for kind in ["invalid type: ", "invalid value: "] {
        let Some((said, expected)) =
            message.strip_prefix(kind).and_then(|rest| rest.rsplit_once(", expected "))
        else {
            continue;
        };
        let said = said.split(['`', '"']).next().unwrap_or_default().trim();
        return format!("it is {said}; expected {expected}");
    }
    crate::mask::text(&message.chars().take(MESSAGE_CHARS_MAX).collect::<String>())
}

const MESSAGE_CHARS_MAX: usize = 300;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_repeats_no_value() {
        let cases = [
            (
                "invalid type: integer `12345678`, expected a string at line 1 column 2",
                "it is integer; expected a string",
            ),
            ("invalid type: string \"a, expected b\", expected u8", "it is string; expected u8"),
            (
                "unknown field `acount`, expected one of `account`, `key`",
                "unknown field `acount`, expected one of `account`, `key`",
            ),
        ];
        for (message, told) in cases {
            assert_eq!(without_values(message), told);
        }
    }
}
