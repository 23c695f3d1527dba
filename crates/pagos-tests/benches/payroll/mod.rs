//! The payroll of the benches that pay one, and the provider that they pay with: in this process, without
//! latency, in the machine's time.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use pagos_cashypro::{Cashypro, CashyproConfig, country};
use pagos_core::{Clock, Environment, NonceSource, PayoutOrder, Secret, Timestamp};
use pagos_engine::Timer;
use pagos_tests::order;
use pagos_twin::{
    TwinTransport, VirtualClock, World,
    cashypro::{CashyproSettings, CashyproTwin, SANDBOX_API_KEY, SANDBOX_MERCHANT_ID, Timing},
};

pub(crate) fn orders(rows: u32) -> Vec<PayoutOrder> {
    (0..rows).map(|number| order(&format!("order{number:08}"))).collect()
}

/// The provider over a twin of its own, which settles every payout at once.
pub(crate) fn provider() -> Cashypro {
    let settings = CashyproSettings { timing: Timing::immediate(), ..CashyproSettings::default() };
    let world = World::new(vec![Box::new(CashyproTwin::new(settings))]);
    let clock = VirtualClock::starting_at(Outside.now());
    let transport = TwinTransport::new(Arc::new(Mutex::new(world)), Arc::new(clock));
    let config = CashyproConfig {
        base_url: "http://twin.example/cashypro/stage-api".to_owned(),
        merchant_id: SANDBOX_MERCHANT_ID.to_owned(),
        api_key: Secret::new(SANDBOX_API_KEY),
        notify_url: "https://merchant.example/webhooks/cashypro".to_owned(),
        ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
    };
    let nonces = Arc::new(CountedNonces::default());
    Cashypro::new(config, Arc::new(transport), Arc::new(Outside), nonces).unwrap()
}

/// The machine's clock. A bench measures real time, so it lives in it.
#[derive(Debug)]
pub(crate) struct Outside;

impl Clock for Outside {
    fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        Timestamp::from_millis(0).plus(since_epoch.unwrap())
    }
}

#[async_trait]
impl Timer for Outside {
    async fn sleep(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }
}

#[derive(Debug, Default)]
struct CountedNonces(AtomicU64);

impl NonceSource for CountedNonces {
    fn draw(&self) -> [u8; 16] {
        u128::from(self.0.fetch_add(1, Ordering::Relaxed)).to_be_bytes()
    }
}
