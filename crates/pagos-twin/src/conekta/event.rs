//! Events: everything that happened, and what came of telling it.
//! Not how one is shown, and not who is told; see `events` and `notify`.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{identifier, transfer::Status};
use crate::{
    book::{Book, Entry},
    fault::Faults,
    twin::Ack,
};

/// One thing that happened.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) id: Arc<str>,
    pub(super) about: About,
    pub(super) at: Timestamp,
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

/// Notes that something happened.
pub(super) fn note(
    events: &mut Book<Event>,
    about: About,
    at: Timestamp,
    faults: &Faults,
) -> Option<u32> {
    let id = identifier::object_id(at, faults.chance("event", about.kind(), events.count()));
    events.add(Event { id, about, at, logs: Vec::new() })
}

/// What came of telling one event to one webhook. Source: manual; a capture of 2025 for the values
/// before the first sending.
#[derive(Debug, Clone, Copy)]
pub(super) struct Log {
    pub(super) webhook: u32,
    pub(super) failed_attempts: u32,
    pub(super) last_status: i32,
    pub(super) last_at: Option<Timestamp>,
    pub(super) is_heard: bool,
}

impl Log {
    /// Before the first sending.
    pub(super) const fn new(webhook: u32) -> Self {
        let last_status = NEVER_SENT;
        Self { webhook, failed_attempts: 0, last_status, last_at: None, is_heard: false }
    }

    /// Takes in how a sending was answered.
    pub(super) fn take_in(&mut self, ack: Ack, at: Timestamp) {
        self.last_status = match ack {
            Ack::Status(status) => i32::from(status),
            Ack::NoAnswer => NEVER_SENT,
        };
        self.last_at = Some(at);
        self.is_heard |= is_heard(ack);
        self.failed_attempts = self.failed_attempts.saturating_add(u32::from(!is_heard(ack)));
    }
}

/// Any 2xx counts as heard. Source: a survey that cites `docs: códigos-de-error-http`.
pub(super) const fn is_heard(ack: Ack) -> bool {
    matches!(ack, Ack::Status(200..=299))
}

/// What stands for a status before there is one. Source: a capture of 2025.
const NEVER_SENT: i32 = -1;
