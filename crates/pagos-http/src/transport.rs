//! Sends one request over the network, once: no retry, no redirect, no cookie, no decompression.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::uri::Scheme;
use pagos_core::{Clock, Departure, Error, ErrorKind, Transport, TransportError};

use crate::{
    Destinations, HttpOptions, LargeBody, Proxy,
    address::Resolver,
    failure,
    telemetry::Exchange,
    tls::{self, Trust},
};

/// The transport of a process. Build one and share it: connections are kept, and reusing one is
/// some forty times cheaper than opening one.
///
/// It speaks HTTP/1.1 only. The body is sent and returned byte for byte. Dropping the future closes
/// the connection; the request may have arrived all the same.
///
/// Proxies are not taken from the environment: a variable left in a shell must not decide which
/// machine sees signed requests, and providers admit callers by their address. A proxy that the
/// options name opens a connection to the provider (CONNECT) and reads nothing: TLS ends at the
/// provider. A plain http request is then not sent, because the proxy could answer it.
///
/// A request whose [`Departure`] is over is not sent. The clock is read once, immediately before
/// the client gets the request: a suspension of the machine after that, while a connection is being
/// made, goes unnoticed.
#[derive(Clone)]
pub struct HttpTransport {
    client: reqwest::Client,
    /// For plain http, which may be admitted to other addresses than https.
    plain_client: reqwest::Client,
    destinations: Destinations,
    body_size_bytes_max: usize,
    large_body: LargeBody,
    trust: Trust,
    proxy: Option<Proxy>,
    clock: Arc<dyn Clock>,
}

impl HttpTransport {
    /// A transport with these settings. Callers say until when a request may be sent by the time of
    /// `clock`; it must go on while the machine is suspended, as the time of day does and a
    /// monotonic clock may not.
    ///
    /// ```
    /// use std::sync::Arc;
    ///
    /// use pagos_http::{HttpOptions, HttpTransport};
    /// use pagos_system::System;
    ///
    /// let transport = HttpTransport::new(&HttpOptions::default(), Arc::new(System))?;
    /// # Ok::<(), pagos_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// `Invalid` if TLS cannot be set up, a client's key does not belong to its certificate, or a proxy
    /// is named although not every address is admitted. A system without certificate authorities is no error here: https calls then fail before
    /// anything is sent, with a message that says so.
    pub fn new(options: &HttpOptions, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let (config, trust) = tls::build_config(options)?;
        let destinations = options.destinations;
        if options.proxy.is_some() && destinations != Destinations::Anywhere {
            return Err(Error::invalid("proxy").because(
                "a proxy resolves names itself, so that private addresses could not be kept out",
            ));
        }
        let client_for = |scheme| {
            let builder = match destinations {
                Destinations::Anywhere => builder(options, config.clone()),
                _ => {
                    let resolver = Resolver { destinations, scheme };
                    builder(options, config.clone()).dns_resolver(Arc::new(resolver))
                }
            };
            builder.build().map_err(|error| {
                let message = "the HTTP client cannot be built";
                Error::new(ErrorKind::Invalid, message).with_source(error)
            })
        };
        let client = client_for("https")?;
        let plain_client = match destinations {
            Destinations::Anywhere | Destinations::Public => client.clone(),
            Destinations::PublicOrPrivate => client_for("http")?,
        };
        let HttpOptions { body_size_bytes_max, large_body, .. } = *options;
        let proxy = options.proxy.clone();
        Ok(Self {
            client,
            plain_client,
            destinations,
            body_size_bytes_max,
            large_body,
            trust,
            proxy,
            clock,
        })
    }

    async fn read_body(&self, mut answer: reqwest::Response) -> Result<Bytes, TransportError> {
        let size_bytes_max = self.body_size_bytes_max;
        let announced = answer.content_length().unwrap_or(0);
        let is_error = self.large_body == LargeBody::Error;
        let is_large = usize::try_from(announced).map_or(true, |size| size > size_bytes_max);
        if is_error && is_large {
            return Err(failure::oversize(size_bytes_max));
        }
        let mut body = BytesMut::new();
        while let Some(chunk) = answer.chunk().await.map_err(failure::torn_body)? {
            let room = size_bytes_max - body.len();
            if chunk.len() > room {
                if is_error {
                    return Err(failure::oversize(size_bytes_max));
                }
                body.extend_from_slice(&chunk.slice(..room));
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    }
}

fn builder(options: &HttpOptions, config: rustls::ClientConfig) -> reqwest::ClientBuilder {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(config)
        .user_agent(concat!("pagos/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .no_proxy()
        .timeout(options.total_timeout)
        .connect_timeout(options.connect_timeout.min(options.total_timeout))
        .pool_idle_timeout(options.idle_timeout);
    match &options.proxy {
        Some(proxy) => builder.proxy(proxy.of_reqwest()),
        None => builder,
    }
}

#[async_trait]
impl Transport for HttpTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let mut telling = Exchange::begin(&request, self.clock.as_ref());
        let answer = self.exchange(request, departure).await;
        telling.ended(&answer);
        answer
    }
}

impl HttpTransport {
    async fn exchange(
        &self,
        request: http::Request<Bytes>,
        departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let fail = |error| failure::no_answer(error, self.trust, self.proxy.as_ref());
        if self.proxy.is_some() && request.uri().scheme() != Some(&Scheme::HTTPS) {
            return Err(failure::readable_by_a_proxy());
        }
        let request = reqwest::Request::try_from(request).map_err(fail)?;
        if !self.destinations.admit_url(request.url()) {
            return Err(failure::refused_destination());
        }
        if departure.is_over(self.clock.now()) {
            return Err(TransportError::too_late());
        }
        let client = match request.url().scheme() {
            "http" => &self.plain_client,
            _ => &self.client,
        };
        let mut answer = client.execute(request).await.map_err(fail)?;
        let mut response = http::Response::new(Bytes::new());
        *response.status_mut() = answer.status();
        *response.version_mut() = answer.version();
        *response.headers_mut() = std::mem::take(answer.headers_mut());
        *response.body_mut() = self.read_body(answer).await?;
        Ok(response)
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport")
            .field("body_size_bytes_max", &self.body_size_bytes_max)
            .field("destinations", &self.destinations)
            .field("trust", &self.trust)
            .field("proxy", &self.proxy)
            .finish_non_exhaustive()
    }
}
