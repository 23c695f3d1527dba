//! What is read from which place, and that no failure shows a value.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::accounts::Guards;

const CANARY: &str = "canary-api-key";

struct Folder(TempDir);

impl Folder {
    fn new(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), text).unwrap();
        fs::write(folder.path().join("secret"), format!("{CANARY}\n")).unwrap();
        Self(folder)
    }

    fn load(&self, variables: &[(&str, &str)]) -> Result<Configuration, Vec<String>> {
        load(Some(&self.0.path().join(FILE_NAME)), variables)
    }
}

fn load(path: Option<&Path>, variables: &[(&str, &str)]) -> Result<Configuration, Vec<String>> {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into()));
    let told = |problems: Vec<ConfigProblem>| problems.iter().map(ToString::to_string).collect();
    Configuration::load(path, variables, &["bank-a"]).map_err(told)
}

#[test]
fn variables_alone_make_an_account() {
    let variables = [
        ("PAGOS_BANK_A_MERCHANT_ID", "1002001"),
        ("PAGOS_BANK_A_API_KEY", CANARY),
        ("PATH", "/bin"),
        ("PAGOS_BENK_A_API_KEY", "x"),
    ];
    let nowhere = std::env::temp_dir().join("pagos-config-empty.toml");
    fs::write(&nowhere, "").unwrap();
    let configuration = load(Some(&nowhere), &variables).unwrap();
    let account = configuration.account(&AccountName::new("bank-a").unwrap()).unwrap();
    assert_eq!(account.lookup("MERCHANT_ID").as_deref(), Some("1002001"));
    assert_eq!(account.lookup("API_KEY").as_deref(), Some(CANARY));
    assert_eq!(account.environment, Environment::Sandbox);
    assert!(!format!("{configuration:?}").contains(CANARY));
    let warnings: Vec<_> = configuration.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), 1, "{warnings:?}");
    assert!(warnings[0].starts_with("PAGOS_BENK_A_API_KEY: the variable names no account"));
}

#[test]
fn files_options_secret_files_and_variables_come_together() {
    let text = "[accounts.bank-a]\nenvironment = \"live\"\nmerchant_id = 1002001\n\
                api_key_file = \"secret\"\nnotify_url_env = \"HOOK\"\n\
                [accounts.bank-a.options]\nwallet_banks = [29, 33]\nsign_case = \"lower\"\n\
                [accounts.bank-a-mx]\nprovider = \"bank-a\"\n";
    let folder = Folder::new(text);
    let variables = [
        ("HOOK", "https://merchant.example/hook"),
        ("PAGOS_BANK_A_SIGN_CASE", "upper"),
        ("PAGOS_BANK_A_MX_API_KEY", "mexican"),
    ];
    let configuration = folder.load(&variables).unwrap();
    let names: Vec<_> = configuration.accounts.iter().map(|it| it.name.as_str()).collect();
    assert_eq!(names, ["bank-a", "bank-a-mx"]);
    let account = &configuration.accounts[0];
    assert_eq!(account.environment, Environment::Live);
    for (field, expected) in [
        ("MERCHANT_ID", "1002001"),
        ("API_KEY", CANARY),
        ("NOTIFY_URL", "https://merchant.example/hook"),
        ("WALLET_BANKS", "29,33"),
        ("SIGN_CASE", "upper"),
    ] {
        assert_eq!(account.lookup(field).as_deref(), Some(expected), "{field}");
    }
    let second = &configuration.accounts[1];
    assert_eq!(second.provider, "bank-a");
    assert_eq!(second.lookup("api_key").as_deref(), Some("mexican"));
    assert!(account.unused(&[]).is_empty());
}

#[test]
fn what_is_wrong_is_named_by_file_line_and_field_without_its_value() {
    let cases = [
        ("[accounts.bank-a]\napi_key = \"canary-api-key", "2: the file is not TOML"),
        ("db = \"x\"\n", "1: db is not known at the top of the file"),
        ("[api]\n\nconnections_max = 0\n", "3: connections_max is not a whole number between 1"),
        ("[api]\npage_max = 10_001\n", "2: page_max is not a whole number between 1 and 10000"),
        ("[api]\nbody_timeout = 30\n", "2: body_timeout is no field of [api]"),
        ("[accounts.Bank-A]\n", "1: Bank-A is not an account"),
        ("[accounts.bank-a]\n\napi_key = \"\"\n", "3: api_key is empty"),
        ("[accounts.bank-a]\napi_key = 1.5\n", "2: api_key is not a text"),
        ("[accounts.bank-a]\napi_key_file = \"none\"\n", "2: api_key_file names"),
        ("[accounts.bank-a]\napi_key_env = \"NONE\"\n", "2: api_key_env names the variable NONE"),
        (
            "[accounts.bank-a]\nenvironment = \"production\"\n",
            "2: environment is neither \"sandbox\" nor \"live\"",
        ),
    ];
    for (text, expected) in cases {
        let folder = Folder::new(text);
        let problems = folder.load(&[]).unwrap_err();
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        let place = format!("{}:{expected}", folder.0.path().join(FILE_NAME).display());
        assert!(problems[0].starts_with(&place), "{text}: {problems:?}");
        assert!(!problems[0].contains(CANARY), "{problems:?}");
    }
    let missing = load(Some(Path::new("/nonexistent/pagos.toml")), &[]).unwrap_err();
    assert!(missing[0].contains("cannot be read"), "{missing:?}");
    let folder = Folder::new("");
    let empty = folder.load(&[("PAGOS_BANK_A_API_KEY", "")]).unwrap_err();
    assert!(empty[0].starts_with("PAGOS_BANK_A_API_KEY: api_key is empty"), "{empty:?}");
}

