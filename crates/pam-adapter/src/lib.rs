//! What the adapters of [`pam_proto`] share, so that each of them is only connections and waits.
//!
//! `pam-client` and `pam-blocking` stand on it and re-export what their users need. Whoever brings
//! another HTTP client or another runtime can do the same:
//!
//! - [`Settings`] say what a client is told, and [`CallError`] what it tells.
//! - [`Calls`] is what all calls of a client know together, and a [`Call`] the course of one: the
//!   token, the path, the clock and the second try come out as requests to send.
//! - [`Outgoing`] completes each request and keeps it at home.
//! - [`Destination`] says where to connect, and [`tls`] what went wrong with it.
//! - [`drops`] is what drivers of a termination share.
//!
//! It opens no connection and waits for nothing. It reads the system's clock and random source,
//! and the files that the settings name.

mod call;
mod calls;
mod clock;
mod destination;
pub mod drops;
mod error;
mod incoming;
mod observer;
mod outgoing;
mod patience;
mod presented;
mod private_file;
mod self_signed;
mod settings;
pub mod tls;
mod token_cache;

pub use call::{Call, Failure, Step};
pub use calls::Calls;
pub use clock::Clock;
pub use destination::Destination;
pub use error::{CallError, Preparation, SetupError, TlsFault, TransportError};
pub use incoming::{Collected, how_lost, refuse_encoding};
pub use observer::{Notice, Observer};
pub use outgoing::{Outgoing, Raw};
pub use presented::Presented;
pub use settings::{Authentication, ClientIdentity, Deadlines, RouteChoice, Settings, Trust};
