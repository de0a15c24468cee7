//! The protocol of the senhasegura / Segura PAM Core A2A API, without I/O.
//!
//! An [`Operation`] builds an [`http::Request`], a signer adds the `Authorization` header, your
//! HTTP client carries it, and the operation reads the [`http::Response`]. This crate opens no
//! socket and no file, reads no clock and no environment, draws no random number and knows no
//! async runtime: time, nonces and bytes come in as values.

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
