//! `pagos export` with the built program: a good file becomes one for a bank, a key that Pagos knows does
//! not, and the bank's answer is read.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::{fs, time::SystemTime};

use pagos_core::{Day, Timestamp};
use serde_json::Value;
use support::{ACCOUNT, Folder, NAME, Twin, payouts, row};

const PAYER: &str = "name = \"Acme & Hijos\"\naccount = \"40312345678\"\naccount_type = \"checking\"\n\
                     bank = \"1007\"\ndocument_type = \"nit\"\ndocument = \"900123456-7\"\n";

/// The arguments of a pain.001 for the bank to pay in a week.
fn pain() -> String {
    format!("--format pain.001 --payer payer.toml --execution {}", day(7))
}

/// The day that is so many days after today.
fn day(days: i32) -> Day {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let now = Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap());
    Day::at(now, 0).plus(days)
}

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
    let pain = pain();
    let folder = folder("export-good");
    let export = format!("export payouts.csv {pain} --out july.xml");
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
    folder.run(&format!("export payouts.csv {pain} --pain-version 09 --out 09.xml")).exits(0);
    let other = read(&folder, "09.xml");
    assert!(other.contains("pain.001.001.09") && other.contains(&format!("<Dt>{}</Dt>", day(7))));
    assert_eq!(id(&written), id(&other));
    assert!(told.err.contains(&id(&written)), "{}", told.err);
    folder.run(&format!("export payouts.csv {pain} --message-id mine --out m.xml")).exits(0);
    assert_eq!(id(&read(&folder, "m.xml")), "mine");

    folder.write("out.xml", "");
    let out = folder.path().join("out.xml");
    folder.run_into(out.to_str().unwrap(), &format!("export payouts.csv {pain}")).exits(0);
    assert_eq!(id(&read(&folder, "out.xml")), id(&written));
}

#[test]
fn a_bad_row_keeps_everything_from_being_written() {
    let pain = pain();
    let folder = folder("export-bad");
    let rows = [row("k-1", "100000", ""), row("k-2", "100000.50", "")];
    folder.write("payouts.csv", support::file(rows));
    let export = format!("export payouts.csv {pain} --out july.xml");
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
    let pain = pain();
    let folder = folder("export-known");
    let twin = Twin::start(&folder);
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db p.db", twin.origin);
    folder.run(&pay).exits(0);
    folder.write("more.csv", payouts([("k-3", "salary"), ("k-2", "salary")]));
    let export = format!("export more.csv {pain} --out july.xml --db p.db");
    let refused = folder.run(&export).exits(1).says("k-2: p.db knows this key (succeeded)");
    let refused = refused.says("is paid twice; leave these rows out");
    assert!(!refused.err.contains("k-3") && !folder.has("july.xml"), "{}", refused.err);
    folder.write("rest.csv", payouts([("k-3", "salary")]));
    let export = format!("export rest.csv {pain} --out july.xml --db p.db");
    folder.run(&export).exits(0).says("p.db knows none of these keys");
    // A name that is mistyped compares nothing.
    folder.run(&format!("export rest.csv {pain} --out x.xml --db q.db")).exits(1).says("q.db");
    assert!(!folder.has("q.db") && !folder.has("x.xml"));
}

#[test]
fn every_usual_database_is_compared_without_being_named() {
    let (pain, folder) = (pain(), folder("export-usual"));
    let twin = Twin::start(&folder);
    let pay = format!("--sandbox-url {} --yes", twin.origin);
    folder.run(&format!("pay payouts.csv {pay}")).exits(0).says("pagos-twin.db: a new database");
    folder.write("more.csv", payouts([("k-3", "salary"), ("k-2", "salary")]));
    let export = format!("export more.csv {pain} --out july.xml");
    folder.run(&export).exits(1).says("k-2: pagos-twin.db knows this key (succeeded)");
    folder.write("rest.csv", payouts([("k-3", "salary")]));
    let unknown = format!("export rest.csv {pain} --out rest.xml");
    folder.run(&unknown).exits(0).says("pagos-twin.db knows none of these keys");
    // With a second one, both are compared.
    folder.run(&format!("pay rest.csv {pay} --db pagos.db")).exits(0);
    let refused = folder.run(&export).exits(1).says("k-2: pagos-twin.db knows this key");
    refused.says("k-3: pagos.db knows this key (succeeded)");
    // Rows that were only tried out are exported by naming the database of the others.
    folder.run(&format!("{export} --db pagos-twin.db")).exits(1).says("k-2: pagos-twin.db");
    folder.write("tried.csv", payouts([("k-1", "salary")]));
    let tried = format!("export tried.csv {pain} --out tried.xml");
    folder.run(&tried).exits(1).says("name the database of your payouts with --db");
    folder.run(&format!("{tried} --db pagos.db")).exits(0).says("pagos.db knows none");
    // A database that is gone knew keys that nobody can compare any more.
    fs::remove_file(folder.path().join("pagos.db")).unwrap();
    folder.write("last.csv", payouts([("k-4", "salary")]));
    let last = format!("export last.csv {pain} --out last.xml");
    folder.run(&last).exits(1).says("pagos.db: is not there, and a database was here before");
    assert!(!folder.has("july.xml") && !folder.has("last.xml"));
}

#[test]
fn a_day_that_cannot_be_meant_is_refused() {
    let folder = folder("export-day");
    let export = |format: &str, day: Day| {
        let arguments = "--payer payer.toml --out day.out --execution";
        folder.run(&format!("export payouts.csv --format {format} {arguments} {day}"))
    };
    for format in ["pain.001", "pab"] {
        // Two days, since in Colombia it is still yesterday for a part of the day.
        export(format, day(-2)).exits(1).says("is in the past").says("write today or a later day");
        export(format, day(-400)).exits(1).says("is in the past");
        export(format, day(400))
            .exits(1)
            .says("is more than a year ahead")
            .says("write a day until");
        assert!(!folder.has("day.out"));
    }
    export("pain.001", day(1)).exits(0);
}

