//! The suite that every transport must pass. What is ours alone (TLS, messages, DNS) is in the other
//! files.

use std::{sync::Arc, time::Duration};

use pagos_conformance::transport::{Limits, check};
use pagos_core::{Clock, Timestamp};
use pagos_http::{HttpOptions, HttpTransport};

#[tokio::test]
async fn the_suite_of_transports() -> Result<(), pagos_core::Error> {
    let limits = Limits { body_size_bytes_max: 4096, total_timeout: Duration::from_secs(1) };
    let options = HttpOptions {
        body_size_bytes_max: limits.body_size_bytes_max,
        total_timeout: limits.total_timeout,
        ..HttpOptions::default()
    };
    assert_eq!(check(&HttpTransport::new(&options, Arc::new(Noon))?, limits).await, Ok(()));
    Ok(())
}

/// The suite's requests may leave at any time, so any clock will do.
#[derive(Debug)]
struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000)
    }
}
