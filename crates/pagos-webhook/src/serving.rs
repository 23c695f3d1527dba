//! What a server of limited connections asks for each request: the receiver's own, and the HTTP API
//! of another crate, which meets the same strangers.

use std::{
    future::Future,
    net::IpAddr,
    sync::atomic::{AtomicBool, Ordering},
};

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;

use crate::{
    settings::Settings,
    slots::{Busy, Slot},
};

/// Responds to requests. Clones share one responder.
pub trait Respond: Clone + Send + Sync + 'static {
    /// The limits of its connections.
    fn settings(&self) -> &Settings;

    /// Counts a connection that came to nothing.
    fn count(&self, lost: Lost);

    /// Responds to one request.
    fn respond(
        &self,
        connection: Connection<'_>,
        request: Request<Incoming>,
    ) -> impl Future<Output = Response<Bytes>> + Send;
}

/// How a connection came to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// It could not be accepted, or its peer's share is busy.
    Unaccepted,
    /// It made room for a newer one.
    Evicted,
    /// It was idle, slow, or did not read.
    Slow,
}

/// The connection that a request came on.
#[derive(Debug)]
pub struct Connection<'a> {
    pub(crate) peer: IpAddr,
    pub(crate) slot: &'a Slot,
    pub(crate) has_proven: &'a AtomicBool,
}

impl<'a> Connection<'a> {
    /// The address of the other end, which may be a proxy.
    pub fn peer(&self) -> IpAddr {
        self.peer
    }

    /// Protects the connection from eviction until the returned guard is dropped. `None` if it is
    /// already evicted.
    pub fn begin(&self) -> Option<Busy<'a>> {
        self.slot.begin()
    }

    /// The peer has proven that it knows a secret: the connection counts as new again.
    pub fn prove(&self, busy: Busy<'_>) {
        busy.end_verified();
        self.has_proven.store(true, Ordering::Relaxed);
    }
}
