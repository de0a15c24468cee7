//! The listing, parsed while it arrives.
//!
//! The appliance lists every session at once, without filter or page, and the answer can have
//! hundreds of megabytes (A2A API specification, "List all"). [`ListingParser`] is fed whatever
//! chunks come, hands out each session that a [`Filter`] wants as soon as its last byte is there,
//! and holds no more than one session and what stands beside the list.
//!
//! ```
//! use std::ops::ControlFlow;
//!
//! use pam_proto::listing::{Filter, ListingParser};
//!
//! let body = br#"{"code":200,"response":{"status":200,"error":false},"remote_sessions":[
//!     {"id":"540","user":"alice","session_id":"ab12","end":null},
//!     {"id":"541","user":"bob","session_id":"cd34","end":null}]}"#;
//! let (head, ()) = http::Response::new(()).into_parts();
//!
//! let mut users = Vec::new();
//! let mut parser = ListingParser::new(Filter::new().user("alice"), head);
//! for chunk in body.chunks(7) {
//!     let _ = parser.feed(chunk, |record| {
//!         users.push(record.to_session().user);
//!         ControlFlow::Continue(())
//!     })?;
//! }
//! assert_eq!(parser.finish()?.records, 2);
//! assert_eq!(users, ["alice"]);
//! # Ok::<(), pam_proto::ReplyError>(())
//! ```
//!
//! # What is tolerated, and what is an error
//! - Both spellings of a record's keys, numbers and booleans where texts are documented, unknown
//!   keys, keys in any order, a key twice in a record (the last one counts), an envelope nested in
//!   its own list, an empty map or null for the list, one record in place of it, a byte order
//!   mark, a missing first brace.
//! - A byte that is no UTF-8, and half of a surrogate pair, read as U+FFFD: nobody may blind a
//!   reader of the list by what he writes into a field.
//! - A record without a usable `id` or without `session_id`, and one of more than
//!   [`RECORD_MAX`] bytes, are left out; the others are still handed out, and
//!   [`ListingParser::finish`] is an error that says so.
//! - Damaged JSON, more than 127 containers inside one another, a second list after one that had
//!   records, and more than [`RECORD_MAX`] bytes beside the list end the parsing with an error.

mod civil;
mod filter;
mod grammar;
mod network;
mod parser;
mod predicate;
mod reader;
mod record;
mod scan;
mod text;
mod unusable;
mod words;

#[cfg(test)]
mod tests;

pub use civil::{CivilTime, InvalidTime};
pub use filter::Filter;
pub use network::{InvalidNetwork, Network};
pub use parser::{ListingEnd, ListingParser, RECORD_MAX};
pub use predicate::{Bound, Field, Names, Predicate};
pub use record::SessionRecord;
pub use words::{Glob, Word};
