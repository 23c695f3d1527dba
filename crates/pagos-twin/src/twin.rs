//! What every twin is: a pure state machine of requests in, replies and webhooks out.
//! Not for sockets, clocks or randomness: time is an argument and chance comes from a seed.

use std::{collections::BTreeMap, fmt, time::Duration};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use pagos_core::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{fault::Faults, ledger::Ledger};

/// A stateful simulator of one provider.
///
/// The same requests, times, acknowledgements and seed always give the same replies, webhooks and
/// ledger. Time never runs backwards: a twin treats an earlier `now` as the latest one it has seen.
pub trait Twin: fmt::Debug + Send {
    /// Short name in lower case; it is also the first segment of the twin's path (`"cashypro"`).
    fn provider(&self) -> &'static str;

    /// Answers one request. `path` is what follows the provider's segment (`"/stage-api/api/payOut"`);
    /// the path of `request` itself is not looked at.
    fn handle(&mut self, path: &str, request: &http::Request<Bytes>, now: Timestamp) -> Reply;

    /// Moves every order on to `now`. Webhooks that become due stay queued.
    fn advance(&mut self, now: Timestamp);

    /// Moves every order on to `now` and takes the webhooks that have to be sent by then, oldest
    /// first and at most `count_max`. Each must be followed by exactly one [`Twin::delivered`].
    fn due(&mut self, now: Timestamp, count_max: usize) -> Vec<Outgoing>;

    /// Tells what became of a webhook. Numbers that are not in flight are ignored.
    fn delivered(&mut self, number: u64, ack: Ack, now: Timestamp);

    /// Webhooks that were taken with [`Twin::due`] and not yet reported as delivered.
    fn in_flight(&self) -> Vec<u64>;

    /// When the next thing happens by itself; `None` when the twin is at rest.
    fn next_due(&self) -> Option<Timestamp>;

    /// What was really paid.
    fn ledger(&self) -> &Ledger;

    /// The faults in force.
    fn faults(&self) -> &Faults;

    /// The faults in force, to change them.
    fn faults_mut(&mut self) -> &mut Faults;

    /// Visits every order in the order of creation.
    fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>));

    /// The invented credentials a client needs, by name, beside the addresses of
    /// [`Twin::paths`].
    fn credentials(&self) -> BTreeMap<&'static str, String>;

    /// The addresses a client needs, by the names that go into its credentials: each as a path
    /// below the provider's segment, with no slash at the end (`"base_url"` is `"/stage-api"`).
    fn paths(&self) -> BTreeMap<&'static str, String>;

    /// Answers a control call `/_twin/<provider>/<name>`; `None` if there is none of that name.
    /// A GET changes nothing.
    fn control(
        &mut self,
        name: &str,
        request: &http::Request<Bytes>,
        now: Timestamp,
    ) -> Option<Reply>;

    /// Takes in what a merchant tells its provider by hand. Most providers want nothing of it.
    fn register(&mut self, registration: Registration);

    /// Forgets every order, movement, webhook and fault; the settings stay.
    fn reset(&mut self);
}

/// A request with its whole body.
pub(crate) type Request = http::Request<Bytes>;

/// What a merchant tells its provider by hand, outside the API.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registration {
    /// Where webhooks go whose address no request names.
    pub webhook_url: Option<String>,
    /// How many times slower than the twin the merchant's people live; what a person does there (pay
    /// on a page, say) has so many times longer.
    pub speed: Option<u32>,
}

/// What happens to a request.
#[derive(Debug, Clone)]
pub enum Reply {
    /// The response reaches the caller.
    Answer(http::Response<Bytes>),
    /// The connection closes and nothing comes back.
    Drop,
    /// The response breaks off in its body.
    Torn {
        /// The whole response, as it would have been.
        response: http::Response<Bytes>,
        /// How many bytes of its body get through.
        sent_bytes: usize,
    },
    /// The reply comes after a while. A transport that keeps no real time answers at once.
    Later {
        /// How long, in virtual time.
        after: Duration,
        /// What comes then.
        reply: Box<Reply>,
    },
}

