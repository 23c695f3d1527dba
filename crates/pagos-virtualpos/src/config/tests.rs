//! What a configuration refuses, and that it hides its keys. Not what the settings do.

use super::*;
use crate::config::checked::parse_base;

fn config() -> VirtualPosConfig {
    let mut config = VirtualPosConfig::new(
        Environment::Live,
        "https://payout-api.virtualpos.example",
        Secret::new("canary-api-key"),
        Secret::new("canary-secret-key"),
    );
    config.verification = Verification::Stated;
    config.payments = Some(PaymentConfig {
        payments_url: "https://api.virtualpos.example".to_owned(),
        api_key: Secret::new("canary-payments-key"),
        secret_key: Secret::new("canary-payments-secret"),
        return_url: Some("https://merchant.example/thanks".to_owned()),
        notify_url: Some("https://merchant.example/webhooks/virtualpos".to_owned()),
    });
    config.tls.client_certificate = Some("client.pem".to_owned());
    config.tls.client_key = Some(Secret::new("canary-client-key"));
    config
}

#[test]
fn a_complete_configuration_passes_and_hides_its_keys() {
    let settings = config().check().unwrap();
    assert!(!format!("{settings:?}{:?}", config()).contains("canary"));
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    struct Case(&'static str, fn(&mut VirtualPosConfig));
    fn payments(config: &mut VirtualPosConfig) -> &mut PaymentConfig {
        config.payments.as_mut().unwrap()
    }
    let cases = [
        Case("contract_verified", |config| config.verification = Verification::Missing),
        Case("api_key", |config| config.api_key = Secret::new("")),
        Case("api_key", |config| config.api_key = Secret::new("canary\n")),
        Case("secret_key", |config| config.secret_key = Secret::new("canary key")),
        Case("secret_key", |config| config.secret_key = Secret::new("c".repeat(129))),
        Case("base_url", |config| config.base_url.clear()),
        Case("base_url", |config| config.base_url = "http://payout.example".to_owned()),
        Case("base_url", |config| config.base_url = "http://127.0.0.1:8080".to_owned()),
        Case("path_create", |config| config.paths.create = "v3/payout".to_owned()),
        Case("path_by_id", |config| config.paths.by_id = "/v3/payout".to_owned()),
        Case("path_by_merchant_id", |config| config.paths.by_merchant_id = "/{id}".to_owned()),
        Case("amount_max", |config| config.amount_minor_min = 0),
        Case("amount_max", |config| config.amount_minor_max = 0),
        Case("default_message", |config| config.default_message = " ".to_owned()),
        Case("default_message", |config| config.default_message = "x".repeat(256)),
        Case("strict_rut", |config| config.rut_check = RutCheck::ShapeOnly),
        Case("client_certificate", |config| config.tls.client_key = None),
        Case("client_certificate", |config| config.tls.client_certificate = None),
        Case("state_words", |config| {
            config.state_words.push(("PAGADÓ".to_owned(), Status::Pending));
        }),
        Case("state_words", |config| {
            config.state_words.push(("nuevo".to_owned(), Status::Created));
        }),
        Case("payments_api_key", |config| payments(config).api_key = Secret::new("")),
        Case("payments_secret_key", |config| payments(config).secret_key = Secret::new("")),
        Case("payments_url", |config| payments(config).payments_url = "api.example".to_owned()),
        Case("return_url", |config| payments(config).return_url = Some("thanks".to_owned())),
        Case("notify_url", |config| {
            payments(config).notify_url = Some("https://10.0.0.1/cb".to_owned());
        }),
        Case("notify_url", |config| {
            payments(config).notify_url = Some("http://merchant.example/cb".to_owned());
        }),
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
fn plain_http_is_for_this_machine() {
    let cases = [
        ("http://127.0.0.1:8080", true),
        ("http://localhost:8080/virtualpos", true),
        ("http://[::1]:8080", true),
        ("HTTP://payout.example", false),
        ("http://payout.example", false),
        ("http://127.0.0.1.example", false),
        ("https://payout.example", true),
    ];
    for (url, is_good) in cases {
        let parsed = parse_base("base_url", url, Environment::Sandbox);
        assert_eq!(parsed.is_ok(), is_good, "{url}");
    }
}

fn named(name: &str) -> Option<String> {
    let value = match name {
        "ENVIRONMENT" => "sandbox",
        "BASE_URL" => "http://127.0.0.1:8080",
        "API_KEY" => "canary-api-key",
        "SECRET_KEY" => "canary-secret-key",
        "CONTRACT_VERIFIED" => "true",
        "PATH_CREATE" => "/payouts",
        "PATH_BY_ID" => "/payouts/{id}",
        "PATH_BY_MERCHANT_ID" => "/payouts?merchant_id={merchant_id}",
        "QUERY_METHOD" => "POST",
        "CREATE_BODY" => "flat",
        "QUERY_SIGNATURE" => "api_key_only",
        "DEFAULT_MESSAGE" => "Nómina",
        "AMOUNT_MIN" => "100",
        "AMOUNT_MAX" => "5000000",
        "STRICT_RUT" => "false",
        "CLIENT_CERTIFICATE" => "client.pem",
        "CLIENT_KEY" => "client-key.pem",
        "ROOT_CERTIFICATE" => "root.pem",
        "PAYMENTS_URL" => "http://127.0.0.1:8081",
        "PAYMENTS_API_KEY" => "canary-payments-key",
        "PAYMENTS_SECRET_KEY" => "canary-payments-secret",
        "RETURN_URL" => "http://127.0.0.1:9000/thanks",
        "NOTIFY_URL" => "http://127.0.0.1:9000/webhooks/virtualpos",
        _ => return None,
    };
    Some(value.to_owned())
}

#[test]
fn names_are_looked_up() {
    let config = VirtualPosConfig::from_lookup(named).unwrap();
    assert_eq!(config.verification, Verification::Stated);
    assert_eq!(config.paths.by_merchant_id, "/payouts?merchant_id={merchant_id}");
    assert_eq!(config.query_method, QueryMethod::Post);
    assert_eq!(config.create_body, CreateBody::Flat);
    assert_eq!(config.query_signature, QuerySignature::ApiKeyOnly);
    assert_eq!((config.amount_minor_min, config.amount_minor_max), (100, 5_000_000));
    assert_eq!(config.rut_check, RutCheck::ShapeOnly);
    assert_eq!(config.tls.root_certificate.as_deref(), Some("root.pem"));
    assert!(config.tls.client_key.is_some() && config.tls.client_certificate.is_some());
    let payments = config.payments.clone().unwrap();
    assert_eq!(payments.return_url.as_deref(), Some("http://127.0.0.1:9000/thanks"));
    assert!(config.check().is_ok());
}

#[test]
fn what_is_needed_and_what_is_no_word_is_told() {
    let needed = [
        ("ENVIRONMENT", "environment"),
        ("BASE_URL", "base_url"),
        ("API_KEY", "api_key"),
        ("SECRET_KEY", "secret_key"),
        ("PAYMENTS_API_KEY", "payments_api_key"),
        ("PAYMENTS_SECRET_KEY", "payments_secret_key"),
    ];
    for (missing, field) in needed {
        let lookup = |name: &str| named(name).filter(|_| name != missing);
        assert_eq!(VirtualPosConfig::from_lookup(lookup).unwrap_err().field(), Some(field));
    }
    let wrong = [
        ("CONTRACT_VERIFIED", "contract_verified"),
        ("QUERY_METHOD", "query_method"),
        ("CREATE_BODY", "create_body"),
        ("QUERY_SIGNATURE", "query_signature"),
        ("STRICT_RUT", "strict_rut"),
        ("AMOUNT_MAX", "amount_max"),
    ];
    for (spoilt, field) in wrong {
        let lookup = |name: &str| match name == spoilt {
            true => Some("perhaps".to_owned()),
            false => named(name),
        };
        assert_eq!(VirtualPosConfig::from_lookup(lookup).unwrap_err().field(), Some(field));
    }
}
