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
    let text = document("99", "<OrgnlGrpInfAndSts></OrgnlGrpInfAndSts>");
    let problems = refused(&text);
    for part in ["it is pain.002.001.99", "the message id of the file that it answers is missing"] {
        assert!(problems.iter().any(|problem| problem.contains(part)), "{part}: {problems:?}");
    }
    assert_eq!(problems.len(), 2, "{problems:?}");
}

/// A report about a file of which the bank says this, with these payment instructions.
fn judged(group: &str, payments: &[(&str, &[(&str, &str)])]) -> (Outcome, Vec<String>) {
    let mut content = format!("{GROUP}{group}</OrgnlGrpInfAndSts>");
    for (place, (said, transfers)) in payments.iter().enumerate() {
        content += &format!("<OrgnlPmtInfAndSts><OrgnlPmtInfId>p-{place}</OrgnlPmtInfId>{said}");
        for (key, status) in *transfers {
            let status = status.split_terminator(' ').map(|it| format!("<TxSts>{it}</TxSts>"));
            let status: String = status.collect();
            content += &format!(
                "<TxInfAndSts><OrgnlEndToEndId>{key}</OrgnlEndToEndId>{status}</TxInfAndSts>"
            );
        }
        content += "</OrgnlPmtInfAndSts>";
    }
    let report = read(document("10", &content).as_bytes()).unwrap();
    (report.outcome(), report.doubts.iter().map(ToString::to_string).collect())
}

const TWO: &str = "<OrgnlNbOfTxs>2</OrgnlNbOfTxs>";
const PAID: &[(&str, &str)] = &[("k-1", "ACSC"), ("k-2", "ACCC")];
const MIXED: &[(&str, &str)] = &[("k-1", "ACSC"), ("k-2", "RJCT")];
const ONE: &[(&str, &str)] = &[("k-1", "ACSC")];

fn counted(status: &str, count: &str) -> String {
    format!(
        "<NbOfTxsPerSts><DtldNbOfTxs>{count}</DtldNbOfTxs><DtldSts>{status}</DtldSts></NbOfTxsPerSts>"
    )
}

#[test]
fn a_file_of_which_every_transfer_is_known_has_an_outcome() {
    let with = |status: &str| format!("{TWO}<GrpSts>{status}</GrpSts>");
    let detailed = with("PART") + &counted("ACSC", "1") + &counted("RJCT", "1");
    let settled = "<PmtInfSts>ACSC</PmtInfSts>";
    let counted = format!("{TWO}<PmtInfSts>PART</PmtInfSts>");
    let one = "<OrgnlNbOfTxs>1</OrgnlNbOfTxs>";
    for (group, payments, expected) in [
        (TWO, &[("", PAID)][..], Outcome::Settled),
        ("<GrpSts>ACSC</GrpSts>", &[], Outcome::Settled),
        (&with("ACSC"), &[("", ONE)], Outcome::Settled),
        ("", &[(settled, ONE)], Outcome::Settled),
        (TWO, &[(settled, ONE)], Outcome::Settled),
        ("", &[(TWO, PAID)], Outcome::Settled),
        (TWO, &[(one, ONE), (one, &[("k-2", "ACSC")])], Outcome::Settled),
        (&with("ACCP"), &[("", PAID)], Outcome::Settled),
        (&with("PART"), &[("", MIXED)], Outcome::SomeRefused),
        (&detailed, &[("", MIXED)], Outcome::SomeRefused),
        ("", &[(&counted, MIXED)], Outcome::SomeRefused),
        ("<GrpSts>RJCT</GrpSts>", &[], Outcome::SomeRefused),
        (&with("RJCT"), &[("", &[("k-1", "RJCT")])], Outcome::SomeRefused),
        // The others are under way, or may be.
        (&with("ACSP"), &[("", ONE)], Outcome::Open),
        ("<GrpSts>ACSP</GrpSts>", &[("", ONE)], Outcome::Open),
        (&with("PART"), &[("", &[("k-1", "ACSC"), ("k-2", "PDNG")])], Outcome::Open),
        (&with("XXXX"), &[("", PAID)], Outcome::Open),
    ] {
        let (outcome, doubts) = judged(group, payments);
        assert_eq!((outcome, doubts), (expected, Vec::new()), "{group} {payments:?}");
    }
}

