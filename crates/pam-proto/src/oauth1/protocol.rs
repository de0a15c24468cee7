//! The protocol parameters (RFC 5849 section 3.1), prepared for the base string and the header.

use super::percent::{ONCE, TWICE};
use super::writer::Writer;

pub(super) const CONSUMER_KEY: &str = "oauth_consumer_key";
pub(super) const NONCE: &str = "oauth_nonce";
pub(super) const SIGNATURE: &str = "oauth_signature";
pub(super) const SIGNATURE_METHOD: &str = "oauth_signature_method";
pub(super) const TIMESTAMP: &str = "oauth_timestamp";
pub(super) const TOKEN: &str = "oauth_token";
pub(super) const VERSION: &str = "oauth_version";

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

/// A protocol parameter whose encoded forms are prepared, as far as they are known.
#[derive(Debug, Clone)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) value: Value,
    /// Name, `=` and value, encoded twice.
    pub(super) base: Box<[u8]>,
    /// Name, `="` and value, encoded once.
    pub(super) header: Box<[u8]>,
}

/// Where the value of a protocol parameter comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// It is the same in every request.
    Fixed(String),
    Nonce,
    Timestamp,
    /// It is in the header only.
    Signature,
}

impl Parameter {
    pub(super) fn new(name: impl Into<String>, value: Value) -> Self {
        let name = name.into();
        let text = match &value {
            Value::Fixed(text) => text.as_str(),
            Value::Nonce | Value::Timestamp | Value::Signature => "",
        };
        let mut base = Writer::text();
        base.encode(name.bytes(), &TWICE);
        base.put(b"%3D");
        base.encode(text.bytes(), &TWICE);
        let mut header = Writer::text();
        header.encode(name.bytes(), &ONCE);
        header.put(b"=\"");
        header.encode(text.bytes(), &ONCE);
        Self {
            base: base.into_text().into_bytes().into(),
            header: header.into_text().into_bytes().into(),
            name,
            value,
        }
    }

    pub(super) fn fixed(name: &str, value: &str) -> Self {
        Self::new(name, Value::Fixed(value.to_owned()))
    }
}
