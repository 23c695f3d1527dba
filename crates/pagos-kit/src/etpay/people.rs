//! Chileans who are paid through ETpay. Not the rules of its payouts; those are its crate's.

use crate::{
    people::{Payee, build_account, chile},
    random::Random,
};

const BANKS: [&str; 6] =
    ["cl_estado", "cl_bci", "cl_bch", "cl_santander", "cl_falabella", "cl_scotiabank"];

/// Nothing, or something that asks for no scenario of the twin.
const DESCRIPTIONS: [&str; 3] = ["", "trial run", "reembolso"];

pub(super) fn build_payee(number: u64, random: &mut Random) -> Payee {
    Payee {
        amount_minor: chile::draw_amount(random),
        account_type: random.choose(&chile::ACCOUNT_TYPES).copied().unwrap_or_default(),
        account: build_account(number, random),
        name: chile::build_person(random),
        document_type: "rut",
        document: chile::draw_rut(random),
        bank: random.choose(&BANKS).copied().unwrap_or_default(),
        email: String::new(),
        phone: String::new(),
        description: random.choose(&DESCRIPTIONS).copied().unwrap_or_default(),
    }
}

/// The beneficiary whose payouts stay under way in the twin.
pub(super) fn keep_pending(payee: &mut Payee) {
    payee.document = "33333333-3".to_owned();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beneficiaries whose payouts go a way of their own in the twin.
    const SPECIAL: [&str; 6] =
        ["22222222-2", "33333333-3", "44444444-4", "55555555-5", "66666666-6", "77777777-7"];

    #[test]
    fn payees_are_legal_and_ask_for_no_scenario() {
        let mut random = Random::new(u64::MAX, 1);
        for number in 1..=2_000 {
            let payee = build_payee(number, &mut random);
            assert!((1..=7_000_000).contains(&payee.amount_minor), "{payee:?}");
            assert!(payee.account.len() <= 20, "{payee:?}");
            assert!(payee.account.bytes().all(|byte| byte.is_ascii_digit()), "{payee:?}");
            assert!(!SPECIAL.contains(&payee.document.as_str()), "{payee:?}");
            assert!(!payee.description.starts_with("sim:"), "{payee:?}");
            assert!(payee.description.len() <= 30, "{payee:?}");
        }
    }
}
