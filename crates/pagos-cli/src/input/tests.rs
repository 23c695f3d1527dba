//! Files that are good, files that are bad, and what is said about them. No provider's own rules.

use std::{collections::BTreeSet, fs, io};

use pagos_core::{AccountName, Bank, PayoutOrder, Violation};
use proptest::prelude::*;
use tempfile::NamedTempFile;

use super::*;

/// Account `bank-a`, which repeats everything it is told in its violations, as a bad one would.
struct OneAccount;

impl Accounts for OneAccount {
    fn contains(&self, name: &AccountName) -> bool {
        name.as_str() == "bank-a"
    }

    fn names(&self) -> Vec<String> {
        vec!["bank-a".to_owned()]
    }

    fn check(&self, order: &PayoutOrder) -> Result<(), Vec<Violation>> {
        let beneficiary = &order.beneficiary;
        let bank = beneficiary.bank.as_ref().map_or("", |bank| bank.as_str());
        if bank != "20" {
            let number = beneficiary.account_number.as_str();
            let because = format!("{bank:?} is no bank for {number}");
            return Err(vec![Violation::new("bank", because, "write 20").only_in_english()]);
        }
        Ok(())
    }

    fn bank(&self, order: &PayoutOrder) -> Option<Bank> {
        let id = order.beneficiary.bank.as_ref()?.as_str().to_owned();
        Some(Bank { id, code: None, name: "Bancolombia".to_owned() })
    }
}

/// A file of this test that is removed at its end.
struct TestFile(NamedTempFile);

impl TestFile {
    fn new(bytes: &[u8]) -> Self {
        let file = tempfile::Builder::new().suffix(".csv").tempfile().unwrap();
        fs::write(file.path(), bytes).unwrap();
        Self(file)
    }

    fn open(&self) -> Payroll {
        Payroll::open(self.0.path()).unwrap()
    }
}

fn planned(bytes: &[u8]) -> (Plan, Vec<Problem>) {
    let file = TestFile::new(bytes);
    let mut problems = Vec::new();
    let plan = plan(&file.open(), &OneAccount, &mut |problem| {
        problems.push(problem);
        Ok(())
    });
    (plan.unwrap(), problems)
}

const HEADER: &str = "key,provider,amount,currency,name,document_type,document,bank,account_type,\
                      account,email,phone,description";
const GOOD: &str = "n-1,bank-a,150000,COP,Ana Perez,cc,0098765432,20,savings,00012345678,\
                    ana@example.com,+573001234567,salary";

/// The good row with one column changed.
fn row_with(column: &str, value: &str) -> String {
    let names: Vec<&str> = HEADER.split(',').collect();
    let place = names.iter().position(|name| *name == column).unwrap();
    let mut fields: Vec<&str> = GOOD.split(',').collect();
    fields[place] = value;
    fields.join(",")
}

#[test]
fn every_form_of_a_good_file_reads_the_same() {
    let crlf = format!("{HEADER}\r\n{GOOD}\r\n");
    let old_mac = format!("{HEADER}\r{GOOD}\r");
    let mark = format!("\u{FEFF}{HEADER}\n{GOOD}\n");
    let no_end = format!("{HEADER}\n{GOOD}");
    let empty_lines = format!("\n\r\n{HEADER}\n\n\r\n  \n,,,,,,,,,,,,\n{GOOD}\n\n\n");
    let semicolons = no_end.replace(',', ";");
    let quoted = format!("{HEADER}\n{}\n", GOOD.replace("Ana Perez", "\"Ana Perez\""));
    let tabs = no_end.replace(',', "\t");
    let named = format!("sep=;\r\n{semicolons}");
    for text in [&tabs, &named, &crlf, &old_mac, &mark, &no_end, &empty_lines, &semicolons, &quoted]
    {
        let (plan, problems) = planned(text.as_bytes());
        assert_eq!(problems, [], "{text:?}");
        assert_eq!((plan.rows, plan.rows_bad), (1, 0), "{text:?}");
        assert_eq!(plan.totals[0].amount_minor, 15_000_000, "{text:?}");
    }
    let written = |bytes: &[u8]| planned(bytes).0.format.unwrap();
    let text = |delimiter, encoding| Format::Text { delimiter, encoding };
    let (utf8, utf16) = (encoding::Encoding::Utf8, encoding::Encoding::Utf16Le);
    assert_eq!(written(semicolons.as_bytes()), text(Delimiter::Semicolon, utf8));
    assert_eq!(written(crlf.as_bytes()), text(Delimiter::Comma, utf8));
    let wide: Vec<u8> = mark.replace(',', "\t").encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(written(&wide), text(Delimiter::Tab, utf16));
    let named = format!("sep=|\n{}", no_end.replace(',', "|"));
    assert_eq!(written(named.as_bytes()), text(Delimiter::Pipe, utf8));
}

