//! A proof is what the engine found, not what a caller says.

use pagos_core::OrderKey;
use pagos_engine::Engine;
use pagos_engine::Proof;

async fn resolve(engine: &Engine, key: &OrderKey) {
    let _ = engine.resolve(key, Proof::NeverReached, "Ana: it looks lost").await;
}

fn main() {
    let _ = resolve;
}
