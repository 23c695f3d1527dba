//! The banks of Colombia as the twin knows them. Not the live list: production answers
//! `bankListQuery` with its own.

use serde::Serialize;

/// One row of a bank list.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Bank {
    #[serde(rename = "bankId")]
    pub(super) id: u16,
    #[serde(rename = "bankCode")]
    code: &'static str,
    #[serde(rename = "bankName")]
    name: &'static str,
}

/// Banks that a payout can go to.
pub(super) const PAYOUT_BANKS: &[Bank] = &BANKS;

/// Banks that a payer can pay from. The real list was never seen; this is a part of the other.
/// `[inferred]`
pub(super) const PAYMENT_BANKS: &[Bank] = &[
    bank(9, "1051", "BANCO DAVIVIENDA"),
    bank(10, "1001", "BANCO DE BOGOTA"),
    bank(20, "1007", "BANCOLOMBIA"),
];

/// Daviplata and Nequi. Source: appendix of Colombia, type EWALLET in the old table.
const WALLETS: [u16; 2] = [29, 33];

pub(super) fn is_payout_bank(id: u16) -> bool {
    PAYOUT_BANKS.iter().any(|bank| bank.id == id)
}

pub(super) fn is_payment_bank(id: u16) -> bool {
    PAYMENT_BANKS.iter().any(|bank| bank.id == id)
}

pub(super) fn is_wallet(id: u16) -> bool {
    WALLETS.contains(&id)
}

const fn bank(id: u16, code: &'static str, name: &'static str) -> Bank {
    Bank { id, code, name }
}

/// Source: appendix of Colombia, old table, which breaks off after 41. The split of the printed
/// rows into id, code and name is inferred.
const BANKS: [Bank; 35] = [
    bank(2, "1059", "BANCAMIA S.A."),
    bank(3, "1040", "BANCO AGRARIO"),
    bank(4, "1052", "BANCO AV VILLAS"),
    bank(5, "1013", "BANCO BBVA COLOMBIA S.A."),
    bank(6, "1032", "BANCO CAJA SOCIAL"),
    bank(7, "1066", "BANCO COOPERATIVO COOPCENTRAL"),
    bank(8, "1558", "BANCO CREDIFINANCIERA"),
    bank(9, "1051", "BANCO DAVIVIENDA"),
    bank(10, "1001", "BANCO DE BOGOTA"),
    bank(11, "1023", "BANCO DE OCCIDENTE"),
    bank(12, "1062", "BANCO FALABELLA"),
    bank(13, "1012", "BANCO GNB SUDAMERIS"),
    bank(15, "1060", "BANCO PICHINCHA S.A."),
    bank(16, "1002", "BANCO POPULAR"),
    bank(17, "1065", "BANCO SANTANDER COLOMBIA"),
    bank(18, "1069", "BANCO SERFINANZA"),
    bank(19, "1303", "BANCO UNION antes GIROS"),
    bank(20, "1007", "BANCOLOMBIA"),
    bank(21, "1061", "BANCOOMEVA S.A."),
    bank(22, "1283", "CFA COOPERATIVA FINANCIERA"),
    bank(23, "1009", "CITIBANK"),
    bank(24, "1370", "COLTEFINANCIERA"),
    bank(25, "1292", "CONFIAR COOPERATIVA FINANCIERA"),
    bank(26, "1291", "COOFINEP COOPERATIVA FINANCIERA"),
    bank(27, "1289", "COTRAFA"),
    bank(29, "1551", "DAVIPLATA"),
    bank(30, "1637", "IRIS"),
    bank(33, "2209", "NEQUI"),
    bank(34, "1019", "SCOTIABANK COLPATRIA"),
    bank(35, "1067", "Mibanco S.A."),
    bank(37, "1063", "Banco Finandina S.A"),
    bank(38, "1064", "Banco Multibank S.A."),
    bank(39, "1058", "Banco Procredit Colombia"),
    bank(40, "1053", "Banco W S.A"),
    bank(41, "1031", "Bancóldex"),
];
