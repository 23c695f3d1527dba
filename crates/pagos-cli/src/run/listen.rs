//! The socket on which webhooks arrive, and the address that providers are told for it.

use std::net::{SocketAddr, TcpListener};

use pagos_core::AccountName;

use crate::exit::Failure;

/// Opens the socket for webhooks; deliveries wait in it until the receiver serves.
pub(crate) fn open(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .map_err(|error| Failure::new(format!("cannot listen on {address}: {error}")))
}

/// The webhook address of a sandbox account on this machine.
pub(crate) fn notify_url(listening: SocketAddr, account: &AccountName) -> String {
    format!("http://{listening}/webhooks/{account}")
}
