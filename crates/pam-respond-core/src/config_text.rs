//! Reading a configuration so that every mistake in it is found at once, each with its line.
//!
//! ```
//! use pam_respond_core::config_text::{ConfigText, Section};
//!
//! let text = "[limits]\nper_user = \"many\"\nper_usr = 3\n";
//! let mut mistakes = Vec::new();
//! let file = ConfigText::new(text);
//! let mut root = file.root(&mut mistakes);
//! if let Some(mut limits) = root.section("limits", &mut mistakes) {
//!     assert_eq!(limits.count("per_user", 1..=100, &mut mistakes), None);
//!     limits.finish(&mut mistakes);
//! }
//! root.finish(&mut mistakes);
//! let lines: Vec<usize> = mistakes.iter().map(|mistake| mistake.line).collect();
//! assert_eq!(lines, [2, 3]);
//! ```

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One thing that is wrong in a configuration, and where.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// The text of a configuration.
#[derive(Debug, Clone, Copy)]
pub struct ConfigText<'t>(&'t str);

impl<'t> ConfigText<'t> {
    /// This text, of which nothing is known yet.
    #[must_use]
    pub fn new(text: &'t str) -> Self {
        Self(text)
    }

    /// What stands in it. What is no TOML goes to `mistakes`; the rest is read all the same.
    pub fn root(self, mistakes: &mut Vec<Mistake>) -> Section<'t> {
        let (table, errors) = DeTable::parse_recoverable(self.0);
        for error in errors {
            let offset = error.span().map_or(0, |span| span.start);
            let message = error.message().lines().collect::<Vec<_>>().join("; ");
            mistakes.push(Mistake {
                line: self.line(offset),
                reason: message,
            });
        }
        Section::new(self, String::new(), 0, table.into_inner())
    }

    fn line(self, offset: usize) -> usize {
        let before = self.0.as_bytes().iter().take(offset);
        before.filter(|byte| **byte == b'\n').count() + 1
    }
}

/// A table of a configuration, of which each key is taken once.
pub struct Section<'t> {
    text: ConfigText<'t>,
    name: String,
    /// The line where it begins.
    pub line: usize,
    values: BTreeMap<String, (usize, Spanned<DeValue<'t>>)>,
    known: Vec<&'static str>,
}

impl fmt::Debug for Section<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Section").field(&self.name).finish()
    }
}

impl<'t> Section<'t> {
    fn new(text: ConfigText<'t>, name: String, offset: usize, table: DeTable<'t>) -> Self {
        let values = table.into_iter().map(|(key, value)| {
            let line = text.line(key.span().start);
            (key.into_inner().into_owned(), (line, value))
        });
        Self {
            text,
            name,
            line: text.line(offset),
            values: values.collect(),
            known: Vec::new(),
        }
    }

    fn take(&mut self, key: &'static str) -> Option<(usize, Spanned<DeValue<'t>>)> {
        self.known.push(key);
        self.values.remove(key)
    }

    fn wrong(&self, line: usize, reason: impl Into<String>) -> Mistake {
        let reason = reason.into();
        Mistake { line, reason }
    }

    /// A mistake about this section as a whole.
    #[must_use]
    pub fn mistake(&self, reason: impl Into<String>) -> Mistake {
        self.wrong(self.line, reason)
    }

