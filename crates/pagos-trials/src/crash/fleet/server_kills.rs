//! Blows to the server while workers work on it, and what the workers' side knows of them.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    thread,
    time::{Duration, Instant},
};

use pagos_kit::Random;

use crate::{
    crash::Options,
    failure::Failure,
    postgres::{Blow, Server},
};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// How long the server is away, and how long it lives between two kills: the latter by what a row
/// takes at least, so that all kills fall before the last row has ended.
const AWAY_MS_MIN: u64 = 200;
const AWAY_MS_MAX: u64 = 2_500;
const UP_MS_MIN: u64 = 1_000;
const UP_MS_PER_ROW: u64 = 2;

/// What the two threads tell each other.
#[derive(Default)]
pub(super) struct Signals {
    /// The first payout went out.
    pub(super) is_begun: AtomicBool,
    /// The run is over; no more kills.
    pub(super) is_over: AtomicBool,
    /// Rises when the server goes down, and again when it is up: odd while it is down.
    turns: AtomicU64,
}

impl Signals {
    pub(super) fn turn(&self) {
        self.turns.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn turns(&self) -> u64 {
        self.turns.load(Ordering::SeqCst)
    }
}

/// Brings the server down as often as was ordered, each time for a while, each time in another way.
/// Returns how often. It is up when this returns.
pub(super) fn strike_often(
    server: &Server,
    orders: &Options,
    signals: &Signals,
) -> Result<u64, Failure> {
    let mut moments = Random::new(orders.seed, 4);
    let up_ms = orders.rows * UP_MS_PER_ROW / (orders.server_restarts + 1);
    let up_ms = up_ms.max(UP_MS_MIN);
    while !signals.is_begun.load(Ordering::Relaxed) {
        if !sleep_unless(&signals.is_over, LOOK_EVERY) {
            return Ok(0);
        }
    }
    for number in 0..orders.server_restarts {
        if !sleep_unless(&signals.is_over, Duration::from_millis(up_ms)) {
            return Ok(number);
        }
        signals.turn();
        server.strike(if number % 2 == 0 { Blow::Kill } else { Blow::Immediate })?;
        thread::sleep(Duration::from_millis(moments.draw(AWAY_MS_MIN, AWAY_MS_MAX)));
        server.start_again()?;
        signals.turn();
    }
    Ok(orders.server_restarts)
}

/// Sleeps for all of `time`, or less if it is over.
fn sleep_unless(is_over: &AtomicBool, time: Duration) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < time {
        if is_over.load(Ordering::Relaxed) {
            return false;
        }
        thread::sleep(LOOK_EVERY);
    }
    true
}
