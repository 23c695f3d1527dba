//! Calls below `/events`: lists, single events, and telling one again.
//! Not how an event is shown; see `event_view`.

use super::{
    ConektaTwin,
    event_view::View,
    listing::{Address, Query},
    notify,
    refusal::{Language, Refusal},
    request::{ask_of_route, fields, invalid},
    wire,
};
use crate::{
    notification::Signature,
    twin::{Reply, Request},
};

/// `GET /events`. Source: `openapi: resources/events/events`.
pub(super) fn list(
    twin: &mut ConektaTwin,
    request: &Request,
    language: Language,
) -> Result<Reply, Refusal> {
    let query = Query::of(request)?;
    let address = Address::of(request, &twin.settings.switches);
    ask_of_route(twin, "events", language, |twin| {
        query.list(&twin.own.events, |_| true, |it| View::of(twin).event(it), &address)
    })
}

/// `GET /events/{id}`. Source: `openapi: resources/events/event`.
pub(super) fn show(twin: &mut ConektaTwin, id: &str, language: Language) -> Result<Reply, Refusal> {
    ask_of_route(twin, "event", language, |twin| {
        let event = twin.own.events.by_reference(id).and_then(|index| twin.own.events.get(index));
        let shown = event.and_then(|it| View::of(twin).event(it));
        Ok(wire::answer(&shown.ok_or_else(Refusal::not_found)?))
    })
}

/// `POST /events/{id}/resend`. Source: `openapi: resources/events/events_resend`.
pub(super) fn resend(
    twin: &mut ConektaTwin,
    id: &str,
    request: &Request,
) -> Result<Reply, Refusal> {
    let index = twin.own.events.by_reference(id).ok_or_else(Refusal::not_found)?;
    let fields = fields(request)?;
    let wanted = fields.value("webhooks_ids").and_then(serde_json::Value::as_array);
    let mut places = Vec::new();
    for id in wanted.into_iter().flatten() {
        let place = id.as_str().and_then(|id| twin.own.webhooks.place_of(id));
        places.push(place.ok_or_else(|| invalid("webhooks_ids"))?);
    }
    let first = *places.first().ok_or_else(|| invalid("webhooks_ids"))?;
    let now = twin.now;
    for place in places {
        notify::post_to(twin, index, place, now, Signature::Right);
    }
    let event = twin.own.events.get(index).ok_or_else(Refusal::not_found)?;
    let log = event.logs.iter().find(|it| it.webhook == first);
    let log = log.and_then(|log| View::of(twin).log(event, log));
    Ok(wire::answer(&log.ok_or_else(Refusal::not_found)?))
}
