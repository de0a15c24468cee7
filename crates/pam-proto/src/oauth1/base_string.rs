//! The signature base string (RFC 5849 section 3.4.1).

use std::fmt;

use http::Uri;

use super::params::{Param, Params};
use super::percent::{self, ONCE};
use super::writer::{Sink, Writer, to_text};

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
///
/// ```
/// use pam_proto::oauth1::base_string;
///
/// assert_eq!(base_string::method("Fun Times"), "FUN%20TIMES");
/// ```
#[must_use]
pub fn method(method: &str) -> String {
    percent::encode(method.to_ascii_uppercase())
}

/// The base string URI (RFC 5849 section 3.4.1.2): scheme and host in lower case, the port unless
/// it is the scheme's own, the path as it is sent; neither query nor fragment nor user
/// information. A `Host` header takes the place of the URL's host and port.
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
    Ok(BaseUri::of(uri, host_header)?.to_string())
}

/// The base string of its parts (RFC 5849 section 3.4.1.1). The URL's query is not looked at:
/// its parameters are among `params`, like those of the header and the form.
///
/// # Errors
/// [`UriError`] as [`uri`](uri()).
///
/// ```
/// use pam_proto::oauth1::{base_string, params::Params};
///
/// let mut params = Params::new();
/// params.push("n", "v");
/// assert_eq!(
///     base_string::build("GET", &"http://example.com".parse()?, None, params)?,
///     "GET&http%3A%2F%2Fexample.com%2F&n%3Dv",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn build(
    method: &str,
    uri: &Uri,
    host_header: Option<&str>,
    mut params: Params<'_>,
) -> Result<String, UriError> {
    let uri = BaseUri::of(uri, host_header)?;
    params.sort();
    Ok(to_text(|writer| {
        write_head(writer, method, &uri);
        write_params(writer, params.as_slice());
    }))
}

/// Method and URI, and the `&` after each.
#[inline]
pub(super) fn write_head<S: Sink>(writer: &mut Writer<'_, S>, method: &str, uri: &BaseUri<'_>) {
    writer.encode(method.bytes().map(|b| b.to_ascii_uppercase()), &ONCE);
    writer.put(b"&");
    uri.write(writer);
    writer.put(b"&");
}

/// Sorted parameters: encoded, joined and encoded again.
#[inline]
pub(super) fn write_params<S: Sink>(writer: &mut Writer<'_, S>, params: &[Param<'_>]) {
    for (index, param) in params.iter().enumerate() {
        if index > 0 {
            writer.put(b"%26");
        }
        param.write(writer);
    }
}

/// A base string URI in parts.
pub(super) struct BaseUri<'a> {
    pub(super) scheme: &'a str,
    pub(super) host: &'a str,
    /// `None` for the scheme's own.
    pub(super) port: Option<u16>,
    /// What a reverse proxy takes away from the path.
    pub(super) prefix: &'a str,
    pub(super) path: &'a str,
}

impl<'a> BaseUri<'a> {
    #[inline]
    pub(super) fn of(uri: &'a Uri, host_header: Option<&'a str>) -> Result<Self, UriError> {
        let scheme = uri.scheme_str().ok_or(UriError::NoScheme)?;
        let authority = match host_header {
            Some(host) => host,
            None => uri.authority().ok_or(UriError::NoHost)?.as_str(),
        };
        Self::new(scheme, authority, uri.path())
    }

    #[inline]
    pub(super) fn new(
        scheme: &'a str,
        authority: &'a str,
        path: &'a str,
    ) -> Result<Self, UriError> {
        let (host, port) = split_authority(authority)?;
        let own_port = if scheme.eq_ignore_ascii_case("https") {
            443
        } else {
            80
        };
        Ok(Self {
            scheme,
            host,
            port: port.filter(|port| *port != own_port),
            prefix: "",
            path: if path.is_empty() { "/" } else { path },
        })
    }

