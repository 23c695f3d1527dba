//! Events as Conekta stores them, delivered or not. Use them to catch up after an outage;
//! `src/webhook.rs` reads deliveries.

use http::Method;
use serde_json::value::RawValue;

use pagos_core::{Error, ProviderRef, Timestamp};
use pagos_wire::to_json;

use crate::{
    Conekta,
    manage::{Listed, object, segment},
    payout::transfer::{Transfer, is_transfer, moment},
    status::{parse, text},
    wire::{EventAnswer, EventData, manage::ResendRequest},
};

/// Source: openapi: resources/events.
const PATH_EVENTS: &str = "/events";

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventRecord {
    /// Conekta's id.
    pub id: String,
    /// Its name: `payout.paid_out`.
    pub name: Option<String>,
    /// When it happened.
    pub created_at: Option<Timestamp>,
    /// The state of its delivery, in Conekta's word: `pending`, `successful`.
    pub delivery: Option<String>,
    /// The transfer that it is about. Query that; the event's content may be old.
    pub transfer: Option<ProviderRef>,
    /// The payee of that transfer.
    pub payee: Option<String>,
}

/// The result of a repeated delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resent {
    /// The id of the delivery.
    pub id: String,
    /// The address that it was sent to.
    pub url: Option<String>,
    /// How often it failed.
    pub failed_attempts: Option<String>,
    /// When it was last tried.
    pub attempted_at: Option<Timestamp>,
    /// The HTTP status of the response; `-1` for none.
    pub answer: Option<String>,
}

impl Conekta {
    /// Events, newest first, from `cursor` on.
    ///
    /// # Errors
    /// The same as for every call of this module. Source: openapi: resources/events.
    pub async fn events(&self, cursor: Option<&str>) -> Result<Listed<EventRecord>, Error> {
        self.list(PATH_EVENTS, "", cursor, read).await
    }

    /// One event.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: openapi: resources/events.
    pub async fn event(&self, id: &str) -> Result<EventRecord, Error> {
        self.read(&format!("{PATH_EVENTS}/{}", segment("event", id)?), read).await
    }

    /// Makes Conekta send an event again, to these webhooks.
    ///
    /// # Errors
    /// `Invalid` without a webhook; otherwise the same as for every call of this module. Source:
    /// openapi: resources/events/events_resend.
    pub async fn resend_event(&self, id: &str, webhooks: &[&str]) -> Result<Resent, Error> {
        if webhooks.is_empty() {
            return Err(Error::invalid("webhook").because("no webhook is named"));
        }
        let path = format!("{PATH_EVENTS}/{}/resend", segment("event", id)?);
        let body = to_json(&ResendRequest { webhooks_ids: webhooks })?;
        self.run(Method::POST, &path, body, read_resent).await
    }
}

fn read(json: &RawValue) -> Result<EventRecord, &'static str> {
    let answer: EventAnswer<'_> = parse(json).ok_or("an event has another shape")?;
    let data: Option<EventData<'_>> = answer.data.and_then(parse);
    let transfer = data.and_then(|data| data.object).and_then(transfer);
    let (transfer, payee) = transfer.map(|transfer| (transfer.id, transfer.payee)).unzip();
    Ok(EventRecord {
        id: text(answer.id).ok_or("an event has no id")?,
        name: text(answer.kind),
        created_at: moment(answer.created_at),
        delivery: text(answer.webhook_status),
        transfer,
        payee: payee.flatten(),
    })
}

fn transfer(json: &RawValue) -> Option<Transfer> {
    let (_, answer) = object(json).ok()?;
    is_transfer(answer.object).then(|| Transfer::read(json).ok()).flatten()
}

fn read_resent(json: &RawValue) -> Result<Resent, &'static str> {
    let (id, answer) = object(json)?;
    Ok(Resent {
        id,
        url: text(answer.url),
        failed_attempts: text(answer.failed_attempts),
        attempted_at: moment(answer.last_attempted_at),
        answer: text(answer.last_http_response_status),
    })
}
