//! Who is told of an event, when, and again if he does not listen.
//! Not the sending; whoever runs the twin takes what is due and reports what came of it.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header::CONTENT_TYPE};
use pagos_core::Timestamp;

use super::{ConektaTwin, event::About, sign, transfer::Status};
use crate::{
    telling::{self, News, Signature},
    twin::{Ack, Outgoing},
};

/// A notice that waits to be sent or to be acknowledged.
#[derive(Debug, Clone, Copy)]
pub(super) struct Notice {
    event: u32,
    webhook: u32,
    /// How often it was sent before.
    retries: u32,
    signature: Signature,
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

impl ConektaTwin {
    /// Notes that a transfer entered its present status, and tells it.
    pub(super) fn tell_transfer(&mut self, index: u32, before: Option<Status>, at: Timestamp) {
        let Some(status) = self.transfers.get(index).map(|it| it.status) else {
            return;
        };
        let Some(event) = self.note(About::Transfer { index, status, before }, at) else {
            return;
        };
        let is_heard = self.has_webhooks();
        let Some(transfer) = self.transfers.get_mut(index) else {
            return;
        };
        let earlier = transfer.last_event.replace(event).unwrap_or(event);
        if !is_heard {
            return;
        }
        let nth = transfer.notices;
        transfer.notices = nth.saturating_add(1);
        let key = Arc::clone(&transfer.order.key);
        let news = News {
            key: &key,
            nth,
            notified: transfer.notified,
            is_final: status.is_final(),
            delay: self.settings.timing.webhook_delay,
        };
        for telling in telling::tellings(&mut self.faults, news) {
            let event = if telling.is_outdated { earlier } else { event };
            self.post(event, at.plus(telling.after), telling.signature);
        }
    }

    /// Queues notices of an event for every webhook that subscribed to it.
    pub(super) fn post(&mut self, event: u32, at: Timestamp, signature: Signature) {
        let Some(kind) = self.events.get(event).map(|it| it.about.kind()) else {
            return;
        };
        for webhook in self.webhooks_for(kind) {
            self.post_to(event, webhook, at, signature);
        }
    }

    /// Queues a notice of an event for one webhook.
    pub(super) fn post_to(
        &mut self,
        event: u32,
        webhook: u32,
        at: Timestamp,
        signature: Signature,
    ) {
        if let Some(event) = self.events.get_mut(event)
            && !event.logs.iter().any(|it| it.webhook == webhook)
        {
            event.logs.push(Log {
                webhook,
                failed_attempts: 0,
                last_status: NEVER_SENT,
                last_at: None,
                is_heard: false,
            });
        }
        self.outbox.add(at, Notice { event, webhook, retries: 0, signature });
    }

    /// Takes what has to be sent by now, and no more than that many.
    pub(super) fn take_notices(&mut self, count_max: usize) -> Vec<Outgoing> {
        let mut outbox = std::mem::take(&mut self.outbox);
        let taken = outbox.take(self.now, count_max, |number, it| self.outgoing(number, it));
        self.outbox = outbox;
        taken
    }

    /// Hears what came of a sending, and plans the next one if it failed. Any 2xx counts as heard.
    ///
    /// Source: a survey that cites `docs: códigos-de-error-http`.
    pub(super) fn hear(&mut self, number: u64, ack: Ack) {
        let Some(notice) = self.outbox.answered(number) else {
            return;
        };
        let (status, is_heard) = match ack {
            Ack::Status(status) => (i32::from(status), (200..=299).contains(&status)),
            Ack::NoAnswer => (NEVER_SENT, false),
        };
        let log = self
            .events
            .get_mut(notice.event)
            .and_then(|event| event.logs.iter_mut().find(|it| it.webhook == notice.webhook));
        if let Some(log) = log {
            log.last_status = status;
            log.last_at = Some(self.now);
            log.is_heard |= is_heard;
            log.failed_attempts = log.failed_attempts.saturating_add(u32::from(!is_heard));
        }
        if is_heard {
            return self.judge_webhook(notice.webhook, "listening");
        }
        let delays = &self.settings.switches.retry_delays_seconds;
        match telling::retry_delay(delays, notice.retries) {
            Some(wait) => {
                let retries = notice.retries + 1;
                self.outbox.add(self.now.plus(wait), Notice { retries, ..notice });
            }
            None => self.judge_webhook(notice.webhook, "intermittent_errors"),
        }
    }

    /// The bytes of one sending. A retry has others: it tells what came of the sendings before.
    fn outgoing(&self, number: u64, notice: &Notice) -> Option<Outgoing> {
        let webhook = self.webhook_at(notice.webhook).filter(|it| it.is_active)?;
        let body = self.body(self.events.get(notice.event)?)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(pair) = self.signing_pair() {
            let digest = match notice.signature.is_wrong(notice.retries) {
                false => sign::digest(pair, &body)?,
                true => sign::wrong_digest(pair, &body)?,
            };
            headers.insert(DIGEST, HeaderValue::from_str(&digest).ok()?);
        }
        Some(Outgoing { number, url: webhook.url.clone(), headers, body: Bytes::from(body) })
    }
}

/// Source: `docs: autenticación-webhooks`.
const DIGEST: HeaderName = HeaderName::from_static("digest");

/// What stands for a status before there is one. Source: a capture of 2025.
const NEVER_SENT: i32 = -1;
