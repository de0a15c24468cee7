//! The filter language: which sessions are meant.
//!
//! ```text
//! user=alice and device~10.66.*
//! active and not (credential=root or protocol in (rdp, vnc))
//! origin in 10.0.0.0/8 and started<2h
//! ```
//!
//! | form | meaning |
//! |---|---|
//! | `active` | the session has no end |
//! | `FIELD=VALUE`, `FIELD!=VALUE` | the field is this text, whatever its case |
//! | `FIELD~PATTERN`, `FIELD!~PATTERN` | the field matches the pattern: `*` is any text, `?` one character |
//! | `FIELD in (A, B)` | the field is one of these |
//! | `origin=ADDRESS`, `origin in NETWORK` | the origin is this address, or lies in this network (CIDR) |
//! | `started<2h`, `started>2h` | it started less, or more, than that long ago (`s`, `m`, `h`, `d`, `w`) |
//! | `started<TIME`, `started>=TIME` | it started before, or at or after, `YYYY-MM-DD[THH:MM[:SS]]` by the appliance's clock |
//! | `not X`, `X and Y`, `X or Y`, `(X)` | `not` binds tighter than `and`, `and` tighter than `or` |
//!
//! Fields are `id`, `session_id`, `user`, `credential`, `device`, `protocol`, `proxy`, `origin`,
//! `request` and `itsm`. A device is listed as `ip:port`; it is compared whole, and without its
//! port. A value with white space or an operator in it is put in double quotes.
//!
//! A session whose field is absent or unreadable matches no comparison with it, neither a positive
//! nor a negative one, so that damaged data never widens what is ended.

use std::fmt;
use std::str::FromStr;

use jiff::ToSpan;
use jiff::civil::DateTime;
use pam_proto::Session;
use pam_proto::listing::{Bound, CivilTime, Predicate};

mod comparison;
pub mod expression;
mod token;

/// What is wrong with a filter, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("filter, column {column}: {reason}")]
pub struct FilterError {
    /// The column, counted in characters from 1.
    pub column: usize,
    /// What is wrong and what could stand there.
    pub reason: String,
}

impl FilterError {
    /// What is wrong with the word at a column.
    pub fn new(column: usize, reason: impl Into<String>) -> Self {
        Self {
            column,
            reason: reason.into(),
        }
    }
}

/// A filter that was read and understood.
///
/// ```
/// use pam_guard::Filter;
///
/// let filter: Filter = "active and user=alice".parse()?;
/// assert_eq!(filter.to_string(), "active and user=alice");
/// let error = "active and usr=alice".parse::<Filter>().unwrap_err();
/// assert_eq!(error.column, 12);
/// # Ok::<(), pam_guard::FilterError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    text: String,
    condition: Condition,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Condition {
    All(Vec<Condition>),
    Any(Vec<Condition>),
    Not(Box<Condition>),
    /// What means the same at any time.
    Plain(Predicate),
    /// It started on this side of so many seconds ago.
    Age(Bound, i64),
}

impl Filter {
    /// What is asked of each session, for [`pam_proto::listing::Filter::and`]. `now` is the
    /// appliance's wall-clock time, whose own times carry no zone.
    #[must_use]
    pub fn predicate(&self, now: DateTime) -> Predicate {
        self.condition.predicate(now)
    }

    /// Whether a session is meant.
    #[must_use]
    pub fn matches(&self, session: &Session, now: DateTime) -> bool {
        self.predicate(now).answer(session) == Some(true)
    }

    /// Whether a session is meant or might be: what the record does not say counts as a yes. For
    /// rules that protect.
    #[must_use]
    pub fn may_match(&self, session: &Session, now: DateTime) -> bool {
        self.predicate(now).answer(session) != Some(false)
    }

    /// The filter `device~PATTERN`.
    #[cfg(feature = "policy")]
    pub(crate) fn device(pattern: &str) -> Self {
        use pam_proto::listing::{Field, Glob};

        let quoted = pattern.replace('\\', "\\\\").replace('"', "\\\"");
        let predicate = Predicate::Like(Field::Device, Glob::new(pattern));
        Self {
            text: format!("device~\"{quoted}\""),
            condition: Condition::Plain(predicate),
        }
    }
}

impl Condition {
    fn predicate(&self, now: DateTime) -> Predicate {
        let each = |parts: &[Self]| parts.iter().map(|part| part.predicate(now)).collect();
        match self {
            Self::All(parts) => Predicate::All(each(parts)),
            Self::Any(parts) => Predicate::Any(each(parts)),
            Self::Not(part) => Predicate::Not(Box::new(part.predicate(now))),
            Self::Plain(predicate) => predicate.clone(),
            Self::Age(bound, seconds) => {
                let then = now.saturating_sub(seconds.seconds()).to_string();
                Predicate::Started(*bound, then.parse().unwrap_or(CivilTime::EARLIEST))
            }
        }
    }
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        let text = text.trim_end();
        Ok(Self {
            text: text.to_owned(),
            condition: expression::parse(text)?,
        })
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
