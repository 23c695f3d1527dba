//! Which side of an ETpay account is there, and where what is wrong with its fields is told.

use pagos_core::Environment;

use crate::accounts::{
    MissingFields, sign,
    tests::{account, built},
};

const CREDENTIALS: [(&str, &str); 3] = [
    ("merchant_code", "cl_shop"),
    ("merchant_api_token", "canary-api-token"),
    ("api_url", "https://api.etpay.example"),
];
const PAYMENTS: [(&str, &str); 2] = [
    ("pmt_url", "https://pmt.etpay.example"),
    ("notify_url", "https://pay.example.com/webhooks/etpay"),
];
const PAYOUTS: [(&str, &str); 2] = [("username", "u@example.com"), ("password", "canary-password")];

#[test]
fn an_account_does_what_its_configuration_speaks_of() {
    type Fields<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Fields<'_>, bool, bool); 5] = [
        (&[], true, true),
        (&PAYMENTS, true, false),
        (&PAYOUTS, false, true),
        (&[("payout_max", "100")], false, true),
        (&[("username", "u"), ("session_minutes", "10")], true, true),
    ];
    for (fields, collects, pays) in cases {
        let account = built(&account("etpay", fields), MissingFields::Credentials).unwrap();
        assert_eq!(account.provider.payments().is_some(), collects, "{fields:?}");
        assert_eq!(account.provider.balances().is_some(), pays, "{fields:?}");
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_remedy() {
    let live = [("environment", "live")];
    let cases: [(Vec<(&str, &str)>, &str); 7] = [
        (
            vec![],
            "pagos.toml:3: merchant_code: MERCHANT_CODE is not set; set it in [accounts.etpay], \
                  or as PAGOS_ETPAY_MERCHANT_CODE",
        ),
        (CREDENTIALS.to_vec(), "pagos.toml:3: pmt_url:"),
        ([&CREDENTIALS[..], &PAYOUTS[..1]].concat(), "pagos.toml:3: password:"),
        (
            [&CREDENTIALS[..], &PAYOUTS, &[("session_minutes", "9")]].concat(),
            "pagos.toml:3: session_minutes is about payments, and pmt_url, which brings them, is \
             not set; set pmt_url too, or remove session_minutes",
        ),
        (
            [&CREDENTIALS[..], &PAYMENTS, &[("sesion_minutes", "9")]].concat(),
            "did you mean session_minutes?",
        ),
        (
            [&live[..], &CREDENTIALS, &PAYMENTS, &PAYOUTS].concat(),
            "pagos.toml:3: contract_verified: the provider does not publish",
        ),
        (
            [&CREDENTIALS[..], &PAYMENTS, &[("webhook_segment", "canary/segment")]].concat(),
            "pagos.toml:3: webhook_segment: it is not 1 to 64 of",
        ),
    ];
    for (fields, expected) in cases {
        let mut settings = account("etpay", &fields);
        settings.settle().unwrap();
        let problems = built(&settings, MissingFields::Refused).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(expected), "{expected}: {}", problems[0]);
        assert!(!problems[0].contains("canary"), "{}", problems[0]);
    }
}

#[test]
fn live_payouts_need_a_word_and_live_payments_do_not() {
    let live = [("environment", "live")];
    let stated = [("contract_verified", "true")];
    for fields in [
        [&live[..], &CREDENTIALS, &PAYMENTS].concat(),
        [&live[..], &CREDENTIALS, &PAYOUTS, &stated].concat(),
    ] {
        let mut settings = account("etpay", &fields);
        settings.settle().unwrap();
        let account = built(&settings, MissingFields::Refused).unwrap();
        assert_eq!(account.environment, Environment::Live);
    }
}

#[test]
fn a_sessions_secret_is_known_and_no_part_of_a_request() {
    let settings = account("etpay", &[("signature_token", "canary-signature-token")]);
    assert!(built(&settings, MissingFields::Unsigned).is_ok());
    let signed = sign(&settings, br#"{"session_token":"s"}"#).unwrap();
    let token = signed.token.unwrap();
    assert_eq!(token.split('.').count(), 3);
    assert_eq!(
        format!("{}.{}", String::from_utf8_lossy(&signed.string_to_sign), signed.signature),
        token
    );
    let refused = sign(&account("etpay", &[]), b"{}").unwrap_err().to_string();
    assert!(refused.contains("has nothing to sign"), "{refused}");
    assert!(refused.contains("PAGOS_ETPAY_SIGNATURE_TOKEN"), "{refused}");
}
