//! `pagos export` with the built program: a good file becomes one for a bank, a key that Pagos knows does
//! not, and the bank's answer is read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use serde_json::Value;
use support::{ACCOUNT, Folder, NAME, Twin, payouts, row};

const PAYER: &str = "name = \"Acme & Hijos\"\naccount = \"40312345678\"\naccount_type = \"checking\"\n\
                     bank = \"1007\"\ndocument_type = \"nit\"\ndocument = \"900123456-7\"\n";

const PAIN: &str = "--format pain.001 --payer payer.toml --execution 2026-07-02";

/// A folder with a payer and a file of two payouts.
fn folder(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.write("payer.toml", PAYER);
    folder.write("payouts.csv", payouts([("k-1", "salary"), ("k-2", "salary")]));
    folder
}

fn read(folder: &Folder, name: &str) -> String {
    let bytes = fs::read(folder.path().join(name)).unwrap();
    bytes.into_iter().map(char::from).collect()
}

#[test]
fn a_good_file_is_written_for_the_bank_and_only_its_owner_reads_it() {
    let folder = folder("export-good");
    let export = format!("export payouts.csv {PAIN} --out july.xml");
    let told = folder.run(&export).exits(0).says("2 payouts, 200003.00 COP: pain.001, message id ");
    let told = told.says("no database was compared").says("would pay them a second time");
    let written = read(&folder, "july.xml");
    assert!(written.contains("pain.001.001.03") && written.contains(&format!("<Nm>{NAME}</Nm>")));
    assert_eq!(written.matches("<CtrlSum>200003.00</CtrlSum>").count(), 2);
    assert_eq!(written.matches("<MmbId>1007</MmbId>").count(), 3, "the bank's national code");
    assert_eq!(written.matches(ACCOUNT).count(), 2);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = fs::metadata(folder.path().join("july.xml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    folder.run(&export).exits(1).says("july.xml: the file exists, and is not overwritten");

    // The same file has the same message id, so that a bank notices it.
    let id = |text: &str| {
        let text = text.split("<MsgId>").nth(1).unwrap();
        text.split('<').next().unwrap().to_owned()
    };
    folder.run(&format!("export payouts.csv {PAIN} --pain-version 09 --out 09.xml")).exits(0);
    let other = read(&folder, "09.xml");
    assert!(other.contains("pain.001.001.09") && other.contains("<Dt>2026-07-02</Dt>"));
    assert_eq!(id(&written), id(&other));
    assert!(told.err.contains(&id(&written)), "{}", told.err);
    folder.run(&format!("export payouts.csv {PAIN} --message-id mine --out m.xml")).exits(0);
    assert_eq!(id(&read(&folder, "m.xml")), "mine");

    folder.write("out.xml", "");
    let out = folder.path().join("out.xml");
    folder.run_into(out.to_str().unwrap(), &format!("export payouts.csv {PAIN}")).exits(0);
    assert_eq!(id(&read(&folder, "out.xml")), id(&written));
}

#[test]
fn a_bad_row_keeps_everything_from_being_written() {
    let folder = folder("export-bad");
    let rows = [row("k-1", "100000", ""), row("k-2", "100000.50", "")];
    folder.write("payouts.csv", support::file(rows));
    let export = format!("export payouts.csv {PAIN} --out july.xml");
    let refused = folder.run(&export).exits(1).says("line 3, amount \"100000.50\"");
    refused.says("nothing was written: correct the rows");
    assert!(!folder.has("july.xml"));
    let long = row("k-1", "100000", "").replace(NAME, &"x".repeat(150));
    folder.write("payouts.csv", support::file([long]));
    let refused = folder.run(&export).exits(1);
    assert!(refused.err.contains("150") || refused.err.contains("too long"), "{}", refused.err);
    assert!(!folder.has("july.xml"));
    let accented = row("k-1", "100000", "").replace(NAME, "Zoraida Pe\u{f1}a");
    folder.write("payouts.csv", support::file([accented]));
    let basic = format!("{export} --charset basic");
    folder.run(&basic).exits(0).says("k-1: the name: replaced \u{f1}");
}

#[test]
fn a_key_that_the_database_knows_is_refused() {
    let folder = folder("export-known");
    let twin = Twin::start(&folder);
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db p.db", twin.origin);
    folder.run(&pay).exits(0);
    folder.write("more.csv", payouts([("k-3", "salary"), ("k-2", "salary")]));
    let export = format!("export more.csv {PAIN} --out july.xml --db p.db");
    let refused = folder.run(&export).exits(1).says("k-2: p.db knows this key (succeeded)");
    let refused = refused.says("is paid twice; leave these rows out");
    assert!(!refused.err.contains("k-3") && !folder.has("july.xml"), "{}", refused.err);
    folder.write("rest.csv", payouts([("k-3", "salary")]));
    let export = format!("export rest.csv {PAIN} --out july.xml --db p.db");
    folder.run(&export).exits(0).says("p.db knows none of these keys");
    // A name that is mistyped compares nothing.
    folder.run(&format!("export rest.csv {PAIN} --out x.xml --db q.db")).exits(1).says("q.db");
    assert!(!folder.has("q.db") && !folder.has("x.xml"));
    // The usual database is looked at without being named.
    fs::rename(folder.path().join("p.db"), folder.path().join("pagos.db")).unwrap();
    let unnamed = format!("export more.csv {PAIN} --out x.xml");
    folder.run(&unnamed).exits(1).says("pagos.db knows this key");
}

#[test]
fn a_pab_file_has_records_of_264_characters() {
    let folder = folder("export-pab");
    let pab = "export payouts.csv --format pab --payer payer.toml --execution 2026-07-02 --kind payroll \
               --purpose julio --out july.txt";
    folder.run(pab).exits(0).says("made from public descriptions and not seen by the bank");
    let written = read(&folder, "july.txt");
    let records: Vec<&str> = written.split_terminator("\r\n").collect();
    assert!(records.iter().all(|record| record.len() == 264), "{written}");
    assert_eq!(records.len(), 3);
    assert!(records[0].starts_with("1000009001234567I") && records[0].contains("225julio     "));
    assert_eq!(&records[1][75..92], "00000000010000100");
    assert_eq!(&records[1][46..55], "000001007");
    let long = "k-12345678901234567890";
    folder.write("payouts.csv", payouts([(long, "salary")]));
    folder.run(&pab.replace("july.txt", "x.txt")).exits(1).says("the key has 22 characters");
    assert!(!folder.has("x.txt"));
}

#[test]
fn a_payer_is_read_whole_and_not_repeated() {
    let folder = folder("export-payer");
    let export = format!("export payouts.csv {PAIN} --out july.xml");
    for (from, to, because) in [
        ("name = ", "nombre = ", "payer.toml:1: unknown field `nombre`"),
        ("name = \"Acme & Hijos\"\n", "", "missing field `name`"),
        ("checking", "gold", "account_type: \"gold\" is not one of"),
        ("document_type = \"nit\"\n", "", "document_type and document belong together"),
        ("bank = \"1007\"\n", "", "the file: the bank is not known"),
    ] {
        folder.write("payer.toml", PAYER.replace(from, to));
        let refused = folder.run(&export).exits(1).says(because);
        assert!(!refused.err.contains("40312345678"), "{}", refused.err);
        assert!(!folder.has("july.xml"));
    }
    folder.run("export payouts.csv --format pain.001").exits(1).says("--payer");
    folder.run("export").exits(1);
}

fn answer(content: &str) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.03\"><CstmrPmtStsRpt>\
         <GrpHdr><MsgId>R-1</MsgId><CreDtTm>2026-07-02T10:00:00</CreDtTm></GrpHdr>\
         <OrgnlGrpInfAndSts><OrgnlMsgId>july</OrgnlMsgId></OrgnlGrpInfAndSts>\
         <OrgnlPmtInfAndSts><OrgnlPmtInfId>july</OrgnlPmtInfId>{content}</OrgnlPmtInfAndSts>\
         </CstmrPmtStsRpt></Document>"
    )
}

