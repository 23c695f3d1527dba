//! Times and references at their edges. Shapes are in the fixtures.

use proptest::prelude::*;

use super::*;

fn json(text: &str) -> &RawValue {
    serde_json::from_str(text).unwrap()
}

#[test]
fn times_are_whole_or_none() {
    let cases = [
        ("1676656070", Some(1_676_656_070_000)),
        ("\"1676656070\"", Some(1_676_656_070_000)),
        ("1000000000", Some(1_000_000_000_000)),
        ("9999999999", Some(9_999_999_999_000)),
        ("999999999", None),
        ("10000000000", None),
        ("1676656070000", None),
        ("16019106", None),
        ("152825", None),
        ("0", None),
        ("-62135596800", None),
        ("9223372036854775807", None),
        ("1676656070.5", None),
        ("true", None),
        ("{}", None),
        ("\"yesterday\"", None),
    ];
    for (text, expected) in cases {
        assert_eq!(moment(Some(json(text))).map(Timestamp::as_millis), expected, "{text}");
    }
    assert_eq!(moment(None), None);
}

#[test]
fn statement_references_have_up_to_seven_digits() {
    for good in ["0", "0619410", "1111111"] {
        assert!(is_reference(good), "{good}");
    }
    for bad in ["", "11111111", "111 111", "a", "٠"] {
        assert!(!is_reference(bad), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_json_makes_it_panic(text in r#"[\{\}\[\]":,a-z0-9_. -]{0,80}"#) {
        if let Ok(json) = serde_json::from_str::<&RawValue>(&text) {
            let _ = Transfer::read(json);
        }
    }

    #[test]
    fn amounts_are_read_exactly(minor in any::<i64>()) {
        let text = format!(r#"{{"id":"t","amount":{minor},"currency":"MXN"}}"#);
        let read = Transfer::read(json(&text)).ok().and_then(|read| read.amount);
        prop_assert_eq!(read, Some(Money::new(minor, Currency::Mxn)));
    }
}
