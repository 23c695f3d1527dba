//! Target: the CSV of a payroll. Both passes agree on every row, no amount is lost or made, and what is
//! said about a file can be printed.

use std::{collections::BTreeSet, fs};

use tempfile::NamedTempFile;

use pagos_cli::untrusted;

/// The input is a file.
pub(crate) fn run(input: &[u8]) {
    let file = input_file("csv", input);
    let payroll = untrusted::read_payroll(file.path()).expect("a file of our own cannot be read");
    for problem in &payroll.problems {
        can_be_printed(problem);
    }
    if payroll.rows_bad > 0 {
        assert!(!payroll.problems.is_empty(), "rows are bad, and nobody says why");
    }
    if payroll.refused.is_some() {
        assert_eq!(payroll.rows, 0, "good rows in a file that is refused: {:?}", payroll.refused);
        assert!(payroll.orders.is_empty(), "orders of a file that is refused");
        return;
    }
    let orders = payroll.orders.len() as u64;
    assert_eq!(payroll.rows, orders, "the passes count differently");
    assert_eq!(payroll.rows_bad, payroll.left_out, "the passes refuse differently");
    let sum: i128 = payroll.orders.iter().map(|order| i128::from(order.amount.minor)).sum();
    assert_eq!(payroll.amount_minor, sum, "the passes add up differently");
    let keys: BTreeSet<&str> = payroll.orders.iter().map(|order| order.key.as_str()).collect();
    assert_eq!(keys.len(), payroll.orders.len(), "two orders under one key");
    // What is UTF-8 and has no zero bytes is no other encoding, and no workbook.
    let text = std::str::from_utf8(input).ok().filter(|text| !text.contains('\0'));
    for order in &payroll.orders {
        assert!(order.amount.minor > 0, "an amount of {}", order.amount);
        let Some(text) = text else { continue };
        assert!(text.contains(order.key.as_str()), "a key that is not in the file");
        let number = order.beneficiary.account_number.as_str();
        assert!(text.contains(number), "an account that is not in the file");
    }
}

/// No character moves a terminal's cursor or hides what follows.
pub(crate) fn can_be_printed(text: &str) {
    let is_hidden =
        |letter: char| matches!(letter, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}');
    let strange = text.chars().find(|letter| letter.is_control() || is_hidden(*letter));
    assert!(strange.is_none(), "{strange:?} in {text:?}");
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let comma = "key,provider,amount,currency,name,document_type,document,bank,account_type,\
                 account,email,phone,description\n\
                 a-1,bank-a,150000.00,COP,Ana Perez,cc,1012345678,20,ahorros,3023612345,,,\n\
                 a-2,bank-b,4700,CLP,\"Perez, Ana\",rut,12.345.678-5,cl_estado,vista,00012345678,\
                 ana@example.com,,Enero\n";
    let texts = [
        comma.to_owned(),
        comma.replace(',', ";"),
        comma.replace(',', "\t"),
        comma.replace('\n', "\r\n"),
        format!("\u{feff}{comma}"),
        comma.replace("a-2", "a-1"),
        comma.replace("150000.00", "150.000,00"),
        comma.replace("Ana Perez", "\"Ana\nPerez\""),
        comma.replace("Ana Perez", "\"Ana\" Perez"),
        format!("sep=|\n{}", comma.replace(',', "|")),
        format!("Enero\n\n{comma}"),
        comma.replace("key,provider", "clave,proveedor"),
        "key\n".to_owned(),
        String::new(),
    ];
    let wide = comma.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let windows = comma.replace("Ana", "Iñigo").chars().map(|letter| letter as u8).collect();
    texts.into_iter().map(String::into_bytes).chain([wide, windows]).collect()
}

/// A file for one run, removed at its end.
pub(crate) fn input_file(kind: &str, bytes: &[u8]) -> NamedTempFile {
    let suffix = format!(".{kind}");
    let file = tempfile::Builder::new().suffix(&suffix).tempfile().expect("no file can be made");
    fs::write(file.path(), bytes).expect("the input cannot be written");
    file
}
