//! The `Authorization` header (RFC 5849 section 3.5.1).

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::percent::{self, DecodeError};
#[cfg(feature = "verify")]
use super::writer::{Sink, Writer};

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
    each(value, |name, value| {
        let value = if name.is_realm() {
            value.unquoted()
        } else {
            value.to_str()?.into_owned()
        };
        let name = name.to_str()?;
        params.push((name.clone().into_owned(), value));
        match names.replace(name) {
            None => Ok(()),
            Some(name) => Err(HeaderError::Twice {
                name: name.into_owned(),
            }),
        }
    })?;
    Ok(params)
}

/// Checks the scheme and visits name and value of each parameter, as they stand.
#[inline]
pub(super) fn each<'a, E: From<HeaderError>>(
    value: &'a [u8],
    mut visit: impl FnMut(Text<'a>, Text<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let mut scanner = Scanner {
        length: value.len(),
        rest: value,
        usual: &USUAL,
    };
    scanner.skip_space();
    let letters = scanner.rest.iter().take_while(|b| b.is_ascii_alphabetic());
    let scheme = scanner.cut(letters.count());
    let apart = scanner.skip_space() || scanner.rest.is_empty();
    if !scheme.eq_ignore_ascii_case(b"OAuth") || !apart {
        return Err(HeaderError::Scheme.into());
    }
    loop {
        while scanner.eat(b',') || scanner.skip_space() {}
        if scanner.rest.is_empty() {
            return Ok(());
        }
        let name = scanner.name()?;
        let value = scanner.value(name.is_realm())?;
        visit(name, value)?;
    }
}

/// A name, or what is between the quotes of a value, as it stands in the header.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    text: &'a [u8],
    /// How many bytes at the front are unreserved. When all are, it means what it says.
    plain: usize,
}

impl<'a> Text<'a> {
    #[inline]
    pub(super) fn is_realm(self) -> bool {
        self.text == b"realm"
    }

    #[inline]
    fn is_plain(self) -> bool {
        self.plain == self.text.len()
    }

    /// The text that it stands for.
    #[inline]
    pub(super) fn to_str(self) -> Result<Cow<'a, str>, HeaderError> {
        match std::str::from_utf8(self.text) {
            Ok(text) if self.is_plain() => Ok(Cow::Borrowed(text)),
            _ => Ok(Cow::Owned(self.decode()?)),
        }
    }

    #[cold]
    fn decode(self) -> Result<String, HeaderError> {
        let text = std::str::from_utf8(self.text).map_err(|_| DecodeError::Utf8)?;
        Ok(percent::decode(text)?)
    }

    /// The text of a quoted string (RFC 9110 section 5.6.4), which is ASCII.
    fn unquoted(self) -> String {
        let mut text = String::new();
        let mut bytes = self.text.iter();
        while let Some(&byte) = bytes.next() {
            let escaped = if byte == b'\\' { bytes.next() } else { None };
            text.push(char::from(*escaped.unwrap_or(&byte)));
        }
        text
    }
}

#[cfg(feature = "verify")]
impl<'a> Text<'a> {
    /// The bytes that it stands for; they are UTF-8.
    #[inline]
    pub(super) fn decoded(self) -> Result<Cow<'a, [u8]>, HeaderError> {
        if self.is_plain() {
            return Ok(Cow::Borrowed(self.text));
        }
        Ok(Cow::Owned(self.decode()?.into_bytes()))
    }

    /// The same, once its escapes are found to be whole.
    pub(super) fn checked(self) -> Result<Self, HeaderError> {
        if percent::escapes_are_whole(self.text) {
            Ok(self)
        } else {
            Err(DecodeError::Escape.into())
        }
    }

    pub(super) fn as_bytes(self) -> &'a [u8] {
        self.text
    }

    pub(super) fn is_empty(self) -> bool {
        self.text.is_empty()
    }

    /// The bytes that it stands for, without an allocation.
    #[inline]
    pub(super) fn bytes(self) -> percent::Decoded<'a> {
        percent::Decoded::new(self.text, percent::Coding::Escaped)
    }

    /// Writes it, decoded and encoded twice.
    #[inline]
    pub(super) fn write<S: Sink>(self, writer: &mut Writer<'_, S>) {
        if self.is_plain() {
            writer.put(self.text);
        } else {
            writer.encode_twice(self.bytes());
        }
    }
}

