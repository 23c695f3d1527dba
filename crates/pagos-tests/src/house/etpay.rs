//! ETpay, which pays a repeated key twice.

use std::sync::Arc;

use pagos_core::{
    AccountNumber, AccountType, BankCode, Beneficiary, Clock, Currency, Document, DocumentType,
    Environment, Money, PaymentOrder, PayoutOrder, PayoutProvider, Secret, Transport,
};
use pagos_etpay::{Etpay, EtpayConfig, PaymentConfig, PayoutConfig};
use pagos_twin::{
    Faults, Twin,
    etpay::{
        EtpaySettings, EtpayTwin, SANDBOX_API_TOKEN, SANDBOX_MERCHANT_CODE, SANDBOX_PASSWORD,
        SANDBOX_USERNAME, Switches,
    },
};

use crate::{house::House, sample::key};

/// ETpay: a repeated key would be paid again, and payments come in sessions with secrets.
#[derive(Debug, Clone, Copy)]
pub struct EtpayHouse;

impl EtpayHouse {
    /// The provider itself.
    pub fn etpay(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>) -> Etpay {
        let config = EtpayConfig {
            environment: Environment::Sandbox,
            merchant_code: SANDBOX_MERCHANT_CODE.to_owned(),
            merchant_api_token: Secret::new(SANDBOX_API_TOKEN),
            payments: Some(PaymentConfig::new(
                "http://twin.example/etpay/api",
                "http://twin.example/etpay/pmt",
                EtpayHouse.notify_url(),
            )),
            payouts: Some(PayoutConfig::new(
                "http://twin.example/etpay/platform",
                SANDBOX_USERNAME,
                Secret::new(SANDBOX_PASSWORD),
            )),
            sandbox_clock_days: 0,
        };
        Etpay::new(config, transport, clock).unwrap()
    }

    /// A payment of 1500 pesos that both of them accept.
    pub fn payment(name: &str) -> PaymentOrder {
        PaymentOrder {
            key: key(name),
            account: EtpayHouse.account(),
            amount: Money::new(1_500, Currency::Clp),
            payer_name: None,
            document: None,
            is_document_locked: false,
            bank: None,
            email: None,
            phone: None,
            description: None,
            return_url: Some("https://merchant.example/paid".to_owned()),
            cancel_url: Some("https://merchant.example/not-paid".to_owned()),
            metadata: Vec::new(),
        }
    }
}

impl House for EtpayHouse {
    fn name(&self) -> &'static str {
        "etpay"
    }

    fn twin(&self, faults: Faults) -> Box<dyn Twin> {
        let switches =
            Switches { payout_webhook_url: Some(self.notify_url()), ..Switches::default() };
        let settings = EtpaySettings { switches, ..EtpaySettings::default() };
        Box::new(EtpayTwin::new(settings).with_faults(faults))
    }

    fn provider(
        &self,
        transport: Arc<dyn Transport>,
        clock: Arc<dyn Clock>,
        _seed: u64,
    ) -> Arc<dyn PayoutProvider> {
        Arc::new(Self::etpay(transport, clock))
    }

    fn order(&self, name: &str) -> PayoutOrder {
        PayoutOrder {
            key: key(name),
            account: self.account(),
            amount: Money::new(15_000, Currency::Clp),
            beneficiary: Beneficiary {
                name: "Ana Perez".to_owned(),
                document: Some(Document::new(DocumentType::Rut, "12345678-5").unwrap()),
                bank: Some(BankCode::new("cl_estado").unwrap()),
                account_type: AccountType::Sight,
                account_number: AccountNumber::new("00012345678").unwrap(),
                email: None,
                phone: None,
            },
            description: None,
        }
    }

    fn is_paid(&self, true_final: &str) -> bool {
        match true_final {
            "completed" => true,
            "rejected" | "returned" => false,
            other => panic!("{other:?} is no end of an ETpay payout"),
        }
    }
}
