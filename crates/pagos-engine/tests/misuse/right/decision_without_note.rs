//! With its note.

use pagos_core::OrderKey;
use pagos_engine::Decision;
use pagos_engine::Engine;

async fn resolve(engine: &Engine, key: &OrderKey) {
    let _ = engine.resolve(key, Decision::Failed, "Ana: letter of the bank").await;
}

fn main() {
    let _ = resolve;
}
