//! The banks of Colombia by Cashypro's ids, and the lookup of the bank that an order names. A fixed
//! table.

use pagos_core::{Bank, Violation};

use crate::country::CountrySettings;

/// A bank whose id is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct KnownBank {
    /// The id, which is sent.
    pub id: u32,
    /// Its name, which an order may use.
    pub name: &'static str,
    /// The four-digit code of the country's clearing house, which an order may use too.
    pub national: Option<&'static str>,
}

impl KnownBank {
    pub(crate) fn to_bank(&self) -> Bank {
        let code = self.national.map(str::to_owned);
        Bank { id: self.id.to_string(), code, name: self.name.to_owned() }
    }
}

const fn row(id: u32, name: &'static str, national: &'static str) -> KnownBank {
    KnownBank { id, name, national: Some(national) }
}

/// The Colombian banks for payouts. The published list breaks off after 41, and production has the
/// complete one, so an id that is not here is sent all the same.
///
/// Source of ids and names: docs: en/col/appendix, old crawl; the split of each printed row into
/// id, code and name is inferred. Source of the national codes: the lists of two other payout
/// services (GitHub: teemopay/ttpaydoc, Colombia, four digits; dotaZealot/pagsmile, Colombia, their
/// last three), read 2026-11-29. Each code is in at least one of them under the same name, and is
/// Cashypro's `bankCode` too, except for Nequi: 1507 in both, 2209 at Cashypro.
pub(crate) const COLOMBIAN: [KnownBank; 35] = [
    row(2, "BANCAMIA S.A.", "1059"),
    row(3, "BANCO AGRARIO", "1040"),
    row(4, "BANCO AV VILLAS", "1052"),
    row(5, "BANCO BBVA COLOMBIA S.A.", "1013"),
    row(6, "BANCO CAJA SOCIAL", "1032"),
    row(7, "BANCO COOPERATIVO COOPCENTRAL", "1066"),
    row(8, "BANCO CREDIFINANCIERA", "1558"),
    row(9, "BANCO DAVIVIENDA", "1051"),
    row(10, "BANCO DE BOGOTA", "1001"),
    row(11, "BANCO DE OCCIDENTE", "1023"),
    row(12, "BANCO FALABELLA", "1062"),
    row(13, "BANCO GNB SUDAMERIS", "1012"),
    row(15, "BANCO PICHINCHA S.A.", "1060"),
    row(16, "BANCO POPULAR", "1002"),
    row(17, "BANCO SANTANDER COLOMBIA", "1065"),
    row(18, "BANCO SERFINANZA", "1069"),
    row(19, "BANCO UNION antes GIROS", "1303"),
    row(20, "BANCOLOMBIA", "1007"),
    row(21, "BANCOOMEVA S.A.", "1061"),
    row(22, "CFA COOPERATIVA FINANCIERA", "1283"),
    row(23, "CITIBANK", "1009"),
    row(24, "COLTEFINANCIERA", "1370"),
    row(25, "CONFIAR COOPERATIVA FINANCIERA", "1292"),
    row(26, "COOFINEP COOPERATIVA FINANCIERA", "1291"),
    row(27, "COTRAFA", "1289"),
    row(29, "DAVIPLATA", "1551"),
    row(30, "IRIS", "1637"),
    row(33, "NEQUI", "1507"),
    row(34, "SCOTIABANK COLPATRIA", "1019"),
    row(35, "Mibanco S.A.", "1067"),
    row(37, "Banco Finandina S.A", "1063"),
    // No other list has its code.
    KnownBank { id: 38, name: "Banco Multibank S.A.", national: None },
    row(39, "Banco Procredit Colombia", "1058"),
    row(40, "Banco W S.A", "1053"),
    row(41, "Bancóldex", "1031"),
];

/// The known ids have two digits. A much longer number is an account in the wrong column.
/// \[inferred\]
const ID_DIGITS_MAX: usize = 5;

