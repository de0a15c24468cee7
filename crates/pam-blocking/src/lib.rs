//! A blocking client for the senhasegura / Segura PAM Core A2A API on ureq and rustls.
//!
//! [`pam_proto`] builds the requests and reads the answers; this crate carries them, on the thread
//! that calls. There is no async runtime in it, neither in the open nor hidden. What it shares with
//! other adapters is in [`pam_adapter`].
//!
//! ```no_run
//! use pam_blocking::{Authentication, Cancel, Client, Settings};
//! use pam_proto::oauth1::Credentials;
//! use pam_proto::termination::Limits;
//! use pam_proto::{BaseUrl, Secret, SessionRef};
//!
//! let credentials = Credentials::new("consumer key", Secret::new("consumer secret"))
//!     .with_token("token", Secret::new("token secret"));
//! let base = BaseUrl::new("https://vault.example.com")?;
//! let client = Client::new(Settings::new(base, Authentication::OAuth1(credentials)))?;
//!
//! let session: SessionRef = "3fcf1e4a16104e328d6794e1b9693cfc457871d2".parse()?;
//! for report in client.terminate([session], Limits::default(), &(), &Cancel::new()) {
//!     println!("{}: {}", report.outcome, report.message);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it never does:
//!
//! - follow a redirect, use a proxy from the environment, or decompress an answer;
//! - talk to another host, port or scheme than the [`Settings::base`];
//! - skip the verification of a certificate, or go on with an empty trust store;
//! - send a request again whose reply was lost, unless it is a read.
//!
//! Threads are started in three places, and each ends by itself: to resolve a name within the
//! connect deadline, to try a host's several addresses side by side, and by [`Client::terminate`]
//! for what is to happen at once.

mod cancel;
mod client;
mod connect;
mod line;
mod listing;
mod socket;
mod terminate;
mod transport;
mod waking;

pub use cancel::Cancel;
pub use client::Client;
pub use listing::Sessions;
pub use pam_adapter::drops::{PlannedDrop, Withheld};
pub use pam_adapter::{
    Authentication, CallError, ClientIdentity, Deadlines, Notice, Observer, Preparation,
    RouteChoice, Settings, SetupError, TlsFault, TransportError, Trust,
};
pub use terminate::Witness;
