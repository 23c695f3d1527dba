//! A caller brings a decision.

use pagos_core::OrderKey;
use pagos_engine::Decision;
use pagos_engine::Engine;

async fn resolve(engine: &Engine, key: &OrderKey) {
    let _ = engine.resolve(key, Decision::Ask, "Ana: ask once more").await;
}

fn main() {
    let _ = resolve;
}
