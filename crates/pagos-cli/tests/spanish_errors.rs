//! `--lang es`, when something goes wrong: each kind of error is provoked once, and what the command
//! says about it has no English in it. What the system or a provider says is quoted with «».

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod support;

use std::fs;

use pagos_conformance::Case;

use support::{Folder, Run, Twin, payouts};

/// Words that are in every English sentence, and no words of Spanish.
const ENGLISH: [&str; 15] = [
    "the", "is", "not", "and", "was", "are", "with", "it", "its", "cannot", "which", "to", "be",
    "this", "what",
];

/// Insists on a text and on its language.
#[track_caller]
fn in_spanish(run: &Run, said: &str) {
    let text = format!("{}{}", run.err, run.out);
    assert!(text.contains(said), "{said:?} is missing: {text}");
    let outside = |text: &str, [open, close]: [char; 2]| -> String {
        let parts = text.split(open);
        parts
            .enumerate()
            .map(|(number, part)| match part.split_once(close) {
                Some((_, rest)) if number > 0 => rest.to_owned(),
                _ => part.to_owned(),
            })
            .collect()
    };
    // Commands to type are in backticks, in every second part.
    let prose: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ");
    let prose = outside(&prose, ['«', '»']);
    for word in prose.split(|letter: char| !letter.is_alphanumeric() && letter != '_') {
        assert!(!ENGLISH.contains(&word), "{word:?} is English: {text}");
    }
}

/// A folder with a database that paid `a-1`, and the twin that paid it.
fn paid(name: &str) -> (Folder, Twin, String) {
    let folder = Folder::new(name);
    let twin = Twin::start(&folder);
    folder.write("a.csv", payouts([("a-1", "salary")]));
    let pay = format!("pay a.csv --sandbox-url {} --yes --lang es", twin.origin);
    in_spanish(&folder.run(&format!("{pay} --db a.db")).exits(0), "a.db: base de datos nueva");
    (folder, twin, pay)
}

