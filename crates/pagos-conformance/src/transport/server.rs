//! A server on loopback that answers each request from a list, as broken as the list says, and counts
//! what arrives. Threads and sockets of the standard library; nothing here judges.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::Duration,
};

/// A client that stays silent for longer has gone.
const SILENCE_MAX: Duration = Duration::from_secs(20);

/// One request as it arrived.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Arrived {
    /// Request line and headers, without the empty line.
    pub(super) head: String,
    /// As many bytes as its `Content-Length` says.
    pub(super) body: Vec<u8>,
}

impl Arrived {
    /// The values of a header, in the order of their lines.
    pub(super) fn values(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        let same = fields.filter(|(field, _)| field.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.trim()).collect()
    }
}

/// What is written in answer to one request, and what becomes of the connection.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub(super) bytes: Vec<u8>,
    pub(super) then: Then,
}

/// What becomes of a connection after a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Then {
    /// It waits for the next request.
    Keep,
    /// It is closed.
    Close,
    /// Nothing more is written for so long, or until the client gives up; then a good answer is.
    Stall(Duration),
}

/// The server. It ends when it is dropped.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    acceptor: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    replies: Vec<Reply>,
    arrived: Mutex<Vec<Arrived>>,
    is_over: AtomicBool,
}

impl Server {
    /// Answers the first request with the first reply, whatever connection it comes on, and so on.
    /// A request too many gets an empty success, and is counted.
    pub(super) fn start(replies: Vec<Reply>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let shared = Shared { replies, arrived: Mutex::default(), is_over: AtomicBool::new(false) };
        let shared = Arc::new(shared);
        let own = Arc::clone(&shared);
        let acceptor = thread::spawn(move || accept(&listener, &own));
        Ok(Self { address, shared, acceptor: Some(acceptor) })
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What has arrived so far.
    pub(super) fn arrived(&self) -> Vec<Arrived> {
        self.shared.arrived.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which then looks at the flag.
        let _ = TcpStream::connect(self.address);
        if let Some(acceptor) = self.acceptor.take() {
            let _ = acceptor.join();
        }
    }
}

/// An address of this machine at which nobody listens.
pub(super) fn deserted_url() -> io::Result<String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(format!("http://{}/payouts?token=canary-query", listener.local_addr()?))
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if shared.is_over.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { return };
        let own = Arc::clone(shared);
        // It ends with its client: by a closed connection, or by silence.
        thread::spawn(move || serve(stream, &own));
    }
}

/// A broken connection ends it; what a client does is judged by what arrived.
fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    stream.set_nodelay(true)?;
    let mut unread = Vec::new();
    while let Some(arrived) = read_request(&mut stream, &mut unread)? {
        let number = {
            let mut all = shared.arrived.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(arrived);
            all.len() - 1
        };
        let surplus = Reply { bytes: EMPTY_SUCCESS.to_vec(), then: Then::Close };
        let reply = shared.replies.get(number).unwrap_or(&surplus);
        stream.write_all(&reply.bytes)?;
        match reply.then {
            Then::Keep => {}
            Then::Close => return Ok(()),
            Then::Stall(for_so_long) => {
                stream.set_read_timeout(Some(for_so_long))?;
                // It ends early where the client gives up, and then there is nobody to answer.
                let _ = stream.read_exact(&mut [0]);
                return stream.write_all(EMPTY_SUCCESS);
            }
        }
    }
    Ok(())
}

const EMPTY_SUCCESS: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Reads head and body. `None` where the client has closed before it.
fn read_request(stream: &mut TcpStream, unread: &mut Vec<u8>) -> io::Result<Option<Arrived>> {
    let end = loop {
        if let Some(end) = unread.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            break end;
        }
        if read_more(stream, unread)? == 0 {
            return Ok(None);
        }
    };
    let head: Vec<u8> = unread.drain(..end + 4).take(end).collect();
    let mut arrived =
        Arrived { head: String::from_utf8_lossy(&head).into_owned(), body: Vec::new() };
    let length = arrived.values("content-length").first().and_then(|text| text.parse().ok());
    let length: usize = length.unwrap_or(0);
    while unread.len() < length {
        if read_more(stream, unread)? == 0 {
            return Ok(None);
        }
    }
    arrived.body = unread.drain(..length).collect();
    Ok(Some(arrived))
}

fn read_more(stream: &mut TcpStream, unread: &mut Vec<u8>) -> io::Result<usize> {
    let mut block = [0; 16 * 1024];
    let count = stream.read(&mut block)?;
    unread.extend(block.iter().take(count));
    Ok(count)
}
