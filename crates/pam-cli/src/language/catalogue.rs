//! Finding a line among messages with variable parts.

use std::collections::{BTreeSet, HashMap};

/// How deep messages are looked for in messages.
const DEPTH: u8 = 6;
/// A message that begins with a part and has less text of its own than this is what many lines
/// look like, so it counts only where nothing else is found.
const TELLING: usize = 12;
/// How often one line is looked up in whole or in part, so that none can take long.
const LOOKS: u32 = 1_000;

/// What joins messages, in every language. The first part is as long as it can be.
const JOINTS: [&str; 3] = ["; ", ": ", ", "];

/// Pairs of messages, ready to be searched.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// Those without variable parts.
    fixed: HashMap<&'static str, &'static str>,
    /// The others, those with the most text of their own first.
    variable: Vec<Entry>,
    /// How many of these are telling.
    telling: usize,
}

#[derive(Debug)]
struct Entry {
    pattern: Vec<Piece>,
    own: usize,
    translation: Vec<Piece>,
}

/// A piece of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    Text(&'static str),
    Part(&'static str),
}

/// Takes a message apart.
pub(super) fn pieces(message: &'static str) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = message;
    while let Some((text, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        pieces.push(Piece::Part(name));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// What happened, and what to do about it: `doctor` tells the two apart.
fn halves(
    message: &'static str,
    translation: &'static str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let both = message.rsplit_once("; ").zip(translation.rsplit_once("; "));
    let halves = both.map(|((what, fix), (its_what, its_fix))| [(what, its_what), (fix, its_fix)]);
    halves
        .into_iter()
        .flatten()
        .filter(|(message, translation)| {
            own_text(&pieces(message)) >= TELLING && parts(message) == parts(translation)
        })
}

/// The names of the parts of a message.
pub(super) fn parts(message: &'static str) -> BTreeSet<&'static str> {
    let parts = pieces(message).into_iter();
    let named = parts.filter_map(|piece| match piece {
        Piece::Part(name) => Some(name),
        Piece::Text(_) => None,
    });
    named.collect()
}

/// How long the text around the parts is.
fn own_text(pattern: &[Piece]) -> usize {
    let own = pattern.iter().map(|piece| match piece {
        Piece::Text(text) => text.len(),
        Piece::Part(_) => 0,
    });
    own.sum()
}

impl Catalogue {
    pub(super) fn new(lists: &[&'static [(&'static str, &'static str)]]) -> Self {
        let mut fixed = HashMap::new();
        let mut variable = Vec::new();
        let whole = lists.iter().copied().flatten().copied();
        let halves = whole
            .clone()
            .flat_map(|(message, translation)| halves(message, translation));
        for (message, translation) in whole.chain(halves) {
            let pattern = pieces(message);
            if let [Piece::Text(_)] = pattern[..] {
                // A whole message comes first, and is what it is.
                fixed.entry(message).or_insert(translation);
                continue;
            }
            variable.push(Entry {
                own: own_text(&pattern),
                translation: pieces(translation),
                pattern,
            });
        }
        let telling = |entry: &Entry| {
            entry.own >= TELLING || matches!(entry.pattern.first(), Some(Piece::Text(_)))
        };
        variable.sort_by_key(|entry| std::cmp::Reverse((telling(entry), entry.own)));
        let telling = variable.partition_point(telling);
        Self {
            fixed,
            variable,
            telling,
        }
    }

    /// The line in the other language; nothing when neither it nor a part of it is known.
    pub(super) fn translate(&self, line: &str) -> Option<String> {
        self.deeper(line, DEPTH, &mut LOOKS.clone())
    }

    fn deeper(&self, line: &str, depth: u8, looks: &mut u32) -> Option<String> {
        *looks = looks.checked_sub(1)?;
        if line.is_empty() || depth == 0 {
            return None;
        }
        if let Some(translation) = self.fixed.get(line) {
            return Some((*translation).to_owned());
        }
        let (telling, weak) = self.variable.split_at(self.telling);
        self.filled(telling, line, depth, looks)
            .or_else(|| self.joined(line, depth, looks))
            .or_else(|| self.filled(weak, line, depth, looks))
    }

    /// One of these messages, with what stands in it.
    fn filled(&self, among: &[Entry], line: &str, depth: u8, looks: &mut u32) -> Option<String> {
        let found = |entry: &Entry| Some((taken(&entry.pattern, line)?, entry.translation.clone()));
        let (parts, translation) = among.iter().find_map(found)?;
        let mut text = String::new();
        for piece in translation {
            match piece {
                Piece::Text(own) => text.push_str(own),
                Piece::Part(name) => {
                    let part = parts.iter().find(|(known, _)| *known == name);
                    let part = part.map_or("", |(_, part)| part);
                    match self.deeper(part, depth - 1, looks) {
                        Some(translated) => text.push_str(&translated),
                        None => text.push_str(part),
                    }
                }
            }
        }
        Some(text)
    }

    /// Messages one after the other, or one with a remark in brackets behind it.
    fn joined(&self, line: &str, depth: u8, looks: &mut u32) -> Option<String> {
        let mut both = |first: &str, joint: &str, second: &str, end: &str| {
            let one = self.deeper(first, depth - 1, looks);
            let two = self.deeper(second, depth - 1, looks);
            (one.is_some() || two.is_some()).then(|| {
                let one = one.as_deref().unwrap_or(first);
                let two = two.as_deref().unwrap_or(second);
                format!("{one}{joint}{two}{end}")
            })
        };
        if let Some((first, second)) = line.strip_suffix(')').and_then(|l| l.rsplit_once(" ("))
            && let Some(text) = both(first, " (", second, ")")
        {
            return Some(text);
        }
        JOINTS.into_iter().find_map(|joint| {
            let (first, second) = line.split_once(joint)?;
            both(first, joint, second, "")
        })
    }
}

/// What stands in the variable parts when the line is this message.
fn taken<'l>(pattern: &[Piece], line: &'l str) -> Option<Vec<(&'static str, &'l str)>> {
    let mut parts = Vec::new();
    let mut rest = line;
    let mut open = None;
    for (index, piece) in pattern.iter().enumerate() {
        match (*piece, open) {
            (Piece::Part(name), _) => open = Some(name),
            (Piece::Text(text), None) => rest = rest.strip_prefix(text)?,
            (Piece::Text(text), Some(name)) => {
                // The last text ends the line; any other is found as early as it can be.
                let at = if index + 1 == pattern.len() {
                    rest.strip_suffix(text)?.len()
                } else {
                    rest.find(text)?
                };
                parts.push((name, rest.get(..at)?));
                rest = rest.get(at + text.len()..)?;
                open = None;
            }
        }
    }
    if let Some(name) = open {
        parts.push((name, rest));
        rest = "";
    }
    rest.is_empty().then_some(parts)
}
