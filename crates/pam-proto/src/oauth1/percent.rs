//! Percent-encoding (RFC 5849 section 3.6).
//!
//! Everything but RFC 3986 section 2.3's unreserved characters is encoded, in upper-case
//! hexadecimal, byte by byte of the UTF-8 form. That differs from what a browser does to a form:
//! a space is `%20` and never `+`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Text that is not percent-encoded UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// A `%` that is not followed by two hexadecimal digits.
    #[error("a % is not followed by two hexadecimal digits")]
    Escape,
    /// The bytes are not UTF-8.
    #[error("the decoded bytes are not UTF-8")]
    Utf8,
}

/// Encodes text (RFC 5849 section 3.6).
///
/// ```
/// use pam_proto::oauth1::percent;
///
/// assert_eq!(percent::encode("Ladies + Gentlemen"), "Ladies%20%2B%20Gentlemen");
/// assert_eq!(percent::encode("-._~"), "-._~");
/// assert_eq!(percent::encode("☃"), "%E2%98%83");
/// ```
#[must_use]
pub fn encode(text: impl AsRef<[u8]>) -> String {
    percent_encode(text.as_ref(), RESERVED).to_string()
}

/// Decodes text; a `+` stays a `+`.
///
/// # Errors
/// [`DecodeError`] when a `%` is not followed by two hexadecimal digits, or when the decoded
/// bytes are not UTF-8.
///
/// ```
/// use pam_proto::oauth1::percent;
///
/// assert_eq!(percent::decode("r%20b%2b+").as_deref(), Ok("r b++"));
/// assert!(percent::decode("100%").is_err());
/// ```
pub fn decode(text: &str) -> Result<String, DecodeError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else {
            return Err(DecodeError::Escape);
        };
        let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low)) else {
            return Err(DecodeError::Escape);
        };
        bytes.push(high << 4 | low);
        rest = tail;
    }
    String::from_utf8(bytes).map_err(|_| DecodeError::Utf8)
}

/// The value of a hexadecimal digit of either case.
pub(super) const fn hex_digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    }
}
