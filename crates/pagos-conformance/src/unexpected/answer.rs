//! The answers that no provider documents: statuses and bodies of proxies, gateways and strangers.
//! A table; what a provider may make of them is in `unexpected.rs`.

use std::ops::Range;

use bytes::Bytes;
use http::{
    HeaderValue, Response, StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};

/// A body that none of the providers writes, and its type.
const BODIES: [(&str, &str, &str); 5] = [
    ("empty", "", ""),
    ("HTML", "text/html", "<html><body><h1>Not here</h1></body></html>\n"),
    ("{}", "application/json", "{}"),
    ("[]", "application/json", "[]"),
    ("text", "text/plain", "no healthy upstream"),
];

/// Each comes with every body.
const STATUSES: [u16; 32] = [
    200, 201, 204, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408,
    409, 410, 418, 422, 423, 425, 429, 451, 500, 501, 502, 503, 504,
];

/// Each comes with one body, the next one with the next, which keeps the table small.
const STATUSES_RARE: Range<u16> = 505..600;

/// Statuses that a provider may document whatever the body says: refused unread.
const REFUSED_UNREAD: [u16; 5] = [401, 403, 407, 429, 503];

/// One answer that nobody documents.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer {
    status: StatusCode,
    name: &'static str,
    content_type: &'static str,
    body: &'static str,
}

impl Answer {
    /// All of them.
    pub(super) fn list() -> Vec<Self> {
        let with_bodies = |status| BODIES.map(|body| (status, body));
        let rare = STATUSES_RARE.zip(BODIES.into_iter().cycle());
        let answers = STATUSES.into_iter().flat_map(with_bodies).chain(rare);
        let answer = |(status, (name, content_type, body))| {
            let status = StatusCode::from_u16(status).ok()?;
            Some(Self { status, name, content_type, body })
        };
        answers.filter_map(answer).collect()
    }

    /// As it comes over the wire. A redirect names a place.
    pub(super) fn to_response(self) -> Response<Bytes> {
        let mut response = Response::new(Bytes::from_static(self.body.as_bytes()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if !self.content_type.is_empty() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        if self.status.is_redirection() {
            headers.insert(LOCATION, HeaderValue::from_static("https://elsewhere.example/"));
        }
        response
    }

    /// Does the response say the same, so that it is documented after all?
    pub(super) fn is_shown_by(&self, response: &Response<Bytes>) -> bool {
        response.status() == self.status
            && response.body().trim_ascii() == self.body.trim_ascii().as_bytes()
    }

    /// May it mean "refused unread", whatever the body says?
    pub(super) fn may_refuse_unread(&self) -> bool {
        REFUSED_UNREAD.contains(&self.status.as_u16())
    }

    /// `404 HTML`, for a report.
    pub(super) fn describe(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.name)
    }
}
