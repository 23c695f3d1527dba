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
mod house;
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

pub use bank::ForgetfulBank;
pub use bank::Mishap;
pub use drive::drive;
pub use drive::finish;
pub use event::event;
pub use event::forged;
pub use event::hint;
pub use event::unrecognised;
pub use gate::Gate;
pub use gate::Plan;
pub use gated::GatedProvider;
pub use gated::GatedTransport;
pub use house::CashyproHouse;
pub use house::ConektaHouse;
pub use house::EtpayHouse;
pub use house::House;
pub use house::VirtualPosHouse;
pub use judge::attempts_one_at_a_time;
pub use judge::live_payments_max;
pub use judge::refold;
pub use sample::account;
pub use sample::declined;
pub use sample::key;
pub use sample::order;
pub use sample::run;
pub use sample::start;
pub use scene::Scene;
pub use scripted::Answer;
pub use scripted::CAREFUL;
pub use scripted::HANDLED;
pub use scripted::KEYED;
pub use scripted::Reply;
pub use scripted::ScriptedProvider;
pub use simulation::Campaign;
pub use simulation::Counts;
pub use simulation::Detail;
pub use simulation::Ended;
pub use simulation::Party;
pub use simulation::Report;
pub use simulation::Schedule;
pub use simulation::Verdict;
pub use simulation::expected;
pub use simulation::simulate;
pub use stage::Stage;
pub use stage::lanes;
pub use stage::policy;
pub use stage::simulated;
pub use steady::SteadyStore;
pub use steady::wait_for;
pub use timer::VirtualTimer;
pub use watched::Act;
pub use watched::WatchedStore;
pub use watched::Witness;
pub use worker::Worker;
