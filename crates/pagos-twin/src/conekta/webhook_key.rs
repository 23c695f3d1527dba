//! The keys of webhooks: made, told once, put out of use.
//! Not the signing; see `sign`.

use std::sync::Arc;

use bytes::Bytes;
use pagos_core::Timestamp;

use super::{
    ConektaTwin, identifier,
    listing::Question,
    payee::{fields, invalid},
    refusal::Refusal,
    sign,
    wire::{self, WebhookKeyShown},
};
use crate::{random::SplitMix64, twin::Reply};

/// One key.
#[derive(Debug)]
pub(super) struct WebhookKey {
    id: Arc<str>,
    /// Which pair it is. There are two, and they come round. `[sim]`
    pair: u32,
    created_at: Timestamp,
    deactivated_at: Option<Timestamp>,
    is_active: bool,
    is_deleted: bool,
}

impl WebhookKey {
    pub(super) fn new(nth: u32, at: Timestamp) -> Self {
        Self {
            id: identifier::object_id(at, SplitMix64::for_occasion(0, "webhook_key", "", nth)),
            pair: nth,
            created_at: at,
            deactivated_at: None,
            is_active: true,
            is_deleted: false,
        }
    }

    fn shown(&self, public_key: Option<String>) -> WebhookKeyShown<'_> {
        WebhookKeyShown {
            active: self.is_active,
            livemode: false,
            created_at: wire::seconds(self.created_at),
            deactivated_at: self.deactivated_at.map(wire::seconds),
            id: &self.id,
            object: "webhook_key",
            public_key,
            deleted: self.is_deleted.then_some(true),
        }
    }

    fn activate(&mut self, is_active: bool, now: Timestamp) {
        self.deactivated_at = match (is_active, self.is_active) {
            (true, _) => None,
            (false, true) => Some(now),
            (false, false) => self.deactivated_at,
        };
        self.is_active = is_active;
    }
}

impl ConektaTwin {
    /// The key that signs: the newest that is active. Which of several it is, is unknown. `[sim]`
    pub(super) fn signing_pair(&self) -> Option<u32> {
        self.webhook_keys.iter().rev().find(|it| it.is_active).map(|it| it.pair)
    }

    /// The public halves of everything that may sign, one text behind the other.
    pub(super) fn public_keys(&self) -> String {
        let active = self.webhook_keys.iter().filter(|it| it.is_active);
        active.map(|it| sign::public_pem(it.pair)).collect()
    }

    /// `POST /webhook_keys`. Source: `docs: autenticación-webhooks`.
    pub(super) fn create_webhook_key(
        &mut self,
        request: &http::Request<Bytes>,
    ) -> Result<Reply, Refusal> {
        let is_active = read_active(request)?.unwrap_or(true);
        let nth = u32::try_from(self.webhook_keys.len()).unwrap_or(u32::MAX);
        let mut key = WebhookKey::new(nth, self.now);
        key.activate(is_active, self.now);
        let reply = wire::answer(&key.shown(Some(sign::public_pem(key.pair))));
        self.webhook_keys.push(key);
        Ok(reply)
    }

    /// `GET /webhook_keys`. Source: `openapi: schemas/webhook-keys`.
    pub(super) fn list_webhook_keys(
        &self,
        request: &http::Request<Bytes>,
    ) -> Result<Reply, Refusal> {
        let question = Question::of(request)?;
        let at = |place: u32| self.webhook_keys.get(usize::try_from(place).ok()?);
        let page = question.page(
            u32::try_from(self.webhook_keys.len()).unwrap_or(u32::MAX),
            |id| u32::try_from(self.webhook_key_place(id)?).ok(),
            |place| at(place).is_some_and(|it| !it.is_deleted),
        )?;
        let listed = page.places.iter().filter_map(|place| at(*place));
        let rows = listed.map(|it| (it.id.to_string(), self.key_shown(it))).collect();
        Ok(question.answer(&page, rows, &self.address(request)))
    }

    /// `GET /webhook_keys/{id}`. Source: `openapi: schemas/webhook-keys`.
    pub(super) fn show_webhook_key(&self, id: &str) -> Result<Reply, Refusal> {
        let place = self.webhook_key_place(id).ok_or_else(Refusal::not_found)?;
        let key = self.webhook_keys.get(place).ok_or_else(Refusal::not_found)?;
        Ok(wire::answer(&self.key_shown(key)))
    }

    /// `PUT /webhook_keys/{id}`. Source: `openapi: resources/webhook_keys`.
    pub(super) fn update_webhook_key(
        &mut self,
        id: &str,
        request: &http::Request<Bytes>,
    ) -> Result<Reply, Refusal> {
        let is_active = read_active(request)?;
        self.change_webhook_key(id, |key, now| {
            key.activate(is_active.unwrap_or(key.is_active), now);
        })
    }

    /// `DELETE /webhook_keys/{id}`. Source: `openapi: resources/webhook_keys`.
    pub(super) fn delete_webhook_key(&mut self, id: &str) -> Result<Reply, Refusal> {
        self.change_webhook_key(id, |key, now| {
            key.activate(false, now);
            key.is_deleted = true;
        })
    }

    fn change_webhook_key(
        &mut self,
        id: &str,
        change: impl FnOnce(&mut WebhookKey, Timestamp),
    ) -> Result<Reply, Refusal> {
        let place = self.webhook_key_place(id).ok_or_else(Refusal::not_found)?;
        let now = self.now;
        if let Some(key) = self.webhook_keys.get_mut(place) {
            change(key, now);
        }
        let key = self.webhook_keys.get(place).ok_or_else(Refusal::not_found)?;
        Ok(wire::answer(&self.key_shown(key)))
    }

    fn key_shown<'a>(&self, key: &'a WebhookKey) -> WebhookKeyShown<'a> {
        let is_told = !self.settings.switches.public_keys_once;
        key.shown(is_told.then(|| sign::public_pem(key.pair)))
    }

    fn webhook_key_place(&self, id: &str) -> Option<usize> {
        self.webhook_keys.iter().position(|it| !it.is_deleted && &*it.id == id)
    }
}

fn read_active(request: &http::Request<Bytes>) -> Result<Option<bool>, Refusal> {
    let fields = fields(request)?;
    let Some(value) = fields.value("active") else {
        return Ok(None);
    };
    value.as_bool().map(Some).ok_or_else(|| invalid("active"))
}
