//! A person decides, with a note, and the engine looks whether the decision fits.

use pagos_core::OrderKey;
use pagos_engine::Decision;
use pagos_engine::Engine;

async fn closed(engine: &Engine, key: &OrderKey) {
    let _ = engine.resolve(key, Decision::SendAgain, "Ana: the bank never saw it").await;
}

fn main() {
    let _ = closed;
}
