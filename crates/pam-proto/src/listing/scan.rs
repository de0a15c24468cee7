//! Finding the end of a JSON string (RFC 8259 section 7), many bytes at a time.

use wide::u8x16;

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
#[inline]
pub(super) fn string_end(bytes: &[u8], from: usize) -> StringEnd {
    let at = special(bytes, from);
    match bytes.get(at) {
        Some(b'"') => StringEnd::Found { at, escaped: false },
        _ => escaped_end(bytes, at),
    }
}

/// The same from the first place on that is no quote.
#[inline(never)]
fn escaped_end(bytes: &[u8], from: usize) -> StringEnd {
    let mut at = from;
    loop {
        match bytes.get(at) {
            None => return StringEnd::Cut,
            Some(b'"') => return StringEnd::Found { at, escaped: true },
            Some(b'\\') => match escape(bytes, at) {
                Escape::Long(length) => at += length,
                Escape::Cut => return StringEnd::Cut,
                Escape::Broken { at } => return StringEnd::Broken { at },
            },
            Some(_) => return StringEnd::Broken { at },
        }
        at = special(bytes, at);
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
            let behind = bytes.get(at + 2..).unwrap_or_default();
            let digits = behind.get(..4).unwrap_or(behind);
            match digits.iter().position(|digit| !digit.is_ascii_hexdigit()) {
                Some(wrong) => Escape::Broken { at: at + 2 + wrong },
                None if digits.len() == 4 => Escape::Long(6),
                None => Escape::Cut,
            }
        }
        Some(_) => Escape::Broken { at: at + 1 },
    }
}

/// The first quote, backslash or control character at or after `at`, else the end.
#[inline]
pub(super) fn special(bytes: &[u8], at: usize) -> usize {
    let mut rest = bytes.get(at..).unwrap_or_default();
    while let Some((block, behind)) = rest.split_first_chunk() {
        let marks = marks(block);
        if marks != 0 {
            return bytes.len() - rest.len() + marks.trailing_zeros() as usize;
        }
        rest = behind;
    }
    let found = rest.iter().position(|byte| is_special(*byte));
    bytes.len() - rest.len() + found.unwrap_or(rest.len())
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'"' | b'\\' | 0..0x20)
}

/// A bit for each special one of sixteen bytes, the first lowest.
#[inline]
fn marks(block: &[u8; 16]) -> u32 {
    let block = u8x16::new(*block);
    let quotes = block.simd_eq(u8x16::splat(b'"'));
    let backslashes = block.simd_eq(u8x16::splat(b'\\'));
    let controls = block.min(u8x16::splat(0x1F)).simd_eq(block);
    (quotes | backslashes | controls).to_bitmask()
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
