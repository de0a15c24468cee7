//! Signing a request (RFC 5849 section 3).

use std::fmt;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};

use super::base_string::{BaseUri, Digits, Separator, UriError, write_head, write_params};
use super::credentials::Credentials;
use super::params::Params;
use super::percent::{self, ONCE, TWICE, is_unreserved};
use super::protocol::{self, Parameter, Value};
use super::signature::{Key, Signature};
use super::stamp::Stamp;
use super::target::Target;
use super::writer::{Sink, Writer};

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
/// Key and parameters are prepared when the signer is made. It may be shared between threads; a
/// clone signs like the original.
#[derive(Clone)]
pub struct Signer {
    key: Key,
    realm: Option<String>,
    /// All protocol parameters, sorted by name.
    parameters: Vec<Parameter>,
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
        refuse_control("consumer key", &credentials.consumer_key)?;
        let mut parameters = vec![
            Parameter::fixed(protocol::CONSUMER_KEY, &credentials.consumer_key),
            Parameter::new(protocol::NONCE, Value::Nonce),
            Parameter::new(protocol::SIGNATURE, Value::Signature),
            Parameter::fixed(protocol::SIGNATURE_METHOD, "HMAC-SHA1"),
            Parameter::new(protocol::TIMESTAMP, Value::Timestamp),
        ];
        if let Some(token) = token {
            refuse_control("token", &token.key)?;
            parameters.push(Parameter::fixed(protocol::TOKEN, &token.key));
        }
        parameters.push(Parameter::fixed(protocol::VERSION, "1.0"));
        let token_secret = token.map(|token| &token.secret);
        Ok(Self {
            key: Key::new(&credentials.consumer_secret, token_secret),
            realm: None,
            parameters,
        })
    }

    /// Sends no `oauth_version`; RFC 5849 section 3.1 makes it optional, the appliance wants it.
    #[must_use]
    pub fn without_version(mut self) -> Self {
        self.parameters
            .retain(|parameter| parameter.name != protocol::VERSION);
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
    /// itself or that must not be sent, or was given before, and when name or value holds a
    /// control character.
    pub fn with_parameter(
        mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<Self, SignError> {
        let (name, value) = (name.into(), value.into());
        refuse_control("name of a parameter", &name)?;
        refuse_control("value of a parameter", &value)?;
        if !name.starts_with(protocol::PREFIX) {
            return Err(SignError::NotProtocol { name });
        }
        if protocol::OWN.contains(&&*name) || protocol::SECRETS.contains(&&*name) {
            return Err(SignError::Reserved { name });
        }
        // Sorted as the base string wants it (RFC 5849 section 3.4.1.3.2): by encoded name.
        let encoded = percent::encode(&name);
        let search = self
            .parameters
            .binary_search_by_key(&encoded, |known| percent::encode(&known.name));
        match search {
            Ok(_) => Err(SignError::Twice { name }),
            Err(at) => {
                let parameter = Parameter::new(name, Value::Fixed(value));
                self.parameters.insert(at, parameter);
                Ok(self)
            }
        }
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
        let mut writer = self.key.writer();
        self.write_base_string(&mut writer, &params(target), target, stamp)?;
        let mut value = self
            .header(&writer.into_signature(), stamp)
            .into_header()
            .map_err(|_| SignError::Realm)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// How the signature comes about, for people who look for a difference.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn explain(&self, target: &Target<'_>, stamp: &Stamp) -> Result<Explanation, SignError> {
        let request_params = params(target);
        let mut writer = Writer::text();
        self.write_base_string(&mut writer, &request_params, target, stamp)?;
        let base_string = writer.into_text();
        let signature = self.key.sign(&base_string);

        let mut all = request_params;
        let timestamp = stamp.timestamp().map(|seconds| seconds.to_string());
        for parameter in &self.parameters {
            let value = match &parameter.value {
                Value::Fixed(text) => Some(text.as_str()),
                Value::Nonce => stamp.nonce(),
                Value::Timestamp => timestamp.as_deref(),
                Value::Signature => None,
            };
            if let Some(value) = value {
                all.push(parameter.name.as_str(), value);
            }
        }
        Ok(Explanation {
            parameters: all.sorted(),
            authorization: self.header(&signature, stamp).into_text(),
            signature: signature.to_string(),
            base_string,
        })
    }

    /// Merges the request's parameters with the prepared ones.
    #[inline]
    fn write_base_string<S: Sink>(
        &self,
        writer: &mut Writer<S>,
        request_params: &Params<'_>,
        target: &Target<'_>,
        stamp: &Stamp,
    ) -> Result<(), SignError> {
        if let Some(nonce) = stamp.nonce()
            && !nonce.bytes().all(is_unreserved)
        {
            refuse_control("nonce", nonce)?;
        }
        self.refuse_protocol(request_params)?;
        let mut sorted = request_params.clone();
        sorted.sort();
        let host = match target.host {
            Some(host) => Some(std::str::from_utf8(host).map_err(|_| SignError::Host)?),
            None => None,
        };
        write_head(writer, target.method, &BaseUri::of(target.uri, host)?);

        let mut rest = sorted.as_slice();
        let mut separator = Separator::default();
        for parameter in &self.parameters {
            let digits;
            let value = match (&parameter.value, stamp.nonce(), stamp.timestamp()) {
                (Value::Fixed(_), ..) => &[],
                (Value::Nonce, Some(nonce), _) => nonce.as_bytes(),
                (Value::Timestamp, _, Some(seconds)) => {
                    digits = Digits::of(seconds);
                    digits.as_bytes()
                }
                _ => continue,
            };
            let smaller = rest
                .iter()
                .take_while(|param| param.order_to(&parameter.name).is_lt())
                .count();
            let (before, after) = rest.split_at(smaller);
            write_params(writer, &mut separator, before);
            rest = after;
            writer.put(separator.next());
            writer.put(&parameter.base);
            writer.encode(value.iter().copied(), &TWICE);
        }
        write_params(writer, &mut separator, rest);
        Ok(())
    }

    /// The header (RFC 5849 section 3.5.1), its parameters sorted by name.
    #[inline]
    fn header(&self, signature: &Signature, stamp: &Stamp) -> Writer<String> {
        let mut writer = Writer::text();
        let mut separator: &[u8] = b"OAuth ";
        if let Some(realm) = &self.realm {
            writer.put(b"OAuth realm=\"");
            for part in realm.split_inclusive(['"', '\\']) {
                let (plain, last) = part.split_at(part.len() - 1);
                writer.put(plain.as_bytes());
                if matches!(last, "\"" | "\\") {
                    writer.put(b"\\");
                }
                writer.put(last.as_bytes());
            }
            separator = b"\", ";
        }
        for parameter in &self.parameters {
            let digits;
            let value: &[u8] = match (&parameter.value, stamp.nonce(), stamp.timestamp()) {
                (Value::Fixed(_), ..) => &[],
                (Value::Nonce, Some(nonce), _) => nonce.as_bytes(),
                (Value::Timestamp, _, Some(seconds)) => {
                    digits = Digits::of(seconds);
                    digits.as_bytes()
                }
                (Value::Signature, ..) => signature.as_bytes(),
                _ => continue,
            };
            writer.put(separator);
            separator = b"\", ";
            writer.put(&parameter.header);
            writer.encode(value.iter().copied(), &ONCE);
        }
        writer.put(b"\"");
        writer
    }

    /// Refuses what would be sent twice, and what must not be sent (RFC 5849 section 3.1).
    fn refuse_protocol(&self, request_params: &Params<'_>) -> Result<(), SignError> {
        for param in request_params.as_slice() {
            if !param.name_begins_with(protocol::PREFIX) {
                continue;
            }
            let sent = self
                .parameters
                .iter()
                .map(|parameter| parameter.name.as_str());
            let mut refused = sent.chain(protocol::OWN).chain(protocol::SECRETS);
            if let Some(name) = refused.find(|name| param.is_named(name)) {
                return Err(SignError::Twice {
                    name: name.to_owned(),
                });
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("realm", &self.realm)
            .finish_non_exhaustive()
    }
}

/// The parameters of query and form.
#[inline]
fn params<'a>(target: &Target<'a>) -> Params<'a> {
    let mut params = Params::new();
    params.push_form(target.uri.query().unwrap_or_default().as_bytes());
    params.push_form(target.form);
    params
}

fn refuse_control(field: &'static str, value: &str) -> Result<(), SignError> {
    if value.chars().any(char::is_control) {
        return Err(SignError::ControlCharacter { field });
    }
    Ok(())
}
