//! Files that banks take and give beside statements: pain.001, pain.002, PAB, CEP.

#![cfg_attr(
    test,
    allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)
)]
