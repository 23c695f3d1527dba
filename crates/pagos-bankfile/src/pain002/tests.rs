//! What a bank can answer, and what is refused.

use super::*;

fn document(version: &str, content: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.{version}">
<CstmrPmtStsRpt>
<GrpHdr><MsgId>R-1</MsgId><CreDtTm>2026-07-02T10:00:00</CreDtTm></GrpHdr>
{content}
</CstmrPmtStsRpt></Document>"#
    )
}

const GROUP: &str =
    "<OrgnlGrpInfAndSts><OrgnlMsgId>july-1</OrgnlMsgId><OrgnlMsgNmId>pain.001</OrgnlMsgNmId>";

fn refused(text: &str) -> Vec<String> {
    read(text.as_bytes()).unwrap_err().iter().map(ToString::to_string).collect()
}

#[test]
fn a_status_is_the_transfers_own_or_that_of_what_it_is_in() {
    let text = document(
        "10",
        &format!(
            "{GROUP}<GrpSts>PART</GrpSts></OrgnlGrpInfAndSts>
            <OrgnlPmtInfAndSts><OrgnlPmtInfId>july-1</OrgnlPmtInfId><PmtInfSts>ACSP</PmtInfSts>
            <TxInfAndSts><OrgnlEndToEndId>k-1</OrgnlEndToEndId><TxSts>RJCT</TxSts>
            <StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>cuenta &amp; m&#225;s</AddtlInf>
            <AddtlInf>cerrada</AddtlInf></StsRsnInf>
            <StsRsnInf><Rsn><Prtry>B-7</Prtry></Rsn></StsRsnInf>
            <OrgnlTxRef><Amt><InstdAmt Ccy=\"COP\">150000.00</InstdAmt></Amt>
            <Cdtr><Nm>Ana</Nm></Cdtr></OrgnlTxRef></TxInfAndSts>
            <TxInfAndSts><OrgnlEndToEndId>k-2</OrgnlEndToEndId><AcctSvcrRef>B9</AcctSvcrRef></TxInfAndSts>
            </OrgnlPmtInfAndSts>
            <OrgnlPmtInfAndSts><OrgnlPmtInfId>other</OrgnlPmtInfId>
            <TxInfAndSts><OrgnlEndToEndId>k-3</OrgnlEndToEndId></TxInfAndSts></OrgnlPmtInfAndSts>"
        ),
    );
    let report = read(text.as_bytes()).unwrap();
    assert_eq!(
        (report.message_id.as_str(), report.original_message_id.as_str()),
        ("R-1", "july-1")
    );
    let transfers: Vec<&TransferStatus> = report.transfers().collect();
    let said = |place: usize| {
        let it = transfers[place];
        (it.key.as_str(), it.stated.code.as_str(), it.level)
    };
    assert_eq!(said(0), ("k-1", "RJCT", Level::Transfer));
    assert_eq!(said(1), ("k-2", "ACSP", Level::Payment));
    assert_eq!(said(2), ("k-3", "PART", Level::Group));
    let reasons = &transfers[0].stated.reasons;
    assert_eq!(reasons[0].code.as_deref(), Some("AC04"));
    assert_eq!(reasons[0].text, ["cuenta & más", "cerrada"]);
    assert_eq!(reasons[1].code.as_deref(), Some("B-7"));
    assert_eq!(transfers[0].amount, Some(("150000.00".to_owned(), "COP".to_owned())));
    assert_eq!(transfers[1].reference.as_deref(), Some("B9"));
}

#[test]
fn a_file_that_is_refused_as_a_whole_names_no_transfer() {
    let text = document(
        "03",
        &format!(
            "{GROUP}<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>FF01</Cd></Rsn></StsRsnInf></OrgnlGrpInfAndSts>"
        ),
    );
    let report = read(text.as_bytes()).unwrap();
    let group = report.group.as_ref().unwrap();
    assert_eq!((group.code.meaning(), group.reasons.len()), (Meaning::Refused, 1));
    assert_eq!(report.transfers().count(), 0);
}

#[test]
fn every_version_and_prefix_is_read() {
    let content = format!("{GROUP}<GrpSts>ACCP</GrpSts></OrgnlGrpInfAndSts>");
    for version in 3..=14 {
        let text = document(&format!("{version:02}"), &content);
        assert!(read(text.as_bytes()).is_ok(), "{version}");
        let prefixed = text.replace("<Document xmlns=", "<n:Document xmlns:n=");
        let prefixed = prefixed.replace("</Document", "</n:Document");
        assert!(read(format!("\u{feff}{prefixed}").as_bytes()).is_ok(), "{version}");
    }
    assert!(refused(&document("02", &content))[0].contains("it is pain.002.001.02"));
    let other = document("03", &content).replace("pain.002", "camt.053");
    assert!(refused(&other)[0].contains("it is camt.053.001.03"));
}

#[test]
fn all_problems_are_told_at_once() {
    let text = document(
        "99",
        "<OrgnlGrpInfAndSts></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>
        <TxInfAndSts><TxSts>ACSC</TxSts></TxInfAndSts>
        <TxInfAndSts><OrgnlEndToEndId>NOTPROVIDED</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>
        <TxInfAndSts><OrgnlEndToEndId>k-1</OrgnlEndToEndId></TxInfAndSts>
        <TxInfAndSts><OrgnlEndToEndId>k-1</OrgnlEndToEndId><TxSts>ACSC</TxSts></TxInfAndSts>
        </OrgnlPmtInfAndSts>",
    );
    let problems = refused(&text);
    for part in [
        "it is pain.002.001.99",
        "the message id of the file that it answers is missing",
        "its end-to-end id is missing",
        "k-1: it has no status",
        "k-1: it is there twice",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(part)), "{part}: {problems:?}");
    }
    assert_eq!(problems.len(), 6, "{problems:?}");
    let silent = document("03", &format!("{GROUP}</OrgnlGrpInfAndSts>"));
    assert!(refused(&silent)[0].contains("no status at all"));
}

#[test]
fn what_is_no_report_is_refused() {
    let deep = "<a>".repeat(50);
    let bomb = r#"<!DOCTYPE a [<!ENTITY b "c">]><Document>&b;</Document>"#;
    for (text, because) in [
        ("", "there is no XML"),
        ("k-1,paid", "there is no XML"),
        (bomb, "it has a document type"),
        ("<Document>&b;</Document>", "an entity of its own"),
        ("<Document>", "it is cut off"),
        ("<Document></Documen>", "not well-formed"),
        ("<Document a='1' a='2'/>", "an attribute"),
        ("<a/><b/>", "a second root"),
        (deep.as_str(), "too deep"),
        ("<html/>", "it begins with html"),
        ("<Document/>", "which message of ISO 20022"),
    ] {
        let problems = refused(text);
        assert!(problems[0].contains(because), "{text}: {problems:?}");
    }
    assert!(read(b"\xff<a/>").unwrap_err()[0].because.contains("UTF-8"));
}

#[test]
fn a_code_that_is_in_no_table_is_unclear() {
    for (code, meaning) in [
        ("ACSC", Meaning::Settled),
        ("ACCC", Meaning::Settled),
        ("ACSP", Meaning::UnderWay),
        ("PDNG", Meaning::UnderWay),
        ("RJCT", Meaning::Refused),
        ("PART", Meaning::Partly),
        ("BLCK", Meaning::Unclear),
        ("XXXX", Meaning::Unclear),
        ("", Meaning::Unclear),
    ] {
        assert_eq!(Code::new(code).meaning(), meaning, "{code}");
    }
}
