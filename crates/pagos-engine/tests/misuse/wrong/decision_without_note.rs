//! No decision without a word of who decided, on what evidence.

use pagos_core::OrderKey;
use pagos_engine::Decision;
use pagos_engine::Engine;

async fn resolve(engine: &Engine, key: &OrderKey) {
    let _ = engine.resolve(key, Decision::Failed).await;
}

fn main() {
    let _ = resolve;
}