#[test]
fn a_field_that_nobody_asks_for_is_misspelt() {
    let folder = Folder::new("[accounts.bank-a]\nmerchantid = \"1\"\n");
    let configuration = folder.load(&[]).unwrap();
    let account = &configuration.accounts[0];
    account.lookup("MERCHANT_ID");
    let told = account.unused(&[])[0].to_string();
    assert!(told.contains(":2: merchantid has no meaning"), "{told}");
    assert!(told.ends_with("did you mean merchant_id?"), "{told}");
}

#[cfg(unix)]
#[test]
fn a_file_with_secrets_that_others_can_read_is_warned_about() {
    use std::os::unix::fs::PermissionsExt;

    let folder = Folder::new("[accounts.bank-a]\napi_key = \"canary-api-key\"\n");
    let path = folder.0.path().join(FILE_NAME);
    for (mode, count) in [(0o644, 1), (0o600, 0)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let warnings = folder.load(&[]).unwrap().warnings;
        assert_eq!(warnings.len(), count, "{mode:o}: {warnings:?}");
    }
}

#[test]
fn world_15_what_stands_around_a_value_is_named_and_the_value_is_not() {
    let cases = [
        (format!("\"{CANARY}\""), "has its quotes as a part of the value, as from an env file"),
        (format!("'{CANARY}'"), "has its quotes as a part of the value, as from an env file"),
        (format!("\u{FEFF}{CANARY}"), "begins with a byte order mark"),
        (format!("{CANARY} "), "begins or ends with a space or a line break"),
        (format!("{CANARY}\r"), "begins or ends with a space or a line break"),
    ];
    for (value, expected) in cases {
        let problems = load(None, &[("PAGOS_BANK_A_API_KEY", &value)]).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains("api_key"), "{problems:?}");
        assert!(problems[0].contains(expected), "{problems:?}");
        assert!(!problems[0].contains(CANARY), "{problems:?}");
    }
    let pem = "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
    for value in [CANARY, "a\"b", "\"", pem] {
        assert!(load(None, &[("PAGOS_BANK_A_API_KEY", value)]).is_ok(), "{value}");
    }
}

#[test]
fn the_address_of_the_metrics_is_read_or_refused() {
    let folder = Folder::new("[metrics]\nlisten = \"127.0.0.1:9187\"\n");
    assert_eq!(folder.load(&[]).unwrap().metrics, Some(([127, 0, 0, 1], 9187).into()));
    for (line, because) in [
        ("listen = \"localhost\"", "is not an address with a port"),
        ("listens = \"127.0.0.1:9187\"", "is no field of [metrics]"),
    ] {
        let problems = Folder::new(&format!("[metrics]\n{line}\n")).load(&[]).unwrap_err();
        assert!(problems[0].contains(because), "{problems:?}");
    }
}

/// Each block is a file of its own, or stands below an account that a reader has.
#[test]
fn every_configuration_of_the_page_for_operators_is_understood() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/OPERATIONS.md");
    let page = fs::read_to_string(path).unwrap();
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    let blocks: Vec<&str> = blocks.map(|(block, _)| block).collect();
    assert!(blocks.len() >= 7, "{}", blocks.len());
    for block in blocks {
        let folder = Folder::new(block);
        let secret = format!("whsec_{}", "QUJD".repeat(10));
        fs::write(folder.0.path().join("erp.secret"), secret).unwrap();
        let read = folder.load(&[]).unwrap_or_else(|problems| panic!("{block}\n{problems:?}"));
        for account in &read.accounts {
            let guards = Guards::read(account);
            assert!(guards.is_ok(), "{block}\n{guards:?}");
            account.lookup("proxy");
            assert!(account.unused(&[]).is_empty(), "{block}\n{:?}", account.unused(&[]));
        }
    }
}
