//! Chileans who are paid through ETpay. Not the rules of its payouts; those are its crate's.

use super::Payee;
use super::build_account;
use super::build_name;
use crate::random::Random;

/// The limit of an instant transfer in Chile, in pesos. They have no cents.
const PESOS_MAX: u64 = 7_000_000;

const BANKS: [&str; 6] =
    ["cl_estado", "cl_bci", "cl_bch", "cl_santander", "cl_falabella", "cl_scotiabank"];

const ACCOUNT_TYPES: [&str; 3] = ["checking", "sight", "savings"];

/// Nothing, or something that asks for no scenario of the twin.
const DESCRIPTIONS: [&str; 3] = ["", "trial run", "reembolso"];

/// Numbers of people. The twin keeps 22222222 and the like for scenarios of its own.
const RUT_MIN: u64 = 1_000_000;
const RUT_MAX: u64 = 21_999_999;

const FIRST_NAMES: [&str; 6] = ["Amanda", "Benjamín", "Catalina", "Ignacio", "Javiera", "Tomás"];
const LAST_NAMES: [&str; 6] = ["Aravena", "Fuentes", "Muñoz", "Pizarro", "Sepúlveda", "Tapia"];

pub(super) fn build_payee(number: u64, random: &mut Random) -> Payee {
    let pesos = random.draw(1, PESOS_MAX);
    Payee {
        // At most 7,000,000, which fits.
        amount_minor: i64::try_from(pesos).unwrap_or(i64::MAX),
        account_type: random.choose(&ACCOUNT_TYPES).copied().unwrap_or_default(),
        account: build_account(number, random),
        name: build_name(&FIRST_NAMES, &LAST_NAMES, random),
        document_type: "rut",
        document: build_rut(random.draw(RUT_MIN, RUT_MAX)),
        bank: random.choose(&BANKS).copied().unwrap_or_default(),
        description: random.choose(&DESCRIPTIONS).copied().unwrap_or_default(),
    }
}

/// A tax number with its check digit, modulus 11.
fn build_rut(body: u64) -> String {
    let digits = body.to_string();
    let weighed = digits.bytes().rev().zip((2..=7).cycle());
    let sum: u64 = weighed.map(|(digit, factor)| u64::from(digit - b'0') * factor).sum();
    match 11 - sum % 11 {
        11 => format!("{body}-0"),
        10 => format!("{body}-K"),
        digit => format!("{body}-{digit}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Beneficiaries whose payouts go a way of their own in the twin.
    const SPECIAL: [&str; 6] =
        ["22222222-2", "33333333-3", "44444444-4", "55555555-5", "66666666-6", "77777777-7"];

    #[test]
    fn check_digits_are_right() {
        for (body, expected) in [
            (11_111_111, "11111111-1"),
            (12_345_678, "12345678-5"),
            (76_934_246, "76934246-K"),
            (5_126_663, "5126663-3"),
            (12_000_008, "12000008-K"),
            (12_000_002, "12000002-0"),
            (20_080_808, "20080808-8"),
        ] {
            assert_eq!(build_rut(body), expected);
        }
    }

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
