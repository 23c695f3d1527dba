//! The receiver as a server: HTTP/1.1 over TCP, limited in every direction. What is answered is
//! decided in `receiver.rs`.

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::Response;
use http_body_util::BodyExt;
use http_body_util::Full;
use http_body_util::LengthLimitError;
use http_body_util::Limited;
use hyper::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use hyper_util::rt::TokioTimer;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::receiver::Receiver;
use crate::receiver::is_ready_question;

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
    /// It speaks plain HTTP. What stands before it must not redirect: a redirect counts as an
    /// acknowledgement for some providers, and the webhook is lost.
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
        let (stop, stopping) = watch::channel(());
        let mut connections = JoinSet::new();
        let room = Arc::new(Semaphore::new(self.settings().connections_max));
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = tokio::select! {
                biased;
                () = &mut shutdown => break,
                Some(_) = connections.join_next() => continue,
                accepted = accept(&listener, &room) => accepted,
            };
            let Ok((stream, place)) = accepted else {
                // Out of file descriptors, most likely: it does not get better by hurrying.
                self.tallied().unaccepted.add();
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let connection = self.clone().serve_connection(stream, stopping.clone());
            connections.spawn(async move {
                connection.await;
                drop(place);
            });
        }
        drop(listener);
        drop(stop);
        Ok(drain(connections, self.settings().drain_timeout).await)
    }

    async fn serve_connection(self, stream: TcpStream, mut stopping: watch::Receiver<()>) {
        // An answer is one small packet; it shall not wait for another.
        let _ = stream.set_nodelay(true);
        let settings = self.settings().clone();
        let service = service_fn(move |request| {
            let receiver = self.clone();
            async move { Ok::<_, Infallible>(receiver.respond(request).await.map(Full::new)) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(settings.read_timeout)
            .max_header_size(settings.head_bytes_max)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = pin!(connection);
        // A connection that breaks off is the provider's business: it sends again.
        tokio::select! {
            _ = connection.as_mut() => return,
            // The sender is dropped, never used: its end is the signal.
            _ = stopping.changed() => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        if is_ready_question(&head) {
            return self.answer_ready().await;
        }
        let endpoint = match self.route(&head) {
            Ok(endpoint) => endpoint,
            Err(answer) => return *answer,
        };
        match self.read(body).await {
            Reading::Whole(body) => self.take(endpoint, head, body).await,
            Reading::TooLarge => self.refuse_too_large(),
            Reading::Unfinished => self.refuse_unfinished(),
        }
    }

    async fn read(&self, body: Incoming) -> Reading {
        let bytes_max = self.settings().body_bytes_max;
        // What is announced as too long is not read at all.
        if usize::try_from(body.size_hint().lower()).is_ok_and(|lower| lower > bytes_max) {
            return Reading::TooLarge;
        }
        let collecting = Limited::new(body, bytes_max).collect();
        match tokio::time::timeout(self.settings().read_timeout, collecting).await {
            Ok(Ok(body)) => Reading::Whole(body.to_bytes()),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Reading::TooLarge,
            Ok(Err(_)) | Err(_) => Reading::Unfinished,
        }
    }
}

const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

enum Reading {
    Whole(Bytes),
    TooLarge,
    Unfinished,
}

/// Waits for room first: who comes too many is not accepted yet, rather than turned away.
async fn accept(
    listener: &TcpListener,
    room: &Arc<Semaphore>,
) -> io::Result<(TcpStream, tokio::sync::OwnedSemaphorePermit)> {
    let place = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, _) = listener.accept().await?;
    Ok((stream, place))
}

async fn drain(mut connections: JoinSet<()>, patience: Duration) -> Served {
    let all = async { while connections.join_next().await.is_some() {} };
    let _ = tokio::time::timeout(patience, all).await;
    let cut = connections.len();
    connections.shutdown().await;
    Served { cut }
}
