//! A way to the server that can be cut at the worst moment. It reads just enough of the protocol to
//! know a commit and a flight when they pass, and counts round trips.

#![allow(dead_code)]

use std::{
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
};

/// What happens to the next commit or flight that passes. A flight is all from a `BEGIN` of a transaction
/// that writes to its `COMMIT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Pass,
    /// The connection is cut, and the server never sees the commit.
    CutBefore,
    /// The connection is cut before any further answer arrives, and the server gets the commit.
    CutAfter,
    /// The client's side is cut, and the server gets the commit when [`Proxy::let_go`] says so.
    Hold,
    /// As `Hold`, and the server's side is cut then: it takes everything back.
    HoldAndCut,
    /// So many messages of the flight reach the server, and half of the next one.
    CutRequests(usize),
    /// The server does all of the flight; so many messages of its answers reach the client, and half
    /// of the next one.
    CutAnswers(usize),
    /// The client's side is cut, and the server gets the whole flight when [`Proxy::let_go`] says so.
    HoldFlight,
}

impl Fate {
    /// Begins with a flight, and not with a commit.
    fn is_of_flights(self) -> bool {
        matches!(self, Self::CutRequests(_) | Self::CutAnswers(_) | Self::HoldFlight)
    }
}

#[derive(Debug)]
pub(crate) struct Proxy {
    address: SocketAddr,
    control: Arc<Control>,
}

#[derive(Debug)]
struct Control {
    /// Where the store's URL leads without the proxy.
    server: String,
    /// Where connections are led now.
    target: Mutex<String>,
    /// Nobody gets a row of transactions: the connection is cut, as if the commit waited for ever.
    is_zombie: AtomicBool,
    /// Connections that were cut for that.
    cut: AtomicU32,
    /// Connections that were led to a server.
    led: AtomicU32,
    fate: Mutex<Fate>,
    /// Connections to turn away.
    refusals: AtomicU32,
    refused: AtomicU32,
    asked: Notify,
    released: Notify,
    /// The server has done with what was held.
    ended: Notify,
    is_cut: AtomicBool,
    /// Times that the client said something after the server had answered.
    round_trips: AtomicU32,
}

/// `None` if the client hears nothing more.
type ToClient = tokio::sync::Mutex<Option<OwnedWriteHalf>>;

/// What is left of the answers to a flight that is cut.
#[derive(Debug)]
struct Left {
    messages: usize,
    is_torn: bool,
    /// Answers that the server still owes, each with all its messages.
    owed: u32,
}

