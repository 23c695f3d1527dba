//! The meaning of the provider's words: statuses, refusals, and the envelope of every answer. The
//! tables come first, each row with its source.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde_json::value::RawValue;

use pagos_core::{Error, ErrorKind, FailReason, Status};
use pagos_wire::redact;

use crate::wire::Envelope;

/// `orderStatus` of payouts and payments.
///
/// Source: docs: en/col/appendix "Payout Order Status Enum"; the final ones are final there, and
/// manual "Order result reversal processing" says that they can be reversed all the same. Pay-ins
/// use PAYING, SUCCESS and FAIL (docs: en/col/appendix) and, in the older manual, PROCESSING and
/// CANCEL (showdoc).
const STATUSES: [(&str, Status); 6] = [
    ("PROCESSING", Status::Pending),
    ("WAITING", Status::Pending),
    ("PAYING", Status::Pending),
    ("SUCCESS", Status::Succeeded),
    ("FAIL", Status::Failed(FailReason::Declined)),
    ("CANCEL", Status::Failed(FailReason::Cancelled)),
];

/// The `resultDesc` of a FAIL that reverses a payout. These words are an open set of free text; this
/// one and those of [`NOT_KNOWN`] are the only ones that change a meaning. Source: docs:
/// en/idn/appendix, which explains it as a reversal of the payment, and chl/appendix; that Colombia
/// uses it too is inferred.
const RETURNED: &str = "PAYMENT_OFFSET";

/// `resultDesc` that says "we do not know" where others say "not paid". A final status is no failure
/// on the strength of such a word alone: the payout stays as it is, is asked about, and calls a
/// person. \[inferred\] Beside a status that is not final they change nothing.
///
/// Source: docs: en/idn/appendix ("suspect payment investigation", "payment query failed", "upstream
/// system exception") and en/tha/appendix ("the channel network fluctuates"). That Colombia and
/// Mexico use them too is possible and not shown.
const NOT_KNOWN: [&str; 4] = [
    "PAYMENT_SUSPECT_SURVEY",
    "PAYMENT_QUERY_FAIL",
    "UP_STREAM_SYSTEM_EXCEPTION",
    "CHANNEL_NETWORK_FLUCTUATION",
];

/// One documented refusal.
struct Refusal {
    /// The word of `msg`; `*` stands for the name of a field.
    pattern: &'static str,
    kind: ErrorKind,
    meaning: &'static str,
}

/// The documented values of `msg`, special ones before general ones. Any other value is `Unknown`.
///
/// Source: docs: en/pak/appendix, en/egy/appendix, en/tza/appendix, which is one list for all
/// countries and breaks off in the stored copies. The three `System_` rows are documented without
/// saying whether the order exists, so they are `Unknown`. \[inferred\] `Params_mchOrderNo_error`
/// may be the answer to a key that was used before, so it is `Unknown` too. \[inferred\]
const REFUSALS: [Refusal; 14] = [
    refusal("System_error", ErrorKind::Unknown, "system error"),
    refusal("System_busy", ErrorKind::Unknown, "the system is busy"),
    refusal("System_Maintenance", ErrorKind::Unknown, "the system is under maintenance"),
    refusal("MerchantId_is_null", ErrorKind::Unauthorized, "the merchant id is missing"),
    refusal("MerchantId_not_Number", ErrorKind::Unauthorized, "the merchant id is not a number"),
    refusal("MerchantId_is_error", ErrorKind::Unauthorized, "the merchant id is not known"),
    refusal("Sign_verify_error", ErrorKind::Unauthorized, "the signature was refused"),
    refusal("Request_ip_notWhiteList", ErrorKind::Unauthorized, "our IP address is not allowed"),
    refusal("RequestMethod_not_post", ErrorKind::Rejected, "the request was no POST"),
    refusal("RequestContentType_not_json", ErrorKind::Rejected, "the request was not JSON"),
    refusal("RequestBody_is_null", ErrorKind::Rejected, "the request had no body"),
    refusal("Params_mchOrderNo_error", ErrorKind::Unknown, "the key was refused or used before"),
    refusal("Params_*_Required", ErrorKind::Rejected, "a field is missing"),
    // Params_jsonFormat_error, for a body that is not JSON, is the same definite refusal.
    refusal("Params_*_error", ErrorKind::Rejected, "a field was refused"),
];

