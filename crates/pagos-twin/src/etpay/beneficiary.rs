//! Chilean tax numbers: their form here, and beneficiaries whose payouts go a way of their own.
//! Not the numbers of payers.

use crate::{
    chile::check_digit,
    fault::Fault,
    scenario::{Ending, Notified, Scenario},
};

/// Whether this is a RUT as ETpay wants it: no dots, no dash, check digit last, `K` upper case.
///
/// Source: `sdk`, `docs: D22` for the form; `docs: D30` for modulus 11.
pub(super) fn is_rut(text: &str) -> bool {
    let Some((body, digit)) = text.split_at_checked(text.len().saturating_sub(1)) else {
        return false;
    };
    let is_body = (1..=8).contains(&body.len()) && body.bytes().all(|it| it.is_ascii_digit());
    is_body && digit.bytes().eq([check_digit(body)])
}

/// What becomes of the payouts of a beneficiary. That it depends on the RUT is documented
/// (`docs: D6`), the numbers are not: these are invented. `[sim]`
pub(super) fn scenario(rut: &str) -> Option<Scenario> {
    Some(match rut {
        "222222222" => Scenario::failing("SIM01"),
        "333333333" => Scenario::stuck(),
        "444444444" => Scenario::ending(Ending::SuccessThenFail),
        "555555555" => Scenario::call(Fault::ErrorAfter),
        "666666666" => Scenario::call(Fault::LoseReply),
        "777777777" => Scenario::notified(Notified::Never),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_are_checked() {
        for valid in [
            "111111111",
            "222222222",
            "333333333",
            "444444444",
            "555555555",
            "666666666",
            "777777777",
            "123456785",
            "126785798",
            "76934246K",
            "155096616",
            "200808088",
            "18765534K",
            "306869574",
            "51266633",
            "100000040",
            "12000008K",
            "120000020",
            "6K",
            "19",
        ] {
            assert!(is_rut(valid), "{valid}");
        }
        for invalid in [
            "111111112",
            "12345678K",
            "769342461",
            "76934246k",
            "7.693.424-6",
            "76934246-K",
            "",
            "K",
            "1",
            "1111111111",
            "x1",
            "1ñ",
        ] {
            assert!(!is_rut(invalid), "{invalid}");
        }
    }
}
