//! From words to a condition, by recursive descent: `or`, `and`, `not`, comparison.

use std::iter::Peekable;
use std::vec::IntoIter;

use pam_proto::listing::{Bound, CivilTime, Field, Glob, Network, Predicate, Word};

use super::token::{Kind, Token, tokens};
use super::{Condition, FilterError};

/// The longest age, a hundred years: `now` less an age stays a time of the listing.
const LONGEST_AGE: i64 = 100 * 366 * 86_400;

/// How deep parentheses and `not` may nest.
const DEPTH: usize = 64;

const FIELDS: &str = "user, credential, device, protocol, proxy, origin, started, id, session_id, \
                      request, itsm or active";

pub(super) fn condition(text: &str) -> Result<Condition, FilterError> {
    let mut parser = Parser {
        tokens: tokens(text)?.into_iter().peekable(),
        end: text.chars().count() + 1,
        depth: 0,
    };
    let condition = parser.any()?;
    match parser.tokens.next() {
        None => Ok(condition),
        Some(Token {
            kind: Kind::Close,
            column,
        }) => Err(FilterError::new(column, "this `)` closes nothing")),
        Some(Token { column, .. }) => Err(FilterError::new(
            column,
            "expected `and`, `or` or the end of the filter",
        )),
    }
}

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
    end: usize,
    depth: usize,
}

impl Parser {
    fn any(&mut self) -> Result<Condition, FilterError> {
        let mut parts = vec![self.all()?];
        while self.keyword("or") {
            parts.push(self.all()?);
        }
        Ok(one_or(parts, Condition::Any))
    }

    fn all(&mut self) -> Result<Condition, FilterError> {
        let mut parts = vec![self.negated()?];
        while self.keyword("and") {
            parts.push(self.negated()?);
        }
        Ok(one_or(parts, Condition::All))
    }

