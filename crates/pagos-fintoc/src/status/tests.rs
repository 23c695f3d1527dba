//! The tables. Whole answers are in the fixtures.

use super::*;

#[test]
fn every_documented_word_has_its_status() {
    let (declined, returned) =
        (Status::Failed(FailReason::Declined), Status::Failed(FailReason::Returned));
    let cases = [
        ("pending", Some(Status::Pending)),
        ("return_pending", Some(Status::Pending)),
        ("succeeded", Some(Status::Succeeded)),
        ("rejected", Some(declined)),
        ("failed", Some(declined)),
        ("returned", Some(returned)),
        ("reject_failed", None),
        ("reversed", None),
        ("SUCCEEDED", None),
        ("", None),
    ];
    for (word, expected) in cases {
        assert_eq!(status(word), expected, "{word}");
    }
    assert_eq!(STATUSES.len(), cases.iter().filter(|(_, status)| status.is_some()).count());
}

#[test]
fn a_refusal_is_known_by_its_status_and_its_code() {
    let kind = |http, code: &str| refusal(http, code).map(|row| row.kind);
    for row in &REFUSALS {
        for code in row.codes {
            assert_eq!(kind(row.http, &code.replace('*', "x")), Some(row.kind), "{code}");
            // A refusal that is kept under the key is final for it.
            let is_kept = !matches!(row.http, 401 | 429);
            assert_eq!(row.kind == ErrorKind::Rejected, is_kept, "{code}");
            assert_ne!(row.kind, ErrorKind::Unknown, "{code}: what proves nothing has no row");
            for http in [200, 201, 500, 503] {
                assert_eq!(kind(http, code), None, "{http} {code}");
            }
        }
    }
    let unknown = [
        (409, "invalid_duplicated_transfer"),
        (409, "idempotency_error"),
        (409, "invalid_transfer_status"),
        (409, "invalid_transfer_direction"),
        (400, "insufficient_balance"),
        (403, "forbidden"),
        (400, "*"),
        (400, ""),
        (401, "jws_nonce_already_used"),
    ];
    for (http, code) in unknown {
        assert_eq!(kind(http, code), None, "{http} {code}");
    }
}

#[test]
fn words_are_shown_if_they_can_be_words() {
    let cases = [
        ("insufficient_balance", "insufficient_balance"),
        ("Jon Snow", MASK),
        ("735969000000203297", MASK),
        (&"x".repeat(49), MASK),
    ];
    for (word, expected) in cases {
        assert_eq!(shown_word(word), expected, "{word}");
    }
}