/// The id of the bank that `text` gives as an id, a name or a national code. An id that is not in
/// our table is accepted, because the provider's own list is complete.
///
/// `007` is Bancolombia to Colombia's clearing house, and `7` is another bank to Cashypro. So
/// digits with a leading zero, and four digits that match a code of the clearing house, are never
/// taken for an id.
pub(crate) fn read_id(country: &CountrySettings, text: &str) -> Result<u32, Violation> {
    let refused = |because: String, es: String| {
        let remedy = "write the id that `pagos banks` lists, or the name of the bank";
        Err(Violation::new("bank", because, remedy)
            .in_spanish(es, "escriba el código que muestra `pagos banks`, o el nombre del banco"))
    };
    if !is_digits(text) {
        return match country.banks.iter().find(|bank| is_same_name(bank.name, text)) {
            Some(bank) => Ok(bank.id),
            None => refused(
                format!("{text:?} is neither a bank id nor the exact name of a bank"),
                format!("{text:?} no es el código ni el nombre exacto de un banco"),
            ),
        };
    }
    if let Some(code) = national_code(country, text) {
        return match country.banks.iter().find(|bank| bank.national == Some(&code)) {
            Some(bank) => Ok(bank.id),
            None => refused(
                format!(
                    "{text:?} looks like the code of a clearing house, and no bank of our table has it"
                ),
                format!(
                    "{text:?} parece el código de una cámara de compensación, y ningún banco de \
                     nuestra tabla lo tiene"
                ),
            ),
        };
    }
    match text.parse() {
        Ok(id) if id > 0 && !text.starts_with('0') && text.len() <= ID_DIGITS_MAX => Ok(id),
        Ok(_) | Err(_) => {
            let es =
                "no es el código de un banco: un código no comienza con cero y tiene pocos dígitos";
            let because = "it is no bank id: an id has no zeros in front and few digits";
            refused(because.to_owned(), es.to_owned())
        }
    }
}

/// The bank in our table that `text` names.
pub(crate) fn find(country: &CountrySettings, text: &str) -> Option<&'static KnownBank> {
    let id = read_id(country, text).ok()?;
    country.banks.iter().find(|bank| bank.id == id)
}

/// The clearing house's code in four digits. Its first digit is a 1, which is often left out.
fn national_code(country: &CountrySettings, text: &str) -> Option<String> {
    if country.banks.is_empty() {
        return None;
    }
    let is_known = |code: &str| country.banks.iter().any(|bank| bank.national == Some(code));
    match (text.len(), text.as_bytes().first()) {
        (3, Some(b'0')) => Some(format!("1{text}")),
        (4, Some(b'1')) => Some(text.to_owned()),
        // No id of three digits is known, and many people write 551 for Daviplata's 1551.
        (3, _) => Some(format!("1{text}")).filter(|code| is_known(code)),
        _ => None,
    }
}

/// Compares without regard to case, even beyond ASCII: bank names have accents.
fn is_same_name(name: &str, other: &str) -> bool {
    name.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::country::{COLOMBIA, PERU};

    #[test]
    fn world_8_a_bank_is_an_id_a_name_or_a_national_code() {
        let cases = [
            ("33", Some(33)),
            ("nequi", Some(33)),
            ("BANCO AV VILLAS", Some(4)),
            ("BANCÓLDEX", Some(41)),
            ("7", Some(7)),
            // Bancolombia to the clearing house.
            ("007", Some(20)),
            ("1007", Some(20)),
            ("1507", Some(33)),
            ("051", Some(9)),
            // Codes of no bank that we know, and never an id.
            ("077", None),
            ("1999", None),
            ("07", None),
            ("0007", None),
            ("Banco", None),
            ("", None),
            ("0", None),
            ("000", None),
            ("+33", None),
            ("3001234567", None),
            // Three digits without a zero in front are a code if one is known, and may be an id.
            ("551", Some(29)),
            ("507", Some(33)),
            ("555", Some(555)),
        ];
        for (text, id) in cases {
            assert_eq!(read_id(&COLOMBIA, text).ok(), id, "{text}");
        }
        // No table, so no codes: digits are ids.
        assert_eq!(read_id(&PERU, "1007").ok(), Some(1007));
        assert!(read_id(&PERU, "007").is_err());
        assert_eq!(find(&COLOMBIA, "007").unwrap().name, "BANCOLOMBIA");
        assert_eq!(find(&COLOMBIA, "555"), None);
    }

    #[test]
    fn ids_and_codes_name_one_bank_each() {
        for (place, bank) in COLOMBIAN.iter().enumerate() {
            for other in &COLOMBIAN[..place] {
                assert!(other.id < bank.id, "{}", bank.id);
                assert!(other.national != bank.national || bank.national.is_none(), "{}", bank.id);
            }
            let is_code = |code: &str| code.len() == 4 && code.starts_with('1');
            assert!(bank.national.is_none_or(is_code), "{}", bank.id);
        }
    }
}
