//! The receiver as a server: accepts connections, gives each a slot and a task, and ends them all.
//! `connection.rs` serves one; `receiver.rs` decides on the responses.

use std::{future::Future, io, pin::pin, time::Duration};

use tokio::{net::TcpListener, task::JoinSet};

use crate::{
    connection::{build_http, serve_connection},
    receiver::Receiver,
    serving::{Lost, Respond},
    slots::{Admission, Notices, Peer, Slot, Slots},
};

/// How serving ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct Served {
    /// Connections that were cut because a request did not end in time. Whatever it had stored by
    /// then is stored, and was not acknowledged.
    pub cut: usize,
}

impl Receiver {
    /// Serves until `shutdown` is ready. Then it accepts no more connections, gives current
    /// requests [`crate::Settings::drain_timeout`] to finish, and returns. It runs one task per
    /// connection, on the Tokio runtime that it is called on; dropping the future cuts them all.
    ///
    /// Strangers may reach it: every connection is limited in time and memory
    /// ([`crate::Settings`]), and only the acknowledgement of a verified delivery leaves it open for
    /// another request. When connections run out, the peer with the most gives up the one
    /// that has been idle or slow the longest.
    ///
    /// It speaks plain HTTP. A proxy in front of it must not redirect: some providers take a
    /// redirect for an acknowledgement, and the webhook is lost.
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
    /// If the runtime cannot use the listener.
    pub async fn serve(
        &self,
        listener: std::net::TcpListener,
        shutdown: impl Future<Output = ()>,
    ) -> io::Result<Served> {
        serve_connections(self, listener, shutdown).await
    }
}

/// Serves a responder as [`Receiver::serve`] serves deliveries, with the same limits and the same
/// rule about who makes room.
///
/// ```
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use pagos_webhook::{Connection, Lost, Respond, Settings, serve_connections};
///
/// #[derive(Clone)]
/// struct Echo(Settings);
///
/// impl Respond for Echo {
///     fn settings(&self) -> &Settings {
///         &self.0
///     }
///
///     fn count(&self, _: Lost) {}
///
///     async fn respond(
///         &self,
///         _: Connection<'_>,
///         request: Request<hyper::body::Incoming>,
///     ) -> Response<Bytes> {
///         Response::new(Bytes::from(request.uri().path().to_owned()))
///     }
/// }
///
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
/// # runtime.block_on(async {
/// let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
/// let shutdown = std::future::ready(()); // until a signal, say
/// let served = serve_connections(&Echo(Settings::default()), listener, shutdown).await.unwrap();
/// assert_eq!(served.cut, 0);
/// # });
/// ```
///
/// # Errors
/// If the runtime cannot use the listener.
pub async fn serve_connections<R: Respond>(
    responder: &R,
    listener: std::net::TcpListener,
    shutdown: impl Future<Output = ()>,
) -> io::Result<Served> {
    listener.set_nonblocking(true)?;
    let listener = TcpListener::from_std(listener)?;
    let settings = responder.settings();
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
                responder.count(Lost::Unaccepted);
                pause_after(&error).await;
                continue;
            }
        };
        let admission = tokio::select! {
            biased;
            () = &mut shutdown => break,
            admission = slots.admit(Peer::from(address.ip())) => admission,
        };
        let Some((slot, notices)) = count_admission(responder, admission) else {
            continue;
        };
        let http = http.clone();
        let connected = (stream, address.ip());
        let serving = serve_connection(responder.clone(), http, connected, slot, notices);
        connections.spawn(serving);
    }
    drop(listener);
    slots.stop();
    Ok(drain(connections, settings.drain_timeout).await)
}

fn count_admission(responder: &impl Respond, admission: Admission) -> Option<(Slot, Notices)> {
    match admission {
        Admission::Free(slot, notices) => Some((slot, notices)),
        Admission::Freed(slot, notices) => {
            responder.count(Lost::Evicted);
            Some((slot, notices))
        }
        Admission::Refused => {
            responder.count(Lost::Unaccepted);
            None
        }
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Pauses, unless the error is only that a client left before it was accepted.
async fn pause_after(error: &io::Error) {
    if matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset) {
        return;
    }
    // Most likely the file descriptors have run out, and hurrying does not help.
    tokio::time::sleep(ACCEPT_PAUSE).await;
}

async fn drain(mut connections: JoinSet<()>, patience: Duration) -> Served {
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(patience, all).await;
    let cut = connections.len();
    connections.shutdown().await;
    Served { cut }
}
