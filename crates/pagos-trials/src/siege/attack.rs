//! What strangers do to `serve`, one thing at a time, from the address that genuine webhooks come
//! from: the worst case. Judges only what a stranger can see.

mod api;
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
    /// A token of the API.
    token: &'a str,
    until: Instant,
}

impl<'a> Target<'a> {
    fn of(harness: &'a Harness, until: Instant) -> Self {
        let (serve, known) = (harness.serve_address, harness.known.as_slice());
        Self { serve, known, relay: &harness.relay, token: &harness.token, until }
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
    /// Requests to the API that arrive byte by byte.
    ApiSlow,
    /// Connections to the API that ask as fast as they can and never read.
    ApiUnread,
    /// Requests to the API without a token, or with a wrong one.
    ApiStrangers,
    /// Random bytes and odd requests to the API.
    ApiGarbage,
    /// Repeats, contradictions, lists and odd bodies of somebody with a token.
    ApiClients,
}

impl Attack {
    pub(super) const ALL: [Self; 15] = [
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
        Self::ApiSlow,
        Self::ApiUnread,
        Self::ApiStrangers,
        Self::ApiGarbage,
        Self::ApiClients,
    ];

    /// Those that tell most in little time.
    pub(super) const QUICK: [Self; 8] = [
        Self::Idle,
        Self::Slow,
        Self::Unread,
        Self::Hints,
        Self::LargeHints,
        Self::Guess,
        Self::ApiStrangers,
        Self::ApiClients,
    ];

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
            Self::ApiSlow => "api-slow",
            Self::ApiUnread => "api-unread",
            Self::ApiStrangers => "api-strangers",
            Self::ApiGarbage => "api-garbage",
            Self::ApiClients => "api-clients",
        }
    }

    /// Does it, until the moment that is given.
    pub(super) fn launch(self, harness: &mut Harness, until: Instant) -> Result<Outcome, Failure> {
        let act: fn(&Target<'_>) -> Outcome = match self {
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
            Self::ApiSlow => return api::beside_client(harness, until, connections::slow),
            Self::ApiUnread => return api::beside_client(harness, until, connections::unread),
            Self::ApiStrangers => return api::beside_client(harness, until, api::strangers),
            Self::ApiGarbage => return api::beside_client(harness, until, noise::garbage),
            Self::ApiClients => return api::beside_client(harness, until, api::clients),
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