#[test]
fn any_order_of_columns_is_read_and_optional_ones_may_be_missing() {
    let text = "account,account_type,bank,name,currency,amount,provider,key\n\
                00012345678,ahorros,20,\"Perez, Ana \"\"La Mona\"\"\",COP,1250.50,bank-a,n-1\n";
    let file = TestFile::new(text.as_bytes());
    let payroll = file.open();
    let plan = plan(&payroll, &OneAccount, &mut |problem| panic!("{problem}")).unwrap();
    let orders: Vec<_> = Orders::open(&payroll, &plan, &OneAccount).unwrap().collect();
    let row = orders[0].as_ref().unwrap();
    assert_eq!(row.line, 2);
    assert_eq!(row.order.amount.minor, 125_050);
    assert_eq!(row.order.beneficiary.name, "Perez, Ana \"La Mona\"");
    assert_eq!(row.order.beneficiary.account_number.as_str(), "00012345678");
    assert_eq!(row.order.beneficiary.document, None);
}

/// One bad value: column, value, the line, what is said, and whether the value is shown.
#[test]
fn each_bad_value_is_named_by_line_and_column() {
    let cases = [
        ("key", "", "is empty", None),
        ("key", "a b", "is not 1 to 32 of A-Z a-z 0-9 _ -", Some("a b")),
        ("key", "1.2E+10", "was turned into scientific notation", Some("1.2E+10")),
        ("provider", "Bank-A", "is not an account that is configured", Some("Bank-A")),
        ("provider", "bank-c", "is not an account that is configured", Some("bank-c")),
        ("amount", "", "is empty", None),
        ("amount", "0", "is zero", Some("0")),
        ("amount", "-5", "is not an amount", Some("-5")),
        ("amount", "1.234", "has 3 decimals and COP has 2", Some("1.234")),
        ("amount", "\"14,82\"", "has a decimal comma", Some("14,82")),
        ("amount", "\"1,234.50\"", "has thousands separators and", Some("1,234.50")),
        ("amount", "$150000", "has a currency sign or a word in front", Some("$150000")),
        ("amount", "1.5E+05", "is not an amount", Some("1.5E+05")),
        ("amount", " 150000", "begins or ends with a space", Some(" 150000")),
        ("amount", "150\u{00A0}000", "has an invisible character", Some("150?000")),
        ("currency", "cop", "is not a currency code", Some("cop")),
        ("currency", "XXX", "is not a currency code", Some("XXX")),
        ("name", "", "is empty", None),
        ("name", "\"Ana\nPerez\"", "has a control character", Some("Ana?Perez")),
        ("name", "Ana\u{FEFF}", "has an invisible character", Some("Ana?")),
        ("document_type", "cedula", "is not a type of document", Some("cedula")),
        ("document_type", "", "is empty", None),
        ("document", "", "is empty", None),
        ("document", "12 345", "is not 3 to 32 letters and digits", None),
        ("document", "1.01E+09", "was turned into scientific notation", None),
        ("document", "1012345678.0", "ends in .0", None),
        ("bank", "2E+01", "was turned into scientific notation", Some("2E+01")),
        ("account_type", "ahorrillos", "is not a type of account", Some("ahorrillos")),
        ("account_type", "", "is empty", None),
        ("account", "", "is empty", None),
        ("account", "1.23E+11", "was turned into scientific notation", None),
        ("account", "12345678.0", "ends in .0", None),
        ("account", "12.345.678", "has thousands separators", None),
        ("account", "'00123456", "still has the marks", None),
        ("account", "123 456", "is not 1 to 64 letters and digits", None),
        ("email", "ana.example.com", "is not a mail address", None),
        ("phone", "300-123-4567", "is not 6 to 15 digits", None),
        ("phone", "3.0E+09", "was turned into scientific notation", None),
        ("description", "a\tb", "has a control character", Some("a?b")),
    ];
    for (column, value, because, shown) in cases {
        let text = format!("{HEADER}\r\n{GOOD}\r\n{}\r\n", row_with(column, value));
        let text = text.replacen("n-1,", "n-0,", 1);
        let (plan, problems) = planned(text.as_bytes());
        let [problem] = problems.as_slice() else {
            panic!("{column} {value:?}: {problems:?}");
        };
        assert_eq!((problem.line, problem.column.as_deref()), (3, Some(column)), "{value:?}");
        assert!(problem.because.english().starts_with(because), "{column} {value:?}: {problem}");
        assert_eq!(problem.value.as_deref(), shown, "{column} {value:?}");
        assert!(!problem.remedy.english().is_empty());
        assert_eq!((plan.rows, plan.rows_bad), (1, 1));
    }
}

