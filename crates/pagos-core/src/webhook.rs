//! Webhooks: from raw bytes to a verified event.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Error, Observation, OrderKey, ProviderRef, Secret, Timestamp, Verified};

/// A delivery as it arrived, byte for byte.
#[derive(Clone)]
pub struct Delivery {
    /// The headers as received.
    pub headers: http::HeaderMap,
    /// The body as received; never re-serialised.
    pub body: Bytes,
    /// When it arrived, by our clock.
    pub received_at: Timestamp,
}

/// What an event is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Money out.
    #[default]
    Payout,
    /// Money in.
    Payment,
    /// Something that this version does not know. It is stored and acknowledged, never guessed at.
    Unrecognised,
}

/// The content of a webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What it is about.
    pub subject: Subject,
    /// Our key, if the provider sent a valid one.
    pub key: Option<OrderKey>,
    /// The provider's id.
    pub reference: Option<ProviderRef>,
    /// What it reports. `None` if its words are not understood; then only a query helps.
    pub observation: Option<Observation>,
}

/// The object that an unverified delivery claims to be about. Used only to look up a secret or to
/// query.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// The key it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<OrderKey>,
    /// The reference it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<ProviderRef>,
}

/// A delivery that was decoded.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "it lives as long as one delivery is read")]
pub enum Decoded {
    /// The signature is genuine.
    Verified(Verified<Event>),
    /// Anybody could have sent it: schedule a query and change nothing else.
    Hint(Hint),
}

/// How a delivery was handled, so that the response can say it in the provider's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// A genuine delivery is durable. If the delivery was only a hint, a query was scheduled if it
    /// names one of our orders; the response must not reveal to a stranger whether it does.
    Taken,
    /// It is not genuine or not readable as a delivery; nothing was stored.
    Refused,
    /// It is a hint, and more hints came than the account accepts, so it was dropped unread.
    /// Whether or not the provider sends it again, the scheduled queries go on.
    Crowded,
    /// It could not be stored now; the provider should send it again.
    Failed,
}

/// Which secret verifies a provider's deliveries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretScope {
    /// The account's secret, which the decoder has.
    Account,
    /// One secret for each session, which the caller keeps and finds with
    /// [`WebhookDecoder::locate`].
    Session,
}

/// Decodes a provider's webhooks. Pure.
pub trait WebhookDecoder: Send + Sync {
    /// Which secret verifies a delivery.
    fn secret_scope(&self) -> SecretScope {
        SecretScope::Account
    }

    /// The headers that are read or signed, in lower case. Only these are stored with a delivery.
    /// Two deliveries that agree in these headers and in the body are one delivery, sent twice.
    fn headers(&self) -> &'static [&'static str];

    /// Whether the account accepts unsigned deliveries. If so, its address must be hard to guess.
    fn takes_unsigned(&self) -> bool;

    /// The object that the delivery claims to be about. Untrusted.
    fn locate(&self, delivery: &Delivery) -> Hint;

    /// Verifies the delivery over its raw bytes, then reads it. `secret` is the secret of the
    /// object that [`WebhookDecoder::locate`] named, for providers that issue one per object.
    ///
    /// # Errors
    /// `Unauthorized` for a missing, malformed or wrong signature; `Invalid` for a genuine delivery
    /// that cannot be read.
    fn verify(&self, delivery: &Delivery, secret: Option<&Secret>) -> Result<Decoded, Error>;

    /// The response to the provider.
    fn acknowledge(&self, receipt: Receipt) -> http::Response<Bytes>;
}

impl Delivery {
    /// Removes every header except these; see [`WebhookDecoder::headers`].
    ///
    /// ```
    /// use pagos_core::{Delivery, Timestamp};
    ///
    /// let mut headers = http::HeaderMap::new();
    /// headers.insert("sign", "0123".parse().unwrap());
    /// headers.insert("x-trace-id", "77".parse().unwrap());
    /// let received_at = Timestamp::from_millis(0);
    /// let mut delivery = Delivery { headers, body: "{}".into(), received_at };
    /// delivery.keep_headers(&["sign"]);
    /// assert_eq!(delivery.headers.len(), 1);
    /// ```
    pub fn keep_headers(&mut self, names: &[&'static str]) {
        let mut kept = http::HeaderMap::new();
        for name in names {
            for value in self.headers.get_all(*name) {
                kept.append(*name, value.clone());
            }
        }
        self.headers = kept;
    }
}

impl std::fmt::Debug for Delivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Delivery")
            .field("received_at", &self.received_at)
            .field("size_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
