//! Banks by the names that ETpay gives them.
//! Not a directory; ETpay has no call for one, and its list for payouts was never seen.

/// Whether a payer can have this bank, in either case of letters: the official SDK writes capitals.
pub(super) fn is_payer(name: &str) -> bool {
    let names = DOCUMENTED.iter().chain([&TEST]);
    names.into_iter().any(|bank| bank.eq_ignore_ascii_case(name))
}

/// Whether a payout can go to this bank.
pub(super) fn is_beneficiary(name: &str) -> bool {
    DOCUMENTED.contains(&name) || SIMULATED.contains(&name)
}

/// Source: `docs: D12` and `sdk`; `cl_mach` of `docs: D13`.
const DOCUMENTED: [&str; 8] = [
    "cl_estado",
    "cl_santander",
    "cl_bch",
    "cl_bci",
    "cl_falabella",
    "cl_itau",
    "cl_scotiabank",
    "cl_mach",
];

/// Source: `sdk`.
const TEST: &str = "cl_test";

/// Names that are made like the documented ones. `[sim]`
const SIMULATED: [&str; 9] = [
    "cl_internacional",
    "cl_bice",
    "cl_security",
    "cl_ripley",
    "cl_consorcio",
    "cl_btg",
    "cl_coopeuch",
    "cl_losheroes",
    "cl_tenpo",
];