const fn refusal(pattern: &'static str, kind: ErrorKind, meaning: &'static str) -> Refusal {
    Refusal { pattern, kind, meaning }
}

/// The status given by `orderStatus` and `resultDesc`. `None` for an undocumented word, and for a
/// failure whose reason says that nobody knows: neither is a status, not even a non-final one.
pub(crate) fn status(word: &str, result: Option<&str>) -> Option<Status> {
    let row = STATUSES.iter().find(|(known, _)| known.eq_ignore_ascii_case(word));
    let (_, status) = *row?;
    let is_reason =
        |reason: &str| result.is_some_and(|result| result.trim().eq_ignore_ascii_case(reason));
    match status {
        Status::Failed(_) if NOT_KNOWN.iter().any(|reason| is_reason(reason)) => None,
        Status::Failed(FailReason::Declined) if is_reason(RETURNED) => {
            Some(Status::Failed(FailReason::Returned))
        }
        status => Some(status),
    }
}

/// What a person reads of words that are no status: the reason belongs to a FAIL that is not
/// believed, and says why.
pub(crate) fn shown_word(word: &str, result: Option<&str>) -> String {
    let is_known = STATUSES.iter().any(|(known, _)| known.eq_ignore_ascii_case(word));
    match result.filter(|_| is_known) {
        Some(reason) => redact(&format!("{word} ({})", reason.trim())),
        None => redact(word),
    }
}

/// The kinds of answers.
pub(crate) enum Answer<'a> {
    /// Success, with a value in `data`.
    Data(&'a RawValue),
    /// Success, and `data` is null.
    Empty,
    /// A refusal, in the provider's words.
    Refused {
        /// The word of `msg`.
        word: String,
        /// What it means for the caller.
        error: Error,
    },
    /// Unusable; the text says why.
    Unreadable(String),
}

/// Reads the envelope. The result is in `code` and `msg`; the HTTP status counts only if it says
/// that the application did not answer itself. Source: docs: quickstart; the reading of HTTP
/// statuses is inferred.
pub(crate) fn read(response: &Response<Bytes>) -> Answer<'_> {
    let status = response.status();
    let is_unanswered = status.is_server_error()
        || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS);
    if is_unanswered {
        return Answer::Unreadable(format!("HTTP {}", status.as_u16()));
    }
    let Ok(envelope) = serde_json::from_slice::<Envelope<'_>>(response.body()) else {
        return Answer::Unreadable(format!("no envelope in HTTP {}", status.as_u16()));
    };
    if envelope.code.value() != 200 {
        let word = envelope.msg.map_or_else(String::new, |msg| msg.into_string());
        let error = refused(&word, envelope.code.value());
        return Answer::Refused { word, error };
    }
    match envelope.data {
        Some(data) if data.get() == "null" => Answer::Empty,
        Some(data) => Answer::Data(data),
        None => Answer::Unreadable("a success without data".to_owned()),
    }
}

/// The error for a refused call that moves money. Words are compared without regard to case.
fn refused(word: &str, code: i64) -> Error {
    let row = REFUSALS.iter().find(|row| matches_pattern(row.pattern, word));
    let (kind, meaning) = match row {
        Some(row) => (row.kind, row.meaning),
        None => (ErrorKind::Unknown, "a refusal that is not documented"),
    };
    let word = redact(word);
    Error::new(kind, format!("{meaning}: the provider answered {word:?} with code {code}"))
        .with_provider_code(word)
}

/// The error for an unsuccessful answer to a call that moves money.
pub(crate) fn unknown_outcome(because: &str) -> Error {
    Error::new(ErrorKind::Unknown, format!("the outcome is unknown: {because}"))
}

