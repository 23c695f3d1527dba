//! Serves one connection: HTTP/1.1 over TCP with a limit on everything that a client can draw out.
//! `slots.rs` decides which connection gives way to another.

use std::{
    convert::Infallible,
    error::Error as _,
    io,
    net::IpAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::{
    body::{Body, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{net::TcpStream, time::Instant};
use tokio_io_timeout::TimeoutWriter;

use crate::{
    receiver::{Keeps, Receiver, answer_to, closing, is_ready_query},
    serving::{Connection, Lost, Respond},
    settings::{Settings, within_reason},
    slots::{Notice, Notices, Slot},
};

/// The `hyper` settings of every connection.
pub(crate) fn build_http(settings: &Settings) -> Arc<http1::Builder> {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(within_reason(settings.read_timeout))
        .max_header_size(settings.head_bytes_max)
        // Heads and bodies are both read through this buffer, which `hyper` would let grow to 400
        // KiB.
        .max_buf_size(settings.head_bytes_max.max(BUFFER_BYTES_MIN));
    Arc::new(http)
}

/// `hyper` panics below this size.
const BUFFER_BYTES_MIN: usize = 8192;

/// Serves one connection until it ends, is evicted, or has outlived its limits.
pub(crate) async fn serve_connection(
    responder: impl Respond,
    http: Arc<http1::Builder>,
    (stream, peer): (TcpStream, IpAddr),
    slot: Slot,
    mut notices: Notices,
) {
    // A response is one small packet and must not wait for another.
    let _ = stream.set_nodelay(true);
    let settings = responder.settings();
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(within_reason(settings.write_timeout)));
    let has_proven = AtomicBool::new(false);
    let (respond, connection_slot, proven) = (&responder, &slot, &has_proven);
    let service = service_fn(move |request| async move {
        let connection = Connection { peer, slot: connection_slot, has_proven: proven };
        let answer = respond.respond(connection, request).await;
        Ok::<_, Infallible>(answer.map(Full::new))
    });
    let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
    let mut connection = pin!(connection);
    let mut limit = pin!(tokio::time::sleep(within_reason(settings.life_max)));
    let mut is_finishing = false;
    loop {
        tokio::select! {
            biased;
            // If a connection breaks, the provider sends its delivery again.
            ended = connection.as_mut() => {
                // A provider that keeps a connection open and is silent is no stranger.
                let is_stranger = !has_proven.load(Ordering::Relaxed);
                let is_slow = |error: hyper::Error| {
                    is_unread(&error) || (is_stranger && error.is_timeout())
                };
                if ended.is_err_and(is_slow) {
                    responder.count(Lost::Slow);
                }
                return;
            }
            notice = &mut notices => match notice {
                Notice::Evicted => return,
                Notice::Stopping => connection.as_mut().graceful_shutdown(),
            },
            () = limit.as_mut() => {
                if is_finishing && slot.close() {
                    responder.count(Lost::Slow);
                    return;
                }
                is_finishing = true;
                connection.as_mut().graceful_shutdown();
                limit.as_mut().reset(Instant::now() + settings.finish_max());
            }
        }
    }
}

impl Respond for Receiver {
    fn settings(&self) -> &Settings {
        Receiver::settings(self)
    }

    fn count(&self, lost: Lost) {
        match lost {
            Lost::Unaccepted => self.count_unaccepted(),
            Lost::Evicted => self.count_evicted(),
            Lost::Slow => self.count_slow(),
        }
    }

    async fn respond(
        &self,
        connection: Connection<'_>,
        request: Request<Incoming>,
    ) -> Response<Bytes> {
        let (head, body) = request.into_parts();
        if is_ready_query(&head) {
            return closing(answer_to(&head.method, self.answer_ready().await));
        }
        let endpoint = match self.route(&head) {
            Ok(endpoint) => endpoint,
            Err(answer) => return closing(answer_to(&head.method, *answer)),
        };
        let body = match self.read(body).await {
            Reading::Whole(body) => body,
            Reading::TooLarge => return self.refuse_too_large(),
            Reading::Unfinished => return self.refuse_unfinished(),
        };
        let Some(busy) = connection.begin() else {
            return closing(self.refuse_evicted());
        };
        let answered = self.take(endpoint, head, body).await;
        match answered.keeps {
            Keeps::Open => {
                connection.prove(busy);
                answered.response
            }
            Keeps::Close => closing(answered.response),
        }
    }
}

impl Receiver {
    async fn read(&self, body: Incoming) -> Reading {
        let bytes_max = self.settings().body_bytes_max;
        // A body that is announced as too long is not read at all.
        if usize::try_from(body.size_hint().lower()).is_ok_and(|lower| lower > bytes_max) {
            return Reading::TooLarge;
        }
        let patience = within_reason(self.settings().read_timeout);
        let reading = tokio::time::timeout(patience, collect(body, bytes_max)).await;
        reading.unwrap_or(Reading::Unfinished)
    }
}

enum Reading {
    Whole(Bytes),
    TooLarge,
    Unfinished,
}

/// Collects a body and copies every piece: even a piece of one byte keeps a whole buffer of `hyper`
/// alive, so a body that arrives byte by byte would cost some thousand times its length.
async fn collect(mut body: Incoming, bytes_max: usize) -> Reading {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(bytes_max);
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(frame) = frame else {
            return Reading::Unfinished;
        };
        // A frame without data is a trailer, and no provider signs those.
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if piece.len() > bytes_max.saturating_sub(whole.len()) {
            return Reading::TooLarge;
        }
        if whole.is_empty() {
            whole.reserve(announced);
        }
        whole.extend_from_slice(&piece);
    }
    Reading::Whole(whole.freeze())
}

/// Whether a connection ended because the client took too long to read an answer.
fn is_unread(error: &hyper::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    cause.is_some_and(|cause| cause.kind() == io::ErrorKind::TimedOut)
}
