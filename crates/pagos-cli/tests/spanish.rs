//! `--lang`: what `plan`, `pay`, `status` and `history` say in Spanish and in English, and that
//! nothing which a program reads depends on it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use support::{Folder, Run, payouts};

const LANGUAGES: [&str; 2] = ["es", "en"];

/// Rows with a problem of each kind that operators see most.
const BAD: &str = "\
key,provider,amount,currency,name,document_type,document,bank,account_type,account,email,phone,description
n-1,cashypro,\"1.500,50\",COP,Ana,cc,1032456781,20,savings,00123456781,,,
n-1,cashypro,150000,pesos,Ana,cc,1032456782,20,savings,00123456782,,,
n-2,nobody,0,COP,,cc,1.03E+09,20,ahorro,#N/A,ana,12,
n-3,cashypro,150000,COP,Ana,,1032456783,20,savings
n-4,cashypro,150000,COP,Ana,cc,1032456784,7777,savings,00123456784,,,
n-5,cashypro,150000,COP,Ana,cc,1032456785,Banco Imaginario,savings,00123,,,
total,,150000,,,,,,,,,,
";

#[test]
fn a_bad_file_is_explained_in_both_languages() {
    let folder = Folder::new("spanish-plan");
    folder.write("bad.csv", BAD);
    for language in LANGUAGES {
        let run = folder.run(&format!("plan bad.csv --lang {language}")).exits(1);
        insta::assert_snapshot!(format!("plan_{language}"), format!("{}{}", run.err, run.out));
    }
}

#[test]
fn a_run_is_reported_in_both_languages() {
    let folder = Folder::new("spanish-pay");
    let rows = [("s-1", "salary"), ("s-2", "sim:fail"), ("s-3", "sim:success-then-fail")];
    folder.write("payouts.csv", payouts(rows));
    folder.run("pay payouts.csv --sandbox --yes --db s.db --json").exits(2);
    for language in LANGUAGES {
        let pay = format!("pay payouts.csv --sandbox --yes --db s.db --lang {language}");
        let run = without_references(&folder, folder.run(&pay).exits(2));
        insta::assert_snapshot!(format!("pay_{language}"), run);
        let unasked = format!("pay payouts.csv --sandbox --db t.db --lang {language}");
        let run = folder.run(&unasked).exits(1);
        insta::assert_snapshot!(
            format!("pay_unasked_{language}"),
            format!("{}{}", run.err, run.out)
        );
        let status = folder.run(&format!("status s-3 --db s.db --lang {language}")).exits(2);
        let names: Vec<&str> =
            status.out.lines().map(|line| line.split("  ").next().unwrap()).collect();
        insta::assert_snapshot!(format!("status_{language}"), names.join("\n"));
    }
}

#[test]
fn a_command_that_speaks_english_does_not_mix_the_languages() {
    let folder = Folder::new("spanish-mixed");
    folder.write("payouts.csv", payouts([("s-1", "salary")]));
    folder.run("pay payouts.csv --sandbox --yes --db s.db --json").exits(0);
    for (command, said) in [
        ("status s-2 --db s.db", "ningún pago tiene la clave s-2"),
        ("resolve s-2 --as ask --note x --db s.db", "no payout has the key s-2"),
    ] {
        folder.run_with(command, &[("LANG", "es_MX.UTF-8")]).exits(1).says(said);
    }
}

/// A reference is another one in each test.
fn without_references(folder: &Folder, run: Run) -> String {
    let listed = folder.run("list --db s.db --json").exits(0).json();
    let mut text = format!("{}{}", run.err, run.out);
    for (_, reference) in support::field_by_key(&listed, "reference") {
        let reference = reference.as_str().unwrap();
        text = text.replace(reference, &"R".repeat(reference.len()));
    }
    text
}

#[test]
fn programs_read_the_same_in_both_languages() {
    let folder = Folder::new("spanish-json");
    folder.write("bad.csv", BAD);
    folder.write("payouts.csv", payouts([("s-1", "salary"), ("s-2", "sim:fail")]));
    folder.run("pay payouts.csv --sandbox --yes --db s.db --json").exits(2);
    let commands = [
        ("plan bad.csv --json", 1),
        ("plan payouts.csv --json", 0),
        ("pay bad.csv --sandbox --yes --db s.db --json", 1),
        ("pay payouts.csv --sandbox --yes --db s.db --json", 2),
        ("status s-2 --db s.db --json", 2),
        ("history s-2 --db s.db --json", 0),
        ("list --db s.db --json", 0),
        ("plan no-such-file.csv --json", 1),
    ];
    for (command, code) in commands {
        let [es, en] = ["es_CL.UTF-8", "en_US.UTF-8"]
            .map(|locale| folder.run_with(command, &[("LANG", locale)]).exits(code).out);
        assert_eq!(es, en, "{command}");
    }
}

#[test]
fn the_option_wins_over_the_locale() {
    let folder = Folder::new("spanish-locale");
    folder.write("bad.csv", BAD);
    let cases = [
        ("", "es_CO.UTF-8", "línea 2, amount"),
        ("--lang en", "es_CO.UTF-8", "line 2, amount"),
        ("--lang es", "C", "línea 2, amount"),
        ("", "pt_BR.UTF-8", "line 2, amount"),
    ];
    for (option, locale, said) in cases {
        let command = format!("plan bad.csv {option}");
        folder.run_with(&command, &[("LC_ALL", locale)]).exits(1).says(said);
    }
}
