//! Where the client believes to have called (RFC 5849 section 3.4.1.2).

use http::Uri;
use http::uri::Scheme;

use crate::oauth1::base_string::{BaseUri, UriError};

/// Scheme, host, port and path prefix by which clients call this server.
///
/// They are signed, and a server behind a reverse proxy can't see them in the request that
/// reaches it: they come from its configuration or from what the proxy forwards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    scheme: Scheme,
    host: String,
    /// `None` for the scheme's own.
    port: Option<u16>,
    prefix: String,
}

/// Text that is no origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an origin; write scheme://HOST[:PORT][/PREFIX] without query")]
pub struct OriginError {
    text: String,
}

impl Origin {
    /// Reads an origin such as `https://vault.example.com:8443`, with an optional path prefix.
    ///
    /// # Errors
    /// [`OriginError`] when it has no scheme or host, or has a query.
    pub fn new(text: &str) -> Result<Self, OriginError> {
        let refuse = || OriginError {
            text: text.to_owned(),
        };
        let parts = text.parse::<Uri>().map_err(|_| refuse())?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(refuse());
        };
        let path = parts.path_and_query;
        if path.as_ref().is_some_and(|path| path.query().is_some()) {
            return Err(refuse());
        }
        let origin = Self::of_host(scheme, authority.as_str()).map_err(|_| refuse())?;
        Ok(origin.with_prefix(path.as_ref().map_or("", |path| path.path())))
    }

    /// The origin of a `Host` header.
    ///
    /// # Errors
    /// [`UriError`] when it names no host, or its port is no number.
    pub fn of_host(scheme: Scheme, host: &str) -> Result<Self, UriError> {
        let uri = BaseUri::new(scheme.as_str(), host, "/")?;
        Ok(Self {
            host: uri.host.to_owned(),
            port: uri.port,
            prefix: String::new(),
            scheme,
        })
    }

    /// The same with a path before every request's path, as a reverse proxy may take away.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.prefix = prefix.trim_end_matches('/').to_owned();
        self
    }

    /// The base string URI of a path below this origin.
    #[inline]
    pub(super) fn base_uri<'a>(&'a self, path: &'a str) -> BaseUri<'a> {
        BaseUri {
            scheme: self.scheme.as_str(),
            host: &self.host,
            port: self.port,
            prefix: &self.prefix,
            path,
        }
    }
}
