//! The signature base string (RFC 5849 section 3.4.1).

use http::Uri;

use super::percent;

/// A URL that no base string can be made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UriError {
    /// It has no scheme, so nothing says whether a port is the default one.
    #[error("the URL has no scheme; sign an absolute http or https URL")]
    NoScheme,
    /// Neither it nor a `Host` header names a host.
    #[error("the URL has no host; sign an absolute http or https URL")]
    NoHost,
    /// The host or its port can't be read.
    #[error("the host of the URL or its port can't be read")]
    Authority,
}

/// The first part of the base string: the method in upper case, encoded
/// (RFC 5849 section 3.4.1.1).
#[must_use]
pub fn method(method: &str) -> String {
    percent::encode(method.to_ascii_uppercase())
}

/// The base string URI (RFC 5849 section 3.4.1.2): scheme and host in lower case, the port unless
/// it is the scheme's own, the path as it is sent; neither query nor fragment nor user
/// information. A `Host` header is used in place of the URL's host and port.
///
/// # Errors
/// [`UriError`] when the URL is not absolute or names no readable host.
///
/// ```
/// use pam_proto::oauth1::base_string;
///
/// let url = "http://EXAMPLE.COM:80/r%20v/X?id=123".parse()?;
/// assert_eq!(base_string::uri(&url, None)?, "http://example.com/r%20v/X");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn uri(uri: &Uri, host_header: Option<&str>) -> Result<String, UriError> {
    let scheme = uri.scheme_str().ok_or(UriError::NoScheme)?;
    let authority = match host_header {
        Some(host) => host,
        None => uri.authority().ok_or(UriError::NoHost)?.as_str(),
    };
    uri_of(scheme, authority, uri.path())
}

/// The base string URI of its parts.
pub(super) fn uri_of(scheme: &str, authority: &str, path: &str) -> Result<String, UriError> {
    let (host, port) = split_authority(authority)?;
    let scheme = scheme.to_ascii_lowercase();
    let host = host.to_ascii_lowercase();
    let path = if path.is_empty() { "/" } else { path };
    Ok(match (scheme.as_str(), port) {
        (_, None) | ("http", Some(80)) | ("https", Some(443)) => format!("{scheme}://{host}{path}"),
        (_, Some(port)) => format!("{scheme}://{host}:{port}{path}"),
    })
}

/// Host and port; an empty port is none (RFC 3986 section 3.2.3).
pub(super) fn split_authority(authority: &str) -> Result<(&str, Option<u16>), UriError> {
    let host_port = authority
        .rsplit_once('@')
        .map_or(authority, |(_, after)| after);
    // An IPv6 address has colons of its own, inside brackets.
    let host_end = match host_port.rfind(']') {
        Some(bracket) => bracket + 1,
        None => host_port.find(':').unwrap_or(host_port.len()),
    };
    let (host, port) = host_port
        .split_at_checked(host_end)
        .ok_or(UriError::Authority)?;
    if host.is_empty() {
        return Err(UriError::NoHost);
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok((host, None)),
        Some("") => Ok((host, None)),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => digits
            .parse()
            .map(|port| (host, Some(port)))
            .map_err(|_| UriError::Authority),
        _ => Err(UriError::Authority),
    }
}

/// The base string of its three parts (RFC 5849 section 3.4.1.1); `uri` and `normalised` are as
/// [`uri`](uri()) and [`Params::normalised`](super::params::Params::normalised) give them.
///
/// ```
/// use pam_proto::oauth1::base_string;
///
/// assert_eq!(
///     base_string::join("GET", "http://example.com/", "n=v"),
///     "GET&http%3A%2F%2Fexample.com%2F&n%3Dv",
/// );
/// ```
#[must_use]
pub fn join(method: &str, uri: &str, normalised: &str) -> String {
    format!(
        "{}&{}&{}",
        self::method(method),
        percent::encode(uri),
        percent::encode(normalised)
    )
}
