//! The post from twins to the receiver: webhooks that are lost, come twice, overtake each other, are
//! forged by strangers, or find the receiver's store failing.

use std::sync::Arc;

use bytes::Bytes;

use pagos_core::{Clock, Delivery};
use pagos_twin::{Ack, SplitMix64, WebhookDelivery};

use crate::{
    fault_injector::{FaultInjector, Plan},
    harness::receive,
    recording::RecordingStore,
    simulation::Simulation,
};

/// How many of a thousand deliveries meet trouble while the day is bad.
const TROUBLE_PER_MILLE: u64 = 150;

impl Simulation {
    /// Carries what is due. Returns how much that was.
    pub(super) fn carry_post(&mut self) -> usize {
        self.log.turn(|| "post".to_owned());
        let now = self.timer.now();
        let mut post = self.world().due(now);
        let count = post.len();
        if count > 1 && self.is_bad_day() && self.chance.below(3) == 0 {
            shuffle(&mut post, &mut self.chance);
            self.log.count("webhooks reordered", "");
        }
        for webhook in post {
            let ack = self.carry(&webhook);
            self.world().delivered(webhook.id, ack, now);
        }
        count
    }

    fn carry(&mut self, webhook: &WebhookDelivery) -> Ack {
        let arrival = Delivery {
            headers: webhook.headers.clone(),
            body: webhook.body.clone(),
            received_at: self.timer.now(),
        };
        if !self.is_bad_day() || self.chance.below(1_000) >= TROUBLE_PER_MILLE {
            return Ack::Status(self.hand_over(webhook, &arrival, None));
        }
        match self.chance.below(6) {
            0 => {
                self.log.count("webhook not heard", "");
                Ack::NoAnswer
            }
            1 => {
                self.log.count("webhook heard, answer lost", "");
                self.hand_over(webhook, &arrival, None);
                Ack::NoAnswer
            }
            2 => {
                self.log.count("webhook heard twice", "");
                self.hand_over(webhook, &arrival, None);
                Ack::Status(self.hand_over(webhook, &arrival, None))
            }
            3 => {
                self.log.count("webhook forged", "");
                let forged = Delivery { body: forge(&arrival.body), ..arrival.clone() };
                self.hand_over(webhook, &forged, None);
                Ack::Status(self.hand_over(webhook, &arrival, None))
            }
            4 => Ack::Status(self.hand_over(webhook, &arrival, Some(1))),
            _ => Ack::Status(self.hand_over(webhook, &arrival, Some(2))),
        }
    }

    /// Gives a delivery to the receiver; its store fails at `failing_at`, if it does.
    fn hand_over(
        &self,
        webhook: &WebhookDelivery,
        delivery: &Delivery,
        failing_at: Option<u64>,
    ) -> u16 {
        let participant = self.plan.mix.iter().map(|(participant, _)| *participant);
        let mut participants =
            participant.filter(|participant| webhook.url.ends_with(participant.name()));
        let participant = participants.next().expect("a webhook of a participant that takes part");
        let injector = Arc::new(FaultInjector::new());
        if let Some(point) = failing_at {
            injector.plan(Plan::FailAt(point));
        }
        let record = Arc::clone(&self.record);
        let store = RecordingStore::over(Arc::clone(&self.store), Arc::clone(&injector), record);
        let decoder = self.decoders.provider(&participant.account()).and_then(|it| it.webhooks());
        let decoder = decoder.expect("a provider that sends webhooks reads them");
        let status = receive(store, &participant.account(), decoder, delivery);
        if let Some(point) = injector.take_met() {
            self.log.count("store failed", point);
        }
        self.log.say(|| {
            let body = String::from_utf8_lossy(&delivery.body);
            format!("webhook {} {body} => {status}", webhook.url)
        });
        status
    }

    /// Are workers, clocks, network and post still in trouble?
    pub(super) fn is_bad_day(&self) -> bool {
        self.timer.now() < self.calm_from
    }
}

/// Other bytes, under the signature of the first ones.
fn forge(body: &Bytes) -> Bytes {
    let mut forged = body.to_vec();
    let middle = forged.len() / 2;
    if let Some(byte) = forged.get_mut(middle) {
        *byte ^= 1;
    }
    Bytes::from(forged)
}

fn shuffle<T>(things: &mut [T], chance: &mut SplitMix64) {
    for nth in (1..things.len()).rev() {
        let other = usize::try_from(chance.below(nth as u64 + 1)).unwrap();
        things.swap(nth, other);
    }
}
