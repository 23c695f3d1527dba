//! What a case gives a provider instead of the world: a transport that replays, a clock that stands
//! still, nonces that were written down. Nothing here waits.

use std::{
    collections::{BTreeMap, VecDeque},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use serde::Deserialize;

use pagos_core::{Clock, Departure, NonceSource, Reached, Timestamp, Transport, TransportError};

use crate::{
    case::Case,
    message::{RequestFile, parse_request, parse_response},
    section::{Part, Sections, numbered},
};

/// What a provider is built over.
#[derive(Debug, Clone)]
pub struct Seams {
    /// Answers as the case says.
    pub transport: Arc<dyn Transport>,
    /// The moment of the case.
    pub clock: Arc<dyn Clock>,
    /// The nonces of the case.
    pub nonces: Arc<Nonces>,
}

/// The nonces of a case, in turn.
///
/// As [`NonceSource`] it gives the 16 bytes that 32 hexadecimal digits say. Documented examples have
/// nonces of every form; for these, a provider takes the [`Nonces::text`].
#[derive(Debug)]
pub struct Nonces {
    texts: Mutex<VecDeque<String>>,
}

impl Nonces {
    /// Nonces that come in the order of `texts`.
    pub fn new(texts: impl IntoIterator<Item = String>) -> Self {
        Self { texts: Mutex::new(texts.into_iter().collect()) }
    }

    /// The next nonce as it was written down; `no nonce left` after the last.
    pub fn text(&self) -> String {
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.pop_front().unwrap_or_else(|| "no nonce left".to_owned())
    }
}

impl NonceSource for Nonces {
    /// Zeros for a text that is not 32 hexadecimal digits, which no request of a fixture has.
    fn draw(&self) -> [u8; 16] {
        u128::from_str_radix(&self.text(), 16).unwrap_or(0).to_be_bytes()
    }
}

/// A clock that stands still.
#[derive(Debug)]
pub(crate) struct StandingClock(pub(crate) Timestamp);

impl Clock for StandingClock {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// A transport that answers each request in turn as a case or a recording says, and notes every
/// difference: method, URL, every header, every byte of the body. A header that the file has as
/// `<redacted>` may have any value.
///
/// ```
/// use bytes::Bytes;
/// use pagos_conformance::{Case, Kind, Replay};
/// use pagos_core::{Departure, Transport};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let text = br#"
/// description = "The account has nothing."
/// source = "https://acme.example/docs/balance"
/// read = "2026-01-10"
/// clock = "2026-01-15T13:20:30Z"
///
/// === request 1
/// GET https://api.acme.example/balance
/// Authorization: <redacted>
///
/// === response 1
/// HTTP/1.1 200
/// Content-Type: application/json
///
/// {"available":0}
///
/// === expected
/// {"balances": [{"available": {"minor": 0, "currency": "CLP"}, "unavailable": null}]}
/// "#;
/// let case = Case::parse("acme", Kind::Documented, "balance", "nothing", text)?;
/// let replay = Replay::of(&case)?;
///
/// let request = http::Request::get("https://api.acme.example/balance")
///     .header("Authorization", "Bearer of-the-sandbox")
///     .body(Bytes::new())?;
/// # let runtime = |sent| {
/// #     let mut sent: std::pin::Pin<Box<dyn Future<Output = _> + Send>> = sent;
/// #     let mut context = std::task::Context::from_waker(std::task::Waker::noop());
/// #     match sent.as_mut().poll(&mut context) {
/// #         std::task::Poll::Ready(answer) => answer,
/// #         std::task::Poll::Pending => unreachable!("a replay never waits"),
/// #     }
/// # };
/// let answer = runtime(replay.send(request, Departure::Anytime))?;
/// assert_eq!(answer.body(), r#"{"available":0}"#);
/// assert_eq!(replay.failures(), [""; 0]);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Replay {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    exchanges: VecDeque<Exchange>,
    failures: Vec<String>,
}

/// One request of a case and what came of it.
#[derive(Debug)]
pub(crate) struct Exchange {
    number: usize,
    request: RequestFile,
    answer: Answer,
}

impl Exchange {
    /// Does the request only ask, by its method?
    pub(crate) fn is_query(&self) -> bool {
        matches!(self.request.method.as_str(), "GET" | "HEAD")
    }

    /// The answer, if one came.
    pub(crate) fn response(&self) -> Option<&Response<Bytes>> {
        match &self.answer {
            Answer::Response(response) => Some(response),
            Answer::Failure(_) => None,
        }
    }
}

#[derive(Debug)]
enum Answer {
    Response(Response<Bytes>),
    Failure(FailureFile),
}

/// `failure 1`: no response came.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FailureFile {
    reached: ReachedWord,
    message: String,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ReachedWord {
    No,
    Maybe,
}

impl Replay {
    /// The exchanges of a case.
    ///
    /// # Errors
    /// The file and the line that cannot be read, why, and what to do.
    pub fn of(case: &Case) -> Result<Self, String> {
        Ok(Self::new(read_exchanges(case)?))
    }

    /// The exchanges of a file that has no head, such as a recording of `pagos_http`.
    ///
    /// # Errors
    /// As [`Replay::of`].
    pub fn open(file: &Path) -> Result<Self, String> {
        Ok(Self::new(exchanges(&Sections::read(file)?.parts)?))
    }

    fn new(exchanges: Vec<Exchange>) -> Self {
        Self { state: Mutex::new(State { exchanges: exchanges.into(), failures: Vec::new() }) }
    }

    /// Everything that went otherwise, and every request that did not come.
    pub fn failures(&self) -> Vec<String> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let left =
            state.exchanges.iter().map(|left| format!("request {} was not sent", left.number));
        state.failures.iter().cloned().chain(left).collect()
    }

    fn answer(&self, sent: &Request<Bytes>) -> Result<Response<Bytes>, TransportError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(exchange) = state.exchanges.pop_front() else {
            state.failures.push(format!("a request too many: {} {}", sent.method(), sent.uri()));
            return Err(TransportError::new(Reached::No, "no such exchange"));
        };
        for difference in exchange.request.differences(sent) {
            state.failures.push(format!("request {}: {difference}", exchange.number));
        }
        match exchange.answer {
            Answer::Response(response) => Ok(response),
            Answer::Failure(failure) => {
                let reached = match failure.reached {
                    ReachedWord::No => Reached::No,
                    ReachedWord::Maybe => Reached::Maybe,
                };
                Err(TransportError::new(reached, failure.message))
            }
        }
    }
}

#[async_trait]
impl Transport for Replay {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        self.answer(&request)
    }
}

/// The exchanges of a case, in their order.
pub(crate) fn read_exchanges(case: &Case) -> Result<Vec<Exchange>, String> {
    exchanges(&case.parts)
}

fn exchanges(parts: &BTreeMap<String, Part>) -> Result<Vec<Exchange>, String> {
    let mut exchanges = Vec::new();
    for number in 1.. {
        let section = |word| parts.get(&numbered(word, number));
        let Some(request) = section("request") else { break };
        let answer = match (section("response"), section("failure")) {
            (Some(response), None) => Answer::Response(parse_response(response)?),
            (None, Some(failure)) => Answer::Failure(failure.toml()?),
            (Some(_), Some(failure)) => {
                return Err(failure.fault(0, "the request has a response too; only one can be"));
            }
            (None, None) => {
                let because = format!("it has neither `response {number}` nor `failure {number}`");
                return Err(request.fault(0, because));
            }
        };
        exchanges.push(Exchange { number, request: parse_request(request)?, answer });
    }
    Ok(exchanges)
}
