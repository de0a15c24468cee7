//! Reading a policy from TOML, every mistake with its line.

use pam_proto::listing::Glob;
use regex_lite::Regex;
use serde::Deserialize;
use toml::Spanned;

use super::window::Window;
use super::{BreakGlass, Limit, Policy, Protection, Required};
use crate::filter::Filter;

/// What is wrong with a policy file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("policy, line {line}: {reason}")]
#[non_exhaustive]
pub struct PolicyError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    protect: Vec<Spanned<Protect>>,
    #[serde(default)]
    require: Require,
    #[serde(default)]
    limits: Limits,
    break_glass: Option<BreakGlassTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Protect {
    name: Spanned<String>,
    #[serde(default)]
    users: Vec<String>,
    #[serde(default)]
    devices: Vec<String>,
    #[serde(default)]
    credentials: Vec<String>,
    filter: Option<Spanned<String>>,
    window: Option<Spanned<WindowTable>>,
    #[serde(default)]
    absolute: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WindowTable {
    #[serde(default)]
    days: Vec<String>,
    from: String,
    to: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Require {
    reason: Option<Spanned<String>>,
    ticket: Option<Spanned<String>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct Limits {
    per_command: Option<Spanned<usize>>,
    per_hour: Option<Spanned<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BreakGlassTable {
    allowed: Spanned<bool>,
}

pub(super) fn parse(text: &str) -> Result<Policy, PolicyError> {
    let line = |offset: usize| {
        text.as_bytes()
            .iter()
            .take(offset)
            .filter(|b| **b == b'\n')
            .count()
            + 1
    };
    let file: File = toml::from_str(text).map_err(|error| PolicyError {
        line: line(error.span().map_or(0, |span| span.start)),
        reason: error.message().lines().collect::<Vec<_>>().join("; "),
    })?;
    let at = |offset: usize, reason: String| PolicyError {
        line: line(offset),
        reason,
    };
    let mut policy = Policy {
        reason: required(file.require.reason, &line)?,
        ticket: required(file.require.ticket, &line)?,
        per_command: file.limits.per_command.map(|limit| of(&limit, &line)),
        per_hour: file.limits.per_hour.map(|limit| of(&limit, &line)),
        break_glass: file
            .break_glass
            .map_or_else(BreakGlass::default, |table| BreakGlass {
                allowed: *table.allowed.get_ref(),
                line: line(table.allowed.span().start),
            }),
        protect: Vec::with_capacity(file.protect.len()),
    };
    for rule in file.protect {
        let start = rule.span().start;
        let rule = rule.into_inner();
        let globs = |patterns: &[String]| patterns.iter().map(Glob::new).collect();
        let filter = rule.filter.map(|filter| {
            let offset = filter.span().start;
            filter
                .get_ref()
                .parse::<Filter>()
                .map_err(|error| at(offset, error.to_string()))
        });
        let window = rule.window.map(|window| {
            let offset = window.span().start;
            let WindowTable { days, from, to } = window.into_inner();
            Window::new(&days, &from, &to).map_err(|reason| at(offset, reason))
        });
        let protection = Protection {
            line: line(rule.name.span().start),
            name: rule.name.into_inner(),
            users: globs(&rule.users),
            devices: rule
                .devices
                .iter()
                .map(|pattern| Filter::device(pattern))
                .collect(),
            credentials: globs(&rule.credentials),
            filter: filter.transpose()?,
            window: window.transpose()?,
            absolute: rule.absolute,
        };
        if protection.names_no_session() && protection.window.is_none() {
            let reason = format!(
                "rule `{}` protects nothing; give it users, devices, credentials, a filter or a window",
                protection.name
            );
            return Err(at(start, reason));
        }
        policy.protect.push(protection);
    }
    Ok(policy)
}

fn of(limit: &Spanned<usize>, line: &impl Fn(usize) -> usize) -> Limit {
    Limit {
        most: *limit.get_ref(),
        line: line(limit.span().start),
    }
}

fn required(
    pattern: Option<Spanned<String>>,
    line: &impl Fn(usize) -> usize,
) -> Result<Option<Required>, PolicyError> {
    let Some(pattern) = pattern else {
        return Ok(None);
    };
    let line = line(pattern.span().start);
    let text = pattern.into_inner();
    match Regex::new(&format!("^(?:{text})$")) {
        Ok(pattern) => Ok(Some(Required {
            pattern,
            text,
            line,
        })),
        Err(error) => {
            let reason = format!("`{text}` is no regular expression: {error}");
            Err(PolicyError { line, reason })
        }
    }
}
