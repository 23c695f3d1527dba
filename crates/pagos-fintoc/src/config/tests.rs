//! What a configuration refuses, and that it hides its keys. Not what the settings do.

use super::*;

fn config() -> FintocConfig {
    FintocConfig {
        webhook_secret: Some(Secret::new("whsec_canary")),
        api_version: Some("2023-11-15".to_owned()),
        notify_url: Some("https://merchant.example/webhooks/fintoc".to_owned()),
        ..FintocConfig::new(
            Environment::Live,
            "https://api.fintoc.com",
            Secret::new("sk_live_canary"),
            "acc_31yYL7h9LVPg121AgFtCyJPDsgM",
            Country::Chile,
            Secret::new(pagos_wire::NOT_CONFIGURED),
        )
    }
}

#[test]
fn a_complete_configuration_passes_and_hides_its_keys() {
    let settings = config().check().unwrap();
    assert_eq!(settings.headers().count(), 2);
    let shown = format!("{settings:?}{:?}{:?}", config(), settings.headers().collect::<Vec<_>>());
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn what_is_wrong_is_named() {
    struct Case(&'static str, fn(&mut FintocConfig));
    let cases = [
        Case("api_key", |config| config.api_key = Secret::new("")),
        Case("api_key", |config| config.environment = Environment::Sandbox),
        Case("base_url", |config| config.base_url = "http://127.0.0.1:8080".to_owned()),
        Case("account_id", |config| config.account_id.clear()),
        Case("account_id", |config| config.account_id = "acc_".to_owned()),
        Case("account_id", |config| config.account_id = "acno_1".to_owned()),
        Case("account_id", |config| config.account_id = "acc_a/b".to_owned()),
        Case("account_id", |config| config.account_id = format!("acc_{}", "a".repeat(65))),
        Case("jws_private_key", |config| config.jws_private_key = Secret::new("canary")),
        Case("webhook_secret", |config| config.webhook_secret = Some(Secret::new("canary"))),
        Case("api_version", |config| config.api_version = Some("canary".to_owned())),
        Case("api_version", |config| config.api_version = Some("2023-11-1\n".to_owned())),
        Case("notify_url", |config| config.notify_url = Some("https://10.0.0.1/".to_owned())),
    ];
    for Case(field, spoil) in cases {
        let mut config = config();
        spoil(&mut config);
        let error = config.check().unwrap_err();
        assert_eq!(error.field(), Some(field), "{error}");
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

#[test]
fn names_are_looked_up() {
    let lookup = |name: &str| {
        let value = match name {
            "ENVIRONMENT" => "sandbox",
            "COUNTRY" => "CHL",
            "ACCOUNT_ID" => "acc_1",
            "API_KEY" => "sk_test_canary",
            "JWS_PRIVATE_KEY" => "not-configured",
            "WEBHOOK_SECRET" => "whsec_canary",
            "API_VERSION" => "2023-11-15",
            "NOTIFY_URL" => "https://merchant.example/",
            "BASE_URL" => "http://127.0.0.1:1/fintoc",
            other => panic!("{other} is looked up"),
        };
        Some(value.to_owned())
    };
    let config = FintocConfig::from_lookup(lookup).unwrap();
    assert_eq!((config.country, config.environment), (Country::Chile, Environment::Sandbox));
    let settings = config.check().unwrap();
    assert_eq!(settings.base.to_string(), "http://127.0.0.1:1/fintoc");
    assert!(settings.webhook_secret.is_some());
}

#[test]
fn what_is_missing_is_named() {
    let value = |name: &str| match name {
        "ENVIRONMENT" => Some("sandbox".to_owned()),
        "COUNTRY" => Some("MEX".to_owned()),
        "ACCOUNT_ID" | "API_KEY" | "JWS_PRIVATE_KEY" => Some("x".to_owned()),
        _ => None,
    };
    assert_eq!(FintocConfig::from_lookup(value).unwrap().base_url, "https://api.fintoc.com");
    for missing in ["ENVIRONMENT", "COUNTRY", "ACCOUNT_ID", "API_KEY", "JWS_PRIVATE_KEY"] {
        let lookup = |name: &str| value(name).filter(|_| name != missing);
        let error = FintocConfig::from_lookup(lookup).unwrap_err();
        assert_eq!(error.field(), Some(missing.to_ascii_lowercase().as_str()));
    }
    let wrong = |name: &str| match name {
        "COUNTRY" => Some("COL".to_owned()),
        name => value(name),
    };
    assert_eq!(FintocConfig::from_lookup(wrong).unwrap_err().field(), Some("country"));
}
