//! An HTTP client of your own instead of ours: here hyper, one connection for each request, without TLS.
//! The published suite tells what such a client must and must not do with money.
//!
//! `cargo run -p pagos --all-features --example own_transport`
#![allow(clippy::print_stdout)]

use std::{error::Error, sync::Arc, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::handshake;
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::JoinSet, time::timeout};

use pagos::{
    BalanceSource, Clock, Departure, Environment, Reached, Secret, Transport, TransportError,
    async_trait,
    bytes::Bytes,
    cashypro::{Cashypro, CashyproConfig, country},
    http::{HeaderValue, Request, Response, header::HOST},
    system::System,
    twin::{self, ServeOptions, cashypro::SANDBOX_API_KEY},
};
use pagos_conformance::transport::{Limits, check};

/// Sends one request over one connection, once.
#[derive(Debug)]
struct Plain {
    clock: Arc<dyn Clock>,
    limits: Limits,
}

#[async_trait]
impl Transport for Plain {
    async fn send(
        &self,
        request: Request<Bytes>,
        departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        let answer = timeout(self.limits.total_timeout, self.exchange(request, departure)).await;
        answer.unwrap_or_else(|_| Err(lost("no answer in time")))
    }
}

impl Plain {
    /// The text of an error holds no address, no header and no body: they may be secret.
    async fn exchange(
        &self,
        mut request: Request<Bytes>,
        departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        let no_address = || unsent("the request has no address");
        let authority = request.uri().authority().ok_or_else(no_address)?.clone();
        let target = request.uri().path_and_query().ok_or_else(no_address)?.as_str().parse();
        *request.uri_mut() = target.map_err(|_| no_address())?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| no_address())?;
        request.headers_mut().insert(HOST, host);

        // Until here, and until the connection stands, nothing can have reached the provider.
        let refused = |cause| unsent("no connection").with_source(cause);
        let stream = TcpStream::connect(authority.as_str()).await.map_err(refused)?;
        let (mut sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|cause| unsent("no connection").with_source(cause))?;
        // Ends with this call, whatever becomes of it.
        let mut driving = JoinSet::new();
        driving.spawn(connection);
        // The last thing before the request leaves: is it still time?
        if departure.is_over(self.clock.now()) {
            return Err(TransportError::too_late());
        }
        let answer = sender.send_request(request.map(Full::new)).await;
        let (head, body) = answer.map_err(|_| lost("no whole answer"))?.into_parts();
        let body = Limited::new(body, self.limits.body_size_bytes_max).collect().await;
        let body = body.map_err(|_| lost("no whole answer, or one that is too large"))?;
        Ok(Response::from_parts(head, body.to_bytes()))
    }
}

fn unsent(message: &str) -> TransportError {
    TransportError::new(Reached::No, message)
}

/// From the first byte on nobody knows: when in doubt, it may have arrived.
fn lost(message: &str) -> TransportError {
    TransportError::new(Reached::Maybe, message)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // No money before this is green. Small limits make the suite fast.
    let limits = Limits { body_size_bytes_max: 4096, total_timeout: Duration::from_millis(300) };
    let findings = check(&Plain { clock: Arc::new(System), limits }, limits).await.err();
    assert_eq!(findings, None, "what a transport must not do");

    // Then it carries any provider. This one is simulated.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let bank = twin::serve(listener, twin::World::standard(), ServeOptions::default()).await?;
    let config = CashyproConfig {
        base_url: format!("{}/cashypro/stage-api", bank.origin()),
        merchant_id: twin::cashypro::SANDBOX_MERCHANT_ID.to_owned(),
        api_key: Secret::new(SANDBOX_API_KEY),
        notify_url: "http://127.0.0.1:9/webhooks/cashypro".to_owned(),
        ..CashyproConfig::new(Environment::Sandbox, country::COLOMBIA)
    };
    let limits = Limits { body_size_bytes_max: 1 << 20, total_timeout: Duration::from_secs(30) };
    let plain = Arc::new(Plain { clock: Arc::new(System), limits });
    let cashypro = Cashypro::new(config, plain, Arc::new(System), Arc::new(System))?;
    for balance in cashypro.balances().await? {
        println!("{} can be paid out", balance.available);
    }
    bank.shut_down().await;
    Ok(())
}

#[test]
fn it_ends_well() -> Result<(), Box<dyn Error>> {
    main()
}
