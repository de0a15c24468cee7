//! The text of a field as it lies in the body, and what it says.

use std::borrow::Cow;

use crate::tolerance::{Notes, Tolerance};

/// What stands for what is no character.
const REPLACED: char = char::REPLACEMENT_CHARACTER;

/// A scalar where a text is documented, not yet decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RawText<'a> {
    /// The inside of a string without a backslash.
    Plain(&'a [u8]),
    /// The inside of a string with escapes, which were checked.
    Escaped(&'a [u8]),
    /// A number, which reads as `serde_json` writes it.
    Number(&'a [u8]),
    /// A boolean.
    Bool(bool),
}

impl<'a> RawText<'a> {
    /// What it says. A byte that is no UTF-8 and half of a surrogate pair read as U+FFFD, so that
    /// nobody can blind a reader of the list by what he writes into one field.
    pub(super) fn decode(self) -> Cow<'a, str> {
        match self {
            Self::Plain(bytes) => lossy(bytes),
            Self::Escaped(bytes) => Cow::Owned(unescaped(bytes)),
            Self::Number(bytes) => match serde_json::from_slice::<serde_json::Number>(bytes) {
                Ok(number) => Cow::Owned(number.to_string()),
                Err(_) => String::from_utf8_lossy(bytes),
            },
            Self::Bool(true) => Cow::Borrowed("true"),
            Self::Bool(false) => Cow::Borrowed("false"),
        }
    }

    /// The same, and notes what had to be replaced.
    pub(super) fn decode_noting(self, notes: &mut Notes) -> Cow<'a, str> {
        let text = self.decode();
        match (self, &text) {
            // Only a replacement makes a copy.
            (Self::Plain(_), Cow::Owned(_)) => notes.note(Tolerance::InvalidUtf8),
            (Self::Escaped(raw), text) if text.contains(REPLACED) => {
                if std::str::from_utf8(raw).is_err() {
                    notes.note(Tolerance::InvalidUtf8);
                }
                if has_half_pair(raw) {
                    notes.note(Tolerance::LoneSurrogate);
                }
            }
            _ => {}
        }
        text
    }

    /// The first character, when that is ASCII and can be read without decoding.
    pub(super) fn first_ascii(self) -> Option<u8> {
        match self {
            Self::Plain(bytes) | Self::Escaped(bytes) => {
                let first = bytes.first().copied()?;
                (first.is_ascii() && first != b'\\').then_some(first)
            }
            Self::Number(_) | Self::Bool(_) => None,
        }
    }
}

/// The text that a string's inside stands for (RFC 8259 section 7); its escapes are whole.
pub(super) fn unescaped(raw: &[u8]) -> String {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let (plain, escape) = rest.split_at(at);
        text.push_str(&lossy(plain));
        let (character, length) = character(escape);
        text.push(character);
        rest = escape.get(length..).unwrap_or_default();
    }
    text.push_str(&lossy(rest));
    text
}

/// [`String::from_utf8_lossy`], which looks at each byte on its own even where none is wrong.
fn lossy(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    }
}

/// Whether an escape is half of a surrogate pair.
fn has_half_pair(raw: &[u8]) -> bool {
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        let escape = rest.get(at..).unwrap_or_default();
        let (character, length) = character(escape);
        if character == REPLACED && unit(escape).is_some_and(|unit| unit != u32::from(REPLACED)) {
            return true;
        }
        rest = escape.get(length..).unwrap_or_default();
    }
    false
}

/// The character that an escape stands for, and how long the escape is.
fn character(escape: &[u8]) -> (char, usize) {
    let Some(unit) = unit(escape) else {
        let character = match escape.get(1) {
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{C}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(itself) => char::from(*itself),
            None => char::REPLACEMENT_CHARACTER,
        };
        return (character, 2);
    };
    let low = escape.get(6..).and_then(self::unit);
    match (unit, low) {
        (0xD800..=0xDBFF, Some(low @ 0xDC00..=0xDFFF)) => {
            let pair = 0x1_0000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            let character = char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER);
            (character, 12)
        }
        // None for half of a pair.
        _ => {
            let character = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
            (character, 6)
        }
    }
}

/// The UTF-16 code unit of `\uXXXX`.
fn unit(escape: &[u8]) -> Option<u32> {
    let digits = escape.strip_prefix(b"\\u")?.get(..4)?;
    digits.iter().try_fold(0, |unit, digit| {
        Some(unit << 4 | char::from(*digit).to_digit(16)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_read_as_serde_json_reads_them() {
        for raw in [
            r#"\"\\\/\b\f\n\r\t"#,
            r"Jos\u00e9 M\u00FCller \u65e5\u672c",
            r"\ud83d\ude00!",
            r"a\u0000b",
            "é\\u00e9é",
        ] {
            let expected: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            assert_eq!(RawText::Escaped(raw.as_bytes()).decode(), expected);
        }
    }

    #[test]
    fn what_is_no_character_reads_as_the_replacement_character() {
        let table: [(&[u8], &str); 6] = [
            (br"\ud83d!", "\u{FFFD}!"),
            (br"\ude00", "\u{FFFD}"),
            (br"\ud83d\u0041", "\u{FFFD}A"),
            (br"\ud83d\ud83d\ude00", "\u{FFFD}\u{1F600}"),
            (b"\\n\xE3o", "\n\u{FFFD}o"),
            (b"\xE3\\n", "\u{FFFD}\n"),
        ];
        for (raw, expected) in table {
            assert_eq!(RawText::Escaped(raw).decode(), expected);
        }
        assert_eq!(RawText::Plain(b"Sess\xE3o").decode(), "Sess\u{FFFD}o");
    }

    #[test]
    fn what_was_replaced_is_noted() {
        let table: [(RawText<'_>, &[Tolerance]); 6] = [
            (RawText::Plain(b"Jos\xE3"), &[Tolerance::InvalidUtf8]),
            (RawText::Escaped(br"\ud83d!"), &[Tolerance::LoneSurrogate]),
            (
                RawText::Escaped(b"\xE3\\ude00"),
                &[Tolerance::InvalidUtf8, Tolerance::LoneSurrogate],
            ),
            (RawText::Escaped(br"\ud83d\ude00"), &[]),
            (RawText::Escaped(br"\ufffd\\ud83d"), &[]),
            (RawText::Plain("\u{FFFD}".as_bytes()), &[]),
        ];
        for (raw, expected) in table {
            let mut notes = Notes::default();
            raw.decode_noting(&mut notes);
            assert_eq!(notes.tolerated().collect::<Vec<_>>(), expected, "{raw:?}");
        }
    }

    #[test]
    fn a_number_reads_as_serde_json_writes_it() {
        for number in ["540", "-0", "1e2", "1.50", "18446744073709551616"] {
            let value: serde_json::Value = serde_json::from_str(number).unwrap();
            let raw = RawText::Number(number.as_bytes());
            assert_eq!(raw.decode(), value.to_string());
        }
    }
}
