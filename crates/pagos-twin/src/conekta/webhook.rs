//! Subscriptions: who is told of what.
//! Not the notifications; see `notify`.

use std::sync::Arc;

use pagos_core::Timestamp;

use super::{
    access::Version,
    identifier,
    wire::{WebhookRest, WebhookShown},
};
use crate::fault::Faults;

/// One subscription.
#[derive(Debug)]
pub(super) struct Webhook {
    pub(super) id: Arc<str>,
    pub(super) url: String,
    status: &'static str,
    pub(super) subscribed_events: Vec<String>,
    pub(super) is_active: bool,
    pub(super) is_deleted: bool,
}

/// The subscription that is made without a call.
#[derive(Debug, Default)]
struct ByHand {
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

/// All subscriptions.
#[derive(Debug, Default)]
pub(super) struct Webhooks {
    all: Vec<Webhook>,
    by_hand: ByHand,
}

impl Webhooks {
    /// The webhook at this place, unless it was deleted.
    pub(super) fn at(&self, place: u32) -> Option<&Webhook> {
        self.all.get(usize::try_from(place).ok()?).filter(|it| !it.is_deleted)
    }

    /// The webhook at this place, deleted or not.
    pub(super) fn at_mut(&mut self, place: u32) -> Option<&mut Webhook> {
        self.all.get_mut(usize::try_from(place).ok()?)
    }

    pub(super) fn place_of(&self, id: &str) -> Option<u32> {
        let place = self.all.iter().position(|it| !it.is_deleted && &*it.id == id);
        u32::try_from(place?).ok()
    }

    /// How many there ever were.
    pub(super) fn count(&self) -> u32 {
        u32::try_from(self.all.len()).unwrap_or(u32::MAX)
    }

    /// Whether there can be one more. Source: `openapi: resources/webhooks/webhooks`.
    pub(super) fn has_room(&self) -> bool {
        self.all.iter().filter(|it| !it.is_deleted).count() < WEBHOOKS_MAX
    }

    pub(super) fn has_active(&self) -> bool {
        self.all.iter().any(|it| it.is_active)
    }

    /// The places of those that hear events of this kind.
    pub(super) fn subscribed_to(&self, kind: &str) -> Vec<u32> {
        (0..).zip(&self.all).filter(|(_, it)| it.hears(kind)).map(|(place, _)| place).collect()
    }

    /// Adds a subscription; one that names no events hears all.
    pub(super) fn add(
        &mut self,
        url: String,
        events: Option<Vec<String>>,
        at: Timestamp,
        faults: &Faults,
    ) -> Option<u32> {
        let place = u32::try_from(self.all.len()).ok()?;
        let usual = || CATALOGUE.iter().map(|it| (*it).to_owned()).collect();
        self.all.push(Webhook {
            id: identifier::object_id(at, faults.chance("webhook", "", place)),
            url,
            status: "being_pinged",
            subscribed_events: events.unwrap_or_else(usual),
            is_active: true,
            is_deleted: false,
        });
        Some(place)
    }

    /// Moves or ends the subscription by hand if another address is wanted for it; the address that
    /// it has yet to be made for, if there is none.
    pub(super) fn change_by_hand(&mut self, wanted: Option<&String>) -> Option<String> {
        if wanted == self.by_hand.url.as_ref() {
            return None;
        }
        self.by_hand.url = wanted.cloned();
        let present = self.by_hand.place.take().filter(|place| self.at(*place).is_some());
        self.by_hand.place = present;
        let Some(webhook) = present.and_then(|place| self.at_mut(place)) else {
            return wanted.cloned();
        };
        webhook.is_deleted = wanted.is_none();
        webhook.is_active &= wanted.is_some();
        webhook.url = wanted.cloned().unwrap_or_default();
        None
    }

    /// The subscription by hand is the one at this place.
    pub(super) const fn made_by_hand(&mut self, place: Option<u32>) {
        self.by_hand.place = place;
    }

    /// What is known of a webhook after a sending.
    pub(super) fn judge(&mut self, place: u32, status: &'static str) {
        if let Some(webhook) = self.at_mut(place) {
            webhook.status = status;
        }
    }
}

/// Source: `openapi: resources/webhooks/webhooks`.
const WEBHOOKS_MAX: usize = 10;

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
