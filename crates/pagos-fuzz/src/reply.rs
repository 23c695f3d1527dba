//! Targets: what each provider makes of any answers to any of its calls. The input names a fixture
//! case, which gives settings, order and call; the answers are the input's own.
//!
//! The rules are in `reply/create.rs`, `reply/query.rs` and `reply/seen.rs`. This file stages the
//! call. Every rule is about what could cost money: a no that nobody said, a yes that nobody said, an
//! echo that is not there.

mod create;
mod query;
mod seen;

use std::{
    fmt::{self, Debug},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response, Uri};
use pagos_conformance::Case;
use pagos_core::{
    Departure, Handle, PaymentOrder, PayoutOrder, PayoutProvider, ProviderRef, Reached, Timestamp,
    Transport, TransportError,
};

use pagos_kit::{Json, Kit};

use crate::{
    provider,
    text::{self, Answer},
};

/// Runs one input. Panics with the rule that is broken.
pub(crate) fn run(kit: Kit, input: &[u8]) {
    let (head, rest) = text::split_head(input);
    let cases = provider::cases(kit);
    // A case that nobody has is one of them, by its length: mutations of the name choose another.
    let named = cases.iter().find(|case| format!("{}/{}", case.operation, case.name) == head);
    let case = named.unwrap_or_else(|| &cases[head.len() % cases.len()]);
    let Some(call) = ReplayedCall::of(kit, case, text::answers(rest)) else { return };
    call.play();
}

/// The answers of every fixture, as inputs.
pub(crate) fn seeds(kit: Kit) -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    for case in provider::cases(kit) {
        let mut answers: Vec<Vec<u8>> = Vec::new();
        for number in 1..=9 {
            if let Some(response) = case.section(&format!("response {number}")) {
                answers.push(response.to_vec());
            } else if let Some(failure) = case.section(&format!("failure {number}")) {
                let is_sure = String::from_utf8_lossy(failure).contains("\"no\"");
                answers.push(if is_sure { b"LOST no".to_vec() } else { b"LOST maybe".to_vec() });
            }
        }
        if !answers.is_empty() && !matches!(case.operation.as_str(), "webhook" | "sign") {
            let head = format!("{}/{}\n", case.operation, case.name).into_bytes();
            seeds.push([head, answers.join(text::NEXT)].concat());
        }
    }
    seeds
}

/// One call of one case, over the input's answers.
struct ReplayedCall {
    kit: Kit,
    case: &'static Case,
    provider: Box<dyn PayoutProvider>,
    script: Arc<Script>,
    now: Timestamp,
}

/// One request with what came of it.
struct Exchange {
    method: String,
    uri: Uri,
    answer: Option<Response<Bytes>>,
    reached: Option<Reached>,
}

impl Exchange {
    /// The JSON of the answer, if there was one.
    fn json(&self) -> Option<Json> {
        Json::read(self.answer.as_ref()?.body())
    }

    fn http(&self) -> u16 {
        self.answer.as_ref().map_or(0, |answer| answer.status().as_u16())
    }
}

impl ReplayedCall {
    /// `None` where the case's own settings are refused.
    fn of(kit: Kit, case: &'static Case, answers: Vec<Answer>) -> Option<Self> {
        let script = Arc::new(Script { answers, sent: Mutex::default() });
        let transport: Arc<dyn Transport> = script.clone();
        let now = case.clock;
        let provider = provider::build(kit, |key| case.setting(key), transport, now).ok()?;
        Some(Self { kit, case, provider, script, now })
    }

    fn play(&self) {
        match self.case.operation.as_str() {
            "payout-create" => create::payout(self),
            "payout-prepare" => create::prepare(self),
            "payment-create" => create::payment(self),
            "payout-query" => query::payout(self),
            "payment-query" => query::payment(self),
            "balance" => query::balance(self),
            "banks" => query::banks(self),
            "listing" => query::listing(self),
            _ => return,
        }
        self.asks_only_its_own_addresses();
    }

    /// No answer sends our credentials to another host, and every loop has an end.
    fn asks_only_its_own_addresses(&self) {
        let sent = self.sent();
        assert!(sent.len() <= REQUESTS_MAX, "{} requests in one call", sent.len());
        let known = self.case.settings.values().filter_map(|value| value.parse::<Uri>().ok());
        let mut known: Vec<String> =
            known.filter_map(|uri| uri.authority().map(ToString::to_string)).collect();
        known.extend(self.kit.default_host().map(str::to_owned));
        for exchange in &sent {
            let asked = exchange.uri.authority().map(ToString::to_string).unwrap_or_default();
            assert!(known.contains(&asked), "a request to {}", exchange.uri);
        }
    }

    fn sent(&self) -> Vec<Exchange> {
        let mut sent = self.script.sent.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *sent)
    }

    fn payout_order(&self) -> Option<PayoutOrder> {
        self.case.json("order").ok()
    }

    fn payment_order(&self) -> Option<PaymentOrder> {
        self.case.json("order").ok()
    }

    fn handle(&self) -> Option<Handle> {
        self.case.handle.as_ref().and_then(|handle| Handle::new(handle).ok())
    }

    fn reference(&self) -> Option<ProviderRef> {
        self.case.reference.as_ref().and_then(|reference| ProviderRef::new(reference).ok())
    }

    /// No credential of the account stands in what was returned, unless an answer held it: a provider
    /// that gives one out as an id of its own has made it one, and ids are told.
    fn shows_no_secret(&self, outcome: &impl Debug) {
        let shown = format!("{outcome:?}");
        let sent = self.script.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let is_repeated = |secret: &str| {
            let answers = sent.iter().filter_map(|it| it.answer.as_ref());
            answers.into_iter().any(|it| String::from_utf8_lossy(it.body()).contains(secret))
        };
        let secrets = self.case.settings.values().filter(|value| is_secret(value));
        for secret in secrets {
            let may = !shown.contains(secret) || is_repeated(secret);
            assert!(may, "a secret is shown: {shown}");
        }
    }
}

/// The invented credentials of the fixtures have this in them.
pub(crate) fn is_secret(value: &str) -> bool {
    value.contains("0123456789") && !value.contains("://")
}

/// Answers from the input, the last one again and again, and remembers every request.
#[derive(Debug)]
struct Script {
    answers: Vec<Answer>,
    sent: Mutex<Vec<Exchange>>,
}

impl Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.uri)
    }
}

#[async_trait]
impl Transport for Script {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        let place = sent.len().min(self.answers.len() - 1);
        let (method, uri) = (request.method().to_string(), request.uri().clone());
        let exchange = Exchange { method, uri, answer: None, reached: None };
        match self.answers[place].clone() {
            Answer::Response(answer) => {
                sent.push(Exchange { answer: Some(answer.clone()), ..exchange });
                Ok(answer)
            }
            Answer::Lost(reached) => {
                sent.push(Exchange { reached: Some(reached), ..exchange });
                Err(TransportError::new(reached, "no answer in this input"))
            }
        }
    }
}

/// Runs a future that waits for nothing outside.
fn finish<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..TURNS_MAX {
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
    }
    panic!("the provider waits for something beyond the answers");
}

const TURNS_MAX: u32 = 10_000;

/// The longest walk through a list that any provider makes, with room for logins.
const REQUESTS_MAX: usize = 450;
