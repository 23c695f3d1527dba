//! `pagos cep` with the built program: what the page asks for is written, and a proof is compared with
//! the payout that it is about.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use serde_json::Value;
use support::{Folder, NAME, Twin};

const ANA: &str = "012969123456789017";
const LEO: &str = "032180000118359719";

/// Payouts in Mexico, of which one fails, and one in Colombia, paid at simulators.
fn paid(name: &str) -> Folder {
    let folder = Folder::new(name);
    let twin = Twin::start(&folder);
    let header = "key,provider,amount,currency,name,document_type,document,bank,account_type,account,email,phone,description";
    let rows = [
        format!("m-1,fintoc,1500.50,MXN,{NAME},,,,clabe,{ANA},ana@example.com,5512345678,julio"),
        format!("m-2,fintoc,1500.50,MXN,{NAME},,,,clabe,{LEO},,,julio"),
        format!("m-3,conekta,250.00,MXN,{NAME},,,,clabe,{ANA},ana@example.com,5512345678,julio"),
        format!("m-4,fintoc,99.00,MXN,{NAME},,,,clabe,{ANA},,,sim:fail"),
        support::row("c-1", "100000", ",,julio"),
    ];
    folder.write("payouts.csv", format!("{header}\n{}\n", rows.join("\n")));
    let pay = format!("pay payouts.csv --sandbox-url {} --yes --db p.db --json", twin.origin);
    folder.run(&pay).exits(2);
    folder
}

const ALL: &str = "--from 2000-01-01 --to 2999-12-31 --db p.db";

fn requested(folder: &Folder) -> Vec<Vec<String>> {
    folder.run(&format!("cep request {ALL} --to-file cep.csv --sender 90646")).exits(0);
    let text = fs::read_to_string(folder.path().join("cep.csv")).unwrap();
    fs::remove_file(folder.path().join("cep.csv")).unwrap();
    let cells = |line: &str| line.split(',').map(str::to_owned).collect();
    text.lines().map(cells).collect()
}

/// A CEP of these cells of a request, in the form of a recorded one.
fn cep(cells: &[String], amount: &str) -> String {
    let [_, date, tracking, _, _, receiver, account, _] = cells else { panic!("{cells:?}") };
    let parts: Vec<&str> = date.split('-').collect();
    let (joined, iso) = (parts.concat(), format!("{}-{}-{}", parts[2], parts[1], parts[0]));
    format!(
        "<SPEI_Tercero FechaOperacion=\"{iso}\" Hora=\"10:53:36\" ClaveSPEI=\"{receiver}\" sello=\"eA==\" \
         numeroCertificado=\"1\" cadenaCDA=\"||1|{joined}|{joined}|105336|{receiver}|{account}|{amount}||eA==\" \
         claveRastreo=\"{tracking}\"><Beneficiario BancoReceptor=\"B\" Nombre=\"A\" TipoCuenta=\"40\" \
         Cuenta=\"{account}\" RFC=\"ND\" Concepto=\"julio\" IVA=\"0.00\" MontoPago=\"{amount}\"/>\
         <Ordenante BancoEmisor=\"S\" Nombre=\"X\" TipoCuenta=\"40\" Cuenta=\"1\" RFC=\"ND\"/></SPEI_Tercero>"
    )
}

#[test]
fn what_the_page_asks_for_is_written_and_what_is_not_known_is_told() {
    let folder = paid("cep-request");
    let all = requested(&folder);
    assert_eq!(
        all[0].join(","),
        "clave,fecha,clave_rastreo,referencia,emisor,receptor,cuenta_beneficiario,monto"
    );
    let keys: Vec<&str> = all[1..].iter().map(|cells| cells[0].as_str()).collect();
    assert_eq!(keys, ["m-1", "m-2", "m-3"]);
    let first = &all[1];
    assert_eq!(first[2].len(), 30, "Fintoc tells the tracking key: {first:?}");
    assert_eq!(
        (first[4].as_str(), first[6].as_str(), first[7].as_str()),
        ("90646", ANA, "1500.50")
    );
    assert!(first[5].ends_with("012"), "{first:?}");
    assert_eq!(all[3][2], "", "Conekta tells none");

    let told = folder.run(&format!("cep request {ALL} --to-file cep.csv")).exits(0);
    let told = told.says("m-3: not known: clave_rastreo, referencia, emisor");
    told.says("3 payouts, of which 0 have all that the page asks for; left out: 1 that did not succeed, 1");
    let again = folder.run(&format!("cep request {ALL} --to-file cep.csv")).exits(1);
    again.says("cep.csv: the file exists, and is not overwritten");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        let mode = fs::metadata(folder.path().join("cep.csv")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    folder
        .run("cep request --run nothing --to-file x.csv --db p.db")
        .exits(1)
        .says("nothing was paid from it");
}

#[test]
fn a_proof_is_compared_field_by_field() {
    let folder = paid("cep-check");
    let all = requested(&folder);
    let check = |files: &str| folder.run(&format!("cep check {files} {ALL} --json"));
    let result = |document: &Value, place: usize| {
        let row = &document["ceps"][place];
        (row["result"].as_str().unwrap().to_owned(), row["key"].as_str().map(str::to_owned))
    };
    folder.write("1.xml", cep(&all[1], "1500.50"));
    let mut without_key = all[3].clone();
    without_key[2] = "unknown1".to_owned();
    folder.write("3.xml", cep(&without_key, "250.00"));
    let document = check("1.xml 3.xml").exits(0).json();
    assert_eq!(result(&document, 0), ("agrees".to_owned(), Some("m-1".to_owned())));
    assert_eq!(document["ceps"][0]["found_by"], "tracking key");
    assert_eq!(result(&document, 1), ("agrees".to_owned(), Some("m-3".to_owned())));
    assert_eq!(document["ceps"][1]["found_by"], "account, amount and date");
    assert_eq!(document["is_seal_verified"], false);

    folder.write("wrong.xml", cep(&all[1], "1500.49"));
    let document = check("wrong.xml").exits(3).json();
    assert_eq!(result(&document, 0), ("differs".to_owned(), Some("m-1".to_owned())));
    assert_eq!(
        document["ceps"][0]["differences"][0],
        "amount: the CEP has 1500.49 MXN, the order 1500.50 MXN"
    );

    // Another proof of a payout that has one: somebody was paid twice.
    let mut twice = without_key.clone();
    twice[2] = "unknown2".to_owned();
    folder.write("twice.xml", cep(&twice, "250.00").replace("105336", "110000"));
    let document = check("3.xml twice.xml").exits(3).json();
    assert_eq!(
        document["ceps"][1]["differences"][0],
        "another CEP agrees with this payout too: was it paid twice?"
    );
    check("3.xml 3.xml").exits(0);

    folder.write(
        "forged.xml",
        cep(&all[1], "1500.50").replace("MontoPago=\"1500.50\"", "MontoPago=\"9.00\""),
    );
    let document = check("forged.xml").exits(1).json();
    assert_eq!(result(&document, 0), ("unreadable".to_owned(), None));
    let shown =
        folder.run(&format!("cep check 1.xml {ALL}")).exits(0).says("the seals are not verified");
    assert!(shown.out.contains("m-1") && !shown.out.contains(ANA), "{}", shown.out);
}
