//! Which fields of an account may be missing when, and that what is wrong is told with its place.

use pagos_wire::{NOWHERE, Need};

use super::*;

/// An account with these fields, as if `pagos.toml` had them.
pub(super) fn account(provider: &str, fields: &[(&str, &str)]) -> AccountSettings {
    let origin = || Origin::File { path: "pagos.toml".into(), line: 3 };
    let mut settings = AccountSettings::new(AccountName::new(provider).unwrap(), origin());
    for (name, value) in fields {
        settings.set(name, (*value).to_owned(), origin());
    }
    settings
}

pub(super) fn built(settings: &AccountSettings, gaps: Gaps) -> Result<Account, Vec<String>> {
    let told = |problems: Vec<ConfigProblem>| problems.iter().map(ToString::to_string).collect();
    build(settings, gaps, &seams::offline()).map_err(told)
}

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
fn what_nothing_rests_on_may_be_missing() {
    for provider in providers().map(|known| known.name) {
        let bare = account(provider, &[]);
        assert!(built(&bare, Gaps::Credentials).is_ok(), "{provider}");
        assert!(built(&bare, Gaps::Refused).is_err(), "{provider}");
    }
    // Cashypro's webhooks are checked with the account's key, Conekta's with public keys, ETpay's
    // with the key of a session, and VirtualPOS's not at all.
    assert!(built(&account("cashypro", &[]), Gaps::Unsigned).is_err());
    for provider in ["conekta", "etpay", "virtualpos"] {
        assert!(built(&account(provider, &[]), Gaps::Unsigned).is_ok(), "{provider}");
    }
}

/// Defaults stand in the tables for people, and in the crates for the configuration.
#[test]
fn a_default_of_the_table_is_what_is_taken_without_it() {
    for known in providers() {
        let with = |fields: &[(&str, &str)]| {
            let account = built(&account(known.name, fields), Gaps::Credentials).unwrap();
            format!("{:?}", account.provider)
        };
        for setting in known.settings {
            let Need::Default(text) = setting.need else { continue };
            // A field of one side brings that side alone.
            let switch = setting.side.map(|side| (side.switch, NOWHERE));
            let bare: Vec<_> = switch.into_iter().collect();
            let whole = [&bare[..], &[(setting.name, text)]].concat();
            assert_eq!(with(&whole), with(&bare), "{} of {}", setting.name, known.name);
        }
    }
}

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
        let account = built(&account("etpay", fields), Gaps::Credentials).unwrap();
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
        let problems = built(&settings, Gaps::Refused).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].contains(expected), "{expected}: {}", problems[0]);
        assert!(!problems[0].contains("canary"), "{}", problems[0]);
    }
    let settings = account("virtualpay", &[]);
    let problems = built(&settings, Gaps::Credentials).unwrap_err();
    assert!(problems[0].contains("write one of cashypro, conekta, etpay"), "{}", problems[0]);
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
        let account = built(&settings, Gaps::Refused).unwrap();
        assert_eq!(account.environment, Environment::Live);
    }
}

#[test]
fn a_segment_is_part_of_the_path_and_is_never_shown() {
    let plain = built(&account("etpay", &[]), Gaps::Credentials).unwrap().endpoint.unwrap();
    assert_eq!((plain.path(), plain.path_shown()), ("/webhooks/etpay", "/webhooks/etpay"));
    for (provider, path) in
        [("etpay", "/webhooks/etpay/canary_9-Z"), ("cashypro", "/webhooks/cashypro/canary_9-Z")]
    {
        let settings = account(provider, &[("webhook_segment", "canary_9-Z")]);
        let account = built(&settings, Gaps::Credentials).unwrap();
        assert!(!format!("{account:?}").contains("canary"), "{account:?}");
        let endpoint = account.endpoint.unwrap();
        assert_eq!(endpoint.path(), path);
        assert_eq!(endpoint.path_shown(), format!("/webhooks/{provider}/…"));
    }
    let (longest, too_long) = ("s".repeat(64), "s".repeat(65));
    for segment in [too_long.as_str(), "a b", "a/b", "…", longest.as_str()] {
        let is_legal = segment == longest;
        let settings = account("etpay", &[("webhook_segment", segment)]);
        assert_eq!(built(&settings, Gaps::Credentials).is_ok(), is_legal, "{segment}");
    }
}

#[test]
fn a_sessions_secret_is_known_and_no_part_of_a_request() {
    let settings = account("etpay", &[("signature_token", "canary-signature-token")]);
    assert!(built(&settings, Gaps::Unsigned).is_ok());
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