impl Reply {
    /// A JSON answer.
    #[must_use]
    pub fn json(status: http::StatusCode, body: impl Into<Bytes>) -> Self {
        Self::of(status, "application/json", body.into())
    }

    /// The page of a gateway that lost its backend. `[sim]`
    #[must_use]
    pub fn html_bad_gateway() -> Self {
        let page = "<html><head><title>502 Bad Gateway</title></head>\
                    <body><center><h1>502 Bad Gateway</h1></center></body></html>";
        Self::of(http::StatusCode::BAD_GATEWAY, "text/html", Bytes::from_static(page.as_bytes()))
    }

    /// A refusal for too many requests, with `Retry-After: 1`. `[sim]`
    #[must_use]
    pub fn too_many_requests() -> Self {
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        let one_second = HeaderValue::from_static("1");
        response.headers_mut().insert(http::header::RETRY_AFTER, one_second);
        Self::Answer(response)
    }

    /// The same reply, its body cut in half. A reply without a body is dropped.
    #[must_use]
    pub fn torn(self) -> Self {
        match self {
            Self::Answer(response) if response.body().len() > 1 => {
                let sent_bytes = response.body().len() / 2;
                Self::Torn { response, sent_bytes }
            }
            Self::Answer(_) | Self::Drop => Self::Drop,
            Self::Torn { response, sent_bytes } => Self::Torn { response, sent_bytes },
            Self::Later { after, reply } => Self::Later { after, reply: Box::new(reply.torn()) },
        }
    }

    fn of(status: http::StatusCode, content_type: &'static str, body: Bytes) -> Self {
        let mut response = http::Response::new(body);
        *response.status_mut() = status;
        let content_type = HeaderValue::from_static(content_type);
        response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
        Self::Answer(response)
    }
}

/// A webhook as a twin hands it out: always a POST.
#[derive(Clone)]
pub struct Outgoing {
    /// The twin's number for this sending; a retry has another.
    pub number: u64,
    /// Where it goes, as the merchant gave it.
    pub url: String,
    /// Headers with the signature.
    pub headers: HeaderMap,
    /// The exact bytes that were signed.
    pub body: Bytes,
}

impl Outgoing {
    /// A webhook without a signature in its headers.
    pub(crate) fn new(
        number: u64,
        url: String,
        content_type: &'static str,
        body: impl Into<Bytes>,
    ) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(http::header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        Self { number, url, headers, body: body.into() }
    }
}

impl fmt::Debug for Outgoing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("number", &self.number)
            .field("size_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// Names one sending of one webhook of one twin of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DeliveryId {
    /// Position of the twin in its world.
    pub twin: usize,
    /// The twin's own number.
    pub number: u64,
}

/// A webhook as a world hands it out: [`Outgoing`] with a name that is unique in the world.
#[derive(Clone)]
pub struct WebhookDelivery {
    /// What [`World::delivered`](crate::World::delivered) wants to hear.
    pub id: DeliveryId,
    /// Where it goes, as the merchant gave it.
    pub url: String,
    /// Headers with the signature.
    pub headers: HeaderMap,
    /// The exact bytes that were signed.
    pub body: Bytes,
}

impl fmt::Debug for WebhookDelivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookDelivery")
            .field("id", &self.id)
            .field("size_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// What the merchant's side made of a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ack {
    /// It answered with this HTTP status.
    Status(u16),
    /// No connection, no answer in time, or an unreadable one.
    NoAnswer,
}

/// One order, for people and judges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OrderView<'a> {
    /// Which twin.
    pub provider: &'static str,
    /// What kind: `"payout"` (money out) or `"payment"` (money in).
    pub kind: &'static str,
    /// The merchant's number.
    pub key: &'a str,
    /// The twin's number.
    pub reference: &'a str,
    /// The provider's word for the present status.
    pub status: &'static str,
    /// The provider's word for the status it will end with, reversals included.
    pub true_final: &'static str,
    /// Amount of the order in minor units.
    pub amount_minor: i64,
    /// ISO 4217 code.
    pub currency: &'static str,
}
