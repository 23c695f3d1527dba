//! Subscriptions: who is told of what.
//! Not the telling; see `notice`.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::Value;

use super::{
    ConektaTwin,
    access::Version,
    event::About,
    identifier,
    listing::Question,
    payee::{fields, invalid},
    refusal::Refusal,
    wire::{self, WebhookRest, WebhookShown},
};
use crate::{
    fields::{Fields, Flaw},
    telling::Signature,
    twin::Reply,
    web,
};

/// One subscription.
#[derive(Debug)]
pub(super) struct Webhook {
    id: Arc<str>,
    pub(super) url: String,
    status: &'static str,
    subscribed_events: Vec<String>,
    pub(super) is_active: bool,
    is_deleted: bool,
}

/// The subscription that was made without a call.
#[derive(Debug, Default)]
pub(super) struct ByHand {
    url: Option<String>,
    place: Option<u32>,
}

impl Webhook {
    fn hears(&self, kind: &str) -> bool {
        self.is_active && self.subscribed_events.iter().any(|it| it == kind)
    }

    pub(super) fn shown(&self, version: Version) -> WebhookShown<'_> {
        let rest = if version >= Version::V2_2 {
            WebhookRest::New { description: None, livemode: false, active: self.is_active }
        } else {
            WebhookRest::Old {
                synchronous: false,
                production_enabled: false,
                development_enabled: self.is_active,
            }
        };
        WebhookShown {
            id: &self.id,
            object: "webhook",
            url: &self.url,
            status: self.status,
            subscribed_events: &self.subscribed_events,
            rest,
            deleted: self.is_deleted.then_some(true),
        }
    }
}

impl ConektaTwin {
    /// `POST /webhooks`. Source: `openapi: schemas/webhooks/webhook_request`. The words of refusals
    /// are `[sim]`.
    pub(super) fn create_webhook(
        &mut self,
        request: &http::Request<Bytes>,
        version: Version,
    ) -> Result<Reply, Refusal> {
        let fields = fields(request)?;
        let url = self.read_url(&fields)?.ok_or_else(|| Flaw::missing("url"))?;
        let events = read_events(&fields)?;
        if self.webhooks.iter().filter(|it| !it.is_deleted).count() >= WEBHOOKS_MAX {
            let debug = "Only ten webhooks are allowed.";
            return Err(Refusal::invalid("url", "limit", debug, "Se permiten diez webhooks."));
        }
        let place = self.add_webhook(url, events).ok_or_else(Refusal::runtime_error)?;
        self.answer_webhook(place, version)
    }

    /// `GET /webhooks`. Source: `openapi: resources/webhooks/webhooks`.
    pub(super) fn list_webhooks(
        &self,
        request: &http::Request<Bytes>,
        version: Version,
    ) -> Result<Reply, Refusal> {
        let question = Question::of(request)?;
        let url = web::parameter(request, "url");
        let is_meant = |it: &Webhook| url.as_ref().is_none_or(|url| *url == it.url);
        let page = question.page(
            u32::try_from(self.webhooks.len()).unwrap_or(u32::MAX),
            |id| self.webhook_place(id),
            |place| self.webhook_at(place).is_some_and(is_meant),
        )?;
        let listed = page.places.iter().filter_map(|place| self.webhook_at(*place));
        let rows = listed.map(|it| (it.id.to_string(), it.shown(version))).collect();
        let address = self.address(request);
        let address = url.iter().fold(address, |address, url| address.filtered("url", url));
        Ok(question.answer(&page, rows, &address))
    }

    /// `GET /webhooks/{id}`. Source: `openapi: resources/webhooks`.
    pub(super) fn show_webhook(&self, id: &str, version: Version) -> Result<Reply, Refusal> {
        self.answer_webhook(self.webhook_place(id).ok_or_else(Refusal::not_found)?, version)
    }

    /// `PUT /webhooks/{id}`. Source: `openapi: resources/webhooks`. A list of events replaces the
    /// one before. `[sim]`
    pub(super) fn update_webhook(
        &mut self,
        id: &str,
        request: &http::Request<Bytes>,
        version: Version,
    ) -> Result<Reply, Refusal> {
        let place = self.webhook_place(id).ok_or_else(Refusal::not_found)?;
        let fields = fields(request)?;
        let (url, events) = (self.read_url(&fields)?, read_events(&fields)?);
        let active = match fields.value("active") {
            None => None,
            Some(value) => Some(value.as_bool().ok_or_else(|| invalid("active"))?),
        };
        let webhook = self.webhook_mut(place).ok_or_else(Refusal::not_found)?;
        webhook.url = url.unwrap_or_else(|| webhook.url.clone());
        webhook.is_active = active.unwrap_or(webhook.is_active);
        if let Some(events) = events {
            webhook.subscribed_events = events;
        }
        self.tell(About::Webhook { place, kind: "webhook.updated" });
        self.answer_webhook(place, version)
    }

    /// `DELETE /webhooks/{id}`. Source: `mock: DELETE /webhooks/:id`.
    pub(super) fn delete_webhook(&mut self, id: &str, version: Version) -> Result<Reply, Refusal> {
        let place = self.webhook_place(id).ok_or_else(Refusal::not_found)?;
        let webhook = self.webhook_mut(place).ok_or_else(Refusal::not_found)?;
        (webhook.is_deleted, webhook.is_active) = (true, false);
        let reply = wire::answer(&webhook.shown(version));
        self.tell(About::Webhook { place, kind: "webhook.deleted" });
        Ok(reply)
    }