fn matches_pattern(pattern: &str, word: &str) -> bool {
    let Some((start, end)) = pattern.split_once('*') else {
        return pattern.eq_ignore_ascii_case(word);
    };
    let Some(middle_length) = word.len().checked_sub(start.len() + end.len()) else { return false };
    let (Some(head), Some(tail)) =
        (word.get(..start.len()), word.get(start.len() + middle_length..))
    else {
        return false;
    };
    middle_length > 0 && head.eq_ignore_ascii_case(start) && tail.eq_ignore_ascii_case(end)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn response(http_status: u16, body: &str) -> Response<Bytes> {
        let body = Bytes::copy_from_slice(body.as_bytes());
        Response::builder().status(http_status).body(body).unwrap()
    }

    #[test]
    fn every_word_has_its_status() {
        let failed = |reason| Status::Failed(reason);
        let cases = [
            ("PROCESSING", None, Status::Pending),
            ("WAITING", None, Status::Pending),
            ("PAYING", None, Status::Pending),
            ("SUCCESS", None, Status::Succeeded),
            ("success", None, Status::Succeeded),
            ("SUCCESS", Some("SUCCESS"), Status::Succeeded),
            ("FAIL", None, failed(FailReason::Declined)),
            ("FAIL", Some("ACCOUNT NOT EXITS"), failed(FailReason::Declined)),
            ("FAIL", Some("PAYMENT_OFFSET"), failed(FailReason::Returned)),
            ("CANCEL", None, failed(FailReason::Cancelled)),
            ("CANCEL", Some("PAYMENT_OFFSET"), failed(FailReason::Cancelled)),
        ];
        for (word, result, expected) in cases {
            assert_eq!(status(word, result), Some(expected), "{word} {result:?}");
        }
        for word in ["SUCCESSFUL", "EN_REVISION", "REVERSED", ""] {
            assert_eq!(status(word, None), None, "{word:?}");
            assert_eq!(status(word, Some(RETURNED)), None, "{word:?}");
        }
    }

    #[test]
    fn a_reason_that_says_not_known_makes_no_payout_failed() {
        let reasons = [
            "PAYMENT_SUSPECT_SURVEY",
            "PAYMENT_QUERY_FAIL",
            "UP_STREAM_SYSTEM_EXCEPTION",
            "channel_network_fluctuation ",
        ];
        for reason in reasons {
            for word in ["FAIL", "fail", "CANCEL"] {
                assert_eq!(status(word, Some(reason)), None, "{word} {reason}");
            }
            for word in ["PROCESSING", "WAITING", "PAYING"] {
                assert_eq!(status(word, Some(reason)), Some(Status::Pending), "{word} {reason}");
            }
            assert_eq!(status("SUCCESS", Some(reason)), Some(Status::Succeeded), "{reason}");
        }
    }

    /// Source: docs: en/idn/appendix, en/tha/appendix, "Payout Order Status Description".
    #[test]
    fn every_other_reason_leaves_the_status_alone() {
        let reasons = [
            "BANK_ACCOUNT_ABNORMAL",
            "ACCOUNT_HOLDER_NAME_INVALID",
            "PHONE_NUMBER_ERROR",
            "BANK_NOT_SUPPORT",
            "COMMON_FAILED",
            "BILL_NOT_FOUND",
            "BANK_ACCOUNT_CLOSE",
            "BANK_ABNORMAL_OR_REFUSE",
            "ACCOUNT_RECEIVE_AMOUNT_LIMIT_EXCEEDED",
            "MCH_NOT_KNOW_PAYMENT",
            "MISS_MUST_PAYMENT_INFO",
            "ERROR_PAYMENT_TYPE",
            "ERROR_OPERATION_TYPE",
            "INVALID_CHARACTER",
            "OUT_ACCOUNT_BALANCE",
            "OUT_ACCOUNT_MONTH_BALANCE",
            "NOT_REGISTER_TELPHONE",
            "NOT_RECEIVE_BANXICO_PAYMENT",
            "INFO_STRUCTURE_INVALID",
            "RUT_INVALID",
            "INVALID_CCI",
            "PAYMENT_REJECT_BY_RECEIPT_PSP",
            "UPSTREAM_CHANNEL_EXCEPTION",
            "BANK_ACCOUNT_INVALID",
            "TEMPORARILY_UNABLE_PROCESS_FOR_THIS_BANK",
        ];
        for reason in reasons {
            let declined = Status::Failed(FailReason::Declined);
            assert_eq!(status("FAIL", Some(reason)), Some(declined), "{reason}");
            assert_eq!(status("PAYING", Some(reason)), Some(Status::Pending), "{reason}");
        }
    }

    #[test]
    fn every_refusal_has_its_next_step() {
        let cases = [
            ("System_error", ErrorKind::Unknown),
            ("System_busy", ErrorKind::Unknown),
            ("system_maintenance", ErrorKind::Unknown),
            ("MerchantId_is_null", ErrorKind::Unauthorized),
            ("MerchantId_not_Number", ErrorKind::Unauthorized),
            ("MerchantId_is_error", ErrorKind::Unauthorized),
            ("Sign_verify_error", ErrorKind::Unauthorized),
            ("Request_ip_notWhiteList", ErrorKind::Unauthorized),
            ("RequestMethod_not_post", ErrorKind::Rejected),
            ("RequestContentType_not_json", ErrorKind::Rejected),
            ("RequestBody_is_null", ErrorKind::Rejected),
            ("Params_jsonFormat_error", ErrorKind::Rejected),
            ("Params_accountNo_Required", ErrorKind::Rejected),
            ("Params_amount_error", ErrorKind::Rejected),
            ("PARAMS_AMOUNT_ERROR", ErrorKind::Rejected),
            ("Params_mchOrderNo_error", ErrorKind::Unknown),
            ("Params_mchorderno_error", ErrorKind::Unknown),
            ("Params_mchOrderNo_Required", ErrorKind::Rejected),
            ("Params__error", ErrorKind::Unknown),
            ("Params_error", ErrorKind::Unknown),
            ("Params_ñ_repeated", ErrorKind::Unknown),
            ("Balance_not_enough", ErrorKind::Unknown),
            ("SUCCESS", ErrorKind::Unknown),
            ("", ErrorKind::Unknown),
        ];
        for (word, kind) in cases {
            assert_eq!(refused(word, 500).kind(), kind, "{word}");
        }
    }

    #[test]
    fn a_refusal_keeps_the_word_and_hides_numbers() {
        let error = refused("Account 3023612345 is closed", 500);
        assert_eq!(error.provider_code(), Some("Account ****** is closed"));
        assert!(!format!("{error:?}").contains("3023612345"));
    }

    #[test]
    fn the_envelope_decides_unless_nobody_answered() {
        let kind = |http_status, body| match read(&response(http_status, body)) {
            Answer::Data(_) => "data",
            Answer::Empty => "empty",
            Answer::Refused { .. } => "refused",
            Answer::Unreadable(_) => "unreadable",
        };
        let success = r#"{"msg":"SUCCESS","code":200,"data":{}}"#;
        let refusal = r#"{"msg":"System_error","code":500}"#;
        let cases = [
            (200, success, "data"),
            (200, r#"{"msg":"SUCCESS","code":"200","data":[]}"#, "data"),
            (404, success, "data"),
            (200, r#"{"msg":"SUCCESS","code":200,"data":null}"#, "empty"),
            (200, r#"{"msg":"SUCCESS","code":200}"#, "unreadable"),
            (200, refusal, "refused"),
            (400, refusal, "refused"),
            (200, r#"{"msg":null,"code":500}"#, "refused"),
            (500, success, "unreadable"),
            (502, "<html>Bad Gateway</html>", "unreadable"),
            (408, refusal, "unreadable"),
            (429, refusal, "unreadable"),
            (200, r#"{"msg":"SUCCESS","data":{}}"#, "unreadable"),
            (200, r#"{"code":200,"code":500,"data":{}}"#, "unreadable"),
            (200, r#"{"msg":"SUCCESS","code":200,"data":{"#, "unreadable"),
            (200, "", "unreadable"),
            (302, "", "unreadable"),
        ];
        for (http_status, body, expected) in cases {
            assert_eq!(kind(http_status, body), expected, "{http_status} {body}");
        }
    }

    proptest! {
        #[test]
        fn only_documented_words_are_a_no(word in "[A-Za-z_ñ0-9]{0,30}") {
            let lower = word.to_lowercase();
            let is_like_a_row = ["params_", "merchantid_", "sign_", "request"]
                .iter()
                .any(|start| lower.starts_with(start));
            prop_assert!(is_like_a_row || refused(&word, 500).kind() == ErrorKind::Unknown);
        }

        #[test]
        fn no_body_makes_it_panic(http_status in 100_u16..600, body in ".{0,80}") {
            let _ = read(&response(http_status, &body));
        }
    }
}
