//! What strangers do to `serve`, one thing at a time, from the address that genuine webhooks come
//! from: the worst case. Judges only what a stranger can see.

mod connections;
mod flood;
mod guess;
mod hints;
mod noise;
mod trace;
mod unsent;

use std::{net::SocketAddr, time::Instant};

use clap::ValueEnum;
use pagos_kit::people::Row;

use crate::{
    failure::Failure,
    siege::{harness::Harness, relay::Relay},
};

/// Whom an attack hits, and until when.
#[derive(Debug, Clone, Copy)]
struct Target<'a> {
    serve: SocketAddr,
    /// Payouts that can be named.
    known: &'a [Row],
    relay: &'a Relay,
    until: Instant,
}

impl<'a> Target<'a> {
    fn of(harness: &'a Harness, until: Instant) -> Self {
        let (serve, known) = (harness.serve_address, harness.known.as_slice());
        Self { serve, known, relay: &harness.relay, until }
    }
}

/// What came of an attack.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) requests: u64,
    /// What a stranger should not have seen or brought about.
    pub(super) complaints: Vec<String>,
}

impl Outcome {
    fn of(requests: u64) -> Self {
        Self { requests, complaints: Vec::new() }
    }
}

/// One thing that strangers do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Attack {
    /// Connections that ask for the health now and then and stay.
    Idle,
    /// Requests that arrive byte by byte.
    Slow,
    /// Connections that ask as fast as they can and never read.
    Unread,
    /// Signed webhooks with wrong signatures.
    Forged,
    /// Random bytes and odd requests.
    Garbage,
    /// Small unsigned reasons to ask about payouts that there are.
    Hints,
    /// The same with large bodies that differ.
    LargeHints,
    /// Payouts that there are beside such that there are not: the answers must be equal.
    Guess,
    /// Genuine webhooks once more, with headers that differ.
    Trace,
    /// Reasons to ask about payouts that wait to be sent again.
    Unsent,
}

impl Attack {
    pub(super) const ALL: [Self; 10] = [
        Self::Idle,
        Self::Slow,
        Self::Unread,
        Self::Forged,
        Self::Garbage,
        Self::Hints,
        Self::LargeHints,
        Self::Guess,
        Self::Trace,
        Self::Unsent,
    ];

    /// Those that tell most in little time.
    pub(super) const QUICK: [Self; 6] =
        [Self::Idle, Self::Slow, Self::Unread, Self::Hints, Self::LargeHints, Self::Guess];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Slow => "slow",
            Self::Unread => "unread",
            Self::Forged => "forged",
            Self::Garbage => "garbage",
            Self::Hints => "hints",
            Self::LargeHints => "large-hints",
            Self::Guess => "guess",
            Self::Trace => "trace",
            Self::Unsent => "unsent",
        }
    }

    /// Does it, until the moment that is given.
    pub(super) fn launch(self, harness: &mut Harness, until: Instant) -> Result<Outcome, Failure> {
        let act = match self {
            Self::Idle => connections::idle,
            Self::Slow => connections::slow,
            Self::Unread => connections::unread,
            Self::Forged => noise::forged,
            Self::Garbage => noise::garbage,
            Self::Hints => hints::small,
            Self::LargeHints => hints::large,
            Self::Guess => guess::launch,
            Self::Trace => trace::launch,
            // It pays further payouts, and needs all of the harness.
            Self::Unsent => return unsent::launch(harness, until),
        };
        Ok(act(&Target::of(harness, until)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attacks_are_chosen_by_name() {
        for attack in Attack::ALL {
            assert_eq!(Attack::from_str(attack.name(), false), Ok(attack));
        }
        assert!(Attack::from_str("nobody", false).is_err());
    }
}
