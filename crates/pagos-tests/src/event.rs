//! Webhooks of the scripted provider: an event as JSON, "signed" with a word. Its decoder too.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};

use pagos_core::{
    Decoded, Delivery, Error, ErrorKind, Event, Hint, Observation, OrderKey, Receipt, Secret,
    SignatureMatch, Source, Subject, Timestamp, Verified, WebhookDecoder,
};

use crate::scripted::ScriptedProvider;

/// A genuine webhook that tells `seen` about the payout `key`.
pub fn event(key: &OrderKey, seen: &Observation, received_at: Timestamp) -> Delivery {
    let observation = Observation { source: Source::VerifiedEvent, ..seen.clone() };
    delivery(Subject::Payout, key, Some(observation), "genuine", received_at)
}

/// The same words under a wrong signature.
pub fn forged(key: &OrderKey, seen: &Observation, received_at: Timestamp) -> Delivery {
    delivery(Subject::Payout, key, Some(seen.clone()), "forged", received_at)
}

/// The same words without a signature, as from a provider that signs nothing.
pub fn hint(key: &OrderKey, seen: &Observation, received_at: Timestamp) -> Delivery {
    delivery(Subject::Payout, key, Some(seen.clone()), "unsigned", received_at)
}

/// A genuine webhook whose words nobody understands, but for the key.
pub fn unrecognised(key: &OrderKey, received_at: Timestamp) -> Delivery {
    delivery(Subject::Unrecognised, key, None, "genuine", received_at)
}

fn delivery(
    subject: Subject,
    key: &OrderKey,
    observation: Option<Observation>,
    sign: &'static str,
    received_at: Timestamp,
) -> Delivery {
    let reference = observation.as_ref().and_then(|seen| seen.reference.clone());
    let event = Event { subject, key: Some(key.clone()), reference, observation };
    let mut headers = HeaderMap::new();
    headers.insert("sign", HeaderValue::from_static(sign));
    Delivery { headers, body: Bytes::from(serde_json::to_vec(&event).unwrap()), received_at }
}

impl WebhookDecoder for ScriptedProvider {
    fn headers(&self) -> &'static [&'static str] {
        &["sign"]
    }

    fn takes_unsigned(&self) -> bool {
        true
    }

    fn locate(&self, delivery: &Delivery) -> Hint {
        match serde_json::from_slice::<Event>(&delivery.body) {
            Ok(event) => Hint { key: event.key, reference: event.reference },
            Err(_) => Hint::default(),
        }
    }

    fn verify(&self, delivery: &Delivery, _secret: Option<&Secret>) -> Result<Decoded, Error> {
        let sign = delivery.headers.get("sign").map_or(&b""[..], HeaderValue::as_bytes);
        if sign == b"unsigned" {
            return Ok(Decoded::Hint(self.locate(delivery)));
        }
        let proof = SignatureMatch::of(b"genuine", sign)
            .ok_or_else(|| Error::new(ErrorKind::Unauthorized, "the signature is wrong"))?;
        let event = serde_json::from_slice::<Event>(&delivery.body)
            .map_err(|cause| Error::invalid("body").because("not an event").with_source(cause))?;
        Ok(Decoded::Verified(Verified::new(proof, event)))
    }

    fn acknowledge(&self, receipt: Receipt) -> http::Response<Bytes> {
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = match receipt {
            Receipt::Taken => http::StatusCode::OK,
            Receipt::Refused => http::StatusCode::UNAUTHORIZED,
            Receipt::Crowded | Receipt::Failed => http::StatusCode::SERVICE_UNAVAILABLE,
        };
        response
    }
}
