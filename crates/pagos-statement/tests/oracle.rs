//! Generated statements, read as two packages that we did not write read them. `oracle/statements.json`
//! has each statement and what we read; `cargo xtask compat statement` compares it with the packages.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

use std::{fmt::Write as _, fs, path::Path};

use pagos_core::{Currency, Day, Money};
use pagos_statement::{Balance, Part, Side, Text, Transaction, read_camt, read_mt940};
use serde_json::{Value, json};

/// To write the file anew, set this variable to 1.
const WRITE: &str = "PAGOS_STATEMENT_ORACLE_WRITE";

const EACH: u64 = 24;

#[test]
fn the_file_has_what_is_generated_and_what_is_read() {
    let camt = (0..EACH).map(|seed| case("camt", seed, &generate_camt(seed)));
    let mt940 = (0..EACH).map(|seed| case("mt940", seed, &generate_mt940(seed)));
    let cases: Vec<Value> = camt.chain(mt940).collect();
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    let text = format!("[\n{}\n]\n", lines.join(",\n"));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/statements.json");
    if std::env::var_os(WRITE).is_some_and(|it| it == "1") {
        fs::write(&path, &text).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), text, "set {WRITE}=1 and compare");
}

fn case(format: &str, seed: u64, text: &str) -> Value {
    let mut parts = Vec::new();
    let mut sink = |part| parts.push(part);
    let read = match format {
        "camt" => read_camt(text.as_bytes(), &mut sink),
        _ => read_mt940(text.as_bytes(), &mut sink),
    };
    read.unwrap_or_else(|problems| panic!("{format} {seed}: {problems:?}\n{text}"));
    json!({ "name": format!("{format}-{seed}"), "format": format, "text": text, "said": said(&parts) })
}

/// Every transaction with the day and the side of its line, and the balances around them.
fn said(parts: &[Part]) -> Value {
    let (mut opening, mut closing, mut account) = (Value::Null, Value::Null, Value::Null);
    let mut transactions = Vec::new();
    for part in parts {
        match part {
            Part::Begin(head) => {
                (opening, account) = (balance(head.opening), text(head.account.as_ref()));
            }
            Part::Line(line) => {
                for one in &line.transactions {
                    let Transaction { bank_reference, references, .. } = one;
                    let minor =
                        if line.side == Side::Debit { -one.amount.minor } else { one.amount.minor };
                    transactions.push(json!({
                        "day": line.day,
                        "value_day": line.value_day,
                        "amount": major(Money::new(minor, one.amount.currency)),
                        "reference": text(references.first()),
                        "bank_reference": text(bank_reference.as_ref()),
                    }));
                }
            }
            Part::End(tail) => closing = balance(tail.closing),
        }
    }
    json!({ "account": account, "opening": opening, "closing": closing, "transactions": transactions })
}

fn balance(balance: Option<Balance>) -> Value {
    balance.map_or(Value::Null, |it| json!(major(it.amount)))
}

fn text(text: Option<&Text>) -> Value {
    text.map_or(Value::Null, |it| json!(it.as_str()))
}

fn major(amount: Money) -> String {
    amount.to_major(amount.currency.exponent()).unwrap()
}

/// A stream of numbers that the seed determines (splitmix64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    fn amount(&mut self) -> i64 {
        let digits = u32::try_from(self.below(9)).unwrap();
        i64::try_from(1 + self.below(10_u64.pow(digits + 1))).unwrap()
    }

    fn currency(&mut self) -> Currency {
        [Currency::Cop, Currency::Clp, Currency::Mxn][usize::try_from(self.below(3)).unwrap()]
    }

    fn day(&mut self) -> Day {
        let back = i32::try_from(self.below(9)).unwrap();
        Day::new(2026, 1, 4).unwrap().plus(-back)
    }
}

fn side(minor: i64) -> &'static str {
    if minor < 0 { "DBIT" } else { "CRDT" }
}

