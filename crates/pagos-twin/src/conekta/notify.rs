//! Who is told of an event, when, and again if he does not listen.
//! Not the sending; whoever runs the twin takes what is due and reports what came of it.

use std::{sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};
use pagos_core::Timestamp;

use super::{
    ConektaTwin,
    event::{self, About, Log},
    event_view::View,
    sign,
    transfer::Status,
};
use crate::{
    notification::{self, Change, Notice, Signature},
    twin::{Ack, Outgoing},
};

/// An event for one webhook.
#[derive(Debug, Clone, Copy)]
pub struct Subject {
    event: u32,
    webhook: u32,
}

/// Notes that something happened, and tells everybody who wants to hear of it.
pub(super) fn tell(twin: &mut ConektaTwin, about: About) {
    let at = twin.now;
    if let Some(event) = event::note(&mut twin.own.events, about, at, &twin.faults) {
        post(twin, event, at, Signature::Right);
    }
}

/// Notes that a transfer entered its present status, and tells it.
pub(super) fn tell_transfer(
    twin: &mut ConektaTwin,
    index: u32,
    before: Option<Status>,
    at: Timestamp,
) {
    let Some(status) = twin.own.transfers.get(index).map(|it| it.status) else {
        return;
    };
    let about = About::Transfer { index, status, before };
    let Some(event) = event::note(&mut twin.own.events, about, at, &twin.faults) else {
        return;
    };
    let is_heard = twin.own.webhooks.has_active();
    let Some(transfer) = twin.own.transfers.get_mut(index) else {
        return;
    };
    let earlier = transfer.last_event.replace(event).unwrap_or(event);
    if !is_heard {
        return;
    }
    let nth = transfer.notices;
    transfer.notices = nth.saturating_add(1);
    let key = Arc::clone(&transfer.order.key);
    let change = Change {
        key: &key,
        nth,
        notified: transfer.notified,
        is_final: status.is_final(),
        delay: twin.settings.timing.webhook_delay,
    };
    for planned in notification::plan(&mut twin.faults, change) {
        let event = if planned.is_outdated { earlier } else { event };
        post(twin, event, at.plus(planned.after), planned.signature);
    }
}

/// Queues notices of an event for every webhook that subscribed to it.
fn post(twin: &mut ConektaTwin, event: u32, at: Timestamp, signature: Signature) {
    let Some(kind) = twin.own.events.get(event).map(|it| it.about.kind()) else {
        return;
    };
    for webhook in twin.own.webhooks.subscribed_to(kind) {
        post_to(twin, event, webhook, at, signature);
    }
}

/// Queues a notice of an event for one webhook.
pub(super) fn post_to(
    twin: &mut ConektaTwin,
    event: u32,
    webhook: u32,
    at: Timestamp,
    signature: Signature,
) {
    if let Some(event) = twin.own.events.get_mut(event)
        && !event.logs.iter().any(|it| it.webhook == webhook)
    {
        event.logs.push(Log::new(webhook));
    }
    twin.outbox.post(at, Subject { event, webhook }, signature);
}

/// Takes in how a sending was answered, and says after how long the next one follows, if any.
pub(super) fn acknowledge(
    twin: &mut ConektaTwin,
    notice: &Notice<Subject>,
    ack: Ack,
) -> Option<Duration> {
    let (Subject { event, webhook }, at) = (notice.subject, twin.now);
    let event = twin.own.events.get_mut(event);
    let log = event.and_then(|event| event.logs.iter_mut().find(|it| it.webhook == webhook));
    if let Some(log) = log {
        log.take_in(ack, at);
    }
    if event::is_heard(ack) {
        twin.own.webhooks.judge(webhook, "listening");
        return None;
    }
    let wait = notice.retry_after(&twin.settings.switches.retry_delays_seconds);
    if wait.is_none() {
        twin.own.webhooks.judge(webhook, "intermittent_errors");
    }
    wait
}

/// The bytes of one sending. A retry has others: it tells what came of the sendings before.
pub(super) fn message(
    twin: &ConektaTwin,
    number: u64,
    notice: &Notice<Subject>,
) -> Option<Outgoing> {
    let webhook = twin.own.webhooks.at(notice.subject.webhook).filter(|it| it.is_active)?;
    let body = View::of(twin).body(twin.own.events.get(notice.subject.event)?)?;
    let digest = twin.own.webhook_keys.signing_pair().map(|pair| match notice.is_wrong() {
        false => sign::digest(pair, &body),
        true => sign::wrong_digest(pair, &body),
    });
    let mut outgoing = Outgoing::new(number, webhook.url.clone(), "application/json", body);
    if let Some(digest) = digest {
        let name = HeaderName::from_bytes(twin.settings.switches.digest_header.as_bytes()).ok()?;
        outgoing.headers.insert(name, HeaderValue::from_str(&digest?).ok()?);
    }
    Some(outgoing)
}
