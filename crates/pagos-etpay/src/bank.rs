//! ETpay's names of Chilean banks with the CMF's numbers. A fixed table.
//!
//! ETpay publishes seven names and uses one in a sample; its list of banks for payouts is not
//! known. We invented the other names here for simulators, and in live use they are refused until
//! the configuration confirms them.

use pagos_core::{Bank, Environment};

/// Whether ETpay has published the name of a bank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Basis {
    /// It appears on a page or in a package of ETpay's.
    Documented,
    /// We invented it.
    Simulated,
}

/// One bank.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BankRow {
    /// ETpay's name, in lower case. Its package writes upper case, its pages lower. Source: sdk;
    /// docs: D12.
    pub(crate) id: &'static str,
    /// The number of the CMF (formerly SBIF), three digits.
    pub(crate) number: &'static str,
    /// Its common name.
    pub(crate) name: &'static str,
    /// The basis of the name in `id`.
    pub(crate) basis: Basis,
}

impl BankRow {
    pub(crate) fn to_bank(&self) -> Bank {
        let code = Some(self.number.to_owned());
        Bank { id: self.id.to_owned(), code, name: self.name.to_owned() }
    }
}

/// Names: docs: D12, docs: D13 (`cl_mach`), sdk. Numbers: code: K1 to K4. Left out are banks that
/// merged into others (027, 504, 507), have closed (054) or whose names we do not know (031, 693),
/// and issuers whose numbers are uncertain. One list gives 152 for Los Héroes.
const BANKS: [BankRow; 17] = [
    documented("cl_bch", "001", "Banco de Chile / Edwards"),
    simulated("cl_internacional", "009", "Banco Internacional"),
    documented("cl_estado", "012", "BancoEstado"),
    documented("cl_scotiabank", "014", "Scotiabank"),
    documented("cl_bci", "016", "BCI"),
    // Accounts of MACH are BCI's, and so is the number; a number alone means BCI. [inferred]
    documented("cl_mach", "016", "MACH"),
    simulated("cl_bice", "028", "BICE"),
    documented("cl_santander", "037", "Santander"),
    documented("cl_itau", "039", "Itaú"),
    // Only its number is documented. Source: docs: D22.
    simulated("cl_security", "049", "Security"),
    documented("cl_falabella", "051", "Falabella"),
    simulated("cl_ripley", "053", "Ripley"),
    simulated("cl_consorcio", "055", "Consorcio"),
    simulated("cl_btg", "059", "BTG Pactual"),
    simulated("cl_coopeuch", "672", "Coopeuch"),
    simulated("cl_losheroes", "729", "Prepago Los Héroes"),
    simulated("cl_tenpo", "730", "Tenpo"),
];

const fn documented(id: &'static str, number: &'static str, name: &'static str) -> BankRow {
    BankRow { id, number, name, basis: Basis::Documented }
}

const fn simulated(id: &'static str, number: &'static str, name: &'static str) -> BankRow {
    BankRow { id, number, name, basis: Basis::Simulated }
}

/// The row that `text` names: by ETpay's name in any case, or by the CMF's number, whose leading
/// zeros a spreadsheet may have removed.
pub(crate) fn find(text: &str) -> Option<&'static BankRow> {
    let is_number = (1..=3).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    BANKS.iter().find(|row| match is_number {
        true => row.number.trim_start_matches('0') == text.trim_start_matches('0'),
        false => row.id.eq_ignore_ascii_case(text),
    })
}

/// Whether money may be sent to a bank under this name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payable {
    /// Yes.
    Yes,
    /// The bank is known, but ETpay's name for it is not.
    Unconfirmed,
    /// No such bank.
    Unknown,
}

