//! The protocol of the senhasegura / Segura PAM Core A2A API, without I/O.
//!
//! An [`Operation`] builds an [`http::Request`], an [`Authenticator`] adds the `Authorization`
//! header, your HTTP client carries it, and the operation reads the [`http::Response`]. This crate
//! opens no socket and no file, reads no clock and no environment, draws no random number and knows
//! no async runtime: time, nonces and bytes come in as values.
//!
//! ```
//! use pam_proto::oauth1::{Credentials, Signer, Stamp};
//! use pam_proto::{Authenticator, BaseUrl, Operation, Routes, Secret, SessionId, TerminateSession};
//!
//! // Build: what is wanted, of which appliance, by which family of paths.
//! let base = BaseUrl::new("https://vault.example.com")?;
//! let id = SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2")?;
//! let operation = TerminateSession::new(id);
//! let request = operation.request(&base, Routes::Iso)?;
//!
//! // Sign: time and nonce are yours to give.
//! let credentials = Credentials::new("ck-0f1e2d3c", Secret::new("cs+secret/1="))
//!     .with_token("tk-9a8b7c6d", Secret::new("ts&secret 2"));
//! let authenticator = Authenticator::OAuth1(Signer::new(&credentials)?);
//! let request = authenticator.authorize(request, &Stamp::new(1_700_000_000, "n0nce123"))?;
//! let header = request.headers()["authorization"].to_str()?;
//! assert!(header.contains(r#"oauth_signature="oX6nnEpc56Sr5tmImUe35iLQd6o%3D""#));
//!
//! // Send it with any HTTP client, and parse what comes back.
//! let response = http::Response::builder().status(500).body(
//!     br#"{"response":{"status":500,"message":"An error occurred while droping session",
//!         "error":true,"error_code":1,"detail":"","erro":true,"cod_erro":1}}"#
//!         .to_vec(),
//! )?;
//! let refusal = operation.parse(&response).unwrap_err();
//! assert!(refusal.may_have_executed());
//! assert!(refusal.remedy().contains("list the sessions"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is here
//! - Calls: [`ListSessions`], [`GetSession`], [`OpenSession`], [`TerminateSession`], and the
//!   [`Operation`] trait for those that you add.
//! - Who asks: [`oauth1`] signs and verifies, [`oauth2`] gets and keeps tokens.
//! - Answers: [`Envelope`] and [`ReplyError`], and [`knowledge`] of what each error means. Reading
//!   is tolerant and the conclusion strict; [`Notes`] tells what was forgiven.
//! - Many sessions: [`listing`] reads a list of any length while it arrives, [`watch`] tells what
//!   happened between two readings of it.
//! - Certainty: [`termination`] proves that a session is gone.
//! - Differences between appliances: [`discovery`] learns the paths, [`ClockSkew`] the time.
//!
//! # Features
//! All are on by default; each works alone.
//! - `listing`: the incremental parser of the session list and its filters.
//! - `oauth2`: OAuth 2.0 client credentials.
//! - `verify`: verification of signed requests, for servers.

mod authenticator;
mod base_url;
mod clock_skew;
pub mod discovery;
mod envelope;
mod error;
mod http_date;
mod identity;
pub mod knowledge;
mod legible;
#[cfg(feature = "listing")]
pub mod listing;
pub mod oauth1;
#[cfg(feature = "oauth2")]
pub mod oauth2;
mod operation;
mod routes;
mod secret;
mod session;
pub mod termination;
mod tolerance;
#[cfg(feature = "listing")]
pub mod watch;

pub use authenticator::Authenticator;
pub use base_url::BaseUrl;
pub use clock_skew::ClockSkew;
pub use envelope::Envelope;
pub use error::{BuildError, Fault, MissingField, RateLimit, ReplyError};
pub use http_date::{HttpDate, InvalidHttpDate};
pub use identity::{
    InvalidSessionId, InvalidSessionNumber, SESSION_ID_MAX, SessionId, SessionNumber, SessionRef,
};
pub use operation::{
    Effect, GetSession, ListSessions, OpenSession, OpenedSession, Operation, Pace,
    TerminateSession, Terminated,
};
pub use routes::{Routes, UnknownRoutes};
pub use secret::Secret;
pub use session::Session;
pub use tolerance::{Notes, Tolerance};
