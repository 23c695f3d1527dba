//! Webhooks: from raw bytes to a verified event. No server and no storage.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{Error, Observation, OrderKey, ProviderRef, Secret, Timestamp, Verified};

/// What arrived, byte for byte.
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
    /// Something that this version does not know; stored and acknowledged, never guessed at.
    Unrecognised,
}

/// What a webhook says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What it is about.
    pub subject: Subject,
    /// Our key, if the provider sent a legal one.
    pub key: Option<OrderKey>,
    /// The provider's id.
    pub reference: Option<ProviderRef>,
    /// What it tells. `None` if the words are not understood: then only a query helps.
    pub observation: Option<Observation>,
}

/// Which object an unverified delivery claims to be about. Good for looking up a secret, no more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hint {
    /// The key it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<OrderKey>,
    /// The reference it names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<ProviderRef>,
}

/// A delivery that was accepted for reading.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "it lives as long as one delivery is read")]
pub enum Decoded {
    /// The signature is genuine.
    Verified(Verified<Event>),
    /// Anybody could have sent it: schedule a query, change nothing.
    Hint(Hint),
}

/// What became of a delivery, so that the answer can say it in the provider's way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Receipt {
    /// A genuine delivery is durable. Of one that proves nothing, what it names was noted if it is an
    /// order of ours; whether it is one, no stranger shall learn from the answer.
    Taken,
    /// Not genuine or not readable as a delivery; nothing was stored.
    Refused,
    /// It proves nothing, and more of its kind came than the account takes: nobody looked at it. The
    /// provider may send it again, or not; it is asked in our own time.
    Crowded,
    /// We could not take it now; the provider shall send it again.
    Failed,
}

/// Whose secret a provider's deliveries are verified with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SecretScope {
    /// The account's, which the decoder has.
    Account,
    /// One for each session, which the caller has kept and looks up with
    /// [`WebhookDecoder::locate`].
    Session,
}

/// Reads a provider's webhooks. Pure.
pub trait WebhookDecoder: Send + Sync {
    /// Whose secret verifies a delivery.
    fn secret_scope(&self) -> SecretScope {
        SecretScope::Account
    }

    /// The headers that are read or signed, in lower case. Only they are kept of a delivery's head,
    /// and two deliveries that agree in them and in the body are one, sent twice.
    fn headers(&self) -> &'static [&'static str];

    /// Does the account take deliveries that prove nothing? Strangers must then not guess its
    /// address.
    fn takes_unsigned(&self) -> bool;

    /// Which object the delivery claims to be about. Untrusted.
    fn locate(&self, delivery: &Delivery) -> Hint;

    /// Verifies the delivery over its raw bytes, then reads it. `secret` is the secret of the
    /// object that [`WebhookDecoder::locate`] named, for providers that issue one per object.
    ///
    /// # Errors
    /// `Unauthorized` for a missing, malformed or wrong signature; `Invalid` for a genuine delivery
    /// that cannot be read.
    fn verify(&self, delivery: &Delivery, secret: Option<&Secret>) -> Result<Decoded, Error>;

    /// The answer to the provider.
    fn acknowledge(&self, receipt: Receipt) -> http::Response<Bytes>;
}

impl Delivery {
    /// Forgets every header but these, which are in lower case; see [`WebhookDecoder::headers`].
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
