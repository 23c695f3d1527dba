//! Cashypro, whose repeated keys are refused.

use std::sync::{Arc, Mutex, PoisonError};

use pagos_cashypro::{Cashypro, CashyproConfig, country};
use pagos_core::{Clock, Environment, NonceSource, PayoutOrder, PayoutProvider, Secret, Transport};
use pagos_twin::{
    Faults, SplitMix64, Twin,
    cashypro::{CashyproSettings, CashyproTwin, SANDBOX_API_KEY, SANDBOX_MERCHANT_ID},
};

use crate::{house::House, sample};

/// Cashypro: repeated keys are refused.
#[derive(Debug, Clone, Copy)]
pub struct CashyproHouse;

impl CashyproHouse {
    /// The provider itself.
    pub fn cashypro(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, seed: u64) -> Cashypro {
        let config = CashyproConfig {
            base_url: "http://twin.example/cashypro/stage-api".to_owned(),
            merchant_id: SANDBOX_MERCHANT_ID.to_owned(),
            api_key: Secret::new(SANDBOX_API_KEY),
            notify_url: CashyproHouse.notify_url(),
            ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
        };
        let nonces = Arc::new(SeededNonces(Mutex::new(SplitMix64::new(seed))));
        Cashypro::new(config, transport, clock, nonces).unwrap()
    }
}

impl House for CashyproHouse {
    fn name(&self) -> &'static str {
        "cashypro"
    }

    fn twin(&self, faults: Faults) -> Box<dyn Twin> {
        Box::new(CashyproTwin::new(CashyproSettings::default()).with_faults(faults))
    }

    fn provider(
        &self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        seed: u64,
    ) -> Arc<dyn PayoutProvider> {
        Arc::new(Self::cashypro(transport, clock, seed))
    }

    fn order(&self, name: &str) -> PayoutOrder {
        sample::order(name)
    }

    fn is_paid(&self, true_final: &str) -> bool {
        match true_final {
            "SUCCESS" => true,
            "FAIL" | "CANCEL" => false,
            other => panic!("{other:?} is no end of a Cashypro order"),
        }
    }
}

#[derive(Debug)]
struct SeededNonces(Mutex<SplitMix64>);

impl NonceSource for SeededNonces {
    fn draw(&self) -> [u8; 16] {
        let mut chance = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (high, low) = (chance.next_u64(), chance.next_u64());
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }
}
