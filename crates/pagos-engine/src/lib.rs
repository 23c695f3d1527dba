//! Durable payouts: stored before they are sent, and never sent twice.
//!
//! This crate knows no provider and no database; it is given both, and a clock.
//!
//! [`Engine::open`] is the way in. An order becomes durable with [`Engine::submit`], as a member of a
//! run, may be claimed after [`Engine::release`], and is then carried to its end by [`Engine::work`]
//! (one round) or [`Engine::run`] (until stopped). [`Engine::pay`] does submit and release for one
//! order. What happens is told as [`Notice`]s, which a named reader gets at least once and in order.
//! What keeps a payout from being sent twice is in `decide.rs` (which attempt may begin) and
//! `send.rs` (the one place that sends, after the attempt is durable). When one may be sent again is
//! said in [`pagos_core::manual::unknown`].
//!
//! Money in is [`Engine::open_payment`]: it stores a session before anybody is told its address, and
//! the same loop follows it.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]

mod accounts;
mod agenda;
mod ask;
mod decide;
mod delivery;
mod door;
mod engine;
mod fingerprint;
mod history;
mod inbox;
mod intent;
mod judge;
mod lanes;
mod list;
#[cfg(feature = "suite")]
mod memory;
mod operator;
mod payment;
mod place;
mod point;
mod policy;
mod progress;
mod rate;
mod recognise;
mod record;
mod retention;
mod send;
mod sending;
mod service;
mod spread;
mod store;
#[cfg(feature = "suite")]
pub mod suite;
mod sweep;
mod tally;
mod timer;
mod work;
mod world;

pub use accounts::Accounts;
pub use delivery::Filed;
pub use delivery::Filing;
pub use delivery::InboxId;
pub use delivery::InboxItem;
pub use delivery::InboxState;
pub use delivery::InboxStore;
pub use delivery::REPETITION_SPACING;
pub use delivery::Refused;
pub use delivery::Trust;
pub use delivery::Verdict;
pub use door::StoreDoor;
pub use engine::Engine;
pub use engine::EngineError;
pub use engine::Pulse;
pub use fingerprint::fingerprint;
pub use history::Entry;
pub use history::Notice;
pub use history::NoticeAbout;
pub use history::NoticeKind;
pub use history::OrderNews;
pub use history::Proof;
pub use intent::Canonical;
pub use intent::Digest;
pub use intent::Intent;
pub use intent::Released;
pub use intent::Run;
pub use intent::RunId;
pub use intent::Submitted;
pub use judge::Judged;
pub use list::Cursor;
pub use list::Filter;
pub use list::Page;
pub use list::Sorted;
pub use list::Span;
#[cfg(feature = "suite")]
pub use memory::MemoryStore;
pub use operator::Decision;
pub use payment::KnownSession;
pub use payment::Opening;
pub use payment::Payment;
pub use payment::PaymentProgress;
pub use payment::Session;
pub use payment::Try;
pub use payment::open::Opened;
pub use payment::store::Asked;
pub use payment::store::OpenedSession;
pub use payment::store::PaymentCommitted;
pub use payment::store::PaymentStep;
pub use payment::store::PaymentStore;
pub use point::Deed;
pub use point::NoProbe;
pub use point::Phase;
pub use point::Point;
pub use point::Probe;
pub use policy::Budgets;
pub use policy::Policy;
pub use policy::Sweep;
pub use progress::Asking;
pub use progress::Attempt;
pub use progress::Attention;
pub use progress::Progress;
pub use progress::Wait;
pub use progress::Waiting;
pub use recognise::About;
pub use recognise::Recognised;
pub use recognise::recognise;
pub use retention::Archive;
pub use retention::ArchivedPayout;
pub use retention::Candidate;
pub use retention::Horizon;
pub use retention::Leaving;
pub use retention::Mark;
pub use retention::Portion;
pub use retention::PruneError;
pub use retention::RetentionStore;
pub use retention::Scope;
pub use retention::Seal;
pub use retention::SealedAs;
pub use retention::Sealing;
pub use retention::Stay;
pub use retention::Survey;
pub use retention::SurveyRow;
pub use retention::changed_at;
pub use retention::stay;
pub use sending::Sending;
pub use spread::Spawner;
pub use store::Begin;
pub use store::Begun;
pub use store::Claim;
pub use store::ClaimRequest;
pub use store::Committed;
pub use store::Guard;
pub use store::Lane;
pub use store::Lease;
pub use store::NoAttempt;
pub use store::Payout;
pub use store::Share;
pub use store::Step;
pub use store::Store;
pub use store::StoreError;
pub use store::StoreErrorKind;
pub use store::Turn;
pub use store::Work;
pub use tally::Tally;
pub use tally::TallyRow;
pub use timer::Timer;
pub use work::Worked;
pub use world::World;
