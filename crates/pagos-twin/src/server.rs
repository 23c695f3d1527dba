//! Twins behind HTTP/1 on loopback: real time, sockets and outgoing webhooks.
//! Not for the network at large: webhooks go to loopback addresses only, and there is no TLS.

use std::{fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use pagos_core::Timestamp;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

use crate::{
    journal::{Journal, JournalError},
    world::World,
};

mod clock;
mod connection;
mod host;
mod poster;
mod sender;

pub use clock::ScaledClock;

use host::Host;

/// How a world is served.
#[derive(Debug, Clone, Default)]
pub struct ServeOptions {
    /// Where everything is written down, so that a killed server comes back with its memory.
    pub journal: Option<PathBuf>,
    /// How many times faster than real time; 0 counts as 1.
    pub speed: u32,
    /// What the clock shows at the start; real time if absent. A journal that is not empty wins.
    pub start: Option<Timestamp>,
}

/// A world cannot be served.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The listener has no address.
    #[error("the listener has no address")]
    Listener(#[source] std::io::Error),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// Serves a world until the handle is shut down or dropped. Spawns tasks on the present runtime,
/// which must have its network and time drivers on.
///
/// # Errors
/// [`ServeError`]; nothing runs then.
pub async fn serve(
    listener: TcpListener,
    world: World,
    options: ServeOptions,
) -> Result<ServerHandle, ServeError> {
    let address = listener.local_addr().map_err(ServeError::Listener)?;
    let (journal, world, last_at) = match &options.journal {
        Some(path) => {
            let opened = Journal::open(path, world)?;
            (Some(opened.journal), opened.world, opened.last_at)
        }
        None => (None, world, None),
    };
    let start = last_at.or(options.start).unwrap_or_else(clock::real_now);
    let clock = ScaledClock::new(start, options.speed.max(1));
    let host = Arc::new(Host::new(world, clock, journal));
    host.give_up_in_flight();
    let (stop, stopped) = watch::channel(());
    let accepting = connection::spawn_accepting(listener, Arc::clone(&host), stopped.clone());
    let sending = sender::spawn_sending(Arc::clone(&host), stopped);
    Ok(ServerHandle { address, host, stop, accepting, sending })
}

/// A running server.
pub struct ServerHandle {
    address: SocketAddr,
    host: Arc<Host>,
    stop: watch::Sender<()>,
    accepting: JoinHandle<()>,
    sending: JoinHandle<()>,
}

impl ServerHandle {
    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://` and the address: what the base URLs of providers begin with.
    #[must_use]
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What the world's clock shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.host.now()
    }

    /// Jumps ahead.
    pub fn advance(&self, by: Duration) {
        self.host.advance(by);
    }

    /// Looks at the world. Requests wait meanwhile.
    pub fn inspect<R>(&self, look: impl FnOnce(&World) -> R) -> R {
        self.host.inspect(look)
    }

    /// Stops accepting, lets requests that are being answered finish, abandons webhooks under way.
    pub async fn shut_down(self) {
        let Self { stop, accepting, sending, .. } = self;
        drop(stop);
        // A task of ours that panicked has nothing left to wait for.
        let _ = sending.await;
        let _ = accepting.await;
    }
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle").field("address", &self.address).finish_non_exhaustive()
    }
}
