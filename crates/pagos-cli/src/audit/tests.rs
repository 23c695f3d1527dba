//! Whatever is changed in an audit file is found, by the command and by the script in `docs/`, at the
//! same lines. And what is personal does not get into one.

use std::{
    collections::BTreeSet,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use pagos_core::{
    AccountName, AccountNumber, AccountType, Beneficiary, Currency, Document, DocumentType, Money,
    OrderKey, PayoutOrder,
};
use serde_json::json;

use super::{
    chain::{Chain, Kind, hash, line},
    scrub::{Scrub, Words, tail},
    *,
};

/// A small file with every kind of line.
fn file() -> Vec<u8> {
    let mut chain = Chain::new(Vec::new());
    let head = json!({"audit": "pagos", "format": FORMAT, "of": {"run": "r"}});
    chain.push(Kind::Head, &head).unwrap();
    for (kind, body) in [
        (Kind::Run, json!({"run": "r"})),
        (Kind::Payout, json!({"key": "k-1", "description": "añil"})),
        (Kind::Entry, json!({"key": "k-1", "entry": 1})),
        (Kind::Entry, json!({})),
        (Kind::Delivery, json!({"key": "k-1"})),
        (Kind::Payout, json!({"key": "k-2"})),
        (Kind::Resend, json!({"key": "k-2"})),
        (Kind::Gap, json!({"payouts": 3})),
    ] {
        chain.push(kind, &body).unwrap();
    }
    let (counts, last, bytes) = chain.end().unwrap();
    assert_eq!((counts.lines, counts.payouts, counts.entries), (10, 2, 2));
    let ended = bytes.split_inclusive(|byte| *byte == b'\n').next_back().unwrap();
    assert_eq!(hash(ended), last);
    bytes
}

/// The lines with faults, or the last hash.
fn judged(bytes: &[u8]) -> Result<String, Vec<u64>> {
    let verified = verify(bytes).unwrap();
    let lines = verified.faults.iter().map(|(line, _)| *line).collect();
    verified.last_sha256.ok_or(lines)
}

fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    bytes.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Every change of one byte, every truncation, every line removed, repeated, or exchanged with
/// another one; each with the lines of which one must be named.
fn tampered(good: &[u8]) -> Vec<(Vec<u8>, BTreeSet<u64>)> {
    let (mut cases, all) = (Vec::new(), lines(good));
    let line_at =
        |place: usize| 1 + good[..place].iter().filter(|byte| **byte == b'\n').count() as u64;
    for place in 0..good.len() {
        for other in [good[place] ^ 1, good[place] ^ 0x80, b'\n', b'0', b'"', b' '] {
            if other != good[place] {
                let mut bytes = good.to_vec();
                bytes[place] = other;
                let line = line_at(place);
                cases.push((bytes, BTreeSet::from([line.max(2) - 1, line, line + 1])));
            }
        }
        let line = line_at(place);
        cases.push((good[..place].to_vec(), BTreeSet::from([line, line + 1])));
        let more = [&good[..place], b" ", &good[place..]].concat();
        cases.push((more, BTreeSet::from([line.max(2) - 1, line, line + 1])));
    }
    for first in 0..all.len() {
        let number = first as u64 + 1;
        let near = BTreeSet::from([number.max(2) - 1, number, number + 1]);
        let mut fewer = all.clone();
        let removed = fewer.remove(first);
        cases.push((fewer.concat(), near.clone()));
        let mut more = all.clone();
        more.insert(first, removed);
        cases.push((more.concat(), near.clone()));
        for second in first + 1..all.len() {
            let mut moved = all.clone();
            moved.swap(first, second);
            cases.push((moved.concat(), near.clone()));
        }
    }
    cases
}

#[test]
fn every_change_is_found_and_its_line_is_named() {
    let good = file();
    assert_eq!(judged(&good).unwrap(), hash(lines(&good).last().unwrap()));
    for (bytes, near) in tampered(&good) {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let named = judged(&bytes).expect_err(&text);
        assert!(named.iter().any(|line| near.contains(line)), "{named:?} {near:?}\n{text}");
    }
}

/// A line that nothing follows is known by its counts alone.
#[test]
fn counts_that_are_not_those_of_the_lines_are_a_fault() {
    let all = lines(&file());
    let before = hash(&all[all.len() - 2]);
    let counts = Counts { lines: 10, payouts: 3, ..verify(&file()[..]).unwrap().counts };
    let end = line(10, &before, Kind::End, &counts).unwrap();
    assert_eq!(judged(&[&all[..9].concat()[..], &end].concat()), Err(vec![10]));
}

#[test]
fn what_is_no_audit_file_is_refused() {
    for bytes in [&b""[..], b"\n", b"{}\n", b"key,provider\n", b"\xff\xfe\n"] {
        assert!(judged(bytes).is_err());
    }
    let mut chain = Chain::new(Vec::new());
    chain.push(Kind::Head, &json!({"audit": "pagos", "format": 2, "of": {}})).unwrap();
    let (.., bytes) = chain.end().unwrap();
    assert_eq!(judged(&bytes), Err(vec![1]));
}

/// Runs the script's `verify` over many files in one process.
const DRIVER: &str = r"
import io, sys
sys.path.insert(0, sys.argv[1])
from audit_verify import verify
cases = sys.stdin.buffer
while size := cases.read(8):
    faults, last = verify(io.BytesIO(cases.read(int.from_bytes(size, 'big'))))
    print(last or ' '.join(str(line) for line, _ in faults[:20]))
";

#[test]
#[allow(clippy::print_stdout, reason = "a test that cannot run here says so")]
fn the_script_says_the_same_of_every_file() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    let script = std::fs::read_to_string(docs.join("audit_verify.py")).unwrap();
    assert!(script.lines().count() <= 100, "{}", script.lines().count());
    let mut command = Command::new("python3");
    let command = command.args(["-B", "-c", DRIVER]).arg(&docs);
    let Ok(mut python) = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "this needs python3");
        println!("skipped: this needs python3");
        return;
    };
    let good = file();
    let mut cases = tampered(&good);
    cases.push((good, BTreeSet::new()));
    let mut sent = Vec::new();
    for (bytes, _) in &cases {
        sent.extend((bytes.len() as u64).to_be_bytes());
        sent.extend(bytes);
    }
    let mut stdin = python.stdin.take().unwrap();
    let sending = std::thread::spawn(move || stdin.write_all(&sent).unwrap());
    let said = python.wait_with_output().unwrap();
    sending.join().unwrap();
    let said = String::from_utf8(said.stdout).unwrap();
    assert_eq!(said.lines().count(), cases.len());
    for ((bytes, _), said) in cases.iter().zip(said.lines()) {
        let expected = judged(bytes).unwrap_or_else(|lines| {
            lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        });
        assert_eq!(said, expected, "{}", String::from_utf8_lossy(bytes));
    }
}

