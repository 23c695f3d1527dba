//! The engine's suite of cases for every witness, on a file.

#![allow(clippy::unwrap_used)]

mod scratch;

use std::sync::Arc;

use pagos_engine::suite::witness::{Case, Handles};
use pagos_witness::FileWitness;

use scratch::{STORE, Scratch, finish};

fn run(case: &Case) {
    let scratch = Scratch::new();
    let handles: Handles =
        [Arc::new(scratch.create()), Arc::new(FileWitness::open(&scratch.path, STORE).unwrap())];
    finish((case.run)(handles));
}

pagos_engine::witness_suite!(run);