/// A CLABE that lost a digit, seen by its length.
#[test]
fn a_clabe_without_its_leading_zero_is_pointed_out() {
    let row = row_with("account_type", "clabe").replace("00012345678", "21806000000000000");
    let (_, problems) = planned(format!("{HEADER}\n{row}\n").as_bytes());
    assert!(problems[0].remedy.english().contains("removed leading zeros"), "{problems:?}");
    assert_eq!(problems[0].value, None);
}

#[test]
fn all_problems_of_all_rows_come_in_one_go_with_exact_lines() {
    let rows = [
        "n-1,bank-a,1.234,cop,,cc,12,20,savings,00012345678,,,",
        "",
        "n-2,bank-a,150000,COP,\"two\nlines\",,,20,savings,00012345678,,,",
        "n-3,bank-a,150000",
        "n-4,bank-a,150000,COP,Ana,,,20,savings,00012345678,,,,too many",
        "n-5,nobody,150000,COP,Ana,,,99,savings,00012345678,,,",
        "n-6,bank-a,150000,COP,Ana,,,99,savings,00012345678,,,",
    ];
    let text = format!("{HEADER}\r\n{}\r\n", rows.join("\r\n"));
    let (plan, problems) = planned(text.as_bytes());
    let places: Vec<_> =
        problems.iter().map(|problem| (problem.line, problem.column.as_deref())).collect();
    let expected = [
        (2, Some("currency")),
        (2, Some("amount")),
        (2, Some("name")),
        (2, Some("document")),
        (4, Some("name")),
        (6, None),
        (7, None),
        (8, Some("provider")),
        (9, Some("bank")),
    ];
    assert_eq!(places, expected);
    assert_eq!((plan.rows, plan.rows_bad), (0, 6));
    insta::assert_snapshot!(problems.iter().map(|it| format!("{it}\n")).collect::<String>());
}

#[test]
fn a_header_is_read_strictly_and_helps() {
    // Each expectation is the column, a colon, and how the remedy begins.
    let cases: [(&str, &[&str]); 12] = [
        ("", &[":begin with a header"]),
        ("\u{FEFF}\r\n\r\n", &[":begin with a header"]),
        ("Key,provider,amount,currency,name,account_type,account", &["Key:write \"key\""]),
        ("key,provider,monto,currency,name,account_type,account", &["monto:write \"amount\""]),
        (
            "key,provider,amount,currency,name,account_type",
            &["account:add it to the header; the columns are key, provider"],
        ),
        (
            "key,provider,amount,currency,name,account_type,account,grade",
            &["grade:remove it; the columns are key, provider"],
        ),
        ("key,provider,amount,currency,name,account_type,account,", &[]),
        ("key,provider,amount,currency,name,account_type,account,a,b", &[":remove them"]),
        ("key,key,provider,amount,currency,name,account_type,account", &["key:remove one"]),
        // One thing to say, in place of one for each column.
        (GOOD, &[":begin with a header"]),
        ("key:provider:amount:currency:name:account_type:account", &[":begin with a header"]),
        (
            "Nómina de enero\n\nkey;provider;amount;currency;name",
            &[":delete everything above line 3"],
        ),
    ];
    for (header, expected) in cases {
        let (plan, problems) = planned(format!("{header}\n").as_bytes());
        assert_eq!(problems.len(), expected.len(), "{header:?}: {problems:?}");
        for (problem, expected) in problems.iter().zip(expected) {
            let told = format!("{}:{}", problem.column.as_deref().unwrap_or(""), problem.remedy);
            assert!(told.starts_with(expected), "{header:?}: {problem}");
        }
        assert_eq!(plan.is_good(), expected.is_empty(), "{header:?}");
    }
}

