//! Why a request is refused (RFC 5849 section 3.2).

use http::StatusCode;

use crate::oauth1::base_string::UriError;
use crate::oauth1::header::HeaderError;

/// Why a request is refused. It names the part that is wrong and holds neither a secret nor the
/// signature that would have been right.
///
/// It is for logs and tests. An answer should tell [`Refusal::Unknown`] and [`Refusal::Signature`]
/// not apart: the difference tells a stranger which clients exist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// There is no `Authorization` header, or more than one.
    #[error("the request must have one Authorization header and has {count}")]
    Authorization {
        /// How many there are.
        count: usize,
    },
    /// The `Authorization` header can't be read.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A parameter that must be there is not, or is empty.
    #[error("the parameter {name} is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// A protocol parameter in the query or in the form body: there is another one in the header,
    /// or the header is its only place.
    #[error("the protocol parameter {name:?} is outside the Authorization header")]
    Elsewhere {
        /// Its name.
        name: String,
    },
    /// One of the two secrets, which are never sent.
    #[error("the parameter {name} must never be sent; the secret has to be replaced")]
    SecretSent {
        /// Its name.
        name: &'static str,
    },
    /// Another signature method than HMAC-SHA1.
    #[error("the signature method {given:?} is not HMAC-SHA1")]
    SignatureMethod {
        /// The method that the request names.
        given: String,
    },
    /// Another version than 1.0.
    #[error("the version {given:?} is not 1.0")]
    Version {
        /// The version that the request names.
        given: String,
    },
    /// A timestamp that is no number.
    #[error("the timestamp {given:?} is not a number of seconds")]
    TimestampSyntax {
        /// The timestamp as sent.
        given: String,
    },
    /// A timestamp outside the window.
    #[error("the timestamp is {} seconds {} the server's clock", .ahead.unsigned_abs(), if *.ahead < 0 { "behind" } else { "ahead of" })]
    Timestamp {
        /// Seconds that it is ahead of the server's clock; negative when it is behind.
        ahead: i128,
    },
    /// A timestamp from a time whose nonces are no longer known.
    #[error("the timestamp is from a time whose nonces are not known any more")]
    TimestampForgotten,
    /// The host that the request was sent to can't be read.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// The consumer key or the token is not known.
    #[error(transparent)]
    Unknown(#[from] Unknown),
    /// The signature is another one than the key yields: a secret, the method, the URL or a
    /// parameter differs.
    #[error("the signature differs: another secret, method, URL or parameter was signed")]
    Signature,
    /// The nonce was used before with this timestamp, consumer key and token.
    #[error("the nonce was used before")]
    NonceUsed,
    /// No more nonces can be remembered.
    #[error("too many nonces are remembered; try again later")]
    LedgerFull,
}

/// What a lookup does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unknown {
    /// No such consumer key.
    #[error("the consumer key is not known")]
    ConsumerKey,
    /// The consumer key is known, but has no such token.
    #[error("the token is not known for this consumer key")]
    Token,
}

impl Refusal {
    /// The status of RFC 5849 section 3.2: 400 for a request that is malformed or not supported,
    /// 401 for one that is not authentic. A full ledger is the server's trouble: 503.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Authorization { count: 0 }
            | Self::Header(HeaderError::Scheme)
            | Self::Timestamp { .. }
            | Self::TimestampForgotten
            | Self::Unknown(_)
            | Self::Signature
            | Self::NonceUsed => StatusCode::UNAUTHORIZED,
            Self::LedgerFull => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}
