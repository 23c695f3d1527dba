//! A way to the server that can be cut at the worst moment. It reads just enough of the protocol to
//! know a commit when it passes.

#![allow(dead_code)]

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering;

use tokio::io::AsyncReadExt;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Notify;

/// What happens to the next commit that passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    /// The connection is cut, and the server never sees the commit.
    CutBefore,
    /// The server commits, and the connection is cut before the answer arrives.
    CutAfter,
    /// The client's side is cut, and the server gets the commit when [`Proxy::let_go`] says so.
    Hold,
    /// As `Hold`, and the server's side is cut then: it takes everything back.
    HoldAndCut,
}

#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    control: Arc<Control>,
}

#[derive(Debug)]
struct Control {
    server: String,
    fate: Mutex<Fate>,
    /// Connections to turn away.
    refusals: AtomicU32,
    refused: AtomicU32,
    asked: Notify,
    released: Notify,
}

impl Proxy {
    /// Between the store and the server at `host:port`.
    pub(crate) async fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let control = Arc::new(Control {
            server: server.to_owned(),
            fate: Mutex::new(Fate::Pass),
            refusals: AtomicU32::new(0),
            refused: AtomicU32::new(0),
            asked: Notify::new(),
            released: Notify::new(),
        });
        let shared = Arc::clone(&control);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let is_refused = shared
                    .refusals
                    .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
                    .is_ok();
                if is_refused {
                    shared.refused.fetch_add(1, Ordering::SeqCst);
                    continue;
                }
                tokio::spawn(carry(client, Arc::clone(&shared)));
            }
        });
        Self { address, control }
    }

    /// The URL with the proxy in the place of the server.
    pub(crate) fn url(&self, url: &str) -> String {
        url.replacen(&self.control.server, &self.address.to_string(), 1)
    }

    pub(crate) fn next_commit(&self, fate: Fate) {
        *self.control.fate.lock().unwrap() = fate;
    }

    /// Turns away so many connections from now on.
    pub(crate) fn refuse(&self, connections: u32) {
        self.control.refusals.store(connections, Ordering::SeqCst);
    }

    pub(crate) fn refused(&self) -> u32 {
        self.control.refused.load(Ordering::SeqCst)
    }

    /// Returns when the store asks what became of a commit.
    pub(crate) async fn store_asks(&self) {
        self.control.asked.notified().await;
    }

    pub(crate) fn let_go(&self) {
        self.control.released.notify_one();
    }
}

/// `host:port` of a URL.
pub(crate) fn server_of(url: &str) -> String {
    let authority = url.split("://").nth(1).unwrap().split('/').next().unwrap();
    authority.rsplit('@').next().unwrap().to_owned()
}

/// Carries bytes in both directions, message by message towards the server, until either side ends.
async fn carry(client: TcpStream, control: Arc<Control>) {
    let Ok(server) = TcpStream::connect(&control.server).await else { return };
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let answers = tokio::spawn(async move {
        let _ = tokio::io::copy(&mut from_server, &mut to_client).await;
        (from_server, to_client)
    });
    let mut is_first = true;
    loop {
        let Some(message) = read_message(&mut from_client, is_first).await else {
            answers.abort();
            return;
        };
        is_first = false;
        if contains(&message, b"RETURNING serial") {
            control.asked.notify_one();
        }
        let fate = match message.as_slice() == b"Q\0\0\0\x0bCOMMIT\0" {
            true => std::mem::replace(&mut *control.fate.lock().unwrap(), Fate::Pass),
            false => Fate::Pass,
        };
        match fate {
            Fate::Pass => {}
            Fate::CutBefore => {
                answers.abort();
                return;
            }
            Fate::CutAfter | Fate::Hold | Fate::HoldAndCut => {
                // From here on no answer reaches the client.
                answers.abort();
                let _ = answers.await;
                finish(fate, message, &control, (from_client, to_server)).await;
                return;
            }
        }
        if to_server.write_all(&message).await.is_err() {
            answers.abort();
            return;
        }
    }
}

async fn finish(
    fate: Fate,
    commit: Vec<u8>,
    control: &Control,
    (from_client, mut to_server): (tokio::net::tcp::OwnedReadHalf, tokio::net::tcp::OwnedWriteHalf),
) {
    if fate != Fate::CutAfter {
        drop(from_client);
        control.released.notified().await;
    }
    if fate != Fate::HoldAndCut {
        // The end of the stream comes after the commit, so the server commits first.
        to_server.write_all(&commit).await.unwrap();
        to_server.shutdown().await.unwrap();
    }
}

async fn read_message(
    from_client: &mut tokio::net::tcp::OwnedReadHalf,
    is_first: bool,
) -> Option<Vec<u8>> {
    let mut head = vec![0; if is_first { 4 } else { 5 }];
    from_client.read_exact(&mut head).await.ok()?;
    let size = u32::from_be_bytes(head[head.len() - 4..].try_into().unwrap()) as usize;
    let mut body = vec![0; size - 4];
    from_client.read_exact(&mut body).await.ok()?;
    head.extend(body);
    Some(head)
}

fn contains(message: &[u8], text: &[u8]) -> bool {
    message.windows(text.len()).any(|window| window == text)
}