#[test]
fn files_that_are_no_csv_are_refused_in_words() {
    let unclosed = format!("{HEADER}\n{GOOD}\nn-2,\"{}", "x\n".repeat(40_000));
    let mixed = format!("{HEADER}\n{}\n", row_with("name", "José#")).replace('#', "\u{0}");
    let mixed: Vec<u8> = mixed.bytes().map(|byte| if byte == 0 { 0xF1 } else { byte }).collect();
    let cases: [(&[u8], u64, &str); 7] = [
        (b"\xFF\xFE\0\0k\0\0\0", 1, "the file is UTF-32"),
        (b"PK\x03\x04 and so on", 1, "the file is a zip archive or a spreadsheet"),
        (b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1", 1, "the file is an old spreadsheet"),
        (&mixed, 2, "is not UTF-8, and other lines are"),
        (b"sep=:\nkey:provider\n", 1, "the line \"sep=\" names a separator"),
        (unclosed.as_bytes(), 3, "a row begins here that is longer"),
        (&b",".repeat(400), 1, "a row begins here that is longer"),
    ];
    for (bytes, line, because) in cases {
        let (plan, problems) = planned(bytes);
        assert_eq!(problems.len(), 1, "{because}: {problems:?}");
        assert_eq!(problems[0].line, line, "{because}");
        assert!(problems[0].because.english().starts_with(because), "{problems:?}");
        assert!(!plan.is_good());
    }
    let (_, problems) = planned(format!("{HEADER}\n{}\n", row_with("name", "Jos#")).as_bytes());
    assert_eq!(problems, []);
    let latin = format!("{HEADER}\n{}\n", row_with("name", "Jos#")).replace('#', "\u{E9}");
    let latin: Vec<u8> = latin.chars().map(|letter| letter as u8).collect();
    let (plan, problems) = planned(&latin);
    assert_eq!(problems, []);
    assert_eq!(
        plan.warnings[0].because.english(),
        "the file is not UTF-8 and was read as Windows-1252"
    );
}

#[test]
fn repeated_keys_are_reported_with_both_lines_and_counted_out() {
    let other = row_with("key", "n-2");
    let bad = row_with("amount", "x");
    let text = format!("{HEADER}\n{GOOD}\n{other}\n\n{GOOD}\n{bad}\n");
    let file = TestFile::new(text.as_bytes());
    let mut problems = Vec::new();
    let mut report = |problem: Problem| {
        problems.push(problem.to_string());
        Ok(())
    };
    let payroll = file.open();
    let plan = plan(&payroll, &OneAccount, &mut report).unwrap();
    let repeated: Vec<_> = problems.iter().filter(|text| text.contains("too;")).collect();
    assert_eq!(repeated.len(), 3, "{problems:?}");
    assert!(repeated[0].starts_with("line 2, key \"n-1\": is the key of line 5 too"));
    assert!(repeated[1].starts_with("line 5, key \"n-1\": is the key of line 2 too"));
    assert!(repeated[2].starts_with("line 6, key \"n-1\": is the key of line 2 too"));
    assert_eq!((plan.rows, plan.rows_bad), (1, 3));
    assert_eq!((plan.totals[0].count, plan.totals[0].amount_minor), (1, 15_000_000));
    let orders = Orders::open(&payroll, &plan, &OneAccount).unwrap();
    let good: Vec<_> = orders.filter_map(Result::ok).map(|row| row.order.key.to_string()).collect();
    assert_eq!(good, ["n-2"]);
}

#[test]
fn a_file_that_changed_after_its_plan_is_refused() {
    let file = TestFile::new(format!("{HEADER}\n{GOOD}\n").as_bytes());
    let payroll = file.open();
    let plan = plan(&payroll, &OneAccount, &mut |_| Ok(())).unwrap();
    fs::write(file.0.path(), format!("{HEADER}\n{}\n", row_with("amount", "999999"))).unwrap();
    let refused = Orders::open(&payroll, &plan, &OneAccount).unwrap_err();
    assert!(refused.to_string().contains("changed after it was planned"), "{refused}");

    fs::write(file.0.path(), format!("{HEADER}\n{GOOD}\n")).unwrap();
    let mut orders = Orders::open(&payroll, &plan, &OneAccount).unwrap();
    let mut append = fs::OpenOptions::new().append(true).open(file.0.path()).unwrap();
    io::Write::write_all(&mut append, row_with("key", "n-9").as_bytes()).unwrap();
    let last = orders.by_ref().last().unwrap();
    assert!(matches!(last, Err(RowError::File(_))), "{last:?}");
    assert!(orders.next().is_none());
}

#[test]
fn shorter_accounts_than_a_bank_usually_has_are_warned_about() {
    let rows = (0..20).map(|number| {
        let account = if number == 13 { "1234567890" } else { "00123456789" };
        row_with("key", &format!("k-{number}")).replace("00012345678", account)
    });
    let text = format!("{HEADER}\n{}\n", rows.collect::<Vec<_>>().join("\n"));
    let (plan, problems) = planned(text.as_bytes());
    assert_eq!(problems, []);
    let told: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    let told: Vec<&String> = told.iter().filter(|text| text.contains("digits")).collect();
    assert_eq!(
        told,
        ["line 15, account: has 10 digits where most accounts of bank \"20\" have 11, some with \
          leading zeros; check that no spreadsheet removed leading zeros"]
    );
}

#[test]
fn world_11_a_quote_that_is_never_closed_spoils_the_file_and_not_a_row() {
    let open = row_with("key", "n-2").replace("Ana Perez", "\"Ana Perez");
    let text = format!("{HEADER}\n{GOOD}\n{open}\n{}\n", row_with("key", "n-3"));
    let (plan, problems) = planned(text.as_bytes());
    assert_eq!((problems.len(), problems[0].line), (1, 3), "{problems:?}");
    assert_eq!((plan.rows, plan.rows_bad, plan.totals.len()), (0, 1, 0));
    assert!(plan.is_unreadable);
    // Not even the rows before it are handed out.
    let file = TestFile::new(text.as_bytes());
    let refused = Orders::open(&file.open(), &plan, &OneAccount).unwrap_err();
    assert!(refused.to_string().contains("refused as a whole"), "{refused}");
}

#[test]
fn world_14_who_is_paid_the_same_twice_is_told_with_both_lines() {
    let rows = [
        GOOD.to_owned(),
        row_with("key", "n-2"),
        row_with("key", "N-2").replace("150000", "150001"),
        row_with("key", "n-4").replace("00012345678", "00012345679"),
        row_with("key", "n-5").replace(",20,savings", ",20,checking"),
    ];
    let (plan, problems) = planned(format!("{HEADER}\n{}\n", rows.join("\n")).as_bytes());
    assert_eq!(problems, []);
    let told: Vec<String> = plan.warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "line 3, account: gets the same amount in line 2, under another key; check that this person \
         is meant to be paid twice",
        "line 4, key: is the key of line 3 but for capital letters; check that it is not the same \
         payout",
        "line 5: pays the person of line 2 the same amount once more, under another key and on another \
         account; check that this person is meant to be paid twice",
        "line 6, account: gets the same amount in line 2, under another key; check that this person \
         is meant to be paid twice",
        "line 6: 2 rows pay what an earlier row pays too; check that nobody is in the file twice",
    ];
    assert_eq!(told, expected);
    assert_eq!(plan.rows, 5);
}

