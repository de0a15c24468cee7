//! One door for both ways to prove who asks.

use http::Request;

use crate::oauth1::{SignError, Signer, Stamp};
#[cfg(feature = "oauth2")]
use crate::oauth2::AccessToken;

/// Adds the `Authorization` header to a request: an OAuth 1.0 signature or an OAuth 2.0 token.
///
/// ```
/// use pam_proto::oauth1::{Credentials, Signer, Stamp};
/// use pam_proto::{Authenticator, BaseUrl, ListSessions, Operation, Routes, Secret};
///
/// let credentials = Credentials::new("key", Secret::new("secret"))
///     .with_token("token", Secret::new("token secret"));
/// let authenticator = Authenticator::OAuth1(Signer::new(&credentials)?);
///
/// let base = BaseUrl::new("https://vault.example.com")?;
/// let request = ListSessions.request(&base, Routes::ApiPam)?;
/// let request = authenticator.authorize(request, &Stamp::new(1_700_000_000, "n0nce"))?;
/// assert!(request.headers()["authorization"].is_sensitive());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Authenticator {
    /// Signs with these credentials (A2A API specification, "OAuth 1.0 (RFC 5849)").
    OAuth1(Signer),
    /// Sends this token (RFC 6750 section 2.1).
    #[cfg(feature = "oauth2")]
    OAuth2(AccessToken),
}

impl Authenticator {
    /// The request with its `Authorization` header, which is marked as sensitive. A token needs no
    /// stamp and ignores it; a signature needs a new one for every request that is sent.
    ///
    /// # Errors
    /// [`SignError`] when the request can't be signed.
    pub fn authorize<B: AsRef<[u8]>>(
        &self,
        request: Request<B>,
        stamp: &Stamp,
    ) -> Result<Request<B>, SignError> {
        match self {
            Self::OAuth1(signer) => signer.sign(request, stamp),
            #[cfg(feature = "oauth2")]
            Self::OAuth2(token) => Ok(token.bear(request)),
        }
    }
}
