//! What an order asks for: by a scenario in a name, by its account, by its amount.
//! Not what becomes of it. All of it is invented. `[sim]`

use crate::scenario::{self, Ending, NoSuchScenario, Notified, Scenario};

use crate::fault::Fault;

/// The scenario that a name asks for: `sim:fail`, or `Ana Perez sim:fail`. Nothing else that a
/// transfer is made of is a free text.
pub(super) fn of_text(name: &str) -> Result<Option<Scenario>, NoSuchScenario> {
    match name.find(" sim:").and_then(|space| name.get(space + 1..)) {
        Some(asked) => scenario::parse(asked),
        None => scenario::parse(name),
    }
}

/// The scenario of an account, by the eleven digits after bank and city.
pub(super) fn of_clabe(clabe: &str) -> Option<Scenario> {
    match clabe.get(6..17)? {
        "99900000001" => Some(Scenario::ending(Ending::Fail)),
        "99900000002" => Some(Scenario::stuck()),
        "99900000003" => Some(Scenario::ending(Ending::SuccessThenFail)),
        "99900000004" => Some(Scenario::ending(Ending::FailThenSuccess)),
        "99900000005" => Some(Scenario::call(Fault::ErrorAfter)),
        "99900000006" => Some(Scenario::call(Fault::LoseReply)),
        "99900000007" => Some(Scenario::call(Fault::LoseRequest)),
        "99900000008" => Some(Scenario::notified(Notified::Never)),
        _ => None,
    }
}

/// How an amount ends, by its last two digits. Everything else about it is left to chance.
pub(super) const fn ending_of_amount(amount_minor: i64) -> Option<Ending> {
    match amount_minor % 100 {
        13 => Some(Ending::Fail),
        19 => Some(Ending::SuccessThenFail),
        _ => None,
    }
}

/// Whether an amount stays on its way.
pub(super) const fn is_stuck(amount_minor: i64) -> bool {
    amount_minor % 100 == 17
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_ask_in_its_middle() {
        let fails = Ok(Some(Scenario::ending(Ending::Fail)));
        assert_eq!(of_text("sim:fail"), fails);
        assert_eq!(of_text("Ana Pérez sim:fail"), fails);
        for free in ["Ana Pérez", "Ansim:fail", ""] {
            assert_eq!(of_text(free), Ok(None), "{free}");
        }
        assert_eq!(of_text("Ana sim:faill"), Err(NoSuchScenario));
    }

    #[test]
    fn accounts_and_amounts_ask_too() {
        assert_eq!(of_clabe("002180999000000011"), Some(Scenario::ending(Ending::Fail)));
        assert_eq!(of_clabe("072225008217746674"), None);
        assert_eq!(ending_of_amount(50_013), Some(Ending::Fail));
        assert_eq!(ending_of_amount(50_000), None);
        assert!(is_stuck(17) && !is_stuck(1_700));
    }
}
