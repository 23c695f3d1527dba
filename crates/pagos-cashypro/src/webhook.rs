//! Webhooks: verifies the signature over the bytes as they arrived, and only then reads the words.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};

use pagos_core::{
    Decoded, Delivery, Error, Event, Hint, OrderKey, ProviderRef, Receipt, Secret, Source, Subject,
    Verified, WebhookDecoder,
};
use pagos_wire::refused;

use crate::{
    Cashypro,
    config::Settings,
    payout::observe,
    sign::{SIGN_HEADER, verify},
    wire::OrderAnswer,
};

/// Real deliveries have about 250 bytes.
const BODY_SIZE_MAX: usize = 64 * 1024;

impl WebhookDecoder for Cashypro {
    fn headers(&self) -> &'static [&'static str] {
        &[SIGN_HEADER]
    }

    /// Every delivery is signed. Source: manual "Webhook".
    fn takes_unsigned(&self) -> bool {
        false
    }

    fn locate(&self, delivery: &Delivery) -> Hint {
        if delivery.body.len() > BODY_SIZE_MAX {
            return Hint::default();
        }
        match serde_json::from_slice::<OrderAnswer>(&delivery.body) {
            Ok(answer) => Hint { key: key(&answer), reference: reference(&answer) },
            Err(_) => Hint::default(),
        }
    }

    /// One key signs everything, so the secret of a single object is not used.
    ///
    /// A genuine delivery that is addressed to another merchant is `Unauthorized` too.
    fn verify(&self, delivery: &Delivery, _secret: Option<&Secret>) -> Result<Decoded, Error> {
        let settings = &self.settings;
        if delivery.body.len() > BODY_SIZE_MAX {
            return Err(refused("the delivery is larger than 64 KiB"));
        }
        let proof = verify(&delivery.body, &delivery.headers, &settings.api_key)?;
        let event = match serde_json::from_slice::<OrderAnswer>(&delivery.body) {
            Ok(answer) => read_event(settings, delivery, &answer)?,
            Err(_) => unrecognised(None, None),
        };
        Ok(Decoded::Verified(Verified::new(proof, event)))
    }

    /// 200, 301 and 302 count as received; after any other response the delivery is sent again, ten
    /// times over hours. Source: manual "Webhook Response Example". The body is the manual's.
    fn acknowledge(&self, receipt: Receipt) -> Response<Bytes> {
        let (status, body) = match receipt {
            Receipt::Taken => (StatusCode::OK, r#"{"status":"SUCCESS"}"#),
            Receipt::Refused => (StatusCode::UNAUTHORIZED, r#"{"status":"REFUSED"}"#),
            Receipt::Crowded | Receipt::Failed => {
                (StatusCode::SERVICE_UNAVAILABLE, r#"{"status":"FAILED"}"#)
            }
        };
        let mut response = Response::new(Bytes::from_static(body.as_bytes()));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

/// The header `MerchantId` is not signed, so only the one in the body counts.
fn read_event(
    settings: &Settings,
    delivery: &Delivery,
    answer: &OrderAnswer,
) -> Result<Event, Error> {
    let (key, reference) = (key(answer), reference(answer));
    let Some(merchant) = &answer.merchant_id else { return Ok(unrecognised(key, reference)) };
    if merchant.as_str() != settings.merchant_id {
        return Err(refused("the delivery is addressed to another merchant"));
    }
    let observation = observe(settings, answer, Source::VerifiedEvent, delivery.received_at);
    match (observation, reference) {
        (Ok(observation), Some(reference)) => Ok(Event {
            subject: subject(&reference),
            key,
            reference: Some(reference),
            observation: Some(observation),
        }),
        (_, reference) => Ok(unrecognised(key, reference)),
    }
}

/// Payments are numbered `PAYIN...` and `PAYDESK...`, payouts `PAYOUT...`. Every capture shows
/// this, and no document states it. \[inferred\] `payType` does not tell them apart.
fn subject(reference: &ProviderRef) -> Subject {
    let is_payment = ["PAYIN", "PAYDESK"].iter().any(|word| reference.as_str().starts_with(word));
    match is_payment {
        true => Subject::Payment,
        false => Subject::Payout,
    }
}

fn unrecognised(key: Option<OrderKey>, reference: Option<ProviderRef>) -> Event {
    Event { subject: Subject::Unrecognised, key, reference, observation: None }
}

fn key(answer: &OrderAnswer) -> Option<OrderKey> {
    OrderKey::new(answer.mch_order_no.as_ref()?.as_str()).ok()
}

fn reference(answer: &OrderAnswer) -> Option<ProviderRef> {
    ProviderRef::new(answer.order_no.as_ref()?.as_str()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_tell_payments_from_payouts() {
        let cases = [
            ("PAYOUT8551739282639106048", Subject::Payout),
            ("PAYIN8506542058214535168", Subject::Payment),
            ("PAYDESK8551739282639106048", Subject::Payment),
            ("X1", Subject::Payout),
        ];
        for (reference, expected) in cases {
            assert_eq!(subject(&ProviderRef::new(reference).unwrap()), expected, "{reference}");
        }
    }
}
