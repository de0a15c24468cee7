//! The policy: which sessions may be ended, by whom it must be justified, and how many at once.
//!
//! ```toml
//! [[protect]]
//! name = "domain controllers"
//! devices = ["10.66.*", "dc??.example.com"]
//!
//! [[protect]]
//! name = "payroll run"
//! users = ["svc_payroll"]
//! filter = "protocol=ssh"
//! window = { days = ["mon-fri"], from = "18:00", to = "06:00" }
//! absolute = true
//!
//! [require]
//! reason = '.{10,}'
//! ticket = 'INC[0-9]{7}'
//!
//! [limits]
//! per_command = 20
//! per_hour = 60
//!
//! [break_glass]
//! allowed = true
//! ```
//!
//! A `protect` rule covers a session that any of its `users`, `devices`, `credentials` (patterns
//! with `*` and `?`) and its `filter` means, during its `window` if it has one; a rule with a
//! window alone covers every session. A session of which it is unknown whether a rule covers it
//! is covered: what is not known is not ended. `reason` and `ticket` are regular expressions that
//! the whole text must match.
//!
//! Breaking the glass lifts the limits and every rule that is not `absolute`. It never lifts
//! `require`, and what it lifted is part of the [`Decision`], to be recorded.

use std::fmt;

use jiff::civil::DateTime;
use pam_proto::listing::Glob;
use pam_proto::{Session, SessionNumber};
use regex_lite::Regex;
use serde::Serialize;

use crate::filter::Filter;

mod file;
mod window;

pub use file::PolicyError;
use window::Window;

/// A policy that was read and understood. The default one allows everything.
#[derive(Debug, Clone, Default)]
pub struct Policy {
    protect: Vec<Protection>,
    reason: Option<Required>,
    ticket: Option<Required>,
    per_command: Option<Limit>,
    per_hour: Option<Limit>,
    break_glass: BreakGlass,
}

#[derive(Debug, Clone, Copy)]
struct BreakGlass {
    allowed: bool,
    line: usize,
}

impl Default for BreakGlass {
    fn default() -> Self {
        Self {
            allowed: false,
            line: 1,
        }
    }
}

#[derive(Debug, Clone)]
struct Protection {
    name: String,
    line: usize,
    users: Vec<Glob>,
    devices: Vec<Filter>,
    credentials: Vec<Glob>,
    filter: Option<Filter>,
    window: Option<Window>,
    absolute: bool,
}

#[derive(Debug, Clone)]
struct Required {
    pattern: Regex,
    text: String,
    line: usize,
}

#[derive(Debug, Clone, Copy)]
struct Limit {
    most: usize,
    line: usize,
}

/// What somebody wants to do, and how they justify it.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// Why.
    pub reason: Option<&'a str>,
    /// Under which ticket.
    pub ticket: Option<&'a str>,
    /// The wall-clock time where the appliance is.
    pub now: DateTime,
    /// How many sessions were ended in the hour before.
    pub ended_last_hour: usize,
    /// How many sessions it is about besides those whose records are given.
    pub unseen: usize,
    /// Whether the glass is to be broken.
    pub break_glass: bool,
}

/// One rule that stands in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refusal {
    /// The rule's name, or its key: `require.reason`, `limits.per_hour`, …
    pub rule: String,
    /// Its line in the policy file.
    pub line: usize,
    /// The session that it covers; none when it is about the whole attempt.
    pub session: Option<SessionNumber>,
    /// What is wrong, in plain words.
    pub why: String,
    #[serde(skip)]
    absolute: bool,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "refused by policy rule `{}` (line {}): {}",
            self.rule, self.line, self.why
        )
    }
}

/// What the policy says of an attempt.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Decision {
    /// What stands in the way. Empty: allowed.
    pub refusals: Vec<Refusal>,
    /// What would have stood in the way if the glass had not been broken.
    pub lifted: Vec<Refusal>,
}

impl Decision {
    /// Whether nothing stands in the way.
    #[must_use]
    pub fn is_allowed(&self) -> bool {
        self.refusals.is_empty()
    }
}