#[test]
fn a_message_id_has_the_characters_that_every_bank_takes() {
    let folder = folder("export-id");
    for id in ["a/b ñ", "/a", "a/", "a//b", "a_b", "a&b", "", " "] {
        let arguments = format!("export payouts.csv {} --out id.xml", pain());
        let arguments = arguments.split(' ').chain(["--message-id", id]);
        let refused = folder.start_with(arguments, &[]).end().exits(1).says("the message id");
        refused.says("write at most 35 letters without accents, digits, blanks and /-?:().,'+");
        assert!(!folder.has("id.xml"), "{id:?}");
    }
    let arguments = format!("export payouts.csv {} --out id.xml", pain());
    let arguments = arguments.split(' ').chain(["--message-id", "a/b (7): c,d.e'f+g?h-i"]);
    folder.start_with(arguments, &[]).end().exits(0);
    let written = read(&folder, "id.xml").replace("&apos;", "'");
    assert!(written.contains("<MsgId>a/b (7): c,d.e'f+g?h-i</MsgId>"), "{written}");
}

#[test]
fn a_pab_file_has_records_of_264_characters() {
    let folder = folder("export-pab");
    let pab = format!(
        "export payouts.csv --format pab --payer payer.toml --execution {} --kind payroll \
         --purpose julio --out july.txt",
        day(7)
    );
    folder.run(&pab).exits(0).says("made from public descriptions and not seen by the bank");
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
fn an_option_of_another_format_is_refused() {
    let folder = folder("export-foreign");
    let pain = pain();
    let pab = pain.replace("pain.001", "pab");
    for (format, option) in [
        (&pain, "--kind payroll"),
        (&pain, "--purpose SALARIES"),
        (&pain, "--sequence 2"),
        (&pab, "--message-id mine"),
        (&pab, "--pain-version 03"),
    ] {
        let name = option.split(' ').next().unwrap();
        let run = folder.run(&format!("export payouts.csv {format} {option} --out o.txt"));
        run.exits(1).says(&format!("{name} is not an option of "));
        assert!(!folder.path().join("o.txt").exists());
    }
    folder.run("export --read answer.xml --kind payroll").exits(1).says("cannot be used with");
}

#[test]
fn a_payer_is_read_whole_and_not_repeated() {
    let pain = pain();
    let folder = folder("export-payer");
    let export = format!("export payouts.csv {pain} --out july.xml");
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

fn answer(group: &str, content: &str) -> String {
    format!(
        "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:pain.002.001.03\"><CstmrPmtStsRpt>\
         <GrpHdr><MsgId>R-1</MsgId><CreDtTm>2026-07-02T10:00:00</CreDtTm></GrpHdr>\
         <OrgnlGrpInfAndSts><OrgnlMsgId>july</OrgnlMsgId>{group}</OrgnlGrpInfAndSts>\
         <OrgnlPmtInfAndSts><OrgnlPmtInfId>july</OrgnlPmtInfId>{content}</OrgnlPmtInfAndSts>\
         </CstmrPmtStsRpt></Document>"
    )
}

/// The answer that lists every transfer of the file.
fn whole(content: &str) -> String {
    let count = content.matches("<TxInfAndSts>").count();
    answer(&format!("<OrgnlNbOfTxs>{count}</OrgnlNbOfTxs>"), content)
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
        folder.write("answer.xml", whole(&content));
        let shown = folder.run("export --read answer.xml").exits(code).out;
        assert!(shown.contains("k-1") && shown.contains("july"), "{shown}");
    }
    folder.write("answer.xml", whole(&format!("{settled}{refused}")));
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

#[test]
fn an_answer_that_leaves_something_open_is_for_a_person() {
    let folder = Folder::new("export-open");
    let (settled, refused) = (transfer("k-1", "ACSC", "G000"), transfer("k-1", "RJCT", "AC04"));
    let two = "<OrgnlNbOfTxs>2</OrgnlNbOfTxs>";
    for (group, content, told) in [
        (
            format!("{two}<GrpSts>PART</GrpSts>"),
            settled.clone(),
            "payment july: 1 of its transfers are listed without a status, or not at all",
        ),
        (
            "<GrpSts>RJCT</GrpSts>".to_owned(),
            settled.clone(),
            "k-1: ACSC contradicts the status RJCT of the file",
        ),
        (
            String::new(),
            format!("<PmtInfSts>RJCT</PmtInfSts>{settled}"),
            "k-1: ACSC contradicts the status RJCT of payment july",
        ),
        (two.to_owned(), format!("{settled}{refused}"), "k-1: it is there twice"),
        (String::new(), settled.clone(), "payment july: it does not say how many transfers it has"),
    ] {
        folder.write("answer.xml", answer(&group, &content));
        let read = folder.run("export --read answer.xml").exits(3);
        let read = read.says(&format!("answer.xml: {told}"));
        assert!(read.out.contains("k-1"), "what the bank says is shown too: {}", read.out);
        let document = folder.run("export --read answer.xml --json").exits(3).json();
        assert!(document["doubts"].to_string().contains(told), "{document}");
    }
    folder.write("answer.xml", whole(&settled));
    let document = folder.run("export --read answer.xml --json").exits(0).json();
    assert_eq!(document["doubts"], Value::Array(Vec::new()));
}