#[test]
fn world_14_zeros_in_front_and_another_account_do_not_hide_the_same_payout() {
    let zeros = row_with("key", "n-2").replace("00012345678", "12345678");
    let person = |key: &str| row_with("key", key).replace("00012345678", "7777777");
    let [other, own] = ["Ana Perez", "Ana  PEREZ"].map(|name| {
        let row = person(if name == "Ana Perez" { "n-4" } else { "n-5" });
        row.replace("cc,0098765432", ",").replace("Ana Perez", name)
    });
    let own = own.replace("7777777", "8888888");
    let rows = [GOOD.to_owned(), zeros, person("n-3"), other, own];
    let (plan, problems) = planned(format!("{HEADER}\n{}\n", rows.join("\n")).as_bytes());
    assert_eq!(problems, []);
    let told: Vec<_> = plan.warnings.iter().map(|it| (it.line, it.because.english())).collect();
    let expected = [
        (
            3,
            "is the account of line 2 but for zeros in front, and gets the same amount under another key",
        ),
        (
            4,
            "pays the person of line 2 the same amount once more, under another key and on another account",
        ),
        (5, "gets the same amount in line 4, under another key"),
        (
            6,
            "pays the person of line 5 the same amount once more, under another key and on another account",
        ),
        (6, "2 rows pay to another account what a person gets in an earlier row too"),
    ];
    assert_eq!(told, expected);
}

