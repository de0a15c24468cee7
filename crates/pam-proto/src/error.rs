//! Errors by who is at fault: [`BuildError`] is our input, [`ReplyError`] the appliance's answer.
//!
//! What went wrong on the wire in between is the adapter's to say. No error carries a body: a
//! body can be a secret.

use std::fmt;
use std::time::Duration;

use http::StatusCode;

use crate::http_date::HttpDate;
use crate::identity::InvalidSessionId;
use crate::knowledge::{self, Module};

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
        "`{}` can't be used as a path; begin with / and percent-encode what a URL can't hold",
        path.escape_debug()
    )]
    Path {
        /// The path as given.
        path: String,
    },
    /// A session id that can't be sent.
    #[error(transparent)]
    SessionId(#[from] InvalidSessionId),
    /// A field of the request that the appliance would refuse or misread.
    #[error("{field} {reason}")]
    Field {
        /// The field's name on the wire.
        field: &'static str,
        /// What is wrong with its value, never the value itself.
        reason: &'static str,
    },
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
/// trustworthy"), so the kind is concluded from all of them. [`knowledge`] has the cause and the
/// remedy of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Fault {
    /// The gateway found no route: `Authorization` is missing or was rejected, or the path is
    /// wrong.
    NoRoute,
    /// The OAuth 2.0 token server refused the client.
    ClientAuthentication,
    /// The OAuth 2.0 token server refused the request for another reason.
    TokenRequest,
    /// The OAuth 1.0 signature was refused.
    Signature,
    /// The OAuth 1.0 timestamp or nonce was refused.
    Timestamp,
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
    /// The authorization or its user has no access to this one object (1006, 1009).
    NoAccess,
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
    /// No such object other than a session.
    NotFound,
    /// The object exists and is inactive.
    Inactive,
    /// The object is already as asked for, or already there.
    AlreadyDone,
    /// The object is of another kind than the call is for (1010, 1016).
    WrongKind,
    /// The credential is not in the caller's custody (1018).
    NotInCustody,
    /// A mandatory parameter is missing.
    MissingParameter,
    /// A parameter's value is not accepted.
    InvalidParameter,
    /// Too many requests.
    RateLimited,
    /// A gateway answered in the appliance's place (502, 503, 504, HTML).
    Gateway,
    /// The request timed out on the far side.
    TimedOut,
    /// The appliance reports an unexpected error.
    Unexpected,
    /// The request was understood and refused for an undocumented reason.
    Refused,
    /// A redirect, which is never followed.
    Redirect,
    /// The answer is not what the operation answers with: no JSON, cut off, empty, or a required
    /// field is missing.
    Malformed,
}

/// What the `X-RateLimit-…` headers say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many requests are allowed in a period.
    pub limit: Option<u64>,
    /// How many of them are left.
    pub remaining: Option<u64>,
    /// How long until the period ends.
    pub reset: Option<Duration>,
}

impl fmt::Display for RateLimit {
    /// How many requests are left, as a part of a longer line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.remaining, self.limit) {
            (Some(remaining), Some(limit)) => write!(f, ", {remaining} of {limit} requests left"),
            (Some(remaining), None) => write!(f, ", {remaining} requests left"),
            (None, Some(limit)) => write!(f, ", at most {limit} requests"),
            (None, None) => Ok(()),
        }
    }
}

/// An answer of the appliance, or of a gateway before it, that is not a success.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReplyError {
    /// What it is, concluded from all parts.
    pub fault: Fault,
    /// Which part of the API answered; the same code means different things in different ones.
    pub module: Module,
    /// The HTTP status line.
    pub status: StatusCode,
    /// The status in the body, when it differs from the status line.
    pub body_status: Option<u16>,
    /// The message in the answer, on one line and at most 400 characters long, or our own words
    /// when it has none.
    pub message: String,
    /// `response.error_code`.
    pub error_code: Option<i64>,
    /// `exception.code`.
    pub exception_code: Option<i64>,
    /// `X-Request-Id`.
    pub request_id: Option<Box<str>>,
    /// How long to wait before the next request: `Retry-After` in seconds, or as a date compared
    /// with the answer's own `Date`; for HTTP 429 without it, the end of the rate limit's period.
    pub retry_after: Option<Duration>,
    /// The appliance's clock, from the `Date` header.
    pub date: Option<HttpDate>,
    /// The `X-RateLimit-…` headers, when there are any.
    pub rate_limit: Option<Box<RateLimit>>,
}

impl ReplyError {
    /// Whether the answer is about who asks: authentication or authorization.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        matches!(
            self.fault,
            Fault::NoRoute
                | Fault::ClientAuthentication
                | Fault::TokenRequest
                | Fault::Signature
                | Fault::Timestamp
                | Fault::Token
                | Fault::InactiveAuthorization
                | Fault::NotAuthorized
                | Fault::ReadOnly
                | Fault::Referer
                | Fault::NoAccess
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
                | Fault::TimedOut
                | Fault::Unexpected
                | Fault::Malformed
                | Fault::Refused
        )
    }

    /// Why this answer comes, in plain words.
    #[must_use]
    pub fn cause(&self) -> &'static str {
        knowledge::of(self).cause
    }

    /// What to do about it, in plain words.
    #[must_use]
    pub fn remedy(&self) -> &'static str {
        knowledge::of(self).remedy
    }

    /// The same error, known to come from this part of the API.
    #[must_use]
    pub fn in_module(self, module: Module) -> Self {
        Self { module, ..self }
    }
}

impl fmt::Display for ReplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (HTTP {}", self.message, self.status.as_u16())?;
        if let Some(status) = self.body_status {
            write!(f, ", status {status} in the body")?;
        }
        if let Some(code) = self.error_code.filter(|code| *code != 0) {
            write!(f, ", error_code {code}")?;
        }
        if let Some(code) = self.exception_code {
            write!(f, ", exception {code}")?;
        }
        if let Some(wait) = self.retry_after {
            write!(f, ", retry after {} s", wait.as_secs())?;
        }
        if let Some(limit) = &self.rate_limit {
            write!(f, "{limit}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request {id}")?;
        }
        f.write_str(")")
    }
}

impl std::error::Error for ReplyError {}
