//! A sandbox bank: the twins of all providers, in this process or in a running `pagos twin`. It has
//! no real money and no real credentials.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use bytes::Bytes;
use pagos_core::{Departure, Transport};
use pagos_http::{HttpOptions, HttpTransport};
use pagos_system::System;
use pagos_twin::{JournalError, Profile, ServeError, ServeOptions, ServerHandle, World, serve};
use serde::Deserialize;
use tokio::net::TcpListener;

use crate::words::{Text, pay};

/// How many times faster than ours the time of the twins runs: three minutes there are one second
/// here, so that a day of retries and reversals takes a few minutes.
pub(crate) const SPEED: u32 = 200;

/// The speed of the twins' time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Speed {
    /// The twins report it, or we set it.
    Known(u32),
    /// An older version of the twins does not report it.
    Assumed,
}

impl Speed {
    /// The factor by which it is faster than ours.
    pub(crate) fn times(self) -> u32 {
        match self {
            Speed::Known(speed) => speed,
            Speed::Assumed => SPEED,
        }
    }

    /// A description for people.
    pub(crate) fn text(self) -> Text {
        match self {
            Speed::Known(1) => pay::time_is_ours(),
            Speed::Known(speed) => pay::time_is_faster(speed),
            Speed::Assumed => pay::time_is_assumed(SPEED),
        }
    }
}

/// Invented credentials, by provider and field.
pub(crate) type Credentials = BTreeMap<String, BTreeMap<String, String>>;

/// The twins that a sandbox run pays through.
#[derive(Debug)]
pub(crate) struct Sandbox {
    server: Option<ServerHandle>,
    origin: String,
    credentials: Credentials,
    speed: Speed,
}

