//! What this crate is built from. What it does is held by the conformance suite of `tests`.

#![allow(
    clippy::unwrap_used,
    reason = "a test that can't go on fails, also in a function that tests share"
)]

mod no_runtime_is_in_the_tree;
