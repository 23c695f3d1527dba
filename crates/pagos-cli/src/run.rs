//! The parts of paying: opening, storing, working, following, reporting. The commands combine them.

pub(crate) mod actor;
pub(crate) mod api;
pub(crate) mod catch_up;
pub(crate) mod database;
pub(crate) mod document;
pub(crate) mod events;
pub(crate) mod follow;
pub(crate) mod gaps;
pub(crate) mod instance;
pub(crate) mod listen;
pub(crate) mod moving;
pub(crate) mod need;
pub(crate) mod notices;
pub(crate) mod payer;
pub(crate) mod refused;
pub(crate) mod report;
pub(crate) mod retention;
pub(crate) mod signal;
pub(crate) mod submit;
pub(crate) mod target;
pub(crate) mod witness;

use std::future::Future;

use crate::{
    exit::Failure,
    words::{Text, pay},
};

/// Runs one asynchronous command to its end.
pub(crate) fn block_on<T>(command: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| Failure::new(pay::no_runtime(Text::heard(error.to_string()))))?;
    let outcome = runtime.block_on(command);
    // A pending lookup of a host name must not delay the end.
    runtime.shutdown_background();
    outcome
}
