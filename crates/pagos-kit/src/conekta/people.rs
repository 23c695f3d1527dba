//! Mexicans who are paid through Conekta. Not the rules of its payouts; those are its crate's.

use crate::{
    people::{Payee, mexico},
    random::Random,
};

/// In centavos.
const AMOUNT_MIN: u64 = 100;
const AMOUNT_MAX: u64 = 50_000_000;

/// Centavos with a fate of their own in the twin.
const CENTAVOS_OF_FATES: [u64; 3] = [13, 17, 19];

/// The twin books a payout under what stands before the `@`: Conekta has no field for a key.
const KEY_DOMAIN: &str = "key.invalid";

pub(super) fn build_payee(number: u64, key: &str, random: &mut Random) -> Payee {
    Payee {
        amount_minor: draw_amount(random),
        account_type: "clabe",
        account: mexico::build_clabe(number, random),
        name: mexico::build_person(random),
        document_type: "",
        document: String::new(),
        // The account says it.
        bank: "",
        email: format!("{key}@{KEY_DOMAIN}"),
        phone: format!("55{:08}", random.draw(0, 99_999_999)),
        description: "",
    }
}

fn draw_amount(random: &mut Random) -> i64 {
    let amount = random.draw(AMOUNT_MIN, AMOUNT_MAX);
    let has_fate = CENTAVOS_OF_FATES.contains(&(amount % 100));
    // At most 50,000,001, which fits. The next one has none.
    i64::try_from(amount + u64::from(has_fate)).unwrap_or(i64::MAX)
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
            let payee = build_payee(number, "C7N000001", &mut random);
            let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            assert!((100..=50_000_001).contains(&payee.amount_minor), "{payee:?}");
            assert!(![13, 17, 19].contains(&(payee.amount_minor % 100)), "{payee:?}");
            assert!(payee.account.len() == 18 && is_digits(&payee.account), "{payee:?}");
            let eleven = payee.account[6..17].to_owned();
            assert!(!eleven.starts_with("999000"), "{payee:?}");
            assert!(accounts.insert(eleven), "{payee:?}");
            assert!(payee.phone.len() == 10 && is_digits(&payee.phone), "{payee:?}");
            assert_eq!(payee.email, "C7N000001@key.invalid");
            assert!(!payee.name.contains("sim:"), "{payee:?}");
            assert!(payee.document.is_empty() && payee.bank.is_empty(), "{payee:?}");
        }
    }

    #[test]
    fn the_centavos_are_not_always_the_same() {
        let mut random = Random::new(7, 1);
        let centavos: BTreeSet<i64> = (0..2_000).map(|_| draw_amount(&mut random) % 100).collect();
        assert_eq!(centavos.len(), 97);
    }
}
