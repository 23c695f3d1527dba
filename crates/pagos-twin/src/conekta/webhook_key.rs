//! The keys of webhooks: made, told once, put out of use.
//! Not the signing; see `sign`.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{
    identifier,
    listing::{Address, Query},
    refusal::Refusal,
    request::{self, fields},
    settings::Switches,
    sign,
    wire::{self, WebhookKeyShown},
};
use crate::{
    random::SplitMix64,
    twin::{Reply, Request},
};

/// One key.
#[derive(Debug)]
struct WebhookKey {
    id: Arc<str>,
    /// Which pair it is. There are two, and they come round. `[sim]`
    pair: u32,
    created_at: Timestamp,
    deactivated_at: Option<Timestamp>,
    is_active: bool,
    is_deleted: bool,
}

impl WebhookKey {
    fn new(nth: u32, at: Timestamp) -> Self {
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

    fn told(&self, switches: &Switches) -> WebhookKeyShown<'_> {
        let is_told = !switches.public_keys_once;
        self.shown(is_told.then(|| sign::public_pem(self.pair)))
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

/// All keys. There is one at the start.
#[derive(Debug)]
pub(super) struct WebhookKeys(Vec<WebhookKey>);

impl Default for WebhookKeys {
    fn default() -> Self {
        Self(vec![WebhookKey::new(0, Timestamp::from_millis(0))])
    }
}

impl WebhookKeys {
    /// The key that signs: the newest that is active. Which of several it is, is unknown. `[sim]`
    pub(super) fn signing_pair(&self) -> Option<u32> {
        self.0.iter().rev().find(|it| it.is_active).map(|it| it.pair)
    }

    /// The public halves of everything that may sign, one text behind the other.
    pub(super) fn public_keys(&self) -> String {
        let active = self.0.iter().filter(|it| it.is_active);
        active.map(|it| sign::public_pem(it.pair)).collect()
    }

    /// `POST /webhook_keys`. Source: `docs: autenticación-webhooks`.
    pub(super) fn create(&mut self, request: &Request, now: Timestamp) -> Result<Reply, Refusal> {
        let is_active = request::active(&fields(request)?)?.unwrap_or(true);
        let nth = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let mut key = WebhookKey::new(nth, now);
        key.activate(is_active, now);
        let reply = wire::answer(&key.shown(Some(sign::public_pem(key.pair))));
        self.0.push(key);
        Ok(reply)
    }

    /// `GET /webhook_keys`. Source: `openapi: schemas/webhook-keys`.
    pub(super) fn list(&self, request: &Request, switches: &Switches) -> Result<Reply, Refusal> {
        let query = Query::of(request)?;
        let at = |place: u32| self.0.get(usize::try_from(place).ok()?);
        let page = query.page(
            u32::try_from(self.0.len()).unwrap_or(u32::MAX),
            |id| u32::try_from(self.place_of(id)?).ok(),
            |place| at(place).is_some_and(|it| !it.is_deleted),
        )?;
        let listed = page.places.iter().filter_map(|place| at(*place));
        let rows = listed.map(|it| (it.id.to_string(), it.told(switches))).collect();
        Ok(query.answer(&page, rows, &Address::of(request, switches)))
    }

    /// `GET /webhook_keys/{id}`. Source: `openapi: schemas/webhook-keys`.
    pub(super) fn show(&self, id: &str, switches: &Switches) -> Result<Reply, Refusal> {
        let key = self.place_of(id).and_then(|place| self.0.get(place));
        Ok(wire::answer(&key.ok_or_else(Refusal::not_found)?.told(switches)))
    }

    /// `PUT /webhook_keys/{id}`. Source: `openapi: resources/webhook_keys`.
    pub(super) fn update(
        &mut self,
        id: &str,
        request: &Request,
        switches: &Switches,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        let is_active = request::active(&fields(request)?)?;
        let key = self.named_mut(id)?;
        key.activate(is_active.unwrap_or(key.is_active), now);
        Ok(wire::answer(&key.told(switches)))
    }

    /// `DELETE /webhook_keys/{id}`. Source: `openapi: resources/webhook_keys`.
    pub(super) fn delete(
        &mut self,
        id: &str,
        switches: &Switches,
        now: Timestamp,
    ) -> Result<Reply, Refusal> {
        let key = self.named_mut(id)?;
        key.activate(false, now);
        key.is_deleted = true;
        Ok(wire::answer(&key.told(switches)))
    }

    fn named_mut(&mut self, id: &str) -> Result<&mut WebhookKey, Refusal> {
        let place = self.place_of(id);
        place.and_then(|place| self.0.get_mut(place)).ok_or_else(Refusal::not_found)
    }

    fn place_of(&self, id: &str) -> Option<usize> {
        self.0.iter().position(|it| !it.is_deleted && &*it.id == id)
    }
}
