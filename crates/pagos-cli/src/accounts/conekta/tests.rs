//! Which fields may be missing when, where the keys of webhooks come from, and that no failure shows
//! a value.

use crate::accounts::{
    MissingFields, sign,
    tests::{account, built},
};

const KEY: (&str, &str) = ("api_key", "key_canary");

#[test]
fn a_key_of_the_api_is_enough_to_pay_and_none_to_verify() {
    let bare = built(&account("conekta", &[]), MissingFields::Refused).unwrap_err();
    assert_eq!(
        bare,
        ["pagos.toml:3: api_key: API_KEY is not set; set it in [accounts.conekta], or as \
          PAGOS_CONEKTA_API_KEY"]
    );
    let paying = built(&account("conekta", &[KEY]), MissingFields::Refused).unwrap();
    assert!(paying.missed.is_some() && paying.endpoint.is_some());
    // What sends nothing reads no events either.
    let verifying = built(&account("conekta", &[]), MissingFields::Unsigned).unwrap();
    assert!(verifying.missed.is_none());
}

#[test]
fn what_is_wrong_with_a_field_is_told_without_its_value() {
    let cases = [
        (("webhook_keys", "canary"), "webhook_keys is neither a PEM text nor @ and a path"),
        (("webhook_keys", "@no/such.pem"), "webhook_keys names no/such.pem, which cannot be read"),
        (("webhook_keys", "-----BEGIN PRIVATE KEY-----canary"), "webhook_keys: it holds something"),
        (("payee_reuse", "canary=payee_1"), "payee_reuse: "),
        (("webhook_kyes", "canary"), "did you mean webhook_keys?"),
        (("base_url", "http://api.example.com"), "base_url: "),
    ];
    for (field, expected) in cases {
        let settings = account("conekta", &[KEY, field]);
        let problems = built(&settings, MissingFields::Refused).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with("pagos.toml:3: "), "{}", problems[0]);
        assert!(problems[0].contains(expected), "{expected}: {}", problems[0]);
        assert!(!problems[0].contains("canary"), "{}", problems[0]);
    }
    // The rules of a payout rest on no file.
    let settings = account("conekta", &[("webhook_keys", "@no/such.pem")]);
    assert!(built(&settings, MissingFields::Credentials).is_ok());
    assert!(built(&settings, MissingFields::Unsigned).is_err());
}

#[test]
fn there_is_nothing_to_sign() {
    let refused = sign(&account("conekta", &[KEY]), b"{}").unwrap_err().to_string();
    assert!(refused.contains("conekta has nothing to sign"), "{refused}");
    assert!(!refused.contains("canary"), "{refused}");
}
