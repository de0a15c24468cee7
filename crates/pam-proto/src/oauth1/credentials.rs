//! What a client signs with (RFC 5849 section 1.1).

use crate::Secret;

/// The client's identifier and secret and, once it has one, its token (RFC 5849 section 1.1).
///
/// The appliance issues all four values together on the screen of an authorization
/// (A2A API specification, "OAuth 1.0").
#[derive(Debug, Clone)]
pub struct Credentials {
    /// `oauth_consumer_key`: no secret, but it names a system.
    pub consumer_key: String,
    /// The secret that belongs to the consumer key. It is never sent.
    pub consumer_secret: Secret,
    /// The token, unless the request is made without one.
    pub token: Option<Token>,
}

/// A token and its secret (RFC 5849 section 1.1).
#[derive(Debug, Clone)]
pub struct Token {
    /// `oauth_token`.
    pub key: String,
    /// The secret that belongs to the token. It is never sent.
    pub secret: Secret,
}

impl Credentials {
    /// Credentials without a token.
    pub fn new(consumer_key: impl Into<String>, consumer_secret: Secret) -> Self {
        Self {
            consumer_key: consumer_key.into(),
            consumer_secret,
            token: None,
        }
    }

    /// The same with a token.
    #[must_use]
    pub fn with_token(mut self, key: impl Into<String>, secret: Secret) -> Self {
        self.token = Some(Token {
            key: key.into(),
            secret,
        });
        self
    }
}