impl Proxy {
    /// Between the store and the server at `host:port`.
    pub(crate) async fn start(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let control = Arc::new(Control {
            server: server.to_owned(),
            target: Mutex::new(server.to_owned()),
            is_zombie: AtomicBool::new(false),
            cut: AtomicU32::new(0),
            led: AtomicU32::new(0),
            fate: Mutex::new(Fate::Pass),
            refusals: AtomicU32::new(0),
            refused: AtomicU32::new(0),
            asked: Notify::new(),
            released: Notify::new(),
            ended: Notify::new(),
            is_cut: AtomicBool::new(false),
            round_trips: AtomicU32::new(0),
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
        self.control.is_cut.store(false, Ordering::SeqCst);
    }

    /// Was the flight long enough to be cut where it was to be cut?
    pub(crate) fn has_cut(&self) -> bool {
        let mut fate = self.control.fate.lock().unwrap();
        assert!(!fate.is_of_flights(), "no flight passed");
        *fate = Fate::Pass;
        self.control.is_cut.load(Ordering::SeqCst)
    }

    pub(crate) fn round_trips(&self) -> u32 {
        self.control.round_trips.load(Ordering::SeqCst)
    }

    /// Returns when the server has done with what was held.
    pub(crate) async fn server_ends(&self) {
        self.control.ended.notified().await;
    }

    /// Turns away so many connections from now on.
    pub(crate) fn refuse(&self, connections: u32) {
        self.control.refusals.store(connections, Ordering::SeqCst);
    }

    /// Leads new connections to the server at `host:port`.
    pub(crate) fn lead_to(&self, server: &str) {
        server.clone_into(&mut self.control.target.lock().unwrap());
    }

    /// How many connections were led to a server so far.
    pub(crate) fn led(&self) -> u32 {
        self.control.led.load(Ordering::SeqCst)
    }

    /// Returns when more than so many were.
    pub(crate) async fn leads_after(&self, connections: u32) {
        while self.led() <= connections {
            tokio::task::yield_now().await;
        }
    }

    /// From now on the server is, or is not, one whose new commits never end: a former primary that
    /// waits for a standby which follows another one.
    pub(crate) fn is_zombie(&self, is_zombie: bool) {
        self.control.is_zombie.store(is_zombie, Ordering::SeqCst);
    }

    /// Returns when a commit was tried on the zombie.
    pub(crate) async fn zombie_is_tried(&self) {
        while self.control.cut.load(Ordering::SeqCst) == 0 {
            tokio::task::yield_now().await;
        }
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

/// Carries messages in both directions, until either side ends.
async fn carry(client: TcpStream, control: Arc<Control>) {
    let target = control.target.lock().unwrap().clone();
    let Ok(server) = TcpStream::connect(target).await else { return };
    control.led.fetch_add(1, Ordering::SeqCst);
    let (mut from_client, to_client) = client.into_split();
    let to_client = ToClient::new(Some(to_client));
    let (from_server, mut to_server) = server.into_split();
    let (left, to_client) = (Arc::new(Mutex::new(None)), Arc::new(to_client));
    let has_answered = Arc::new(AtomicBool::new(true));
    let shared = (Arc::clone(&left), Arc::clone(&has_answered));
    let answers =
        tokio::spawn(answer((from_server, Arc::clone(&to_client)), shared, Arc::clone(&control)));
    let mut is_first = true;
    // Messages of a flight that still reach the server.
    let mut requests: Option<usize> = None;
    // The client hears nothing before it has sent all of its flight. If it waited for the answer to a part
    // of it, it would wait in vain; and a long flight does not look like several round trips.
    let mut silence = None;
    loop {
        let Some(message) = read_message(&mut from_client, is_first).await else {
            answers.abort();
            return;
        };
        is_first = false;
        if has_answered.swap(false, Ordering::SeqCst) {
            control.round_trips.fetch_add(1, Ordering::SeqCst);
        }
        if is_commit(&message) {
            drop(silence.take());
        }
        if contains(&message, b"RETURNING serial") {
            control.asked.notify_one();
        }
        if control.is_zombie.load(Ordering::SeqCst) && contains(&message, b"INSERT INTO writers") {
            control.cut.fetch_add(1, Ordering::SeqCst);
            answers.abort();
            return;
        }
        match take_fate(&control, &message) {
            Fate::Pass => {}
            Fate::CutBefore => {
                answers.abort();
                return;
            }
            fate @ (Fate::CutAfter | Fate::Hold | Fate::HoldAndCut) => {
                // From here on no answer reaches the client.
                answers.abort();
                let _ = answers.await;
                drop(to_client);
                finish(fate, message, &control, (from_client, to_server)).await;
                return;
            }
            Fate::HoldFlight => {
                hold(message, &control, (from_client, to_client, to_server)).await;
                let _ = answers.await;
                control.ended.notify_one();
                return;
            }
            Fate::CutRequests(messages) => requests = Some(messages),
            Fate::CutAnswers(messages) => {
                *left.lock().unwrap() = Some(Left { messages, is_torn: false, owed: 3 });
            }
        }
        if requests == Some(0) {
            control.is_cut.store(true, Ordering::SeqCst);
            let _ = to_server.write_all(&message[..message.len() / 2]).await;
            answers.abort();
            return;
        }
        requests = requests.map(|messages| messages - 1).filter(|_| !is_commit(&message));
        if begins_flight(&message) {
            silence = Some(Arc::clone(&to_client).lock_owned().await);
        }
        if to_server.write_all(&message).await.is_err() {
            answers.abort();
            return;
        }
    }
}

/// What begins a transaction that writes, in a session that is ours, with nothing behind the look at it.
fn begins_flight(message: &[u8]) -> bool {
    contains(message, b"READ COMMITTED READ WRITE") && message.ends_with(b" AS lineage\0")
}

/// The fate of a message: it is taken by the first commit or flight that it is about.
fn take_fate(control: &Control, message: &[u8]) -> Fate {
    let mut fate = control.fate.lock().unwrap();
    let is_meant = match fate.is_of_flights() {
        true => contains(message, b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"),
        false => is_commit(message),
    };
    match is_meant {
        true => std::mem::replace(&mut *fate, Fate::Pass),
        false => Fate::Pass,
    }
}

fn is_commit(message: &[u8]) -> bool {
    message == b"Q\0\0\0\x0bCOMMIT\0"
}

/// Carries answers. Where they are cut, the client hears nothing more, and its connection ends when the
/// server has answered everything.
async fn answer(
    (mut from_server, to_client): (OwnedReadHalf, Arc<ToClient>),
    (left, has_answered): (Arc<Mutex<Option<Left>>>, Arc<AtomicBool>),
    control: Arc<Control>,
) {
    while let Some(message) = read_message(&mut from_server, false).await {
        let is_last_of_answer = message[0] == b'Z';
        let (length, is_over) = match &mut *left.lock().unwrap() {
            None => (message.len(), false),
            Some(left) => {
                left.owed = left.owed.saturating_sub(u32::from(is_last_of_answer));
                (left.admit(message.len(), &control), left.owed == 0 && left.is_torn)
            }
        };
        let mut to_client = to_client.lock().await;
        has_answered.store(true, Ordering::SeqCst);
        if let Some(to_client) = &mut *to_client {
            // The server goes on all the same.
            let _ = to_client.write_all(&message[..length]).await;
        }
        if is_over {
            to_client.take();
            return;
        }
    }
}

impl Left {
    /// How much of a message of this length reaches the client.
    fn admit(&mut self, length: usize, control: &Control) -> usize {
        if self.messages > 0 {
            self.messages -= 1;
            return length;
        }
        if std::mem::replace(&mut self.is_torn, true) {
            return 0;
        }
        control.is_cut.store(true, Ordering::SeqCst);
        length / 2
    }
}

/// Takes in the rest of a flight and cuts the client off; the server gets all of it when it is let go.
async fn hold(
    first: Vec<u8>,
    control: &Control,
    (mut from_client, to_client, mut to_server): (OwnedReadHalf, Arc<ToClient>, OwnedWriteHalf),
) {
    let mut flight = first;
    loop {
        let message = read_message(&mut from_client, false).await.unwrap();
        flight.extend(&message);
        if is_commit(&message) {
            break;
        }
    }
    drop(from_client);
    to_client.lock().await.take();
    control.released.notified().await;
    to_server.write_all(&flight).await.unwrap();
    to_server.shutdown().await.unwrap();
}

async fn finish(
    fate: Fate,
    commit: Vec<u8>,
    control: &Control,
    (from_client, mut to_server): (OwnedReadHalf, OwnedWriteHalf),
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

async fn read_message(from_client: &mut OwnedReadHalf, is_first: bool) -> Option<Vec<u8>> {
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
