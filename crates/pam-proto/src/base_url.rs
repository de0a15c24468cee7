//! Where the appliance is: scheme, host, port and an optional path prefix.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use http::uri::{Authority, Scheme};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::error::BuildError;

/// Everything but RFC 3986 section 2.3's unreserved characters is escaped in a path segment.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The address of an appliance, checked once: `https` anywhere, `http` on loopback only.
///
/// A path is kept as a prefix, for an appliance behind a reverse proxy. User information, a query
/// and a fragment are refused: the first would put a credential into a URL, the others would be
/// lost.
///
/// ```
/// use pam_proto::BaseUrl;
///
/// let base: BaseUrl = "https://vault.example.com/pam/".parse()?;
/// assert_eq!(base.to_string(), "https://vault.example.com/pam");
/// assert!("http://vault.example.com".parse::<BaseUrl>().is_err());
/// assert!("http://127.0.0.1:8080".parse::<BaseUrl>().is_ok());
/// # Ok::<(), pam_proto::BuildError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct BaseUrl {
    scheme: Scheme,
    authority: Authority,
    prefix: String,
}

impl BaseUrl {
    /// Reads an address such as `https://vault.example.com`.
    ///
    /// # Errors
    /// [`BuildError::BaseUrl`] when the text is not an absolute `http` or `https` URL, is `http`
    /// to a host that is not loopback, or carries user information, a query or a fragment.
    pub fn new(text: &str) -> Result<Self, BuildError> {
        let refuse = |reason: &'static str| BuildError::BaseUrl { reason };
        let text = text.trim();
        if text.is_empty() {
            return Err(refuse("it is empty; write https://HOST"));
        }
        // `http::Uri` drops a fragment silently.
        if text.contains('#') {
            return Err(refuse("it has a fragment; write https://HOST"));
        }
        if !text.contains("://") {
            return Err(refuse("it has no scheme; write https://HOST"));
        }
        let uri: Uri = text
            .parse()
            .map_err(|_| refuse("it is not a URL; write https://HOST or https://HOST:PORT"))?;
        let parts = uri.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(refuse("it has no host; write https://HOST"));
        };
        if scheme != Scheme::HTTPS && scheme != Scheme::HTTP {
            return Err(refuse("its scheme is neither https nor http"));
        }
        if authority.as_str().contains('@') {
            return Err(refuse(
                "it carries user information; remove the part before the @",
            ));
        }
        if authority.host().is_empty() {
            return Err(refuse("it has no host; write https://HOST"));
        }
        let after_host = authority
            .as_str()
            .strip_prefix(authority.host())
            .unwrap_or_default();
        if !after_host.is_empty() && authority.port_u16().is_none() {
            return Err(refuse("its port is not a number from 0 to 65535"));
        }
        if scheme == Scheme::HTTP && !is_loopback(authority.host()) {
            return Err(refuse(
                "http is allowed to this machine only (loopback); write https://HOST",
            ));
        }
        let path_and_query = parts.path_and_query;
        if path_and_query.as_ref().is_some_and(|p| p.query().is_some()) {
            return Err(refuse("it has a query; remove the part from the ? on"));
        }
        let prefix = path_and_query
            .map(|p| p.path().trim_end_matches('/').to_owned())
            .unwrap_or_default();
        if is_dotted(&prefix) {
            return Err(refuse("its path has a . or .. segment"));
        }
        Ok(Self {
            scheme,
            authority,
            prefix,
        })
    }

    /// The URL of an endpoint; each segment is percent-encoded as exactly one path segment
    /// (RFC 3986 section 3.3).
    ///
    /// # Errors
    /// [`BuildError::Segment`] when a segment is empty, `.` or `..`: none of them would stay one
    /// segment on its way.
    pub fn endpoint<'a>(
        &self,
        segments: impl IntoIterator<Item = &'a str>,
    ) -> Result<Uri, BuildError> {
        // Room for what is usual: a session's path with its forty digits.
        let mut path = String::with_capacity(self.prefix.len() + 80);
        path.push_str(&self.prefix);
        for segment in segments {
            if matches!(segment, "" | "." | "..") {
                return Err(BuildError::Segment {
                    segment: segment.to_owned(),
                });
            }
            path.push('/');
            path.extend(utf8_percent_encode(segment, SEGMENT));
        }
        self.with_path_and_query(&path)
    }

    /// The URL of a path (and query) below this base, for a raw call. The text is used as it is.
    ///
    /// # Errors
    /// [`BuildError::Path`] when it does not begin with `/`, has a `.` or `..` segment or holds a
    /// character that a URL can't hold.
    pub fn raw(&self, path_and_query: &str) -> Result<Uri, BuildError> {
        let path = path_and_query.split(['?', '#']).next().unwrap_or_default();
        if !path.starts_with('/') || is_dotted(path) || path_and_query.contains('#') {
            return Err(BuildError::Path {
                path: path_and_query.to_owned(),
            });
        }
        self.with_path_and_query(&format!("{}{path_and_query}", self.prefix))
    }

    fn with_path_and_query(&self, path_and_query: &str) -> Result<Uri, BuildError> {
        Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(path_and_query)
            .build()
            .map_err(|_| BuildError::Path {
                path: path_and_query.to_owned(),
            })
    }

    /// Whether the connection is encrypted.
    #[must_use]
    pub fn is_https(&self) -> bool {
        self.scheme == Scheme::HTTPS
    }

    /// The host as written, an IPv6 address in its brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        self.authority.host()
    }

    /// The port: the one written, or the scheme's own.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.authority
            .port_u16()
            .unwrap_or(if self.is_https() { 443 } else { 80 })
    }
}

