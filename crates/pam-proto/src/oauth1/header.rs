//! The `Authorization` header (RFC 5849 section 3.5.1).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::percent::{self, DecodeError};

/// An `Authorization` header that is not well-formed OAuth 1.0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    #[error("the parameter {name:?} occurs twice in the Authorization header")]
    Twice {
        /// Its name.
        name: String,
    },
}

/// Reads the value of an `Authorization` header into its parameters, decoded, in their order;
/// `realm` is among them.
///
/// Line folds and spaces around the parameters are skipped, the scheme's case does not matter,
/// and empty list elements are ignored (RFC 9110 section 5.6.1). Names and values are
/// percent-decoded, but `realm` is a quoted string (RFC 9110 section 11.5). Time and memory grow
/// with the length of the header, whatever it holds.
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
    let mut names = BTreeSet::new();
    let mut params = Vec::new();
    for parameter in scan(value)? {
        let parameter = parameter?;
        let name = parameter.decoded_name()?;
        let value = parameter.decoded_value()?.into_owned();
        params.push((name.clone().into_owned(), value));
        if let Some(name) = names.replace(name) {
            return Err(HeaderError::Twice {
                name: name.into_owned(),
            });
        }
    }
    Ok(params)
}

/// Checks the scheme and gives the parameters as they stand.
pub(super) fn scan(value: &[u8]) -> Result<Scanner<'_>, HeaderError> {
    let mut scanner = Scanner { text: value, at: 0 };
    scanner.skip_space();
    let scheme = scanner.take_run(|b| b.is_ascii_alphabetic());
    let apart = scanner.skip_space() > 0 || scanner.peek().is_none();
    if !scheme.eq_ignore_ascii_case(b"OAuth") || !apart {
        return Err(HeaderError::Scheme);
    }
    Ok(scanner)
}

/// A parameter as it stands in the header.
#[derive(Clone, Copy)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'a [u8],
    /// What is between the quotes.
    pub(super) value: &'a [u8],
}

impl<'a> Parameter<'a> {
    pub(super) fn decoded_name(&self) -> Result<Cow<'a, str>, HeaderError> {
        decode(self.name)
    }

    pub(super) fn decoded_value(&self) -> Result<Cow<'a, str>, HeaderError> {
        if !self.is_realm() {
            return decode(self.value);
        }
        let mut text = String::new();
        let mut bytes = self.value.iter();
        while let Some(&byte) = bytes.next() {
            let byte = if byte == b'\\' {
                bytes.next()
            } else {
                Some(&byte)
            };
            text.extend(byte.map(|&b| char::from(b)));
        }
        Ok(Cow::Owned(text))
    }

    pub(super) fn is_realm(&self) -> bool {
        self.name == b"realm"
    }
}

/// Goes over the parameters of a header.
pub(super) struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Iterator for Scanner<'a> {
    type Item = Result<Parameter<'a>, HeaderError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.skip_space() > 0 || self.eat(b',') {}
        self.peek()?;
        let parameter = self.parameter();
        if parameter.is_err() {
            self.at = self.text.len();
        }
        Some(parameter)
    }
}

