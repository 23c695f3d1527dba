//! The addresses that Conekta sends webhooks to. What comes there is read in `src/webhook.rs`.

use bytes::Bytes;
use http::Method;
use serde_json::value::RawValue;

use pagos_core::Error;
use pagos_wire::to_json;

use crate::{
    Conekta,
    manage::{Listed, flag, object, segment, texts},
    status::text,
    wire::manage::WebhookRequest,
};

/// Source: openapi: resources/webhooks.
const PATH_WEBHOOKS: &str = "/webhooks";

/// An address that Conekta sends to. An account has ten at most, for each of sandbox and live.
/// Source: openapi: resources/webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Webhook {
    /// Conekta's id.
    pub id: String,
    /// The address.
    pub url: Option<String>,
    /// Conekta's word for how it goes: `listening`, `being_pinged`, `intermittent_errors`, `error`.
    pub status: Option<String>,
    /// The events that it hears of.
    pub events: Vec<String>,
    /// Whether it is on, where Conekta says so.
    pub is_active: Option<bool>,
    /// It was deleted by this call.
    pub is_deleted: bool,
}

/// What changes of a webhook; `None` stays. Whether events are added or replaced is not published:
/// name all that are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookUpdate {
    /// The address.
    pub url: Option<String>,
    /// The events.
    pub events: Option<Vec<String>>,
    /// On or off.
    pub is_active: Option<bool>,
}

impl Conekta {
    /// Makes a webhook. Conekta refuses addresses with `localhost` or `127.0.0.1` in them, and
    /// sends a ping at once. Without events it hears of everything.
    ///
    /// # Errors
    /// As every errand. Source: openapi: schemas/webhooks/webhook_request.
    pub async fn create_webhook(&self, url: &str, events: &[&str]) -> Result<Webhook, Error> {
        let events: Vec<String> = events.iter().map(|event| (*event).to_owned()).collect();
        let events = Some(events.as_slice()).filter(|events| !events.is_empty());
        let body = WebhookRequest { url: Some(url), subscribed_events: events, active: None };
        self.run(Method::POST, PATH_WEBHOOKS, to_json(&body)?, read).await
    }

    /// Webhooks, from `cursor` on.
    ///
    /// # Errors
    /// As every errand. Source: openapi: resources/webhooks/webhooks.
    pub async fn webhook_list(&self, cursor: Option<&str>) -> Result<Listed<Webhook>, Error> {
        self.list(PATH_WEBHOOKS, "", cursor, read).await
    }

    /// One webhook.
    ///
    /// # Errors
    /// `Rejected` if there is none of this id. Source: openapi: resources/webhooks/webhook.
    pub async fn webhook(&self, id: &str) -> Result<Webhook, Error> {
        self.read(&path(id)?, read).await
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// `Rejected` if there is none of this id. Source: openapi: resources/webhooks/webhook.
    pub async fn update_webhook(&self, id: &str, update: &WebhookUpdate) -> Result<Webhook, Error> {
        let body = WebhookRequest {
            url: update.url.as_deref(),
            subscribed_events: update.events.as_deref(),
            active: update.is_active,
        };
        self.run(Method::PUT, &path(id)?, to_json(&body)?, read).await
    }

    /// Deletes a webhook.
    ///
    /// # Errors
    /// `Rejected` if there is none of this id. Source: openapi: resources/webhooks/webhook.
    pub async fn delete_webhook(&self, id: &str) -> Result<Webhook, Error> {
        self.run(Method::DELETE, &path(id)?, Bytes::new(), read).await
    }

    /// Makes Conekta send a ping to a webhook.
    ///
    /// # Errors
    /// `Rejected` if there is none of this id. Source: openapi: resources/webhooks/webhook_test.
    pub async fn test_webhook(&self, id: &str) -> Result<Webhook, Error> {
        self.run(Method::POST, &format!("{}/test", path(id)?), Bytes::new(), read).await
    }
}

fn path(id: &str) -> Result<String, Error> {
    Ok(format!("{PATH_WEBHOOKS}/{}", segment("webhook", id)?))
}

fn read(json: &RawValue) -> Result<Webhook, &'static str> {
    let (id, answer) = object(json)?;
    Ok(Webhook {
        id,
        url: text(answer.url),
        status: text(answer.status),
        events: texts(answer.subscribed_events),
        is_active: flag(answer.active),
        is_deleted: flag(answer.deleted) == Some(true),
    })
}
