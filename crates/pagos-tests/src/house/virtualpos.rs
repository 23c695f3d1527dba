//! VirtualPOS, whose instructions are signed again with every question, and which may pay a repeated
//! one twice.

use std::sync::Arc;

use pagos_core::{BankCode, Clock, Environment, PayoutOrder, PayoutProvider, Secret, Transport};
use pagos_twin::{
    Faults, Twin,
    virtualpos::{SANDBOX_API_KEY, SANDBOX_SECRET_KEY, VirtualPosSettings, VirtualPosTwin},
};
use pagos_virtualpos::{VirtualPos, VirtualPosConfig};

use crate::house::{EtpayHouse, House};

/// VirtualPOS: no webhooks, no list; a question by our key finds what was lost.
#[derive(Debug, Clone, Copy)]
pub struct VirtualPosHouse;

impl House for VirtualPosHouse {
    fn name(&self) -> &'static str {
        "virtualpos"
    }

    fn twin(&self, faults: Faults) -> Box<dyn Twin> {
        Box::new(VirtualPosTwin::new(VirtualPosSettings::default()).with_faults(faults))
    }

    fn provider(
        &self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        _seed: u64,
    ) -> Arc<dyn PayoutProvider> {
        let config = VirtualPosConfig::new(
            Environment::Sandbox,
            "http://127.0.0.1/virtualpos/payout",
            Secret::new(SANDBOX_API_KEY),
            Secret::new(SANDBOX_SECRET_KEY),
        );
        Arc::new(VirtualPos::new(config, transport, clock).unwrap())
    }

    fn order(&self, name: &str) -> PayoutOrder {
        let mut order = EtpayHouse.order(name);
        order.account = self.account();
        order.beneficiary.bank = Some(BankCode::new("012").unwrap());
        order.beneficiary.email = Some("ana@example.com".to_owned());
        order
    }

    fn is_paid(&self, true_final: &str) -> bool {
        match true_final {
            "pagado" => true,
            "rechazado" | "devuelto" | "cancelado" => false,
            other => panic!("{other:?} is no end of a VirtualPOS payout"),
        }
    }
}
