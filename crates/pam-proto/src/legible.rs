//! Foreign text made fit for a person's terminal, or for a header.

use crate::secret::Secret;
use crate::tolerance::{Notes, Tolerance};

/// The longest message kept from an answer, in characters.
pub(crate) const MESSAGE_MAX: usize = 400;

/// The text on one line, without anything that could steer a terminal or reorder what is read,
/// and at most `limit` characters long.
pub(crate) fn legible(text: &str, limit: usize) -> String {
    let text = text.trim();
    if text.len() <= limit && text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return text.to_owned();
    }
    // A replacement can be longer than what it replaces, which is rare.
    let mut line = String::with_capacity(text.len().min(limit * 4));
    let mut characters = text.chars().map(|c| match c {
        c if c.is_whitespace() => ' ',
        c if c.is_control() || is_invisible(c) => '\u{FFFD}',
        c => c,
    });
    line.extend(characters.by_ref().take(limit));
    if characters.next().is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// Format characters: zero width, direction marks, overrides and isolates, interlinear notes, tags
/// (Unicode general category Cf, as far as it can change how the rest of a line reads).
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}'
            | '\u{61C}'
            | '\u{180E}'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{2060}'..='\u{206F}'
            | '\u{FEFF}'
            | '\u{FFF9}'..='\u{FFFB}'
            | '\u{E0000}'..='\u{E007F}'
    )
}

/// A URL or token as one word: printed samples have blanks inside (A2A API specification, "Create an
/// authenticated URL for a web proxy session" and "OAuth 2.0 client credentials"), and neither can
/// hold one.
pub(crate) fn without_blanks(text: &str, notes: &mut Notes) -> Secret {
    if !text.contains(char::is_whitespace) {
        return Secret::new(text);
    }
    notes.note(Tolerance::BlanksInside);
    Secret::new(text.split_whitespace().collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(
            legible(" Sessão\r\ninterrompida\t ", 400),
            "Sessão  interrompida"
        );
        assert_eq!(
            legible("a\u{1b}[31mb\u{9b}c\u{202e}d\u{7}", 400),
            "a\u{fffd}[31mb\u{fffd}c\u{fffd}d\u{fffd}"
        );
    }

    #[test]
    fn length_is_limited_in_characters() {
        assert_eq!(legible("não é", 5), "não é");
        assert_eq!(legible("não é sim", 5), "não …");
        assert_eq!(
            legible(&"x".repeat(5_000), MESSAGE_MAX).chars().count(),
            400
        );
    }
}
