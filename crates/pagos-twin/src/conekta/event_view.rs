//! How events are shown, in lists and answers as in webhooks.
//! Not who is told, and when; see `notify`.

use super::{
    Conekta, ConektaTwin,
    access::Version,
    event::{About, Event, Log},
    identifier,
    settings::{AnswerShape, Switches},
    transfer::{Status, Transfer},
    wire::{self, EventData, EventObject, EventShown, LogShown, Previous, TransferShown},
};
use crate::fault::Faults;

/// Everything that events are shown from.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    own: &'a Conekta,
    switches: &'a Switches,
    faults: &'a Faults,
}

impl<'a> View<'a> {
    pub(super) fn of(twin: &'a ConektaTwin) -> Self {
        Self { own: &twin.own, switches: &twin.settings.switches, faults: &twin.faults }
    }

    /// What a webhook says: the event, or what the manual's other form has.
    pub(super) fn body(self, event: &'a Event) -> Option<Vec<u8>> {
        if self.switches.bare_webhooks
            && let About::Transfer { index, status, .. } = event.about
        {
            let transfer = self.own.transfers.get(index)?;
            return serde_json::to_vec(&self.transfer(transfer, status)).ok();
        }
        serde_json::to_vec(&self.event(event)?).ok()
    }

    pub(super) fn event(self, event: &'a Event) -> Option<EventShown<'a>> {
        let switches = self.switches;
        let mut id = &event.id;
        let object =
            |object| EventData::Object { object: Box::new(object), previous_attributes: None };
        let data = match event.about {
            About::Transfer { index, status, before } => {
                let transfer = self.own.transfers.get(index)?;
                if switches.event_id_of_transfer {
                    id = &transfer.id;
                }
                let told = self.transfer(transfer, status);
                let previous_attributes = before.map(|it| Previous { status: it.word() });
                let object = Box::new(EventObject::Transfer(told));
                EventData::Object { object, previous_attributes }
            }
            About::Payee { index, .. } => {
                object(EventObject::Payee(self.own.payees.book.get(index)?.shown()))
            }
            About::Webhook { place, .. } => {
                object(EventObject::Webhook(self.own.webhooks.at(place)?.shown(Version::V2_3)))
            }
            About::Ping => EventData::Ping { livemode: false, action: "ping" },
        };
        let is_heard = !event.logs.is_empty() && event.logs.iter().all(|log| log.is_heard);
        Some(EventShown {
            data,
            livemode: false,
            webhook_status: if is_heard { "successful" } else { "pending" },
            webhook_logs: event.logs.iter().filter_map(|it| self.log(event, it)).collect(),
            id,
            object: "event",
            kind: event.about.kind(),
            created_at: self.cut(wire::seconds(event.at), 100),
        })
    }

    fn transfer(self, transfer: &'a Transfer, status: Status) -> TransferShown<'a> {
        let switches = self.switches;
        let status = match status {
            Status::PaidOut if switches.stale_paid_out => Status::InTransit,
            status => status,
        };
        let told = transfer.told(status, AnswerShape::Manual);
        TransferShown { livemode: switches.mixed_livemode, ..told }
    }

    pub(super) fn log(self, event: &Event, log: &Log) -> Option<LogShown<'a>> {
        let webhook = self.own.webhooks.at(log.webhook)?;
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
    const fn cut(self, seconds: i64, by: i64) -> i64 {
        if self.switches.truncated_times { seconds / by } else { seconds }
    }
}