/// The name under which payouts to the bank `text` are sent, and whether they may be. A name that
/// the configuration confirms needs no row.
pub(crate) fn payee_bank<'a>(
    text: &str,
    environment: Environment,
    confirmed: &'a [String],
) -> (Payable, &'a str) {
    let row = find(text);
    let id = row.map_or(text, |row| row.id);
    if let Some(id) = confirmed.iter().find(|known| known.eq_ignore_ascii_case(id)) {
        return (Payable::Yes, id);
    }
    match (row, environment) {
        (Some(row), Environment::Sandbox) => (Payable::Yes, row.id),
        (Some(row), Environment::Live) => match row.basis {
            Basis::Documented => (Payable::Yes, row.id),
            Basis::Simulated => (Payable::Unconfirmed, row.id),
        },
        (None, _) => (Payable::Unknown, ""),
    }
}

/// Every bank that payouts can be sent to.
pub(crate) fn payee_banks(environment: Environment, confirmed: &[String]) -> Vec<Bank> {
    let is_payable = |row: &&BankRow| payee_bank(row.id, environment, confirmed).0 == Payable::Yes;
    let known = BANKS.iter().filter(is_payable).map(BankRow::to_bank);
    let further = confirmed.iter().filter(|id| find(id).is_none()).map(|id| Bank {
        id: id.clone(),
        code: None,
        name: id.clone(),
    });
    known.chain(further).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_is_a_name_or_a_number() {
        let cases = [
            ("cl_estado", Some("cl_estado")),
            ("CL_ESTADO", Some("cl_estado")),
            ("012", Some("cl_estado")),
            ("12", Some("cl_estado")),
            ("1", Some("cl_bch")),
            ("016", Some("cl_bci")),
            ("cl_mach", Some("cl_mach")),
            ("0012", None),
            ("000", None),
            ("+12", None),
            ("estado", None),
            ("BancoEstado", None),
            ("504", None),
            ("", None),
        ];
        for (text, id) in cases {
            assert_eq!(find(text).map(|row| row.id), id, "{text:?}");
        }
    }

    #[test]
    fn made_up_names_are_not_sent_in_live() {
        let confirmed = ["cl_bice".to_owned(), "cl_nuevo".to_owned()];
        let cases = [
            ("cl_bch", Environment::Live, (Payable::Yes, "cl_bch")),
            ("CL_MACH", Environment::Live, (Payable::Yes, "cl_mach")),
            ("cl_tenpo", Environment::Live, (Payable::Unconfirmed, "cl_tenpo")),
            ("730", Environment::Live, (Payable::Unconfirmed, "cl_tenpo")),
            ("cl_tenpo", Environment::Sandbox, (Payable::Yes, "cl_tenpo")),
            ("cl_bice", Environment::Live, (Payable::Yes, "cl_bice")),
            ("28", Environment::Live, (Payable::Yes, "cl_bice")),
            ("CL_NUEVO", Environment::Live, (Payable::Yes, "cl_nuevo")),
            ("cl_viejo", Environment::Sandbox, (Payable::Unknown, "")),
        ];
        for (text, environment, expected) in cases {
            assert_eq!(payee_bank(text, environment, &confirmed), expected, "{text}");
        }
    }

    #[test]
    fn only_banks_that_can_be_paid_are_listed() {
        let confirmed = ["cl_tenpo".to_owned(), "cl_nuevo".to_owned()];
        let live = payee_banks(Environment::Live, &confirmed);
        let ids: Vec<&str> = live.iter().map(|bank| bank.id.as_str()).collect();
        let expected = [
            "cl_bch",
            "cl_estado",
            "cl_scotiabank",
            "cl_bci",
            "cl_mach",
            "cl_santander",
            "cl_itau",
            "cl_falabella",
            "cl_tenpo",
            "cl_nuevo",
        ];
        assert_eq!(ids, expected);
        assert_eq!(payee_banks(Environment::Sandbox, &[]).len(), BANKS.len());
    }

    #[test]
    fn rows_are_lower_case_and_names_are_single() {
        for (position, row) in BANKS.iter().enumerate() {
            assert!(row.id.starts_with("cl_") && row.id == row.id.to_lowercase(), "{row:?}");
            assert_eq!(row.number.len(), 3, "{row:?}");
            let is_repeated = BANKS.iter().skip(position + 1).any(|other| other.id == row.id);
            assert!(!is_repeated, "{row:?}");
        }
    }
}
