//! Conekta, which knows no key of ours: a fresh payee for each payout tells which one it is.

use std::sync::Arc;

use pagos_conekta::{Conekta, ConektaConfig};
use pagos_core::{
    AccountNumber, AccountType, Beneficiary, Clock, Currency, Environment, Money, PayoutOrder,
    PayoutProvider, Secret, Transport,
};
use pagos_twin::{
    Faults, Registration, Twin,
    conekta::{ConektaSettings, ConektaTwin, KEY_DOMAIN, SANDBOX_API_KEY},
};

use crate::{house::House, sample::key};

/// Conekta: a handle for each payout, business days, a list that lags, events without our key.
#[derive(Debug, Clone, Copy)]
pub struct ConektaHouse;

impl House for ConektaHouse {
    fn name(&self) -> &'static str {
        "conekta"
    }

    fn twin(&self, faults: Faults) -> Box<dyn Twin> {
        let mut twin = ConektaTwin::new(ConektaSettings::default()).with_faults(faults);
        twin.register(Registration { webhook_url: Some(self.notify_url()), speed: None });
        Box::new(twin)
    }

    fn provider(
        &self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        _seed: u64,
    ) -> Arc<dyn PayoutProvider> {
        let twin = ConektaTwin::new(ConektaSettings::default());
        let config = ConektaConfig {
            base_url: "http://127.0.0.1/conekta".to_owned(),
            webhook_keys: twin.credentials().remove("webhook_keys").into_iter().collect(),
            ..ConektaConfig::new(Environment::Sandbox, Secret::new(SANDBOX_API_KEY))
        };
        Arc::new(Conekta::new(config, transport, clock).unwrap())
    }

    fn order(&self, name: &str) -> PayoutOrder {
        PayoutOrder {
            key: key(name),
            account: self.account(),
            amount: Money::new(125_050, Currency::Mxn),
            beneficiary: Beneficiary {
                name: "Ana Perez".to_owned(),
                document: None,
                bank: None,
                account_type: AccountType::Clabe,
                account_number: AccountNumber::new("072225008217746674").unwrap(),
                // What the twin's ledger knows the payout by.
                email: Some(format!("{name}@{KEY_DOMAIN}")),
                phone: Some("5555555555".to_owned()),
            },
            description: None,
        }
    }

    fn is_paid(&self, true_final: &str) -> bool {
        match true_final {
            "paid_out" => true,
            "failed" => false,
            other => panic!("{other:?} is no end of a Conekta transfer"),
        }
    }
}
