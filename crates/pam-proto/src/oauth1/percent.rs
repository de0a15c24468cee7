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
    /// The decoded bytes are not UTF-8.
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
    if !escapes_are_whole(text.as_bytes()) {
        return Err(DecodeError::Escape);
    }
    let mut bytes = Vec::with_capacity(text.len());
    bytes.extend(Decoded::new(text.as_bytes(), Coding::Escaped));
    String::from_utf8(bytes).map_err(|_| DecodeError::Utf8)
}

/// Whether every `%` is followed by two hexadecimal digits.
pub(super) fn escapes_are_whole(text: &[u8]) -> bool {
    let mut after_percent = text.split(|&b| b == b'%').skip(1);
    after_percent.all(|part| matches!(part, [high, low, ..] if pair(*high, *low).is_some()))
}

/// How many bytes at the front stay as they are.
#[inline]
pub(super) fn plain_run(bytes: &[u8]) -> usize {
    let (chunks, _) = bytes.as_chunks::<16>();
    let whole = chunks.iter().take_while(|chunk| is_plain(*chunk)).count() * 16;
    let rest = bytes.get(whole..).unwrap_or_default().iter();
    whole + rest.take_while(|b| stays(**b)).count()
}

/// [`is_unreserved`] for a single byte: looked up.
#[inline]
pub(super) fn stays(byte: u8) -> bool {
    ONCE[usize::from(byte)].length() == 1
}

/// How text stands in a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// As it is.
    Plain,
    /// With `%XX`.
    Escaped,
    /// With `%XX`, and `+` for a space (RFC 5849 section 3.4.1.3.1).
    Form,
}

/// The bytes that a text stands for. A `%` that begins no escape stands for itself.
#[derive(Clone)]
pub(super) struct Decoded<'a> {
    rest: &'a [u8],
    coding: Coding,
}

impl<'a> Decoded<'a> {
    #[inline]
    pub(super) fn new(text: &'a [u8], coding: Coding) -> Self {
        Self { rest: text, coding }
    }

    /// The next byte's code, encoded twice. `codes` are those of this text's coding.
    #[inline]
    pub(super) fn next_twice(&mut self, codes: &[Code; 256]) -> Option<Code> {
        let (&first, rest) = self.rest.split_first()?;
        let code = codes[usize::from(first)];
        if code.length() > 0 {
            self.rest = rest;
            return Some(code);
        }
        self.next().map(|byte| TWICE[usize::from(byte)])
    }

    /// The codes of this text's coding.
    #[inline]
    pub(super) fn codes_twice(&self) -> &'static [Code; 256] {
        match self.coding {
            Coding::Plain => &TWICE,
            Coding::Escaped => &ESCAPED_TWICE,
            Coding::Form => &FORM_TWICE,
        }
    }

    /// The next byte, if it is unreserved and stands there as it is.
    #[inline]
    pub(super) fn peek_plain(&self) -> Option<u8> {
        let first = *self.rest.first()?;
        stays(first).then_some(first)
    }
}

impl Iterator for Decoded<'_> {
    type Item = u8;

    #[inline]
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.rest.split_first()?;
        self.rest = rest;
        match (first, self.coding) {
            (b'+', Coding::Form) => Some(b' '),
            (b'%', Coding::Escaped | Coding::Form) => {
                if let [high, low, tail @ ..] = rest
                    && let Some(byte) = pair(*high, *low)
                {
                    self.rest = tail;
                    return Some(byte);
                }
                Some(b'%')
            }
            _ => Some(first),
        }
    }
}

/// The byte that two hexadecimal digits of either case stand for.
#[inline]
fn pair(high: u8, low: u8) -> Option<u8> {
    let (high, low) = (VALUES[usize::from(high)], VALUES[usize::from(low)]);
    ((high | low) < 16).then_some(high << 4 | low)
}

/// The value of each hexadecimal digit, and 255 for every other byte.
static VALUES: [u8; 256] = {
    let mut values = [255; 256];
    let mut value = 0;
    while value < 16 {
        let digit = b"0123456789abcdef"[value as usize];
        values[digit as usize] = value;
        values[digit.to_ascii_uppercase() as usize] = value;
        value += 1;
    }
    values
};

