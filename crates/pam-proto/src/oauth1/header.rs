//! The `Authorization` header (RFC 5849 section 3.5.1).

use super::percent::{self, DecodeError};

/// An `Authorization` header that is not well-formed OAuth 1.0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// Another scheme than `OAuth`.
    #[error("the scheme of the Authorization header is not OAuth")]
    Scheme,
    /// Not a list of `name="value"`.
    #[error("the Authorization header is not a list of name=\"value\" (at byte {at})")]
    Syntax {
        /// Where, counted in bytes from 0.
        at: usize,
    },
    /// A name or value that is not percent-encoded UTF-8.
    #[error("a parameter of the Authorization header is not percent-encoded: {0}")]
    Encoding(#[from] DecodeError),
    /// A parameter twice.
    #[error("a parameter occurs twice in the Authorization header")]
    Twice,
}

/// Reads the value of an `Authorization` header into its parameters, decoded, in their order;
/// `realm` is among them.
///
/// Line folds and spaces around the parameters are skipped, the scheme's case does not matter,
/// and empty list elements are ignored (RFC 9110 section 5.6.1). Names and values are
/// percent-decoded, but `realm` is a quoted string (RFC 9110 section 11.5).
///
/// # Errors
/// [`HeaderError`] when the scheme is another, a parameter occurs twice, or the text is
/// malformed.
///
/// ```
/// use pam_proto::oauth1::header;
///
/// let params = header::parse(b"OAuth realm=\"a, b\",\r\n  oauth_nonce=\"r%20b\"")?;
/// assert_eq!(params[0], ("realm".into(), "a, b".into()));
/// assert_eq!(params[1], ("oauth_nonce".into(), "r b".into()));
/// # Ok::<(), pam_proto::oauth1::header::HeaderError>(())
/// ```
pub fn parse(value: &[u8]) -> Result<Vec<(String, String)>, HeaderError> {
    let mut scanner = Scanner { text: value, at: 0 };
    scanner.skip_space();
    let scheme = scanner.take_while(|b| b.is_ascii_alphabetic());
    if !scheme.eq_ignore_ascii_case(b"OAuth") {
        return Err(HeaderError::Scheme);
    }
    if scanner.skip_space() == 0 && scanner.peek().is_some() {
        return Err(HeaderError::Scheme);
    }
    let mut params = Vec::new();
    loop {
        while scanner.skip_space() > 0 || scanner.skip(b',') {}
        if scanner.peek().is_none() {
            break;
        }
        params.push(scanner.parameter()?);
        scanner.skip_space();
        if scanner.peek().is_some() && !scanner.skip(b',') {
            return Err(scanner.syntax());
        }
    }
    let mut names: Vec<&str> = params.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(HeaderError::Twice);
    }
    Ok(params)
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|&b| !wanted(b)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Skips spaces, tabs and line folds; gives how many bytes they were.
    fn skip_space(&mut self) -> usize {
        self.take_while(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
            .len()
    }

    fn syntax(&self) -> HeaderError {
        HeaderError::Syntax { at: self.at }
    }

    fn parameter(&mut self) -> Result<(String, String), HeaderError> {
        let name = self.take_while(|b| b.is_ascii_alphanumeric() || b"-._~%".contains(&b));
        if name.is_empty() {
            return Err(self.syntax());
        }
        let name = decode(name)?;
        self.skip_space();
        if !self.skip(b'=') {
            return Err(self.syntax());
        }
        self.skip_space();
        if !self.skip(b'"') {
            return Err(self.syntax());
        }
        if name == "realm" {
            return Ok((name, self.quoted_string()?));
        }
        let value = self.take_while(|b| matches!(b, b'!'..=b'~') && b != b'"' && b != b'\\');
        if !self.skip(b'"') {
            return Err(self.syntax());
        }
        Ok((name, decode(value)?))
    }

    /// The rest of a quoted string (RFC 9110 section 5.6.4), in ASCII.
    fn quoted_string(&mut self) -> Result<String, HeaderError> {
        let mut text = String::new();
        loop {
            let byte = match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some(b'\\') => {
                    self.at += 1;
                    self.peek()
                }
                byte => byte,
            };
            match byte {
                Some(byte @ b' '..=b'~') => text.push(char::from(byte)),
                _ => return Err(self.syntax()),
            }
            self.at += 1;
        }
    }
}

fn decode(text: &[u8]) -> Result<String, HeaderError> {
    let text = std::str::from_utf8(text).map_err(|_| DecodeError::Utf8)?;
    Ok(percent::decode(text)?)
}
