//! Signing a request (RFC 5849 section 3).

use std::fmt;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request};

use super::base_string::{BaseUri, UriError, write_head, write_params};
use super::credentials::Credentials;
use super::params::Params;
use super::percent;
use super::protocol::{self, Prepared, Protocol, Variable};
use super::signature::{Key, Signature};
use super::stamp::Stamp;
use super::target::Target;
use super::writer::{self, Sink, Writer};

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
    protocol: Arc<Protocol>,
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
        refuse_control("consumer key", &credentials.consumer_key)?;
        let token = credentials.token.as_ref();
        if let Some(token) = token {
            refuse_control("token", &token.key)?;
        }
        let token_key = token.map(|token| token.key.as_str());
        let token_secret = token.map(|token| &token.secret);
        Ok(Self {
            key: Key::new(&credentials.consumer_secret, token_secret),
            protocol: Arc::new(Protocol::new(&credentials.consumer_key, token_key)),
        })
    }

    fn with(self, change: impl FnOnce(Protocol) -> Protocol) -> Self {
        Self {
            key: self.key,
            protocol: Arc::new(change(Arc::unwrap_or_clone(self.protocol))),
        }
    }

    /// Sends no `oauth_version`; RFC 5849 section 3.1 makes it optional, the appliance wants it.
    #[must_use]
    pub fn without_version(self) -> Self {
        self.with(|protocol| protocol.without(protocol::VERSION))
    }

    /// Sends a realm, which is no part of the signature (RFC 5849 section 3.5.1).
    ///
    /// # Errors
    /// [`SignError::Realm`] when it holds anything but visible ASCII characters and spaces.
    pub fn with_realm(self, realm: impl Into<String>) -> Result<Self, SignError> {
        let realm = realm.into();
        if !realm.bytes().all(|b| matches!(b, b' '..=b'~')) {
            return Err(SignError::Realm);
        }
        Ok(self.with(|protocol| protocol.with_realm(realm)))
    }

    /// Sends a further protocol parameter, such as `oauth_callback`, `oauth_verifier` or
    /// `oauth_body_hash`.
    ///
    /// # Errors
    /// [`SignError`] when its name does not begin with `oauth_`, is one that the signer sets
    /// itself or that must not be sent, or was given before, and when name or value holds a
    /// control character.
    pub fn with_parameter(
        self,
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
        if self.protocol.names().any(|known| known == name) {
            return Err(SignError::Twice { name });
        }
        Ok(self.with(|protocol| protocol.with(name, value)))
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
        let mut params = Params::new();
        let draft = self.draft(target, stamp, &mut params)?;
        let mut buffer = writer::EMPTY;
        let mut writer = self.key.writer(&mut buffer);
        draft.write_base_string(&mut writer);
        let signature = self.key.signature(writer);

        let mut writer = Writer::new(String::new(), &mut buffer);
        draft.write_header(&mut writer, &signature);
        let mut value = writer.into_header().map_err(|_| SignError::Realm)?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// How the signature comes about, for people who look for a difference.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn explain(&self, target: &Target<'_>, stamp: &Stamp) -> Result<Explanation, SignError> {
        let mut params = Params::new();
        let draft = self.draft(target, stamp, &mut params)?;
        let base_string = writer::to_text(|writer| draft.write_base_string(writer));
        let signature = self.key.sign(&base_string);
        Ok(Explanation {
            parameters: draft.all_params().sorted(),
            signature: signature.to_string(),
            authorization: writer::to_text(|writer| draft.write_header(writer, &signature)),
            base_string,
        })
    }

    #[inline]
    fn draft<'p, 'a: 'p>(
        &'a self,
        target: &Target<'a>,
        stamp: &'a Stamp,
        params: &'p mut Params<'a>,
    ) -> Result<Draft<'p, 'a>, SignError> {
        if let Some(nonce) = stamp.nonce()
            && !percent::is_plain(nonce.as_bytes())
        {
            refuse_control("nonce", nonce)?;
        }
        let host = match target.host {
            Some(host) => Some(std::str::from_utf8(host).map_err(|_| SignError::Host)?),
            None => None,
        };
        params.push_form(target.uri.query().unwrap_or_default().as_bytes());
        params.push_form(target.form);
        self.refuse_protocol(params)?;
        params.sort();
        let variable = Variable::of(stamp);
        Ok(Draft {
            method: target.method,
            uri: BaseUri::of(target.uri, host)?,
            params,
            protocol: &self.protocol,
            prepared: self.protocol.texts(variable.as_ref()),
            variable,
        })
    }

    /// Refuses what would be sent twice, and what must not be sent (RFC 5849 section 3.1).
    fn refuse_protocol(&self, request_params: &Params<'_>) -> Result<(), SignError> {
        for param in request_params.as_slice() {
            if !param.name_begins_with(protocol::PREFIX) {
                continue;
            }
            let sent = self.protocol.names();
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

/// All that is signed of a request.
struct Draft<'p, 'a> {
    method: &'a str,
    uri: BaseUri<'a>,
    /// Those of query and form, sorted.
    params: &'p Params<'a>,
    protocol: &'a Protocol,
    prepared: &'a Prepared,
    variable: Option<Variable<'a>>,
}

impl Draft<'_, '_> {
    #[inline]
    fn write_base_string<S: Sink>(&self, writer: &mut Writer<'_, S>) {
        write_head(writer, self.method, &self.uri);
        let params = self.params.as_slice();
        let smaller = params.partition_point(|p| p.order_to(&self.prepared.first).is_lt());
        let (before, after) = params.split_at(smaller);
        let between = after.first();
        if between.is_some_and(|p| p.order_to(&self.prepared.last).is_lt()) {
            let mut all = self.all_params();
            all.sort();
            return write_params(writer, all.as_slice());
        }
        write_params(writer, before);
        if !before.is_empty() {
            writer.put(b"%26");
        }
        self.prepared.write_base(writer, self.variable.as_ref());
        if !after.is_empty() {
            writer.put(b"%26");
        }
        write_params(writer, after);
    }

    #[inline]
    fn write_header(&self, writer: &mut Writer<'_, String>, signature: &Signature) {
        self.prepared
            .write_header(writer, self.variable.as_ref(), signature);
    }

    /// Those of the header too, in no order.
    #[cold]
    fn all_params(&self) -> Params<'_> {
        let mut all = self.params.clone();
        for (name, value) in self.protocol.signed(self.variable.as_ref()) {
            all.push(name, value);
        }
        all
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("parameters", &self.protocol.names().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

fn refuse_control(field: &'static str, value: &str) -> Result<(), SignError> {
    if value.chars().any(char::is_control) {
        return Err(SignError::ControlCharacter { field });
    }
    Ok(())
}
