//! The numbers of Mexican banks, which are the first three digits of a CLABE, and the lists that
//! have them. A fixed table.
//!
//! Conekta publishes no list and reaches all participants of SPEI. New institutions appear every
//! year, so a number that is not here is accepted. If an order names a bank, it is compared with
//! the one in its CLABE.

use pagos_core::{Bank, Clabe, Violation};

/// One institution.
struct BankRow {
    /// The number of the bankers' association (ABM), three digits.
    code: &'static str,
    /// Banxico's key of the SPEI participant, four or five digits.
    banxico: Option<&'static str>,
    /// The current name in SPEI. Source: PyPI clabe 2.1.11, after Banxico's list of 2022 and later.
    now: Option<&'static str>,
    /// The name in an older list, which keeps retired numbers. Source: npm clabe-validator 3.2.2.
    older: Option<&'static str>,
}

/// The union of both lists. A number that only the older one has is probably retired, such as 032
/// (IXE) and 037 (Interacciones), which became Banorte's. \[inferred\]
const BANKS: [BankRow; 145] = [
    row("001", Some("2001"), Some("Banxico"), Some("BANXICO")),
    row("002", Some("40002"), Some("Banamex"), Some("BANAMEX")),
    row("006", Some("37006"), Some("Bancomext"), Some("BANCOMEXT")),
    row("009", Some("37009"), Some("Banobras"), Some("BANOBRAS")),
    row("012", Some("40012"), Some("BBVA Mexico"), Some("BBVA BANCOMER")),
    row("014", Some("40014"), Some("Santander"), Some("SANTANDER")),
    row("019", Some("37019"), Some("Banjercito"), Some("BANJERCITO")),
    row("021", Some("40021"), Some("HSBC"), Some("HSBC")),
    row("022", None, None, Some("GE MONEY")),
    row("030", Some("40030"), Some("Bajio"), Some("BAJIO")),
    row("032", None, None, Some("IXE")),
    row("036", Some("40036"), Some("Inbursa"), Some("INBURSA")),
    row("037", None, None, Some("INTERACCIONES")),
    row("042", Some("40042"), Some("Mifel"), Some("MIFEL")),
    row("044", Some("40044"), Some("Scotiabank"), Some("SCOTIABANK")),
    row("058", Some("40058"), Some("Banregio"), Some("BANREGIO")),
    row("059", Some("40059"), Some("Invex"), Some("INVEX")),
    row("060", Some("40060"), Some("Bansi"), Some("BANSI")),
    row("062", Some("40062"), Some("Afirme"), Some("AFIRME")),
    row("072", Some("40072"), Some("Banorte"), Some("BANORTE")),
    row("102", None, None, Some("ACCENDO BANCO")),
    row("103", None, None, Some("AMERICAN EXPRESS")),
    row("106", Some("40106"), Some("Bank Of America"), Some("BAMSA")),
    row("108", Some("40108"), Some("Mufg"), Some("TOKYO")),
    row("110", Some("40110"), Some("JP Morgan"), Some("JP MORGAN")),
    row("112", Some("40112"), Some("Bmonex"), Some("BMONEX")),
    row("113", Some("40113"), Some("Ve Por Mas"), Some("VE POR MAS")),
    row("116", None, None, Some("ING")),
    row("124", Some("40124"), Some("Citi Mexico"), Some("CITI MEXICO")),
    row("126", None, None, Some("CREDIT SUISSE")),
    row("127", Some("40127"), Some("Azteca"), Some("AZTECA")),
    row("128", Some("40128"), Some("Autofin"), Some("AUTOFIN")),
    row("129", Some("40129"), Some("Barclays"), Some("BARCLAYS")),
    row("130", Some("40130"), Some("Compartamos"), Some("COMPARTAMOS")),
    row("131", None, None, Some("FAMSA")),
    row("132", Some("40132"), Some("Multiva Banco"), Some("BMULTIVA")),
    row("133", Some("40133"), Some("Actinver"), Some("ACTINVER")),
    row("134", None, None, Some("WAL-MART")),
    row("135", Some("37135"), Some("Nafin"), Some("NAFIN")),
    row("136", Some("40136"), Some("Intercam Banco"), Some("INTERBANCO")),
    row("137", Some("40137"), Some("Bancoppel"), Some("BANCOPPEL")),
    row("138", Some("40138"), Some("Uala"), Some("ABC CAPITAL")),
    row("139", None, None, Some("UBS BANK")),
    row("140", Some("40140"), Some("Consubanco"), Some("CONSUBANCO")),
    row("141", Some("40141"), Some("Volkswagen"), Some("VOLKSWAGEN")),
    row("143", Some("40143"), Some("CIBanco"), Some("CIBANCO")),
    row("145", Some("40145"), Some("BBase"), Some("BBASE")),
    row("147", Some("40147"), Some("Bankaool"), Some("BANKAOOL")),
    row("148", Some("40148"), Some("Pagatodo"), Some("PAGATODO")),
    row("150", Some("40150"), Some("Inmobiliario"), Some("INMOBILIARIO")),
    row("151", Some("40151"), Some("Donde"), Some("DONDE")),
    row("152", Some("40152"), Some("Bancrea"), Some("BANCREA")),
    row("154", Some("40154"), Some("Banco Covalto"), Some("BANCO FINTERRA")),
    row("155", Some("40155"), Some("Icbc"), Some("ICBC")),
    row("156", Some("40156"), Some("Sabadell"), Some("SABADELL")),
    row("157", Some("40157"), Some("Shinhan"), Some("SHINHAN")),
    row("158", Some("40158"), Some("Mizuho Bank"), Some("MIZUHO BANK")),
    row("159", Some("40159"), Some("Bank Of China"), Some("BANK OF CHINA")),
    row("160", Some("40160"), Some("Banco S3"), Some("BANCO S3")),
    row("166", Some("37166"), Some("BaBien"), Some("BANSEFI")),
    row("167", Some("40167"), Some("Hey Banco"), Some("HEY")),
    row("168", Some("37168"), Some("Hipotecaria Fed"), Some("HIPOTECARIA FED")),
    row("600", Some("90600"), Some("Monexcb"), Some("MONEXCB")),
    row("601", Some("90601"), Some("Gbm"), Some("GBM")),
    row("602", Some("90602"), Some("Masari"), Some("MASARI")),
    row("604", None, None, Some("C.B. INBURSA")),
    row("605", Some("90605"), Some("Value"), Some("VALUE")),
    row("606", None, None, Some("ESTRUCTURADORES")),
    row("607", None, None, Some("TIBER")),
    row("608", None, None, Some("VECTOR")),
    row("610", None, None, Some("B&B")),
    row("611", None, None, Some("INTERCAM")),
    row("613", None, None, Some("MULTIVA")),
    row("614", None, None, Some("ACCIVAL")),
    row("615", None, None, Some("MERRILL LYNCH")),
    row("616", Some("90616"), Some("Finamex"), Some("FINAMEX")),
    row("617", Some("90617"), Some("Valmex"), Some("VALMEX")),
    row("618", None, None, Some("ÚNICA")),
    row("619", None, None, Some("ASEGURADORA MAPFRE")),
    row("620", Some("90620"), Some("Profuturo"), Some("PROFUTURO")),
    row("621", None, None, Some("CB ACTINBER")),
    row("622", None, None, Some("ACTINVE SI")),
    row("623", None, None, Some("SKANDIA")),
    row("624", None, None, Some("CONSULTORÍA")),
    row("626", None, None, Some("CBDEUTSCHE")),
    row("627", None, None, Some("ZURICH")),
    row("628", None, None, Some("ZURICHVI")),
    row("629", None, None, Some("HIPOTECARIA SU CASITA")),
    row("630", Some("90630"), Some("CB Intercam"), Some("CB INTERCAM")),
    row("631", Some("90631"), Some("CI Bolsa"), Some("CI BOLSA")),
    row("632", None, None, Some("BULLTICK C.B.")),
    row("633", None, None, Some("STERLING")),
    row("634", Some("90634"), Some("Fincomun"), Some("FINCOMUN")),
    row("636", None, None, Some("HDI SEGUROS")),
    row("637", None, None, Some("ORDER")),
    row("638", Some("40638"), Some("NUBANK"), Some("NU MEXICO")),
    row("640", None, None, Some("CB JPMORGAN")),
    row("642", None, None, Some("REFORMA")),
    row("646", Some("90646"), Some("STP"), Some("STP")),
    row("647", None, None, Some("TELECOMM")),
    row("648", None, None, Some("EVERCORE")),
    row("649", None, None, Some("SKANDIA")),
    row("651", None, None, Some("SEGMTY")),
    row("652", Some("90652"), Some("Credicapital"), Some("CREDICAPITAL")),
    row("653", Some("90653"), Some("Kuspit"), Some("KUSPIT")),
    row("655", None, None, Some("SOFIEXPRESS")),
    row("656", Some("90656"), Some("Unagra"), Some("UNAGRA")),
    row("659", Some("90659"), Some("Asp Integra Opc"), Some("ASP INTEGRA OPC")),
    row("661", Some("90661"), Some("KLAR"), Some("ALTERNATIVOS")),
    row("670", Some("90670"), Some("Libertad"), Some("LIBERTAD")),
    row("674", None, None, Some("AXA")),
    row("677", Some("90677"), Some("Caja Pop Mexica"), Some("CAJA POP MEXICA")),
    row("679", None, None, Some("FND")),
    row("680", Some("90680"), Some("Cristobal Colon"), Some("CRISTOBAL COLON")),
    row("683", Some("90683"), Some("Caja Telefonist"), Some("CAJA TELEFONIST")),
    row("684", Some("90684"), Some("Transfer"), Some("TRANSFER")),
    row("685", Some("90685"), Some("Fondo (Fira)"), Some("FONDO (FIRA)")),
    row("686", None, None, Some("INVERCAP")),
    row("688", Some("90688"), Some("Crediclub"), Some("CREDICLUB")),
    row("689", Some("90689"), Some("Fomped"), Some("FOMPED")),
    row("699", Some("90699"), Some("Fondeadora"), Some("FONDEADORA")),
    row("703", Some("90703"), Some("Tesored"), Some("TESORED")),
    row("706", Some("90706"), Some("Arcus Fi"), Some("ARCUS")),
    row("710", Some("90710"), Some("NVIO"), Some("NVIO")),
    row("714", Some("90714"), Some("PPBALANCEMX"), None),
    row("715", Some("90715"), Some("Cashi Cuenta"), None),
    row("720", Some("90720"), Some("MexPago"), None),
    row("721", Some("90721"), Some("Albo"), Some("ALBO")),
    row("722", Some("90722"), Some("Mercado Pago W"), Some("MERCADO PAGO W")),
    row("723", Some("90723"), Some("Cuenca"), Some("CUENCA")),
    row("725", Some("90725"), Some("COOPDESARROLLO"), None),
    row("727", Some("90727"), Some("Transfer directo"), None),
    row("728", Some("90728"), Some("Spin by OXXO"), Some("SPIN")),
    row("729", Some("90729"), Some("Dep y Pag Dig"), None),
    row("730", Some("90730"), Some("Swap"), None),
    row("732", Some("90732"), Some("Peibo"), Some("PEIBO")),
    row("734", Some("90734"), Some("Finco Pay"), Some("FINCH")),
    row("738", Some("90738"), Some("Fintoc"), None),
    row("812", None, None, Some("BBVA BANCOMER2")),
    row("814", None, None, Some("SANTANDER2")),
    row("821", None, None, Some("HSBC2")),
    row("846", None, None, Some("STP")),
    row("901", Some("90901"), Some("Cls"), Some("CLS")),
    row("902", Some("90902"), Some("Indeval"), Some("INDEVAL")),
    row("903", Some("90903"), Some("CoDi Valida"), Some("CODI VALIDA")),
];

