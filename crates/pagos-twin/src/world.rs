//! All twins under one roof: finds the twin of a path and keeps one order of time.
//! Not a server and not a clock; both are given by whoever runs the world.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::StatusCode;
use pagos_core::Timestamp;

use crate::{
    control,
    fault::{Faults, Profile},
    ledger::{Movement, merged},
    surface,
    twin::{Ack, DeliveryId, OrderView, Reply, Twin, WebhookDelivery},
};

/// Twins, each under `/<provider>`, and the control surface under `/_twin`.
///
/// ```
/// use bytes::Bytes;
/// use pagos_core::Timestamp;
/// use pagos_twin::Reply;
/// use pagos_twin::World;
///
/// let mut world = World::standard();
/// let request = http::Request::get("/_twin/ledger").body(Bytes::new()).unwrap();
/// let Reply::Answer(answer) = world.handle(&request, Timestamp::from_millis(0)) else {
///     unreachable!("control calls are always answered")
/// };
/// assert_eq!(answer.body(), "[]");
/// ```
#[derive(Debug)]
pub struct World {
    twins: Vec<Box<dyn Twin>>,
}

impl World {
    /// A world of these twins. Of two with one name the first is found.
    #[must_use]
    pub const fn new(twins: Vec<Box<dyn Twin>>) -> Self {
        Self { twins }
    }

    /// A world of all providers with their usual settings and without faults.
    #[must_use]
    pub fn standard() -> Self {
        Self::new(crate::all_twins())
    }

    /// The same world with the faults of a profile in every twin.
    #[must_use]
    pub fn with_profile(mut self, profile: Profile, seed: u64) -> Self {
        for twin in &mut self.twins {
            *twin.faults_mut() = Faults::new(profile, seed);
        }
        self
    }

    /// Answers one request: to a twin, or to the control surface (all of it but
    /// `/_twin/clock`, which needs the clock; see [`answer_clock`](crate::answer_clock)).
    pub fn handle(&mut self, request: &http::Request<Bytes>, now: Timestamp) -> Reply {
        let path = request.uri().path();
        if path.starts_with(surface::PREFIX) {
            return surface::answer(&mut self.twins, request, now);
        }
        let (provider, rest) = split_path(path);
        match self.twins.iter_mut().find(|twin| twin.provider() == provider) {
            Some(twin) => twin.handle(rest, request, now),
            None => control::error(StatusCode::NOT_FOUND, "no twin has this path"),
        }
    }

    /// Moves every twin on to `now` and takes all webhooks that have to be sent by then. Each must
    /// be followed by exactly one [`World::delivered`].
    pub fn due(&mut self, now: Timestamp) -> Vec<WebhookDelivery> {
        self.due_at_most(now, usize::MAX)
    }

    /// Like [`World::due`], but leaves in the queue what exceeds `count_max`: each webhook taken
    /// weighs a kilobyte, each one in the queue a twentieth of that.
    pub fn due_at_most(&mut self, now: Timestamp, count_max: usize) -> Vec<WebhookDelivery> {
        let mut taken = Vec::new();
        for (nth, twin) in self.twins.iter_mut().enumerate() {
            let left = count_max - taken.len();
            taken.extend(twin.due(now, left).into_iter().map(|outgoing| WebhookDelivery {
                id: DeliveryId { twin: nth, number: outgoing.number },
                url: outgoing.url,
                headers: outgoing.headers,
                body: outgoing.body,
            }));
        }
        taken
    }

    /// Tells what became of a webhook. Unknown names are ignored.
    pub fn delivered(&mut self, id: DeliveryId, ack: Ack, now: Timestamp) {
        if let Some(twin) = self.twins.get_mut(id.twin) {
            twin.delivered(id.number, ack, now);
        }
    }

    /// Webhooks that were taken and not yet reported as delivered.
    #[must_use]
    pub fn in_flight(&self) -> Vec<DeliveryId> {
        let of_twin = |(nth, twin): (usize, &dyn Twin)| {
            let name = move |number| DeliveryId { twin: nth, number };
            twin.in_flight().into_iter().map(name).collect::<Vec<_>>()
        };
        self.twins().enumerate().flat_map(of_twin).collect()
    }

    /// When the next thing happens by itself.
    #[must_use]
    pub fn next_due(&self) -> Option<Timestamp> {
        self.twins.iter().filter_map(|twin| twin.next_due()).min()
    }

    /// The twin of a provider.
    #[must_use]
    pub fn twin(&self, provider: &str) -> Option<&dyn Twin> {
        self.twins.iter().find(|twin| twin.provider() == provider).map(|twin| &**twin)
    }

    /// The twin of a provider, to change it.
    pub fn twin_mut(&mut self, provider: &str) -> Option<&mut (dyn Twin + 'static)> {
        self.twins.iter_mut().find(|twin| twin.provider() == provider).map(|twin| &mut **twin)
    }

    /// Every twin.
    pub fn twins(&self) -> impl Iterator<Item = &dyn Twin> {
        self.twins.iter().map(|twin| &**twin)
    }

    /// Every movement of money, oldest first.
    #[must_use]
    pub fn movements(&self) -> Vec<&Movement> {
        merged(self.twins.iter().map(|twin| twin.ledger()))
    }

    /// What the beneficiary of each order holds, in minor units, by provider and key.
    #[must_use]
    pub fn net_per_key(&self) -> BTreeMap<(&'static str, &str), i64> {
        self.twins
            .iter()
            .flat_map(|twin| {
                let provider = twin.provider();
                twin.ledger()
                    .net_per_key()
                    .into_iter()
                    .map(move |(key, net)| ((provider, key), net))
            })
            .collect()
    }

    /// Visits every order, twin by twin, in the order of creation.
    pub fn visit_orders(&self, visit: &mut dyn FnMut(OrderView<'_>)) {
        for twin in &self.twins {
            twin.visit_orders(visit);
        }
    }

    /// Invented credentials by provider, each with the addresses (`base_url`) of a world at
    /// `origin` (`"http://127.0.0.1:4010"`).
    #[must_use]
    pub fn credentials(
        &self,
        origin: &str,
    ) -> BTreeMap<&'static str, BTreeMap<&'static str, String>> {
        surface::credentials(&self.twins, origin)
    }
}

impl Default for World {
    fn default() -> Self {
        Self::standard()
    }
}

/// `"/cashypro/stage-api/x"` is `("cashypro", "/stage-api/x")`.
fn split_path(path: &str) -> (&str, &str) {
    let path = path.strip_prefix('/').unwrap_or(path);
    path.split_at(path.find('/').unwrap_or(path.len()))
}
