//! The keys that webhooks are signed with. The private half never leaves Conekta. `src/sign.rs`
//! verifies signatures.

use bytes::Bytes;
use http::Method;
use serde_json::value::RawValue;

use pagos_core::{Error, Timestamp};
use pagos_wire::to_json;

use crate::{
    Conekta,
    manage::{Listed, flag, object, segment},
    payout::transfer::moment,
    status::text,
    wire::manage::KeyRequest,
};

/// Source: openapi: resources/webhook_keys.
const PATH_KEYS: &str = "/webhook_keys";

/// A webhook key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct WebhookKey {
    /// Conekta's id.
    pub id: String,
    /// The public half in PEM, for `WEBHOOK_KEYS`. Store it when the key is made: later answers
    /// were seen without it. Source: mock: GET /webhook_keys.
    pub public_key: Option<String>,
    /// Whether it signs.
    pub is_active: Option<bool>,
    /// When it was made.
    pub created_at: Option<Timestamp>,
    /// When it was switched off.
    pub deactivated_at: Option<Timestamp>,
    /// Whether this call deleted it.
    pub is_deleted: bool,
}

/// Whether a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyState {
    /// It signs.
    Active,
    /// It does not.
    Inactive,
}

impl Conekta {
    /// Makes an active key. Store its public half.
    ///
    /// # Errors
    /// The same as for every call of this module. Source: docs: autenticación-webhooks.
    pub async fn create_webhook_key(&self) -> Result<WebhookKey, Error> {
        let body = to_json(&KeyRequest { active: true })?;
        self.run(Method::POST, PATH_KEYS, body, read).await
    }

    /// Keys, from `cursor` on.
    ///
    /// # Errors
    /// The same as for every call of this module. Source: openapi: resources/webhook_keys.
    pub async fn webhook_keys(&self, cursor: Option<&str>) -> Result<Listed<WebhookKey>, Error> {
        self.list(PATH_KEYS, "", cursor, read).await
    }

    /// One key.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: openapi: resources/webhook_keys.
    pub async fn webhook_key(&self, id: &str) -> Result<WebhookKey, Error> {
        self.read(&path(id)?, read).await
    }

    /// Switches a key on or off. It is not published which of several active keys signs, so keep
    /// the public half of each in the configuration during a change.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: openapi: resources/webhook_keys.
    pub async fn update_webhook_key(&self, id: &str, state: KeyState) -> Result<WebhookKey, Error> {
        let body = to_json(&KeyRequest { active: state == KeyState::Active })?;
        self.run(Method::PUT, &path(id)?, body, read).await
    }

    /// Deletes a key.
    ///
    /// # Errors
    /// `Rejected` if there is none with this id. Source: openapi: resources/webhook_keys.
    pub async fn delete_webhook_key(&self, id: &str) -> Result<WebhookKey, Error> {
        self.run(Method::DELETE, &path(id)?, Bytes::new(), read).await
    }
}

fn path(id: &str) -> Result<String, Error> {
    Ok(format!("{PATH_KEYS}/{}", segment("webhook_key", id)?))
}

fn read(json: &RawValue) -> Result<WebhookKey, &'static str> {
    let (id, answer) = object(json)?;
    Ok(WebhookKey {
        id,
        public_key: text(answer.public_key),
        is_active: flag(answer.active),
        created_at: moment(answer.created_at),
        deactivated_at: moment(answer.deactivated_at),
        is_deleted: flag(answer.deleted) == Some(true),
    })
}
