//! What it means that no response came. Responses themselves are each provider's own subject.

use pagos_core::{Error, ErrorKind, Reached, TransportError};

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

/// The error of a call that moves no money and got no response: `Undelivered`, ask again.
pub fn query_failure(failure: TransportError) -> Error {
    Error::new(ErrorKind::Undelivered, "the provider gave no answer").with_source(failure)
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
}
