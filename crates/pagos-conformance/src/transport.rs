//! The suite for implementations of [`Transport`]: what a client of your own must do before money is
//! sent through it. It runs against a server on loopback that it starts itself.
//!
//! Clients of HTTP are helpful by default. They follow redirects, repeat a request whose connection
//! broke, unpack bodies, and put addresses with their queries into error texts: the first two can pay
//! twice, the third breaks signatures, the last shows secrets. TLS, DNS and proxies are not tried.

mod server;

use std::{io, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, header::AUTHORIZATION};

use pagos_core::{Departure, Reached, Transport, TransportError};

use crate::transport::server::{Arrived, Reply, Server, Then};

/// The limits that the transport under test was built with. Small ones make the suite fast.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The largest body that it returns.
    pub body_size_bytes_max: usize,
    /// How long a call may take. The suite waits for it twice.
    pub total_timeout: Duration,
}

/// Runs the whole suite. Call it on the runtime that the transport needs.
///
/// # Errors
/// Everything that the transport does otherwise than [`Transport`] says, one line each.
///
/// ```no_run
/// # async fn example(transport: &dyn pagos_core::Transport) {
/// use std::time::Duration;
///
/// use pagos_conformance::transport::{Limits, check};
///
/// let limits = Limits { body_size_bytes_max: 4096, total_timeout: Duration::from_millis(500) };
/// assert_eq!(check(transport, limits).await, Ok(()));
/// # }
/// ```
pub async fn check(transport: &dyn Transport, limits: Limits) -> Result<(), Vec<String>> {
    let mut trial = Trial { transport, limits, findings: Vec::new() };
    if let Err(cause) = trial.run().await {
        trial.findings.push(format!("no server on loopback: {cause}"));
    }
    match trial.findings.is_empty() {
        true => Ok(()),
        false => Err(trial.findings),
    }
}

/// In the query, the headers and the body of every request. No error may show it.
const CANARY: &str = "canary";

/// Words that were packed with gzip and with deflate: bytes that a client can unpack.
const GZIP: &[u8] = &[
    31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 43, 72, 76, 207, 47, 86, 40, 72, 172, 44, 86, 200, 207, 75,
    78, 213, 1, 50, 81, 4, 0, 51, 129, 175, 163, 32, 0, 0, 0,
];
const DEFLATE: &[u8] = &[
    120, 156, 43, 72, 76, 207, 47, 86, 40, 72, 172, 44, 86, 200, 207, 75, 78, 213, 1, 50, 81, 4, 0,
    195, 24, 11, 197,
];

struct Trial<'a> {
    transport: &'a dyn Transport,
    limits: Limits,
    findings: Vec<String>,
}

