//! Alerts as senders really write them, decoded into one type, [`Alert`], without I/O.
//!
//! - A stream is taken apart into messages by a [`Framer`], each of which [`decode_frame`] reads; a
//!   datagram is one message, which [`decode`] reads.
//! - The body of a webhook is read by [`decode_json`], by the [`Preset`] of its sender or by a
//!   [`Mapping`].
//!
//! ```
//! use pam_alert::{Severity, decode};
//!
//! let datagram = b"<13>Nov 23 21:25:40 vault CEF:0|MT4|senhasegura|3.27.0-4|153|Session started|5|\
//!     suser=stlee duser=root dhost=web-1 dst=192.0.2.7 dposrt=22";
//! let alert = decode("vault", datagram)?.remove(0);
//! assert_eq!(alert.user.as_deref(), Some("stlee"));
//! assert_eq!(alert.device.port, Some(22));
//! assert_eq!(alert.severity, Some(Severity::Medium));
//! assert!(!alert.is_machine_actor());
//! # Ok::<(), pam_alert::EmptyMessage>(())
//! ```

mod alert;
mod cef;
mod decode;
mod fields;
mod framing;
mod json;
mod leef;
mod pairs;
mod sentence;
mod session_id;
mod severity;
mod syslog;
mod time;
mod words;

pub use alert::{Alert, Device, Event, Field, State};
pub use cef::{Cef, CefEncodeError, NoCef};
pub use decode::{EmptyMessage, decode, decode_frame};
pub use framing::{DEFAULT_LIMIT, Frame, FrameError, Framer, Framing};
pub use json::{
    Format, IdRule, JsonError, Mapping, Pointer, PointerError, Preset, Scale, UnknownPreset,
    decode_json, decode_value, redact,
};
pub use leef::{Leef, LeefEncodeError, NoLeef};
pub use session_id::is_session_id;
pub use severity::Severity;
pub use syslog::{Element, SyslogMessage};
pub use time::{AlertTime, TimeError};
