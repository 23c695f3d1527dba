//! Builds HTTP requests around bytes that are already serialised and signed.

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, header::CONTENT_TYPE};

use pagos_core::Error;

use crate::BaseUrl;

/// A POST of `body` as `application/json` to `path` below `base`, with additional `headers`.
///
/// The body is sent as it is and never serialised again after signing.
///
/// # Errors
/// `Invalid` if base and path do not form a URL.
///
/// ```
/// use bytes::Bytes;
/// use http::HeaderName;
/// use pagos_core::Environment;
/// use pagos_wire::{BaseUrl, post_json, sensitive};
///
/// let base = BaseUrl::parse("https://api.example/stage-api/", Environment::Live)?;
/// let sign = (HeaderName::from_static("sign"), sensitive("0f1e2d")?);
/// let request = post_json(&base, "/api/payOut", [sign], Bytes::from_static(b"{}"))?;
/// assert_eq!(request.uri(), "https://api.example/stage-api/api/payOut");
/// assert!(request.headers()["sign"].is_sensitive());
/// # Ok::<(), pagos_core::Error>(())
/// ```
pub fn post_json(
    base: &BaseUrl,
    path: &str,
    headers: impl IntoIterator<Item = (HeaderName, HeaderValue)>,
    body: Bytes,
) -> Result<Request<Bytes>, Error> {
    let mut request = Request::new(body);
    *request.method_mut() = Method::POST;
    *request.uri_mut() = base.join(path)?;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    request.headers_mut().extend(headers);
    Ok(request)
}

/// A header value that clients and logs are told to hide.
///
/// # Errors
/// `Invalid` if it has characters that no header may have. The message does not contain the value.
pub fn sensitive(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::invalid("header").because("a header value has characters that no header may have")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sensitive_value_is_not_shown() {
        assert_eq!(format!("{:?}", sensitive("top-secret").unwrap()), "Sensitive");
        let refused = sensitive("top\nsecret").unwrap_err();
        assert!(!format!("{refused:?}").contains("secret"));
    }
}
