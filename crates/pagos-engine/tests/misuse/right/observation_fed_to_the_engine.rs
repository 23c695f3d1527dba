//! A delivery goes in as its raw bytes.

use pagos_core::AccountName;
use pagos_core::Delivery;
use pagos_engine::Store;

async fn feed(store: &dyn Store, account: &AccountName, delivery: &Delivery) {
    let _ = store.receive(account, delivery).await;
}

fn main() {
    let _ = feed;
}
