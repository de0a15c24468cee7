//! Proofs by the programs that carry alerts in the real world: what they send ends the session that
//! is meant, and no other.

mod relays;
mod scene;
mod senders;

pub(super) use relays::{rsyslog, syslog_ng};
pub(super) use senders::{alertmanager, logger, webhooks};
