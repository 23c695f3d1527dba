//! The numbers of Chilean banks (SBIF, today CMF), and the lists that have them. A fixed table.
//!
//! VirtualPOS publishes no list, so it is unknown which of them it can pay, and any three digits
//! are accepted. The lists of others disagree in places, which notes point out.

use pagos_core::{Bank, Violation};

/// One institution.
pub(crate) struct BankRow {
    /// Three digits; leading zeros count.
    pub(crate) code: &'static str,
    pub(crate) name: &'static str,
    /// O: odoo's table. R: RedPay's package. P: Pagsmile's page. B: tables copied from BancoEstado,
    /// the most recent. L: two Laravel seeders. All are public code of others.
    pub(crate) sources: &'static str,
}

/// Left out as historical or doubtful: 011, 035, 046, 099, 704, 930 to 932. `111`, which the manual
/// uses, is in no list.
pub(crate) const BANKS: [BankRow; 41] = [
    row("001", "Banco de Chile (Edwards, Citi, Atlas, CrediChile)", "ORPBL"),
    row("009", "Banco Internacional", "ORPBL"),
    row("012", "BancoEstado", "ORPBL"),
    row("014", "Scotiabank Chile", "ORPBL"),
    row("016", "Banco de Crédito e Inversiones (BCI, Tbanc, Nova, MACHBANK)", "ORPBL"),
    row("017", "Banco do Brasil", "OPL"),
    // Merged into Itaú; lists keep both.
    row("027", "Corpbanca / Itaú-Corpbanca", "ORPBL"),
    row("028", "Banco BICE", "ORPBL"),
    row("031", "HSBC Bank (Chile)", "OPBL"),
    row("037", "Banco Santander-Chile (Banefe)", "ORPBL"),
    row("039", "Banco Itaú Chile", "ORPBL"),
    row("041", "JP Morgan Chase Bank", "OPBL"),
    row("043", "Banco de la Nación Argentina", "OPL"),
    row("045", "MUFG Bank", "PBL"),
    row("049", "Banco Security", "ORPBL"),
    row("051", "Banco Falabella", "ORPBL"),
    row("052", "Deutsche Bank (Chile)", "OPL"),
    row("053", "Banco Ripley (Chek)", "ORPBL"),
    row("054", "Rabobank Chile", "OPL"),
    row("055", "Banco Consorcio", "ORPBL"),
    // Historical, like 057 and 507.
    row("056", "Banco Penta", "OPL"),
    row("057", "Banco Paris", "OPL"),
    row("059", "Banco BTG Pactual Chile", "OPL"),
    row("062", "Tanner", "B"),
    row("504", "BBVA Chile (Scotiabank Azul)", "ORPBL"),
    row("507", "Banco del Desarrollo", "PL"),
    row("672", "Coopeuch (Dale)", "RPBL"),
    row("693", "CMR Falabella", "R"),
    row("697", "La Polar Prepago", "B"),
    row("699", "Tricot Prepago", "B"),
    // P says 152.
    row("729", "Prepago Los Héroes", "RBL"),
    row("730", "Tenpo Prepago", "RBL"),
    row("732", "TAPP Caja Los Andes", "BL"),
    row("738", "Global66 (Global Card)", "BL"),
    row("739", "And Co.", "B"),
    row("741", "Copec Pay", "B"),
    row("743", "Prex", "B"),
    row("744", "SumUp", "B"),
    row("746", "Fintual", "B"),
    row("747", "Metro Muv", "B"),
    row("875", "Mercado Pago", "BL"),
];

const fn row(code: &'static str, name: &'static str, sources: &'static str) -> BankRow {
    BankRow { code, name, sources }
}

/// The table, for people. A bank that is missing here may still be payable, and a listed one may
/// not.
pub(crate) fn list() -> Vec<Bank> {
    let bank = |row: &BankRow| Bank {
        id: row.code.to_owned(),
        code: Some(row.code.to_owned()),
        name: match row.sources.len() {
            1 => format!("{} (one source only)", row.name),
            _ => row.name.to_owned(),
        },
    };
    BANKS.iter().map(bank).collect()
}

/// The number of a bank: any three digits. A missing zero is refused and not guessed, since
/// spreadsheets remove it and a typing error looks the same.
pub(crate) fn read(bank: Option<&str>) -> Result<&str, Violation> {
    let remedy = "write its three digits, with zeros at the front: 012; `pagos banks` lists them";
    let es_remedy =
        "escriba sus tres dígitos, con los ceros a la izquierda: 012; `pagos banks` los muestra";
    match bank {
        Some(bank) if bank.len() == 3 && bank.bytes().all(|byte| byte.is_ascii_digit()) => Ok(bank),
        Some(bank) => Err(Violation::new("bank", format!("{bank:?} is not three digits"), remedy)
            .in_spanish(format!("{bank:?} no son tres dígitos"), es_remedy)),
        None => Err(Violation::new("bank", "the bank is missing", remedy)
            .in_spanish("falta el banco", es_remedy)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_three_digits_are_a_bank() {
        for good in ["012", "001", "111", "999", "875"] {
            assert_eq!(read(Some(good)).unwrap(), good);
        }
        for bad in ["12", "1", "0012", "", "01a", "+12", "BancoEstado", "٠١٢"] {
            assert_eq!(read(Some(bad)).unwrap_err().field, "bank", "{bad}");
        }
        assert!(read(None).is_err());
    }

    #[test]
    fn every_row_has_a_code_of_its_own_and_known_sources() {
        for pair in BANKS.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} {}", pair[0].code, pair[1].code);
        }
        for row in &BANKS {
            assert_eq!(read(Some(row.code)).unwrap(), row.code);
            assert!(!row.sources.is_empty(), "{}", row.code);
            assert!(row.sources.chars().all(|source| "ORPBL".contains(source)), "{}", row.code);
        }
        let listed = list();
        assert_eq!(listed.len(), 41);
        let prex = listed.iter().find(|bank| bank.id == "743").unwrap();
        assert_eq!(prex.name, "Prex (one source only)");
    }
}
