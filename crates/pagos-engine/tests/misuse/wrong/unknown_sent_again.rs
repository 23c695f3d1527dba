//! A claimed payout cannot be sent by the caller.

use pagos_engine::Claim;
use pagos_engine::Engine;

async fn send_again(engine: &Engine, claim: Claim) {
    let _ = engine.send(claim).await;
}

fn main() {
    let _ = send_again;
}
