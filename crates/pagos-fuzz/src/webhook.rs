//! Targets: what each provider believes of any delivery. The input names a fixture case, which gives
//! settings and secret, and is a delivery in the notation of fixtures.
//!
//! Nobody who mutates bytes holds a key. So whatever is verified must be an event that an untouched
//! fixture tells too.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};
use pagos_conformance::Case;
use pagos_core::{
    Decoded, Delivery, Departure, ErrorKind, Event, PayoutProvider, Reached, Receipt, Secret,
    Source, Transport, TransportError, WebhookDecoder,
};

use pagos_kit::{DeliveryKey, Kit};

use crate::{provider, reply::is_secret, text};

/// Runs one input. Panics with the rule that is broken.
pub(crate) fn run(kit: Kit, input: &[u8]) {
    let cases: Vec<&Case> = deliveries(kit).collect();
    let (head, rest) = text::split_head(input);
    let named = cases.iter().find(|case| case.name == head);
    let case = *named.unwrap_or_else(|| &cases[head.len() % cases.len()]);
    let (_, headers, body) = text::message(rest);
    let delivery = Delivery { headers, body, received_at: case.clock };
    let Some(provider) = build(kit, case) else { return };
    let Some(decoder) = provider.webhooks() else { return };
    let secret = case.secret.as_ref().map(Secret::new);

    let hint = decoder.locate(&delivery);
    let outcome = decoder.verify(&delivery, secret.as_ref());
    match &outcome {
        Ok(Decoded::Verified(event)) => {
            was_signed(kit, decoder, &delivery, secret.as_ref(), event.value());
            under_another_key_it_is_refused(kit, case, &delivery);
        }
        // A hint has no room for an outcome; it only may not name more than the bytes do.
        Ok(Decoded::Hint(told)) => {
            let reference = told.reference.as_ref().map_or("", |reference| reference.as_str());
            let is_named = hint.reference == told.reference || !reference.is_empty();
            assert!(is_named, "{told:?}");
        }
        Err(error) => {
            let may = matches!(error.kind(), ErrorKind::Unauthorized | ErrorKind::Invalid);
            assert!(may, "a delivery that ends in {:?}: {error}", error.kind());
            let genuine = error.kind() == ErrorKind::Invalid;
            assert!(
                !genuine || secret.is_some() || kit.delivery_key() != DeliveryKey::Session,
                "invalid, and not genuine"
            );
        }
    }
    let shown = format!("{outcome:?} {delivery:?}");
    for secret in case.settings.values().filter(|value| is_secret(value)) {
        let is_repeated = String::from_utf8_lossy(&delivery.body).contains(secret.as_str());
        assert!(is_repeated || !shown.contains(secret), "a secret is shown: {shown}");
    }
    for receipt in [Receipt::Taken, Receipt::Refused, Receipt::Crowded, Receipt::Failed] {
        let status = decoder.acknowledge(receipt).status();
        assert!(!status.is_redirection(), "{receipt:?} is answered {status}");
        let may_be = matches!(receipt, Receipt::Taken | Receipt::Crowded);
        assert!(may_be || !status.is_success(), "{receipt:?} is acknowledged");
    }
}

/// The deliveries of every fixture, as inputs.
pub(crate) fn seeds(kit: Kit) -> Vec<Vec<u8>> {
    let input =
        |case: &Case| Some([case.name.as_bytes(), b"\n", case.section("delivery 1")?].concat());
    deliveries(kit).filter_map(input).collect()
}

fn deliveries(kit: Kit) -> impl Iterator<Item = &'static Case> {
    provider::cases(kit).iter().filter(|case| case.operation == "webhook")
}

fn build(kit: Kit, case: &Case) -> Option<Box<dyn PayoutProvider>> {
    provider::build(kit, |key| case.setting(key), Arc::new(Nowhere), case.clock).ok()
}

/// An untouched fixture says the same, under the same key and at the same time.
fn was_signed(
    kit: Kit,
    decoder: &dyn WebhookDecoder,
    delivery: &Delivery,
    secret: Option<&Secret>,
    event: &Event,
) {
    if let Some(seen) = &event.observation {
        assert_eq!(seen.source, Source::VerifiedEvent);
        assert_eq!(seen.seen_at, delivery.received_at);
    }
    let is_told = deliveries(kit).any(|case| {
        let Ok(Some(genuine)) = case.delivery() else { return false };
        let genuine = Delivery { received_at: delivery.received_at, ..genuine };
        let decoded = decoder.verify(&genuine, secret);
        matches!(decoded, Ok(Decoded::Verified(told)) if told.value() == event)
    });
    assert!(is_told, "verified, and nobody signed it: {event:?}");
}

/// The same bytes, with a key that is not theirs.
fn under_another_key_it_is_refused(kit: Kit, case: &Case, delivery: &Delivery) {
    let account_key = match kit.delivery_key() {
        DeliveryKey::Account(name) => Some(name),
        DeliveryKey::Session => None,
        // That no other public key fits is the business of `keys.rs`.
        DeliveryKey::Public => return,
    };
    let setting = |key: &str| {
        let value = case.setting(key)?;
        Some(if account_key == Some(key) { format!("{value}x") } else { value })
    };
    let other = provider::build(kit, setting, Arc::new(Nowhere), case.clock);
    let Ok(other) = other else { return };
    let Some(decoder) = other.webhooks() else { return };
    let secret = case.secret.as_ref().map(|secret| Secret::new(format!("{secret}x")));
    let decoded = decoder.verify(delivery, secret.as_ref());
    assert!(!matches!(decoded, Ok(Decoded::Verified(_))), "verified under another key");
}

/// A webhook is read without asking anybody.
#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        let _ = request;
        Err(TransportError::new(Reached::No, "nobody is asked here"))
    }
}
