//! What accounts are given from outside, and what stands in its place for commands that send nothing:
//! a network and a nonce source that refuse.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{Clock, Departure, Error, NonceSource, Reached, Transport, TransportError};
use pagos_http::HttpOptions;
use pagos_system::System;

/// What a provider is given from outside.
#[derive(Debug, Clone)]
pub(crate) struct Seams {
    /// What all accounts share that have no certificates and no proxy of their own.
    pub(crate) transport: Arc<dyn Transport>,
    /// The limits of every transport.
    pub(crate) options: HttpOptions,
    /// Makes the transport of an account that has.
    pub(crate) connect: fn(&HttpOptions) -> Result<Arc<dyn Transport>, Error>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) nonces: Arc<dyn NonceSource>,
}

/// The outside of a command that sends nothing. Not for any command that moves money.
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

/// The same value each time: nothing that is made with it leaves the machine.
#[derive(Debug)]
struct NoNonces;

impl NonceSource for NoNonces {
    fn draw(&self) -> [u8; 16] {
        [0; 16]
    }
}
