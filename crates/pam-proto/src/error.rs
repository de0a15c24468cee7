//! Errors by who is at fault: [`BuildError`] is our input, [`ReplyError`] the appliance's answer.
//!
//! What went wrong on the wire in between is the adapter's to say. No error carries a body: a
//! body can be a secret.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::identity::InvalidSessionId;

/// A request that could not be built from what was given.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The appliance's address is unusable.
    #[error("the appliance's URL is refused: {reason}")]
    BaseUrl {
        /// What is wrong with it and what to write instead.
        reason: &'static str,
    },
    /// A path segment that would not stay one segment.
    #[error("`{segment}` can't be a path segment")]
    Segment {
        /// The segment.
        segment: String,
    },
    /// A raw path that is not below the base.
    #[error(
        "`{path}` can't be used as a path; begin with / and percent-encode what a URL can't hold"
    )]
    Path {
        /// The path as given.
        path: String,
    },
    /// A session id that can't be sent.
    #[error(transparent)]
    SessionId(#[from] InvalidSessionId),
    /// A body that could not be written as JSON.
    #[error("the request body can't be written as JSON")]
    Body,
}

/// A required field that an answer does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the appliance's answer has no usable `{0}`")]
pub struct MissingField(pub &'static str);

/// What kind of refusal or failure an answer is.
///
/// No single part of an answer is dependable (A2A API specification, "Error flag is not
/// trustworthy"), so the kind is concluded from all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The gateway found no route: `Authorization` is missing or was rejected, or the path is
    /// wrong.
    NoRoute,
    /// The OAuth 2.0 token server refused the client.
    ClientAuthentication,
    /// The OAuth 1.0 signature was refused.
    Signature,
    /// The access token is expired or not accepted.
    Token,
    /// The authorization is inactive.
    InactiveAuthorization,
    /// The authorization lacks the resource or permission.
    NotAuthorized,
    /// The authorization is read-only (1039).
    ReadOnly,
    /// The `Referer` header is not on the authorization's list (1105).
    Referer,
    /// The appliance is locked down (100).
    Lockdown,
    /// No such session for this authorization (1002).
    SessionNotFound,
    /// A `session_id` where a row id belongs (1003).
    IdentifierType,
    /// The drop failed, or the id is invalid: one answer for both.
    DropFailed,
    /// The path is known to the appliance's router as no resource.
    ResourceNotFound,
    /// Too many requests.
    RateLimited,
    /// A gateway answered in the appliance's place (502, 503, 504, HTML).
    Gateway,
    /// The appliance reports an unexpected error.
    Unexpected,
    /// The request was understood and refused for another documented or undocumented reason.
    Refused,
    /// A redirect, which is never followed.
    Redirect,
    /// The answer is not what the operation answers with: no JSON, cut off, empty, or a required
    /// field is missing.
    Malformed,
}

/// An answer of the appliance, or of a gateway before it, that is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplyError {
    /// What it is, concluded from all parts.
    pub fault: Fault,
    /// The HTTP status line.
    pub status: StatusCode,
    /// The message in the answer, or our own words when it has none.
    pub message: String,
    /// `response.error_code`.
    pub error_code: Option<i64>,
    /// `exception.code`.
    pub exception_code: Option<i64>,
    /// `X-Request-Id`.
    pub request_id: Option<String>,
    /// `Retry-After`, when given in seconds.
    pub retry_after: Option<Duration>,
}

impl ReplyError {
    /// Whether the answer is about who asks: authentication or authorization.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        matches!(
            self.fault,
            Fault::NoRoute
                | Fault::ClientAuthentication
                | Fault::Signature
                | Fault::Token
                | Fault::InactiveAuthorization
                | Fault::NotAuthorized
                | Fault::ReadOnly
                | Fault::Referer
        )
    }

    /// Whether the appliance may have carried the request out all the same. A refusal before
    /// execution is certain that it did not; a failed drop, a gateway's answer and one that
    /// can't be read are not.
    #[must_use]
    pub fn may_have_executed(&self) -> bool {
        matches!(
            self.fault,
            Fault::DropFailed
                | Fault::Gateway
                | Fault::Unexpected
                | Fault::Malformed
                | Fault::Refused
        )
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (HTTP {}", self.message, self.status.as_u16())?;
        if let Some(code) = self.error_code.filter(|code| *code != 0) {
            write!(f, ", error_code {code}")?;
        }
        if let Some(code) = self.exception_code {
            write!(f, ", exception {code}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request {id}")?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for ReplyError {}
