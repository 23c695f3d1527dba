//! The receiver's limits. No addresses and no secrets.

use std::time::Duration;

/// Limits of a [`crate::Receiver`]. The defaults suit every provider that Pagos knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The longest body that is read; a longer one is refused with 413. Default 64 KiB.
    pub body_bytes_max: usize,
    /// The longest head of a request; a longer one is refused with 431. Default 16 KiB.
    pub head_bytes_max: usize,
    /// How long a request may take to arrive, head and body each, and how long a connection may
    /// idle. Default 10 seconds.
    pub read_timeout: Duration,
    /// How long the store may take before the provider is told to send again. The answer should
    /// leave within 3 seconds, since providers do not say for how long they wait. Default 2.5
    /// seconds.
    pub store_timeout: Duration,
    /// Connections served at once; more wait to be accepted. Default 256.
    pub connections_max: usize,
    /// How many hints a second the store is asked about, for each account. A hint is a delivery that
    /// proves nothing. What comes above it is answered with "send again", so that a flood of strangers
    /// costs the store nothing. Default 50; 0 takes no hints at all.
    pub hints_per_second_max: u32,
    /// So many hints may come at once after a quiet time. Default 500.
    pub hints_burst_max: u32,
    /// Placeholder, see the server.
    pub write_timeout: Duration,
    /// Placeholder, see the server.
    pub life_max: Duration,
    /// Placeholder, see the server.
    pub connections_per_peer_max: usize,
    /// How long a shutdown waits for requests under way. Default 10 seconds.
    pub drain_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes_max: 64 * 1024,
            head_bytes_max: 16 * 1024,
            read_timeout: Duration::from_secs(10),
            store_timeout: Duration::from_millis(2_500),
            connections_max: 256,
            write_timeout: Duration::from_secs(5),
            life_max: Duration::from_secs(300),
            connections_per_peer_max: 128,
            hints_per_second_max: 50,
            hints_burst_max: 500,
            drain_timeout: Duration::from_secs(10),
        }
    }
}