fn transfer(key: &str, status: &str, reason: &str) -> String {
    format!(
        "<TxInfAndSts><OrgnlEndToEndId>{key}</OrgnlEndToEndId><TxSts>{status}</TxSts><StsRsnInf><Rsn>\
         <Cd>{reason}</Cd></Rsn><AddtlInf>cuenta {ACCOUNT}5 no existe</AddtlInf></StsRsnInf>\
         </TxInfAndSts>"
    )
}

#[test]
fn the_banks_answer_is_read() {
    let folder = Folder::new("export-answer");
    let (settled, refused) = (transfer("k-1", "ACSC", "G000"), transfer("k-2", "RJCT", "AC04"));
    let open = transfer("k-3", "ACSP", "G001");
    for (content, code) in [
        (settled.clone(), 0),
        (format!("{settled}{refused}"), 2),
        (format!("{settled}{refused}{open}"), 3),
        (transfer("k-1", "XXXX", "-"), 3),
    ] {
        folder.write("answer.xml", answer(&content));
        let shown = folder.run("export --read answer.xml").exits(code).out;
        assert!(shown.contains("k-1") && shown.contains("july"), "{shown}");
    }
    folder.write("answer.xml", answer(&format!("{settled}{refused}")));
    let document = folder.run("export --read answer.xml --json").exits(2).json();
    assert_eq!(document["original_message_id"], "july");
    assert_eq!(document["group"], Value::Null);
    let second = &document["payouts"][1];
    assert_eq!((&second["key"], &second["meaning"]), (&"k-2".into(), &"refused".into()));
    assert_eq!(second["reasons"][0], "AC04 cuenta ****** no existe");
    folder.write("answer.xml", "<!DOCTYPE x><Document/>");
    folder
        .run("export --read answer.xml")
        .exits(1)
        .says("answer.xml: line 1: it has a document type");
    folder.run("export --read answer.xml --out x").exits(1);
}
