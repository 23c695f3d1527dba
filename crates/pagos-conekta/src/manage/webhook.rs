//! The addresses that Conekta sends webhooks to. `src/webhook.rs` reads the deliveries.

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

/// An address that Conekta sends to. An account has at most ten, each for sandbox and live. Source:
/// openapi: resources/webhooks.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Webhook {
    /// Conekta's id.
    pub id: String,
    /// The address.
    pub url: Option<String>,
    /// Conekta's word for its state: `listening`, `being_pinged`, `intermittent_errors`, `error`.
    pub status: Option<String>,
    /// The events that are sent to it.
    pub events: Vec<String>,
    /// Whether it is on, if Conekta says so.
    pub is_active: Option<bool>,
    /// Whether this call deleted it.
    pub is_deleted: bool,
}

/// The changes to a webhook; `None` leaves a value as it is. It is not published whether events are
/// added or replaced: name all that you want.
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
    /// Makes a webhook. Conekta refuses addresses that contain `localhost` or `127.0.0.1`, and
    /// sends a ping at once. Without events it gets every event.
    ///
    /// # Errors
    /// The same as for every call of this module. Source: openapi:
    /// schemas/webhooks/webhook_request.
    pub async fn create_webhook(&self, url: &str, events: &[&str]) -> Result<Webhook, Error> {
        let events: Vec<String> = events.iter().map(|event| (*event).to_owned()).collect();
        let events = Some(events.as_slice()).filter(|events| !events.is_empty());
        let body = WebhookRequest { url: Some(url), subscribed_events: events, active: None };
        self.run(Method::POST, PATH_WEBHOOKS, to_json(&body)?, read).await
    }

    /// Webhooks, from `cursor` on.
    ///
    /// # Errors
    /// The same as for every call of this module. Source: openapi: resources/webhooks/webhooks.
    pub async fn webhook_list(&self, cursor: Option<&str>) -> Result<Listed<Webhook>, Error> {
        self.list(PATH_WEBHOOKS, "", cursor, read).await
    }

    /// One webhook.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: openapi: resources/webhooks/webhook.
    pub async fn webhook(&self, id: &str) -> Result<Webhook, Error> {
        self.read(&path(id)?, read).await
    }

    /// Changes a webhook.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: openapi: resources/webhooks/webhook.
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
    /// `Rejected` if there is none with this id. Source: openapi: resources/webhooks/webhook.
    pub async fn delete_webhook(&self, id: &str) -> Result<Webhook, Error> {
        self.run(Method::DELETE, &path(id)?, Bytes::new(), read).await
    }

    /// Makes Conekta send a ping to a webhook.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: openapi: resources/webhooks/webhook_test.
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
