//! A world with its clock and its journal, behind one lock: what happens is written down first.
//! Not async; nothing here waits for anything but the lock and the file.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use pagos_core::{Clock, Timestamp};
use tokio::sync::Notify;

use super::clock::ScaledClock;
use crate::{
    clock::TwinClock,
    journal::{Input, Journal},
    surface,
    twin::{Ack, DeliveryId, Reply, WebhookDelivery},
    world::World,
};

pub(super) struct Host {
    inner: Mutex<Inner>,
    clock: ScaledClock,
    /// Wakes the sender of webhooks when something may be due earlier than was thought.
    earlier: Notify,
}

struct Inner {
    world: World,
    journal: Option<Journal>,
    /// What the sender of webhooks is waiting for.
    awaited: Option<Timestamp>,
}

impl Inner {
    /// Whether the input may have its effect.
    fn record(&mut self, input: impl FnOnce() -> Input) -> bool {
        self.journal.as_mut().is_none_or(|journal| journal.append(&input()).is_ok())
    }
}

impl Host {
    pub(super) fn new(world: World, clock: ScaledClock, journal: Option<Journal>) -> Self {
        let inner = Mutex::new(Inner { world, journal, awaited: None });
        Self { inner, clock, earlier: Notify::new() }
    }

    /// Answers a request. What cannot be written down is not done, and the connection closes.
    pub(super) fn handle(&self, request: &http::Request<Bytes>) -> Reply {
        if request.uri().path() == surface::CLOCK_PATH {
            let reply = surface::answer_clock(&self.clock, request);
            self.tick();
            return reply;
        }
        let mut inner = self.inner();
        let now = self.clock.now();
        let is_recorded =
            surface::is_reading(request) || inner.record(|| Input::request(request, now));
        if !is_recorded {
            return Reply::Drop;
        }
        let reply = inner.world.handle(request, now);
        self.wake_if_earlier(&inner);
        reply
    }

    /// Takes the webhooks that have to be sent by now, and no more than that many.
    pub(super) fn due(&self, count_max: usize) -> Vec<WebhookDelivery> {
        let mut inner = self.inner();
        let now = self.clock.now();
        if count_max == 0
            || inner.world.next_due().is_none_or(|due| due > now)
            || !inner.record(|| Input::Due { at: now, count_max })
        {
            return Vec::new();
        }
        inner.world.due_at_most(now, count_max)
    }

    /// How long until something is due, in real time; `None` when the world is at rest.
    pub(super) fn wait(&self) -> Option<Duration> {
        let mut inner = self.inner();
        inner.awaited = inner.world.next_due();
        inner.awaited.map(|due| self.clock.real(due.since(self.clock.now())))
    }

    pub(super) fn delivered(&self, id: DeliveryId, ack: Ack) {
        let mut inner = self.inner();
        let at = self.clock.now();
        if inner.record(|| Input::Delivered { at, id, ack }) {
            inner.world.delivered(id, ack, at);
        }
        self.wake_if_earlier(&inner);
    }

    /// Webhooks that were under way when the world died had no answer.
    pub(super) fn give_up_in_flight(&self) {
        let in_flight = self.inner().world.in_flight();
        for id in in_flight {
            self.delivered(id, Ack::NoAnswer);
        }
    }

    pub(super) fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.tick();
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) const fn clock(&self) -> &ScaledClock {
        &self.clock
    }

    pub(super) fn inspect<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        look(&self.inner().world)
    }

    /// Waits until something may be due earlier than was thought.
    pub(super) async fn something_earlier(&self) {
        self.earlier.notified().await;
    }

    fn tick(&self) {
        let mut inner = self.inner();
        let at = self.clock.now();
        // A tick that is lost makes the clock of a later life start earlier, and nothing else.
        let _ = inner.record(|| Input::Tick { at });
        drop(inner);
        self.earlier.notify_one();
    }

    fn wake_if_earlier(&self, inner: &Inner) {
        let is_earlier = match (inner.world.next_due(), inner.awaited) {
            (Some(due), Some(awaited)) => due < awaited,
            (Some(_), None) => true,
            (None, _) => false,
        };
        if is_earlier {
            self.earlier.notify_one();
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // A world that panicked elsewhere is still a world: twins keep no half-made state.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
