//! Alerts as senders really write them, decoded into one type, [`Alert`], without I/O.
//!
//! ```
//! use pam_alert::{Alert, Severity};
//!
//! let mut alert = Alert::new("siem");
//! alert.user = Some("stlee".into());
//! alert.severity = Some(Severity::High);
//! assert!(alert.severity >= Some(Severity::Medium));
//! assert!(!alert.is_machine_actor());
//! ```

mod alert;
mod session_id;
mod severity;
mod time;

pub use alert::{Alert, Device, Event, Field, State};
pub use session_id::is_session_id;
pub use severity::Severity;
pub use time::{AlertTime, TimeError};
