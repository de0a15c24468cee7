//! Why a mock can't start.

use std::net::SocketAddr;

use pam_proto::BuildError;

use crate::access::SameKeys;
use crate::state::{NewSessionError, SessionClash};
use crate::tls::TlsError;

/// A mock that can't start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not a loopback address.
    #[error(
        "{0} is reachable from other machines; a mock listens on loopback unless told that other \
         machines may reach it"
    )]
    NotLoopback(SocketAddr),
    /// Plain http was asked for beyond loopback.
    #[error("plain http is for loopback only; listen on 127.0.0.1 or speak TLS")]
    PlainHttpBeyondLoopback,
    /// The address can't be listened on.
    #[error("can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// TLS can't be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// A name that a certificate can't carry.
    #[error("`{0}` is neither a host name nor an IP address")]
    Name(String),
    /// The public URL can't be used.
    #[error("the public URL can't be used: {0}")]
    PublicUrl(#[source] BuildError),
    /// The mock's own URL can't be written.
    #[error("the mock's own URL can't be used: {0}")]
    OwnUrl(#[source] BuildError),
    /// More active sessions than sessions.
    #[error("{active} of {sessions} sessions can't be active; ask for as many sessions at least")]
    MoreActiveThanSessions {
        /// How many sessions there are to be.
        sessions: u64,
        /// How many of them active.
        active: u64,
    },
    /// A session that was given can't be put in.
    #[error("a session can't be put in: {0}")]
    Session(#[from] NewSessionError),
    /// Two authorizations can't be told apart.
    #[error(transparent)]
    Keys(#[from] SameKeys),
    /// A rate of [`Life`](crate::Life) is negative, not a number or out of range.
    #[error("a rate is a number of events per minute from 0 to 60000")]
    Rate,
    /// The zone does not exist.
    #[error("{0} minutes are no offset from UTC; it is within 24 hours")]
    Zone(i16),
    /// The system has no random numbers.
    #[error("the system has no random numbers: {0}")]
    Randomness(#[from] getrandom::Error),
}

impl From<SessionClash> for StartError {
    fn from(clash: SessionClash) -> Self {
        Self::Session(clash.into())
    }
}
