//! Posts one webhook to a loopback address over a kept connection.
//! Not a general client: no TLS, no redirects, no retry that the receiver could notice.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::header::HOST;
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::SendRequest;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::twin::{Ack, WebhookDelivery};

/// Keeps the connections that are idle.
#[derive(Debug, Default)]
pub(super) struct Poster {
    idle: Mutex<HashMap<String, Vec<SendRequest<Full<Bytes>>>>>,
}

impl Poster {
    /// Posts the webhook and says what the receiver made of it, within three seconds.
    ///
    /// Source: none; the provider's limit is not documented, and three seconds is what receivers
    /// are advised to keep to.
    pub(super) async fn post(&self, delivery: WebhookDelivery) -> Ack {
        match tokio::time::timeout(ANSWER_LIMIT, self.exchange(delivery)).await {
            Ok(Some(status)) => Ack::Status(status),
            Ok(None) | Err(_) => Ack::NoAnswer,
        }
    }

    async fn exchange(&self, delivery: WebhookDelivery) -> Option<u16> {
        let url: http::Uri = delivery.url.parse().ok()?;
        let authority = url.authority().filter(|_| url.scheme_str() == Some("http"))?.as_str();
        let path = url.path_and_query().map_or("/", |it| it.as_str());
        let mut request = http::Request::post(path).header(HOST, authority).body(()).ok()?;
        request.headers_mut().extend(delivery.headers);
        let request = request.map(|()| Full::new(delivery.body));
        let mut sender = self.connected(authority, &url).await?;
        let response = sender.send_request(request).await.ok()?;
        let status = response.status().as_u16();
        // The answer counts even if its body is unreadable; only the connection is lost then.
        let body = Limited::new(response.into_body(), BODY_BYTES_MAX).collect().await;
        if body.is_ok() {
            self.idle().entry(authority.to_owned()).or_default().push(sender);
        }
        Some(status)
    }

    /// A kept connection that is still open, or a new one.
    async fn connected(
        &self,
        authority: &str,
        url: &http::Uri,
    ) -> Option<SendRequest<Full<Bytes>>> {
        while let Some(mut sender) = self.take(authority) {
            if sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
        let address = loopback(url)?;
        let stream = TcpStream::connect(address).await.ok()?;
        let _ = stream.set_nodelay(true);
        let (sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.ok()?;
        // It ends when its sender is dropped, here or with the poster.
        tokio::spawn(connection);
        Some(sender)
    }

    fn take(&self, authority: &str) -> Option<SendRequest<Full<Bytes>>> {
        self.idle().get_mut(authority)?.pop()
    }

    fn idle(&self) -> MutexGuard<'_, HashMap<String, Vec<SendRequest<Full<Bytes>>>>> {
        // Only pushes and pops happen under the lock.
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The address of a host that is this machine and nothing else. Names are not looked up: a sandbox
/// asks nobody outside.
fn loopback(url: &http::Uri) -> Option<SocketAddr> {
    let host = url.host()?.trim_start_matches('[').trim_end_matches(']');
    let ip = match host {
        "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
        literal => literal.parse().ok()?,
    };
    ip.is_loopback().then(|| SocketAddr::new(ip, url.port_u16().unwrap_or(80)))
}

const ANSWER_LIMIT: Duration = Duration::from_secs(3);
const BODY_BYTES_MAX: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webhooks_stay_on_this_machine() {
        for (url, expected) in [
            ("http://127.0.0.1:8080/x", Some("127.0.0.1:8080")),
            ("http://localhost/x", Some("127.0.0.1:80")),
            ("http://[::1]:9/x", Some("[::1]:9")),
            ("http://merchant.example/x", None),
            ("http://localhost.merchant.example/x", None),
            ("http://10.0.0.1/x", None),
            ("http://0.0.0.0/x", None),
        ] {
            let found = loopback(&url.parse().unwrap()).map(|it| it.to_string());
            assert_eq!(found.as_deref(), expected, "{url}");
        }
    }
}
