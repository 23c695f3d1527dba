//! One payout through Cashypro, with no other feature of Pagos.

mod outside;

use std::{error::Error, sync::Arc};

use outside::{Memory, Stopped, pay};
use pagos::{
    AccountName, AccountType, Beneficiary, Currency, Document, DocumentType, Environment, Money,
    OrderKey, PayoutOrder, Secret,
    cashypro::{Cashypro, CashyproConfig, country},
};

fn main() -> Result<(), Box<dyn Error>> {
    let memory = Arc::new(Memory::default());
    let config = CashyproConfig {
        base_url: "https://cashypro.example".to_owned(),
        merchant_id: "100200".to_owned(),
        api_key: Secret::new("an-invented-key"),
        notify_url: "https://shop.example/webhooks/cashypro".to_owned(),
        ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
    };
    let provider = Cashypro::new(config, memory.clone(), Arc::new(Stopped), Arc::new(Stopped))?;
    let ana = Beneficiary::new("Ana Perez", AccountType::Savings, "00012345678".parse()?)
        .with_document(Document::new(DocumentType::Cc, "1012345678")?)
        .with_bank("20".parse()?);
    let (key, account) = (OrderKey::new("SALARY_ANA")?, AccountName::new("cashypro")?);
    let order = PayoutOrder::new(key, account, Money::parse("150000", Currency::Cop)?, ana);
    pay(&provider, &order, &memory)
}