const fn row(
    code: &'static str,
    banxico: Option<&'static str>,
    now: Option<&'static str>,
    older: Option<&'static str>,
) -> BankRow {
    BankRow { code, banxico, now, older }
}

/// The table, for people.
pub(crate) fn list() -> Vec<Bank> {
    let bank = |row: &BankRow| Bank {
        id: row.code.to_owned(),
        code: row.banxico.map(str::to_owned),
        name: match (row.now, row.older) {
            (Some(name), _) => name.to_owned(),
            (None, older) => format!("{} (older list only)", older.unwrap_or("?")),
        },
    };
    BANKS.iter().map(bank).collect()
}

/// Checks that the bank of an order agrees with its CLABE: the three digits of the CLABE, or
/// Banxico's key. A name cannot be compared.
pub(crate) fn agree(bank: &str, account: &Clabe) -> Result<(), Violation> {
    let refused = |because: String, es: String| {
        let remedy = "leave the bank empty, since the CLABE says it, or correct one of the two";
        Err(Violation::new("bank", because, remedy).in_spanish(
            es,
            "deje vacío el banco, porque la CLABE lo dice, o corrija uno de los dos",
        ))
    };
    let row = BANKS.iter().find(|row| row.banxico == Some(bank));
    let code = row.map_or(bank, |row| row.code);
    if code.len() != 3 || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return refused(
            format!("{bank:?} is no number of a bank"),
            format!("{bank:?} no es el número de un banco"),
        );
    }
    match code == account.bank() {
        true => Ok(()),
        false => refused(
            format!("the CLABE belongs to bank {}, not to {bank}", account.bank()),
            format!("la CLABE es del banco {}, no de {bank}", account.bank()),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_bank_agrees_with_the_clabe() {
        let account: Clabe = "072225008217746674".parse().unwrap();
        for good in ["072", "40072"] {
            assert!(agree(good, &account).is_ok(), "{good}");
        }
        for bad in ["002", "40002", "72", "BANORTE", "99999", "٠٧٢", ""] {
            assert_eq!(agree(bad, &account).unwrap_err().field, "bank", "{bad}");
        }
        // In no list, and let through.
        let unknown: Clabe = "123456789012345673".parse().unwrap();
        assert!(agree("123", &unknown).is_ok());
    }

    #[test]
    fn every_row_has_a_number_of_its_own_and_a_name() {
        for pair in BANKS.windows(2) {
            assert!(pair[0].code < pair[1].code, "{} {}", pair[0].code, pair[1].code);
        }
        for row in &BANKS {
            assert!(row.now.is_some() || row.older.is_some(), "{}", row.code);
            assert_eq!(row.now.is_some(), row.banxico.is_some(), "{}", row.code);
            // Banxico's own has four digits.
            let is_key = |key: &str| matches!(key.len(), 4 | 5) && key.ends_with(row.code);
            assert!(row.banxico.is_none_or(is_key), "{}", row.code);
        }
    }

    #[test]
    fn the_list_names_what_is_retired() {
        let banks = list();
        let name = |id| &banks.iter().find(|bank| bank.id == id).unwrap().name;
        assert_eq!(name("072"), "Banorte");
        assert_eq!(name("137"), "Bancoppel");
        assert_eq!(name("032"), "IXE (older list only)");
    }
}
