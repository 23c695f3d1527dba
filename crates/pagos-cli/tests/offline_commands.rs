//! The built command, for everything that needs no network: `plan`, `sign`, `verify`, `init`, and
//! the exit codes of wrong use. What is paid is tested elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use pagos_conformance::Case;
use serde_json::Value;

const KEY: &str = "sandbox-key-0123456789abcdef";
/// A body, and the signature of it that another program computed.
const BODY: &str = "{\"nonceStr\":\"n1\"}";
const BODY_SIGN: &str = "37bc4e6dc95e1dda6a6ea4625203d03f";
/// A webhook of the provider's manual, with the signature that another program computed.
const WEBHOOK: &str = concat!(
    r#"{"amount":60000.00,"completionTime":"2024-12-02 08:42:54","fee":5150.0000,"#,
    r#""mchOrderNo":"1863484722378907648","merchantId":"3002124","nonceStr":"1733103774518","#,
    r#""orderNo":"PAYOUT8551739282639106048","orderStatus":"FAIL","#,
    r#""resultDesc":"ACCOUNT NOT EXITS","payType":"11"}"#,
);
const WEBHOOK_SIGN: &str = "f81ab5be0ebae990bfe1d4963dcaa65e";

const HEADER: &str = "key,provider,amount,currency,name,document_type,document,bank,account_type,\
                      account,email,phone,description";

/// A folder of its own for each test; the command runs in it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(name), text).unwrap();
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_pagos"))
            .args(arguments)
            .current_dir(&self.0)
            .env_clear()
            .envs(variables.iter().copied())
            .output()
            .unwrap();
        Run::new(output)
    }
}

struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn new(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }

    /// Everything that a person sees, for a snapshot.
    fn told(&self) -> String {
        format!("exit {}\n--- out\n{}--- err\n{}", self.code, self.out, self.err)
    }
}

fn credentials<'a>() -> Vec<(&'a str, &'a str)> {
    vec![("PAGOS_CASHYPRO_MERCHANT_ID", "3002124"), ("PAGOS_CASHYPRO_API_KEY", KEY)]
}

fn row(key: &str, amount: &str, account: &str) -> String {
    format!("{key},cashypro,{amount},COP,Ana Perez,cc,1012345678,20,savings,{account},,,salary")
}

