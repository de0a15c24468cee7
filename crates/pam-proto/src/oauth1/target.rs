//! What a signature covers of a request (RFC 5849 section 3.4.1).

use http::header::{CONTENT_TYPE, HOST};
use http::{Method, Request, Uri};

/// The parts of a request that a signature covers: method, URL and the parameters of a form body.
///
/// A body of any other type, the headers and the answer are not covered (RFC 5849 section 3.4.1):
/// for them TLS is the only protection.
#[derive(Debug, Clone, Copy)]
pub struct Target<'a> {
    pub(super) method: &'a str,
    pub(super) uri: &'a Uri,
    pub(super) host: Option<&'a [u8]>,
    pub(super) form: &'a [u8],
}

impl<'a> Target<'a> {
    /// A request without a form body. The method may be any text: it is upper-cased and encoded
    /// (RFC 5849 section 3.4.1.1).
    #[must_use]
    pub fn new(method: &'a str, uri: &'a Uri) -> Self {
        Self {
            method,
            uri,
            host: None,
            form: &[],
        }
    }

    /// The same with a `Host` header, which is what the server takes for its own name
    /// (RFC 5849 section 3.4.1.2).
    #[must_use]
    pub fn with_host(self, host: &'a str) -> Self {
        Self {
            host: Some(host.as_bytes()),
            ..self
        }
    }

    /// The same with a body of type `application/x-www-form-urlencoded`.
    #[must_use]
    pub fn with_form(self, form: &'a [u8]) -> Self {
        Self { form, ..self }
    }

    /// What is covered of this request: its `Host` header where it has one, and its body if its
    /// `Content-Type` is `application/x-www-form-urlencoded`, whatever the case and the further
    /// parameters such as `charset`.
    #[must_use]
    pub fn of<B: AsRef<[u8]>>(request: &'a Request<B>) -> Self {
        let host = request.headers().get(HOST);
        Self {
            method: request.method().as_str(),
            uri: request.uri(),
            host: host.map(http::HeaderValue::as_bytes),
            form: form(request),
        }
    }
}

impl<'a> From<(&'a Method, &'a Uri)> for Target<'a> {
    fn from((method, uri): (&'a Method, &'a Uri)) -> Self {
        Self::new(method.as_str(), uri)
    }
}

/// The body if it is a form (RFC 5849 section 3.4.1.3.1), or else nothing.
#[inline]
pub(super) fn form<B: AsRef<[u8]>>(request: &Request<B>) -> &[u8] {
    let content_type = request.headers().get(CONTENT_TYPE);
    let essence = content_type.and_then(|value| value.as_bytes().split(|&b| b == b';').next());
    let is_form = essence.is_some_and(|essence| {
        let form = b"application/x-www-form-urlencoded";
        essence.trim_ascii().eq_ignore_ascii_case(form)
    });
    if is_form {
        request.body().as_ref()
    } else {
        &[]
    }
}
