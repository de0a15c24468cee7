//! What every filter is made of, whatever it is about: comparisons, `not`, `and`, `or` and
//! parentheses, read by recursive descent.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::FilterError;
pub use super::token::Kind;
use super::token::{Token, tokens};

/// How deep parentheses and `not` may nest.
const DEPTH: usize = 64;

/// A condition that a filter can state.
///
/// ```
/// use pam_guard::FilterError;
/// use pam_guard::expression::{Expression, Words, parse};
///
/// /// How many comparisons there are.
/// struct Count(usize);
///
/// impl Expression for Count {
///     const FIELDS: &'static str = "any word";
///
///     fn any(parts: Vec<Self>) -> Self {
///         Self(parts.iter().map(|part| part.0).sum())
///     }
///
///     fn all(parts: Vec<Self>) -> Self {
///         Self::any(parts)
///     }
///
///     fn not(part: Self) -> Self {
///         part
///     }
///
///     fn comparison(words: &mut Words, _: &str, _: usize) -> Result<Self, FilterError> {
///         words.next();
///         words.value()?;
///         Ok(Self(1))
///     }
/// }
///
/// let Count(comparisons) = parse("a=1 and not (b=2 or c=3)")?;
/// assert_eq!(comparisons, 3);
/// # Ok::<(), FilterError>(())
/// ```
pub trait Expression: Sized {
    /// What a comparison can begin with, for the message that says it does not.
    const FIELDS: &'static str;

    /// Holds when one of them does.
    fn any(parts: Vec<Self>) -> Self;

    /// Holds when all of them do.
    fn all(parts: Vec<Self>) -> Self;

    /// Holds when it does not.
    fn not(part: Self) -> Self;

    /// Reads what follows the first word of a comparison, which is at that column.
    ///
    /// # Errors
    /// [`FilterError`] when that is no comparison.
    fn comparison(words: &mut Words, first: &str, column: usize) -> Result<Self, FilterError>;
}

/// Reads a filter. `not` binds tighter than `and`, and that tighter than `or`.
///
/// # Errors
/// [`FilterError`] for what is no filter, and for one that nests more than 64 levels deep.
pub fn parse<E: Expression>(text: &str) -> Result<E, FilterError> {
    let mut words = Words {
        tokens: tokens(text)?.into_iter().peekable(),
        end: text.chars().count() + 1,
    };
    let expression = any(&mut words, 0)?;
    let column = words.column();
    match words.next() {
        None => Ok(expression),
        Some(Kind::Close) => Err(FilterError::new(column, "this `)` closes nothing")),
        Some(_) => Err(FilterError::new(
            column,
            "expected `and`, `or` or the end of the filter",
        )),
    }
}

fn any<E: Expression>(words: &mut Words, depth: usize) -> Result<E, FilterError> {
    let mut parts = vec![all(words, depth)?];
    while words.keyword("or") {
        parts.push(all(words, depth)?);
    }
    Ok(one_or(parts, E::any))
}

fn all<E: Expression>(words: &mut Words, depth: usize) -> Result<E, FilterError> {
    let mut parts = vec![negated(words, depth)?];
    while words.keyword("and") {
        parts.push(negated(words, depth)?);
    }
    Ok(one_or(parts, E::all))
}

fn negated<E: Expression>(words: &mut Words, depth: usize) -> Result<E, FilterError> {
    if depth == DEPTH {
        return Err(FilterError::new(
            words.column(),
            "too many nested parentheses",
        ));
    }
    if words.keyword("not") {
        return Ok(E::not(negated(words, depth + 1)?));
    }
    primary(words, depth + 1)
}

fn primary<E: Expression>(words: &mut Words, depth: usize) -> Result<E, FilterError> {
    let column = words.column();
    match words.next() {
        Some(Kind::Open) => {
            let inner = any(words, depth)?;
            match words.next() {
                Some(Kind::Close) => Ok(inner),
                _ => Err(FilterError::new(column, "this `(` is never closed")),
            }
        }
        Some(Kind::Word(word)) => E::comparison(words, &word, column),
        Some(_) => Err(FilterError::new(
            column,
            format!("expected a field: {}", E::FIELDS),
        )),
        None => Err(FilterError::new(
            column,
            format!(
                "the filter ends where a field should stand; use {}",
                E::FIELDS
            ),
        )),
    }
}

/// The only one of several, or what `many` makes of them.
pub(super) fn one_or<T>(mut parts: Vec<T>, many: fn(Vec<T>) -> T) -> T {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

/// The words of a filter that were not read yet.
#[derive(Debug)]
pub struct Words {
    tokens: Peekable<IntoIter<Token>>,
    end: usize,
}

impl Words {
    /// The column of the next word, or behind the last one; counted in characters from 1.
    pub fn column(&mut self) -> usize {
        self.tokens.peek().map_or(self.end, |token| token.column)
    }

    /// Takes the next word when it is this keyword, in either case.
    pub fn keyword(&mut self, keyword: &str) -> bool {
        let is = |token: &Token| matches!(&token.kind, Kind::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.tokens.next_if(is).is_some()
    }

    /// Takes a value, and says at which column it is.
    ///
    /// # Errors
    /// [`FilterError`] when there is none.
    pub fn value(&mut self) -> Result<(String, usize), FilterError> {
        match self.tokens.next() {
            Some(Token {
                kind: Kind::Word(value) | Kind::Quoted(value),
                column,
            }) => Ok((value, column)),
            Some(Token { column, .. }) => Err(FilterError::new(
                column,
                "expected a value; put it in double quotes",
            )),
            None => Err(FilterError::new(
                self.end,
                "the filter ends where a value should stand",
            )),
        }
    }

    /// Takes `A`, or `(A, B)`, each with its column.
    ///
    /// # Errors
    /// [`FilterError`] when it is neither.
    pub fn list(&mut self) -> Result<Vec<(String, usize)>, FilterError> {
        let open = self.column();
        let is_list = self.tokens.next_if(|token| token.kind == Kind::Open);
        let mut values = vec![self.value()?];
        if is_list.is_none() {
            return Ok(values);
        }
        loop {
            match self.next() {
                Some(Kind::Comma) => values.push(self.value()?),
                Some(Kind::Close) => return Ok(values),
                _ => return Err(FilterError::new(open, "expected `,` or `)` in this list")),
            }
        }
    }
}

/// The kinds of the words, one after the other.
impl Iterator for Words {
    type Item = Kind;

    fn next(&mut self) -> Option<Kind> {
        self.tokens.next().map(|token| token.kind)
    }
}