#[test]
fn what_is_missing_or_contradicts_leaves_the_file_open() {
    let with = |status: &str| format!("{TWO}<GrpSts>{status}</GrpSts>");
    let per_status = |count: &str| with("PART") + &counted("RJCT", count);
    let of_payment = |status: &str| format!("<PmtInfSts>{status}</PmtInfSts>");
    let (per_two, per_none, per_word) = (per_status("2"), per_status("0"), per_status("all"));
    let settled_but = with("ACSC") + &counted("RJCT", "1");
    let three = "<OrgnlNbOfTxs>3</OrgnlNbOfTxs>";
    let twice: &[(&str, &str)] = &[("k-1", "ACSC"), ("k-1", "RJCT")];
    let missing = "1 of its transfers are listed without a status, or not at all";
    for (group, payments, expected) in [
        (&*with("PART"), &[("", ONE)][..], &*format!("payment p-0: {missing}")),
        (TWO, &[("", ONE)], missing),
        ("", &[(TWO, ONE)], missing),
        (three, &[("", ONE), ("", &[("k-2", "ACSC")])], missing),
        (three, &[(TWO, PAID)], &*format!("the file: {missing}")),
        (TWO, &[(three, PAID)], "the file: it says that it has 2 transfers, and names or counts 3"),
        ("", &[("", ONE)], "it does not say how many transfers it has"),
        ("", &[], "it does not say how many transfers it has"),
        ("<GrpSts>PART</GrpSts>", &[("", MIXED)], "PART is no status of each transfer"),
        (&with("RJCT"), &[("", ONE)], "k-1: ACSC contradicts the status RJCT of the file"),
        (&with("ACSC"), &[("", MIXED)], "k-2: RJCT contradicts the status ACSC of the file"),
        (&with("ACSC"), &[("", &[("k-1", "PDNG")])], "k-1: PDNG contradicts the status ACSC"),
        (
            TWO,
            &[(&of_payment("RJCT"), MIXED)],
            "k-1: ACSC contradicts the status RJCT of payment p-0",
        ),
        (
            &with("RJCT"),
            &[(&of_payment("ACSC"), &[])],
            "payment p-0: ACSC contradicts the status RJCT",
        ),
        (
            &with("PART"),
            &[("", PAID)],
            "the file: PART says that its transfers differ, and all are settled",
        ),
        (
            "<OrgnlNbOfTxs>1</OrgnlNbOfTxs>",
            &[("", MIXED)],
            "it has 1 transfers, and names or counts 2",
        ),
        (
            "<OrgnlNbOfTxs>two</OrgnlNbOfTxs>",
            &[("", PAID)],
            "a number of transfers in it is no number",
        ),
        (&per_two, &[("", MIXED)], "it counts 2 transfers with RJCT, and lists 1"),
        (&per_none, &[("", MIXED)], "it counts 0 transfers with RJCT, and lists 1"),
        (&per_word, &[("", MIXED)], "a number of transfers in it is no number"),
        (&settled_but, &[], "the file: RJCT contradicts the status ACSC of the file"),
        (TWO, &[("", twice)], "k-1: it is there twice"),
        (
            TWO,
            &[("", &[("k-1", "RJCT ACSC"), ("k-2", "ACSC")])],
            "k-1: it has the status RJCT and ACSC",
        ),
        (
            "<GrpSts>RJCT</GrpSts><GrpSts>ACSC</GrpSts>",
            &[],
            "the file: it has the status RJCT and ACSC",
        ),
        (TWO, &[("", &[("k-1", "ACSC"), ("k-2", "")])], "k-2: it has no status"),
        (TWO, &[("", &[("k-1", "ACSC"), ("NOTPROVIDED", "ACSC")])], "its end-to-end id is missing"),
        (TWO, &[("", &[("k-1", "ACSC"), ("", "ACSC")])], "its end-to-end id is missing"),
    ] {
        let (outcome, doubts) = judged(group, payments);
        assert_eq!(outcome, Outcome::Open, "{group} {payments:?}");
        let is_told = doubts.iter().any(|doubt| doubt.contains(expected));
        assert!(is_told, "{group} {payments:?}: {expected}: {doubts:?}");
    }
    let huge = format!("<OrgnlNbOfTxs>{}</OrgnlNbOfTxs>", u64::MAX);
    assert_eq!(judged(TWO, &[(&huge, ONE), (&huge, PAID)]).0, Outcome::Open);
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
