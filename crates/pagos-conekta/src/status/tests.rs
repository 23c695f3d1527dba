//! The tables, row by row. What they do to an answer is in the fixtures.

use super::*;

#[test]
fn only_two_words_are_final() {
    let cases = [
        ("pending", Status::Pending),
        ("in_transit", Status::Pending),
        ("retrying", Status::Pending),
        ("paid_out", Status::Succeeded),
        (" PAID_OUT ", Status::Succeeded),
        ("failed", Status::Failed(FailReason::Declined)),
    ];
    for (word, expected) in cases {
        assert_eq!(status(word), Some(expected), "{word:?}");
    }
    for word in ["paid", "paid out", "returned", "cancelled", "EN_REVISION", ""] {
        assert_eq!(status(word), None, "{word:?}");
    }
}

#[test]
fn events_are_named_after_payouts() {
    let failed = Status::Failed(FailReason::Declined);
    let cases = [
        ("payout.created", Some(Status::Pending)),
        ("payout.retrying", Some(Status::Pending)),
        ("payout.in_transit", Some(Status::Pending)),
        ("payout.paid_out", Some(Status::Succeeded)),
        ("transfer.failed", Some(failed)),
        ("payout.reversed", None),
        ("payout.", None),
        ("payout", None),
        ("payee.created", None),
        ("payee.payout_method.created", None),
        ("order.paid_out", None),
    ];
    for (name, expected) in cases {
        assert_eq!(event_status(name), expected, "{name}");
    }
}

#[test]
fn words_and_ids_are_shown_and_nothing_else() {
    assert_eq!(shown_word("in_transit"), "in_transit");
    for bad in ["Jon Doe", "jon@example.com", "a\nb", &"a".repeat(41)] {
        assert_eq!(shown_word(bad), MASK, "{bad:?}");
    }
    assert_eq!(shown_word("072225008217746674"), MASK);
    for good in ["63efb8f6a1b2c3d4e5f60718", "payee_2qJLL3ruTBAa39LAZ"] {
        assert!(is_id(good), "{good}");
    }
    for bad in ["", "072225008217746674", "Jon Doe", "a/b", &"a".repeat(65)] {
        assert!(!is_id(bad), "{bad:?}");
    }
}

#[test]
fn a_list_is_no_object() {
    let json: &RawValue = serde_json::from_str("[1]").unwrap();
    assert!(parse::<Vec<u8>>(json).is_none());
}
