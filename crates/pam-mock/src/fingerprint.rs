//! Fingerprints of certificates.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base16ct::lower;

/// The SHA-1 or SHA-256 of a certificate's DER form, as certificate tools print it. Which of them
/// the appliance takes is not documented, so the mock takes both.
///
/// ```
/// let fingerprint: pam_mock::Fingerprint =
///     "2F:CA:9B:DC:31:73:A7:D7:9D:8D:8A:32:B1:6A:4D:5B:18:2B:CC:02".parse()?;
/// assert!(fingerprint.to_string().starts_with("2fca9b"));
/// # Ok::<(), pam_mock::InvalidFingerprint>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Fingerprint(String);

/// A text that is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 40 (SHA-1) or 64 (SHA-256) hexadecimal digits, with or without colons")]
pub struct InvalidFingerprint;

impl Fingerprint {
    /// The SHA-256 fingerprint of a certificate.
    #[must_use]
    pub fn of(der: &[u8]) -> Self {
        Self(lower::encode_string(digest(&SHA256, der).as_ref()))
    }

    /// Whether this certificate has this fingerprint.
    #[must_use]
    pub fn matches(&self, der: &[u8]) -> bool {
        let algorithm = match self.0.len() {
            SHA1_DIGITS => &SHA1_FOR_LEGACY_USE_ONLY,
            _ => &SHA256,
        };
        self.0 == lower::encode_string(digest(algorithm, der).as_ref())
    }
}

const SHA1_DIGITS: usize = 40;
const SHA256_DIGITS: usize = 64;

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        let digits: String = text.chars().filter(|&c| c != ':').collect();
        let length = matches!(digits.len(), SHA1_DIGITS | SHA256_DIGITS);
        if !length || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(InvalidFingerprint);
        }
        Ok(Self(digits.to_lowercase()))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_are_compared_by_their_own_digest() {
        let sha1: Fingerprint = "A9:99:3E:36:47:06:81:6A:BA:3E:25:71:78:50:C2:6C:9C:D0:D8:9D"
            .parse()
            .unwrap();
        assert!(sha1.matches(b"abc"));
        assert!(!sha1.matches(b"abd"));
        let sha256 = Fingerprint::of(b"abc");
        assert_eq!(
            sha256.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert!(sha256.matches(b"abc"));
        assert_eq!("abc".parse::<Fingerprint>(), Err(InvalidFingerprint));
    }
}