/// Whether a byte stays as it is (RFC 3986 section 2.3).
#[inline]
pub(super) const fn is_unreserved(byte: u8) -> bool {
    // Without branches, so that many bytes are looked at together.
    ((byte | 0x20).wrapping_sub(b'a') < 26)
        | (byte.wrapping_sub(b'0') < 10)
        | (byte == b'-')
        | (byte == b'.')
        | (byte == b'_')
        | (byte == b'~')
}

/// Whether all bytes stay as they are.
#[inline]
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    bytes
        .iter()
        .fold(true, |plain, &b| plain & is_unreserved(b))
}

/// The encoded form of one byte: its text in the low bytes, the text's length in the highest.
///
/// A writer stores all eight at once and goes on where the text ends, without a branch for the
/// length.
#[derive(Debug, Clone, Copy)]
pub(super) struct Code(u64);

impl Code {
    /// Bytes of which the first [`Code::length`] are the text.
    #[inline]
    pub(super) const fn bytes(self) -> [u8; 8] {
        self.0.to_le_bytes()
    }

    #[inline]
    pub(super) const fn length(self) -> usize {
        (self.0 >> 56) as usize
    }
}

/// The code of each byte, encoded.
pub(super) static ONCE: [Code; 256] = codes(b"%");

/// The code of each byte, encoded and then encoded again.
pub(super) static TWICE: [Code; 256] = codes(b"%25");

/// The same for a text with escapes: none for `%`, whose code depends on what follows.
static ESCAPED_TWICE: [Code; 256] = {
    let mut codes = codes(b"%25");
    codes[b'%' as usize] = Code(0);
    codes
};

/// The same for a form, where `+` is a space.
static FORM_TWICE: [Code; 256] = {
    let mut codes = codes(b"%25");
    codes[b'%' as usize] = Code(0);
    codes[b'+' as usize] = codes[b' ' as usize];
    codes
};

const fn codes(escape: &[u8]) -> [Code; 256] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut codes = [Code(0); 256];
    let mut byte = 0;
    while byte < 256 {
        let mut text = [0; 8];
        text[7] = 1;
        if is_unreserved(byte as u8) {
            text[0] = byte as u8;
        } else {
            let mut at = 0;
            while at < escape.len() {
                text[at] = escape[at];
                at += 1;
            }
            text[at] = DIGITS[byte >> 4];
            text[at + 1] = DIGITS[byte & 0xF];
            text[7] = at as u8 + 2;
        }
        codes[byte] = Code(u64::from_le_bytes(text));
        byte += 1;
    }
    codes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(code: Code) -> String {
        String::from_utf8(code.bytes()[..code.length()].to_vec()).unwrap()
    }

    #[test]
    fn the_codes_are_what_encoding_gives() {
        for byte in 0..=255_u8 {
            let once = encode([byte]);
            assert_eq!(text(ONCE[usize::from(byte)]), once);
            assert_eq!(text(TWICE[usize::from(byte)]), encode(once));
        }
    }

    #[test]
    fn only_unreserved_characters_stay() {
        let unreserved: String = (0..=127_u8)
            .map(char::from)
            .filter(|c| encode(c.to_string()).len() == 1)
            .collect();
        assert_eq!(
            unreserved,
            "-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz~"
        );
    }

    #[test]
    fn a_broken_escape_stands_for_itself_in_a_form_only() {
        for (form, bytes) in [
            ("100%", "100%"),
            ("%zz%4", "%zz%4"),
            ("%+1", "% 1"),
            ("a+b%2B", "a b+"),
        ] {
            let decoded: Vec<u8> = Decoded::new(form.as_bytes(), Coding::Form).collect();
            assert_eq!(decoded, bytes.as_bytes(), "{form}");
        }
        for broken in ["100%", "%zz", "%4", "%+1", "%%41"] {
            assert_eq!(decode(broken), Err(DecodeError::Escape), "{broken}");
        }
        assert_eq!(decode("%FF"), Err(DecodeError::Utf8));
    }
}
