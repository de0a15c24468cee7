//! What a request says about itself.

use std::borrow::Cow;
use std::collections::BTreeSet;

use http::Request;
use http::header::AUTHORIZATION;

use super::{Origin, Refusal, Stamps};
use crate::oauth1::base_string::write_head;
use crate::oauth1::header::{self, HeaderError, Text};
use crate::oauth1::params::{Param, Params};
use crate::oauth1::protocol;
use crate::oauth1::target::form;
use crate::oauth1::writer::{Sink, Writer};

/// The parameters of a request whose shape is right; nothing of it is proven yet.
pub(super) struct Received<'p, 'r> {
    pub(super) consumer_key: Cow<'r, str>,
    pub(super) token: Option<Cow<'r, str>>,
    pub(super) timestamp: Option<u64>,
    pub(super) nonce: Option<Cow<'r, str>>,
    pub(super) signature: Text<'r>,
    own: Own<'r>,
    /// All others, sorted.
    others: &'p Params<'r>,
}

/// The header's parameters that mean something in every request.
#[derive(Default)]
struct Own<'r> {
    consumer_key: Option<Text<'r>>,
    nonce: Option<Text<'r>>,
    signature: Option<Text<'r>>,
    signature_method: Option<Text<'r>>,
    timestamp: Option<Text<'r>>,
    token: Option<Text<'r>>,
    version: Option<Text<'r>>,
}

impl<'r> Own<'r> {
    fn slot(&mut self, name: &[u8]) -> Option<&mut Option<Text<'r>>> {
        Some(match name {
            b"oauth_consumer_key" => &mut self.consumer_key,
            b"oauth_nonce" => &mut self.nonce,
            b"oauth_signature" => &mut self.signature,
            b"oauth_signature_method" => &mut self.signature_method,
            b"oauth_timestamp" => &mut self.timestamp,
            b"oauth_token" => &mut self.token,
            b"oauth_version" => &mut self.version,
            _ => return None,
        })
    }

    /// What is signed of them, sorted by name.
    fn signed(&self) -> [(&'static str, &Option<Text<'r>>); 6] {
        [
            (protocol::CONSUMER_KEY, &self.consumer_key),
            (protocol::NONCE, &self.nonce),
            (protocol::SIGNATURE_METHOD, &self.signature_method),
            (protocol::TIMESTAMP, &self.timestamp),
            (protocol::TOKEN, &self.token),
            (protocol::VERSION, &self.version),
        ]
    }
}

impl<'p, 'r> Received<'p, 'r> {
    /// Reads the header and checks everything that needs no key and no clock.
    #[inline]
    pub(super) fn read<B: AsRef<[u8]>>(
        request: &'r Request<B>,
        stamps: Stamps,
        others: &'p mut Params<'r>,
    ) -> Result<Self, Refusal> {
        let mut headers = request.headers().get_all(AUTHORIZATION).iter();
        let header = match (headers.next(), headers.count()) {
            (Some(header), 0) => header.as_bytes(),
            (first, more) => {
                let count = usize::from(first.is_some()) + more;
                return Err(Refusal::Authorization { count });
            }
        };
        let mut own = Own::default();
        let mut further = BTreeSet::new();
        header::each(header, |name, value| {
            let decoded = name.decoded()?;
            let twice = match own.slot(&decoded) {
                Some(slot) => slot.replace(value).is_some(),
                None => {
                    refuse_secret(&decoded)?;
                    if !name.is_realm() {
                        others.add(Param::of_header(name, value));
                    }
                    !further.insert(decoded.clone())
                }
            };
            if twice {
                let name = shown(&decoded);
                return Err(HeaderError::Twice { name }.into());
            }
            Ok::<_, Refusal>(())
        })?;
        let in_header = others.as_slice().len();
        others.push_form(request.uri().query().unwrap_or_default().as_bytes());
        others.push_form(form(request));
        for param in others.as_slice().iter().skip(in_header) {
            if !param.name_begins_with(protocol::PREFIX) {
                continue;
            }
            let name: Vec<u8> = param.name().collect();
            refuse_secret(&name)?;
            if own.slot(&name).is_some() || further.contains(&name[..]) {
                let name = shown(&name);
                return Err(Refusal::Elsewhere { name });
            }
        }
        others.sort();

        let required = |value: Option<Text<'r>>, name| {
            let value = value.filter(|value| !value.is_empty());
            value.ok_or(Refusal::Missing { name })
        };
        let optional = |value: Option<Text<'r>>, name| match stamps {
            Stamps::Required => required(value, name).map(Some),
            Stamps::Optional => Ok(value.filter(|value| !value.is_empty())),
        };
        let consumer_key = required(own.consumer_key, protocol::CONSUMER_KEY)?;
        let method = required(own.signature_method, protocol::SIGNATURE_METHOD)?;
        let signature = required(own.signature, protocol::SIGNATURE)?;
        let timestamp = optional(own.timestamp, protocol::TIMESTAMP)?;
        let nonce = optional(own.nonce, protocol::NONCE)?;
        let method = method.decoded()?;
        if &*method != protocol::HMAC_SHA1.as_bytes() {
            let given = shown(&method);
            return Err(Refusal::SignatureMethod { given });
        }
        if let Some(version) = own.version {
            let version = version.decoded()?;
            if &*version != b"1.0" {
                let given = shown(&version);
                return Err(Refusal::Version { given });
            }
        }
        let text = |text: Text<'r>| text.to_str();
        Ok(Self {
            consumer_key: text(consumer_key)?,
            token: own.token.map(text).transpose()?,
            timestamp: match timestamp {
                Some(timestamp) => Some(seconds(&timestamp.decoded()?)?),
                None => None,
            },
            nonce: nonce.map(text).transpose()?,
            signature: signature.checked()?,
            own,
            others,
        })
    }

    /// Writes the base string of the request, as it was called at `origin`.
    #[inline]
    pub(super) fn write_base_string<B, S: Sink>(
        &self,
        writer: &mut Writer<'_, S>,
        request: &Request<B>,
        origin: &Origin,
    ) {
        let uri = origin.base_uri(request.uri().path());
        write_head(writer, request.method().as_str(), &uri);
        let mut others = self.others.as_slice();
        let mut separator: &[u8] = b"";
        for (name, value) in self.own.signed() {
            let Some(value) = value else { continue };
            while let [next, rest @ ..] = others
                && next.order_to(name).is_lt()
            {
                writer.put(separator);
                next.write(writer);
                separator = b"%26";
                others = rest;
            }
            writer.put(separator);
            writer.put(name.as_bytes());
            writer.put(b"%3D");
            value.write(writer);
            separator = b"%26";
        }
        for param in others {
            writer.put(separator);
            param.write(writer);
        }
    }
}

fn refuse_secret(name: &[u8]) -> Result<(), Refusal> {
    let sent = |secret: &&str| secret.as_bytes() == name;
    match protocol::SECRETS.into_iter().find(sent) {
        Some(name) => Err(Refusal::SecretSent { name }),
        None => Ok(()),
    }
}

/// A number of seconds: digits, as many as there are (RFC 5849 section 3.3).
fn seconds(given: &[u8]) -> Result<u64, Refusal> {
    let digits = given.iter().try_fold(0_u64, |seconds, byte| {
        let digit = char::from(*byte).to_digit(10)?;
        seconds.checked_mul(10)?.checked_add(digit.into())
    });
    digits.ok_or_else(|| Refusal::TimestampSyntax {
        given: shown(given),
    })
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