/// How parameters begin in most headers, in the order in which they mostly stand.
static USUAL: [&[u8]; 7] = [
    b"oauth_consumer_key=\"",
    b"oauth_nonce=\"",
    b"oauth_signature=\"",
    b"oauth_signature_method=\"",
    b"oauth_timestamp=\"",
    b"oauth_token=\"",
    b"oauth_version=\"",
];

/// Goes over a header.
struct Scanner<'a> {
    length: usize,
    rest: &'a [u8],
    /// Those that were not met yet.
    usual: &'static [&'static [u8]],
}

impl<'a> Scanner<'a> {
    /// Takes a name, the equals sign and the opening quote.
    #[inline]
    fn name(&mut self) -> Result<Text<'a>, HeaderError> {
        let rest = self.rest;
        if let Some(at) = self.usual.iter().position(|usual| rest.starts_with(usual)) {
            let (met, later) = self.usual.split_at_checked(at + 1).unwrap_or_default();
            self.usual = later;
            let begin = self.cut(met.last().map_or(0, |usual| usual.len()));
            let text = begin
                .get(..begin.len().saturating_sub(2))
                .unwrap_or_default();
            let plain = text.len();
            return Ok(Text { text, plain });
        }
        let name = self.text(|b| b == b'%');
        self.skip_space();
        if name.text.is_empty() || !self.eat(b'=') {
            return Err(self.syntax());
        }
        self.skip_space();
        if !self.eat(b'"') {
            return Err(self.syntax());
        }
        Ok(name)
    }

    /// Takes a value and the closing quote, up to the next comma.
    #[inline]
    fn value(&mut self, is_quoted_string: bool) -> Result<Text<'a>, HeaderError> {
        let value = if is_quoted_string {
            self.quoted()
        } else {
            self.text(|b| matches!(b, b'!' | b'#'..=b'[' | b']'..=b'~'))
        };
        if !self.eat(b'"') {
            return Err(self.syntax());
        }
        self.skip_space();
        if !matches!(self.rest, [] | [b',', ..]) {
            return Err(self.syntax());
        }
        Ok(value)
    }

    /// Takes what is before the closing quote of a quoted string (RFC 9110 section 5.6.4).
    fn quoted(&mut self) -> Text<'a> {
        let mut length = 0;
        loop {
            length += match self.rest.get(length..) {
                Some([b'\\', b' '..=b'~', ..]) => 2,
                Some([b' ' | b'!' | b'#'..=b'[' | b']'..=b'~', ..]) => 1,
                _ => break,
            };
        }
        Text {
            text: self.cut(length),
            plain: 0,
        }
    }

    /// Takes unreserved bytes and those that are wanted besides.
    #[inline]
    fn text(&mut self, wanted: impl Fn(u8) -> bool) -> Text<'a> {
        let plain = percent::plain_run(self.rest);
        let rest = self.rest.get(plain..).unwrap_or_default().iter();
        let more = rest.take_while(|b| wanted(**b) || percent::stays(**b));
        let length = plain + more.count();
        Text {
            text: self.cut(length),
            plain,
        }
    }

    #[inline]
    fn cut(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or_default();
        self.rest = rest;
        taken
    }

    #[inline]
    fn eat(&mut self, byte: u8) -> bool {
        match self.rest {
            [first, rest @ ..] if *first == byte => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }

    /// Skips spaces, tabs and line folds, if there are any.
    #[inline]
    fn skip_space(&mut self) -> bool {
        let mut skipped = false;
        while let [b' ' | b'\t' | b'\r' | b'\n', rest @ ..] = self.rest {
            self.rest = rest;
            skipped = true;
        }
        skipped
    }

    fn syntax(&self) -> HeaderError {
        HeaderError::Syntax {
            at: self.length - self.rest.len(),
        }
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
            (b"OAuth realm=\"a\\", HeaderError::Syntax { at: 14 }),
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
