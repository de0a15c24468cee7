//! Signing a request (RFC 5849 section 3).

use std::fmt::Write as _;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};

use super::base_string::{self, UriError};
use super::credentials::Credentials;
use super::params::Params;
use super::percent;
use super::signature::Key;
use super::stamp::Stamp;
use super::target::Target;

/// Parameters that this crate sets itself or that must never be sent: the two secrets form the
/// key, though the appliance's table lists them (A2A API specification, "OAuth 1.0").
const RESERVED: [&str; 9] = [
    "oauth_consumer_key",
    "oauth_consumer_secret",
    "oauth_nonce",
    "oauth_signature",
    "oauth_signature_method",
    "oauth_timestamp",
    "oauth_token",
    "oauth_token_secret",
    "oauth_version",
];

/// A request that can't be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The URL yields no base string.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// The `Host` header is not text.
    #[error("the Host header holds characters that no host name has")]
    Host,
    /// A value that would reach the header with a control character in it.
    #[error("the {field} holds a control character; remove it (a line break at its end?)")]
    ControlCharacter {
        /// Which value.
        field: &'static str,
    },
    /// A realm that a header can't hold.
    #[error("the realm may hold visible ASCII characters and spaces only")]
    Realm,
    /// A further protocol parameter whose name does not begin with `oauth_`.
    #[error("`{name}` is no protocol parameter; its name must begin with oauth_")]
    NotProtocol {
        /// The name as given.
        name: String,
    },
    /// A further protocol parameter that the signer sets itself, or that must not be sent.
    #[error("`{name}` can't be given as a parameter; it is set by the signer or never sent")]
    Reserved {
        /// The name as given.
        name: String,
    },
    /// A protocol parameter that would be sent twice (RFC 5849 section 3.1).
    #[error("the parameter `{name}` is given twice; send it once, in the header")]
    Twice {
        /// Its name.
        name: String,
    },
}

/// Signs requests with one set of credentials.
///
/// The key is prepared when the signer is made; the credentials are not kept.
#[derive(Debug, Clone)]
pub struct Signer {
    key: Key,
    realm: Option<String>,
    /// All protocol parameters but nonce, timestamp and signature.
    parameters: Vec<(String, String)>,
}

/// How a signature comes about, stage by stage; it holds no secret.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The signature base string (RFC 5849 section 3.4.1).
    pub base_string: String,
    /// Each parameter that is signed, encoded and sorted (RFC 5849 section 3.4.1.3.2).
    pub parameters: Vec<(String, String)>,
    /// The signature in Base64, not percent-encoded.
    pub signature: String,
    /// The value of the `Authorization` header.
    pub authorization: String,
}

impl Signer {
    /// Prepares the key; sends `oauth_version="1.0"` and no realm.
    ///
    /// # Errors
    /// [`SignError::ControlCharacter`] when the consumer key or the token holds one.
    pub fn new(credentials: &Credentials) -> Result<Self, SignError> {
        let token = credentials.token.as_ref();
        let mut parameters = vec![
            (
                "oauth_consumer_key".to_owned(),
                credentials.consumer_key.clone(),
            ),
            ("oauth_signature_method".to_owned(), "HMAC-SHA1".to_owned()),
            ("oauth_version".to_owned(), "1.0".to_owned()),
        ];
        refuse_control("consumer key", &credentials.consumer_key)?;
        if let Some(token) = token {
            refuse_control("token", &token.key)?;
            parameters.push(("oauth_token".to_owned(), token.key.clone()));
        }
        Ok(Self {
            key: Key::new(
                &credentials.consumer_secret,
                token.map(|token| &token.secret),
            ),
            realm: None,
            parameters,
        })
    }

    /// Sends no `oauth_version`; RFC 5849 section 3.1 makes it optional, the appliance wants it.
    #[must_use]
    pub fn without_version(mut self) -> Self {
        self.parameters.retain(|(name, _)| name != "oauth_version");
        self
    }

