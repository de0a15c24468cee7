//! The decisions, held against a simulated world.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed, in its helpers as well"
)]

mod decisions;
mod protected_users_are_never_dropped;
mod simulation;
mod slow_and_absent_appliances;
mod world;

use pam_guard::Policy;
use pam_respond_core::config_text::ConfigText;
use pam_respond_core::{Moment, Settings};

/// Settings from their text, which has no mistake.
pub(crate) fn settings(text: &str, policy: &str) -> Settings {
    let mut mistakes = Vec::new();
    let mut root = ConfigText::new(text).root(&mut mistakes);
    let mut settings = Settings::read(&mut root, |_| None, &mut mistakes);
    root.finish(&mut mistakes);
    assert!(mistakes.is_empty(), "{mistakes:?}");
    settings.policy = Policy::parse(policy).unwrap();
    settings
}

/// 2026-11-18 11:06:40 in UTC, and so many seconds.
pub(crate) fn at(seconds: i64) -> Moment {
    Moment::from_millis((1_795_000_000 + seconds) * 1_000)
}