#[test]
fn the_example_is_good() {
    let folder = Folder::new("example");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/payouts.csv");
    folder.write("payouts.csv", fs::read(example).unwrap());
    let run = folder.run(&["plan", "payouts.csv", "--json"], &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    let document = run.json();
    assert!(document["payouts"].as_array().unwrap().len() >= 44);
    assert_eq!(document["problems"], Value::Array(Vec::new()));
    assert_eq!(document["warnings"], Value::Array(Vec::new()));
}

#[test]
fn a_plan_shows_totals() {
    let folder = Folder::new("plan");
    let rows = [row("n-1", "150000", "00012345678"), row("n-2", "4999999", "00012345679")];
    folder.write("payouts.csv", format!("{HEADER}\r\n{}\r\n", rows.join("\r\n")).replace(',', ";"));
    insta::assert_snapshot!(folder.run(&["plan", "payouts.csv"], &credentials()).told());
    let run = folder.run(&["plan", "payouts.csv", "--json"], &credentials());
    insta::assert_snapshot!(run.told());
    assert_eq!(run.json()["totals"][0]["amount_minor"], 514_999_900);
}

#[test]
fn a_bad_file_is_refused_with_everything_that_is_wrong() {
    let folder = Folder::new("bad");
    let rows = [
        row("n-1", "14.825", "1.23E+11"),
        row("n-2", "5000001", "00012345679"),
        row("n-2", "150000", "00012345679"),
        row("n 3", "150000.50", "00012345679"),
    ];
    folder.write("payouts.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    let run = folder.run(&["plan", "payouts.csv"], &credentials());
    insta::assert_snapshot!(run.told());
    let run = folder.run(&["plan", "payouts.csv", "--json"], &credentials());
    assert_eq!(run.code, 1);
    let document = run.json();
    assert_eq!(document["payouts"], Value::Array(Vec::new()));
    assert_eq!(document["problems"].as_array().unwrap().len(), 7, "{document}");
    assert_eq!(document["problems"][1]["column"], "account");
    assert_eq!(document["problems"][1]["value"], Value::Null);
}

#[test]
fn world_13_people_read_once_what_is_wrong_everywhere_and_scripts_read_all() {
    let folder = Folder::new("many");
    let rows: Vec<String> = (0..250).map(|n| row(&format!("n-{n}"), "x", "00012345678")).collect();
    folder.write("payouts.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    let run = folder.run(&["plan", "payouts.csv"], &credentials());
    assert_eq!(run.err.lines().filter(|line| line.contains("is not an amount")).count(), 1);
    assert!(run.err.contains("(and in 249 other lines: 3-251)"), "{}", run.err);
    let run = folder.run(&["plan", "payouts.csv", "--json"], &credentials());
    assert_eq!(run.json()["problems"].as_array().unwrap().len(), 250);
}

#[test]
fn an_account_that_is_not_configured_is_refused_with_those_that_are() {
    let folder = Folder::new("unknown-account");
    folder.write("pagos.toml", "[accounts.cashypro-live]\nprovider = \"cashypro\"\n");
    folder.write("payouts.csv", format!("{HEADER}\n{}\n", row("n-1", "150000", "00012345678")));
    let run = folder.run(&["plan", "payouts.csv"], &[]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("write one of the configured accounts: cashypro-live"), "{}", run.err);
}

#[test]
fn sign_shows_every_step() {
    let folder = Folder::new("sign");
    folder.write("body.json", BODY);
    let arguments = ["sign", "cashypro", "--body-file", "body.json", "--json"];
    let document = folder.run(&arguments, &credentials()).json();
    assert_eq!(document["string_to_sign"], format!("{BODY}{KEY}"));
    assert_eq!(document["signature"], BODY_SIGN);
    assert_eq!(document["headers"]["Sign"], BODY_SIGN);
    assert_eq!(document["headers"]["MerchantId"], "3002124");
    let run = folder.run(&arguments[..4], &credentials());
    insta::assert_snapshot!(run.told());
}

#[test]
fn sign_wants_credentials_and_shows_none_in_its_errors() {
    let folder = Folder::new("sign-refused");
    folder.write("body.json", BODY);
    let arguments = ["sign", "cashypro", "--body-file", "body.json"];
    let cases = [
        (vec![], "account \"cashypro\" is not configured (none is)"),
        (vec![("PAGOS_CASHYPRO_API_KEY", KEY)], "MERCHANT_ID is not set"),
        (
            [credentials(), vec![("PAGOS_CASHYPRO_SING_CASE", "x")]].concat(),
            "did you mean sign_case",
        ),
    ];
    for (variables, expected) in cases {
        let run = folder.run(&arguments, &variables);
        assert_eq!(run.code, 1);
        assert_eq!(run.out, "");
        assert!(run.err.contains(expected), "{expected}: {}", run.err);
        assert!(!run.err.contains(KEY), "{}", run.err);
    }
}

#[test]
fn verify_shows_the_event_of_a_genuine_delivery() {
    let folder = Folder::new("verify");
    folder.write("headers.txt", format!("MerchantId: 3002124\r\nSign: {WEBHOOK_SIGN}\r\n\r\n"));
    folder.write("body.json", WEBHOOK);
    let arguments = verify_arguments();
    let run = folder.run(&arguments, &credentials());
    assert_eq!(run.code, 0, "{}", run.err);
    let document = run.json();
    assert_eq!(document["verified"], true);
    assert_eq!(document["hint"], false);
    assert_eq!(document["reason"], Value::Null);
    assert_eq!((&document["event"], &document["subject"]), (&"failed".into(), &"payout".into()));
    assert_eq!(document["key"], "1863484722378907648");
    assert_eq!(document["observation"]["provider_code"], "FAIL");
    assert_eq!(document["contradiction"], Value::Null);
    let text = folder.run(&arguments[..6], &credentials());
    assert_eq!(text.json()["reference"], "PAYOUT8551739282639106048");

    // What was agreed can be said; without a store it is compared with that.
    for (order, amount, code) in [
        ("1863484722378907648", "60000", 0),
        ("1863484722378907648", "60000.01", 1),
        ("1863484722378907649", "60000", 1),
    ] {
        let expected = ["--expect-order", order, "--expect-amount", amount];
        let run = folder.run(&[&arguments[..], &expected].concat(), &credentials());
        assert_eq!(run.code, code, "{}", run.out);
        let document = run.json();
        assert_eq!(document["verified"], true);
        assert_eq!(document["contradiction"].is_string(), code == 1, "{document}");
    }
}

#[test]
fn verify_refuses_every_other_delivery() {
    let folder = Folder::new("verify-refused");
    let genuine = format!("Sign: {WEBHOOK_SIGN}\n");
    let cases = [
        (format!("Sign: {BODY_SIGN}\n"), WEBHOOK.to_owned()),
        (String::new(), WEBHOOK.to_owned()),
        (genuine.clone(), WEBHOOK.replace("60000.00", "60000.0")),
        (genuine.clone(), format!("{WEBHOOK}\n")),
        (genuine, String::new()),
    ];
    for (headers, body) in cases {
        folder.write("headers.txt", &headers);
        folder.write("body.json", &body);
        let run = folder.run(&verify_arguments(), &credentials());
        assert_eq!(run.code, 1, "{headers} {body}");
        let document = run.json();
        assert_eq!((&document["verified"], &document["event"]), (&false.into(), &Value::Null));
        assert!(document["reason"].is_string());
    }
    // Where the signature is a header, there is no doing without.
    folder.write("body.json", WEBHOOK);
    let run = folder.run(&["verify", "cashypro", "--body-file", "body.json"], &credentials());
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    folder.write("headers.txt", "no colon\n");
    let run = folder.run(&verify_arguments(), &credentials());
    assert!(run.err.contains("headers.txt:1: this is not a header"), "{}", run.err);
}

fn verify_arguments() -> [&'static str; 7] {
    ["verify", "cashypro", "--headers-file", "headers.txt", "--body-file", "body.json", "--json"]
}

#[test]
fn init_writes_a_file_that_is_read_and_never_overwrites_one() {
    let folder = Folder::new("init");
    let run = folder.run(&["init"], &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    let written = fs::read_to_string(folder.0.join("pagos.toml")).unwrap();
    let run = folder.run(&["init"], &[]);
    assert_eq!(run.code, 1);
    assert!(run.err.contains("exists and is left as it is"), "{}", run.err);
    assert_eq!(fs::read_to_string(folder.0.join("pagos.toml")).unwrap(), written);

    // As it is it can be planned with; with its lines uncommented it is complete.
    folder.write("payouts.csv", format!("{HEADER}\n{}\n", row("n-1", "150000", "00012345678")));
    assert_eq!(folder.run(&["plan", "payouts.csv"], &[]).code, 0);
    let accounts = written.split("# A second account").next().unwrap();
    let (head, accounts) = accounts.split_at(accounts.find("\n[accounts").unwrap());
    let complete: String = accounts
        .lines()
        .map(|line| line.strip_prefix("# ").filter(|line| is_setting(line)).unwrap_or(line))
        .fold(head.to_owned(), |text, line| text + line + "\n");
    fs::create_dir(folder.0.join("secrets")).unwrap();
    for line in complete.lines() {
        if let Some((_, path)) = line.split_once("_file = \"") {
            folder.write(path.trim_end_matches('"'), "a-secret-of-the-template");
        }
    }
    folder.write("pagos.toml", complete);
    folder.write("secrets/cashypro-api-key", KEY);
    folder.write("conekta-webhook-keys.pem", public_key());
    for (file, setting) in [
        ("fintoc-api-key", "API_KEY"),
        ("fintoc-jws-key.pem", "JWS_PRIVATE_KEY"),
        ("fintoc-webhook-secret", "WEBHOOK_SECRET"),
    ] {
        folder.write(&format!("secrets/{file}"), of_fintoc(setting));
    }
    let made = rcgen::generate_simple_self_signed(["merchant.example".to_owned()]).unwrap();
    folder.write("secrets/virtualpos-client.pem", made.cert.pem());
    folder.write("secrets/virtualpos-client-key.pem", made.signing_key.serialize_pem());
    folder.write("secrets/virtualpos-root.pem", made.cert.pem());
    folder.write("body.json", BODY);
    let run = folder.run(&["sign", "cashypro", "--body-file", "body.json", "--json"], &[]);
    assert_eq!(run.json()["signature"], BODY_SIGN, "{}", run.err);
    // Every field of it has a meaning, and none is missing: this asks no network.
    let run = folder.run(&["banks", "etpay", "--json"], &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.json().as_array().unwrap().iter().any(|bank| bank["id"] == "cl_estado"));
    for (provider, id) in [("conekta", "012"), ("virtualpos", "012")] {
        let run = folder.run(&["banks", provider, "--json"], &[]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert!(run.json().as_array().unwrap().iter().any(|bank| bank["id"] == id), "{provider}");
    }
}

/// A setting of Fintoc's fixtures.
fn of_fintoc(setting: &str) -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let cases = [("sign", "openssl"), ("webhook", "event-succeeded")];
    let mut values = cases.iter().filter_map(|(operation, name)| {
        Case::find(&fixtures, "fintoc", operation, name).unwrap().setting(setting)
    });
    values.next().unwrap()
}

/// That of a recorded webhook.
fn public_key() -> String {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
    let case = Case::find(&fixtures, "conekta", "webhook", "v1-paid-out").unwrap();
    case.setting("WEBHOOK_KEYS").unwrap()
}

fn is_setting(line: &str) -> bool {
    let is_name = |name: &str| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let is_value = |value: &str| {
        let is_text = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
        is_text || value.parse::<i64>().is_ok() || value.parse::<bool>().is_ok()
    };
    line.starts_with("[accounts")
        || line.split_once(" = ").is_some_and(|(name, value)| is_name(name) && is_value(value))
}

#[test]
fn wrong_use_exits_1_and_help_exits_0() {
    let folder = Folder::new("usage");
    let wrong: [&[&str]; 6] = [
        &[],
        &["pya", "x.csv"],
        &["plan"],
        &["plan", "absent.csv"],
        &["pay", "x.csv", "--faults", "mild"],
        &["plan", "x.csv", "--api-key", "k"],
    ];
    for arguments in wrong {
        let run = folder.run(arguments, &[]);
        assert_eq!(run.code, 1, "{arguments:?}");
        assert_eq!(run.out, "", "{arguments:?}");
        assert!(!run.err.is_empty());
    }
    for arguments in [["--help"].as_slice(), &["--version"], &["plan", "--help"], &["sign", "-h"]] {
        let run = folder.run(arguments, &[]);
        assert_eq!(run.code, 0, "{arguments:?}");
        assert_eq!(run.err, "", "{arguments:?}");
    }
    assert!(folder.run(&["--help"], &[]).out.contains("Exit codes:"));
}
