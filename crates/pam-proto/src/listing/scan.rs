//! Finding the end of a JSON string (RFC 8259 section 7), many bytes at a time.

/// How a scan for the end of a string ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StringEnd {
    /// The closing quote is at `at`.
    Found { at: usize, escaped: bool },
    /// The bytes end before the string does.
    Cut,
    /// What is at this place can't be in a string.
    Broken { at: usize },
}

/// Finds the closing quote of a string whose text begins at `from`. Escapes are checked, UTF-8 is
/// not: that is done when a text is decoded.
pub(super) fn string_end(bytes: &[u8], from: usize) -> StringEnd {
    let mut at = from;
    let mut escaped = false;
    loop {
        at = special(bytes, at);
        match bytes.get(at) {
            None => return StringEnd::Cut,
            Some(b'"') => return StringEnd::Found { at, escaped },
            Some(b'\\') => match escape(bytes, at) {
                Escape::Long(length) => {
                    at += length;
                    escaped = true;
                }
                Escape::Cut => return StringEnd::Cut,
                Escape::Broken { at } => return StringEnd::Broken { at },
            },
            Some(_) => return StringEnd::Broken { at },
        }
    }
}

enum Escape {
    Long(usize),
    Cut,
    Broken { at: usize },
}

/// How long the escape is whose backslash is at `at`.
fn escape(bytes: &[u8], at: usize) -> Escape {
    match bytes.get(at + 1) {
        None => Escape::Cut,
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Escape::Long(2),
        Some(b'u') => {
            let digits = bytes.get(at + 2..).unwrap_or_default().iter().take(4);
            let hexadecimal = digits.clone().take_while(|digit| digit.is_ascii_hexdigit());
            match (hexadecimal.count(), digits.count()) {
                (4, _) => Escape::Long(6),
                (right, there) if right == there => Escape::Cut,
                (right, _) => Escape::Broken { at: at + 2 + right },
            }
        }
        Some(_) => Escape::Broken { at: at + 1 },
    }
}

/// The first quote, backslash or control character at or after `at`, else the end.
pub(super) fn special(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let found = rest
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20));
    at + found.unwrap_or(rest.len())
}
