//! Chileans who are paid through VirtualPOS. Not the rules of its payouts; those are its crate's.

use crate::{
    people::{Payee, chile},
    random::Random,
};

/// BancoEstado, BCI, Santander, Banco de Chile, Scotiabank, Falabella: zeros at the front count.
const BANKS: [&str; 6] = ["012", "016", "037", "001", "014", "051"];

/// Nothing, or something that asks for no scenario of the twin. One has letters that need care when
/// they are signed.
const DESCRIPTIONS: [&str; 3] = ["", "trial run", "Devolución"];

pub(super) fn build_payee(number: u64, random: &mut Random) -> Payee {
    Payee {
        amount_minor: chile::draw_amount(random),
        account_type: random.choose(&chile::ACCOUNT_TYPES).copied().unwrap_or_default(),
        account: build_account(number, random),
        name: chile::build_person(random),
        document_type: "rut",
        document: chile::draw_rut(random),
        bank: random.choose(&BANKS).copied().unwrap_or_default(),
        email: format!("payee{number}@example.com"),
        phone: String::new(),
        description: random.choose(&DESCRIPTIONS).copied().unwrap_or_default(),
    }
}

/// An account whose payouts stay under way in the twin: the last four digits say so.
pub(super) fn keep_pending(payee: &mut Payee) {
    payee.account.truncate(payee.account.len().saturating_sub(4));
    payee.account.push_str("0002");
}

/// The number of the row, which makes it unique, then four digits by chance: the twin goes by the
/// last four and keeps those below 1000 for scenarios. One digit longer than everybody else's.
fn build_account(number: u64, random: &mut Random) -> String {
    format!("{number:07}{:04}", random.draw(1_000, 9_980))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payees_are_legal_and_ask_for_no_scenario() {
        let mut random = Random::new(u64::MAX, 1);
        for number in 1..=2_000 {
            let payee = build_payee(number, &mut random);
            let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
            assert!((1..=7_000_000).contains(&payee.amount_minor), "{payee:?}");
            assert!(payee.bank.len() == 3 && is_digits(payee.bank), "{payee:?}");
            assert!(payee.account.len() <= 20 && is_digits(&payee.account), "{payee:?}");
            // Endings of 0001 to 0010 are scenarios.
            let (_, ending) = payee.account.split_at(payee.account.len() - 4);
            assert!(!ending.starts_with('0'), "{payee:?}");
            assert_eq!(payee.email.split('@').count(), 2, "{payee:?}");
            assert!(payee.email.is_ascii(), "{payee:?}");
            assert!(!payee.document.contains('.'), "{payee:?}");
            assert!(!payee.description.starts_with("sim:"), "{payee:?}");
        }
    }
}
