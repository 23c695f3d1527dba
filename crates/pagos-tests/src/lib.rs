//! What the tests of the whole need: engine, provider and twin in one world with virtual time.
//!
//! Unpublished. The tests are in `tests/`: a file per invariant, the lessons of others, the seeded
//! simulation. Nothing here opens a connection, looks at a real clock or sleeps.

// Tools of tests: a broken expectation panics, and that is the report.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod bank;
mod blocking;
mod drive;
mod event;
mod fault_injector;
mod faulty;
mod harness;
mod judge;
mod recording;
mod sample;
mod scripted;
mod scripted_harness;
mod simulation;
mod timer;
mod worker;

pub use bank::{ForgetfulBank, Mishap};
pub use blocking::{BlockingStore, wait_for};
pub use drive::{drive, finish};
pub use event::{event, forged, hint, unrecognised};
pub use fault_injector::{FaultInjector, Plan};
pub use faulty::{FaultyProvider, FaultyTransport, FaultyWitness};
pub use harness::{Harness, lanes, policy, simulated};
pub use judge::{attempts_one_at_a_time, live_payments_max, refold, without_epochs};
pub use pagos_kit::{KITS, Kit};
pub use recording::{Act, Onlooker, RecordingStore};
pub use sample::{account, declined, key, kit, order, run, start};
pub use scripted::{Answer, CAREFUL, FORGETTING, HANDLED, KEYED, Reply, ScriptedProvider};
pub use scripted_harness::ScriptedHarness;
pub use simulation::{
    Campaign, Counts, Detail, Ended, GoingBack, Participant, Report, Schedule, Summary, expected,
    simulate, simulate_with_past,
};
pub use timer::VirtualTimer;
pub use worker::Worker;
