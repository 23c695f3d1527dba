//! Who asks, and for which version of the API.
//! Not what is asked for.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{
    HeaderValue,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE},
};

use super::refusal::Refusal;
use crate::twin::{Reply, Request};

/// The version of the API that an answer has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Version {
    V2_0,
    V2_1,
    V2_2,
    V2_3,
}

impl Version {
    /// The one that is asked for, or the newest. Versions that were never seen are refused.
    ///
    /// Source: manual; clients of `conekta.md: 1.3`. That the newest is the usual one is `[sim]`.
    pub(super) fn of(request: &Request) -> Result<Self, Refusal> {
        let asked = request.headers().get(ACCEPT).and_then(|it| it.to_str().ok());
        let Some(rest) = asked.and_then(|it| it.trim().strip_prefix(VENDOR)) else {
            return Ok(Self::V2_3);
        };
        match rest {
            "2.0.0+json" => Ok(Self::V2_0),
            "2.1.0+json" => Ok(Self::V2_1),
            "2.2.0+json" => Ok(Self::V2_2),
            "2.3.0+json" => Ok(Self::V2_3),
            _ => Err(Refusal::wrong_version()),
        }
    }

    /// Source: `openapi: resources/balances`.
    const fn media_type(self) -> &'static str {
        match self {
            Self::V2_0 => "conekta-v2.0.0; format=application/json",
            Self::V2_1 => "conekta-v2.1.0; format=application/json",
            Self::V2_2 => "conekta-v2.2.0; format=application/json",
            Self::V2_3 => "conekta-v2.3.0; format=application/json",
        }
    }
}

/// Refuses whoever does not have this key.
pub(super) fn check_key(request: &Request, api_key: &str) -> Result<(), Refusal> {
    let header = request.headers().get(AUTHORIZATION).ok_or_else(Refusal::missing_key)?;
    let key = header.to_str().ok().and_then(key_of);
    match key {
        Some(key) if key.is_empty() => Err(Refusal::missing_key()),
        Some(key) if key == api_key => Ok(()),
        Some(_) | None => Err(Refusal::wrong_key()),
    }
}

/// The key in any of the four forms that Conekta's own clients send.
///
/// Source: manual for `Basic` with a colon after the key; conekta-go 2.1.1 without one;
/// conekta-node 1.1.1 to 4.2.0 with a colon behind the base64; `openapi: securitySchemes` for
/// `Bearer`.
fn key_of(header: &str) -> Option<String> {
    let (scheme, rest) = header.trim().split_once(' ')?;
    let rest = rest.trim_start();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = STANDARD.decode(rest.strip_suffix(':').unwrap_or(rest)).ok()?;
    let key = String::from_utf8(decoded).ok()?;
    Some(key.strip_suffix(':').map(str::to_owned).unwrap_or(key))
}

/// Adds what every answer of Conekta's has; those of gateways on the way stay as they are.
pub(super) fn stamped(reply: Reply, version: Version) -> Reply {
    let stamp = |mut response: http::Response<Bytes>| {
        let headers = response.headers_mut();
        if headers.get(CONTENT_TYPE).is_some_and(|it| it == "application/json") {
            let content_type = HeaderValue::from_static("application/json; charset=utf-8");
            headers.insert(CONTENT_TYPE, content_type);
            let media_type = HeaderValue::from_static(version.media_type());
            headers.insert("Conekta-Media-Type", media_type);
        }
        response
    };
    match reply {
        Reply::Answer(response) => Reply::Answer(stamp(response)),
        Reply::Drop => Reply::Drop,
        Reply::Torn { response, sent_bytes } => {
            Reply::Torn { response: stamp(response), sent_bytes }
        }
        Reply::Later { after, reply } => {
            Reply::Later { after, reply: Box::new(stamped(*reply, version)) }
        }
    }
}

const VENDOR: &str = "application/vnd.conekta-v";

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of `conekta.md: 8.1`.
    #[test]
    fn a_key_has_four_forms() {
        for (header, expected) in [
            ("Basic a2V5X0RlUHJ1ZWJhRGVBcGk6", Some("key_DePruebaDeApi")),
            ("Basic a2V5X0RlUHJ1ZWJhRGVBcGk=", Some("key_DePruebaDeApi")),
            ("Basic a2V5X0RlUHJ1ZWJhRGVBcGk=:", Some("key_DePruebaDeApi")),
            ("Bearer key_DePruebaDeApi", Some("key_DePruebaDeApi")),
            ("basic a2V5X0RlUHJ1ZWJhRGVBcGk6", Some("key_DePruebaDeApi")),
            ("Basic Og==", Some("")),
            ("Basic a2V5X0RlUHJ1ZWJhRGVBcGk=::", None),
            ("Basic key_DePruebaDeApi", None),
            ("Digest key_DePruebaDeApi", None),
            ("key_DePruebaDeApi", None),
        ] {
            assert_eq!(key_of(header).as_deref(), expected, "{header}");
        }
    }
}
