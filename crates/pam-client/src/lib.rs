//! A client for the senhasegura / Segura PAM Core A2A API on hyper, tokio and rustls.
//!
//! [`pam_proto`] builds the requests and reads the answers; this crate carries them: it owns the
//! connections and the deadlines. What it shares with other adapters is in [`pam_adapter`].
//!
//! ```no_run
//! use pam_client::{Authentication, Client, Settings};
//! use pam_proto::oauth1::Credentials;
//! use pam_proto::{BaseUrl, Secret, SessionId, TerminateSession};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let credentials = Credentials::new("consumer key", Secret::new("consumer secret"))
//!     .with_token("token", Secret::new("token secret"));
//! let base = BaseUrl::new("https://vault.example.com")?;
//! let client = Client::new(Settings::new(base, Authentication::OAuth1(credentials)))?;
//!
//! let id = SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2")?;
//! let accepted = client.call(&TerminateSession::new(id)).await?;
//! println!("the appliance says: {}", accepted.message);
//! # Ok(())
//! # }
//! ```
//!
//! What it never does:
//!
//! - follow a redirect, use a proxy from the environment, or decompress an answer;
//! - talk to another host, port or scheme than the [`Settings::base`];
//! - skip the verification of a certificate, or go on with an empty trust store;
//! - send a request again whose reply was lost, unless it is a read.

mod client;
mod connect;
mod inspect;
mod line;
mod listing;
mod pool;
mod terminate;
mod transport;

pub use client::Client;
pub use inspect::{Ends, Handshake, Inspection, inspect};
pub use pam_adapter::drops::{PlannedDrop, Withheld};
pub use pam_adapter::{
    Authentication, CallError, ClientIdentity, Deadlines, Notice, Observer, Preparation,
    RouteChoice, Settings, SetupError, TlsFault, TransportError, Trust,
};
pub use terminate::Witness;
