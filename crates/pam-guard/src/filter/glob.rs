//! Patterns with `*` and `?`.

use std::fmt;

/// A pattern: `*` stands for any text, `?` for one character, everything else for itself,
/// whatever its case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    pattern: Vec<char>,
}

impl Glob {
    /// Reads a pattern; every text is one.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            pattern: folded(text),
        }
    }

    /// Whether a text matches. The cost is at most the product of both lengths.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        let text = folded(text);
        let (mut at, mut p) = (0, 0);
        // Where to go on when a later part fails: behind the last star, one character further.
        let mut retry: Option<(usize, usize)> = None;
        while let Some(c) = text.get(at) {
            match self.pattern.get(p) {
                Some('*') => {
                    retry = Some((p + 1, at));
                    p += 1;
                }
                Some(wanted) if *wanted == '?' || wanted == c => {
                    at += 1;
                    p += 1;
                }
                _ => match retry {
                    Some((behind, from)) => {
                        retry = Some((behind, from + 1));
                        (p, at) = (behind, from + 1);
                    }
                    None => return false,
                },
            }
        }
        self.pattern
            .get(p..)
            .is_some_and(|rest| rest.iter().all(|c| *c == '*'))
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn folded(text: &str) -> Vec<char> {
    text.chars().flat_map(char::to_lowercase).collect()
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
            ("svc_??", "SVC_01", true),
            ("svc_??", "svc_001", false),
            ("*a*b*c", "xxaxxbxxbxxc", true),
            ("*a*b*c", "xxaxxcxxb", false),
            ("a**b", "ab", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(
                Glob::new(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
