//! Files without an end: every reader stops by itself, whatever is repeated, and says why.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::io::{self, BufReader, Read};

use pagos_statement::{Problem, read_camt, read_mt940};

/// A text, and then another one again and again.
struct Endless {
    text: Vec<u8>,
    again: Vec<u8>,
    at: usize,
}

impl Endless {
    fn new(text: &str, again: &str) -> BufReader<Self> {
        BufReader::new(Self { text: text.into(), again: again.into(), at: 0 })
    }
}

impl Read for Endless {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        for byte in into.iter_mut() {
            *byte = match self.at.checked_sub(self.text.len()) {
                None => self.text[self.at],
                Some(behind) => self.again[behind % self.again.len()],
            };
            self.at += 1;
        }
        Ok(into.len())
    }
}

const HEAD: &str = "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt><Stmt>\
                    <Acct><Ccy>COP</Ccy></Acct>";

fn last(problems: Vec<Problem>) -> (usize, String) {
    (problems.len(), problems.last().unwrap().because.clone())
}

#[test]
fn camt_stops() {
    let entry = format!("{HEAD}<Ntry>");
    let long = format!("{}&amp;", "a".repeat(10_000));
    let cases = [
        ("<", "a", 1, "a piece of the file is longer than 256 KiB"),
        ("<a>", "a", 1, "a piece of the file is longer than 256 KiB"),
        ("<a>", long.as_str(), 0, ""),
        ("<!--", "a", 1, "a piece of the file is longer than 256 KiB"),
        ("", "<a>", 1, "elements are nested more than 64 deep"),
        (&entry, "<b/>", 1, "an entry has more than 20,000 elements"),
        (&entry, &long, 1, "an entry has more than 4 MiB of text"),
        (HEAD, "<Ntry>x</Ntry>", 1_000, "it has no amount"),
    ];
    for (text, again, count, because) in cases {
        // Text outside of a statement is not kept, so it can go on for as long as the disk has more.
        if count == 0 {
            let limited = Endless::new(text, again).take(10_000_000);
            assert!(read_camt(BufReader::new(limited), &mut |_| ()).is_err());
            continue;
        }
        let problems = read_camt(Endless::new(text, again), &mut |_| ()).unwrap_err();
        assert_eq!(last(problems), (count, because.to_owned()), "{text} {again}");
    }
}

#[test]
fn mt940_stops() {
    let head = ":20:S\n:25:1\n:60F:C260131COP1,00\n";
    let cases = [
        ("", "a", 2, "it has no field such as :20:"),
        (head, "a\n", 1, "a field of more than 100 lines"),
        (head, ":61:x\n", 1_000, "an entry that is too short"),
    ];
    for (text, again, count, because) in cases {
        let problems = read_mt940(Endless::new(text, again), &mut |_| ()).unwrap_err();
        let (found, told) = last(problems);
        assert!(found == count || found == count + 1, "{found} of {text} {again}");
        assert!(told == because || told.starts_with("a statement without"), "{told}");
    }
}