/// Why there is no sandbox.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SandboxError {
    #[error("no port on the loopback interface can be opened")]
    Listen(#[source] std::io::Error),
    #[error("another pagos process pays this sandbox; wait for its end, or use another --db")]
    InUse(#[source] ServeError),
    #[error("the bank beside the database cannot be used: {0}; delete {1} or use another --db")]
    Serve(#[source] ServeError, PathBuf),
    #[error("--sandbox-url: {0}; write http://127.0.0.1:PORT, as `pagos twin` prints it")]
    Address(&'static str),
    #[error("what answers at {0} is no `pagos twin`: {1}")]
    NoTwin(String, &'static str),
    #[error("the bank beside the database cannot be made: {0}; {1} is its name")]
    Unmade(#[source] ServeError, PathBuf),
    #[error("no twins answer at {0}; start them with `pagos twin --listen 127.0.0.1:PORT`")]
    NotThere(String),
}

impl SandboxError {
    fn of_serving(cause: ServeError, bank: PathBuf) -> Self {
        match cause {
            ServeError::Journal(JournalError::InUse) => Self::InUse(cause),
            _ if bank.exists() => Self::Serve(cause, bank),
            _ => Self::Unmade(cause, bank),
        }
    }
}

impl Sandbox {
    /// Starts the twins in this process. Their memory is the file `bank`, so that an interrupted
    /// run finds the same bank when it is started again.
    pub(crate) async fn start(
        bank: PathBuf,
        profile: Profile,
        seed: u64,
    ) -> Result<Self, SandboxError> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(SandboxError::Listen)?;
        let world = World::standard().with_profile(profile, seed);
        let options =
            ServeOptions { journal: Some(bank.clone()), speed: SPEED, ..ServeOptions::default() };
        let server = serve(listener, world, options)
            .await
            .map_err(|cause| SandboxError::of_serving(cause, bank))?;
        let origin = server.origin();
        let credentials = server.inspect(|world| owned(world.credentials(&origin)));
        register(&origin, &merchant_in_no_hurry(SPEED)).await?;
        Ok(Self { server: Some(server), origin, credentials, speed: Speed::Known(SPEED) })
    }

    /// Adds fields to the settings of one account, such as a rule of approval.
    pub(crate) fn with_settings(mut self, account: &str, fields: &[(&str, &str)]) -> Self {
        let fields = fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
        self.credentials.entry(account.to_owned()).or_default().extend(fields);
        self
    }

    /// Connects to running twins.
    pub(crate) async fn join(origin: &str) -> Result<Self, SandboxError> {
        let origin = checked(origin).map_err(SandboxError::Address)?;
        let answer = call(origin, http::Method::GET, "credentials", Bytes::new()).await?;
        let other = |_| SandboxError::NoTwin(origin.to_owned(), "it knows no providers");
        let credentials = serde_json::from_slice(&answer).map_err(other)?;
        let speed = speed_of(origin).await;
        Ok(Self { server: None, origin: origin.to_owned(), credentials, speed })
    }

    /// Their address.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// A description of the twins for people.
    pub(crate) fn place(&self) -> Text {
        match self.server {
            Some(_) => pay::twins_here(),
            None => pay::twins_at(&self.origin),
        }
    }

    /// The speed of their time.
    pub(crate) fn speed(&self) -> Speed {
        self.speed
    }

    /// The invented credentials.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Stops the twins, if this process started them.
    pub(crate) async fn shut_down(self) {
        if let Some(server) = self.server {
            server.shut_down().await;
        }
    }
}

/// Checks the origin of twins, or says what is wrong with it. The message does not repeat it,
/// because it may contain a password.
fn checked(url: &str) -> Result<&str, &'static str> {
    let origin = url.trim_end_matches('/');
    let Some((scheme, authority)) = origin.split_once("://") else {
        return Err("what it names has no scheme");
    };
    if scheme.eq_ignore_ascii_case("https") {
        return Err("twins speak plain http, and not https");
    }
    if !scheme.eq_ignore_ascii_case("http") {
        return Err("twins speak http, and nothing else");
    }
    if authority.contains('@') {
        return Err("twins take no user name and no password");
    }
    if authority.contains(['/', '?', '#']) {
        return Err("what it names has a path, and the address of twins has none");
    }
    if authority.is_empty() || authority.contains(char::is_whitespace) {
        return Err("what it names has no host");
    }
    Ok(origin)
}

/// The speed that running twins report. An older version does not answer, which is no failure.
async fn speed_of(origin: &str) -> Speed {
    #[derive(Deserialize)]
    struct Clock {
        speed: Option<u32>,
    }
    let answer = call(origin, http::Method::GET, "clock", Bytes::new()).await.ok();
    let clock = answer.and_then(|answer| serde_json::from_slice::<Clock>(&answer).ok());
    let speed = clock.and_then(|clock| clock.speed).filter(|speed| *speed > 0);
    speed.map_or(Speed::Assumed, Speed::Known)
}

/// A setting for the twins about people, who live in real time: a page that a person uses must stay
/// open `speed` times longer than the twins' own time says.
pub(crate) fn merchant_in_no_hurry(speed: u32) -> serde_json::Value {
    serde_json::json!({ "speed": speed })
}

/// Gives the twins what a merchant gives a provider by hand, such as an address for webhooks that
/// no request names.
pub(crate) async fn register(
    origin: &str,
    merchant: &serde_json::Value,
) -> Result<(), SandboxError> {
    let body = Bytes::from(merchant.to_string());
    call(origin, http::Method::POST, "merchant", body).await.map(drop)
}

/// One call of the twins' control interface.
async fn call(
    origin: &str,
    method: http::Method,
    name: &str,
    body: Bytes,
) -> Result<Bytes, SandboxError> {
    let not_there = || SandboxError::NotThere(origin.to_owned());
    let url = format!("{origin}/_twin/{name}");
    let request = http::Request::builder().method(method).uri(url).body(body);
    let request = request.map_err(|_| not_there())?;
    let http =
        HttpTransport::new(&HttpOptions::default(), Arc::new(System)).map_err(|_| not_there())?;
    let response = http.send(request, Departure::Anytime).await.map_err(|_| not_there())?;
    match response.status().is_success() {
        true => Ok(response.into_body()),
        false => {
            Err(SandboxError::NoTwin(origin.to_owned(), "it refuses the calls that twins take"))
        }
    }
}

fn owned(credentials: BTreeMap<&'static str, BTreeMap<&'static str, String>>) -> Credentials {
    let fields = |fields: BTreeMap<&'static str, String>| {
        fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    };
    credentials.into_iter().map(|(name, it)| (name.to_owned(), fields(it))).collect()
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    /// What answers one call in this way, and where.
    async fn answering(status: &str, body: &str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let length = body.len();
        let answer = format!(
            "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        );
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut asked = [0; 4_096];
            let read = stream.read(&mut asked).await.unwrap();
            assert!(asked[..read].starts_with(b"GET /_twin/clock "));
            stream.write_all(answer.as_bytes()).await.unwrap();
        });
        origin
    }

    #[test]
    fn world_24_an_address_of_twins_is_an_origin() {
        for url in ["http://127.0.0.1:8080", "http://127.0.0.1:8080/", "HTTP://localhost:1"] {
            assert_eq!(checked(url), Ok(url.trim_end_matches('/')));
        }
        let wrong = [
            ("127.0.0.1:8080", "no scheme"),
            ("localhost", "no scheme"),
            ("https://127.0.0.1:8080", "not https"),
            ("ftp://127.0.0.1", "nothing else"),
            ("http://ana:hunter2@127.0.0.1:8080", "no password"),
            ("http://127.0.0.1:8080/pay", "has a path"),
            ("http://127.0.0.1:8080?x", "has a path"),
            ("http://", "no scheme"),
            ("http:///", "no scheme"),
            ("", "no scheme"),
        ];
        for (url, because) in wrong {
            let told = SandboxError::Address(checked(url).unwrap_err()).to_string();
            assert!(told.contains(because) && !told.contains("hunter2"), "{url}: {told}");
        }
    }

    #[tokio::test]
    async fn world_24_what_answers_and_is_no_twin_is_told_apart() {
        for (status, body) in [("404 Not Found", "<html>"), ("200 OK", "<html>")] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let origin = format!("http://{}", listener.local_addr().unwrap());
            let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 6\r\n\r\n{body}");
            tokio::spawn(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut asked = [0; 4_096];
                let _ = stream.read(&mut asked).await.unwrap();
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
            let told = Sandbox::join(&origin).await.unwrap_err().to_string();
            assert!(told.contains(&format!("{origin} is no `pagos twin`")), "{told}");
        }
    }

    #[tokio::test]
    async fn world_19_twins_say_how_fast_they_are_and_older_ones_are_assumed() {
        let now = r#""now":"2026-01-01T00:00:00Z""#;
        let cases = [
            ("200 OK", format!("{{{now},\"speed\":50}}"), Speed::Known(50)),
            // Of a version before it was told, and of a clock that a test turns.
            ("405 Method Not Allowed", r#"{"error":"another method"}"#.to_owned(), Speed::Assumed),
            ("200 OK", format!("{{{now}}}"), Speed::Assumed),
            ("200 OK", format!("{{{now},\"speed\":null}}"), Speed::Assumed),
            ("200 OK", format!("{{{now},\"speed\":0}}"), Speed::Assumed),
            ("200 OK", "<html>".to_owned(), Speed::Assumed),
        ];
        for (status, body, expected) in cases {
            let origin = answering(status, &body).await;
            assert_eq!(speed_of(&origin).await, expected, "{status} {body}");
        }
        assert_eq!(Speed::Known(50).text().english(), "their time runs 50 times faster");
        assert!(Speed::Assumed.text().english().contains("200 times faster is assumed"));
        assert_eq!((Speed::Known(7).times(), Speed::Assumed.times()), (7, SPEED));
    }
}
