//! The engine is told to work, and decides itself whether it asks or sends.

use pagos_engine::Engine;

async fn send_again(engine: &Engine) {
    let _ = engine.work(1).await;
}

fn main() {
    let _ = send_again;
}
