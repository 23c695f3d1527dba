//! The promise "never paid twice" as a model that a checker explores completely: every order in
//! which two workers, the network, the provider, webhooks, crashes and a person can act on one
//! payout. Nothing of the engine is used here; `tests/` replays what the engine really does as
//! paths of this model.
//!
//! Read `world.rs` (what is assumed, what can be taken away), then `decide.rs` (the engine's rules
//! in their smallest form), then `step.rs` (what one action does), then `property.rs`.
//!
//! What must have happened before a payout is due is a model of its own, in `approval.rs`; so is a
//! store that goes back to an earlier state, in `going_back.rs`.
//!
//! One payout is enough: payouts share nothing but the provider, which tells them apart by key.

#![allow(
    clippy::indexing_slicing,
    reason = "two workers and at most a few requests are indexed by the action that names them; a \
              wrong index is a mistake of the model and must stop it"
)]

mod action;
mod approval;
mod calm;
mod decide;
mod explore;
mod going_back;
mod property;
mod state;
mod step;
mod world;

pub use action::{Action, Answer, Fate, Word};
pub use approval::{
    APPROVAL_SIGHTS, ApprovalAction, ApprovalGuard, ApprovalState, ApprovalWorld, Asked, HeldRun,
    explore_approval, way_around_approval,
};
pub use explore::{Counterexample, Explored, explore, find_counterexample};
pub use going_back::{
    Begun, GOING_BACK_PROMISES, GOING_BACK_SIGHTS, GoingBackAction, GoingBackState, GoingBackWorld,
    WhatGoesBack, WitnessGuard, explore_going_back, way_back,
};
pub use property::{Promise, SIGHTS};
pub use state::{Bounds, Ghost, News, Progress, Provider, Request, Said, State, Status, Worker};
pub use step::task;
pub use world::{Counting, Guard, Patience, Repeats, Size, World};
