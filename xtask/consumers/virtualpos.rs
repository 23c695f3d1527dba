//! One payout through VirtualPOS, with no other feature of Pagos.

mod outside;

use std::{error::Error, sync::Arc};

use outside::{Memory, Stopped, pay};
use pagos::{
    AccountName, AccountType, Beneficiary, Currency, Document, DocumentType, Environment, Money,
    OrderKey, PayoutOrder, Secret,
    virtualpos::{VirtualPos, VirtualPosConfig},
};

fn main() -> Result<(), Box<dyn Error>> {
    let memory = Arc::new(Memory::default());
    let config = VirtualPosConfig::new(
        Environment::Sandbox,
        "https://virtualpos.example/payout",
        Secret::new("an-invented-key"),
        Secret::new("an-invented-secret"),
    );
    let provider = VirtualPos::new(config, memory.clone(), Arc::new(Stopped))?;
    let ana = Beneficiary::new("Ana Perez", AccountType::Sight, "00012345678".parse()?)
        .with_document(Document::new(DocumentType::Rut, "12345678-5")?)
        .with_bank("012".parse()?)
        .with_email("ana@example.com");
    let (key, account) = (OrderKey::new("SALARY_ANA")?, AccountName::new("virtualpos")?);
    let order = PayoutOrder::new(key, account, Money::parse("15000", Currency::Clp)?, ana);
    pay(&provider, &order, &memory)
}
