//! The journal in its file, and the responder against the mock.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, in its helpers as well"
)]

mod alerts_end_sessions;
mod fixture;
mod journal_survives;
mod senders_show_who_they_are;
mod tls_intake;
