//! A TCP relay between two parts of the cluster, which can be stalled or cut. It stands where a
//! firewall rule would otherwise be needed, and changes no byte of what it carries.

use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use crate::failure::Failure;

/// Looks at what callers send, chunk by chunk.
pub(super) type Watch = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// How the way is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Open,
    /// Connections stay, and nothing passes.
    Stalled,
    /// Connections end, and new ones end at once.
    Cut,
}

/// A running relay. Its threads end with their connections, and its port with this process.
pub(super) struct Relay {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    has_changed: Condvar,
    target: SocketAddr,
    watch: Option<Watch>,
}

struct State {
    way: Way,
    /// How often it was cut: a connection of an earlier number is over.
    cuts: u64,
    streams: Vec<TcpStream>,
}

/// A server on this machine answers at once or is down.
const CONNECT_MAX: Duration = Duration::from_secs(1);

const CHUNK_BYTES: usize = 64 * 1024;

/// Ended connections are forgotten whenever so many are known.
const STREAMS_SWEPT_AT: usize = 64;

impl Relay {
    /// Opens a free port of loopback before a port of loopback.
    pub(super) fn open(target_port: u16) -> Result<Self, Failure> {
        Self::before(SocketAddr::from((Ipv4Addr::LOCALHOST, target_port)), None)
    }

    /// Opens a free port before an address; `watch` sees what callers send there.
    pub(super) fn before(target: SocketAddr, watch: Option<Watch>) -> Result<Self, Failure> {
        let failed = || Failure::while_doing("opening a relay");
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed())?;
        let port = listener.local_addr().map_err(failed())?.port();
        let state = State { way: Way::Open, cuts: 0, streams: Vec::new() };
        let (state, has_changed) = (Mutex::new(state), Condvar::new());
        let shared = Arc::new(Shared { state, has_changed, target, watch });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || {
            for caller in listener.incoming().flatten() {
                let shared = Arc::clone(&accepting);
                thread::spawn(move || shared.carry(caller));
            }
        });
        Ok(Self { port, shared })
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    /// From now on nothing passes; connections stay.
    pub(super) fn stall(&self) {
        self.shared.turn(Way::Stalled);
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.shared.state().way == Way::Stalled
    }

    /// Ends all connections, with what is under way in them; nobody comes through.
    pub(super) fn cut(&self) {
        self.shared.turn(Way::Cut);
    }

    /// Whoever comes now comes through.
    pub(super) fn mend(&self) {
        self.shared.turn(Way::Open);
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing that could panic happens under the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn turn(&self, way: Way) {
        let mut state = self.state();
        state.way = way;
        if way == Way::Cut {
            state.cuts += 1;
            for stream in state.streams.drain(..) {
                // It may be closed already.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.has_changed.notify_all();
    }

    /// Waits while the way is stalled. Is the connection still alive?
    fn may_pass(&self, cuts: u64) -> bool {
        let mut state = self.state();
        while state.way == Way::Stalled && state.cuts == cuts {
            state = self.has_changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.way == Way::Open && state.cuts == cuts
    }

    /// Carries one connection until either side ends it.
    fn carry(self: Arc<Self>, caller: TcpStream) -> io::Result<()> {
        let cuts = self.state().cuts;
        if !self.may_pass(cuts) {
            return Ok(());
        }
        let server = TcpStream::connect_timeout(&self.target, CONNECT_MAX)?;
        for stream in [&caller, &server] {
            stream.set_nodelay(true)?;
        }
        if !self.keep(cuts, [caller.try_clone()?, server.try_clone()?]) {
            return Ok(());
        }
        let (here, there) = (caller.try_clone()?, server.try_clone()?);
        let shared = Arc::clone(&self);
        thread::spawn(move || shared.copy(there, here, cuts, None));
        self.copy(caller, server, cuts, self.watch.as_ref());
        Ok(())
    }

    /// Notes the streams of a connection, unless it was cut in the meantime.
    fn keep(&self, cuts: u64, streams: [TcpStream; 2]) -> bool {
        let mut state = self.state();
        if state.cuts != cuts {
            return false;
        }
        if state.streams.len() >= STREAMS_SWEPT_AT {
            state.streams.retain(|stream| stream.peer_addr().is_ok());
        }
        state.streams.extend(streams);
        true
    }

    fn copy(&self, mut from: TcpStream, mut to: TcpStream, cuts: u64, watch: Option<&Watch>) {
        let mut chunk = vec![0; CHUNK_BYTES];
        loop {
            let read = from.read(&mut chunk).unwrap_or(0);
            let Some(read) = chunk.get(..read).filter(|read| !read.is_empty()) else { break };
            if !self.may_pass(cuts) {
                break;
            }
            if let Some(watch) = watch {
                watch(read);
            }
            if to.write_all(read).is_err() {
                break;
            }
        }
        // Either may be closed already.
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that answers each byte with the same byte.
    fn echo() -> u16 {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || {
                    let (mut from, mut to) = (stream.try_clone().unwrap(), stream);
                    io::copy(&mut from, &mut to)
                });
            }
        });
        port
    }

    fn say(stream: &mut TcpStream, byte: u8) -> Option<u8> {
        let mut answer = [0];
        stream.write_all(&[byte]).ok()?;
        stream.read_exact(&mut answer).ok()?;
        Some(answer[0])
    }

    #[test]
    fn what_is_cut_ends_and_what_is_mended_passes() {
        let relay = Relay::open(echo()).unwrap();
        let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).unwrap();
        let mut caller = connect();
        assert_eq!(say(&mut caller, 7), Some(7));
        relay.cut();
        assert_eq!(say(&mut caller, 8), None);
        assert_eq!(say(&mut connect(), 8), None);
        relay.mend();
        assert_eq!(say(&mut caller, 9), None, "an ended connection stays ended");
        assert_eq!(say(&mut connect(), 9), Some(9));
    }

    #[test]
    fn what_is_stalled_waits_and_then_passes_unless_it_is_cut() {
        let relay = Relay::open(echo()).unwrap();
        let connect = || TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).unwrap();
        let (mut caller, mut other) = (connect(), connect());
        assert_eq!((say(&mut caller, 1), say(&mut other, 2)), (Some(1), Some(2)));
        relay.stall();
        let waiting = thread::spawn(move || say(&mut caller, 3));
        relay.mend();
        assert_eq!(waiting.join().unwrap(), Some(3));
        relay.stall();
        let waiting = thread::spawn(move || say(&mut other, 4));
        relay.cut();
        assert_eq!(waiting.join().unwrap(), None);
    }

    #[test]
    fn what_callers_send_is_seen() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        let watch: Watch = Arc::new(move |chunk| kept.lock().unwrap().extend_from_slice(chunk));
        let target = SocketAddr::from((Ipv4Addr::LOCALHOST, echo()));
        let relay = Relay::before(target, Some(watch)).unwrap();
        let mut caller = TcpStream::connect((Ipv4Addr::LOCALHOST, relay.port())).unwrap();
        assert_eq!(say(&mut caller, 5), Some(5));
        assert_eq!(*seen.lock().unwrap(), [5]);
    }
}
