//! A world as a transport, in one process and in virtual time. No sockets, no waiting.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use pagos_core::{Departure, Reached, Transport, TransportError};

use crate::{clock::TwinClock, surface, twin::Reply, world::World};

/// Sends requests into a world. The host of a request is not looked at, its path is.
///
/// Whatever comes back without a whole response is [`Reached::Maybe`], as it would be on a real
/// network. A late reply comes at once, since nobody waits in virtual time. A request whose
/// [`Departure`] is over by the world's clock does not reach it.
#[derive(Debug, Clone)]
pub struct TwinTransport {
    world: Arc<Mutex<World>>,
    clock: Arc<dyn TwinClock>,
}

impl TwinTransport {
    /// A transport into `world`, which lives by `clock`.
    #[must_use]
    pub fn new(world: Arc<Mutex<World>>, clock: Arc<dyn TwinClock>) -> Self {
        Self { world, clock }
    }

    fn reply(&self, request: &http::Request<Bytes>) -> Reply {
        if request.uri().path() == surface::CLOCK_PATH {
            return surface::answer_clock(&*self.clock, request);
        }
        // A world that panicked elsewhere is still a world: twins keep no half-made state.
        let mut world = self.world.lock().unwrap_or_else(PoisonError::into_inner);
        world.handle(request, self.clock.now())
    }
}

#[async_trait]
impl Transport for TwinTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        if departure.is_over(self.clock.now()) {
            return Err(TransportError::too_late());
        }
        into_result(self.reply(&request))
    }
}

fn into_result(reply: Reply) -> Result<http::Response<Bytes>, TransportError> {
    match reply {
        Reply::Answer(response) => Ok(response),
        Reply::Drop => {
            let message = "the connection closed before a response";
            Err(TransportError::new(Reached::Maybe, message))
        }
        Reply::Torn { .. } => {
            Err(TransportError::new(Reached::Maybe, "the response broke off in its body"))
        }
        Reply::Later { reply, .. } => into_result(*reply),
    }
}
