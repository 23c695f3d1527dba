//! Attacks on the HTTP API, with and without a token, beside a calm client with a token, whose
//! requests must be answered in time.

use std::{
    io, thread,
    time::{Duration, Instant},
};

use pagos_kit::people;

use super::{
    Outcome, Target,
    flood::{Stranger, flood},
};
use crate::{
    clients::order::{self, Order},
    failure::Failure,
    siege::harness::Harness,
    trial::wire::{self, Connection, Message},
};

const ASK_EVERY: Duration = Duration::from_millis(100);
const ANSWER_MAX: Duration = Duration::from_secs(2);
const REPEAT_AFTER: Duration = Duration::from_millis(10);

const LARGE_BYTES: usize = 60 * 1024;

/// Attacks the API while a calm client lists and repeats.
pub(super) fn beside_client(
    harness: &Harness,
    until: Instant,
    act: impl FnOnce(&Target<'_>) -> Outcome,
) -> Result<Outcome, Failure> {
    let target = Target { serve: harness.api_address, ..Target::of(harness, until) };
    let order = own_order()?;
    let mut client = Client { target: &target, connection: None, tally: Calm::default() };
    // Before the attack, so that the service has seen its token.
    client.ask(&submission(&order, target.token));
    thread::scope(|scope| {
        let calm = scope.spawn(move || client.ask_calmly(&order));
        let mut outcome = act(&target);
        let calm = calm.join().map_err(|_| Failure::new("the calm client panicked"))?;
        outcome.complaints.extend(calm.complaints());
        Ok(outcome)
    })
}

/// Requests without a token, or with one that is wrong.
pub(super) fn strangers(target: &Target<'_>) -> Outcome {
    outcome_of(
        target,
        "a stranger was let in",
        |status| status < 400,
        |stranger| {
            let wrong = format!("{:064x}", stranger.random.draw(0, u64::MAX));
            let id = target.token.split('_').nth(1).unwrap_or_default();
            let token = match stranger.random.draw(0, 3) {
                0 => String::new(),
                1 => format!("Authorization: Bearer {wrong}\r\n"),
                // An id is no secret, and makes the service look the token up.
                2 => format!("Authorization: Bearer pagos_{id}_{wrong}\r\n"),
                _ => format!("Authorization: Bearer pagos_{}_{wrong}\r\n", wrong.get(..12)?),
            };
            let body = match stranger.random.draw(0, 9) {
                0 => vec![b'a'; LARGE_BYTES],
                _ => b"{}".to_vec(),
            };
            Some(wire::post("/v1/payouts", &token, body))
        },
    )
}

/// What somebody with a token can do at most: repeat, contradict, list, and send what cannot be read.
pub(super) fn clients(target: &Target<'_>) -> Outcome {
    let Ok(order) = own_order() else { return Outcome::default() };
    outcome_of(
        target,
        "the service failed",
        |status| status == 500,
        |stranger| {
            let token = format!("Authorization: Bearer {}\r\n", target.token);
            Some(match stranger.random.draw(0, 5) {
                0 => submission(&order, target.token),
                1 => submission(&Order { body: b"{}".to_vec(), ..order.clone() }, target.token),
                2 => wire::post("/v1/payouts", &token, vec![b'['; LARGE_BYTES]),
                3 => wire::post("/v1/runs/none/approve", &token, b"{}".to_vec()),
                4 => wire::get("/v1/payouts?limit=100", &token),
                _ => wire::get("/v1/runs", &token),
            })
        },
    )
}

/// Floods, and complains once about each status that must not be.
fn outcome_of(
    target: &Target<'_>,
    complaint: &str,
    is_bad: impl Fn(u16) -> bool + Sync,
    build: impl Fn(&mut Stranger) -> Option<Message> + Sync,
) -> Outcome {
    let bad = std::sync::atomic::AtomicU64::new(0);
    let requests = flood(target, None, |stranger| {
        let request = build(stranger).ok_or(io::ErrorKind::InvalidData)?;
        let answer = stranger.ask(&request)?;
        if answer.status().is_none_or(&is_bad) {
            bad.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        }
        Ok(1)
    });
    let complaints = match bad.into_inner() {
        0 => Vec::new(),
        count => vec![format!("{complaint}, {count} times")],
    };
    Outcome { requests, complaints }
}

/// The payout that the calm client submits again and again.
fn own_order() -> Result<Order, Failure> {
    let orders = order::read(people::rows(1, 9, vec![pagos_kit::example()]))?;
    orders.into_iter().next().ok_or_else(|| Failure::new("there is no payout"))
}

fn submission(order: &Order, token: &str) -> Message {
    let headers = format!("Authorization: Bearer {token}\r\nIdempotency-Key: {}\r\n", order.key);
    wire::post("/v1/payouts", &headers, order.body.clone())
}

/// A client that asks ten times a second over one connection.
struct Client<'a> {
    target: &'a Target<'a>,
    connection: Option<Connection>,
    tally: Calm,
}

/// What came of its requests.
#[derive(Debug, Default, PartialEq, Eq)]
struct Calm {
    asked: u64,
    /// Requests that were not answered with a 2xx in time, repeats and all.
    failed: u64,
}

impl Client<'_> {
    fn ask_calmly(mut self, order: &Order) -> Calm {
        let list = format!("Authorization: Bearer {}\r\n", self.target.token);
        let requests =
            [wire::get("/v1/payouts?limit=1", &list), submission(order, self.target.token)];
        for request in requests.iter().cycle() {
            if Instant::now() >= self.target.until {
                break;
            }
            self.ask(request);
            thread::sleep(ASK_EVERY);
        }
        self.tally
    }

    /// A connection may have given way to a newer one. Every client of HTTP then opens another one,
    /// and a repeat is safe; but it must be answered in time.
    fn ask(&mut self, request: &Message) {
        self.tally.asked += 1;
        let asked_at = Instant::now();
        while asked_at.elapsed() < ANSWER_MAX {
            let connection = match self.connection.take() {
                Some(connection) => Ok(connection),
                None => Connection::open(self.target.serve, ANSWER_MAX),
            };
            let answer = connection.and_then(|connection| self.exchange(connection, request));
            match answer.ok().and_then(|answer| answer.status()) {
                Some(200..=299) if asked_at.elapsed() < ANSWER_MAX => return,
                _ => thread::sleep(REPEAT_AFTER),
            }
        }
        self.tally.failed += 1;
    }

    fn exchange(&mut self, mut connection: Connection, request: &Message) -> io::Result<Message> {
        let answer = connection.exchange(request)?;
        self.connection = Some(connection).filter(|_| !answer.closes());
        Ok(answer)
    }
}

impl Calm {
    fn complaints(&self) -> Vec<String> {
        let Self { asked, failed } = self;
        match failed {
            0 => Vec::new(),
            _ => vec![format!("{failed} of {asked} requests of a calm client failed")],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_calm_client_complains_about_any_failure() {
        assert!(Calm { asked: 9, failed: 0 }.complaints().is_empty());
        let told = Calm { asked: 9, failed: 1 }.complaints();
        assert_eq!(told, ["1 of 9 requests of a calm client failed"]);
    }
}
