//! Cookies, and whether a browser says that a request comes from a page of this site.

use http::{HeaderMap, HeaderValue, header};

/// Whether a browser says that a request comes from a page of this site. Old browsers do not say.
pub(crate) fn is_same_site(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    if text("sec-fetch-site").is_some_and(|site| site != "same-origin") {
        return false;
    }
    let Some(origin) = text(header::ORIGIN.as_str()) else { return true };
    let host = text(header::HOST.as_str()).unwrap_or_default();
    origin.split_once("://").is_some_and(|(_, of)| !host.is_empty() && of == host)
}

/// The value of a cookie.
pub(crate) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
    pairs.find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim().to_owned())
}

/// The header that keeps a session in the browser. It is sent over TLS only, except to this machine.
pub(crate) fn kept(headers: &HeaderMap, token: &str) -> String {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_local = ["127.0.0.1", "localhost", "[::1]"].into_iter().any(|local| {
        host == local || host.strip_prefix(local).is_some_and(|it| it.starts_with(':'))
    });
    let secure = if is_local { "" } else { "; Secure" };
    let age_s = if token.is_empty() { 0 } else { 8 * 3_600 };
    format!("{COOKIE}={token}; Path=/desk; Max-Age={age_s}; HttpOnly; SameSite=Strict{secure}")
}

/// The cookie of a session.
pub(crate) const COOKIE: &str = "pagos_desk";

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (http::HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn forms_of_other_sites_are_known_by_their_origin() {
        let cases = [
            (vec![], true),
            (vec![("sec-fetch-site", "same-origin")], true),
            (vec![("sec-fetch-site", "same-site")], false),
            (vec![("sec-fetch-site", "cross-site")], false),
            (vec![("host", "pagos.example"), ("origin", "https://pagos.example")], true),
            (vec![("host", "pagos.example"), ("origin", "https://evil.example")], false),
            (vec![("host", "pagos.example"), ("origin", "null")], false),
            (vec![("origin", "https://")], false),
        ];
        for (pairs, expected) in cases {
            assert_eq!(is_same_site(&headers(&pairs)), expected, "{pairs:?}");
        }
    }

    #[test]
    fn a_session_travels_by_tls_except_to_this_machine() {
        for (host, is_secure) in [
            ("127.0.0.1:8480", false),
            ("localhost", false),
            ("[::1]:1", false),
            ("localhost.evil.example", true),
            ("pagos.example", true),
        ] {
            let kept = kept(&headers(&[("host", host)]), "pagos_1_2");
            assert_eq!(kept.ends_with("; Secure"), is_secure, "{host}");
            assert!(kept.contains("HttpOnly; SameSite=Strict"));
        }
    }
}
