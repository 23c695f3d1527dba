//! Requests to the API whose addresses, tokens and bodies are full of canaries.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use async_trait::async_trait;
use axum::body::Body;
use bytes::Bytes;
use futures_util::stream;
use http::{Method, Request, StatusCode};
use pagos_api::{
    Api, Limits, Parts, PeerAddress, Upload, UploadError, Uploads,
    token::{self, NewToken, Scope},
};
use pagos_core::{Clock, NonceSource};
use pagos_engine::{Accounts, Actor, Engine, InstrumentedStore, MemoryStore, Store};
use pagos_tests::{VirtualTimer, policy, simulated, start};
use tower::ServiceExt;

use crate::{capture::Record, payroll::Secrets};

/// Another number each time.
#[derive(Debug, Default)]
struct Counter(AtomicU8);

impl NonceSource for Counter {
    fn draw(&self) -> [u8; 16] {
        [self.0.fetch_add(1, Ordering::Relaxed); 16]
    }
}

#[derive(Debug)]
struct NoFiles;

#[async_trait]
impl Uploads for NoFiles {
    async fn read(&self, _: Bytes) -> Result<Upload, UploadError> {
        Err(UploadError::Failed("no files here".to_owned()))
    }
}

/// Asks for a list, for what is not there, without a valid token, without the scope, for an address
/// that does not exist, for the health, and leaves before an answer comes.
pub(crate) async fn ask(secrets: &mut Secrets) {
    let store = Arc::new(MemoryStore::new()) as Arc<dyn Store>;
    let timer = VirtualTimer::starting_at(start());
    let writer = InstrumentedStore::from(Arc::clone(&store));
    let accounts = Accounts::new();
    let engine =
        Engine::open(writer.clone(), &simulated(), accounts, timer.clone(), policy()).await;
    let random = Arc::new(Counter::default());
    let parts = Parts {
        engine: Arc::new(engine.unwrap()),
        store,
        writer: writer.clone(),
        clock: timer.clone(),
        random: random.clone(),
        uploads: Arc::new(NoFiles),
        limits: Limits::default(),
    };
    let ana = NewToken {
        name: Actor::new("ana").unwrap(),
        scopes: BTreeSet::from([Scope::Read, Scope::Submit]),
        expires_at: None,
    };
    let token = token::create(&writer, random.as_ref(), timer.now(), ana).await.unwrap();
    let token = token.into_text();
    let api = Api::new(parts, || {});
    let request = |method: Method, path: &str, token: &str| {
        let request = Request::builder().method(method).uri(path);
        let request = request.header("authorization", format!("Bearer {token}"));
        let request = request.extension(PeerAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        request.body(Body::from("canary-of-a-request-body")).unwrap()
    };
    let wrong = "canary-of-a-token";
    for (method, path, token, status) in [
        (Method::GET, "/v1/payouts?q=canary-of-a-search", &*token, 400),
        (Method::GET, "/v1/payouts", &*token, 200),
        (Method::GET, "/v1/payouts/canary-of-a-payout", &*token, 404),
        (Method::GET, "/v1/payouts/canary-of-a-payout", wrong, 401),
        (Method::POST, "/v1/runs/canary-of-a-run/approve", &*token, 403),
        (Method::GET, "/canary-of-an-address", wrong, 404),
        (Method::GET, "/health", wrong, 200),
    ] {
        let answer = api.router().oneshot(request(method, path, token)).await.unwrap();
        assert_eq!(answer.status(), StatusCode::from_u16(status).unwrap(), "{path}");
    }
    // A body that never ends, and the client leaves.
    let (mut parts, _) = request(Method::POST, "/v1/payouts", &token).into_parts();
    parts.headers.insert("content-type", "application/json".parse().unwrap());
    let endless = Body::from_stream(stream::pending::<Result<Bytes, Infallible>>());
    let mut leaving = Box::pin(api.router().oneshot(Request::from_parts(parts, endless)));
    assert!(futures_util::poll!(&mut leaving).is_pending());
    drop(leaving);
    let hidden = [
        "of-a-request-body",
        "of-a-search",
        "of-a-payout",
        "of-a-token",
        "of-a-run",
        "of-an-address",
    ];
    hidden.iter().for_each(|it| secrets.add(&format!("canary-{it}")));
    secrets.add(&token);
}

/// Of a caller the name of its token is told, of a stranger the address, of the health nothing.
pub(crate) fn are_told(heard: &[Record]) {
    let requests = heard.iter().filter(|record| record.name == "request");
    let text = |record: &Record, field: &str| record.fields.get(field).cloned().unwrap_or_default();
    let told: Vec<String> = requests
        .map(|it| ["route", "outcome", "caller", "peer"].map(|field| text(it, field)).join("; "))
        .collect();
    let expected = [
        "GET /v1/payouts; malformed; ana; ",
        "GET /v1/payouts; done; ana; ",
        "GET /v1/payouts/{key}; not-found; ana; ",
        "GET /v1/payouts/{key}; no-token; ; 127.0.0.1",
        "POST /v1/runs/{run}/approve; no-scope; ana; ",
        "none; not-found; ; 127.0.0.1",
        "POST /v1/payouts; dropped; ; 127.0.0.1",
    ];
    assert_eq!(told, expected);
}
