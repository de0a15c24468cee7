//! Text from outside, made harmless for a terminal and a spreadsheet.
//!
//! The appliance's fields hold what a user of the vault typed somewhere. An escape sequence in
//! one of them could hide a line, retitle a window or answer on the keyboard's behalf; a text
//! direction mark could make one id look like another.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a terminal would act on the character instead of showing it, or hide it.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

/// The text with every character that a terminal would act on written out, such as `\x1b` or
/// `\u{202e}`.
pub(crate) fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            // Writing to a String does not fail.
            c if c.is_ascii_control() => drop(write!(shown, "\\x{:02x}", u32::from(c))),
            c if acts(c) => drop(write!(shown, "\\u{{{:x}}}", u32::from(c))),
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// The text as a spreadsheet's cell that stays text: one that begins like a formula gets an
/// apostrophe before it, which spreadsheets hide.
pub(crate) fn cell(text: &str) -> Cow<'_, str> {
    let shown = printable(text);
    // Full-width forms count: some spreadsheets fold them.
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        return Cow::Owned(format!("'{shown}"));
    }
    shown
}

/// Writes JSON in which every character that a terminal would act on is an escape; the value
/// read back is the same.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct PrintableJson;

impl serde_json::ser::Formatter for PrintableJson {
    fn write_string_fragment<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> std::io::Result<()> {
        let mut rest = fragment;
        while let Some(at) = rest.find(acts) {
            let (before, from) = rest.split_at(at);
            writer.write_all(before.as_bytes())?;
            let mut chars = from.chars();
            if let Some(c) = chars.next() {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    write!(writer, "\\u{unit:04x}")?;
                }
            }
            rest = chars.as_str();
        }
        writer.write_all(rest.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Serialize;

    const HOSTILE: [&str; 6] = [
        "\u{1b}[2J\u{1b}]0;owned\u{7}",
        "\u{9b}31m",
        "a\u{202e}gpj.exe",
        "zero\u{200b}width",
        "line\r\nbreak",
        "tag\u{e0041}",
    ];

    #[test]
    fn nothing_that_a_terminal_acts_on_remains() {
        for text in HOSTILE {
            let shown = printable(text);
            assert!(!shown.chars().any(acts), "{shown:?}");
        }
        assert_eq!(printable("\u{1b}[2J"), "\\x1b[2J");
        assert!(matches!(printable("José 日本 = fine"), Cow::Borrowed(_)));
    }

    #[test]
    fn json_is_harmless_and_lossless() {
        for text in HOSTILE {
            let mut line = Vec::new();
            let mut json = serde_json::Serializer::with_formatter(&mut line, PrintableJson);
            text.serialize(&mut json).unwrap();
            let line = String::from_utf8(line).unwrap();
            assert!(!line.chars().any(acts), "{line:?}");
            assert_eq!(serde_json::from_str::<String>(&line).unwrap(), text);
        }
    }

    #[test]
    fn a_cell_is_never_a_formula() {
        for text in ["=cmd()", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert!(cell(text).starts_with('\''), "{text:?}");
        }
        assert_eq!(cell("user=1"), "user=1");
    }
}
