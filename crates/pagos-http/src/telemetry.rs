//! What the transport tells whoever subscribes to `tracing`: one event for each request.
//!
//! `docs/TELEMETRY.md` is the contract. It names the host and neither path, query, header nor body:
//! those hold keys, references and secrets. Without a subscriber no clock is read.

use bytes::Bytes;
use http::{Method, Uri};
use pagos_core::{Clock, Reached, Timestamp, TransportError};

/// A request under way. When it is dropped, it is over: answered, or given up.
pub(crate) struct Exchange<'a> {
    heard: Option<Heard<'a>>,
    status: Option<u16>,
    response_bytes: Option<u64>,
    outcome: &'static str,
    reached: &'static str,
}

struct Heard<'a> {
    clock: &'a dyn Clock,
    began_at: Timestamp,
    method: Method,
    host: String,
}

impl<'a> Exchange<'a> {
    pub(crate) fn begin(request: &http::Request<Bytes>, clock: &'a dyn Clock) -> Self {
        let heard = tracing::enabled!(target: TARGET, tracing::Level::DEBUG).then(|| Heard {
            clock,
            began_at: clock.now(),
            method: request.method().clone(),
            host: host_of(request.uri()),
        });
        let (status, response_bytes) = (None, None);
        Self { heard, status, response_bytes, outcome: "unanswered", reached: "maybe" }
    }

    /// Notes how it ended. An exchange that is dropped without an end stays unanswered.
    pub(crate) fn ended(&mut self, answer: &Result<http::Response<Bytes>, TransportError>) {
        (self.outcome, self.reached) = match answer {
            Ok(_) => ("answered", "yes"),
            Err(TransportError { reached: Reached::No, .. }) => ("failed", "no"),
            Err(TransportError { reached: Reached::Maybe, .. }) => ("failed", "maybe"),
        };
        if let Ok(response) = answer {
            self.status = Some(response.status().as_u16());
            self.response_bytes = u64::try_from(response.body().len()).ok();
        }
    }
}

impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        let Some(heard) = &self.heard else { return };
        let taken = heard.clock.now().since(heard.began_at);
        tracing::debug!(
            target: TARGET,
            method = heard.method.as_str(),
            host = heard.host.as_str(),
            status = self.status,
            outcome = self.outcome,
            reached = self.reached,
            response_bytes = self.response_bytes,
            ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX),
            "exchange"
        );
    }
}

/// Without what may stand before it: an address can carry a user and a password.
fn host_of(uri: &Uri) -> String {
    uri.host().unwrap_or_default().to_owned()
}

/// The target of everything here.
const TARGET: &str = "pagos_http";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_told_without_password_path_or_query() {
        let uri: Uri = "https://user:word@api.example:8443/orders/k-1?sign=5ac0".parse().unwrap();
        assert_eq!(host_of(&uri), "api.example");
    }
}
