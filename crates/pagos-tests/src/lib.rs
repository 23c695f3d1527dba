//! What the tests of the whole need: engine, provider and twin in one world with virtual time.
//!
//! Unpublished. The tests are in `tests/`: a file per invariant, the lessons of others, the seeded
//! simulation. Nothing here opens a connection, looks at a real clock or sleeps.

// Tools of tests: a broken expectation panics, and that is the report.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bank;
mod drive;
mod event;
mod gate;
mod gated;
mod judge;
mod sample;
mod scene;
mod scripted;
mod simulation;
mod stage;
mod steady;
mod timer;
mod watched;
mod worker;

pub use bank::{ForgetfulBank, Mishap};
pub use drive::{drive, finish};
pub use event::{event, forged, hint, unrecognised};
pub use gate::{Gate, Plan};
pub use gated::{GatedProvider, GatedTransport};
pub use judge::{attempts_one_at_a_time, live_payments_max, refold};
pub use pagos_kit::{KITS, Kit};
pub use sample::{account, declined, key, kit, order, run, start};
pub use scene::Scene;
pub use scripted::{Answer, CAREFUL, HANDLED, KEYED, Reply, ScriptedProvider};
pub use simulation::{
    Campaign, Counts, Detail, Ended, Party, Report, Schedule, Verdict, expected, simulate,
};
pub use stage::{Stage, lanes, policy, simulated};
pub use steady::{SteadyStore, wait_for};
pub use timer::VirtualTimer;
pub use watched::{Act, WatchedStore, Witness};
pub use worker::Worker;
