//! The protocol parameters (RFC 5849 section 3.1).

use super::base_string::Digits;
use super::percent::{self, ONCE, TWICE};
use super::signature::Signature;
use super::stamp::Stamp;
use super::writer::{Sink, Writer};

pub(super) const CONSUMER_KEY: &str = "oauth_consumer_key";
pub(super) const NONCE: &str = "oauth_nonce";
pub(super) const SIGNATURE: &str = "oauth_signature";
pub(super) const SIGNATURE_METHOD: &str = "oauth_signature_method";
pub(super) const TIMESTAMP: &str = "oauth_timestamp";
pub(super) const TOKEN: &str = "oauth_token";
pub(super) const VERSION: &str = "oauth_version";

/// The one signature method of this crate.
pub(super) const HMAC_SHA1: &str = "HMAC-SHA1";

/// The parameters that every signed request has its own values for: their place is the header.
pub(super) const OWN: [&str; 7] = [
    CONSUMER_KEY,
    NONCE,
    SIGNATURE,
    SIGNATURE_METHOD,
    TIMESTAMP,
    TOKEN,
    VERSION,
];

/// The secrets form the key and are never sent, though the appliance's table of parameters lists
/// them (A2A API specification, "OAuth 1.0").
pub(super) const SECRETS: [&str; 2] = ["oauth_consumer_secret", "oauth_token_secret"];

/// What all names of protocol parameters begin with.
pub(super) const PREFIX: &str = "oauth_";

/// The protocol parameters that a signer sends.
#[derive(Clone)]
pub(super) struct Protocol {
    /// Sorted by encoded name.
    parameters: Vec<(String, Value)>,
    realm: Option<String>,
    stamped: Prepared,
    unstamped: Prepared,
}

/// Where the value of a protocol parameter comes from.
#[derive(Clone, PartialEq, Eq)]
enum Value {
    /// It is the same in every request.
    Fixed(String),
    Nonce,
    Timestamp,
    /// It is in the header only.
    Signature,
}

/// The values that differ from one request to the next.
pub(super) struct Variable<'s> {
    nonce: &'s [u8],
    timestamp: Digits,
}

impl<'s> Variable<'s> {
    #[inline]
    pub(super) fn of(stamp: &'s Stamp) -> Option<Self> {
        Some(Self {
            nonce: stamp.nonce()?.as_bytes(),
            timestamp: Digits::of(stamp.timestamp()?),
        })
    }
}

impl Protocol {
    /// What a request with these credentials has at least, and `oauth_version`.
    pub(super) fn new(consumer_key: &str, token: Option<&str>) -> Self {
        let fixed = |value: &str| Value::Fixed(value.to_owned());
        let mut parameters = vec![
            (CONSUMER_KEY.to_owned(), fixed(consumer_key)),
            (NONCE.to_owned(), Value::Nonce),
            (SIGNATURE.to_owned(), Value::Signature),
            (SIGNATURE_METHOD.to_owned(), fixed(HMAC_SHA1)),
            (TIMESTAMP.to_owned(), Value::Timestamp),
            (VERSION.to_owned(), fixed("1.0")),
        ];
        parameters.extend(token.map(|token| (TOKEN.to_owned(), fixed(token))));
        Self::prepared(parameters, None)
    }

    fn prepared(mut parameters: Vec<(String, Value)>, realm: Option<String>) -> Self {
        parameters.sort_by_cached_key(|(name, _)| percent::encode(name));
        Self {
            stamped: prepare(&parameters, realm.as_deref(), true),
            unstamped: prepare(&parameters, realm.as_deref(), false),
            parameters,
            realm,
        }
    }

    pub(super) fn with(mut self, name: String, value: String) -> Self {
        self.parameters.push((name, Value::Fixed(value)));
        Self::prepared(self.parameters, self.realm)
    }

