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
#[inline]
pub(super) fn special(bytes: &[u8], at: usize) -> usize {
    let mut at = at;
    while let Some(word) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let marks = marks(u64::from_le_bytes(*word));
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let found = rest.iter().position(|byte| is_special(*byte));
    at + found.unwrap_or(rest.len())
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20)
}

/// Marks the special ones of eight bytes. The lowest mark is right, those above it may be too many.
/// ("Bit Twiddling Hacks", "Determine if a word has a byte less than n".)
#[inline]
fn marks(word: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    let quotes = word ^ (ONES * b'"' as u64);
    let backslashes = word ^ (ONES * b'\\' as u64);
    // Of a byte from 0x80 on, none of the three differences counts.
    let below =
        quotes.wrapping_sub(ONES) | backslashes.wrapping_sub(ONES) | word.wrapping_sub(ONES * 0x20);
    below & !word & ONES << 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_at_each_place_is_found() {
        let mut block = [b'a'; 24];
        assert_eq!(special(&block, 0), 24);
        for place in 0..24 {
            for byte in 0..=255 {
                for behind in [b'a', b'"', 0x1F, 0xFF] {
                    block.fill(b'a');
                    block[place..].fill(behind);
                    block[place] = byte;
                    let expected = block.iter().position(|byte| is_special(*byte));
                    assert_eq!(special(&block, 0), expected.unwrap_or(24), "{block:?}");
                }
            }
        }
    }

    #[test]
    fn a_string_ends_at_its_quote_wherever_that_is() {
        for length in 0..70 {
            let text = format!("{}\"rest", "é".repeat(length));
            let at = 2 * length;
            let escaped = false;
            assert_eq!(
                string_end(text.as_bytes(), 0),
                StringEnd::Found { at, escaped }
            );
            assert_eq!(string_end(&text.as_bytes()[..at], 0), StringEnd::Cut);
            let escapes = format!("{}\"rest", r#"\u00e9\\\""#.repeat(length));
            let found = StringEnd::Found {
                at: 10 * length,
                escaped: length > 0,
            };
            assert_eq!(string_end(escapes.as_bytes(), 0), found);
            for cut in 0..10 * length {
                assert_eq!(string_end(&escapes.as_bytes()[..cut], 0), StringEnd::Cut);
            }
        }
    }
}
