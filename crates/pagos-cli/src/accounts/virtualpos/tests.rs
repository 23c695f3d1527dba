//! Which fields of a VirtualPOS account may be missing when, and where what is wrong is told.

use crate::accounts::{
    MissingFields, sign,
    tests::{account, built},
};

const PAYOUTS: [(&str, &str); 3] = [
    ("base_url", "https://payouts.example"),
    ("api_key", "canary-api-key"),
    ("secret_key", "canary-secret-key"),
];
const PAYMENTS: [(&str, &str); 3] = [
    ("payments_url", "https://payments.example"),
    ("payments_api_key", "canary-payments-key"),
    ("payments_secret_key", "canary-payments-secret"),
];

#[test]
fn payments_are_there_if_the_configuration_speaks_of_them() {
    let half = [&PAYOUTS[..], &PAYMENTS[1..]].concat();
    let whole = [&PAYOUTS[..], &PAYMENTS].concat();
    let cases = [
        (vec![], MissingFields::Unsigned, false),
        (vec![("return_url", "https://shop.example/paid")], MissingFields::Credentials, true),
        (half, MissingFields::Unsigned, true),
        (PAYOUTS.to_vec(), MissingFields::Refused, false),
        (whole, MissingFields::Refused, true),
    ];
    for (fields, missing_fields, collects) in cases {
        let account = built(&account("virtualpos", &fields), missing_fields).unwrap();
        assert_eq!(account.provider.payments().is_some(), collects, "{fields:?}");
        assert!(account.endpoint.is_some() && account.provider.banks().is_some());
    }
}

#[test]
fn what_is_wrong_is_told_with_its_place_and_a_remedy() {
    let live = [("environment", "live")];
    let with = |more: &[(&'static str, &'static str)]| [&PAYOUTS[..], more].concat();
    let cases = [
        (
            vec![],
            "pagos.toml:3: base_url: BASE_URL is not set; set it in [accounts.virtualpos], or as \
             PAGOS_VIRTUALPOS_BASE_URL",
        ),
        (PAYOUTS[..2].to_vec(), "pagos.toml:3: secret_key:"),
        (with(&PAYMENTS[..2]), "pagos.toml:3: payments_secret_key:"),
        (
            with(&[("return_url", "https://shop.example/paid")]),
            "pagos.toml:3: return_url is about payments, and payments_url, which brings them, is \
             not set; set payments_url too, or remove return_url",
        ),
        (with(&[("path_crate", "/payouts")]), "did you mean path_create?"),
        (with(&[("query_method", "PUT")]), "pagos.toml:3: query_method: \"PUT\" is none of"),
        (with(&[("amount_min", "5"), ("amount_max", "much")]), "pagos.toml:3: amount_max: "),
        (with(&[("amount_min", "1.5")]), "or as PAGOS_VIRTUALPOS_AMOUNT_MIN"),
        (
            with(&live),
            "pagos.toml:3: contract_verified: the provider does not publish how its payouts are",
        ),
        (with(&[("api_key", "canary api key")]), "pagos.toml:3: api_key: a key is 1 to 128"),
    ];
    for (fields, expected) in cases {
        let mut settings = account("virtualpos", &fields);
        settings.settle().unwrap();
        let problems = built(&settings, MissingFields::Refused).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(expected), "{expected}: {}", problems[0]);
        assert!(!problems[0].contains("canary"), "{}", problems[0]);
    }
}

#[test]
fn live_use_needs_a_word_at_every_level() {
    for missing_fields in
        [MissingFields::Refused, MissingFields::Unsigned, MissingFields::Credentials]
    {
        for (word, is_admitted) in [("true", true), ("false", false)] {
            let stated = [("environment", "live"), ("contract_verified", word)];
            let mut settings = account("virtualpos", &[&PAYOUTS[..], &stated].concat());
            settings.settle().unwrap();
            assert_eq!(
                built(&settings, missing_fields).is_ok(),
                is_admitted,
                "{missing_fields:?} {word}"
            );
        }
    }
}

#[test]
fn an_instruction_alone_is_signed() {
    let settings = account("virtualpos", &PAYOUTS[1..]);
    let told = |tef: &[u8]| sign(&settings, tef).map(|signed| signed.string_to_sign);
    let bare = told(br#"{"amount": 990}"#).unwrap();
    assert_eq!(told(b" \r\n{\"amount\": 990}\r\n").unwrap(), bare);
    // Bytes inside are the signer's own.
    assert_ne!(told(br#"{"amount":990}"#).unwrap(), bare);
    let cases: [(&[u8], &str); 6] = [
        (br#"{"tef":{"amount":990}}"#, "holds \"tef\""),
        (br#"{"amount":990,"api_key":"canary-api-key"}"#, "holds \"api_key\""),
        (br#"[{"amount":990}]"#, "no JSON object"),
        (b"", "no JSON object"),
        (b"{\"name\":\"Jos\xe9\"}", "no JSON object"),
        (b"{\"amount\":990}\n{}", "no JSON object"),
    ];
    for (tef, expected) in cases {
        let refused = sign(&settings, tef).unwrap_err().to_string();
        assert!(refused.contains(expected), "{expected}: {refused}");
        assert!(!refused.contains("canary"), "{refused}");
    }
    let refused = sign(&account("virtualpos", &[]), b"{}").unwrap_err();
    assert_eq!(refused.messages().len(), 2, "{refused}");
    assert!(refused.to_string().contains("or as PAGOS_VIRTUALPOS_SECRET_KEY"), "{refused}");
}
