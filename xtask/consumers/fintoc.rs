//! One payout through Fintoc, with no other feature of Pagos.

mod outside;

use std::{error::Error, sync::Arc};

use outside::{Memory, Stopped, pay};
use pagos::{
    AccountName, AccountType, Beneficiary, Currency, Environment, Money, OrderKey, PayoutOrder,
    Secret,
    fintoc::{Country, Fintoc, FintocConfig},
};

fn main() -> Result<(), Box<dyn Error>> {
    let memory = Arc::new(Memory::default());
    let config = FintocConfig::new(
        Environment::Sandbox,
        "https://fintoc.example",
        Secret::new("sk_test_invented"),
        "acc_invented",
        Country::Mexico,
        // The invented key that the simulator knows.
        Secret::new(include_str!("../../crates/pagos-twin/src/fintoc/private.pem")),
    );
    let provider = Fintoc::new(config, memory.clone(), Arc::new(Stopped), Arc::new(Stopped))?;
    let ana = Beneficiary::new("Ana Perez", AccountType::Clabe, "072225008217746674".parse()?);
    let (key, account) = (OrderKey::new("SALARY_ANA")?, AccountName::new("fintoc")?);
    let order = PayoutOrder::new(key, account, Money::parse("1250.50", Currency::Mxn)?, ana);
    pay(&provider, &order, &memory)
}
