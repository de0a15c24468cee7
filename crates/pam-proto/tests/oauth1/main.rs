//! OAuth 1.0 against published values, properties and deliberate mistakes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that can't go on fails"
)]

mod appliance;
mod cases;
#[cfg(feature = "verify")]
mod forgeries;
mod mistakes;
mod properties;
mod reference;
mod vectors;
#[cfg(feature = "verify")]
mod verification;
