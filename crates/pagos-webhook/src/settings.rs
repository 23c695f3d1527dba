//! The receiver's limits.

use std::time::Duration;

/// The limits of a [`crate::Receiver`]. The defaults suit every provider that Pagos supports.
///
/// No value makes the receiver panic or hang: a limit on connections counts as at least 1, and a
/// duration as at least a millisecond and at most a year.
///
/// Except for `body_bytes_max` and `store_timeout`, all of them apply only to
/// [`crate::Receiver::serve`]; a program with an HTTP server of its own has that server's limits.
///
/// ```
/// use pagos_webhook::Settings;
///
/// // Behind a proxy every connection comes from one peer.
/// let settings = Settings { connections_per_peer_max: 256, ..Settings::default() };
/// assert_eq!(settings.connections_max, settings.connections_per_peer_max);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The longest body; a longer one is refused with 413. Default 64 KiB. It bounds the memory of
    /// a connection. With 0 only empty bodies are accepted.
    pub body_bytes_max: usize,
    /// The longest head of a request; a longer one is refused with 431. Default 16 KiB. It bounds
    /// the memory of a connection, which reads through a buffer of this size (8 KiB at least). With
    /// 0 every request is refused.
    pub head_bytes_max: usize,
    /// How long a request may take to arrive, head and body each, and how long a connection may
    /// idle. Default 10 seconds. It protects against clients that send slowly or not at all.
    pub read_timeout: Duration,
    /// How long a client may go without reading any of a response before its connection is cut.
    /// Default 5 seconds. It protects against clients that send and never read.
    pub write_timeout: Duration,
    /// How long a connection lives: after that it finishes its current request and is closed.
    /// Default 5 minutes. It protects against connections that are kept for ever.
    pub life_max: Duration,
    /// How long the store may take before the provider is told to send again. Default 2.5 seconds.
    /// Providers do not say how long they wait, so a response should be sent within 3 seconds. With
    /// 0 only a store that responds at once is in time.
    pub store_timeout: Duration,
    /// The number of connections served at once. Default 256. If all are taken, a new connection
    /// replaces one of the peer that has the most: the one whose last verified delivery (or whose
    /// opening) is the longest ago. A connection whose delivery is being verified or stored keeps
    /// its place; if all do, the new one waits.
    pub connections_max: usize,
    /// How many hints per second and account are looked up in the store. A hint is a delivery that
    /// proves nothing. Hints above the rate are answered with "send again", so that a flood of
    /// strangers costs the store nothing. Default 50; 0 accepts no hints at all.
    pub hints_per_second_max: u32,
    /// How many hints may come at once after a quiet time. Default 500.
    pub hints_burst_max: u32,
    /// The number of connections, out of [`Settings::connections_max`], that one peer may have: one
    /// IPv4 address, or one IPv6 network of 64 bits. Default 128. If a peer has that many, its new
    /// connection replaces one of its own, so that it cannot crowd out others. If deliveries are
    /// being stored on all of them, its new connection is closed.
    ///
    /// Behind a proxy all connections come from one peer, the proxy. The number must then be at
    /// least the size of the proxy's pool of connections to the receiver, and may be
    /// [`Settings::connections_max`].
    pub connections_per_peer_max: usize,
    /// How long a shutdown waits for current requests. Default 10 seconds.
    pub drain_timeout: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            body_bytes_max: 64 * 1024,
            head_bytes_max: 16 * 1024,
            read_timeout: Duration::from_secs(10),
            write_timeout: Duration::from_secs(5),
            life_max: Duration::from_secs(5 * 60),
            store_timeout: Duration::from_millis(2_500),
            connections_max: 256,
            connections_per_peer_max: 128,
            hints_per_second_max: 50,
            hints_burst_max: 500,
            drain_timeout: Duration::from_secs(10),
        }
    }
}

impl Settings {
    /// How long a connection may go on after its life is over: the time for a head, a body and a
    /// response. The time of the store is excluded, since a delivery that is being stored is never
    /// cut.
    pub(crate) fn finish_max(&self) -> Duration {
        let reading = within_reason(self.read_timeout).saturating_mul(2);
        reading.saturating_add(within_reason(self.write_timeout))
    }
}

/// Clamps a duration: timers do not wait at all for zero, and overflow for very long ones.
pub(crate) fn within_reason(duration: Duration) -> Duration {
    duration.clamp(Duration::from_millis(1), Duration::from_secs(365 * 24 * 60 * 60))
}
