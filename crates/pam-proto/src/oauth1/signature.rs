//! HMAC-SHA1 signatures (RFC 5849 section 3.4.2).

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::percent;
use crate::Secret;

/// Length of a signature in Base64: 20 bytes are 28 characters.
const TEXT_LENGTH: usize = 28;

/// The two secrets as a prepared HMAC-SHA1 key (RFC 5849 section 3.4.2).
///
/// Preparing costs as much as hashing four blocks, so a key is made once per credential.
#[derive(Clone)]
pub struct Key(Hmac<Sha1>);

impl Key {
    /// The key of a consumer secret and a token secret; the latter is empty without a token.
    #[must_use]
    pub fn new(consumer_secret: &Secret, token_secret: Option<&Secret>) -> Self {
        let consumer = Zeroizing::new(percent::encode(consumer_secret.expose()));
        let token = Zeroizing::new(
            token_secret.map_or_else(String::new, |secret| percent::encode(secret.expose())),
        );
        let text = Zeroizing::new([consumer.as_bytes(), b"&", token.as_bytes()].concat());
        #[expect(
            clippy::expect_used,
            reason = "HMAC takes a key of any length (RFC 2104)"
        )]
        Self(Hmac::new_from_slice(&text).expect("HMAC takes a key of any length"))
    }

    /// The signature of a base string.
    #[must_use]
    pub fn sign(&self, base_string: &str) -> Signature {
        let mut mac = self.0.clone();
        mac.update(base_string.as_bytes());
        let mut text = [0; TEXT_LENGTH];
        #[expect(clippy::expect_used, reason = "20 bytes are 28 characters")]
        let _ = STANDARD
            .encode_slice(mac.finalize().into_bytes(), &mut text)
            .expect("20 bytes are 28 characters");
        Signature(text)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key([redacted])")
    }
}

/// A signature: Base64 text of an HMAC-SHA1.
///
/// It has no `PartialEq`: use [`Signature::matches`], which takes the same time whatever differs.
#[derive(Clone, Copy)]
pub struct Signature([u8; TEXT_LENGTH]);

impl Signature {
    /// The text, 28 characters, not percent-encoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Base64 is ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Compares with a received signature, in constant time.
    ///
    /// The texts are compared, not the bytes that they stand for: the same bytes have several
    /// spellings in Base64, of which only one is a signature.
    #[must_use]
    pub fn matches(&self, received: &str) -> bool {
        self.0.ct_eq(received.as_bytes()).into()
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // On the server's side this is what a forger wants to know.
        f.write_str("Signature([redacted])")
    }
}
