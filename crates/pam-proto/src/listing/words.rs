//! Texts to compare with, whatever their case.

use std::fmt;

use super::text::RawText;

/// A text that equals another one whatever the case of either, letter by letter as Unicode lowers
/// them.
///
/// ```
/// use pam_proto::listing::Word;
///
/// let word = Word::new("José");
/// assert!(word.matches("JOSÉ"));
/// assert!(!word.matches("Jose"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    text: String,
    folded: String,
}

impl Word {
    /// Takes the text as it is.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let folded = folded(&text).collect();
        Self { text, folded }
    }

    /// Whether a text equals it.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        if text.is_ascii() {
            self.folded.eq_ignore_ascii_case(text)
        } else {
            folded(text).eq(self.folded.chars())
        }
    }

    /// Whether the first character alone shows that a text can't be equal.
    pub(super) fn differs_at_once(&self, text: RawText<'_>) -> bool {
        match (self.folded.bytes().next(), text.first_ascii()) {
            (Some(ours), Some(theirs)) => ours.is_ascii() && ours != theirs.to_ascii_lowercase(),
            _ => false,
        }
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A pattern: `*` stands for any text, `?` for one character, everything else for itself,
/// whatever its case.
///
/// ```
/// use pam_proto::listing::Glob;
///
/// assert!(Glob::new("10.66.*").matches("10.66.33.15:3389"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    pattern: Vec<char>,
}

impl Glob {
    /// Reads a pattern; every text is one.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let pattern = folded(&text).collect();
        Self { text, pattern }
    }

    /// Whether a text matches. The cost is at most the product of both lengths.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let mut rest = folded(text);
        let mut p = 0;
        // Where to go on when a later part fails: behind the last star, one character further.
        let mut retry = None;
        loop {
            if self.pattern.get(p) == Some(&'*') {
                p += 1;
                retry = Some((p, rest.clone()));
                continue;
            }
            let mut ahead = rest.clone();
            match (self.pattern.get(p), ahead.next()) {
                (None, None) => return true,
                (Some(wanted), Some(c)) if *wanted == '?' || *wanted == c => {
                    p += 1;
                    rest = ahead;
                }
                _ => {
                    let Some((behind, from)) = &mut retry else {
                        return false;
                    };
                    if from.next().is_none() {
                        return false;
                    }
                    p = *behind;
                    rest = from.clone();
                }
            }
        }
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn folded(text: &str) -> impl Iterator<Item = char> + Clone {
    text.chars().flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_question_marks() {
        let table = [
            ("10.66.*", "10.66.33.15:3389", true),
            ("10.66.*", "10.6.66.1", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("?", "é", true),
            ("É*", "été", true),
            ("svc_??", "SVC_01", true),
            ("svc_??", "svc_001", false),
            ("*a*b*c", "xxaxxbxxbxxc", true),
            ("*a*b*c", "xxaxxcxxb", false),
            ("a**b", "ab", true),
            ("a*", "ba", false),
            ("*ab", "aab", true),
            ("*ab", "aba", false),
        ];
        for (pattern, text, expected) in table {
            let glob = Glob::new(pattern);
            assert_eq!(glob.matches(text), expected, "{pattern} {text}");
        }
    }

    #[test]
    fn a_word_equals_whatever_the_case() {
        let table = [
            ("Alice", "aLICE", true),
            ("alice", "alice ", false),
            ("k", "\u{212A}", true),
            ("\u{212A}", "K", true),
            ("MÜLLER", "müller", true),
            ("", "", true),
        ];
        for (word, text, expected) in table {
            let word = Word::new(word);
            assert_eq!(word.matches(text), expected, "{word} {text}");
            let raw = RawText::Plain(text.as_bytes());
            assert!(!(expected && word.differs_at_once(raw)), "{word} {text}");
        }
    }
}
