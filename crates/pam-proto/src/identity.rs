//! The two names of a session, which never mix.
//!
//! `session_id` is the hash that the terminate call takes; `id` is the row number that the get
//! call takes. The vendor's own pages confuse them (A2A API specification, "Quirks", items 14
//! and 15), so here they are two types.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// The longest `session_id` accepted, in bytes. Real ones have 40.
pub const SESSION_ID_MAX: usize = 256;

/// The appliance's opaque `session_id`: 40 hexadecimal characters in practice, not checked.
///
/// ```
/// use pam_proto::SessionId;
///
/// let id = SessionId::new("3fcf1e4a16104e328d6794e1b9693cfc457871d2")?;
/// assert_eq!(id.as_str().len(), 40);
/// let masked = SessionId::new("1dbd4cdcf4b*************9554cd6308975").unwrap_err();
/// assert!(masked.to_string().contains("masked"));
/// # Ok::<(), pam_proto::InvalidSessionId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(Box<str>);

/// Why a text can't be a `session_id`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSessionId {
    /// Nothing was given.
    #[error("the session_id is empty; take it from the session list")]
    Empty,
    /// `.` or `..`, which no URL can carry as a path segment.
    #[error("`.` and `..` are no session_id; take it from the session list")]
    Dots,
    /// A `*`: the id was masked for display.
    #[error(
        "the session_id is masked (it contains `*`), as documents and screens show it; \
         take the full one from the session list"
    )]
    Masked,
    /// White space or a control character.
    #[error("the session_id contains white space or a control character; check what was pasted")]
    Blank,
    /// U+FFFD, which stands where bytes could not be read.
    #[error("the session_id is damaged (it contains U+FFFD); take it from the session list")]
    Damaged,
    /// More than [`SESSION_ID_MAX`] bytes.
    #[error("the session_id is longer than {SESSION_ID_MAX} bytes; check what was pasted")]
    TooLong,
}

impl SessionId {
    /// Takes a `session_id` as the listing shows it.
    ///
    /// # Errors
    /// [`InvalidSessionId`] when it is empty, `.`, `..`, masked, damaged, longer than
    /// [`SESSION_ID_MAX`], or has white space or control characters in it.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidSessionId> {
        let text = text.into();
        if text.is_empty() {
            return Err(InvalidSessionId::Empty);
        }
        // As real ones are; a fold looks at many bytes together.
        let usual = text
            .bytes()
            .fold(true, |usual, byte| usual & byte.is_ascii_alphanumeric());
        if usual && text.len() <= SESSION_ID_MAX {
            return Ok(Self(text.into_boxed_str()));
        }
        if text == "." || text == ".." {
            return Err(InvalidSessionId::Dots);
        }
        if text.contains('*') {
            return Err(InvalidSessionId::Masked);
        }
        if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(InvalidSessionId::Blank);
        }
        if text.contains('\u{FFFD}') {
            return Err(InvalidSessionId::Damaged);
        }
        if text.len() > SESSION_ID_MAX {
            return Err(InvalidSessionId::TooLong);
        }
        Ok(Self(text.into_boxed_str()))
    }

    /// The id as the appliance wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for SessionId {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        Self::new(text)
    }
}

impl Serialize for SessionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

/// The row number `id` of a session: 1 to 19 digits.
///
/// The appliance writes it as a JSON string of digits and so do we.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionNumber(u64);

/// Why a text can't be a row number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a row id is 1 to 19 digits")]
pub struct InvalidSessionNumber;

impl SessionNumber {
    /// The number of the first row.
    pub(crate) const FIRST: Self = Self(1);

    /// From 1 to 19 ASCII digits, of which every number fits.
    pub(crate) fn of_digits(digits: &[u8]) -> Option<Self> {
        if !(1..=19).contains(&digits.len()) {
            return None;
        }
        let number = digits.iter().try_fold(0, |number: u64, digit| {
            let digit = digit.wrapping_sub(b'0');
            (digit < 10).then(|| number * 10 + u64::from(digit))
        });
        number.map(Self)
    }

    /// The number itself.
    #[must_use]
    pub fn value(self) -> u64 {
        self.0
    }
}

impl From<u64> for SessionNumber {
    fn from(value: u64) -> Self {
        Self(value)
    }
}

impl fmt::Display for SessionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for SessionNumber {
    type Err = InvalidSessionNumber;

    fn from_str(text: &str) -> Result<Self, InvalidSessionNumber> {
        Self::of_digits(text.as_bytes()).ok_or(InvalidSessionNumber)
    }
}

impl Serialize for SessionNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// What a person or a script writes to mean one session: a row number or a `session_id`.
///
/// ```
/// use pam_proto::SessionRef;
///
/// assert!(matches!("540".parse()?, SessionRef::Number(_)));
/// assert!(matches!("3fcf1e4a16104e328d6794e1b9693cfc457871d2".parse()?, SessionRef::Id(_)));
/// # Ok::<(), pam_proto::InvalidSessionId>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SessionRef {
    /// At most 19 digits.
    Number(SessionNumber),
    /// Anything else that can be a `session_id`.
    Id(SessionId),
}

impl FromStr for SessionRef {
    type Err = InvalidSessionId;

    fn from_str(text: &str) -> Result<Self, InvalidSessionId> {
        match text.parse() {
            Ok(number) => Ok(Self::Number(number)),
            Err(InvalidSessionNumber) => SessionId::new(text).map(Self::Id),
        }
    }
}

impl fmt::Display for SessionRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Id(id) => id.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unusable_session_ids_say_why() {
        let table = [
            ("", InvalidSessionId::Empty),
            (".", InvalidSessionId::Dots),
            ("..", InvalidSessionId::Dots),
            ("df06257a1***9104dc43", InvalidSessionId::Masked),
            ("abc\n", InvalidSessionId::Blank),
            ("a b", InvalidSessionId::Blank),
            ("a\u{fffd}b", InvalidSessionId::Damaged),
        ];
        for (text, reason) in table {
            assert_eq!(SessionId::new(text), Err(reason), "{text:?}");
        }
        assert_eq!(
            SessionId::new("a".repeat(257)),
            Err(InvalidSessionId::TooLong)
        );
    }

    #[test]
    fn a_row_number_has_at_most_19_digits() {
        assert_eq!(
            "9999999999999999999".parse(),
            Ok(SessionNumber(9_999_999_999_999_999_999))
        );
        for text in ["", "10000000000000000000", "+1", "-1", "1a", "٣"] {
            assert_eq!(
                text.parse::<SessionNumber>(),
                Err(InvalidSessionNumber),
                "{text}"
            );
        }
    }
}
