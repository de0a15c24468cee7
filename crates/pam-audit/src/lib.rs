//! The audit file: [`pam_guard::audit`]'s chain on disk.
//!
//! One JSON line a record, in a file that only its owner may touch. Any number of processes may
//! append to it at once: each append holds a lock on the file, finds the last record, writes the
//! next ones and has them on the disk before it returns. Beside the file, `FILE.link` keeps the
//! number and hash of the last record, so that a file whose end was cut off is found out.
//!
//! ```
//! use pam_audit::AuditFile;
//! use serde_json::json;
//!
//! # let folder = tempfile::tempdir()?;
//! # let path = folder.path().join("audit.jsonl");
//! let audit = AuditFile::new(path);
//! audit.append(&[json!({"event": "drop", "session_id": "ab12"})])?;
//! assert_eq!(audit.verify()?.link.seq, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Everything here blocks for as long as the disk takes.

mod actor;
mod entry;
mod error;
mod file;
mod read;
mod verify;

pub use actor::Actor;
pub use entry::{Context, Entry, Event, PolicyNote, Purpose};
pub use error::{AuditError, AuditFault};
pub use file::{AuditFile, Locked};
pub use read::{Record, Records};
pub use verify::{Unverified, Verified};
