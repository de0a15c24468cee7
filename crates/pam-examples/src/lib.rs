//! One session terminated on the HTTP clients that people bring: see `examples`, and
//! `docs/runtimes.md`.
//!
//! What is the same in all of them is in [`vault`]: who asks, and what is to be sent next. An
//! example is only the rest, and that is what an adapter owes: connections that are verified,
//! deadlines, no redirects, a limit on what it reads, and a word on whether a request that failed
//! may have been carried out.

pub mod by_hand;
pub mod vault;
