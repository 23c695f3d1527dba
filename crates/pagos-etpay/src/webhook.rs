//! Notifications: those of payments, which are signed with the secret of their session, and those
//! of payouts, which nothing proves. A delivery is not believed before it is verified.
//!
//! The form of a body is not published, so `webhook/body.rs` accepts several. The redirect of the
//! payer's browser has such a token too and is not a notification: see [`crate::read_redirect`].

pub(crate) mod body;

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header::CONTENT_TYPE};

use pagos_core::{
    Decoded, Delivery, Error, Event, Hint, OrderKey, ProviderRef, Receipt, Secret, SecretScope,
    Source, Subject, Timestamp, WebhookDecoder,
};
use pagos_wire::{WireText, refused};

use crate::{
    Etpay,
    contract::PayoutRow,
    payment::answer::observe,
    sign::{self, Claims, Opened},
    webhook::body::Body,
};

impl WebhookDecoder for Etpay {
    /// Each session has a secret of its own. Source: manual.
    fn secret_scope(&self) -> SecretScope {
        SecretScope::Session
    }

    /// The signature is in the body.
    fn headers(&self) -> &'static [&'static str] {
        &[]
    }

    /// No signature of payout webhooks is documented.
    fn takes_unsigned(&self) -> bool {
        self.settings.payouts.is_some()
    }

    fn locate(&self, delivery: &Delivery) -> Hint {
        match Body::read(&delivery.body) {
            Body::Token(token) => match sign::named(&token) {
                Some(claims) => Hint {
                    key: key(claims.merchant_order_id.as_ref()),
                    reference: reference(claims.session_token.as_ref()),
                },
                None => Hint::default(),
            },
            Body::Payout(row) => named(&row),
            Body::Unreadable => Hint::default(),
        }
    }

    /// A notification of a payment is verified with the secret of the session that
    /// [`WebhookDecoder::locate`] names; without the secret, nothing in it is believed. No proof is
    /// known for a notification of a payout, so it is always a hint. Source: manual (the JWT);
    /// nothing is published about the other.
    ///
    /// The payer's RUT is not compared here with the RUT that the order was locked to, since the
    /// order is not available; the answer to a query is compared with it.
    fn verify(&self, delivery: &Delivery, secret: Option<&Secret>) -> Result<Decoded, Error> {
        match Body::read(&delivery.body) {
            Body::Token(token) => {
                let secret = secret.ok_or_else(|| refused("no secret of such a session"))?;
                read_token(&token, secret, delivery.received_at, self.settings.clock_ahead)
            }
            Body::Payout(row) if self.settings.payouts.is_some() => Ok(Decoded::Hint(named(&row))),
            Body::Payout(_) => Err(refused("about a payout, and this account makes none")),
            Body::Unreadable => Err(refused("the delivery has no token in it")),
        }
    }

    /// It is unknown how ETpay expects to be answered, and whether it sends again. \[inferred\]
    fn acknowledge(&self, receipt: Receipt) -> Response<Bytes> {
        let (status, body) = match receipt {
            Receipt::Taken => (StatusCode::OK, r#"{"msg":"ok"}"#),
            Receipt::Refused => (StatusCode::UNAUTHORIZED, r#"{"msg":"refused"}"#),
            Receipt::Crowded | Receipt::Failed => {
                (StatusCode::SERVICE_UNAVAILABLE, r#"{"msg":"failed"}"#)
            }
        };
        let mut response = Response::new(Bytes::from_static(body.as_bytes()));
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json");
        response.headers_mut().insert(CONTENT_TYPE, json);
        response
    }
}

fn read_token(
    token: &str,
    secret: &Secret,
    received_at: Timestamp,
    clock_ahead: Duration,
) -> Result<Decoded, Error> {
    match sign::open(token, secret, received_at.plus(clock_ahead))? {
        Opened::Genuine(claims) => {
            Ok(Decoded::Verified(claims.try_map(|claims| read_event(&claims, received_at))?))
        }
        Opened::SystemError { session_token } => {
            let reference = ProviderRef::new(session_token).ok();
            Ok(Decoded::Hint(Hint { key: None, reference }))
        }
    }
}

/// `Invalid` for a genuine notification that cannot be compared with an order.
fn read_event(claims: &Claims, received_at: Timestamp) -> Result<Event, Error> {
    let attempt = claims.attempt();
    let observation = observe(attempt, Source::VerifiedEvent, received_at)
        .map_err(|because| Error::invalid("token").because(because))?;
    Ok(Event {
        subject: Subject::Payment,
        key: key(attempt.merchant_order_id.as_ref()),
        reference: observation.reference.clone(),
        observation: Some(observation),
    })
}

fn named(row: &PayoutRow) -> Hint {
    Hint { key: key(row.merchant_order_id.as_ref()), reference: reference(row.id.as_ref()) }
}

fn key(text: Option<&WireText>) -> Option<OrderKey> {
    OrderKey::new(text?.as_str()).ok()
}

fn reference(text: Option<&WireText>) -> Option<ProviderRef> {
    ProviderRef::new(text?.as_str()).ok()
}