    /// A value, read by `read` from what is in the file; the error becomes a mistake on its line.
    fn read<T>(
        &mut self,
        key: &'static str,
        mistakes: &mut Vec<Mistake>,
        read: impl FnOnce(&DeValue<'t>) -> Result<T, String>,
    ) -> Option<(usize, T)> {
        let (line, value) = self.take(key)?;
        match read(value.get_ref()) {
            Ok(value) => Some((line, value)),
            Err(reason) => {
                mistakes.push(self.wrong(line, format!("`{key}`: {reason}")));
                None
            }
        }
    }

    /// Whether the key is there; it is still to be read.
    #[must_use]
    pub fn has(&self, key: &str) -> bool {
        self.values.contains_key(key)
    }

    /// A text with its line.
    pub fn text(
        &mut self,
        key: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<(usize, String)> {
        self.read(key, mistakes, text)
    }

    /// A text that is not empty, with its line; absent it is a mistake.
    pub fn required_text(
        &mut self,
        key: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<(usize, String)> {
        if !self.has(key) {
            self.known.push(key);
            let place = if self.name.is_empty() {
                "the file".to_owned()
            } else {
                format!("`{}`", self.name)
            };
            mistakes.push(self.wrong(self.line, format!("{place} needs `{key}`")));
            return None;
        }
        let (line, value) = self.text(key, mistakes)?;
        if value.trim().is_empty() {
            mistakes.push(self.wrong(line, format!("`{key}` is empty")));
            return None;
        }
        Some((line, value))
    }

    /// A text that means something: its type's own error is the mistake.
    pub fn parsed<T: FromStr<Err: fmt::Display>>(
        &mut self,
        key: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<T> {
        let parse = |value: &DeValue<'_>| text(value)?.parse().map_err(|e: T::Err| e.to_string());
        self.read(key, mistakes, parse).map(|(_, value)| value)
    }

    /// One of several words.
    pub fn word<T: Copy>(
        &mut self,
        key: &'static str,
        words: &[(&str, T)],
        mistakes: &mut Vec<Mistake>,
    ) -> Option<T> {
        let pick = |value: &DeValue<'_>| {
            let given = text(value)?;
            let found = words.iter().find(|(word, _)| *word == given);
            found
                .map(|(_, meaning)| *meaning)
                .ok_or_else(|| format!("`{given}` is none of {}", list(words)))
        };
        self.read(key, mistakes, pick).map(|(_, value)| value)
    }

    /// A list of texts, or one text in place of a list of one, with the line.
    pub fn texts(
        &mut self,
        key: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<(usize, Vec<String>)> {
        self.read(key, mistakes, |value| match value {
            DeValue::Array(values) => values.iter().map(|value| text(value.get_ref())).collect(),
            value => Ok(vec![text(value)?]),
        })
    }

    /// A whole number in a range.
    pub fn count(
        &mut self,
        key: &'static str,
        range: RangeInclusive<u64>,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<u64> {
        let number = |value: &DeValue<'_>| {
            let wanted = || format!("a whole number from {} to {}", range.start(), range.end());
            let integer = value
                .as_integer()
                .ok_or_else(|| format!("is a {}, not {}", value.type_str(), wanted()))?;
            let number = u64::from_str_radix(integer.as_str(), integer.radix()).ok();
            number
                .filter(|number| range.contains(number))
                .ok_or_else(|| format!("{integer} is not {}", wanted()))
        };
        self.read(key, mistakes, number).map(|(_, value)| value)
    }

    /// A yes or a no.
    pub fn flag(&mut self, key: &'static str, mistakes: &mut Vec<Mistake>) -> Option<bool> {
        let flag = |value: &DeValue<'_>| {
            let kind = value.type_str();
            value
                .as_bool()
                .ok_or_else(|| format!("is a {kind}; write true or false"))
        };
        self.read(key, mistakes, flag).map(|(_, value)| value)
    }

    /// A duration such as `"90s"`, in a range.
    pub fn duration(
        &mut self,
        key: &'static str,
        range: RangeInclusive<Duration>,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Duration> {
        let read = |value: &DeValue<'_>| {
            let given = text(value)?;
            let span = duration(&given).ok_or_else(|| {
                format!(
                    "`{given}` is no duration; write it like \"500ms\", \"90s\", \"15m\" or \"2h\""
                )
            })?;
            if range.contains(&span) {
                return Ok(span);
            }
            let (least, most) = (spoken(*range.start()), spoken(*range.end()));
            Err(format!("`{given}` is not between {least} and {most}"))
        };
        self.read(key, mistakes, read).map(|(_, value)| value)
    }

    /// A table inside it.
    pub fn section(
        &mut self,
        key: &'static str,
        mistakes: &mut Vec<Mistake>,
    ) -> Option<Section<'t>> {
        let (line, value) = self.take(key)?;
        let offset = value.span().start;
        match value.into_inner() {
            DeValue::Table(table) => {
                let mut section = Section::new(self.text, key.to_owned(), offset, table);
                section.line = line;
                Some(section)
            }
            other => {
                let kind = other.type_str();
                mistakes.push(self.wrong(line, format!("`{key}` is a {kind}; write [{key}]")));
                None
            }
        }
    }

    /// The tables of a list: `[[key]]`, as often as it stands there.
    pub fn sections(&mut self, key: &'static str, mistakes: &mut Vec<Mistake>) -> Vec<Section<'t>> {
        let Some((line, value)) = self.take(key) else {
            return Vec::new();
        };
        let hint = format!("`{key}` is a list of tables; write [[{key}]]");
        let DeValue::Array(values) = value.into_inner() else {
            mistakes.push(self.wrong(line, hint));
            return Vec::new();
        };
        let mut sections = Vec::new();
        for value in values {
            let offset = value.span().start;
            match value.into_inner() {
                DeValue::Table(table) => {
                    sections.push(Section::new(self.text, key.to_owned(), offset, table));
                }
                _ => mistakes.push(self.wrong(self.text.line(offset), hint.clone())),
            }
        }
        sections
    }

    /// What was never asked for is a mistake: a misspelt key would otherwise be silently without
    /// effect.
    pub fn finish(self, mistakes: &mut Vec<Mistake>) {
        for (key, (line, _)) in &self.values {
            let place = if self.name.is_empty() {
                String::new()
            } else {
                format!(" in `{}`", self.name)
            };
            let nearest = self.known.iter().min_by_key(|known| distance(known, key));
            let hint = match nearest.filter(|known| distance(known, key) <= 2) {
                Some(known) => format!("did you mean `{known}`?"),
                None => format!("there are {}", names(&self.known)),
            };
            mistakes.push(self.wrong(*line, format!("unknown key `{key}`{place}; {hint}")));
        }
    }
}

fn text(value: &DeValue<'_>) -> Result<String, String> {
    let kind = value.type_str();
    let text = value.as_str().map(str::to_owned);
    text.ok_or_else(|| format!("is a {kind}; write a text in quotes"))
}

fn list<T>(words: &[(&str, T)]) -> String {
    let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    names(&words)
}

fn names(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    words.join(", ")
}

/// How many letters have to be changed, added or left out.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, c) in one.chars().enumerate() {
        let mut diagonal = at;
        let mut left = at + 1;
        for (cell, o) in row.iter_mut().skip(1).zip(&other) {
            let kept = diagonal + usize::from(c != *o);
            diagonal = *cell;
            left = kept.min(*cell + 1).min(left + 1);
            *cell = left;
        }
        if let Some(first) = row.first_mut() {
            *first = at + 1;
        }
    }
    row.last().copied().unwrap_or(usize::MAX)
}

/// A duration as it is written: a whole number and `ms`, `s`, `m`, `h` or `d`.
#[must_use]
pub fn duration(text: &str) -> Option<Duration> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: u64 = digits.parse().ok()?;
    let millis = match text.get(digits.len()..)? {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => return None,
    };
    number.checked_mul(millis).map(Duration::from_millis)
}

