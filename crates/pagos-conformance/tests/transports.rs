//! The suite of transports is itself under test: a careful client is green, and each way of being
//! helpful is red, by the line that names it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod plain;

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use pagos_conformance::transport::{Limits, check};
use plain::{Manners, Plain};

/// The client blocks, so the first turn is the last.
fn run(manners: Manners, timeout_ms: u64) -> Result<(), Vec<String>> {
    let total_timeout = Duration::from_millis(timeout_ms);
    let limits = Limits { body_size_bytes_max: 4096, total_timeout };
    let client = Plain { limits, manners };
    let future = pin!(check(&client, limits));
    match future.poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(outcome) => outcome,
        Poll::Pending => panic!("the client waits for something"),
    }
}

#[test]
fn a_careful_client_is_green() {
    assert_eq!(run(Manners::Careful, 1_000), Ok(()));
}

#[test]
fn every_helpful_client_is_red() {
    let cases = [
        (Manners::FollowsRedirects, "POST that is answered 307: 2 requests arrived"),
        (Manners::RepeatsLostRequests, "closed without an answer: 2 requests arrived"),
        (Manners::RepeatsWhatIsThrottled, "POST that is answered 429: 2 requests arrived"),
        (Manners::Unpacks, "a body in gzip was unpacked"),
        (Manners::ReadsEverything, "too large, announced: an answer was returned"),
        (Manners::CutsWhatIsTooLarge, "too large, in chunks: an answer was returned"),
        (Manners::TakesTornForWhole, "a torn body: an answer was returned"),
        (Manners::CallsLostUndelivered, "a torn head: No instead of Maybe"),
        (Manners::CallsRefusedDelivered, "a refused connection: Maybe instead of No"),
        (Manners::ShowsTheAddress, "a torn head: the error shows the query"),
        (Manners::DropsTheSensitive, "the header authorization of a request did not arrive"),
        (Manners::TidiesTheTarget, "the target of a request was changed"),
        (Manners::WaitsForEver, "silence: an answer was returned"),
    ];
    for (manners, expected) in cases {
        let findings = run(manners, 100).expect_err(&format!("{manners:?} is not found out"));
        let is_named = findings.iter().any(|finding| finding.contains(expected));
        assert!(is_named, "{manners:?}: {findings:#?}");
    }
}
