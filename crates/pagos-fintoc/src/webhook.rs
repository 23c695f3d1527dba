//! Webhooks: the signature first, over the bytes as they came, then the words. No server and no
//! storage.

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};
use serde_json::value::RawValue;

use pagos_core::{
    Decoded, Delivery, Environment, Error, ErrorKind, Event, Hint, Observation, Receipt, Secret,
    Source, Subject, Timestamp, Verified, WebhookDecoder,
};
use pagos_wire::{WireText, refused};

use crate::{
    Fintoc,
    config::Settings,
    payout::transfer::Transfer,
    sign::SIGN_HEADER,
    status::parse,
    wire::{EventAnswer, EventData, ObjectAnswer},
};

/// Real deliveries have about a kilobyte.
const BODY_SIZE_MAX: usize = 256 * 1024;

impl WebhookDecoder for Fintoc {
    fn headers(&self) -> &'static [&'static str] {
        &[SIGN_HEADER]
    }

    /// Without the secret of the endpoint no signature can be checked.
    fn takes_unsigned(&self) -> bool {
        self.settings.webhook_secret.is_none()
    }

    /// Our key, if the transfer bears one, and its id.
    fn locate(&self, delivery: &Delivery) -> Hint {
        let read = (delivery.body.len() <= BODY_SIZE_MAX).then(|| News::read(&delivery.body));
        match read {
            Some(Ok(News { transfer: Some(transfer), .. })) => {
                Hint { key: transfer.key(), reference: Some(transfer.id) }
            }
            _ => Hint::default(),
        }
    }

    /// Verified by the endpoint's secret; with none configured, a hint. A genuine delivery about anything
    /// but a transfer out of this account is about nothing of ours: an endpoint hears of the whole
    /// organisation.
    fn verify(&self, delivery: &Delivery, _secret: Option<&Secret>) -> Result<Decoded, Error> {
        if delivery.body.len() > BODY_SIZE_MAX {
            return Err(refused("longer than any delivery of Fintoc's"));
        }
        let Some(secret) = &self.settings.webhook_secret else {
            return Ok(Decoded::Hint(self.locate(delivery)));
        };
        let header = signature(&delivery.headers)
            .ok_or_else(|| refused("the header Fintoc-Signature is missing, or comes twice"))?;
        let proof = secret.verify(&delivery.body, header, delivery.received_at)?;
        let event = Verified::new(proof, &delivery.body)
            .try_map(|body| {
                let news = News::read(body)?;
                Ok::<_, &str>(news.event(&self.settings, delivery.received_at))
            })
            .map_err(|because| Error::new(ErrorKind::Invalid, because))?;
        Ok(Decoded::Verified(event))
    }

    /// Any 2xx counts as received, and everything else is sent again: from three seconds on, ever more
    /// slowly, up to 17 times. Source: docs: guides/resources/webhooks-walkthrough/webhooks-creating-guide.
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

/// The one value of the header.
fn signature(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(SIGN_HEADER).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// What a delivery tells.
struct News {
    mode: Option<String>,
    /// When it happened.
    at: Option<Timestamp>,
    /// `None` where it is about something else: a payment, an account, a test.
    transfer: Option<Transfer>,
}

impl News {
    /// The name of the event is not read: Fintoc's own pages contradict each other in it, and the status
    /// of the transfer says all. Source: docs, by way of one who quotes both pages.
    fn read(body: &[u8]) -> Result<Self, &'static str> {
        let event: EventAnswer<'_> = parse(body).ok_or("it is no event in JSON")?;
        let object = event.data.map(inner);
        let is_transfer = object.is_some_and(|object| {
            parse::<ObjectAnswer>(object.get().as_bytes())
                .and_then(|kind| kind.object)
                .is_some_and(|object| object.as_str() == "transfer")
        });
        let transfer = object.filter(|_| is_transfer);
        let transfer = transfer.map(|object| Transfer::parse(object.get().as_bytes()));
        Ok(Self {
            mode: event.mode.map(WireText::into_string),
            at: event.created_at.and_then(|time| time.as_str().parse().ok()),
            transfer: transfer.transpose().map_err(|_| "its transfer cannot be read")?,
        })
    }

    fn event(self, settings: &Settings, received_at: Timestamp) -> Event {
        let unrecognised =
            Event { subject: Subject::Unrecognised, key: None, reference: None, observation: None };
        let mode = match settings.environment {
            Environment::Sandbox => "test",
            Environment::Live => "live",
        };
        let is_of_mode = self.mode.as_deref().is_none_or(|told| told == mode);
        let transfer = self.transfer.filter(|it| is_of_mode && it.is_of_account(settings));
        let Some(transfer) = transfer else { return unrecognised };
        let seen = Observation {
            provider_at: self.at,
            ..transfer.observe(Source::VerifiedEvent, None, received_at)
        };
        Event {
            subject: Subject::Payout,
            key: transfer.key(),
            reference: Some(transfer.id),
            observation: Some(seen),
        }
    }
}

/// The object of an event, which is its data or stands in it.
fn inner(data: &RawValue) -> &RawValue {
    let nested = parse::<EventData<'_>>(data.get().as_bytes()).and_then(|data| data.object);
    nested.filter(|object| object.get().starts_with('{')).unwrap_or(data)
}
