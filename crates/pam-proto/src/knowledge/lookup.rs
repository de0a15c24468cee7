//! Finding what is known by what a person has in front of them.

use super::pattern::{leading_number, likeness, matches, normal};
use super::{Entry, entries};

/// How alike a text must be to be suggested, of 100.
const ALIKE: usize = 55;
/// How many entries are suggested at most.
const SUGGESTIONS: usize = 5;

/// What was found.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Lookup {
    /// The entries, the best first; several when the same words or number mean different things in
    /// different parts of the API. Empty when nothing is alike.
    pub entries: Vec<&'static Entry>,
    /// Whether they are what was asked for, and not suggestions.
    pub exact: bool,
}

/// Finds entries by a number (`1039`), a whole message with or without its number, part of one, or
/// something like one.
#[must_use]
pub fn lookup(query: &str) -> Lookup {
    let Ok(number) = query.trim().parse::<i64>() else {
        return lookup_text(query);
    };
    let mut found: Vec<_> = lookup_code(number).collect();
    if let Ok(status) = u16::try_from(number) {
        found.extend(lookup_status(status));
    }
    Lookup {
        exact: !found.is_empty(),
        entries: found,
    }
}

/// The entries whose `exception.code` or `error_code` is this number.
pub fn lookup_code(code: i64) -> impl Iterator<Item = &'static Entry> {
    entries().filter(move |entry| entry.code.is_some_and(|known| known.number() == code))
}

/// The entries without a number of their own that come with this HTTP status.
pub fn lookup_status(status: u16) -> impl Iterator<Item = &'static Entry> {
    entries().filter(move |entry| entry.code.is_none() && entry.http_status == Some(status))
}

/// Finds entries by a message. Case, a leading number, quotation marks and a trailing stop don't
/// matter; when no documented message is the text, those that contain it, that it contains or that
/// are like it are suggested.
///
/// ```
/// let found = pam_proto::knowledge::lookup_text("INVALID SIGNATURE.");
/// assert!(found.exact);
/// let found = pam_proto::knowledge::lookup_text("Invalid signatre");
/// assert!(!found.exact);
/// assert_eq!(found.entries[0].to_string(), "Invalid signature");
/// ```
#[must_use]
pub fn lookup_text(text: &str) -> Lookup {
    let wanted = normal(text);
    let number = leading_number(text);
    let mut exact: Vec<_> = entries()
        .filter(|entry| any_message(entry, |message| matches(message, &wanted)))
        .collect();
    let numbered = |entry: &&Entry| entry.code.map(|code| Some(code.number()) == number);
    if number.is_some() && exact.iter().any(|entry| numbered(entry) == Some(true)) {
        exact.retain(|entry| numbered(entry) != Some(false));
    }
    if !exact.is_empty() {
        return Lookup {
            entries: exact,
            exact: true,
        };
    }
    let mut alike: Vec<_> = entries()
        .filter_map(|entry| {
            let score = entry
                .messages
                .iter()
                .map(|m| score(&normal(m), &wanted))
                .max()?;
            (score >= ALIKE).then_some((score, entry))
        })
        .collect();
    alike.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    let mut entries: Vec<_> = alike.into_iter().map(|(_, entry)| entry).collect();
    entries.extend(number.into_iter().flat_map(lookup_code));
    entries.truncate(SUGGESTIONS);
    Lookup {
        entries,
        exact: false,
    }
}

fn any_message(entry: &Entry, test: impl Fn(&str) -> bool) -> bool {
    entry.messages.iter().any(|message| test(&normal(message)))
}

/// How well a text that is not the message itself points to it.
fn score(message: &str, wanted: &str) -> usize {
    let core = message.trim_matches('*');
    let contained = |whole: &str, part: &str| part.chars().count() >= 4 && whole.contains(part);
    if contained(wanted, core) {
        return 100 + core.len();
    }
    if contained(core, wanted) {
        return 100;
    }
    likeness(core, wanted)
}
