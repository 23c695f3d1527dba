//! Incoming connections: bytes to requests, and replies to bytes or to the lack of them.
//! Not what is answered; see `host`.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{StatusCode, header::CONTENT_LENGTH};
use http_body_util::{BodyExt, Limited};
use hyper::{
    body::{Body, Frame, Incoming},
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use super::host::Host;
use crate::{control, twin::Reply};

/// Accepts connections until `stopped` says so.
pub(super) fn spawn_accepting(
    listener: TcpListener,
    host: Arc<Host>,
    mut stopped: watch::Receiver<()>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                _ = stopped.changed() => break,
                Some(_) = connections.join_next() => {}
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        connections.spawn(run(stream, Arc::clone(&host), stopped.clone()));
                    }
                    // Out of descriptors, most likely: let some connections end first.
                    Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
                },
            }
        }
        let finish = async { while connections.join_next().await.is_some() {} };
        // What does not finish in time is aborted when the set is dropped.
        let _ = tokio::time::timeout(FINISH_LIMIT, finish).await;
    })
}

async fn run(stream: TcpStream, host: Arc<Host>, mut stopped: watch::Receiver<()>) {
    // Without it, small answers wait for acknowledgements; a refusal changes nothing else.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| {
        let host = Arc::clone(&host);
        async move { answer(&host, request).await }
    });
    let connection =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    // A connection ends in an error whenever a fault closes it: nothing to report.
    tokio::select! {
        _ = connection.as_mut() => {}
        _ = stopped.changed() => {
            connection.as_mut().graceful_shutdown();
            let _ = connection.await;
        }
    }
}

async fn answer(
    host: &Host,
    request: http::Request<Incoming>,
) -> Result<http::Response<ReplyBody>, Closed> {
    let (head, body) = request.into_parts();
    let mut reply = match Limited::new(body, BODY_BYTES_MAX).collect().await {
        Ok(body) => host.handle(&http::Request::from_parts(head, body.to_bytes())),
        Err(_) => {
            control::error(StatusCode::PAYLOAD_TOO_LARGE, "the body is too large or broke off")
        }
    };
    while let Reply::Later { after, reply: later } = reply {
        tokio::time::sleep(host.clock().real(after)).await;
        reply = *later;
    }
    match reply {
        Reply::Answer(response) => Ok(response.map(ReplyBody::Whole)),
        Reply::Torn { response, sent_bytes } => Ok(torn(response, sent_bytes)),
        // A late reply was waited for above.
        Reply::Drop | Reply::Later { .. } => Err(Closed),
    }
}

/// Promises the whole body and sends a part.
fn torn(response: http::Response<Bytes>, sent_bytes: usize) -> http::Response<ReplyBody> {
    let whole_bytes = response.body().len();
    let mut response = response.map(|mut body| {
        body.truncate(sent_bytes);
        ReplyBody::Torn { rest: Some(body), is_flushed: false }
    });
    response.headers_mut().insert(CONTENT_LENGTH, whole_bytes.into());
    response
}

/// The connection closes here, on purpose.
#[derive(Debug, thiserror::Error)]
#[error("closed on purpose")]
struct Closed;

enum ReplyBody {
    Whole(Bytes),
    Torn { rest: Option<Bytes>, is_flushed: bool },
}

impl Body for ReplyBody {
    type Data = Bytes;
    type Error = Closed;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Closed>>> {
        match &mut *self {
            Self::Whole(body) if body.is_empty() => Poll::Ready(None),
            Self::Whole(body) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(body))))),
            Self::Torn { rest, is_flushed } => match rest.take() {
                Some(part) => Poll::Ready(Some(Ok(Frame::data(part)))),
                // Pending makes the connection write out what it has before it learns of the end.
                None if !*is_flushed => {
                    *is_flushed = true;
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                None => Poll::Ready(Some(Err(Closed))),
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Self::Whole(body) if body.is_empty())
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match self {
            Self::Whole(body) => {
                hyper::body::SizeHint::with_exact(u64::try_from(body.len()).unwrap_or(u64::MAX))
            }
            Self::Torn { .. } => hyper::body::SizeHint::default(),
        }
    }
}

/// More than any provider's request, and than any list of triggers.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
const FINISH_LIMIT: Duration = Duration::from_secs(5);