    fn negated(&mut self) -> Result<Condition, FilterError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(FilterError::new(
                self.column(),
                "too many nested parentheses",
            ));
        }
        let condition = if self.keyword("not") {
            Condition::Not(Box::new(self.negated()?))
        } else {
            self.primary()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn primary(&mut self) -> Result<Condition, FilterError> {
        let Some(Token { kind, column }) = self.tokens.next() else {
            let reason = format!("the filter ends where a field should stand; use {FIELDS}");
            return Err(FilterError::new(self.end, reason));
        };
        match kind {
            Kind::Open => {
                let inner = self.any()?;
                match self.tokens.next() {
                    Some(Token {
                        kind: Kind::Close, ..
                    }) => Ok(inner),
                    _ => Err(FilterError::new(column, "this `(` is never closed")),
                }
            }
            Kind::Word(word) => self.comparison(&word.to_lowercase(), column),
            _ => Err(FilterError::new(
                column,
                format!("expected a field: {FIELDS}"),
            )),
        }
    }

    fn comparison(&mut self, word: &str, column: usize) -> Result<Condition, FilterError> {
        let field = match word {
            "active" => return Ok(Condition::Plain(Predicate::Active)),
            "started" => return self.started(),
            "id" => Field::Id,
            "session_id" => Field::SessionId,
            "user" => Field::User,
            "credential" => Field::Credential,
            "device" => Field::Device,
            "protocol" => Field::Protocol,
            "proxy" => Field::Proxy,
            "origin" => Field::OriginIp,
            "request" => Field::Request,
            "itsm" => Field::Itsm,
            _ => {
                let reason = format!("unknown field `{word}`; use {FIELDS}");
                return Err(FilterError::new(column, reason));
            }
        };
        let at = self.column();
        if self.keyword("in") {
            return self.one_of(field);
        }
        let operator = self.tokens.next().map(|token| token.kind);
        let negative = matches!(operator, Some(Kind::NotEqual | Kind::NotLike));
        let condition = match operator {
            Some(Kind::Equal | Kind::NotEqual) => {
                let (value, column) = self.value()?;
                self.equal(field, vec![(value, column)])?
            }
            Some(Kind::Like | Kind::NotLike) => {
                Condition::Plain(Predicate::Like(field, Glob::new(self.value()?.0)))
            }
            _ => {
                let reason = format!("expected =, !=, ~, !~ or in behind `{word}`");
                return Err(FilterError::new(at, reason));
            }
        };
        Ok(if negative {
            Condition::Not(Box::new(condition))
        } else {
            condition
        })
    }

    fn one_of(&mut self, field: Field) -> Result<Condition, FilterError> {
        let open = self.column();
        if self
            .tokens
            .next_if(|token| token.kind == Kind::Open)
            .is_none()
        {
            let value = self.value()?;
            return self.equal(field, vec![value]);
        }
        let mut values = vec![self.value()?];
        loop {
            match self.tokens.next().map(|token| token.kind) {
                Some(Kind::Comma) => values.push(self.value()?),
                Some(Kind::Close) => return self.equal(field, values),
                _ => return Err(FilterError::new(open, "expected `,` or `)` in this list")),
            }
        }
    }

    fn equal(&self, field: Field, values: Vec<(String, usize)>) -> Result<Condition, FilterError> {
        let one = |(value, column): (String, usize)| {
            if field != Field::OriginIp {
                return Ok(Predicate::Is(field, Word::new(value)));
            }
            let network = value.parse::<Network>().map(Predicate::Origin);
            network.map_err(|error| FilterError::new(column, format!("`{value}`: {error}")))
        };
        let parts = values.into_iter().map(one).collect::<Result<_, _>>()?;
        Ok(Condition::Plain(one_or(parts, Predicate::Any)))
    }

    fn started(&mut self) -> Result<Condition, FilterError> {
        let at = self.column();
        let bound = match self.tokens.next().map(|token| token.kind) {
            Some(Kind::Less) => Bound::Before,
            Some(Kind::LessEqual) => Bound::NotAfter,
            Some(Kind::Greater) => Bound::After,
            Some(Kind::GreaterEqual) => Bound::NotBefore,
            _ => {
                return Err(FilterError::new(
                    at,
                    "expected <, <=, > or >= behind `started`",
                ));
            }
        };
        let (value, column) = self.value()?;
        if let Some(seconds) = duration(&value) {
            // `started<2h` is an age: less than two hours ago is after that instant.
            let bound = match bound {
                Bound::Before => Bound::After,
                Bound::NotAfter => Bound::NotBefore,
                Bound::After => Bound::Before,
                Bound::NotBefore => Bound::NotAfter,
            };
            if seconds > LONGEST_AGE {
                return Err(FilterError::new(
                    column,
                    "an age is at most a hundred years",
                ));
            }
            return Ok(Condition::Age(bound, seconds));
        }
        match value.parse::<CivilTime>().ok() {
            Some(time) => Ok(Condition::Plain(Predicate::Started(bound, time))),
            None => Err(FilterError::new(
                column,
                format!(
                    "`{value}` is neither an age (90s, 15m, 2h, 1d, 1w) nor a time of the \
                     appliance's clock (2024-05-06T16:05:07, no zone)"
                ),
            )),
        }
    }

    fn value(&mut self) -> Result<(String, usize), FilterError> {
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

    fn keyword(&mut self, keyword: &str) -> bool {
        let is = |token: &Token| matches!(&token.kind, Kind::Word(word) if word.eq_ignore_ascii_case(keyword));
        self.tokens.next_if(is).is_some()
    }

    fn column(&mut self) -> usize {
        self.tokens.peek().map_or(self.end, |token| token.column)
    }
}

fn one_or<T>(mut parts: Vec<T>, many: fn(Vec<T>) -> T) -> T {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

/// Seconds of `90s`, `15m`, `2h`, `1d` or `1w`.
fn duration(text: &str) -> Option<i64> {
    let unit = text.chars().last()?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return None,
    };
    let digits = text.strip_suffix(unit)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    digits.parse::<i64>().ok()?.checked_mul(seconds)
}
