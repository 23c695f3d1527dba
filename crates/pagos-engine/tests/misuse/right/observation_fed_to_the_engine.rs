//! A delivery goes in as its raw bytes, with what its signature proved.

use pagos_core::AccountName;
use pagos_core::Delivery;
use pagos_engine::Store;
use pagos_engine::Verdict;

async fn feed(store: &dyn Store, account: &AccountName, delivery: &Delivery, verdict: &Verdict) {
    let _ = store.receive(account, delivery, verdict).await;
}

fn main() {
    let _ = feed;
}
