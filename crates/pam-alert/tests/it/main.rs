//! What a user of `pam-alert` relies on, held against real bytes.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, in its helpers as well"
)]

mod encoded_is_decoded;
mod fixtures;
mod framing;
mod quirks;
