//! Many connections that are held: idle ones, slow ones, and such that never read.

use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpStream},
    thread,
    time::{Duration, Instant},
};

use super::{Outcome, Target};

const THREADS: usize = 4;

const CONNECT_MAX: Duration = Duration::from_millis(100);

const IDLE_SOCKETS: usize = 256;
const ASKED_EVERY: Duration = Duration::from_secs(7);

const SLOW_SOCKETS: usize = 500;
const BYTE_EVERY: Duration = Duration::from_secs(1);

const UNREAD_SOCKETS: usize = 64;

const HEALTH: &[u8] = b"GET /healthz HTTP/1.1\r\nHost: siege.invalid\r\n\r\n";
const SLOW_HEAD: &[u8] =
    b"POST /webhooks/cashypro HTTP/1.1\r\nHost: siege.invalid\r\nContent-Type: application/json\r\n\
      Content-Length: 1000\r\nX-Long: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const POSTED: &[u8] =
    b"POST /webhooks/virtualpos HTTP/1.1\r\nHost: siege.invalid\r\nContent-Length: 2\r\n\r\n{}";

/// One held connection.
#[derive(Debug)]
struct Guest {
    stream: TcpStream,
    sent_bytes: usize,
    due: Instant,
}

impl Guest {
    fn enter(serve: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&serve, CONNECT_MAX)?;
        stream.set_nonblocking(true)?;
        Ok(Self { stream, sent_bytes: 0, due: Instant::now() })
    }

    /// Throws away whatever was answered. A connection that was closed is an error.
    fn drain(&mut self) -> io::Result<()> {
        let mut chunk = [0; 4_096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(0) => return Err(io::ErrorKind::ConnectionReset.into()),
                Ok(_) => {}
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(cause) => return Err(cause),
            }
        }
    }
}

/// 256 connections that ask for the health every seven seconds.
pub(super) fn idle(target: &Target<'_>) -> Outcome {
    hold(target, IDLE_SOCKETS, Duration::from_millis(20), |guest| {
        guest.drain()?;
        if guest.due > Instant::now() {
            return Ok(0);
        }
        guest.stream.write_all(HEALTH)?;
        guest.due = Instant::now() + ASKED_EVERY;
        Ok(1)
    })
}

/// 500 connections that send a head, one byte a second.
pub(super) fn slow(target: &Target<'_>) -> Outcome {
    hold(target, SLOW_SOCKETS, Duration::from_millis(20), |guest| {
        guest.drain()?;
        if guest.due > Instant::now() {
            return Ok(0);
        }
        let is_first = guest.sent_bytes == 0;
        let next = SLOW_HEAD.get(guest.sent_bytes).copied().unwrap_or(b'a');
        guest.stream.write_all(&[next])?;
        guest.sent_bytes += 1;
        guest.due = Instant::now() + BYTE_EVERY;
        Ok(u64::from(is_first))
    })
}

/// 64 connections that ask and post as fast as they can, and never read.
pub(super) fn unread(target: &Target<'_>) -> Outcome {
    let chunk = [HEALTH, POSTED].concat().repeat(32);
    let request_bytes = (HEALTH.len() + POSTED.len()) / 2;
    hold(target, UNREAD_SOCKETS, Duration::from_millis(1), |guest| {
        // A part that was taken is gone on with, so that requests stay whole.
        let rest = chunk.get(guest.sent_bytes % chunk.len()..).unwrap_or_default();
        match guest.stream.write(rest) {
            Ok(count) => {
                guest.sent_bytes += count;
                Ok(u64::try_from(count / request_bytes).unwrap_or(0))
            }
            Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => Ok(0),
            Err(cause) => Err(cause),
        }
    })
}

/// Holds so many connections, and opens those again that are closed. `act` says how many requests
/// it made.
fn hold(
    target: &Target<'_>,
    count: usize,
    pause: Duration,
    act: impl Fn(&mut Guest) -> io::Result<u64> + Sync,
) -> Outcome {
    let stay = || {
        let mut guests: Vec<Option<Guest>> = (0..count / THREADS).map(|_| None).collect();
        let mut requests = 0;
        while Instant::now() < target.until {
            for place in &mut guests {
                if Instant::now() >= target.until {
                    break;
                }
                if place.is_none() {
                    *place = Guest::enter(target.serve).ok();
                }
                match place.as_mut().map(&act) {
                    Some(Ok(count)) => requests += count,
                    Some(Err(_)) => *place = None,
                    None => {}
                }
            }
            thread::sleep(pause);
        }
        requests
    };
    let requests = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(stay)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    });
    Outcome::of(requests)
}
