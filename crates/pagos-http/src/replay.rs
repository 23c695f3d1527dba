//! Answers from recorded exchanges, in order, and compares requests byte for byte. No network.

use std::{
    collections::VecDeque,
    io,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use pagos_core::{Departure, Reached, Transport, TransportError};

use crate::{Exchange, message::REDACTED};

/// Answers each request with the next recorded answer, if it is the recorded request: method, URL
/// and body byte for byte, and every recorded header. The value of a redacted header may be any.
/// Headers beyond the recorded ones are a difference too.
///
/// A difference is an error that names the part which differs and shows nothing of it.
#[derive(Debug)]
pub struct ReplayTransport {
    waiting: Mutex<VecDeque<Exchange>>,
}

impl ReplayTransport {
    /// Answers from `exchanges`, in this order.
    ///
    /// ```
    /// use bytes::Bytes;
    /// use http::{Request, Response};
    /// use pagos_http::{Exchange, ReplayTransport};
    ///
    /// let request = Request::get("http://127.0.0.1:4010/banks").body(Bytes::new()).unwrap();
    /// let response = Response::new(Bytes::from("[]"));
    /// let replay = ReplayTransport::new([Exchange { request, response }]); // give it to a provider
    /// assert_eq!(replay.remaining(), 1);
    /// ```
    pub fn new(exchanges: impl IntoIterator<Item = Exchange>) -> Self {
        Self { waiting: Mutex::new(exchanges.into_iter().collect()) }
    }

    /// Answers from the files of a folder, see [`Exchange::read_all`].
    ///
    /// ```
    /// use pagos_http::ReplayTransport;
    ///
    /// # let folder = std::env::temp_dir();
    /// let replay = ReplayTransport::open(&folder.join("no-such-recording"))?;
    /// assert_eq!(replay.remaining(), 0);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    ///
    /// # Errors
    /// If a file cannot be read or is not an HTTP/1.1 message.
    pub fn open(folder: &Path) -> io::Result<Self> {
        Ok(Self::new(Exchange::read_all(folder)?))
    }

    /// How many exchanges were not asked for yet.
    pub fn remaining(&self) -> usize {
        self.waiting().len()
    }

    // A thread that died while it held the queue left it whole: every change is one call.
    fn waiting(&self) -> MutexGuard<'_, VecDeque<Exchange>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for ReplayTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _departure: Departure,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let mut waiting = self.waiting();
        let Some(next) = waiting.front() else {
            return Err(refused("no recorded exchange is left".to_owned()));
        };
        if let Some(difference) = difference(&next.request, &request) {
            return Err(refused(format!("not the recorded request: {difference}")));
        }
        match waiting.pop_front() {
            Some(exchange) => Ok(exchange.response),
            None => Err(refused("no recorded exchange is left".to_owned())),
        }
    }
}

fn refused(message: String) -> TransportError {
    TransportError::new(Reached::No, message)
}

fn difference(recorded: &http::Request<Bytes>, sent: &http::Request<Bytes>) -> Option<String> {
    if recorded.method() != sent.method() {
        return Some(format!("the method is {}, not {}", sent.method(), recorded.method()));
    }
    if recorded.uri() != sent.uri() {
        return Some("the URL differs".to_owned());
    }
    if let Some(name) = header_difference(recorded.headers(), sent.headers()) {
        return Some(format!("the header {name} differs"));
    }
    if recorded.body() == sent.body() {
        return None;
    }
    let pairs = recorded.body().iter().zip(sent.body());
    let equal = pairs.take_while(|(recorded, sent)| recorded == sent).count();
    Some(format!("the body differs from byte {equal} on"))
}

fn header_difference(recorded: &HeaderMap, sent: &HeaderMap) -> Option<String> {
    let names = recorded.keys().chain(sent.keys());
    names.into_iter().find_map(|name| {
        let mut recorded = recorded.get_all(name).iter();
        let mut sent = sent.get_all(name).iter();
        loop {
            match (recorded.next(), sent.next()) {
                (None, None) => return None,
                (Some(recorded), Some(sent)) if recorded == REDACTED || recorded == sent => {}
                _ => return Some(name.to_string()),
            }
        }
    })
}
