//! A comparison of a session's field, from its words.

use pam_proto::listing::{Bound, CivilTime, Field, Glob, Network, Predicate, Word};

use super::expression::{Expression, Kind, Words, one_or};
use super::{Condition, FilterError};

/// The longest age, a hundred years: `now` less an age stays a time of the listing.
const LONGEST_AGE: i64 = 100 * 366 * 86_400;

impl Expression for Condition {
    const FIELDS: &'static str = "user, credential, device, protocol, proxy, origin, started, id, \
                                  session_id, request, itsm or active";

    fn any(parts: Vec<Self>) -> Self {
        Self::Any(parts)
    }

    fn all(parts: Vec<Self>) -> Self {
        Self::All(parts)
    }

    fn not(part: Self) -> Self {
        Self::Not(Box::new(part))
    }

    fn comparison(words: &mut Words, first: &str, column: usize) -> Result<Self, FilterError> {
        let word = &first.to_lowercase();
        let field = match word.as_str() {
            "active" => return Ok(Self::Plain(Predicate::Active)),
            "started" => return started(words),
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
                let reason = format!("unknown field `{word}`; use {}", Self::FIELDS);
                return Err(FilterError::new(column, reason));
            }
        };
        let at = words.column();
        if words.keyword("in") {
            return equal(field, words.list()?);
        }
        let operator = words.next();
        let condition = match operator {
            Some(Kind::Equal | Kind::NotEqual) => equal(field, vec![words.value()?])?,
            Some(Kind::Like | Kind::NotLike) => {
                Self::Plain(Predicate::Like(field, Glob::new(words.value()?.0)))
            }
            _ => {
                let reason = format!("expected =, !=, ~, !~ or in behind `{word}`");
                return Err(FilterError::new(at, reason));
            }
        };
        Ok(match operator {
            Some(Kind::NotEqual | Kind::NotLike) => Self::not(condition),
            _ => condition,
        })
    }
}

fn equal(field: Field, values: Vec<(String, usize)>) -> Result<Condition, FilterError> {
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

fn started(words: &mut Words) -> Result<Condition, FilterError> {
    let at = words.column();
    let bound = match words.next() {
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
    let (value, column) = words.value()?;
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