impl Trial<'_> {
    async fn run(&mut self) -> io::Result<()> {
        self.passes_every_byte().await?;
        self.unpacks_nothing().await?;
        self.follows_no_redirect().await?;
        self.repeats_no_refusal().await?;
        self.repeats_no_lost_request().await?;
        self.admits_torn_answers().await?;
        self.caps_the_body().await?;
        self.knows_what_never_left().await?;
        self.ends_by_itself().await
    }

    /// Target, headers and body arrive as they are, and the answer comes back as it is.
    async fn passes_every_byte(&mut self) -> io::Result<()> {
        let body: Vec<u8> = (0..=u8::MAX).collect();
        let fields = "Content-Type: application/octet-stream\r\nX-Note: one\r\nX-Note: two\r\n";
        let server = Server::start(vec![reply(201, fields, &body, Then::Close)])?;
        let path = "/a%20b/payouts?token=canary-query&c=%C3%A9&c=";
        let mut request = payout(Method::POST, &server.url(path), &body);
        request.headers_mut().append("x-more", HeaderValue::from_static("1"));
        request.headers_mut().append("x-more", HeaderValue::from_static("2"));
        let answer = self.send("any bytes", request).await;
        self.expect_one("any bytes", &server);
        let arrived = server.arrived().first().cloned().unwrap_or_default();
        if arrived.head.lines().next() != Some(&format!("POST {path} HTTP/1.1")) {
            self.note("the method or the target of a request was changed, or it is not HTTP/1.1");
        }
        if arrived.body != body {
            self.note("the body of a request was changed, or came without its Content-Length");
        }
        let sent: [(&str, &[&str]); 4] = [
            ("authorization", &["canary-authorization"]),
            ("sign", &["canary-Sign"]),
            ("content-type", &["application/json"]),
            ("x-more", &["1", "2"]),
        ];
        for (name, values) in sent {
            if arrived.values(name) != values {
                self.note(format!("the header {name} of a request did not arrive once, as it was"));
            }
        }
        let Ok(answer) = answer else {
            self.note("a good answer was not returned");
            return Ok(());
        };
        let notes: Vec<_> = answer.headers().get_all("x-note").iter().collect();
        if answer.status() != 201 || notes != ["one", "two"] {
            self.note("the status or the headers of an answer were changed");
        }
        if answer.body() != &body {
            self.note("the body of an answer was changed");
        }
        Ok(())
    }

    async fn unpacks_nothing(&mut self) -> io::Result<()> {
        for (coding, body) in [("gzip", GZIP), ("deflate", DEFLATE), ("br", b"\x8b\x00x\x03")] {
            let what = format!("a body in {coding}");
            let fields = format!("Content-Encoding: {coding}\r\n");
            let server = Server::start(vec![reply(200, &fields, body, Then::Close)])?;
            let answer = self.send(&what, post(&server)).await;
            match answer {
                Ok(answer) if answer.body() != body => {
                    self.note(format!("{what} was unpacked; signatures are over what was sent"));
                }
                Ok(answer) if !answer.headers().contains_key("content-encoding") => {
                    self.note(format!("{what} lost the header that says so"));
                }
                Ok(_) => {}
                Err(error) => self.note(format!("{what} was not returned: {}", error.message)),
            }
            self.expect_one(&what, &server);
        }
        Ok(())
    }

    async fn follows_no_redirect(&mut self) -> io::Result<()> {
        for status in [300, 301, 302, 303, 307, 308] {
            for method in [Method::POST, Method::GET] {
                let what = format!("{method} that is answered {status}");
                let elsewhere = Server::start(Vec::new())?;
                let location = format!("Location: {}\r\n", elsewhere.url("/payouts"));
                for fields in [location.as_str(), "Location: /elsewhere\r\n"] {
                    let server = Server::start(vec![reply(status, fields, b"", Then::Keep)])?;
                    let request = payout(method.clone(), &server.url(PATH), BODY);
                    let answer = self.send(&what, request).await;
                    self.expect_status(&what, &answer, status);
                    self.expect_one(&what, &server);
                }
                if !elsewhere.arrived().is_empty() {
                    self.note(format!("{what}: the redirect was followed to another server"));
                }
            }
        }
        Ok(())
    }

    /// An error status is an answer, whatever it asks for.
    async fn repeats_no_refusal(&mut self) -> io::Result<()> {
        let again = "Retry-After: 0\r\n";
        let login = "WWW-Authenticate: Basic realm=\"payouts\"\r\n";
        let refusals = [
            (401, login),
            (408, ""),
            (421, ""),
            (425, again),
            (429, again),
            (500, ""),
            (502, ""),
            (503, again),
            (504, ""),
        ];
        for (status, fields) in refusals {
            for method in [Method::POST, Method::GET] {
                let what = format!("{method} that is answered {status}");
                let server = Server::start(vec![reply(status, fields, b"no", Then::Keep)])?;
                let request = payout(method, &server.url(PATH), BODY);
                let answer = self.send(&what, request).await;
                self.expect_status(&what, &answer, status);
                self.expect_one(&what, &server);
            }
        }
        Ok(())
    }

    /// The connection is closed once the request was read: on a fresh connection, and on one that a
    /// request went over before.
    async fn repeats_no_lost_request(&mut self) -> io::Result<()> {
        for method in [Method::POST, Method::GET] {
            let lost = || Reply { bytes: Vec::new(), then: Then::Close };
            let what = format!("{method} on a fresh connection that is closed without an answer");
            let server = Server::start(vec![lost()])?;
            let request = payout(method.clone(), &server.url(PATH), BODY);
            let answer = self.send(&what, request).await;
            self.expect_maybe(&what, &answer);
            self.expect_one(&what, &server);

            let what = format!("{method} on a kept connection that is closed without an answer");
            let server = Server::start(vec![reply(200, "", b"ok", Then::Keep), lost()])?;
            let first = payout(method.clone(), &server.url(PATH), BODY);
            if self.send(&what, first).await.is_err() {
                self.note(format!("{what}: the request before it failed"));
            }
            let second = payout(method.clone(), &server.url(PATH), BODY);
            let answer = self.send(&what, second).await;
            self.expect_maybe(&what, &answer);
            self.expect_count(&what, &server, 2);
        }
        Ok(())
    }

    /// Part of an answer is none, and the request has arrived.
    async fn admits_torn_answers(&mut self) -> io::Result<()> {
        let torn: [(&str, &[u8]); 4] = [
            ("a torn head", b"HTTP/1.1 200 OK\r\nContent-Le"),
            ("a torn body", b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"id\":\"po"),
            (
                "a torn body in chunks",
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n",
            ),
            ("an answer that is not HTTP", b"SSH-2.0-OpenSSH_9.9\r\n"),
        ];
        for (what, bytes) in torn {
            let server = Server::start(vec![Reply { bytes: bytes.to_vec(), then: Then::Close }])?;
            let answer = self.send(what, post(&server)).await;
            self.expect_maybe(what, &answer);
            self.expect_one(what, &server);
        }
        Ok(())
    }

    /// What is too large is an error, never a cut text.
    async fn caps_the_body(&mut self) -> io::Result<()> {
        let largest = vec![b'x'; self.limits.body_size_bytes_max];
        let server = Server::start(vec![reply(200, "", &largest, Then::Close)])?;
        let answer = self.send("the largest body", post(&server)).await;
        if !answer.is_ok_and(|answer| answer.body() == &largest) {
            self.note("the largest body that the limits allow was not returned");
        }
        let larger = vec![b'x'; self.limits.body_size_bytes_max.saturating_add(1)];
        let head = |field: &str| format!("HTTP/1.1 200 OK\r\n{field}\r\n\r\n").into_bytes();
        let chunk = format!("{:x}\r\n", larger.len()).into_bytes();
        let too_large = [
            ("announced", reply(200, "", &larger, Then::Close).bytes),
            (
                "in chunks",
                [&*head("Transfer-Encoding: chunked"), &chunk, &larger, b"\r\n0\r\n\r\n"].concat(),
            ),
            ("until the connection is closed", [&*head("Connection: close"), &larger].concat()),
        ];
        for (form, bytes) in too_large {
            let what = format!("a body that is too large, {form}");
            let server = Server::start(vec![Reply { bytes, then: Then::Close }])?;
            let answer = self.send(&what, post(&server)).await;
            self.expect_maybe(&what, &answer);
            self.expect_one(&what, &server);
        }
        Ok(())
    }

    async fn knows_what_never_left(&mut self) -> io::Result<()> {
        let what = "a refused connection";
        let request = payout(Method::POST, &server::deserted_url()?, BODY);
        match self.send(what, request).await {
            Err(error) if error.reached == Reached::No => {}
            Err(_) => self.note(format!("{what}: Maybe instead of No; nothing was written")),
            Ok(_) => self.note(format!("{what}: there is an answer")),
        }
        Ok(())
    }

    /// Nobody answers, or the answer does not end.
    async fn ends_by_itself(&mut self) -> io::Result<()> {
        let stall = Then::Stall(self.limits.total_timeout.saturating_mul(3));
        let begun = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{";
        let silences: [(&str, &[u8]); 2] =
            [("silence", b""), ("an answer that does not end", begun)];
        for (what, bytes) in silences {
            let server = Server::start(vec![Reply { bytes: bytes.to_vec(), then: stall }])?;
            let answer = self.send(what, post(&server)).await;
            self.expect_maybe(what, &answer);
            self.expect_one(what, &server);
        }
        Ok(())
    }

    /// The only call. Whatever fails, the error shows nothing of the request.
    async fn send(
        &mut self,
        what: &str,
        request: Request<Bytes>,
    ) -> Result<Response<Bytes>, TransportError> {
        let answer = self.transport.send(request, Departure::Anytime).await;
        if let Err(error) = &answer {
            let shown = format!("{error} {error:?}");
            if shown.contains(CANARY) {
                self.note(format!("{what}: the error shows the query, a header or the body"));
            }
        }
        answer
    }

    fn expect_maybe(&mut self, what: &str, answer: &Result<Response<Bytes>, TransportError>) {
        match answer {
            Err(error) if error.reached == Reached::Maybe => {}
            Err(_) => self.note(format!("{what}: No instead of Maybe, though it has arrived")),
            Ok(_) => self.note(format!("{what}: an answer was returned instead of an error")),
        }
    }

    fn expect_status(
        &mut self,
        what: &str,
        answer: &Result<Response<Bytes>, TransportError>,
        status: u16,
    ) {
        match answer {
            Ok(answer) if answer.status() == status => {}
            Ok(answer) => self.note(format!("{what}: {} was returned", answer.status())),
            Err(error) => self.note(format!("{what}: no answer was returned: {}", error.message)),
        }
    }

    fn expect_one(&mut self, what: &str, server: &Server) {
        self.expect_count(what, server, 1);
    }

    fn expect_count(&mut self, what: &str, server: &Server, count: usize) {
        let arrived: Vec<Arrived> = server.arrived();
        if arrived.len() != count {
            self.note(format!("{what}: {} requests arrived instead of {count}", arrived.len()));
        }
    }

    fn note(&mut self, finding: impl Into<String>) {
        self.findings.push(finding.into());
    }
}

