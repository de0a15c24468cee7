//! The words of a filter, each with the column where it begins.

use super::FilterError;

/// What a word is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A bare word: a field, a keyword or a value.
    Word(String),
    /// A value in quotes: never a keyword.
    Quoted(String),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `~`
    Like,
    /// `!~`
    NotLike,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// A word and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    /// What it is.
    pub(super) kind: Kind,
    /// The column, counted in characters from 1.
    pub(super) column: usize,
}

/// Cuts a filter into words. A bare word ends at white space, an operator, a comma or a
/// parenthesis; anything else may stand in it, so `10.0.0.0/8` and `2024-05-06T16:05:07` need no
/// quotes. In double quotes, `\"` and `\\` stand for themselves.
///
/// # Errors
/// [`FilterError`] for a quote that is never closed, an escape that is none, and a lone `!`.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, FilterError> {
    let mut tokens = Vec::new();
    let mut rest = text
        .chars()
        .enumerate()
        .map(|(at, c)| (at + 1, c))
        .peekable();
    while let Some((column, c)) = rest.next() {
        let mut followed_by = |wanted: char| rest.next_if(|(_, next)| *next == wanted).is_some();
        let kind = match c {
            c if c.is_whitespace() => continue,
            '(' => Kind::Open,
            ')' => Kind::Close,
            ',' => Kind::Comma,
            '=' => Kind::Equal,
            '~' => Kind::Like,
            '!' if followed_by('=') => Kind::NotEqual,
            '!' if followed_by('~') => Kind::NotLike,
            '!' => {
                return Err(FilterError::new(
                    column,
                    "`!` stands only in `!=` and `!~`; write `not`",
                ));
            }
            '<' if followed_by('=') => Kind::LessEqual,
            '<' => Kind::Less,
            '>' if followed_by('=') => Kind::GreaterEqual,
            '>' => Kind::Greater,
            '"' => {
                let mut value = String::new();
                loop {
                    match rest.next() {
                        Some((_, '"')) => break,
                        Some((_, '\\')) => match rest.next() {
                            Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                            Some((column, _)) => {
                                return Err(FilterError::new(
                                    column,
                                    "only `\\\"` and `\\\\` are escapes",
                                ));
                            }
                            None => {
                                return Err(FilterError::new(column, "this quote is never closed"));
                            }
                        },
                        Some((_, c)) => value.push(c),
                        None => return Err(FilterError::new(column, "this quote is never closed")),
                    }
                }
                Kind::Quoted(value)
            }
            c => {
                let mut word = String::from(c);
                while let Some((_, c)) =
                    rest.next_if(|(_, c)| !c.is_whitespace() && !"()=~!<>,\"".contains(*c))
                {
                    word.push(c);
                }
                Kind::Word(word)
            }
        };
        tokens.push(Token { kind, column });
    }
    Ok(tokens)
}
