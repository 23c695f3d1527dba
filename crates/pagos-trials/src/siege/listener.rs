//! A loopback port whose connections are each served by a thread of its own. Dropping it closes the
//! port; threads end with their connections.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use crate::failure::Failure;

const WAKE_MAX: Duration = Duration::from_millis(200);

/// An open port.
#[derive(Debug)]
pub(super) struct Listener {
    address: SocketAddr,
    is_closed: Arc<AtomicBool>,
}

impl Listener {
    /// Opens a free port. A connection whose service fails is closed, which is all that its other
    /// side needs to know.
    pub(super) fn open(
        serve: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
        let listener = listener.map_err(Failure::while_doing("opening a port"))?;
        let address = listener.local_addr().map_err(Failure::while_doing("opening a port"))?;
        let is_closed = Arc::new(AtomicBool::new(false));
        let (has_ended, serve) = (Arc::clone(&is_closed), Arc::new(serve));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if has_ended.load(Ordering::Relaxed) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let serve = Arc::clone(&serve);
                thread::spawn(move || serve(stream));
            }
        });
        Ok(Self { address, is_closed })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.is_closed.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts; if it cannot be woken, it ends with the process.
        drop(TcpStream::connect_timeout(&self.address, WAKE_MAX));
    }
}
