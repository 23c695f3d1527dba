//! What the merchant is told, when, and again if he does not listen.
//! Not the sending; whoever runs the twin takes what is due and reports what came of it.

use std::{sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue};
use pagos_core::{Secret, Timestamp};

use super::{
    FintocTwin,
    access::whole_seconds,
    identifier, sign,
    transfer::Status,
    wire::{self, EventShown},
};
use crate::{
    notification::{self, Change, Notice},
    twin::{Ack, Outgoing},
};

/// One event about one transfer: repeated sendings of it have its id.
#[derive(Debug, Clone)]
pub struct Subject {
    transfer: u32,
    id: Arc<str>,
    kind: &'static str,
    status: Status,
    at: Timestamp,
}

/// Queues notifications that a transfer entered its present status.
pub(super) fn tell(twin: &mut FintocTwin, index: u32, before: Status, at: Timestamp) {
    let delay = twin.settings.timing.webhook_delay;
    let is_heard = twin.settings.switches.webhook_url.is_some();
    let Some(transfer) = twin.own.transfers.get_mut(index) else { return };
    let Some(kind) = transfer.status.event().filter(|_| is_heard) else { return };
    let nth = transfer.notices;
    transfer.notices = nth.saturating_add(1);
    let (key, status) = (Arc::clone(&transfer.key), transfer.status);
    let id = identifier::prefixed("evt_", twin.faults.chance("event", &transfer.id, nth));
    let change = Change { key: &key, nth, notified: transfer.notified, is_final: true, delay };
    for planned in notification::plan(&mut twin.faults, change) {
        let status = if planned.is_outdated { before } else { status };
        let subject = Subject { transfer: index, id: Arc::clone(&id), kind, status, at };
        twin.outbox.post(at.plus(planned.after), subject, planned.signature);
    }
}

/// After how long a sending is followed by another one.
///
/// Source: docs: /guides/resources/webhooks-walkthrough/webhooks-creating-guide: any 2xx counts as
/// received; otherwise up to 17 more follow, at first after 3 seconds. That each wait is twice the one
/// before is inferred.
pub(super) fn retry_after(retries: u32, ack: Ack) -> Option<Duration> {
    let is_heard = matches!(ack, Ack::Status(200..=299));
    (!is_heard && retries < RETRIES_MAX).then(|| Duration::from_secs(3 << retries))
}

/// The bytes of one sending. A retry says the same, and is signed anew. `[sim]`
pub(super) fn message(
    twin: &FintocTwin,
    number: u64,
    notice: &Notice<Subject>,
) -> Option<Outgoing> {
    let url = twin.settings.switches.webhook_url.clone()?;
    let subject = &notice.subject;
    let transfer = twin.own.transfers.get(subject.transfer)?;
    let event = EventShown {
        id: &subject.id,
        kind: subject.kind,
        mode: wire::MODE,
        created_at: wire::time(subject.at),
        data: wire::transfer(&twin.settings, transfer, subject.status),
        object: "event",
    };
    let body = serde_json::to_vec(&event).ok()?;
    let seconds = whole_seconds(twin.now);
    let signature = if notice.is_wrong() {
        sign::webhook_header(&Secret::new("a-secret-of-nobody"), seconds, &body)
    } else {
        sign::webhook_header(&twin.settings.webhook_secret, seconds, &body)
    };
    let mut outgoing = Outgoing::new(number, url, "application/json", body);
    outgoing.headers.insert(SIGNATURE, HeaderValue::from_str(&signature?).ok()?);
    Some(outgoing)
}

/// Source: sdk: py webhook.py.
const SIGNATURE: HeaderName = HeaderName::from_static("fintoc-signature");

/// Source: docs: /guides/resources/webhooks-walkthrough/webhooks-creating-guide.
const RETRIES_MAX: u32 = 17;
