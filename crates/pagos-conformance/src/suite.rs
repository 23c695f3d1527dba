//! Suites beside the replay: spoilt fixtures, flipped bytes, torn answers, lost requests, secrets in
//! what is shown. Each is a function over the public traits and returns the first failure.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

use pagos_core::{
    Delivery, Departure, ErrorKind, PayoutOrder, PayoutProvider, Reached, Transport,
    TransportError, WebhookDecoder,
};

use crate::{
    case::Case,
    operation::{self, finish},
    subject::Factory,
};

/// Builds the provider under test over a transport.
pub trait Build: Fn(Arc<dyn Transport>) -> Box<dyn PayoutProvider> {}

impl<F: Fn(Arc<dyn Transport>) -> Box<dyn PayoutProvider>> Build for F {}

/// The replay itself is under test: `case` passes, and with another byte in any of `sections` it does
/// not.
///
/// # Errors
/// Why the case fails, or the section whose last letter or digit may be another.
pub fn every_spoilt_section_is_seen(
    case: &Case,
    sections: &[&str],
    factory: &dyn Factory,
) -> Result<(), String> {
    let failures = operation::run(case, factory).failures;
    if !failures.is_empty() {
        return Err(format!("{}: {}", case.name, failures.join("\n")));
    }
    for section in sections {
        let mut spoilt = case.clone();
        let bytes = spoilt.section_mut(section).ok_or_else(|| format!("no section {section}"))?;
        let byte = bytes.iter_mut().rfind(|byte| byte.is_ascii_alphanumeric());
        *byte.ok_or_else(|| format!("nothing to spoil in {section}"))? ^= 1;
        if operation::run(&spoilt, factory).failures.is_empty() {
            return Err(format!("{}: another byte in {section} is not seen", case.name));
        }
    }
    Ok(())
}

/// A genuine delivery is accepted; with any bit of any byte of its body flipped, with its last byte
/// missing or with one more, it is `Unauthorized`.
///
/// # Errors
/// Which forgery was accepted.
pub fn every_flipped_byte_is_refused(
    decoder: &dyn WebhookDecoder,
    delivery: &Delivery,
) -> Result<(), String> {
    decoder.verify(delivery, None).map_err(|error| format!("the genuine one: {error}"))?;
    let forged = |body: Vec<u8>| Delivery { body: body.into(), ..delivery.clone() };
    for position in 0..delivery.body.len() {
        for bit in 0..8 {
            let mut body = delivery.body.to_vec();
            if let Some(byte) = body.get_mut(position) {
                *byte ^= 1 << bit;
            }
            let what = format!("byte {position} with bit {bit} flipped");
            refused(decoder, &forged(body), &what)?;
        }
    }
    let mut longer = delivery.body.to_vec();
    longer.push(b'\n');
    refused(decoder, &forged(longer), "one byte more")?;
    let mut shorter = delivery.body.to_vec();
    shorter.pop();
    refused(decoder, &forged(shorter), "one byte less")
}

/// A delivery without `header`, or with any other byte in it, is `Unauthorized`. Changes of case
/// are left out, since hexadecimal digits have none.
///
/// # Errors
/// Which forgery was accepted.
pub fn every_flipped_signature_is_refused(
    decoder: &dyn WebhookDecoder,
    delivery: &Delivery,
    header: http::HeaderName,
) -> Result<(), String> {
    let genuine = delivery.headers.get(&header).ok_or("the delivery has no such header")?.clone();
    let mut forged = delivery.clone();
    forged.headers.remove(&header);
    refused(decoder, &forged, "no signature")?;
    for position in 0..genuine.len() {
        for replacement in b' '..=b'~' {
            let mut value = genuine.as_bytes().to_vec();
            match value.get_mut(position) {
                Some(byte) if !byte.eq_ignore_ascii_case(&replacement) => *byte = replacement,
                _ => continue,
            }
            let Ok(value) = http::HeaderValue::from_bytes(&value) else { continue };
            forged.headers.insert(&header, value);
            refused(decoder, &forged, &format!("signature with another byte {position}"))?;
        }
    }
    Ok(())
}

/// An answer to `create` that breaks off at any byte is `Unknown`: never a success, never a no.
///
/// # Errors
/// At which byte it was something else.
pub fn torn_responses_are_unknown(
    build: &dyn Build,
    order: &PayoutOrder,
    response: &Response<Bytes>,
) -> Result<(), String> {
    for length in 0..response.body().trim_ascii_end().len() {
        let mut torn = response.clone();
        torn.body_mut().truncate(length);
        let provider = build(Arc::new(Canned { answer: Ok(torn) }));
        match finish(provider.create(order, None, Departure::Anytime))? {
            Err(error) if error.kind() == ErrorKind::Unknown => {}
            other => return Err(format!("cut after {length} bytes: {other:?}")),
        }
    }
    Ok(())
}

/// A `create` that certainly did not leave is `Undelivered`; one that may have is `Unknown`.
///
/// # Errors
/// What came out instead.
pub fn lost_requests_are_told_apart(build: &dyn Build, order: &PayoutOrder) -> Result<(), String> {
    let cases = [(Reached::No, ErrorKind::Undelivered), (Reached::Maybe, ErrorKind::Unknown)];
    for (reached, expected) in cases {
        let provider = build(Arc::new(Canned { answer: Err(reached) }));
        match finish(provider.create(order, None, Departure::Anytime))? {
            Err(error) if error.kind() == expected => {}
            other => return Err(format!("{reached:?}: {other:?} instead of {expected:?}")),
        }
    }
    Ok(())
}

/// None of the canaries is in any of the texts that were shown (`Debug`, `Display`, errors).
///
/// # Errors
/// Which canary, and in the how-manieth text. The text itself is not repeated.
pub fn no_canary_is_shown(shown: &[String], canaries: &[&str]) -> Result<(), String> {
    for (position, text) in shown.iter().enumerate() {
        if let Some(canary) = canaries.iter().find(|canary| text.contains(*canary)) {
            return Err(format!("{canary:?} is in text {position}"));
        }
    }
    Ok(())
}

fn refused(decoder: &dyn WebhookDecoder, delivery: &Delivery, what: &str) -> Result<(), String> {
    match decoder.verify(delivery, None) {
        Err(error) if error.kind() == ErrorKind::Unauthorized => Ok(()),
        Err(error) => Err(format!("{what}: {:?} instead of Unauthorized", error.kind())),
        Ok(_) => Err(format!("{what}: accepted")),
    }
}

/// Gives every request the same answer.
#[derive(Debug)]
struct Canned {
    answer: Result<Response<Bytes>, Reached>,
}

#[async_trait]
impl Transport for Canned {
    async fn send(
        &self,
        _request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        match &self.answer {
            Ok(response) => Ok(response.clone()),
            Err(reached) => Err(TransportError::new(*reached, "no answer in this suite")),
        }
    }
}
