//! The key/value pairs. What a transfer says otherwise is in the fixtures.

use super::*;

#[test]
fn our_key_is_found_among_the_pairs() {
    let key = |key: &str| Metadata::Key(key.to_owned());
    let cases = [
        (r#"{"pagos_key":"k-1"}"#, key("k-1")),
        (r#"{"a":1,"pagos_key":"k-1","b":{"pagos_key":"k-2"}}"#, key("k-1")),
        (r#"{"pagos_key":4711}"#, key("4711")),
        (r#"{"pagos_\u006bey":"k-1"}"#, key("k-1")),
        (r#"{"a":"k-1"}"#, Metadata::Others),
        (r#"{"Pagos_key":"k-1"}"#, Metadata::Others),
        ("{}", Metadata::Nothing),
        ("null", Metadata::Nothing),
        ("[]", Metadata::Nothing),
        (r#""pagos_key""#, Metadata::Nothing),
        (r#"{"pagos_key":null}"#, Metadata::Nothing),
        (r#"{"pagos_key":["k-1"]}"#, Metadata::Nothing),
    ];
    for (json, expected) in cases {
        let raw: &RawValue = serde_json::from_str(json).unwrap();
        assert_eq!(read_metadata(raw), expected, "{json}");
    }
}

#[test]
fn a_tracking_key_is_no_account_number() {
    for (text, expected) in [
        ("202509159073500000000000000002", true),
        ("735969000000203297", false),
        ("20250915907350000000000000000x", false),
        ("", false),
    ] {
        assert_eq!(is_tracking_key(text), expected, "{text}");
    }
}
