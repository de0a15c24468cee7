//! Timestamp and nonce as values (RFC 5849 section 3.3).

/// What makes a request unique: when it was made, and a value used once (RFC 5849 section 3.3).
///
/// The caller owns the clock and the source of randomness. Every attempt needs a new stamp, a
/// repeated one too: a server refuses a nonce that it has seen.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Stamp(Option<(u64, String)>);

impl Stamp {
    /// A timestamp in seconds since 1970-01-01 00:00:00 GMT, and a nonce: random text, unique
    /// for that timestamp and these credentials.
    pub fn new(timestamp: u64, nonce: impl Into<String>) -> Self {
        Self(Some((timestamp, nonce.into())))
    }

    /// Neither timestamp nor nonce.
    ///
    /// The appliance marks both as optional (A2A API specification, "OAuth 1.0"); RFC 5849
    /// section 3.1 requires them with HMAC-SHA1. A request without them can be replayed for as
    /// long as its credentials live.
    #[must_use]
    pub const fn absent() -> Self {
        Self(None)
    }

    /// Seconds since 1970-01-01 00:00:00 GMT.
    #[must_use]
    pub fn timestamp(&self) -> Option<u64> {
        self.0.as_ref().map(|(timestamp, _)| *timestamp)
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> Option<&str> {
        self.0.as_ref().map(|(_, nonce)| nonce.as_str())
    }
}