/// Whether a path has a `.` or `..` segment, which a server or proxy would take away.
fn is_dotted(path: &str) -> bool {
    path.split('/').any(|segment| {
        let decoded: Vec<u8> = percent_decode_str(segment).collect();
        decoded == b"." || decoded == b".."
    })
}

fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost")
        || bare
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

impl FromStr for BaseUrl {
    type Err = BuildError;

    fn from_str(text: &str) -> Result<Self, BuildError> {
        Self::new(text)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}", self.scheme, self.authority, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_the_base_and_its_encoded_segments() {
        let base = BaseUrl::new("https://vault.example.com:8443/pam/").unwrap();
        let uri = base
            .endpoint(["iso", "session", "drop", "a/b?c#d e*é"])
            .unwrap();
        assert_eq!(
            uri.to_string(),
            "https://vault.example.com:8443/pam/iso/session/drop/a%2Fb%3Fc%23d%20e%2A%C3%A9"
        );
    }

    #[test]
    fn a_segment_that_would_vanish_is_refused() {
        let base = BaseUrl::new("https://vault.example.com").unwrap();
        for segment in ["", ".", ".."] {
            assert!(base.endpoint(["iso", segment]).is_err(), "{segment:?}");
        }
    }

    #[test]
    fn a_raw_path_stays_below_the_prefix() {
        let base = BaseUrl::new("https://vault.example.com/pam").unwrap();
        assert_eq!(
            base.raw("/iso/coge/risco/all?x=1").unwrap(),
            "https://vault.example.com/pam/iso/coge/risco/all?x=1"
        );
        for path in ["iso", "/a/../../b", "/a/%2e%2E/b", "/a#b", "/a b"] {
            assert!(base.raw(path).is_err(), "{path:?}");
        }
    }

    #[test]
    fn refused_addresses_say_why() {
        let table = [
            ("", "empty"),
            ("vault.example.com", "no scheme"),
            ("https://", "URL"),
            ("ftp://vault.example.com", "neither https nor http"),
            ("http://vault.example.com", "loopback"),
            ("http://127.0.0.1.example.com", "loopback"),
            ("https://user:pw@vault.example.com", "user information"),
            ("https://vault.example.com?x=1", "query"),
            ("https://vault.example.com/#x", "fragment"),
            ("https://vault.example.com:70000", "port"),
            ("https://vault.example.com/a/../b", ".."),
            ("https://vault.example.com/a/%2E%2e/b", ".."),
        ];
        for (text, part) in table {
            let error = BaseUrl::new(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
    }

    #[test]
    fn loopback_may_be_plain() {
        for text in [
            "http://localhost:80",
            "http://127.9.9.9",
            "http://[::1]:8080/x",
        ] {
            assert!(BaseUrl::new(text).is_ok(), "{text}");
        }
    }
}
