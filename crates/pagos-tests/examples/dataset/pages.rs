//! What the pages of the desk cost, from the address to the last byte, without a network.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use axum::{
    Router,
    body::{Body, to_bytes},
};
use bytes::Bytes;
use http::{Request, header};
use pagos_api::{
    Api, Limits, Parts, Upload, UploadError, Uploads,
    token::{self, NewToken, Scope},
};
use pagos_core::{Clock, NonceSource, Timestamp};
use pagos_desk::Desk;
use pagos_engine::{Accounts, Actor, Engine, InstrumentedStore, ManualTimer, Policy, Store, World};
use tower::ServiceExt;

use super::mix::{Mix, NOW_MS};

/// The pages, with their names.
pub(crate) fn all(mix: Mix) -> Vec<(&'static str, String)> {
    let payout = Mix::key(mix.settled(1));
    vec![
        ("desk: overview", "/desk".to_owned()),
        ("desk: what waits", "/desk/waiting".to_owned()),
        ("desk: payouts", "/desk/payouts".to_owned()),
        ("desk: payouts in doubt", "/desk/payouts?status=unknown".to_owned()),
        ("desk: payouts by a name that is rare", "/desk/payouts?name=nobody-has-it".to_owned()),
        ("desk: a payout", format!("/desk/payouts/{payout}")),
        ("desk: runs", "/desk/runs".to_owned()),
        ("desk: a run", format!("/desk/runs/{}", Mix::run(1).0)),
        ("desk: events sent", "/desk/endpoints".to_owned()),
        ("desk: webhooks received", "/desk/inbox".to_owned()),
    ]
}

/// A browser that is logged in.
pub(crate) struct Browser {
    router: Router,
    cookie: String,
}

impl Browser {
    pub(crate) async fn over(store: &Arc<dyn Store>) -> Self {
        let timer = Arc::new(ManualTimer::over(Arc::new(Standing)));
        let writer = InstrumentedStore::from(Arc::clone(store));
        let world = World::Simulated("datasets".to_owned());
        let (accounts, policy) = (Accounts::new(), Policy::live());
        let engine = Engine::open(writer.clone(), &world, accounts, timer.clone(), policy);
        let parts = Parts {
            engine: Arc::new(engine.await.unwrap()),
            store: Arc::clone(store),
            writer: writer.clone(),
            clock: timer,
            random: Arc::new(Counter(AtomicU64::new(1 << 32))),
            uploads: Arc::new(NoFiles),
            limits: Limits::default(),
        };
        let new = NewToken {
            name: Actor::new("ana").unwrap(),
            scopes: BTreeSet::from([Scope::Read]),
            expires_at: None,
        };
        let (dice, now) = (Counter(AtomicU64::new(1)), Timestamp::from_millis(NOW_MS));
        let token = token::create(&writer, &dice, now, new).await.unwrap().into_text();
        let router = Desk::new(&Api::new(parts, || {})).router();
        let request = Request::post("/desk/login")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(format!("token={token}")));
        let answer = router.clone().oneshot(request.unwrap()).await.unwrap();
        let kept = answer.headers()[header::SET_COOKIE].to_str().unwrap();
        let cookie = kept.split(';').next().unwrap().to_owned();
        Self { router, cookie }
    }

    /// How long a page takes, and its length.
    pub(crate) async fn load(&self, path: &str) -> (Duration, usize) {
        let request = Request::get(path).header(header::COOKIE, &self.cookie);
        let begun = Instant::now();
        let request = request.body(Body::empty()).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let page = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
        (begun.elapsed(), page.len())
    }
}

/// A clock that stands still.
#[derive(Debug)]
struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(NOW_MS)
    }
}

/// Another number each time.
#[derive(Debug)]
struct Counter(AtomicU64);

impl NonceSource for Counter {
    fn draw(&self) -> [u8; 16] {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        u128::from(number).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835).to_be_bytes()
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