const PATH: &str = "/payouts?token=canary-query";
const BODY: &[u8] = b"{\"key\":\"canary-key\",\"amount\":50000.00}";

fn post(server: &Server) -> Request<Bytes> {
    payout(Method::POST, &server.url(PATH), BODY)
}

/// A request as providers build it: its credentials are marked as sensitive. A GET has no body.
fn payout(method: Method, url: &str, body: &[u8]) -> Request<Bytes> {
    let body = if method == Method::GET { &[] } else { body };
    let mut request = Request::new(Bytes::copy_from_slice(body));
    *request.method_mut() = method;
    // Every URL here is one of ours; one that were none would reach nobody, and be found.
    *request.uri_mut() = url.parse().unwrap_or_default();
    *request.headers_mut() = headers();
    request
}

fn headers() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static("application/json"));
    let mut secret = HeaderValue::from_static("canary-authorization");
    secret.set_sensitive(true);
    headers.insert(AUTHORIZATION, secret);
    let mut signature = HeaderValue::from_static("canary-Sign");
    signature.set_sensitive(true);
    headers.insert("sign", signature);
    headers
}

/// An answer with its length.
fn reply(status: u16, fields: &str, body: &[u8], then: Then) -> Reply {
    let length = body.len();
    let close = if then == Then::Close { "Connection: close\r\n" } else { "" };
    let head = format!("HTTP/1.1 {status} Told\r\n{fields}{close}Content-Length: {length}\r\n\r\n");
    Reply { bytes: [head.as_bytes(), body].concat(), then }
}