impl<'a> Scanner<'a> {
    fn parameter(&mut self) -> Result<Parameter<'a>, HeaderError> {
        let name = self.take_run(|b| percent::is_unreserved(b) || b == b'%');
        self.skip_space();
        if name.is_empty() || !self.eat(b'=') {
            return Err(self.syntax());
        }
        self.skip_space();
        if !self.eat(b'"') {
            return Err(self.syntax());
        }
        let start = self.at;
        if name == b"realm" {
            // A quoted string (RFC 9110 section 5.6.4), in ASCII.
            while let Some(b' '..=b'!' | b'#'..=b'~') = self.peek() {
                let escapes = self.eat(b'\\');
                if escapes && !matches!(self.peek(), Some(b' '..=b'~')) {
                    return Err(self.syntax());
                }
                self.at += 1;
            }
        } else {
            self.take_run(|b| matches!(b, b'!' | b'#'..=b'[' | b']'..=b'~'));
        }
        let value = self.text.get(start..self.at).unwrap_or_default();
        if !self.eat(b'"') {
            return Err(self.syntax());
        }
        self.skip_space();
        if !matches!(self.peek(), None | Some(b',')) {
            return Err(self.syntax());
        }
        Ok(Parameter { name, value })
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn take_run(&mut self, wanted: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let length = rest.iter().position(|&b| !wanted(b)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }

    /// Skips spaces, tabs and line folds; gives how many bytes they were.
    fn skip_space(&mut self) -> usize {
        self.take_run(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
            .len()
    }

    fn syntax(&self) -> HeaderError {
        HeaderError::Syntax { at: self.at }
    }
}

fn decode(text: &[u8]) -> Result<Cow<'_, str>, HeaderError> {
    let text = std::str::from_utf8(text).map_err(|_| DecodeError::Utf8)?;
    if text.contains('%') {
        Ok(Cow::Owned(percent::decode(text)?))
    } else {
        Ok(Cow::Borrowed(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 5849 section 3.5.1.
    const EXAMPLE: &str = "OAuth realm=\"Example\",\n        \
        oauth_consumer_key=\"0685bd9184jfhq22\",\n        \
        oauth_token=\"ad180jjd733klru7\",\n        \
        oauth_signature_method=\"HMAC-SHA1\",\n        \
        oauth_signature=\"wOJIO9A2W5mFwDgiDvZbTSMK%2FPY%3D\",\n        \
        oauth_timestamp=\"137131200\",\n        \
        oauth_nonce=\"4572616e48616d6d65724c61686176\",\n        \
        oauth_version=\"1.0\"";

    #[test]
    fn the_example_of_the_rfc_is_read() {
        let params = parse(EXAMPLE.as_bytes()).unwrap();
        assert_eq!(params.len(), 8);
        assert_eq!(
            params[4],
            (
                "oauth_signature".into(),
                "wOJIO9A2W5mFwDgiDvZbTSMK/PY=".into()
            )
        );
    }

    #[test]
    fn odd_spelling_is_read() {
        let table = [
            ("OAuth", vec![]),
            ("oauth  ", vec![]),
            ("OAUTH a=\"b\"", vec![("a", "b")]),
            (
                " \tOAuth\ta=\"b\"\r\n\t,\r\n c=\"d\" ",
                vec![("a", "b"), ("c", "d")],
            ),
            ("OAuth ,, a=\"b\",,c=\"\",", vec![("a", "b"), ("c", "")]),
            ("OAuth a = \"b\"", vec![("a", "b")]),
            ("OAuth a%5Fb=\"c%2bd+/\"", vec![("a_b", "c+d+/")]),
            (
                r#"OAuth realm="a\"b\\c, d=\"e\"""#,
                vec![("realm", r#"a"b\c, d="e""#)],
            ),
            ("OAuth realm=\"%20\"", vec![("realm", "%20")]),
        ];
        for (text, expected) in table {
            let params = parse(text.as_bytes()).unwrap();
            let params: Vec<_> = params
                .iter()
                .map(|(n, v)| (n.as_str(), v.as_str()))
                .collect();
            assert_eq!(params, expected, "{text}");
        }
    }

    #[test]
    fn malformed_headers_are_refused() {
        let table: [(&[u8], HeaderError); 18] = [
            (b"", HeaderError::Scheme),
            (b"Bearer abc", HeaderError::Scheme),
            (b"OAuth2 a=\"b\"", HeaderError::Scheme),
            (b"OAuth=\"b\"", HeaderError::Scheme),
            (b"OAuth a", HeaderError::Syntax { at: 7 }),
            (b"OAuth a=b", HeaderError::Syntax { at: 8 }),
            (b"OAuth a=\"b", HeaderError::Syntax { at: 10 }),
            (b"OAuth =\"b\"", HeaderError::Syntax { at: 6 }),
            (b"OAuth a=\"b\" c=\"d\"", HeaderError::Syntax { at: 12 }),
            (b"OAuth a=\"b\"c=\"d\"", HeaderError::Syntax { at: 11 }),
            (b"OAuth a=\"b c\"", HeaderError::Syntax { at: 10 }),
            (b"OAuth a=\"b\\\"c\"", HeaderError::Syntax { at: 10 }),
            (b"OAuth a=\"b\x00\"", HeaderError::Syntax { at: 10 }),
            (b"OAuth a=\"\xC3\xA9\"", HeaderError::Syntax { at: 9 }),
            (b"OAuth realm=\"a\\", HeaderError::Syntax { at: 15 }),
            (
                b"OAuth a=\"%zz\"",
                HeaderError::Encoding(DecodeError::Escape),
            ),
            (b"OAuth a=\"%FF\"", HeaderError::Encoding(DecodeError::Utf8)),
            (
                b"OAuth a_=\"b\", a%5F=\"b\"",
                HeaderError::Twice { name: "a_".into() },
            ),
        ];
        for (text, error) in table {
            let shown = String::from_utf8_lossy(text);
            assert_eq!(parse(text).unwrap_err(), error, "{shown}");
        }
    }
}
