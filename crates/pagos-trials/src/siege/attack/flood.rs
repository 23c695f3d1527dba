//! Several threads that ask as fast as they can, or as fast as they are told to, each on a
//! connection of its own that is opened again when it closes.

use std::{
    io,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use pagos_kit::Random;

use super::Target;
use crate::trial::wire::{Connection, Message};

const THREADS: u64 = 4;

/// Longer than an answer may take, shorter than an attack.
const WAIT_MAX: Duration = Duration::from_secs(2);

/// After a connection that failed: whoever is refused does not spin.
const PAUSE: Duration = Duration::from_millis(2);

/// One thread of a flood.
#[derive(Debug)]
pub(super) struct Stranger {
    serve: SocketAddr,
    connection: Option<Connection>,
    pub(super) random: Random,
}

impl Stranger {
    /// The connection, opened if need be.
    pub(super) fn connection(&mut self) -> io::Result<&mut Connection> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => Connection::open(self.serve, WAIT_MAX)?,
        };
        Ok(self.connection.insert(connection))
    }

    /// Sends a request and reads its answer, on the connection that there is or on another one.
    pub(super) fn ask(&mut self, request: &Message) -> io::Result<Message> {
        let answer = self.connection()?.exchange(request);
        if answer.as_ref().map_or(true, Message::closes) {
            self.leave();
        }
        answer
    }

    /// The next request comes on another connection.
    pub(super) fn leave(&mut self) {
        self.connection = None;
    }
}

/// Acts again and again until the attack ends, at most so often a second; sums up the requests that
/// `act` made.
pub(super) fn flood(
    target: &Target<'_>,
    acts_per_second_max: Option<u64>,
    act: impl Fn(&mut Stranger) -> io::Result<u64> + Sync,
) -> u64 {
    let act = &act;
    let rage = |stream: u64| {
        let random = Random::new(1, stream);
        let mut stranger = Stranger { serve: target.serve, connection: None, random };
        let (begun, mut acts, mut requests) = (Instant::now(), 0, 0);
        while Instant::now() < target.until {
            let is_early = acts_per_second_max
                .is_some_and(|max| acts * 1_000 * THREADS > max * milliseconds(begun.elapsed()));
            if is_early {
                thread::sleep(PAUSE);
                continue;
            }
            acts += 1;
            match act(&mut stranger) {
                Ok(count) => requests += count,
                Err(_) => {
                    stranger.leave();
                    thread::sleep(PAUSE);
                }
            }
        }
        requests
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|nth| scope.spawn(move || rage(nth))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or(0)).sum()
    })
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
