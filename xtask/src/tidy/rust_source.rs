//! Rust source as tokens, so that a word in a comment or a string is no
//! finding, and a grouped `use` is read as the paths that it names.

/// A token and the line that it starts on, counted from one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) line: usize,
}

/// What a string, byte string or character literal is read as.
pub(crate) const LITERAL: &str = "\"";

/// Reads identifiers, `::` and single punctuation marks. Comments vanish, and
/// every literal with quotes becomes [`LITERAL`].
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut reader = Reader {
        rest: source,
        line: 1,
    };
    let mut tokens = Vec::new();
    while let Some(next) = reader.rest.chars().next() {
        let line = reader.line;
        if next.is_whitespace() {
            reader.skip(next.len_utf8());
        } else if reader.rest.starts_with("//") {
            reader.skip(reader.rest.find('\n').unwrap_or(reader.rest.len()));
        } else if reader.rest.starts_with("/*") {
            reader.block_comment();
        } else if let Some(length) = literal(reader.rest) {
            reader.skip(length);
            tokens.push(Token {
                text: LITERAL.to_owned(),
                line,
            });
        } else {
            let length = word(reader.rest);
            tokens.push(Token {
                text: reader.skip(length).to_owned(),
                line,
            });
        }
    }
    tokens
}

/// Keywords that a path starting with `::` may follow; they are no segment.
const BEFORE_PATHS: &[&str] = &[
    "as", "break", "const", "dyn", "else", "for", "if", "impl", "in", "match", "mut", "return",
    "use", "where", "while",
];

/// Every path that the tokens name, with its line: `use a::{b, c::d};` names
/// `a::b` and `a::c::d`. A lone identifier is a path of one segment.
pub(crate) fn paths(tokens: &[Token]) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_segment(&tokens[at].text) {
            at = path(tokens, at, "", &mut found);
        } else {
            at += 1;
        }
    }
    found
}

/// Reads the path whose first segment stands at `at`; gives what follows it.
fn path(tokens: &[Token], mut at: usize, prefix: &str, found: &mut Vec<(String, usize)>) -> usize {
    let text = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
    let line = tokens[at].line;
    let mut whole = format!("{prefix}{}", text(at));
    at += 1;
    if BEFORE_PATHS.contains(&whole.as_str()) {
        found.push((whole, line));
        return at;
    }
    while text(at) == "::" {
        if is_segment(text(at + 1)) || text(at + 1) == "*" {
            whole = format!("{whole}::{}", text(at + 1));
            at += 2;
        } else if text(at + 1) == "{" {
            return group(tokens, at + 2, &format!("{whole}::"), found);
        } else {
            break;
        }
    }
    found.push((whole, line));
    at
}

/// Reads the members of a `{…}` group up to and past its closing brace.
fn group(tokens: &[Token], mut at: usize, prefix: &str, found: &mut Vec<(String, usize)>) -> usize {
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "}" => return at + 1,
            // The new name of `as` is no path of its own.
            "as" => at += 2,
            "*" => {
                found.push((format!("{prefix}*"), token.line));
                at += 1;
            }
            segment if is_segment(segment) => at = path(tokens, at, prefix, found),
            _ => at += 1,
        }
    }
    at
}

fn is_segment(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

struct Reader<'s> {
    rest: &'s str,
    line: usize,
}

impl<'s> Reader<'s> {
    fn skip(&mut self, length: usize) -> &'s str {
        let (done, rest) = self.rest.split_at(length);
        self.line += done.matches('\n').count();
        self.rest = rest;
        done
    }

    /// Block comments nest.
    fn block_comment(&mut self) {
        let mut depth = 0_usize;
        loop {
            if self.rest.starts_with("/*") {
                depth += 1;
                self.skip(2);
            } else if self.rest.starts_with("*/") {
                depth -= 1;
                self.skip(2);
                if depth == 0 {
                    return;
                }
            } else if let Some(next) = self.rest.chars().next() {
                self.skip(next.len_utf8());
            } else {
                return;
            }
        }
    }
}

