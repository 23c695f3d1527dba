//! The suite that every transport must pass. What is ours alone (TLS, messages, DNS) is in the other
//! files.

use std::time::Duration;

use pagos_conformance::transport::Limits;
use pagos_conformance::transport::check;
use pagos_http::HttpOptions;
use pagos_http::HttpTransport;

#[tokio::test]
async fn the_suite_of_transports() -> Result<(), pagos_core::Error> {
    let limits = Limits { body_size_bytes_max: 4096, total_timeout: Duration::from_secs(1) };
    let options = HttpOptions {
        body_size_bytes_max: limits.body_size_bytes_max,
        total_timeout: limits.total_timeout,
        ..HttpOptions::default()
    };
    assert_eq!(check(&HttpTransport::new(&options)?, limits).await, Ok(()));
    Ok(())
}
