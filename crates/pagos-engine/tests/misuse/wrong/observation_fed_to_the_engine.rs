//! Nothing is learned but from a provider, a delivery or a person.

use pagos_core::Observation;
use pagos_core::OrderKey;
use pagos_engine::Engine;

async fn feed(engine: &Engine, key: &OrderKey, seen: &Observation) {
    let _ = engine.learn(key, seen).await;
}

fn main() {
    let _ = feed;
}