    #[inline]
    fn write<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        match self.scheme {
            "https" => writer.put(b"https%3A%2F%2F"),
            "http" => writer.put(b"http%3A%2F%2F"),
            other => {
                writer.encode(lower_case(other), &ONCE);
                writer.put(b"%3A%2F%2F");
            }
        }
        writer.encode(lower_case(self.host), &ONCE);
        if let Some(port) = self.port {
            writer.put(b"%3A");
            writer.put(Digits::of(port.into()).as_bytes());
        }
        writer.encode_text(self.prefix.as_bytes(), &ONCE);
        writer.encode_text(self.path.as_bytes(), &ONCE);
    }
}

impl fmt::Display for BaseUri<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host) = (
            self.scheme.to_ascii_lowercase(),
            self.host.to_ascii_lowercase(),
        );
        write!(f, "{scheme}://{host}")?;
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        write!(f, "{}{}", self.prefix, self.path)
    }
}

#[inline]
fn lower_case(text: &str) -> impl Iterator<Item = u8> {
    text.bytes().map(|b| b.to_ascii_lowercase())
}

/// Host and port, without user information; an empty port is none (RFC 3986 section 3.2.3).
fn split_authority(authority: &str) -> Result<(&str, Option<u16>), UriError> {
    let has_more = |b: &u8| matches!(b, b'@' | b'[' | b':');
    let bare = !authority.as_bytes().iter().any(has_more);
    let (host, port) = if bare {
        (authority, "")
    } else {
        let user_end = authority.rfind('@').map_or(0, |at| at + 1);
        let host_port = authority.get(user_end..).unwrap_or_default();
        // An IPv6 address has colons of its own, inside brackets.
        let host_end = match host_port.strip_prefix('[') {
            Some(after) => after.find(']').ok_or(UriError::Authority)? + 2,
            None => host_port.find(':').unwrap_or(host_port.len()),
        };
        let split = host_port.split_at_checked(host_end);
        split.ok_or(UriError::Authority)?
    };
    if host.is_empty() {
        return Err(UriError::NoHost);
    }
    match port.strip_prefix(':') {
        None if port.is_empty() => Ok((host, None)),
        Some("") => Ok((host, None)),
        Some(digits) if digits.bytes().all(|b| b.is_ascii_digit()) => match digits.parse() {
            Ok(port) => Ok((host, Some(port))),
            Err(_) => Err(UriError::Authority),
        },
        _ => Err(UriError::Authority),
    }
}

/// A number in decimal digits.
pub(super) struct Digits {
    text: [u8; 20],
    start: usize,
}

impl Digits {
    #[inline]
    pub(super) fn of(mut number: u64) -> Self {
        let mut text = [b'0'; 20];
        let mut start = text.len();
        // 20 places hold every u64.
        for place in text.iter_mut().rev() {
            *place = b'0' + (number % 10) as u8;
            start -= 1;
            number /= 10;
            if number == 0 {
                break;
            }
        }
        Self { text, start }
    }

    #[inline]
    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.get(self.start..).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn authorities_are_split() {
        let table = [
            ("example.com", Ok(("example.com", None))),
            ("example.com:", Ok(("example.com", None))),
            ("example.com:8443", Ok(("example.com", Some(8443)))),
            ("[2001:db8::1]", Ok(("[2001:db8::1]", None))),
            ("[2001:db8::1]:8443", Ok(("[2001:db8::1]", Some(8443)))),
            ("user:pw@example.com:80", Ok(("example.com", Some(80)))),
            ("", Err(UriError::NoHost)),
            (":80", Err(UriError::NoHost)),
            ("user@", Err(UriError::NoHost)),
            ("example.com:65536", Err(UriError::Authority)),
            ("example.com:+80", Err(UriError::Authority)),
            ("example.com:80:90", Err(UriError::Authority)),
            ("[2001:db8::1]8443", Err(UriError::Authority)),
        ];
        for (authority, expected) in table {
            assert_eq!(split_authority(authority), expected, "{authority}");
        }
    }

    #[test]
    fn numbers_are_written_whole() {
        for number in [0, 7, 10, 99, 1_700_000_000, u64::MAX] {
            assert_eq!(Digits::of(number).as_bytes(), number.to_string().as_bytes());
        }
    }
}
