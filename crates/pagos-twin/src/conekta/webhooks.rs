//! Calls below `/webhooks`, and the subscription that the settings want.
//! Not what a subscription is; see `webhook`.

use serde_json::Value;

use super::{
    ConektaTwin,
    access::Version,
    event::{self, About},
    listing::{Address, Query},
    notify,
    refusal::Refusal,
    request::{self, fields, invalid},
    settings::Switches,
    webhook::{Webhook, Webhooks},
    wire,
};
use crate::{
    fields::{Fields, Flaw},
    notification::Signature,
    twin::{Reply, Request},
    web,
};

/// `POST /webhooks`. Source: `openapi: schemas/webhooks/webhook_request`. The words of refusals
/// are `[sim]`.
pub(super) fn create(
    twin: &mut ConektaTwin,
    request: &Request,
    version: Version,
) -> Result<Reply, Refusal> {
    let fields = fields(request)?;
    let url = read_url(&fields, &twin.settings.switches)?.ok_or_else(|| Flaw::missing("url"))?;
    let events = read_events(&fields)?;
    if !twin.own.webhooks.has_room() {
        let debug = "Only ten webhooks are allowed.";
        return Err(Refusal::invalid("url", "limit", debug, "Se permiten diez webhooks."));
    }
    let place = add(twin, url, events).ok_or_else(Refusal::runtime_error)?;
    answer(&twin.own.webhooks, place, version)
}

/// `GET /webhooks`. Source: `openapi: resources/webhooks/webhooks`.
pub(super) fn list(
    twin: &ConektaTwin,
    request: &Request,
    version: Version,
) -> Result<Reply, Refusal> {
    let query = Query::of(request)?;
    let webhooks = &twin.own.webhooks;
    let url = web::parameter(request, "url");
    let is_meant = |it: &Webhook| url.as_ref().is_none_or(|url| *url == it.url);
    let page = query.page(
        webhooks.count(),
        |id| webhooks.place_of(id),
        |place| webhooks.at(place).is_some_and(is_meant),
    )?;
    let listed = page.places.iter().filter_map(|place| webhooks.at(*place));
    let rows = listed.map(|it| (it.id.to_string(), it.shown(version))).collect();
    let address = Address::of(request, &twin.settings.switches);
    let address = url.iter().fold(address, |address, url| address.filtered("url", url));
    Ok(query.answer(&page, rows, &address))
}

/// `GET /webhooks/{id}`. Source: `openapi: resources/webhooks`.
pub(super) fn show(webhooks: &Webhooks, id: &str, version: Version) -> Result<Reply, Refusal> {
    answer(webhooks, webhooks.place_of(id).ok_or_else(Refusal::not_found)?, version)
}

/// `PUT /webhooks/{id}`. Source: `openapi: resources/webhooks`. A list of events replaces the
/// one before. `[sim]`
pub(super) fn update(
    twin: &mut ConektaTwin,
    id: &str,
    request: &Request,
    version: Version,
) -> Result<Reply, Refusal> {
    let place = twin.own.webhooks.place_of(id).ok_or_else(Refusal::not_found)?;
    let fields = fields(request)?;
    let (url, events) = (read_url(&fields, &twin.settings.switches)?, read_events(&fields)?);
    let active = request::active(&fields)?;
    let webhook = twin.own.webhooks.at_mut(place).ok_or_else(Refusal::not_found)?;
    webhook.url = url.unwrap_or_else(|| webhook.url.clone());
    webhook.is_active = active.unwrap_or(webhook.is_active);
    if let Some(events) = events {
        webhook.subscribed_events = events;
    }
    notify::tell(twin, About::Webhook { place, kind: "webhook.updated" });
    answer(&twin.own.webhooks, place, version)
}

/// `DELETE /webhooks/{id}`. Source: `mock: DELETE /webhooks/:id`.
pub(super) fn delete(twin: &mut ConektaTwin, id: &str, version: Version) -> Result<Reply, Refusal> {
    let place = twin.own.webhooks.place_of(id).ok_or_else(Refusal::not_found)?;
    let webhook = twin.own.webhooks.at_mut(place).ok_or_else(Refusal::not_found)?;
    (webhook.is_deleted, webhook.is_active) = (true, false);
    let reply = wire::answer(&webhook.shown(version));
    notify::tell(twin, About::Webhook { place, kind: "webhook.deleted" });
    Ok(reply)
}

/// `POST /webhooks/{id}/test`. Source: `openapi: resources/webhooks`.
pub(super) fn test(twin: &mut ConektaTwin, id: &str, version: Version) -> Result<Reply, Refusal> {
    let place = twin.own.webhooks.place_of(id).ok_or_else(Refusal::not_found)?;
    ping(twin, place);
    answer(&twin.own.webhooks, place, version)
}

/// Makes, moves or ends the subscription that the settings want.
pub(super) fn subscribe_by_hand(twin: &mut ConektaTwin) {
    let wanted = twin.settings.switches.webhook_url.as_ref();
    if let Some(url) = twin.own.webhooks.change_by_hand(wanted) {
        let place = add(twin, url, None);
        twin.own.webhooks.made_by_hand(place);
    }
}

/// A ping comes first, then the event about the webhook itself. Source: a capture of 2025.
fn add(twin: &mut ConektaTwin, url: String, events: Option<Vec<String>>) -> Option<u32> {
    let place = twin.own.webhooks.add(url, events, twin.now, &twin.faults)?;
    ping(twin, place);
    notify::tell(twin, About::Webhook { place, kind: "webhook.created" });
    Some(place)
}

fn ping(twin: &mut ConektaTwin, place: u32) {
    let now = twin.now;
    if let Some(event) = event::note(&mut twin.own.events, About::Ping, now, &twin.faults) {
        notify::post_to(twin, event, place, now, Signature::Right);
    }
}

fn answer(webhooks: &Webhooks, place: u32, version: Version) -> Result<Reply, Refusal> {
    let webhook = webhooks.at(place).ok_or_else(Refusal::not_found)?;
    Ok(wire::answer(&webhook.shown(version)))
}

fn read_url(fields: &Fields, switches: &Switches) -> Result<Option<String>, Refusal> {
    let url = fields.url("url")?;
    let is_local = |url: &&str| LOCAL.iter().any(|it| url.contains(it));
    if url.as_ref().is_some_and(is_local) && !switches.local_webhooks {
        return Err(invalid("url"));
    }
    Ok(url.map(str::to_owned))
}

fn read_events(fields: &Fields) -> Result<Option<Vec<String>>, Refusal> {
    let Some(value) = fields.value("subscribed_events") else {
        return Ok(None);
    };
    let text = |it: &Value| it.as_str().map(str::to_owned);
    let events = value.as_array().and_then(|list| list.iter().map(text).collect());
    Ok(Some(events.ok_or_else(|| invalid("subscribed_events"))?))
}

/// Source: `openapi: schemas/webhooks/webhook_request`.
const LOCAL: [&str; 2] = ["localhost", "127.0.0.1"];
