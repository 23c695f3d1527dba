//! Notifications. They are unsigned, so each is a hint and never more.
//!
//! None is known for payouts. Payments send a `uuid` as a form to `callback_url`; no signature, no
//! expected response and no repetition are described. Source: code: K; public code. JSON, and the
//! names that payouts could use, are accepted too. \[inferred\]

use bytes::Bytes;
use http::{Response, StatusCode};

use pagos_core::{
    Decoded, Delivery, Error, ErrorKind, Hint, OrderKey, ProviderRef, Receipt, Secret,
    WebhookDecoder,
};
use pagos_wire::percent_decoded;

use crate::{VirtualPos, wire::HintBody};

/// A form with one id has about 30 bytes.
const BODY_SIZE_MAX: usize = 64 * 1024;

/// The maximum number of fields of a form that are read.
const FIELDS_MAX: usize = 64;

impl WebhookDecoder for VirtualPos {
    fn headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// No delivery is signed.
    fn takes_unsigned(&self) -> bool {
        true
    }

    fn locate(&self, delivery: &Delivery) -> Hint {
        read(&delivery.body).unwrap_or_default()
    }

    /// Never verifies: anybody can send this. `Unauthorized` if it names nothing.
    fn verify(&self, delivery: &Delivery, _secret: Option<&Secret>) -> Result<Decoded, Error> {
        read(&delivery.body).map(Decoded::Hint).ok_or_else(|| {
            Error::new(ErrorKind::Unauthorized, "the delivery names no payout and no payment")
        })
    }

    /// An empty body. \[inferred\]
    fn acknowledge(&self, receipt: Receipt) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = match receipt {
            Receipt::Taken => StatusCode::OK,
            Receipt::Refused => StatusCode::UNAUTHORIZED,
            Receipt::Crowded | Receipt::Failed => StatusCode::SERVICE_UNAVAILABLE,
        };
        response
    }
}

/// The object that a delivery names, in JSON or in a form. `None` if it names nothing.
fn read(body: &[u8]) -> Option<Hint> {
    if body.len() > BODY_SIZE_MAX {
        return None;
    }
    let hint = match body.trim_ascii_start().first() {
        Some(b'{') => read_json(body)?,
        _ => read_form(body)?,
    };
    (hint.key.is_some() || hint.reference.is_some()).then_some(hint)
}

fn read_json(body: &[u8]) -> Option<Hint> {
    let named: HintBody = serde_json::from_slice(body).ok()?;
    let id = named.uuid.or(named.id).or(named.payout_id);
    Some(Hint {
        key: named.merchant_id.and_then(|key| OrderKey::new(key.into_string()).ok()),
        reference: id.and_then(|id| ProviderRef::new(id.into_string()).ok()),
    })
}

fn read_form(body: &[u8]) -> Option<Hint> {
    let text = std::str::from_utf8(body.trim_ascii()).ok()?;
    let fields: Vec<(&str, &str)> =
        text.split('&').take(FIELDS_MAX).filter_map(|field| field.split_once('=')).collect();
    // A repeated field has no value that can be trusted.
    let value = |name: &str| {
        let mut values = fields.iter().filter(|(known, _)| *known == name);
        match (values.next(), values.next()) {
            (Some((_, value)), None) => percent_decoded(&value.replace('+', " ")),
            _ => None,
        }
    };
    let id = value("uuid").or_else(|| value("id")).or_else(|| value("payout_id"));
    Some(Hint {
        key: value("merchant_id").and_then(|key| OrderKey::new(key).ok()),
        reference: id.and_then(|id| ProviderRef::new(id).ok()),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_of_a_form_are_decoded() {
        let reference = |body: &[u8]| Some(read(body)?.reference?.as_str().to_owned());
        assert_eq!(reference(b"uuid=a%2Db%2B").as_deref(), Some("a-b+"));
        assert_eq!(reference(b"uuid=a%2"), None);
        // A blank, which no id has.
        assert_eq!(reference(b"uuid=a+b"), None);
    }

    #[test]
    fn a_large_delivery_is_not_read() {
        let mut body = b"uuid=0123456789abcdef".to_vec();
        body.resize(BODY_SIZE_MAX, b' ');
        assert!(read(&body).is_some());
        body.push(b' ');
        assert!(read(&body).is_none());
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&body);
        }
    }
}
