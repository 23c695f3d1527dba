//! Colombians who are paid through Cashypro. Not the rules of its payouts; those are its crate's.

use crate::{
    people::{Payee, build_account, build_name},
    random::Random,
};

/// The limits of a Colombian payout through Cashypro, in pesos.
const PESOS_MIN: u64 = 10_000;
const PESOS_MAX: u64 = 5_000_000;

/// Bancolombia, Davivienda, Banco de Bogota, BBVA Colombia, as Cashypro numbers them.
const BANKS: [&str; 4] = ["20", "9", "10", "5"];

const ACCOUNT_TYPES: [&str; 2] = ["savings", "checking"];

const FIRST_NAMES: [&str; 6] = ["Ana", "Camilo", "Diana", "Julian", "Luisa", "Mateo"];
const LAST_NAMES: [&str; 6] = ["Arango", "Bernal", "Castillo", "Duarte", "Mejia", "Rincon"];

pub(super) fn build_payee(number: u64, random: &mut Random) -> Payee {
    let pesos = random.draw(PESOS_MIN, PESOS_MAX);
    Payee {
        // At most 500,000,000, which fits.
        amount_minor: i64::try_from(pesos * 100).unwrap_or(i64::MAX),
        account_type: random.choose(&ACCOUNT_TYPES).copied().unwrap_or_default(),
        account: build_account(number, random),
        name: build_name(&FIRST_NAMES, &LAST_NAMES, random),
        document_type: "cc",
        document: random.draw(10_000_000, 1_999_999_999).to_string(),
        bank: random.choose(&BANKS).copied().unwrap_or_default(),
        email: String::new(),
        phone: String::new(),
        description: "trial run",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_legal_and_accounts_ask_for_no_failure() {
        let mut random = Random::new(u64::MAX, 1);
        for number in 1..=2_000 {
            let payee = build_payee(number, &mut random);
            assert!((1_000_000..=500_000_000).contains(&payee.amount_minor), "{payee:?}");
            assert_eq!(payee.amount_minor % 100, 0);
            assert!(!payee.account.starts_with("999"), "{payee:?}");
        }
    }
}
