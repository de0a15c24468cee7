//! What crosses crates, in one test binary.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

mod conformance;
mod connected_ahead;
mod corpora;
mod documents;
mod dropped_futures;
mod fault_matrix;
mod senders;