    /// Sends a realm, which is no part of the signature (RFC 5849 section 3.5.1).
    ///
    /// # Errors
    /// [`SignError::Realm`] when it holds anything but visible ASCII characters and spaces.
    pub fn with_realm(mut self, realm: impl Into<String>) -> Result<Self, SignError> {
        let realm = realm.into();
        if !realm.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return Err(SignError::Realm);
        }
        self.realm = Some(realm);
        Ok(self)
    }

    /// Sends a further protocol parameter, such as `oauth_callback`, `oauth_verifier` or
    /// `oauth_body_hash`.
    ///
    /// # Errors
    /// [`SignError`] when its name does not begin with `oauth_`, is one that the signer sets
    /// itself or that must not be sent, was given before, or when name or value holds a control
    /// character.
    pub fn with_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, SignError> {
        let (name, value) = (name.into(), value.into());
        refuse_control("parameter name", &name)?;
        refuse_control("parameter value", &value)?;
        if !name.starts_with("oauth_") {
            return Err(SignError::NotProtocol { name });
        }
        if RESERVED.contains(&name.as_str()) {
            return Err(SignError::Reserved { name });
        }
        if self.parameters.iter().any(|(known, _)| *known == name) {
            return Err(SignError::Twice { name });
        }
        self.parameters.push((name, value));
        Ok(self)
    }

    /// Signs a request: sets its `Authorization` header, marked as sensitive.
    ///
    /// # Errors
    /// [`SignError`] when the URL is not absolute, when a protocol parameter is also in the query
    /// or in the form, or when the nonce holds a control character.
    pub fn sign<B: AsRef<[u8]>>(
        &self,
        mut request: Request<B>,
        stamp: &Stamp,
    ) -> Result<Request<B>, SignError> {
        let value = self.authorization(&Target::of(&request), stamp)?;
        request.headers_mut().insert(AUTHORIZATION, value);
        Ok(request)
    }

    /// The value of the `Authorization` header alone, marked as sensitive.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn authorization(
        &self,
        target: &Target<'_>,
        stamp: &Stamp,
    ) -> Result<HeaderValue, SignError> {
        let text = self.explain(target, stamp)?.authorization;
        let mut value = HeaderValue::try_from(text).map_err(|_| SignError::Realm)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// How the signature comes about, for people who look for a difference.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn explain(&self, target: &Target<'_>, stamp: &Stamp) -> Result<Explanation, SignError> {
        let mut protocol = self.parameters.clone();
        if let Some(nonce) = stamp.nonce() {
            refuse_control("nonce", nonce)?;
            protocol.push(("oauth_nonce".to_owned(), nonce.to_owned()));
        }
        if let Some(timestamp) = stamp.timestamp() {
            protocol.push(("oauth_timestamp".to_owned(), timestamp.to_string()));
        }
        protocol.sort_unstable();

        let mut params = Params::new();
        params.push_form(target.uri.query().unwrap_or_default().as_bytes());
        params.push_form(target.form);
        for (name, _) in params.iter() {
            let sent = |known: &str| known.as_bytes() == name;
            if RESERVED.iter().any(|known| sent(known))
                || protocol.iter().any(|(known, _)| sent(known))
            {
                return Err(SignError::Twice {
                    name: String::from_utf8_lossy(name).into_owned(),
                });
            }
        }
        for (name, value) in &protocol {
            params.push(name.as_str(), value.as_str());
        }
        let host = match target.host {
            Some(host) => Some(std::str::from_utf8(host).map_err(|_| SignError::Host)?),
            None => None,
        };
        let uri = base_string::uri(target.uri, host)?;
        let base_string = base_string::join(target.method, &uri, &params.normalised());
        let signature = self.key.sign(&base_string).to_string();

        let mut authorization = String::from("OAuth ");
        if let Some(realm) = &self.realm {
            let escaped = realm.replace('\\', "\\\\").replace('"', "\\\"");
            let _ = write!(authorization, "realm=\"{escaped}\", ");
        }
        protocol.push(("oauth_signature".to_owned(), signature.clone()));
        for (index, (name, value)) in protocol.iter().enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let (name, value) = (percent::encode(name), percent::encode(value));
            let _ = write!(authorization, "{separator}{name}=\"{value}\"");
        }
        Ok(Explanation {
            base_string,
            parameters: params.sorted(),
            signature,
            authorization,
        })
    }
}

fn refuse_control(field: &'static str, value: &str) -> Result<(), SignError> {
    if value.chars().any(char::is_control) {
        return Err(SignError::ControlCharacter { field });
    }
    Ok(())
}