    /// `POST /webhooks/{id}/test`. Source: `openapi: resources/webhooks`.
    pub(super) fn test_webhook(&mut self, id: &str, version: Version) -> Result<Reply, Refusal> {
        let place = self.webhook_place(id).ok_or_else(Refusal::not_found)?;
        self.ping(place);
        self.answer_webhook(place, version)
    }

    /// Makes, moves or ends the subscription that the settings want.
    pub(super) fn subscribe_by_hand(&mut self) {
        let wanted = &self.settings.switches.webhook_url;
        if *wanted == self.by_hand.url {
            return;
        }
        self.by_hand.url.clone_from(wanted);
        let present = self.by_hand.place.take();
        let present = present.filter(|place| self.webhook_at(*place).is_some());
        self.by_hand.place = match (present, self.by_hand.url.clone()) {
            (Some(place), url) => {
                if let Some(webhook) = self.webhook_mut(place) {
                    webhook.is_deleted = url.is_none();
                    webhook.is_active &= url.is_some();
                    webhook.url = url.unwrap_or_default();
                }
                Some(place)
            }
            (None, Some(url)) => self.add_webhook(url, None),
            (None, None) => None,
        };
    }

    /// The webhook at this place, unless it was deleted.
    pub(super) fn webhook_at(&self, place: u32) -> Option<&Webhook> {
        self.webhooks.get(usize::try_from(place).ok()?).filter(|it| !it.is_deleted)
    }

    pub(super) fn webhook_place(&self, id: &str) -> Option<u32> {
        let place = self.webhooks.iter().position(|it| !it.is_deleted && &*it.id == id);
        u32::try_from(place?).ok()
    }

    pub(super) fn webhooks_for(&self, kind: &str) -> Vec<u32> {
        (0..).zip(&self.webhooks).filter(|(_, it)| it.hears(kind)).map(|(place, _)| place).collect()
    }

    pub(super) fn has_webhooks(&self) -> bool {
        self.webhooks.iter().any(|it| it.is_active)
    }

    /// What is known of a webhook after a sending.
    pub(super) fn judge_webhook(&mut self, place: u32, status: &'static str) {
        if let Some(webhook) = self.webhook_mut(place) {
            webhook.status = status;
        }
    }

    fn webhook_mut(&mut self, place: u32) -> Option<&mut Webhook> {
        self.webhooks.get_mut(usize::try_from(place).ok()?)
    }

    /// A ping comes first, then the event about the webhook itself. Source: a capture of 2025.
    fn add_webhook(&mut self, url: String, events: Option<Vec<String>>) -> Option<u32> {
        let place = u32::try_from(self.webhooks.len()).ok()?;
        let chance = self.faults.chance("webhook", "", place);
        let usual = || CATALOGUE.iter().map(|it| (*it).to_owned()).collect();
        self.webhooks.push(Webhook {
            id: identifier::object_id(self.now, chance),
            url,
            status: "being_pinged",
            subscribed_events: events.unwrap_or_else(usual),
            is_active: true,
            is_deleted: false,
        });
        self.ping(place);
        self.tell(About::Webhook { place, kind: "webhook.created" });
        Some(place)
    }

    fn ping(&mut self, place: u32) {
        let now = self.now;
        if let Some(event) = self.note(About::Ping, now) {
            self.post_to(event, place, now, Signature::Right);
        }
    }

    fn answer_webhook(&self, place: u32, version: Version) -> Result<Reply, Refusal> {
        let webhook = self.webhook_at(place).ok_or_else(Refusal::not_found)?;
        Ok(wire::answer(&webhook.shown(version)))
    }

    fn read_url(&self, fields: &Fields) -> Result<Option<String>, Refusal> {
        let url = fields.url("url")?;
        let is_local = |url: &&str| LOCAL.iter().any(|it| url.contains(it));
        if url.as_ref().is_some_and(is_local) && !self.settings.switches.local_webhooks {
            return Err(invalid("url"));
        }
        Ok(url.map(str::to_owned))
    }
}

fn read_events(fields: &Fields) -> Result<Option<Vec<String>>, Refusal> {
    let Some(value) = fields.value("subscribed_events") else {
        return Ok(None);
    };
    let text = |it: &Value| it.as_str().map(str::to_owned);
    let events = value.as_array().and_then(|list| list.iter().map(text).collect());
    Ok(Some(events.ok_or_else(|| invalid("subscribed_events"))?))
}

/// Source: `openapi: resources/webhooks/webhooks`.
const WEBHOOKS_MAX: usize = 10;

/// Source: `openapi: schemas/webhooks/webhook_request`.
const LOCAL: [&str; 2] = ["localhost", "127.0.0.1"];

/// What a webhook hears that names nothing: of the 67 events of `mock: POST /webhooks` those that
/// can happen here.
const CATALOGUE: [&str; 14] = [
    "payee.created",
    "payee.updated",
    "payee.deleted",
    "payee.payout_method.created",
    "payee.payout_method.updated",
    "payee.payout_method.deleted",
    "payout.created",
    "payout.in_transit",
    "payout.retrying",
    "payout.paid_out",
    "payout.failed",
    "webhook.created",
    "webhook.updated",
    "webhook.deleted",
];
