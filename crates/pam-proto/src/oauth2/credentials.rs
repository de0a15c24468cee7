//! The request for a token (RFC 6749 section 4.4.2).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderValue, Method, Request, header};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use zeroize::Zeroizing;

use crate::base_url::BaseUrl;
use crate::error::BuildError;
use crate::routes::Routes;
use crate::secret::Secret;

/// What stays as it is in a form value (WHATWG URL, `application/x-www-form-urlencoded`), with a
/// space as `%20`, which every reader of forms understands.
const FORM: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What an OAuth 2.0 authorization consists of.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientCredentials {
    /// The client ID. It is not secret.
    pub client_id: String,
    /// The client secret.
    pub client_secret: Secret,
    /// The tenant's subdomain label, such as `test` for `test.example.com`. Mandatory when an
    /// appliance of several tenants is called by its IP address.
    pub tenant: Option<String>,
    /// Where the client ID and the secret are sent.
    pub authentication: ClientAuthentication,
}

/// Where the client ID and the secret of a token request are sent (RFC 6749 section 2.3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ClientAuthentication {
    /// In the form body, as the documents of 3.32 to 4.0 have it.
    #[default]
    Body,
    /// In a `Basic` header, as those of 3.25 have it.
    Basic,
}

/// Where tokens are to be had (A2A API specification, "OAuth 2.0 client credentials").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenPath {
    /// `/iso/oauth2/token`: the pages of 3.32 and 3.33, and those on SCIM of every version.
    Iso,
    /// `/api/oauth2/token`: the pages of 4.0.
    Api,
}

impl TokenPath {
    /// Both paths, the one to try first in front. A token request changes nothing, so the second
    /// may be tried when the first answers that there is no such path.
    #[must_use]
    pub fn order(routes: Option<Routes>) -> [Self; 2] {
        match routes {
            Some(Routes::ApiPam | Routes::Api) => [Self::Api, Self::Iso],
            Some(Routes::Iso) | None => [Self::Iso, Self::Api],
        }
    }

    fn segments(self) -> [&'static str; 3] {
        match self {
            Self::Iso => ["iso", "oauth2", "token"],
            Self::Api => ["api", "oauth2", "token"],
        }
    }
}

impl fmt::Display for TokenPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}", self.segments().join("/"))
    }
}

impl ClientCredentials {
    /// Credentials that are sent in the body, without a tenant.
    pub fn new(client_id: impl Into<String>, client_secret: Secret) -> Self {
        Self {
            client_id: client_id.into(),
            client_secret,
            tenant: None,
            authentication: ClientAuthentication::Body,
        }
    }

    /// The same credentials at this tenant.
    #[must_use]
    pub fn at_tenant(self, tenant: impl Into<String>) -> Self {
        let tenant = Some(tenant.into());
        Self { tenant, ..self }
    }

    /// The same credentials, sent in this way.
    #[must_use]
    pub fn sent(self, authentication: ClientAuthentication) -> Self {
        Self {
            authentication,
            ..self
        }
    }

