//! Webhooks: from raw bytes to what they prove. `sign.rs` verifies the signature.
//!
//! An event is an envelope around a transfer; the manual shows bare transfers too, and a
//! `payout.paid_out` whose transfer is still under way. So the status of the transfer counts. If
//! the event's name says otherwise, neither is believed and Conekta is queried. Bodies differ
//! between deliveries of one event, arrive in any order and are repeated. Source: manual; captured
//! deliveries of others.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::value::RawValue;

use pagos_core::{
    Decoded, Delivery, Error, ErrorKind, Event, Hint, Observation, Receipt, Secret, Source,
    Subject, Timestamp, Verified, WebhookDecoder,
};

use crate::{
    Conekta,
    payout::transfer::{Transfer, moment},
    sign,
    status::{event_status, is_word, parse, payout_event, text},
    wire::{EventAnswer, EventData, TransferAnswer},
};

/// Events about payouts have about a kilobyte; those about orders, a few.
const BODY_SIZE_MAX: usize = 256 * 1024;

impl WebhookDecoder for Conekta {
    fn headers(&self) -> &'static [&'static str] {
        self.settings.webhook_headers
    }

    /// Without the account's public keys, no signature can be verified.
    fn takes_unsigned(&self) -> bool {
        self.settings.webhook_keys.is_empty()
    }

    /// The transfer's id. Conekta does not carry our key.
    fn locate(&self, delivery: &Delivery) -> Hint {
        let read = (delivery.body.len() <= BODY_SIZE_MAX).then(|| News::read(&delivery.body));
        match read {
            Some(Ok(News::Transfer { transfer, .. })) => {
                Hint { key: None, reference: Some(transfer.id) }
            }
            _ => Hint::default(),
        }
    }

    /// Verified with the account's public keys; a hint if none are configured. A delivery about
    /// anything but a transfer is genuine and concerns nothing of ours.
    fn verify(&self, delivery: &Delivery, _secret: Option<&Secret>) -> Result<Decoded, Error> {
        let refused = |because: &str| Error::new(ErrorKind::Unauthorized, because);
        if delivery.body.len() > BODY_SIZE_MAX {
            return Err(refused("longer than any delivery of Conekta's"));
        }
        let keys = &self.settings.webhook_keys;
        if keys.is_empty() {
            return Ok(Decoded::Hint(self.locate(delivery)));
        }
        let [name] = self.settings.webhook_headers;
        let digest = digest(&delivery.headers, name)
            .ok_or_else(|| refused(&format!("the header {name} is missing, or comes twice")))?;
        let proof = sign::prove(keys, &delivery.body, digest)?;
        let event = Verified::new(proof, &delivery.body)
            .try_map(|body| News::read(body).map(|news| news.event(delivery.received_at)))
            .map_err(|because| Error::new(ErrorKind::Invalid, because))?;
        Ok(Decoded::Verified(event))
    }

    /// 200 whatever it was about: Conekta also reports orders, charges and settlements, and stops
    /// after errors. Source: docs: resources/webhooks; that it stops: captured webhook states.
    fn acknowledge(&self, receipt: Receipt) -> Response<Bytes> {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = match receipt {
            // After errors Conekta stops sending, and a flood must not cause that.
            Receipt::Taken | Receipt::Crowded => StatusCode::OK,
            Receipt::Refused => StatusCode::UNAUTHORIZED,
            Receipt::Failed => StatusCode::SERVICE_UNAVAILABLE,
        };
        response
    }
}

/// The only value of the header.
fn digest<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// The subject of a delivery.
enum News {
    Transfer {
        /// The event's name; `None` for a bare transfer.
        name: Option<String>,
        /// When it happened. A bare transfer has only the time of its creation.
        at: Option<Timestamp>,
        transfer: Transfer,
    },
    /// Something else: an order, a payee, a ping.
    Other,
}

impl News {
    fn read(body: &[u8]) -> Result<Self, &'static str> {
        // A list is no event, although serde would accept it.
        let is_object = body.trim_ascii_start().first() == Some(&b'{');
        let event: Option<EventAnswer<'_>> =
            is_object.then(|| serde_json::from_slice(body).ok()).flatten();
        let event = event.ok_or("it is no event in JSON")?;
        let data: Option<EventData<'_>> = event.data.and_then(parse);
        let object = data.and_then(|data| data.object);
        let Some(object) = object else {
            if !is_word(event.object, "transfer") {
                return Ok(Self::Other);
            }
            let bare: TransferAnswer<'_> =
                serde_json::from_slice(body).map_err(|_| "its transfer cannot be read")?;
            return Ok(Self::Transfer { name: None, at: None, transfer: Transfer::of(&bare)? });
        };
        let object: TransferAnswer<'_> = parse(object).ok_or("its object cannot be read")?;
        let name = text(event.kind).unwrap_or_default();
        if !is_payout(&name, object.object) {
            return Ok(Self::Other);
        }
        let (at, transfer) = (moment(event.created_at), Transfer::of(&object)?);
        Ok(Self::Transfer { name: Some(name), at, transfer })
    }

    fn event(self, received_at: Timestamp) -> Event {
        let Self::Transfer { name, at, transfer } = self else {
            return Event {
                subject: Subject::Unrecognised,
                key: None,
                reference: None,
                observation: None,
            };
        };
        // A known word under the name of another status contradicts it. An unknown word contradicts
        // none.
        let is_believed = match (name, transfer.status) {
            (Some(name), Some(status)) => event_status(&name) == Some(status),
            (None, _) | (_, None) => true,
        };
        let seen = Observation {
            provider_at: at,
            ..transfer.observe_event(Source::VerifiedEvent, received_at)
        };
        Event {
            subject: Subject::Payout,
            key: None,
            reference: Some(transfer.id),
            observation: is_believed.then_some(seen),
        }
    }
}

/// Whether it is about a payout of ours: a transfer under any event, or what an older API calls a
/// payout under an event of payouts. Payouts of cash exist too, under other names.
fn is_payout(name: &str, object: Option<&RawValue>) -> bool {
    is_word(object, "transfer") || (is_word(object, "payout") && payout_event(name).is_some())
}

#[cfg(test)]
mod tests;