fn change(folder: &Folder, db: &str, sql: &str) {
    let connection = rusqlite::Connection::open(folder.path().join(db)).unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn databases() {
    let (folder, _twin, pay) = paid("spanish-databases");
    for command in ["status k", "history k", "list"] {
        let run = folder.run(&format!("{command} --db none.db --lang es")).exits(1);
        in_spanish(&run, "none.db: no existe");
    }
    folder.write("text.db", "nothing that a database would be, and long enough to be one of ours");
    folder.write("empty.db", "");
    fs::create_dir(folder.path().join("folder.db")).unwrap();
    change(&folder, "foreign.db", "CREATE TABLE t (x)");
    for (db, said) in [
        ("text.db", "no es una base de datos SQLite"),
        ("empty.db", "el primer `pagos pay` o `pagos serve` crea"),
        ("folder.db", "no es un archivo"),
        ("foreign.db", "es una base de datos de otro programa"),
        ("nowhere/p.db", "no se puede abrir su carpeta: no existe el archivo o la carpeta"),
        (":memory:", "indique un archivo"),
        ("mysql://u@h/d", "parece la dirección de una base de datos"),
        ("postgres://u@127.0.0.1:1/d", "ningún servidor PostgreSQL responde"),
    ] {
        in_spanish(&folder.run(&format!("list --db {db} --lang es")).exits(1), said);
    }
    in_spanish(
        &folder.run(&format!("{pay} --db x/p.db")).exits(1),
        "la carpeta de la base de datos",
    );
    for (version, said) in [(999, "una versión más nueva"), (1, "una versión anterior")] {
        fs::copy(folder.path().join("a.db"), folder.path().join("v.db")).unwrap();
        change(&folder, "v.db", &format!("PRAGMA user_version = {version}"));
        in_spanish(&folder.run("list --db v.db --lang es").exits(1), said);
    }
}

#[test]
fn another_database_one_that_is_gone_and_one_that_another_process_pays_from() {
    let (folder, twin, pay) = paid("spanish-other-database");
    folder.write("b.csv", payouts([("b-1", "salary")]));
    folder.run(&format!("{} --db b.db", pay.replace("a.csv", "b.csv"))).exits(0);
    let serve = format!("serve --sandbox-url {} --db b.db", twin.origin);
    let mut server = folder.start(&serve);
    server.ready();
    let run = folder.run(&format!("{} --db b.db", pay.replace("a.csv", "b.csv"))).exits(0);
    in_spanish(&run, "otro proceso de pagos trabaja en esta base de datos");
    server.signal("TERM");
    server.end().exits(0);
    fs::copy(folder.path().join("b.db"), folder.path().join("a.db")).unwrap();
    let run = folder.run(&format!("{pay} --db a.db")).exits(1);
    in_spanish(&run, "es otra base de datos que la que estaba aquí antes");
    fs::remove_file(folder.path().join("a.db")).unwrap();
    in_spanish(&folder.run(&format!("{pay} --db a.db")).exits(1), "no está, y antes había aquí");
}

#[test]
fn witnesses() {
    let (folder, _twin, pay) = paid("spanish-witnesses");
    let run = folder.run(&format!("{pay} --db w.db --witness w.witness")).exits(0);
    in_spanish(&run, "w.witness: testigo nuevo");
    let other = folder.run(&format!("{pay} --db a.db --witness w.witness")).exits(1);
    in_spanish(&other, "el testigo es de la base de datos");
    folder.write("w.witness", "another file\n");
    let changed = folder.run(&format!("{pay} --db w.db --witness w.witness")).exits(1);
    in_spanish(&changed, "no se puede usar el testigo: w.witness: su primera línea");
    fs::remove_file(folder.path().join("w.witness")).unwrap();
    let lost = folder.run(&format!("{pay} --db w.db --witness w.witness"));
    in_spanish(&lost, "w.witness: el testigo ");
    let nowhere = folder.run(&format!("{pay} --db n.db --witness nowhere/w.witness"));
    in_spanish(&nowhere, "el testigo no está");
}

#[test]
fn a_restored_database() {
    let (folder, _twin, pay) = paid("spanish-restored");
    folder.run("backup --to copy.db --db a.db").exits(0);
    folder.run("restore copy.db --db r.db").exits(0);
    in_spanish(&folder.run(&format!("{pay} --db r.db")).exits(1), "se restauró el ");
    for command in ["list", "status a-1", "history a-1"] {
        let run = folder.run(&format!("{command} --db r.db --lang es")).exits(0);
        in_spanish(&run, "advertencia: r.db: esta base de datos se restauró el ");
    }
}

#[test]
fn configurations() {
    let folder = Folder::new("spanish-configuration");
    folder.write("payouts.csv", payouts([("a-1", "salary")]));
    let account = "[accounts.cashypro]\nbase_url = \"http://127.0.0.1:1\"\n";
    let cases = [
        ("", "no hay ninguna cuenta configurada"),
        ("colour = 1\n", "pagos.toml:1: colour no se conoce al comienzo del archivo"),
        ("[accounts.cashypro\n", "pagos.toml:1: el archivo no es TOML"),
        ("[accounts.\"A B\"]\n", "no es una cuenta; escriba una tabla [accounts.NOMBRE]"),
        ("[accounts.a]\nprovider = \"b\"\n", "no es un proveedor de este programa"),
        ("[accounts.cashypro]\nenvironment = \"prod\"\n", "no es \"sandbox\" ni \"live\""),
        ("[accounts.cashypro]\napi_key = 1.5\n", "escríbalo entre comillas dobles"),
        ("[accounts.cashypro]\napi_key = \"\"\n", "api_key está vacío; complételo"),
        (
            "[accounts.cashypro]\napi_key_file = \"k\"\n",
            "api_key_file nombra k, que no se puede leer",
        ),
        ("[accounts.cashypro]\napi_key_env = \"K\"\n", "nombra la variable K; defina esa variable"),
        (account, "falta MERCHANT_ID; defínalo en [accounts.cashypro], o como PAGOS_CASHYPRO_"),
        ("[accounts.etpay]\npmt_url = \"x\"\nusername = \"u\"\n", "falta "),
        ("[accounts.cashypro]\nlease_s = \"0\"\n", "lease_s no es un número entero entre 1 y 3600"),
        ("[accounts.cashypro]\nproxy = \"p\"\n", "proxy no comienza con http://"),
        ("[accounts.cashypro]\nlimits.payout_max = \"9\"\n", "no es un monto con su moneda"),
        ("[[accounts.cashypro.approval]]\nof = \"month\"\n", "approval.0.over falta"),
        ("[receiver]\ndrain = 1\n", "drain no es un límite del receptor"),
        ("[api]\nlisten = \"x\"\n", "listen no es una dirección con puerto"),
        ("[retention]\nkeep_days = 9\n", "archive falta en [retention]"),
        ("[witness]\nplace = \"\"\n", "place no nombra nada"),
        ("[books.b]\ncurrency = \"CLP\"\n", "accounts falta en [books.NOMBRE]"),
        ("[days]\noffset = 3\n", "offset no se conoce en [days]"),
    ];
    for (config, said) in cases {
        folder.write("pagos.toml", config);
        in_spanish(&folder.run("pay payouts.csv --yes --db p.db --lang es").exits(1), said);
    }
    folder.write("pagos.toml", account);
    let misspelt = [("PAGOS_CASHYPRO_API_KYE", "x"), ("PAGOS_NOBODY_KEY", "x")];
    let run = folder.run_with("plan payouts.csv --lang es", &misspelt).exits(1);
    in_spanish(&run, "no significa nada para la cuenta cashypro; ¿quiso decir api_key?");
    in_spanish(&run, "advertencia: PAGOS_NOBODY_KEY: la variable no nombra ninguna cuenta");
    let none = folder.run("--config none.toml plan payouts.csv --lang es").exits(1);
    in_spanish(&none, "el archivo no se puede leer (no existe el archivo o la carpeta");
    let twins =
        folder.run("pay payouts.csv --sandbox-url 127.0.0.1:1 --db p.db --lang es").exits(1);
    in_spanish(&twins, "--sandbox-url: lo que indica no tiene esquema");
    let nobody = "pay payouts.csv --sandbox-url http://127.0.0.1:1 --db p.db --lang es";
    in_spanish(&folder.run(nobody).exits(1), "ningún simulador responde");
    for (command, said) in [
        ("status k!", "key: \"k!\" no son de 1 a 32 caracteres"),
        ("list --since 2026-02-01 --until 2026-01-01", "no es posterior a --since"),
    ] {
        in_spanish(&folder.run(&format!("{command} --lang es")).exits(1), said);
    }
    for command in ["plan none.csv", "plan ."] {
        in_spanish(&folder.run(&format!("{command} --lang es")).exits(1), "carpeta");
    }
}

#[test]
fn accounts_that_are_refused_or_not_reached() {
    let folder = Folder::new("spanish-accounts");
    let twin = Twin::start(&folder);
    let credentials = twin.ask("credentials")["cashypro"].clone();
    let fields = credentials.as_object().unwrap().iter();
    let mut config: String = fields.map(|(name, value)| format!("{name} = {value}\n")).collect();
    config.push_str("notify_url = \"http://127.0.0.1:1/webhooks/cashypro\"\n");
    folder.write("pagos.toml", format!("[accounts.cashypro]\n{config}"));
    folder.write("payouts.csv", payouts([("a-1", "salary")]));
    let pay = "pay payouts.csv --yes --lang es --db";
    let wrong = [("PAGOS_CASHYPRO_API_KEY", "another-key")];
    let run = folder.run_with(&format!("{pay} a.db"), &wrong).exits(3);
    in_spanish(&run, "la cuenta cashypro está fuera de servicio: se rechazó la firma");
    for command in ["status", "history"] {
        let run = folder.run(&format!("{command} a-1 --db a.db --lang es"));
        in_spanish(&run, if command == "status" { "clave" } else { "se rechazó la firma" });
    }
    folder.write(
        "limited.toml",
        format!("[accounts.cashypro]\n{config}limits.account_day_max = \"150000 COP\"\n"),
    );
    folder.write("two.csv", payouts([("b-1", "salary"), ("b-2", "salary")]));
    let two = pay.replace("payouts.csv", "two.csv");
    let run = folder.run(&format!("--config limited.toml {two} c.db")).exits(1);
    in_spanish(&run, "la cuenta cashypro puede pagar 150000.00 COP por día a todos los");
    // Nobody listens there.
    let nobody = [("PAGOS_CASHYPRO_BASE_URL", "http://127.0.0.1:1/stage-api")];
    let arguments = format!("{pay} b.db");
    let running = folder.start_with(arguments.split_whitespace(), &nobody);
    let history = "history a-1 --db b.db --lang es";
    let is_told = || folder.run(history).out.contains("la solicitud no llegó al proveedor");
    support::wait_for("the provider is not reached", is_told);
    running.signal("INT");
    in_spanish(&running.end().exits(3), "detenido; no se perdió nada");
    in_spanish(&folder.run(history).exits(0), "(nunca llegó al proveedor): ");
}

#[test]
fn what_must_be_known_about_an_account() {
    let folder = Folder::new("spanish-caution");
    let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let key = Case::find(&fixtures, "fintoc", "sign", "openssl").unwrap();
    folder.write("jws.pem", key.setting("JWS_PRIVATE_KEY").unwrap());
    folder.write(
        "pagos.toml",
        "[accounts.fintoc]\ncountry = \"CHL\"\napi_key = \"sk_test_0123456789\"\n\
         account_id = \"acc_31yYL7h9LVPg121AgFtCyJPDsgM\"\njws_private_key = \"jws.pem\"\n\
         base_url = \"http://127.0.0.1:1\"\n",
    );
    folder.write(
        "payouts.csv",
        "key,provider,amount,currency,name,document_type,document,bank,account_type,account\n\
         a-1,fintoc,1500,CLP,Ana,rut,11111111-1,cl_banco_de_chile,checking,123456\n",
    );
    let run = folder.run("plan payouts.csv --lang es").exits(0);
    in_spanish(&run, "advertencia: cuenta fintoc: enviar desde Chile es una vista previa privada");
}
