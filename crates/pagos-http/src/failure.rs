//! What a failed call means for the money: whether the request can have arrived.
//!
//! `No` needs proof. Only an error of the connector is proof, because it comes before there is a
//! connection to write the request to (DNS, TCP, a proxy's refusal, TLS handshake). Everything
//! later is `Maybe`, including a reused connection that turns out to be closed: the HTTP layer
//! itself moves a request to a fresh connection if it can show that not one byte was written, and
//! reports all other cases.

use std::error::Error as StdError;

use pagos_core::{Reached, TransportError};

use crate::{Proxy, address::Refused, tls::Trust};

/// The call failed before the head of a response arrived.
pub(crate) fn no_answer(
    error: reqwest::Error,
    trust: Trust,
    proxy: Option<&Proxy>,
) -> TransportError {
    // The text of a reqwest error contains the URL with its query.
    let error = error.without_url();
    if error.is_builder() {
        return with_cause(Reached::No, "the request cannot be sent", error);
    }
    if error.is_connect() {
        if let Some(proxy) = proxy {
            return no_way(error, proxy);
        }
        let message = match (error.is_dns(), error.is_timeout(), trust) {
            (true, _, _) => "the host's name has no address",
            (false, true, _) => "no connection within the time limit",
            (false, false, Trust::System) => "no connection to the host",
            (false, false, Trust::Nobody) => {
                "no connection to the host (no certificate authorities were found on this system, \
                 so every https host is refused; install the package ca-certificates)"
            }
        };
        return with_cause(Reached::No, message, error);
    }
    if error.is_timeout() {
        return with_cause(Reached::Maybe, "no answer within the time limit", error);
    }
    with_cause(Reached::Maybe, "the connection broke before an answer came", error)
}

/// The proxy could not open a connection. Only its CONNECT was sent from this machine, and at most
/// a TLS handshake that failed; the request itself was not.
fn no_way(error: reqwest::Error, proxy: &Proxy) -> TransportError {
    let place = proxy.place();
    let cause = innermost(&error).unwrap_or_default();
    let message = match (error.is_timeout(), cause.as_str()) {
        (true, _) => format!("no connection through the proxy {place} within the time limit"),
        (false, cause) if cause.contains("authorization required") => format!(
            "the proxy {place} refuses its credentials, or wants some; correct them in the account's \
             proxy"
        ),
        (false, cause) if cause.contains("tunnel error") => format!(
            "the proxy {place} opens no way to the host; it must allow CONNECT to the host's name \
             and port"
        ),
        (false, _) => format!("no connection to the host through the proxy {place}"),
    };
    with_cause(Reached::No, &message, error)
}

/// A plain request that a proxy could read, and answer in the provider's place.
pub(crate) fn readable_by_a_proxy() -> TransportError {
    TransportError::new(
        Reached::No,
        "a plain http request does not go through a proxy, which could answer it in the provider's \
         place; use an https address, or take the account's proxy out",
    )
}

/// The URL names an address or a scheme that the options do not admit.
pub(crate) fn refused_destination() -> TransportError {
    TransportError::new(Reached::No, Refused.to_string())
}

/// The head of a response arrived, its body did not.
pub(crate) fn torn_body(error: reqwest::Error) -> TransportError {
    let error = error.without_url();
    let message = match error.is_timeout() {
        true => "the answer did not end within the time limit",
        false => "the answer broke off",
    };
    with_cause(Reached::Maybe, message, error)
}

/// The response is larger than the limit.
pub(crate) fn oversize(size_bytes_max: usize) -> TransportError {
    let message = format!("the answer is larger than {size_bytes_max} bytes");
    TransportError::new(Reached::Maybe, message)
}

/// Adds the innermost cause, which is what an operator needs ("connection refused").
fn with_cause(reached: Reached, what: &str, error: reqwest::Error) -> TransportError {
    let message = match innermost(&error) {
        Some(cause) => format!("{what}: {cause}"),
        None => what.to_owned(),
    };
    TransportError::new(reached, message).with_source(error)
}

fn innermost(error: &reqwest::Error) -> Option<String> {
    let mut cause = error.source()?;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    Some(cause.to_string())
}
