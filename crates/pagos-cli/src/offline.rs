//! The outside of commands that send nothing: the system's clock, and a network and a nonce source
//! that refuse. Not for any command that moves money.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{Departure, NonceSource, Reached, Transport, TransportError};
use pagos_http::HttpOptions;
use pagos_system::System;

use crate::accounts::Seams;

/// The outside of a command that sends nothing.
pub(crate) fn seams() -> Seams {
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
