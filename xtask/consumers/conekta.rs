//! One payout through Conekta, with no other feature of Pagos.

mod outside;

use std::{error::Error, sync::Arc};

use outside::{Memory, Stopped, pay};
use pagos::{
    AccountName, AccountType, Beneficiary, Currency, Environment, Money, OrderKey, PayoutOrder,
    Secret,
    conekta::{Conekta, ConektaConfig},
};

fn main() -> Result<(), Box<dyn Error>> {
    let memory = Arc::new(Memory::default());
    let config = ConektaConfig {
        default_email: Some("payees@shop.example".to_owned()),
        default_phone: Some("5555555555".to_owned()),
        ..ConektaConfig::new(Environment::Sandbox, Secret::new("key_invented"))
    };
    let provider = Conekta::new(config, memory.clone(), Arc::new(Stopped))?;
    let ana = Beneficiary::new("Ana Perez", AccountType::Clabe, "072225008217746674".parse()?);
    let (key, account) = (OrderKey::new("SALARY_ANA")?, AccountName::new("conekta")?);
    let order = PayoutOrder::new(key, account, Money::parse("1250.50", Currency::Mxn)?, ana);
    pay(&provider, &order, &memory)
}
