//! Alerts in, decisions out: the core of the responder, without I/O.
//!
//! [`Responder`] takes events and yields effects. It finds the one live session that an alert
//! means, decides under rules, policy and brakes whether it is ended, and records every step. Its
//! state is the fold over these records and nothing else, so that it [resumes](Responder::resume)
//! from its [`Journal`] exactly where it stood.
//!
//! ```
//! use std::sync::Arc;
//! use pam_respond_core::{Effect, Event, Moment, Received, Responder, Sessions, Settings};
//! use pam_respond_core::config_text::ConfigText;
//! # use pam_proto::Session;
//!
//! let rules = r#"
//!     [[rule]]
//!     name = "dangerous command"
//!     when = "event=12"
//!     match = ["user"]
//!     mode = "armed"
//! "#;
//! let mut mistakes = Vec::new();
//! let mut root = ConfigText::new(rules).root(&mut mistakes);
//! let settings = Settings::read(&mut root, |_| None, &mut mistakes);
//! assert!(mistakes.is_empty());
//!
//! let now = Moment::from_millis(1_795_000_000_000);
//! let mut responder = Responder::new(settings, now);
//! # let session = Session::from_value(&serde_json::json!({"id": "7", "session_id": "ab12",
//! #     "user": "alice", "start": "2026-11-18 10:00:00", "end": null}))?;
//! let mut sessions = Sessions::new(now);
//! sessions.push(session, &responder.settings().zone);
//! responder.handle(Event::Listing(Arc::new(sessions)), now)?;
//!
//! let alert = serde_json::from_str(r#"{"source":"vault","event":{"id":"12"},"user":"alice"}"#)?;
//! let received = Received { number: 1, key: "k1".into(), at: now, alert };
//! let effects = responder.handle(Event::Alert(Arc::new(received)), now)?;
//! assert!(matches!(effects[..], [Effect::Persist(_), Effect::StartTermination { .. }]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod config_text;
mod correlate;
mod expiring;
mod journal;
mod moment;
mod record;
mod rehearsal;
mod responder;
mod rules;
mod session_record;
mod sessions;
mod state;
mod status;
mod when;

pub use correlate::{Candidate, MARGIN, Match};
pub use journal::{Incoming, Journal, MemoryJournal, Never, Replay};
pub use moment::Moment;
pub use record::{CaseReport, End, Entry, Received, Record, SessionEnd};
pub use rehearsal::{Backtest, backtest, read_sessions, rehearse};
pub use responder::{Effect, Event, Rejected, Responder, Termination};
pub use rules::{Ambiguous, COOLDOWN_MAX, KEEP_OUT_MAX, Mode, Rule, Settings};
pub use sessions::Sessions;
pub use state::{Case, Phase};
pub use status::{PendingCase, Status};
pub use when::When;