    pub(super) fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        Self::prepared(self.parameters, self.realm)
    }

    pub(super) fn with_realm(self, realm: String) -> Self {
        Self::prepared(self.parameters, Some(realm))
    }

    /// The texts of requests with, or without, nonce and timestamp.
    #[inline]
    pub(super) fn texts(&self, variable: Option<&Variable<'_>>) -> &Prepared {
        match variable {
            Some(_) => &self.stamped,
            None => &self.unstamped,
        }
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.parameters.iter().map(|(name, _)| name.as_str())
    }

    /// Name and value of each that is signed.
    pub(super) fn signed<'a>(
        &'a self,
        variable: Option<&'a Variable<'_>>,
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.parameters.iter().filter_map(move |(name, value)| {
            let value = match value {
                Value::Fixed(text) => text.as_bytes(),
                Value::Nonce => variable?.nonce,
                Value::Timestamp => variable?.timestamp.as_bytes(),
                Value::Signature => return None,
            };
            Some((name.as_bytes(), value))
        })
    }
}

/// Protocol parameters in the spelling of base string and header, as far as they are the same in
/// every request.
#[derive(Clone)]
pub(super) struct Prepared {
    /// Names of the first and the last that is signed.
    pub(super) first: String,
    pub(super) last: String,
    base: Vec<Part>,
    header: Vec<Part>,
}

/// A text, and the value that comes after it.
#[derive(Clone)]
struct Part {
    text: Box<[u8]>,
    value: Value,
}

fn prepare(parameters: &[(String, Value)], realm: Option<&str>, stamped: bool) -> Prepared {
    let sent = |value: &Value| stamped || !matches!(value, Value::Nonce | Value::Timestamp);
    let in_header: Vec<_> = parameters.iter().filter(|(_, v)| sent(v)).collect();
    let signed = in_header.iter().filter(|(_, v)| *v != Value::Signature);
    let signed: Vec<_> = signed.copied().collect();
    let mut start = String::from("OAuth ");
    if let Some(realm) = realm {
        let escaped = realm.replace('\\', r"\\").replace('"', r#"\""#);
        start = format!("OAuth realm=\"{escaped}\", ");
    }
    let name = |pair: Option<&&(String, Value)>| pair.map_or("", |(name, _)| name).to_owned();
    Prepared {
        first: name(signed.first()),
        last: name(signed.last()),
        base: parts(String::new(), ["%26", "%3D", ""], &signed, |text| {
            percent::encode(percent::encode(text))
        }),
        header: parts(start, [", ", "=\"", "\""], &in_header, |text| {
            percent::encode(text)
        }),
    }
}

/// Joins parameters up to the next variable value.
fn parts(
    start: String,
    [separator, equals, end]: [&str; 3],
    parameters: &[&(String, Value)],
    encode: impl Fn(&str) -> String,
) -> Vec<Part> {
    let mut parts = Vec::new();
    let mut text = start;
    for (index, (name, value)) in parameters.iter().enumerate() {
        text += if index == 0 { "" } else { separator };
        text += &encode(name);
        text += equals;
        if let Value::Fixed(value) = value {
            text += &encode(value);
        } else {
            parts.push(Part {
                text: std::mem::take(&mut text).into_bytes().into(),
                value: value.clone(),
            });
        }
        text += end;
    }
    parts.push(Part {
        text: text.into_bytes().into(),
        value: Value::Fixed(String::new()),
    });
    parts
}

impl Prepared {
    /// Writes the signed parameters of the header.
    #[inline]
    pub(super) fn write_base<S: Sink>(
        &self,
        writer: &mut Writer<'_, S>,
        variable: Option<&Variable<'_>>,
    ) {
        for part in &self.base {
            writer.put(&part.text);
            match (&part.value, variable) {
                (Value::Nonce, Some(variable)) => writer.encode_text(variable.nonce, &TWICE),
                (Value::Timestamp, Some(variable)) => writer.put(variable.timestamp.as_bytes()),
                _ => {}
            }
        }
    }

    /// Writes the header (RFC 5849 section 3.5.1).
    #[inline]
    pub(super) fn write_header(
        &self,
        writer: &mut Writer<'_, String>,
        variable: Option<&Variable<'_>>,
        signature: &Signature,
    ) {
        for part in &self.header {
            writer.put(&part.text);
            match (&part.value, variable) {
                (Value::Nonce, Some(variable)) => writer.encode_text(variable.nonce, &ONCE),
                (Value::Timestamp, Some(variable)) => writer.put(variable.timestamp.as_bytes()),
                (Value::Signature, _) => writer.encode(*signature.as_bytes(), &ONCE),
                _ => {}
            }
        }
    }
}
