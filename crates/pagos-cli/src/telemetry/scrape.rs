//! `GET /metrics`, on a socket of its own that only this machine can reach: the page names accounts
//! and says how many payouts there are.

use std::{
    convert::Infallible,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::{sync::Semaphore, task::JoinHandle};

use super::Gauges;
use crate::exit::Failure;

/// More would be no scrapers.
const CONNECTIONS_MAX: usize = 16;

/// How long one connection may last, from its first byte to the end of its answer.
const CONNECTION_MAX: Duration = Duration::from_secs(10);

/// How often what was measured is summed up, if nobody asks.
const UPKEEP: Duration = Duration::from_secs(5);

/// Counters and gauges as one page.
#[derive(Debug)]
struct Page {
    counters: PrometheusHandle,
    gauges: Gauges,
}

/// A running listener. Dropping it ends it.
#[derive(Debug)]
pub(crate) struct Scraping {
    task: JoinHandle<Infallible>,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Scraping {
    /// Serves the page in a task of its own.
    ///
    /// # Errors
    /// If other machines could reach the address, or it cannot be listened on.
    pub(crate) fn spawn(
        address: SocketAddr,
        counters: PrometheusHandle,
        gauges: Gauges,
    ) -> Result<Self, Failure> {
        if !address.ip().is_loopback() {
            return Err(Failure::new(format!(
                "metrics name accounts and numbers of payouts, so they are served on this machine \
                 only: write --metrics 127.0.0.1:{}, and let the scraper come through a tunnel or a \
                 proxy that knows it",
                address.port()
            )));
        }
        let listener = TcpListener::bind(address)
            .map_err(|error| Failure::new(format!("cannot listen on {address}: {error}")))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let page = Arc::new(Page { counters, gauges });
        Ok(Self { task: tokio::spawn(serve(listener, page)), address })
    }
}

impl Drop for Scraping {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: tokio::net::TcpListener, page: Arc<Page>) -> Infallible {
    let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let mut upkeep = tokio::time::interval(UPKEEP);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = upkeep.tick() => {
                page.counters.run_upkeep();
                continue;
            }
        };
        let Ok((stream, _)) = accepted else {
            // Most likely the file descriptors have run out, and hurrying does not help.
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Without a place the connection is closed at once.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else { continue };
        let page = Arc::clone(&page);
        tokio::spawn(async move {
            let _place = place;
            let answering = service_fn(|request| answer(Arc::clone(&page), request));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .keep_alive(false)
                .serve_connection(TokioIo::new(stream), answering);
            // A scraper that left, or that is slow, asks again.
            let _ = tokio::time::timeout(CONNECTION_MAX, connection).await;
        });
    }
}

async fn answer(
    page: Arc<Page>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    if request.uri().path() != "/metrics" {
        return Ok(plain(StatusCode::NOT_FOUND, "the page is /metrics\n".to_owned()));
    }
    if request.method() != Method::GET {
        return Ok(plain(StatusCode::METHOD_NOT_ALLOWED, "GET only\n".to_owned()));
    }
    let gauges = page.gauges.render().await;
    Ok(plain(StatusCode::OK, page.counters.render() + &gauges))
}

fn plain(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
