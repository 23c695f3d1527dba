//! How long 100,000 lines take in each format, beside the bare events of the XML reader over the same bytes,
//! in one run. Not a test: figures move with the machine; the ratio is what the budget is about.
//!
//! `cargo bench -p pagos-statement`. They take turns, and the best round of each counts. With a path behind
//! `--read`, it reads that file once instead, so that memory can be measured from outside; with one
//! behind `--write`, it writes the camt file.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::float_arithmetic,
    clippy::cast_precision_loss
)]

use std::{
    env,
    fmt::Write as _,
    fs::{self, File},
    hint::black_box,
    io::BufReader,
    time::Instant,
};

use pagos_statement::{Mapping, Row, read_camt, read_mt940, read_table};
use quick_xml::{Reader, events::Event};

const LINES: u64 = 100_000;
const ROUNDS: u32 = 3;
const BUDGET: f64 = 5.0;

fn main() {
    let words: Vec<String> = env::args().collect();
    let behind = |word: &str| words.iter().skip_while(|it| *it != word).nth(1);
    if let Some(path) = behind("--read") {
        let counts = read_camt(BufReader::new(File::open(path).unwrap()), &mut |_| ()).unwrap();
        assert_eq!(counts.lines, LINES);
        return;
    }
    let camt = camt();
    if let Some(path) = behind("--write") {
        fs::write(path, &camt).unwrap();
        return;
    }
    let (mt940, mapping) = (mt940(), Mapping::preset("mx-santander").unwrap());
    let [mut bare, mut of_camt, mut of_mt940, mut of_table] = [f64::INFINITY; 4];
    for _ in 0..ROUNDS {
        bare = bare.min(time(|| events(&camt)));
        of_camt = of_camt
            .min(time(|| read_camt(camt.as_bytes(), &mut |it| drop(black_box(it))).unwrap().lines));
        of_mt940 = of_mt940.min(time(|| {
            read_mt940(mt940.as_bytes(), &mut |it| drop(black_box(it))).unwrap().lines
        }));
        of_table = of_table.min(time(|| {
            read_table(rows(), &mapping, &mut |it| drop(black_box(it))).unwrap().lines
        }));
    }
    println!("the bare events of {} MB of XML      {:>8.0} ms", camt.len() / 1_000_000, bare * 1e3);
    println!("read_mt940, {LINES} lines            {:>8.0} ms", of_mt940 * 1e3);
    println!("read_table, {LINES} lines            {:>8.0} ms", of_table * 1e3);
    let ratio = of_camt / bare;
    let verdict = if ratio <= BUDGET { "within" } else { "over" };
    println!(
        "read_camt, {LINES} lines             {:>8.0} ms  {ratio:.1}x the bare events (budget {BUDGET}x): \
         {verdict}",
        of_camt * 1e3
    );
}

/// Seconds of one call, which counts something.
fn time(call: impl FnOnce() -> u64) -> f64 {
    let begun = Instant::now();
    assert!(call() >= LINES);
    begun.elapsed().as_secs_f64()
}

fn events(text: &str) -> u64 {
    let mut reader = Reader::from_reader(text.as_bytes());
    let (mut buffer, mut count) = (Vec::new(), 0);
    loop {
        buffer.clear();
        if let Event::Eof = black_box(reader.read_event_into(&mut buffer).unwrap()) {
            return count;
        }
        count += 1;
    }
}

fn camt() -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.08\"><BkToCstmrStmt>\n\
         <Stmt><Id>S</Id><Acct><Id><Othr><Id>00012345678</Id></Othr></Id><Ccy>COP</Ccy></Acct>\n",
    );
    for number in 0..LINES {
        writeln!(
            text,
            "<Ntry>\n<Amt Ccy=\"COP\">150{:03}.00</Amt>\n<CdtDbtInd>DBIT</CdtDbtInd>\n\
             <Sts><Cd>BOOK</Cd></Sts>\n<BookgDt><Dt>2026-01-31</Dt></BookgDt>\n\
             <ValDt><Dt>2026-01-31</Dt></ValDt>\n<AcctSvcrRef>B-{number}</AcctSvcrRef>\n\
             <BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>\n\
             <NtryDtls>\n<TxDtls>\n<Refs><EndToEndId>payroll-{number}</EndToEndId></Refs>\n\
             <RltdPties>\n<Cdtr><Pty><Nm>Ana Perez</Nm></Pty></Cdtr>\n\
             <CdtrAcct><Id><Othr><Id>{:018}</Id></Othr></Id></CdtrAcct>\n</RltdPties>\n\
             <RmtInf><Ustrd>Payroll of January</Ustrd></RmtInf>\n</TxDtls>\n</NtryDtls>\n</Ntry>",
            number % 1_000,
            number
        )
        .unwrap();
    }
    text.push_str("</Stmt></BkToCstmrStmt></Document>\n");
    text
}

fn mt940() -> String {
    let mut text = String::from(":20:S\n:25:00012345678\n:28C:1/1\n:60F:C260131COP0,\n");
    for number in 0..LINES {
        writeln!(text, ":61:2601310131D1,00NTRFpayroll-{number}//B-{number}\n:86:PAGO DE NOMINA")
            .unwrap();
    }
    writeln!(text, ":62F:D260131COP{LINES},00\n-").unwrap();
    text
}

fn rows() -> impl Iterator<Item = Row> {
    let names = "Cuenta;Fecha;Descripcion;Cargo/Abono;Importe;Saldo;Referencia;Concepto;Clabe Beneficiario;Nombre \
                 Beneficiario;Cta Ordenante;Nombre Ordenante;Causa Devolucion;RFC Beneficiario;RFC Ordenante;Clave \
                 de Rastreo";
    let row = |(place, text): (u64, String)| Row {
        place,
        cells: text.split(';').map(str::to_owned).collect(),
    };
    let line = |number: u64| {
        let text =
            format!("'1;'31012026';PAGO SPEI;-;1.00;;1;payroll-{number};2;ANA;1;X;;;;R{number}");
        (number + 2, text)
    };
    std::iter::once((1, names.to_owned())).chain((0..LINES).map(line)).map(row)
}
