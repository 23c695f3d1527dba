//! What each of these programs brings along: a transport that answers from memory, a clock and nonces
//! that stand still, and a runtime that only polls. Pagos alone is enough for it.

use std::{
    error::Error,
    future::Future,
    pin::pin,
    sync::Mutex,
    task::{Context, Poll, Waker},
};

use pagos::{
    Clock, Departure, NonceSource, PayoutOrder, PayoutProvider, Timestamp, Transport,
    TransportError, async_trait,
    bytes::Bytes,
    http::{Request, Response, StatusCode},
};

/// Keeps every request, and answers that the service is not available.
#[derive(Debug, Default)]
pub struct Memory {
    requests: Mutex<Vec<Request<Bytes>>>,
}

#[async_trait]
impl Transport for Memory {
    async fn send(
        &self,
        request: Request<Bytes>,
        _departure: Departure,
    ) -> Result<Response<Bytes>, TransportError> {
        self.requests.lock().expect("no holder panics").push(request);
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
        Ok(response)
    }
}

/// It is always the first of January 2026.
#[derive(Debug)]
pub struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(1_767_225_600_000)
    }
}

impl NonceSource for Stopped {
    fn draw(&self) -> [u8; 16] {
        [7; 16]
    }
}

/// Sends a payout as far as a service that is not available lets it, and prints the first request.
pub fn pay(
    provider: &dyn PayoutProvider,
    order: &PayoutOrder,
    memory: &Memory,
) -> Result<(), Box<dyn Error>> {
    provider.check(order).map_err(|violations| format!("{violations:?}"))?;
    let answer = finish(async {
        let handle = if provider.must_prepare() { provider.prepare(order).await? } else { None };
        provider.create(order, handle.as_ref(), Departure::Anytime).await
    });
    let error = answer.err().ok_or("an answer of 503 became an observation")?;
    let requests = memory.requests.lock().expect("no holder panics");
    let first = requests.first().ok_or("nothing was sent")?;
    println!("{} {}", first.method(), first.uri());
    for name in first.headers().keys() {
        println!("{name}: ({} bytes)", first.headers()[name].len());
    }
    println!("\n{}", std::str::from_utf8(first.body())?);
    println!("\nthen: {:?}, {error}", error.kind());
    Ok(())
}

/// Nothing here waits for anything, so a bounded number of polls is enough.
fn finish<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..1_000 {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
    panic!("a provider waits for something that is not its transport");
}