    /// The request for a token. Its body, or its `Authorization` header, holds the secret: do not
    /// print it.
    ///
    /// # Errors
    /// [`BuildError::Field`] when the client ID or the secret is empty, or the tenant is given and
    /// empty.
    pub fn token_request(
        &self,
        base: &BaseUrl,
        path: TokenPath,
    ) -> Result<Request<Vec<u8>>, BuildError> {
        let empty = |field| BuildError::Field {
            field,
            reason: "is empty",
        };
        if self.client_id.trim().is_empty() {
            return Err(empty("client_id"));
        }
        if self.client_secret.expose().trim().is_empty() {
            return Err(empty("client_secret"));
        }
        if self.tenant.as_deref().is_some_and(|t| t.trim().is_empty()) {
            return Err(empty("tenant"));
        }
        let mut request = Request::new(Vec::new());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = base.endpoint(path.segments())?;
        let headers = request.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/x-www-form-urlencoded"),
        );
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let mut form = vec![("grant_type", "client_credentials")];
        match self.authentication {
            ClientAuthentication::Body => {
                form.push(("client_id", &self.client_id));
                form.push(("client_secret", self.client_secret.expose()));
            }
            ClientAuthentication::Basic => {
                headers.insert(header::AUTHORIZATION, self.basic()?);
            }
        }
        if let Some(tenant) = &self.tenant {
            form.push(("tenant", tenant));
        }
        *request.body_mut() = encoded(&form);
        Ok(request)
    }

    /// RFC 6749 section 2.3.1: both parts are form-encoded before they are joined.
    fn basic(&self) -> Result<HeaderValue, BuildError> {
        let mut pair = Zeroizing::new(String::new());
        pair.extend(utf8_percent_encode(&self.client_id, FORM));
        pair.push(':');
        pair.extend(utf8_percent_encode(self.client_secret.expose(), FORM));
        let mut value = Zeroizing::new(String::from("Basic "));
        STANDARD.encode_string(pair.as_bytes(), &mut value);
        let mut value = HeaderValue::from_str(&value).map_err(|_| BuildError::Body)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

/// A form body, allocated once, so that growing it leaves no copies of the secret behind.
fn encoded(form: &[(&str, &str)]) -> Vec<u8> {
    let longest = |(name, value): &(&str, &str)| name.len() + 3 * value.len() + 2;
    let mut body = String::with_capacity(form.iter().map(longest).sum());
    for (name, value) in form {
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(name);
        body.push('=');
        body.extend(utf8_percent_encode(value, FORM));
    }
    body.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> BaseUrl {
        BaseUrl::new("https://192.0.2.7:8443/pam").unwrap()
    }

    fn client() -> ClientCredentials {
        ClientCredentials::new("id 1", Secret::new("s&cret=+é/:"))
    }

    fn body(request: &Request<Vec<u8>>) -> &str {
        std::str::from_utf8(request.body()).unwrap()
    }

    #[test]
    fn credentials_go_into_the_body() {
        let client = client().at_tenant("acme");
        let request = client.token_request(&base(), TokenPath::Iso).unwrap();
        assert_eq!(request.method(), Method::POST);
        assert_eq!(request.uri(), "https://192.0.2.7:8443/pam/iso/oauth2/token");
        assert_eq!(
            body(&request),
            "grant_type=client_credentials&client_id=id%201\
             &client_secret=s%26cret%3D%2B%C3%A9%2F%3A&tenant=acme"
        );
        assert!(!request.headers().contains_key(header::AUTHORIZATION));
    }

    #[test]
    fn or_into_a_basic_header_that_is_sensitive() {
        let client = client().sent(ClientAuthentication::Basic);
        let request = client.token_request(&base(), TokenPath::Api).unwrap();
        assert_eq!(body(&request), "grant_type=client_credentials");
        let header = &request.headers()[header::AUTHORIZATION];
        assert!(header.is_sensitive());
        let pair = STANDARD
            .decode(header.to_str().unwrap().strip_prefix("Basic ").unwrap())
            .unwrap();
        assert_eq!(pair, b"id%201:s%26cret%3D%2B%C3%A9%2F%3A");
    }

    #[test]
    fn an_empty_part_is_refused_by_name() {
        let refused = |client: &ClientCredentials| {
            let error = client.token_request(&base(), TokenPath::Api).unwrap_err();
            error.to_string()
        };
        let secret = || Secret::new("s");
        assert_eq!(
            refused(&ClientCredentials::new("", secret())),
            "client_id is empty"
        );
        assert_eq!(
            refused(&ClientCredentials::new("c", Secret::new(" "))),
            "client_secret is empty"
        );
        assert_eq!(
            refused(&ClientCredentials::new("c", secret()).at_tenant("")),
            "tenant is empty"
        );
    }

    #[test]
    fn debug_shows_no_secret() {
        let shown = format!("{:?}", client());
        assert!(!shown.contains("cret=+"), "{shown}");
    }

    #[test]
    fn each_family_has_its_path_first() {
        assert_eq!(TokenPath::order(None)[0].to_string(), "/iso/oauth2/token");
        for routes in Routes::ALL {
            let [first, second] = TokenPath::order(Some(routes));
            assert_ne!(first, second);
            assert_eq!(first == TokenPath::Iso, routes == Routes::Iso);
        }
    }
}
