//! Accounts whose payouts go a way of their own, by the last four digits of their number.
//! Not banks, and not the scenarios that a message asks for; those win.

use crate::{
    fault::Fault,
    scenario::{Ending, Scenario},
};

/// What no scenario of the common vocabulary says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Oddity {
    /// Its state is a word that nobody knows.
    UnknownWord,
    /// It is refused with HTTP 200.
    RefusedUnder200,
    /// The first two queries by `merchant_id` do not find it.
    FoundLate,
}

/// What becomes of payouts to an account. Source: `virtualpos.md` 10; all of it is `[sim]`.
pub(super) fn scenario(account_number: &str) -> Option<(Scenario, Option<Oddity>)> {
    let (_, last) = account_number.split_at_checked(account_number.len().checked_sub(4)?)?;
    let plain = Scenario::plain();
    Some(match last {
        "0001" => (Scenario::ending(Ending::Fail), None),
        "0002" => (Scenario::stuck(), None),
        "0003" => (Scenario::ending(Ending::SuccessThenFail), None),
        "0004" => (Scenario::call(Fault::ErrorAfter), None),
        "0005" => (Scenario::call(Fault::LoseReply), None),
        "0006" => (Scenario::call(Fault::LoseRequest), None),
        "0007" => (Scenario::stuck(), Some(Oddity::UnknownWord)),
        "0008" => (plain, Some(Oddity::RefusedUnder200)),
        // Whether it is stored is not said; that it is, is worse.
        "0009" => (Scenario::call(Fault::HtmlAfter), None),
        "0010" => (plain, Some(Oddity::FoundLate)),
        _ => return None,
    })
}