/// Length of the string, byte string, C string or character literal that the
/// text starts with.
fn literal(text: &str) -> Option<usize> {
    let unprefixed = ["br", "cr", "b", "c", "r", ""].iter().find_map(|prefix| {
        text.strip_prefix(prefix)
            .filter(|rest| opens_literal(prefix, rest))
    })?;
    let prefix = text.len() - unprefixed.len();
    let raw = text[..prefix].ends_with('r');
    if raw {
        let hashes = unprefixed.len() - unprefixed.trim_start_matches('#').len();
        let end = format!("\"{}", "#".repeat(hashes));
        let body = prefix + hashes + 1;
        return Some(
            text[body..]
                .find(&end)
                .map_or(text.len(), |at| body + at + end.len()),
        );
    }
    let quote = unprefixed.chars().next()?;
    let mut escaped = false;
    for (at, next) in unprefixed.char_indices().skip(1) {
        match next {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if next == quote => return Some(prefix + at + 1),
            _ => {}
        }
    }
    Some(text.len())
}

fn opens_literal(prefix: &str, rest: &str) -> bool {
    match prefix {
        // `r#type` is an identifier; `r#"…"#` is a string.
        "r" | "br" | "cr" => rest.trim_start_matches('#').starts_with('"'),
        "b" => rest.starts_with(['"', '\'']),
        "c" => rest.starts_with('"'),
        _ => rest.starts_with('"') || opens_character(rest),
    }
}

/// `'x'` and `'\n'` are characters; `'x` is a lifetime.
fn opens_character(text: &str) -> bool {
    let mut letters = text.chars();
    letters.next() == Some('\'')
        && match letters.next() {
            Some('\\') => true,
            Some(_) => letters.next() == Some('\''),
            None => false,
        }
}

/// Length of the identifier, number, `::` or single mark at the start.
fn word(text: &str) -> usize {
    let in_word = |letter: char| letter.is_alphanumeric() || letter == '_';
    let raw = if text.starts_with("r#") { 2 } else { 0 };
    let length = text[raw..]
        .find(|letter| !in_word(letter))
        .unwrap_or(text.len() - raw);
    if length > 0 {
        raw + length
    } else if text.starts_with("::") {
        2
    } else {
        text.chars().next().map_or(0, char::len_utf8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(source: &str) -> Vec<String> {
        paths(&tokens(source))
            .into_iter()
            .map(|(path, _)| path)
            .collect()
    }

    #[test]
    fn comments_and_literals_name_nothing() {
        let source = r####"
            // std::fs
            /* std::net /* nested */ std::env */
            let a = "std::fs \" std::net"; let b = r#"std::env "quoted""#; let c = '"'; let d = b'\'';
            fn e<'a>(f: &'a str) {}
        "####;
        let paths = named(source);
        assert!(
            !paths.iter().any(|path| path.starts_with("std")),
            "{paths:?}"
        );
        assert!(paths.contains(&"str".to_owned()), "{paths:?}");
    }

    #[test]
    fn a_grouped_use_names_each_member() {
        assert_eq!(
            named("use std::{fs, time::{self as clock, Instant}, net::*};"),
            [
                "use",
                "std::fs",
                "std::time::self",
                "std::time::Instant",
                "std::net::*"
            ]
        );
    }

    #[test]
    fn a_path_in_generic_arguments_is_found() {
        assert_eq!(named("Vec::<std::fs::File>::new()")[1], "std::fs::File");
        assert_eq!(named("::std::env::var")[0], "std::env::var");
    }

    #[test]
    fn lines_count_through_literals_and_comments() {
        let all = tokens("/* one\n two */ \"three\n\" four");
        assert_eq!(all.last().map(|token| token.line), Some(3));
    }

    #[test]
    fn unfinished_source_ends() {
        for source in ["/*", "\"", "r#\"", "'\\", "a::", "use a::{b", "'"] {
            paths(&tokens(source));
        }
    }
}
