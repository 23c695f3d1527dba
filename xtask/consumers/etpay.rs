//! One payout through ETpay, with no other feature of Pagos.

mod outside;

use std::{error::Error, sync::Arc};

use outside::{Memory, Stopped, pay};
use pagos::{
    AccountName, AccountType, Beneficiary, Currency, Document, DocumentType, Environment, Money,
    OrderKey, PayoutOrder, Secret,
    etpay::{Etpay, EtpayConfig, PayoutConfig},
};

fn main() -> Result<(), Box<dyn Error>> {
    let memory = Arc::new(Memory::default());
    let password = Secret::new("an-invented-password");
    let config = EtpayConfig {
        payouts: Some(PayoutConfig::new("https://etpay.example/platform", "shop", password)),
        ..EtpayConfig::new(Environment::Sandbox, "shop", Secret::new("an-invented-token"))
    };
    let provider = Etpay::new(config, memory.clone(), Arc::new(Stopped))?;
    let ana = Beneficiary::new("Ana Perez", AccountType::Sight, "00012345678".parse()?)
        .with_document(Document::new(DocumentType::Rut, "12345678-5")?)
        .with_bank("cl_estado".parse()?);
    let (key, account) = (OrderKey::new("SALARYANA")?, AccountName::new("etpay")?);
    let order = PayoutOrder::new(key, account, Money::parse("15000", Currency::Clp)?, ana);
    pay(&provider, &order, &memory)
}