/// Account, document, mail address and telephone never show, whatever else is wrong with a row and
/// into whichever column they slipped.
#[test]
fn nothing_private_is_ever_part_of_a_problem() {
    let canaries = ["7700112233", "8800445566", "canary@example.com", "+573009988776"];
    let private = GOOD
        .replace("0098765432,", "7700112233,")
        .replace("00012345678", "8800445566")
        .replace("ana@example.com", canaries[2])
        .replace("+573001234567", canaries[3]);
    let columns: Vec<&str> = HEADER.split(',').collect();
    let mut rows = vec![
        private.replace(",20,", ",8800445566,"),
        private.replace("Ana Perez", "Perez, Ana"),
        private.replace("Ana Perez", "Perez, Ana").replace(",salary", ""),
        private.replace(",cc,", ",7700112233,"),
        private.replace(",savings,", ",8800445566,"),
        private.replace("8800445566", "8800445566 "),
    ];
    for value in ["", "x y", "1.2E+5", "\u{7}", "\u{FEFF}", "=\"1\"", "99"] {
        for place in 0..columns.len() {
            let mut fields: Vec<&str> = private.split(',').collect();
            fields[place] = value;
            rows.push(fields.join(","));
        }
    }
    let mut seen = BTreeSet::new();
    for row in rows {
        let (_, problems) = planned(format!("{HEADER}\n{row}\n").as_bytes());
        for problem in problems {
            let told = format!("{problem} {problem:?}");
            for canary in canaries {
                assert!(!told.contains(canary), "{row}: {told}");
            }
            seen.insert(problem.column);
        }
    }
    assert!(seen.len() > 10, "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        planned(&bytes);
        let behind_header = [HEADER.as_bytes(), b"\n", &bytes].concat();
        let (plan, problems) = planned(&behind_header);
        prop_assert_eq!(plan.is_good(), problems.is_empty());
    }

    #[test]
    fn almost_good_files_are_read_to_their_end(
        picks in proptest::collection::vec((0..13_usize, "[ -~\n\r\"';,éñ\u{FEFF}]{0,12}"), 1..12),
    ) {
        let columns: Vec<&str> = HEADER.split(',').collect();
        let rows: Vec<String> =
            picks.iter().map(|(place, value)| row_with(columns[*place], value)).collect();
        let (plan, problems) = planned(format!("{HEADER}\n{}", rows.join("\n")).as_bytes());
        prop_assert_eq!(plan.is_good(), problems.is_empty());
        for problem in &problems {
            prop_assert!(!problem.to_string().contains("00012345678"), "{}", problem);
        }
    }
}
