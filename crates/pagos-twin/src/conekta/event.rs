//! Events: everything that happened, as lists and webhooks tell it.
//! Not who is told, and when; see `notice`.

use std::sync::Arc;

use bytes::Bytes;
use pagos_core::Timestamp;

use super::{
    ConektaTwin,
    access::{Language, Version},
    identifier,
    listing::Question,
    notice::Log,
    payee::{fields, invalid},
    refusal::Refusal,
    settings::AnswerShape,
    transfer::{Status, Transfer},
    wire::{self, EventData, EventObject, EventShown, LogShown, Previous, TransferShown},
};
use crate::{book::Entry, telling::Signature, twin::Reply};

/// One thing that happened.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: Arc<str>,
    pub(super) about: About,
    at: Timestamp,
    /// One for each webhook that it is sent to.
    pub(super) logs: Vec<Log>,
}

/// What happened, and to whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    Transfer { index: u32, status: Status, before: Option<Status> },
    Payee { index: u32, kind: &'static str },
    Webhook { place: u32, kind: &'static str },
    Ping,
}

impl About {
    /// Source: `mock: GET /webhooks`. That `webhook.ping` of the texts is `webhook_ping` on the
    /// wire: `openapi: schemas/event_types`.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Transfer { status, .. } => status.event(),
            Self::Payee { kind, .. } | Self::Webhook { kind, .. } => kind,
            Self::Ping => "webhook_ping",
        }
    }
}

impl Entry for Event {
    fn reference(&self) -> &Arc<str> {
        &self.id
    }

    fn key(&self) -> &Arc<str> {
        &self.id
    }
}

impl ConektaTwin {
    /// Notes that something happened, and tells everybody who wants to hear of it.
    pub(super) fn tell(&mut self, about: About) {
        let at = self.now;
        if let Some(event) = self.note(about, at) {
            self.post(event, at, Signature::Right);
        }
    }

    /// Notes that something happened.
    pub(super) fn note(&mut self, about: About, at: Timestamp) -> Option<u32> {
        let chance = self.faults.chance("event", about.kind(), self.events.count());
        let id = identifier::object_id(at, chance);
        self.events.add(Event { id, about, at, logs: Vec::new() })
    }

    /// `GET /events`. Source: `openapi: resources/events/events`.
    pub(super) fn list_events(
        &mut self,
        request: &http::Request<Bytes>,
        language: Language,
    ) -> Result<Reply, Refusal> {
        let question = Question::of(request)?;
        let address = self.address(request);
        self.ask_of_route("events", language, |twin| {
            question.list(&twin.events, |_| true, |it| twin.event_shown(it), &address)
        })
    }

    /// `GET /events/{id}`. Source: `openapi: resources/events/event`.
    pub(super) fn show_event(&mut self, id: &str, language: Language) -> Result<Reply, Refusal> {
        self.ask_of_route("event", language, |twin| {
            let event = twin.events.by_reference(id).and_then(|index| twin.events.get(index));
            let shown = event.and_then(|it| twin.event_shown(it));
            Ok(wire::answer(&shown.ok_or_else(Refusal::not_found)?))
        })
    }

    /// `POST /events/{id}/resend`. Source: `openapi: resources/events/events_resend`.
    pub(super) fn resend_event(
        &mut self,
        id: &str,
        request: &http::Request<Bytes>,
    ) -> Result<Reply, Refusal> {
        let index = self.events.by_reference(id).ok_or_else(Refusal::not_found)?;
        let fields = fields(request)?;
        let wanted = fields.value("webhooks_ids").and_then(serde_json::Value::as_array);
        let mut places = Vec::new();
        for id in wanted.into_iter().flatten() {
            let place = id.as_str().and_then(|id| self.webhook_place(id));
            places.push(place.ok_or_else(|| invalid("webhooks_ids"))?);
        }
        let first = *places.first().ok_or_else(|| invalid("webhooks_ids"))?;
        let now = self.now;
        for place in places {
            self.post_to(index, place, now, Signature::Right);
        }
        let event = self.events.get(index).ok_or_else(Refusal::not_found)?;
        let log = event.logs.iter().find(|it| it.webhook == first);
        let log = log.and_then(|log| self.log_shown(event, log));
        Ok(wire::answer(&log.ok_or_else(Refusal::not_found)?))
    }

    /// What a webhook says: the event, or what the manual's other form has.
    pub(super) fn body(&self, event: &Event) -> Option<Vec<u8>> {
        if self.settings.switches.bare_webhooks
            && let About::Transfer { index, status, .. } = event.about
        {
            let transfer = self.transfers.get(index)?;
            return serde_json::to_vec(&self.transfer_told(transfer, status)).ok();
        }
        serde_json::to_vec(&self.event_shown(event)?).ok()
    }

    fn event_shown<'a>(&'a self, event: &'a Event) -> Option<EventShown<'a>> {
        let switches = &self.settings.switches;
        let mut id = &event.id;
        let object =
            |object| EventData::Object { object: Box::new(object), previous_attributes: None };
        let data = match event.about {
            About::Transfer { index, status, before } => {
                let transfer = self.transfers.get(index)?;
                if switches.event_id_of_transfer {
                    id = &transfer.id;
                }
                let told = self.transfer_told(transfer, status);
                let previous_attributes = before.map(|it| Previous { status: it.word() });
                let object = Box::new(EventObject::Transfer(told));
                EventData::Object { object, previous_attributes }
            }
            About::Payee { index, .. } => {
                object(EventObject::Payee(self.payees.get(index)?.shown()))
            }
            About::Webhook { place, .. } => {
                object(EventObject::Webhook(self.webhook_at(place)?.shown(Version::V2_3)))
            }
            About::Ping => EventData::Ping { livemode: false, action: "ping" },
        };
        let is_heard = !event.logs.is_empty() && event.logs.iter().all(|log| log.is_heard);
        Some(EventShown {
            data,
            livemode: false,
            webhook_status: if is_heard { "successful" } else { "pending" },
            webhook_logs: event.logs.iter().filter_map(|it| self.log_shown(event, it)).collect(),
            id,
            object: "event",
            kind: event.about.kind(),
            created_at: self.cut(wire::seconds(event.at), 100),
        })
    }

    fn transfer_told<'a>(&self, transfer: &'a Transfer, status: Status) -> TransferShown<'a> {
        let switches = &self.settings.switches;
        let status = match status {
            Status::PaidOut if switches.stale_paid_out => Status::InTransit,
            status => status,
        };
        let told = transfer.told(status, AnswerShape::Manual);
        TransferShown { livemode: switches.mixed_livemode, ..told }
    }

    fn log_shown(&self, event: &Event, log: &Log) -> Option<LogShown<'_>> {
        let webhook = self.webhook_at(log.webhook)?;
        let chance = self.faults.chance("webhook_log", &event.id, log.webhook);
        Some(LogShown {
            id: identifier::prefixed("webhl_", chance).to_string(),
            url: &webhook.url,
            failed_attempts: log.failed_attempts,
            last_http_response_status: log.last_status,
            response_data: None,
            object: "webhook_log",
            last_attempted_at: log.last_at.map_or(0, |at| self.cut(wire::seconds(at), 10_000)),
        })
    }

    /// A time that loses digits at its end, if that is switched on.
    const fn cut(&self, seconds: i64, by: i64) -> i64 {
        if self.settings.switches.truncated_times { seconds / by } else { seconds }
    }
}