/// A duration as it is written, in the largest unit that is exact.
#[must_use]
pub fn spoken(span: Duration) -> String {
    let millis = span.as_millis();
    let units = [
        (86_400_000, "d"),
        (3_600_000, "h"),
        (60_000, "m"),
        (1_000, "s"),
    ];
    let fit = units
        .into_iter()
        .find(|(unit, _)| millis >= *unit && millis.is_multiple_of(*unit));
    match fit {
        Some((unit, name)) => format!("{}{name}", millis / unit),
        None => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_as_they_are_read() {
        for text in ["250ms", "90s", "15m", "2h", "3d", "0ms"] {
            assert_eq!(spoken(duration(text).unwrap()), text);
        }
        for text in [
            "",
            "5",
            "m",
            "-1s",
            "1.5h",
            "5 m",
            "99999999999999999999s",
            "300000000000d",
        ] {
            assert_eq!(duration(text), None, "{text}");
        }
    }

    #[test]
    fn every_mistake_is_found_with_its_line() {
        let text = "a = 1\nb = \nc = \"x\"\n\n[d]\nlimt = 5\nsize = 500\n[[e]]\nf = true\n";
        let mut mistakes = Vec::new();
        let mut root = ConfigText::new(text).root(&mut mistakes);
        assert_eq!(root.text("a", &mut mistakes), None);
        assert_eq!(root.flag("c", &mut mistakes), None);
        let _ = root.text("b", &mut mistakes);
        let mut d = root.section("d", &mut mistakes).unwrap();
        assert_eq!(d.count("limit", 1..=9, &mut mistakes), None);
        assert_eq!(d.count("size", 1..=9, &mut mistakes), None);
        d.finish(&mut mistakes);
        let mut e = root.sections("e", &mut mistakes);
        let mut e = e.pop().unwrap();
        assert_eq!(e.line, 8);
        assert_eq!(e.required_text("name", &mut mistakes), None);
        assert_eq!(e.flag("f", &mut mistakes), Some(true));
        e.finish(&mut mistakes);
        root.finish(&mut mistakes);
        mistakes.sort();
        let lines: Vec<usize> = mistakes.iter().map(|mistake| mistake.line).collect();
        assert_eq!(lines, [1, 2, 3, 6, 7, 8], "{mistakes:#?}");
        let all: Vec<String> = mistakes.iter().map(ToString::to_string).collect();
        assert!(all[3].contains("did you mean `limit`?"), "{all:?}");
        assert!(all[4].contains("from 1 to 9"), "{all:?}");
    }
}