impl Policy {
    /// Reads a policy file.
    ///
    /// # Errors
    /// [`PolicyError`] with the line of the first mistake: no TOML, an unknown key, an unreadable
    /// filter, window or regular expression, or a rule that protects nothing.
    ///
    /// ```
    /// use pam_guard::Policy;
    ///
    /// let error = Policy::parse("[limits]\nper_comand = 5\n").unwrap_err();
    /// assert_eq!(error.line, 2);
    /// ```
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        file::parse(text)
    }

    /// Whether these sessions may be ended. Deny wins: one rule that covers one of them is enough
    /// for a refusal.
    #[must_use]
    pub fn check(&self, sessions: &[Session], attempt: &Attempt<'_>) -> Decision {
        let mut found = Vec::new();
        let texts = [
            ("reason", &self.reason, attempt.reason),
            ("ticket", &self.ticket, attempt.ticket),
        ];
        for (key, required, given) in texts {
            found.extend(
                required
                    .as_ref()
                    .and_then(|required| required.refusal(key, given)),
            );
        }
        let in_one_command = ("per_command", self.per_command, "in one command");
        let count = sessions.len() + attempt.unseen;
        found.extend(over(in_one_command, count));
        let within_an_hour = count + attempt.ended_last_hour;
        found.extend(over(self.hourly(), within_an_hour));
        for session in sessions {
            found.extend(self.protections(session, attempt.now));
        }
        let mut decision = self.weigh(found, attempt);
        if attempt.break_glass && !self.break_glass.allowed {
            decision.refusals.push(Refusal {
                rule: "break_glass.allowed".to_owned(),
                line: self.break_glass.line,
                session: None,
                why: "the policy does not allow breaking the glass".to_owned(),
                absolute: true,
            });
        }
        decision
    }

    /// Whether one session of an allowed attempt may still be ended, by its record of now and the
    /// time of now: [`check`](Self::check) without what is about the attempt as a whole.
    #[must_use]
    pub fn recheck(&self, session: &Session, attempt: &Attempt<'_>) -> Decision {
        self.weigh(self.protections(session, attempt.now).collect(), attempt)
    }

    /// Whether so many sessions within an hour are too many; for a writer that counts them again
    /// right before each drop, because others may have ended some meanwhile.
    #[must_use]
    pub fn recount(&self, within_an_hour: usize, attempt: &Attempt<'_>) -> Decision {
        let found = over(self.hourly(), within_an_hour);
        self.weigh(found.into_iter().collect(), attempt)
    }

    /// The most sessions that one command may end, where there is such a limit.
    #[must_use]
    pub fn most_per_command(&self) -> Option<usize> {
        self.per_command.map(|limit| limit.most)
    }

    /// Whether the sessions of the hour before must be counted.
    #[must_use]
    pub fn limits_the_hour(&self) -> bool {
        self.per_hour.is_some()
    }

    /// Whether a session's record decides, so that it must have been seen.
    #[must_use]
    pub fn protects(&self) -> bool {
        !self.protect.is_empty()
    }

    /// How many rules protect sessions.
    #[must_use]
    pub fn rules(&self) -> usize {
        self.protect.len()
    }

    fn hourly(&self) -> (&'static str, Option<Limit>, &'static str) {
        ("per_hour", self.per_hour, "within an hour")
    }

    fn protections(&self, session: &Session, now: DateTime) -> impl Iterator<Item = Refusal> {
        self.covering(session, now).map(|rule| Refusal {
            rule: rule.name.clone(),
            line: rule.line,
            session: Some(session.id),
            why: format!(
                "it protects session {} of {} on {}",
                session.id,
                known(&session.user),
                known(&session.device)
            ),
            absolute: rule.absolute,
        })
    }

    /// Which of what was found stands in the way, and which is lifted.
    fn weigh(&self, found: Vec<Refusal>, attempt: &Attempt<'_>) -> Decision {
        let lift = attempt.break_glass && self.break_glass.allowed;
        let (lifted, refusals) = found
            .into_iter()
            .partition(|refusal| lift && !refusal.absolute);
        Decision { refusals, lifted }
    }

    fn covering(&self, session: &Session, now: DateTime) -> impl Iterator<Item = &Protection> {
        let rules = self.protect.iter();
        rules.filter(move |rule| rule.covers(session, now))
    }

    /// The name and line of every rule that protects this session at this time.
    pub fn protecting(
        &self,
        session: &Session,
        now: DateTime,
    ) -> impl Iterator<Item = (&str, usize)> {
        let covering = self.covering(session, now);
        covering.map(|rule| (rule.name.as_str(), rule.line))
    }
}

/// A limit that so many would go beyond.
fn over((key, limit, span): (&str, Option<Limit>, &str), count: usize) -> Option<Refusal> {
    let limit = limit.filter(|limit| count > limit.most)?;
    Some(Refusal {
        rule: format!("limits.{key}"),
        line: limit.line,
        session: None,
        why: format!(
            "{count} sessions would be ended {span}, at most {} may",
            limit.most
        ),
        absolute: false,
    })
}

fn known(text: &str) -> &str {
    if text.is_empty() { "unknown" } else { text }
}

impl Protection {
    fn names_no_session(&self) -> bool {
        self.users.is_empty()
            && self.devices.is_empty()
            && self.credentials.is_empty()
            && self.filter.is_none()
    }

    fn covers(&self, session: &Session, now: DateTime) -> bool {
        if self
            .window
            .as_ref()
            .is_some_and(|window| !window.holds(now))
        {
            return false;
        }
        let meets = |globs: &[Glob], value: &str| {
            // An absent value could be the protected one.
            !globs.is_empty() && (value.is_empty() || globs.iter().any(|glob| glob.matches(value)))
        };
        let filters = self.devices.iter().chain(&self.filter);
        self.names_no_session()
            || meets(&self.users, &session.user)
            || meets(&self.credentials, &session.credential)
            || filters
                .into_iter()
                .any(|filter| filter.may_match(session, now))
    }
}

impl Required {
    fn refusal(&self, key: &str, given: Option<&str>) -> Option<Refusal> {
        let why = match given {
            Some(given) if self.pattern.is_match(given) => return None,
            Some(_) => format!("the {key} does not have the form {}", self.text),
            None => format!("a {key} is required; give --{key}"),
        };
        Some(Refusal {
            rule: format!("require.{key}"),
            line: self.line,
            session: None,
            why,
            absolute: true,
        })
    }
}
