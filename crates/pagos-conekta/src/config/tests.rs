//! What a configuration refuses, and that it hides its key. Not what the settings do.

use super::*;

const KEY_PEM: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAudpFRIa5b2nPScmv/17G
bJfW5mN9BVEMWy/PNf4dD/omqlMDsik43ufXYlE81j7W6pJYDzQxL1ySuWQHaJkI
4IXF4bIg6D9kIwxQd8hjSbzPHn1d3s43ecgGoOUqJMeftTgOAehlgdGCbzVKt3iE
unE57v4LY6bMz9utcnvBqqTCj4ZMPexAGrtPv+DBt9ZNz5NHwSlpXGdZCGd3+APx
AcvYRXBKIRaRmAcHC/oB0mwKBIsF/PrMVbMS599mZIP/RMfZLCdSYYpJd0gfJ9No
kmaWLP2z1o3Q3oXik9KTpsFTQXWD/pzjoXh7DRXtK+OEMJjim89OFw9WI1YJVgrH
yQIDAQAB
-----END PUBLIC KEY-----
";

fn config() -> ConektaConfig {
    let mut config = ConektaConfig::new(Environment::Live, Secret::new("key_canary"));
    config.webhook_keys = vec![KEY_PEM.to_owned()];
    config.known_payees = vec![known("072225008217746674", "payee_1")];
    config.default_email = Some("payouts@merchant.example".to_owned());
    config.default_phone = Some("55 1234 5678".to_owned());
    config.notify_url = Some("https://merchant.example/webhooks/conekta".to_owned());
    config
}

fn known(account: &str, payee: &str) -> KnownPayee {
    KnownPayee { account: account.parse().unwrap(), payee: payee.to_owned() }
}

#[test]
fn a_complete_configuration_passes_and_hides_its_key_and_accounts() {
    let settings = config().check().unwrap();
    assert_eq!(settings.default_phone.as_deref(), Some("5512345678"));
    let shown = format!("{settings:?}{:?}", config());
    assert!(!shown.contains("canary") && !shown.contains("072225"), "{shown}");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    struct Case(&'static str, fn(&mut ConektaConfig));
    let cases = [
        Case("api_key", |config| config.api_key = Secret::new("")),
        Case("api_key", |config| config.api_key = Secret::new("key_canary\n")),
        Case("api_key", |config| config.api_key = Secret::new("key_canary:x")),
        Case("api_key", |config| config.api_key = Secret::new("c".repeat(129))),
        Case("base_url", |config| config.base_url.clear()),
        Case("base_url", |config| config.base_url = "http://127.0.0.1:8080".to_owned()),
        Case("base_url", |config| {
            config.environment = Environment::Sandbox;
            config.base_url = "http://api.conekta.example".to_owned();
        }),
        Case("amount_max", |config| config.amount_minor_min = 0),
        Case("amount_max", |config| config.amount_minor_max = 0),
        Case("webhook_keys", |config| config.webhook_keys = vec![String::new()]),
        Case("webhook_keys", |config| config.webhook_keys.push("canary".to_owned())),
        Case("digest_header", |config| config.digest_header.clear()),
        Case("digest_header", |config| config.digest_header = "two words".to_owned()),
        Case("digest_header", |config| config.digest_header = "x".repeat(65)),
        Case("payee_reuse", |config| config.known_payees[0].payee.clear()),
        Case("payee_reuse", |config| config.known_payees[0].payee = "a/b".to_owned()),
        Case("payee_reuse", |config| {
            config.known_payees.push(known("072225008217746674", "payee_2"));
        }),
        Case("default_email", |config| config.default_email = Some("canary".to_owned())),
        Case("default_phone", |config| config.default_phone = Some("canary".to_owned())),
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
fn loopback_may_be_plain_in_the_sandbox() {
    for good in ["http://127.0.0.1:8080/conekta", "http://localhost", "http://[::1]:1"] {
        let mut config = config();
        config.environment = Environment::Sandbox;
        config.base_url = good.to_owned();
        assert!(config.check().is_ok(), "{good}");
    }
}

#[test]
fn names_are_looked_up() {
    let lookup = |name: &str| {
        let value = match name {
            "ENVIRONMENT" => "live",
            "API_KEY" => "key_canary",
            "BASE_URL" => "https://api.example/prefix",
            "WEBHOOK_KEYS" => KEY_PEM,
            "DIGEST_HEADER" => "Signature",
            "ACCEPT_LANGUAGE" => "es",
            "PAYEE_REUSE" => "072225008217746674=payee_1, 002115016003269411 = payee_2,",
            "DEFAULT_EMAIL" => "a@b",
            "DEFAULT_PHONE" => "5512345678",
            "AMOUNT_MIN" => "1.50",
            "AMOUNT_MAX" => "2000",
            "NOTIFY_URL" => "https://merchant.example/",
            other => panic!("{other} is looked up"),
        };
        Some(value.to_owned())
    };
    let config = ConektaConfig::from_lookup(lookup).unwrap();
    assert_eq!((config.environment, config.language), (Environment::Live, Language::Spanish));
    assert_eq!((config.amount_minor_min, config.amount_minor_max), (150, 200_000));
    let known: Vec<_> = config.known_payees.iter().map(|known| known.payee.as_str()).collect();
    assert_eq!(known, ["payee_1", "payee_2"]);
    let settings = config.check().unwrap();
    assert_eq!(settings.webhook_keys.len(), 1);
    assert_eq!(*settings.webhook_headers, ["signature"]);
    assert_eq!(settings.known_payee(&"002115016003269411".parse().unwrap()), Some("payee_2"));
    assert_eq!(settings.known_payee(&"002320074024662727".parse().unwrap()), None);
}

#[test]
fn malformed_values_are_named() {
    let cases = [
        ("ENVIRONMENT", "test", "environment"),
        ("ACCEPT_LANGUAGE", "fr", "accept_language"),
        ("PAYEE_REUSE", "072225008217746674", "payee_reuse"),
        ("PAYEE_REUSE", "072225008217746675=payee_1", "payee_reuse"),
        ("AMOUNT_MIN", "1,50", "amount_min"),
        ("AMOUNT_MAX", "1.234", "amount_max"),
    ];
    for (wrong, value, field) in cases {
        let lookup = |name: &str| match name {
            _ if name == wrong => Some(value.to_owned()),
            "ENVIRONMENT" => Some("sandbox".to_owned()),
            "API_KEY" => Some("key_canary".to_owned()),
            _ => None,
        };
        let error = ConektaConfig::from_lookup(lookup).unwrap_err();
        assert_eq!(error.field(), Some(field), "{wrong}");
        assert!(!error.to_string().contains("0722"), "{error}");
    }
    for missing in ["ENVIRONMENT", "API_KEY"] {
        let lookup = |name: &str| (name != missing).then(|| "sandbox".to_owned());
        assert!(ConektaConfig::from_lookup(lookup).is_err(), "{missing}");
    }
}

#[test]
fn one_header_of_a_webhook_is_read() {
    let headers = |name: &str| {
        let digest_header = name.to_owned();
        *ConektaConfig { digest_header, ..config() }.check().unwrap().webhook_headers
    };
    assert_eq!(headers("DIGEST"), ["digest"]);
    assert_eq!(headers("X-Conekta-Digest"), ["x-conekta-digest"]);
    assert_eq!(*config().check().unwrap().webhook_headers, ["digest"]);
}
