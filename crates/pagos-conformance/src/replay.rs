//! What a case gives a provider instead of the world: a transport that replays, a clock that stands
//! still, nonces that were written down. Nothing here waits.

use std::{
    collections::VecDeque,
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
};

/// What a provider is built over.
#[derive(Debug, Clone)]
pub struct Seams {
    /// Answers from the files of the case.
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

/// Answers each request from the files of a case, and notes every difference.
#[derive(Debug)]
pub(crate) struct Replay {
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
    pub(crate) fn is_question(&self) -> bool {
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

/// `1-failure.toml`: no response came.
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
    pub(crate) fn of(case: &Case) -> Result<Self, String> {
        let exchanges = read_exchanges(case)?.into();
        Ok(Self { state: Mutex::new(State { exchanges, failures: Vec::new() }) })
    }

    /// Everything that went otherwise than in the files.
    pub(crate) fn failures(&self) -> Vec<String> {
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
    let mut exchanges = Vec::new();
    for number in 1.. {
        let Some(file) = case.file(&format!("{number}-request.http"))? else { break };
        let request =
            parse_request(&file).map_err(|because| format!("{number}-request.http: {because}"))?;
        exchanges.push(Exchange { number, request, answer: read_answer(case, number)? });
    }
    Ok(exchanges)
}

fn read_answer(case: &Case, number: usize) -> Result<Answer, String> {
    let (response, failure) = (format!("{number}-response.http"), format!("{number}-failure.toml"));
    if let Some(file) = case.file(&response)? {
        let parsed = parse_response(&file).map_err(|because| format!("{response}: {because}"))?;
        return Ok(Answer::Response(parsed));
    }
    let file = case.file(&failure)?.ok_or_else(|| format!("{response} is missing"))?;
    let parsed = toml::from_slice(&file).map_err(|cause| format!("{failure}: {cause}"))?;
    Ok(Answer::Failure(parsed))
}
