//! Nothing is learned but from a provider, a delivery or a person.

use pagos_core::Observation;
use pagos_engine::Engine;
use pagos_engine::Payout;

async fn feed(engine: &Engine, payout: Payout, seen: &Observation) {
    let _ = engine.learn(payout, seen).await;
}

fn main() {
    let _ = feed;
}