fn scrub() -> Scrub {
    let number = AccountNumber::new("00723969000011000077").unwrap();
    let person = Beneficiary::new("María Inés de la Peña", AccountType::Clabe, number)
        .with_document(Document::new(DocumentType::Rut, "12.345.678-5").unwrap())
        .with_email("Ines.Pena@Example.com")
        .with_phone("+52 55 1234 5678");
    let (key, account) = (OrderKey::new("ines-07").unwrap(), AccountName::new("bank").unwrap());
    Scrub::of(&PayoutOrder::new(key, account, Money::new(1, Currency::Mxn), person))
}

#[test]
fn the_data_of_the_beneficiary_is_removed_however_it_is_written() {
    let scrub = scrub();
    for (text, expected) in [
        ("CLABE 723969000011000077 rejected", "CLABE [account ...0077] rejected"),
        ("x00723-9690-0001-1000-077x", "x00[account ...0077]x"),
        ("RUT 12345678-5", "RUT [document ...78-5]"),
        ("rut 123456785", "rut [document ...78-5]"),
        ("MARIA INES PEÑA", "[name] [name] [name]"),
        ("Mariana", "Mariana"),
        ("to ines.pena@example.com", "to [email]"),
        ("call 525512345678", "call [phone]"),
        ("nothing to hide, 100.50", "nothing to hide, 100.50"),
    ] {
        let mut removed = BTreeSet::new();
        assert_eq!(scrub.text(text, "p", &mut removed), expected);
        assert_eq!(removed.is_empty(), text == expected, "{removed:?}");
    }
}

#[test]
fn json_keeps_its_bytes_but_for_what_is_removed() {
    let (scrub, mut removed) = (scrub(), BTreeSet::new());
    let token = "a".repeat(40);
    let told = format!(
        r#"{{"id" : "tr_1","key":"ines-07","amount":100.50 ,"n":1e2,"to":{{"Holder_Name":"Otra Persona","bank":"40012",
        "account_number":"999","clabe":723969000011000077,"document_type":"rut"}},
        "note":"Mar\u00eda \"x\"","session":"{token}","list":["María",true,null]}}"#
    );
    let expected = r#"{"id" : "tr_1","key":"ines-07","amount":100.50 ,"n":1e2,"to":{"Holder_Name":"[removed]","bank":"40012",
        "account_number":"[removed]","clabe":"[removed]","document_type":"rut"},
        "note":"[name] \"x\"","session":"[removed]","list":["[name]",true,null]}"#;
    assert_eq!(scrub.json(&told, Words::Theirs, "body", &mut removed), expected);
    let named: Vec<&str> = removed.iter().map(String::as_str).collect();
    assert_eq!(
        named,
        [
            "body.Holder_Name",
            "body.account_number",
            "body.clabe",
            "body.list: name",
            "body.note: name",
            "body.session",
        ]
    );
    let ours = r#"{"by":"ana","note":"told 723969000011000077","digest":"0123456789012345678901234567890123456789"}"#;
    let clean = scrub.json(ours, Words::Ours, "entry", &mut removed);
    assert_eq!(clean, ours.replace("723969000011000077", "[account ...0077]"));
    for json in ["", "\"", "{\"a", "[1,", "\"\\"] {
        scrub.json(json, Words::Theirs, "body", &mut removed);
    }
}

#[test]
fn a_short_number_has_no_tail() {
    for (number, shown) in [("12345678", "...5678"), ("1234567", "removed"), ("", "removed")] {
        assert_eq!(tail(number), shown);
    }
}
