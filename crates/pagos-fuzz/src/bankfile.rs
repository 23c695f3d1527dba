//! Targets: what banks answer (pain.002) and Banco de México's proofs (CEP). Whatever the bytes, they
//! are read or refused with messages that a terminal can show; and nothing is made up.

use std::collections::BTreeSet;

use pagos_bankfile::{
    Problem,
    cep::{self, Expected},
    pain002::{self, Meaning, Outcome},
};
use pagos_core::Currency;

pub(crate) fn run_pain002(bytes: &[u8]) {
    let report = match pain002::read(bytes) {
        Ok(report) => report,
        Err(problems) => return check(&problems),
    };
    assert!(!report.message_id.is_empty() && !report.original_message_id.is_empty());
    let (mut keys, mut is_settled) = (BTreeSet::new(), report.doubts.is_empty());
    for transfer in report.transfers() {
        let (key, code) = (transfer.key.as_str(), transfer.stated.code.as_str());
        assert!(!key.is_empty() && key != "NOTPROVIDED" && !code.is_empty());
        assert!(keys.insert(key) || !report.doubts.is_empty(), "{key:?} is there twice");
        is_settled &= transfer.stated.code.meaning() == Meaning::Settled;
        assert!(contains(bytes, code) || !code.is_ascii() || bytes.contains(&b'&'), "{code:?}");
        let is_known = code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_uppercase());
        assert!(is_known || transfer.stated.code.meaning() == Meaning::Unclear, "{code:?}");
    }
    assert!(is_settled || report.outcome() != Outcome::Settled);
    let problems = report.doubts.iter().map(ToString::to_string);
    problems.for_each(|text| assert!(!text.contains(char::is_control), "{text:?}"));
}

pub(crate) fn run_cep(bytes: &[u8]) {
    let cep = match cep::read(bytes) {
        Ok(cep) => cep,
        Err(problems) => return check(&problems),
    };
    assert!(cep.amount.minor > 0 && cep.amount.currency == Currency::Mxn);
    let account = cep.beneficiary.account.clone().expect("a CEP without an account");
    assert!(cep.chain.split('|').any(|field| field.trim() == account), "not in what is sealed");
    assert_eq!(format!("{cep:?} {:?}", cep.beneficiary), "Cep(..) Party(..)");
    let tracking_key = cep.tracking_key.clone();
    let own = Expected { amount: cep.amount, account, days: (cep.date, cep.date), tracking_key };
    assert!(cep.compare(&own).agrees());
    let mut other = own.clone();
    other.amount.minor -= 1;
    assert!(!cep.compare(&other).agrees());
}

/// Something is said, and nothing that moves the cursor.
fn check(problems: &[Problem]) {
    assert!(!problems.is_empty());
    for problem in problems {
        let text = problem.to_string();
        assert!(!text.contains(char::is_control), "{text:?}");
        assert!(text.len() < 1_000, "{text:?}");
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn report(version: &str, group: &str, payments: &str) -> Vec<u8> {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document \
         xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}\">\n<CstmrPmtStsRpt><GrpHdr>\
         <MsgId>R-1</MsgId><CreDtTm>2026-07-02T10:00:00</CreDtTm></GrpHdr>\n<OrgnlGrpInfAndSts>\
         <OrgnlMsgId>july</OrgnlMsgId>{group}</OrgnlGrpInfAndSts>\n{payments}</CstmrPmtStsRpt></Document>"
    )
    .into_bytes()
}

pub(crate) fn pain002_seeds() -> Vec<Vec<u8>> {
    let transfer = |key: &str, status: &str| {
        format!(
            "<TxInfAndSts><OrgnlEndToEndId>{key}</OrgnlEndToEndId><TxSts>{status}</TxSts><StsRsnInf><Rsn>\
             <Cd>AC04</Cd></Rsn><AddtlInf>a &amp; b&#x2e;</AddtlInf></StsRsnInf><AcctSvcrRef>1</AcctSvcrRef>\
             <OrgnlTxRef><Amt><InstdAmt Ccy=\"COP\">1.00</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>\n"
        )
    };
    let payment = |content: &str| {
        format!(
            "<OrgnlPmtInfAndSts><OrgnlPmtInfId>july</OrgnlPmtInfId><PmtInfSts>ACSP</PmtInfSts>{content}\
             </OrgnlPmtInfAndSts>"
        )
    };
    let both = transfer("k-1", "RJCT") + &transfer("k-2", "ACSC");
    vec![
        report("03", "<GrpSts>RJCT</GrpSts>", ""),
        report("03", "<GrpSts>PART</GrpSts>", &payment(&both)),
        report("10", "", &payment(&transfer("NOTPROVIDED", "ACCP"))),
        report("14", "", &payment(&(transfer("k-1", "PDNG") + &transfer("k-1", "XXXX")))),
        report("99", "<!-- c --><![CDATA[d]]>", ""),
        b"<!DOCTYPE a [<!ENTITY b \"c\">]><Document>&b;</Document>".to_vec(),
        b"<a><b/></a>".to_vec(),
        b"\xef\xbb\xbf<Document/>".to_vec(),
    ]
}

pub(crate) fn cep_seeds() -> Vec<Vec<u8>> {
    let cep = |more: &str, amount: &str| {
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<SPEI_Tercero FechaOperacion=\"2024-11-08\" \
             Hora=\"10:53:36\" ClaveSPEI=\"90723\" sello=\"eA==\" numeroCertificado=\"1\" \
             cadenaCDA=\"||1|08112024|08112024|105336|90723|723969000011000077|3414.95|1||eA==\" {more}>\
             <Beneficiario BancoReceptor=\"B\" Nombre=\"A\" TipoCuenta=\"40\" Cuenta=\"723969000011000077\" \
             RFC=\"ND\" Concepto=\"x\" IVA=\"0.00\" MontoPago=\"{amount}\"/><Ordenante BancoEmisor=\"S\" \
             Nombre=\"P\" TipoCuenta=\"40\" Cuenta=\"1\" RFC=\"ND\"/></SPEI_Tercero>"
        )
        .into_bytes()
    };
    vec![
        cep("claveRastreo=\"BiB20241108\"", "3414.95"),
        cep("", "3414.95"),
        cep("", "3,414.95"),
        cep("a='&lt;' a='2'", "9.00"),
        b"<SPEI_Tercero/>".to_vec(),
        b"<!DOCTYPE a><SPEI_Tercero/>".to_vec(),
        b"<html><body>no encontrada</body></html>".to_vec(),
    ]
}
