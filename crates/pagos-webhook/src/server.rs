//! The receiver as a server: accepts connections, gives each a slot and a task, and ends them all.
//! How one is served is in `connection.rs`; what is answered is decided in `receiver.rs`.

use std::{future::Future, io, pin::pin, time::Duration};

use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    connection::build_http,
    receiver::Receiver,
    slots::{Admission, Notices, Peer, Slot, Slots},
};

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Served {
    /// Connections that were cut because a request under way did not end in time. What it had
    /// stored by then is stored, and was not acknowledged.
    pub cut: usize,
}

impl Receiver {
    /// Serves until `shutdown` is ready: then accepts no more, lets requests under way finish for
    /// [`crate::Settings::drain_timeout`], and returns. Runs one task per connection, on the Tokio
    /// runtime that it is called on; dropping the future cuts them all.
    ///
    /// Strangers may reach it: every connection is limited in time and memory
    /// ([`crate::Settings`]), and only the acknowledgement of a verified delivery leaves it open for
    /// another request. When connections run out, the peer with the most gives up the one
    /// that has been idle or slow the longest.
    ///
    /// It speaks plain HTTP. What stands before it must not redirect: a redirect counts as an
    /// acknowledgement for some providers, and the webhook is lost.
    ///
    /// ```
    /// # mod scene { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/doc/scene.in")); }
    /// # scene::play(async {
    /// # let receiver = scene::receiver();
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    /// let shutdown = std::future::ready(()); // until a signal, say
    /// let served = receiver.serve(listener, shutdown).await.unwrap();
    /// assert_eq!(served.cut, 0);
    /// # });
    /// ```
    ///
    /// # Errors
    /// If the runtime cannot take the listener over.
    pub async fn serve(
        &self,
        listener: std::net::TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<Served> {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        let settings = self.settings();
        let slots = Slots::new(settings.connections_max, settings.connections_per_peer_max);
        let http = build_http(settings);
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => continue,
                accepted = listener.accept() => accepted,
            };
            let (stream, address) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    self.count_unaccepted();
                    pause_after(&error).await;
                    continue;
                }
            };
            let admission = tokio::select! {
                biased;
                () = &mut shutdown => break,
                admission = slots.admit(Peer::from(address.ip())) => admission,
            };
            let Some((slot, notices)) = self.count_admission(admission) else {
                continue;
            };
            let http = http.clone();
            connections.spawn(self.clone().serve_connection(http, stream, slot, notices));
        }
        drop(listener);
        slots.stop();
        Ok(drain(connections, settings.drain_timeout).await)
    }

    fn count_admission(&self, admission: Admission) -> Option<(Slot, Notices)> {
        match admission {
            Admission::Free(slot, notices) => Some((slot, notices)),
            Admission::Freed(slot, notices) => {
                self.count_evicted();
                Some((slot, notices))
            }
            Admission::Refused => {
                self.count_unaccepted();
                None
            }
        }
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A client that went away before it was accepted is no reason to let the next one wait.
async fn pause_after(error: &io::Error) {
    if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        return;
    }
    // Out of file descriptors, most likely: it does not get better by hurrying.
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

async fn drain(mut connections: JoinSet<()>, patience: Duration) -> Served {
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(patience, all).await;
    let cut = connections.len();
    connections.shutdown().await;
    Served { cut }
}
