//! Errors that are the same for every provider: no response, a refused order, a bad signature; and
//! how long to wait. Each provider interprets its own responses.

use std::time::Duration;

use http::{Response, header::RETRY_AFTER};

use pagos_core::{Error, ErrorKind, Reached, TransportError, Violation};

/// The wait after "too many requests" if the response names none.
const WAIT_S: u64 = 60;

/// The longest wait that a `Retry-After` can cause.
const WAIT_S_MAX: u64 = 60 * 60;

/// The error of a call that moves money and got no response: `Undelivered` if the request certainly
/// never reached the provider, `Unknown` otherwise.
///
/// ```
/// use pagos_core::{ErrorKind, Reached, TransportError};
/// use pagos_wire::money_call_failure;
///
/// let refused = money_call_failure(TransportError::new(Reached::No, "connection refused"));
/// assert_eq!(refused.kind(), ErrorKind::Undelivered);
/// let lost = money_call_failure(TransportError::new(Reached::Maybe, "connection reset"));
/// assert_eq!(lost.kind(), ErrorKind::Unknown);
/// ```
pub fn money_call_failure(failure: TransportError) -> Error {
    let (kind, message) = match failure.reached {
        Reached::No => (ErrorKind::Undelivered, "the request did not reach the provider"),
        Reached::Maybe => (ErrorKind::Unknown, "no answer; the request may have arrived"),
    };
    Error::new(kind, message).with_source(failure)
}

/// The error of a call that moves no money and got no response: `Undelivered`, so query again.
pub fn query_failure(failure: TransportError) -> Error {
    Error::new(ErrorKind::Undelivered, "the provider gave no answer").with_source(failure)
}

/// The error of a query that was refused. A definite refusal matters only for an order; about a query
/// it is just a useless answer, so it is `Unknown`, with the provider's words.
///
/// ```
/// use pagos_core::{Error, ErrorKind};
/// use pagos_wire::refused_query;
///
/// let refused = Error::new(ErrorKind::Rejected, "no such page").with_provider_code("E1");
/// let useless = refused_query(refused);
/// assert_eq!((useless.kind(), useless.provider_code()), (ErrorKind::Unknown, Some("E1")));
/// ```
pub fn refused_query(error: Error) -> Error {
    if error.kind() != ErrorKind::Rejected {
        return error;
    }
    let unknown = Error::new(ErrorKind::Unknown, error.message());
    match error.provider_code() {
        Some(code) => unknown.with_provider_code(code),
        None => unknown,
    }
}

/// How long a response asks to wait by `Retry-After` in seconds: at most an hour, and a minute if
/// it has no such header.
///
/// ```
/// let answer = http::Response::builder().header("retry-after", "7").body(())?;
/// assert_eq!(pagos_wire::retry_after(&answer).as_secs(), 7);
/// # Ok::<(), http::Error>(())
/// ```
pub fn retry_after<T>(response: &Response<T>) -> Duration {
    let wait = response.headers().get(RETRY_AFTER).and_then(|wait| wait.to_str().ok());
    let wait_s = wait.and_then(|wait| wait.parse().ok()).unwrap_or(WAIT_S);
    Duration::from_secs(wait_s.min(WAIT_S_MAX))
}

/// The first violation as the error of a call that was not made.
pub fn invalid(violations: Vec<Violation>) -> Error {
    match violations.into_iter().next() {
        Some(first) => {
            Error::invalid(first.field).because(format!("{}; {}", first.because, first.remedy))
        }
        None => Error::invalid("order"),
    }
}

/// The error of a delivery, a token or a signature that is not genuine: `Unauthorized`.
pub fn refused(because: &str) -> Error {
    Error::new(ErrorKind::Unauthorized, because)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn a_money_call_that_may_have_arrived_is_never_sent_again() {
        for (reached, kind) in
            [(Reached::No, ErrorKind::Undelivered), (Reached::Maybe, ErrorKind::Unknown)]
        {
            let error = money_call_failure(TransportError::new(reached, "connection reset"));
            assert_eq!(error.kind(), kind);
            assert_eq!(error.source().unwrap().to_string(), "connection reset");
        }
    }

    #[test]
    fn a_query_can_always_be_asked_again() {
        for reached in [Reached::No, Reached::Maybe] {
            let error = query_failure(TransportError::new(reached, "timed out"));
            assert_eq!(error.kind(), ErrorKind::Undelivered);
            assert_eq!(error.source().unwrap().to_string(), "timed out");
        }
    }

    #[test]
    fn only_a_definite_refusal_of_a_query_becomes_unknown() {
        let refused = refused_query(Error::new(ErrorKind::Rejected, "no"));
        assert_eq!((refused.kind(), refused.message()), (ErrorKind::Unknown, "no"));
        for kind in [ErrorKind::Unauthorized, ErrorKind::Throttled, ErrorKind::Undelivered] {
            assert_eq!(refused_query(Error::new(kind, "no")).kind(), kind);
        }
    }

    #[test]
    fn a_retry_is_never_put_off_for_ever() {
        let cases = [
            (Some("7"), 7),
            (Some("7200"), 3600),
            (Some("99999999999"), 3600),
            (None, 60),
            (Some("-1"), 60),
            (Some("Wed, 21 Oct 2015 07:28:00 GMT"), 60),
        ];
        for (value, expected) in cases {
            let mut response = Response::new(());
            if let Some(value) = value {
                response.headers_mut().insert(RETRY_AFTER, value.parse().unwrap());
            }
            assert_eq!(retry_after(&response).as_secs(), expected, "{value:?}");
        }
    }

    #[test]
    fn the_first_violation_is_told() {
        let violations = ["first", "second"]
            .map(|field| Violation::new(field, "too long", "cut it").only_in_english());
        let error = invalid(violations.to_vec());
        assert_eq!((error.field(), error.message()), (Some("first"), "too long; cut it"));
        assert_eq!(invalid(Vec::new()).field(), Some("order"));
    }
}
