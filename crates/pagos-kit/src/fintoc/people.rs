//! Mexicans who are paid through Fintoc. Not the rules of its payouts; those are its crate's.

use crate::{
    people::{Payee, mexico},
    random::Random,
};

/// In centavos.
const AMOUNT_MIN: u64 = 100;
const AMOUNT_MAX: u64 = 50_000_000;

pub(super) fn build_payee(number: u64, random: &mut Random) -> Payee {
    Payee {
        // At most 50,000,000, which fits.
        amount_minor: i64::try_from(random.draw(AMOUNT_MIN, AMOUNT_MAX)).unwrap_or(i64::MAX),
        account_type: "clabe",
        account: mexico::build_clabe(number, random),
        name: mexico::build_person(random),
        document_type: "",
        document: String::new(),
        // The account says it.
        bank: "",
        email: String::new(),
        phone: String::new(),
        description: "Nómina",
    }
}

/// What asks for that is the text that the payee reads.
pub(super) fn keep_pending(payee: &mut Payee) {
    payee.description = "sim:stuck";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn payees_are_legal_and_ask_for_no_scenario() {
        let mut random = Random::new(u64::MAX, 1);
        let mut accounts = BTreeSet::new();
        for number in 1..=2_000 {
            let mut payee = build_payee(number, &mut random);
            assert!((100..=50_000_000).contains(&payee.amount_minor), "{payee:?}");
            let is_clabe = payee.account.bytes().all(|byte| byte.is_ascii_digit());
            assert!(is_clabe && payee.account.len() == 18, "{payee:?}");
            assert!(!payee.account.starts_with("012969"), "it has no funds: {payee:?}");
            assert!(accounts.insert(payee.account.clone()), "{payee:?}");
            assert!(!payee.description.starts_with("sim:"), "{payee:?}");
            keep_pending(&mut payee);
            assert_eq!(payee.description, "sim:stuck");
        }
    }
}
