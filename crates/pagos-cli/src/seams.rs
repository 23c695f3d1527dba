//! What accounts get from outside (network, clock, nonces), and its replacement for commands that
//! send nothing: a network and a nonce source that refuse.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{Clock, Departure, Error, NonceSource, Reached, Transport, TransportError};
use pagos_engine::Policy;
use pagos_http::{HttpOptions, HttpTransport};
use pagos_system::System;

use crate::exit::Failure;
#[cfg(feature = "failpoints")]
use crate::failpoints;

/// What a provider gets from outside.
#[derive(Debug, Clone)]
pub(crate) struct Seams {
    /// Shared by all accounts without certificates and proxy of their own.
    pub(crate) transport: Arc<dyn Transport>,
    /// The limits of every transport.
    pub(crate) options: HttpOptions,
    /// Makes the transport of the other accounts.
    pub(crate) connect: fn(&HttpOptions) -> Result<Arc<dyn Transport>, Error>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) nonces: Arc<dyn NonceSource>,
}

/// The network, the clock and the randomness for a command that pays.
pub(crate) fn online(policy: &Policy) -> Result<Seams, Failure> {
    // The engine's deadline decides, and is longer for a provider that needs it; the transport's
    // own limit is a fallback.
    let options = HttpOptions { total_timeout: policy.deadline * 2, ..HttpOptions::default() };
    let transport = connect(&options)?;
    let (clock, nonces) = (Arc::new(System), Arc::new(System));
    Ok(Seams { transport, options, connect, clock, nonces })
}

fn connect(options: &HttpOptions) -> Result<Arc<dyn Transport>, Error> {
    let transport = Arc::new(HttpTransport::new(options, Arc::new(System))?);
    #[cfg(feature = "failpoints")]
    let transport = failpoints::transport(transport);
    Ok(transport)
}

/// The replacement for a command that sends nothing. Never for a command that moves money.
pub(crate) fn offline() -> Seams {
    Seams {
        transport: Arc::new(NoNetwork),
        options: HttpOptions::default(),
        connect: |_| Ok(Arc::new(NoNetwork)),
        clock: Arc::new(System),
        nonces: Arc::new(NoNonces),
    }
}

#[derive(Debug)]
struct NoNetwork;

#[async_trait]
impl Transport for NoNetwork {
    async fn send(
        &self,
        _request: http::Request<Bytes>,
        _departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        Err(TransportError::new(Reached::No, "this command does not use the network"))
    }
}

/// Always draws the same value, because nothing made with it leaves the machine.
#[derive(Debug)]
struct NoNonces;

impl NonceSource for NoNonces {
    fn draw(&self) -> [u8; 16] {
        [0; 16]
    }
}
