//! The mock from outside: over TCP and TLS, signed and unsigned.

// Clippy takes only functions marked as tests for tests, not what they share.
#![allow(clippy::unwrap_used, clippy::panic)]

mod access_is_refused_as_documented;
mod alerts_reach_the_siem;
mod answers_have_the_documented_bytes;
mod client;
mod faults_strike;
mod listing_of_any_length;
mod oauth1_is_verified;
mod oauth2_tokens;
mod refusals_are_explained;
mod sessions_live;
mod state_and_levers;
mod tls_and_addresses;