fn generate_camt(seed: u64) -> String {
    let mut random = Random(seed);
    let currency = random.currency();
    let amount = |minor: i64| major(Money::new(minor.abs(), currency));
    let version = ["02", "04", "08", "13"][usize::try_from(seed % 4).unwrap()];
    let opening = random.amount() - random.amount();
    let mut entries = String::new();
    let mut closing = opening;
    for number in 0..random.below(6) {
        let is_debit = random.below(2) == 0;
        let shares: Vec<i64> = (0..=random.below(3)).map(|_| random.amount()).collect();
        let sum: i64 = shares.iter().sum();
        closing += if is_debit { -sum } else { sum };
        let status = if version < "08" { "<Sts>BOOK</Sts>" } else { "<Sts><Cd>BOOK</Cd></Sts>" };
        let side = side(if is_debit { -1 } else { 1 });
        let (day, value_day) = (random.day(), random.day());
        write!(
            entries,
            "<Ntry><Amt Ccy=\"{currency}\">{}</Amt><CdtDbtInd>{side}</CdtDbtInd>{status}\n\
             <BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{value_day}</Dt></ValDt>\
             <AcctSvcrRef>B-{number}</AcctSvcrRef><BkTxCd></BkTxCd><NtryDtls>",
            amount(sum)
        )
        .unwrap();
        for (position, share) in shares.iter().enumerate() {
            let share = format!("<Amt Ccy=\"{currency}\">{}</Amt>", amount(*share));
            let share = match version {
                "02" => format!("<AmtDtls><TxAmt>{share}</TxAmt></AmtDtls>"),
                _ => format!("{share}<CdtDbtInd>{side}</CdtDbtInd>"),
            };
            let reference = format!("payroll-{number}-{position}");
            write!(
                entries,
                "<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>{share}</TxDtls>"
            )
            .unwrap();
        }
        entries.push_str("</NtryDtls></Ntry>\n");
    }
    let balance = |code: &str, minor: i64| {
        format!(
            "<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy=\"{currency}\">{}</Amt>\
             <CdtDbtInd>{}</CdtDbtInd><Dt><Dt>2026-01-04</Dt></Dt></Bal>\n",
            amount(minor),
            side(minor)
        )
    };
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.\
         053.001.{version}\"><BkToCstmrStmt><GrpHdr><MsgId>M{seed}</MsgId><CreDtTm>2026-01-05T06:00:00\
         </CreDtTm></GrpHdr>\n<Stmt><Id>S{seed}</Id><CreDtTm>2026-01-05T06:00:00</CreDtTm><Acct><Id><Othr>\
         <Id>000{seed}</Id></Othr></Id><Ccy>{currency}</Ccy></Acct>\n{}{}{entries}</Stmt></BkToCstmrStmt>\
         </Document>\n",
        balance("OPBD", opening),
        balance("CLBD", closing)
    )
}

fn generate_mt940(seed: u64) -> String {
    let mut random = Random(seed);
    let currency = random.currency();
    let amount = |minor: i64| match currency.exponent() {
        0 => format!("{},", minor.abs()),
        _ => major(Money::new(minor.abs(), currency)).replace('.', ","),
    };
    let short = |day: Day| day.to_string().replace('-', "")[2..].to_owned();
    let balance = |minor: i64| {
        format!("{}260104{currency}{}", if minor < 0 { "D" } else { "C" }, amount(minor))
    };
    let opening = random.amount() - random.amount();
    let mut closing = opening;
    let mut entries = String::new();
    for number in 0..random.below(8) {
        let (mark, sign) =
            [("D", -1), ("C", 1), ("RC", -1), ("RD", 1)][usize::try_from(random.below(4)).unwrap()];
        let minor = random.amount();
        closing += sign * minor;
        let (value_day, day) = (random.day(), random.day());
        let (value_day, day) = (short(value_day), &short(day)[2..]);
        let funds = ["", "N", "P"][usize::try_from(random.below(3)).unwrap()];
        let reference =
            if random.below(5) == 0 { "NONREF".to_owned() } else { format!("pay-{number}") };
        let bank = if random.below(3) == 0 { String::new() } else { format!("//B-{number}") };
        let day = if random.below(4) == 0 { "" } else { day };
        writeln!(
            entries,
            ":61:{value_day}{day}{mark}{funds}{}NTRF{reference}{bank}",
            amount(minor)
        )
        .unwrap();
        if random.below(2) == 0 {
            writeln!(entries, ":86:PAGO DE NOMINA {number}\nSEGUNDA LINEA").unwrap();
        }
    }
    format!(
        ":20:S{seed}\n:25:000{seed}\n:28C:{seed}/1\n:60F:{}\n{entries}:62F:{}\n-\n",
        balance(opening),
        balance(closing)
    )
}
