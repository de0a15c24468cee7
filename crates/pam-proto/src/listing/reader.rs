//! Reading a record where it lies, by what the record before it looked like.
//!
//! An appliance writes all its records alike: the same keys in the same order, with the same bytes
//! between one value and the next. Those bytes are remembered, so that in the next record a key is
//! one comparison and only the values are searched for their ends. Whatever is not as expected is
//! read by the whole grammar, and remembered instead.

use std::ops::ControlFlow;

use super::grammar::{Damage, Event, Grammar};
use super::record::{Column, Fields, Kind, ListKey};
use super::scan::{self, StringEnd};

/// Members beyond these are read by the whole grammar.
const STEPS_MAX: usize = 64;

/// How the reading of a record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// It ends before this place.
    Whole { end: usize },
    /// The bytes end before the record does.
    Cut,
    /// It is no record but an envelope, whose list begins at this place.
    Envelope { list: usize, key: ListKey },
}

/// Reads records, one after the other.
#[derive(Debug, Default)]
pub(super) struct Reader {
    /// What stood before each value of the last record.
    steps: Vec<Step>,
    /// Where the fields of the last record lie.
    pub(super) fields: Fields,
}

/// The bytes from one value's end to the beginning of the next.
#[derive(Debug, Clone, Copy)]
struct Step {
    /// The first sixteen bytes and the next, and which of their bits count.
    text: [u128; 2],
    mask: [u128; 2],
    length: usize,
    column: Option<Column>,
}

impl Fields {
    /// Takes note of the value at a place; gives its end, or nothing when the bytes end first.
    #[inline(always)]
    fn read(
        &mut self,
        bytes: &[u8],
        value: usize,
        column: Option<Column>,
        depth: u32,
    ) -> Result<Option<usize>, (Damage, usize)> {
        let kind = match bytes.get(value) {
            Some(b'"') => {
                return match scan::string_end(bytes, value + 1) {
                    StringEnd::Found { at: quote, escaped } => {
                        let kind = if escaped { Kind::Escaped } else { Kind::Plain };
                        self.set(column, value + 1, quote, kind);
                        Ok(Some(quote + 1))
                    }
                    StringEnd::Cut => Ok(None),
                    StringEnd::Broken { at } => Err((Damage::Syntax, at)),
                };
            }
            Some(b'n') => Kind::Null,
            Some(b't') => Kind::True,
            Some(b'f') => Kind::False,
            Some(b'[') => Kind::Array,
            Some(b'{') => Kind::Object,
            Some(_) => Kind::Number,
            None => return Ok(None),
        };
        let end = end_of(bytes, value, depth + 1)?;
        if let Some(end) = end {
            self.set(column, value, end, kind);
        }
        Ok(end)
    }
}

impl Reader {
    /// Reads the object that the bytes begin with, inside so many containers.
    pub(super) fn read(&mut self, bytes: &[u8], depth: u32) -> Result<Reading, (Damage, usize)> {
        self.fields.clear();
        let mut at = 0;
        let mut members = 0;
        loop {
            for step in self.steps.get(members..).unwrap_or_default() {
                let Some(value) = step.value_at(bytes, at) else {
                    break;
                };
                let Some(end) = self.fields.read(bytes, value, step.column, depth)? else {
                    return Ok(Reading::Cut);
                };
                at = end;
                members += 1;
            }
            let is_behind_last = members > 0 && members >= self.steps.len();
            if is_behind_last && bytes.get(at) == Some(&b'}') {
                self.fields.any = true;
                return Ok(Reading::Whole { end: at + 1 });
            }
            match self.read_unlike(bytes, at, members, depth)? {
                ControlFlow::Continue(end) => at = end,
                ControlFlow::Break(reading) => return Ok(reading),
            }
            members += 1;
        }
    }

    /// Reads a member that is not as in the record before, and remembers it; gives its end.
    #[inline(never)]
    fn read_unlike(
        &mut self,
        bytes: &[u8],
        at: usize,
        members: usize,
        depth: u32,
    ) -> Result<ControlFlow<Reading, usize>, (Damage, usize)> {
        let (value, column) = match member(bytes, at, members == 0, depth)? {
            Member::Is { value, column } => (value, column),
            Member::None { end } => {
                self.steps.truncate(members);
                self.fields.any = members > 0;
                return Ok(ControlFlow::Break(Reading::Whole { end }));
            }
            Member::List { list, key } => {
                return Ok(ControlFlow::Break(Reading::Envelope { list, key }));
            }
            Member::Cut => return Ok(ControlFlow::Break(Reading::Cut)),
        };
        let between = bytes.get(at..value).unwrap_or_default();
        self.learn(members, Step::new(between, column));
        let end = self.fields.read(bytes, value, column, depth)?;
        Ok(end.map_or(ControlFlow::Break(Reading::Cut), ControlFlow::Continue))
    }

    fn learn(&mut self, member: usize, step: Step) {
        match self.steps.get_mut(member) {
            Some(known) => *known = step,
            None if member < STEPS_MAX => self.steps.push(step),
            None => {}
        }
    }
}

/// What comes after a value of an object, or after its brace.
enum Member {
    Is {
        value: usize,
        column: Option<Column>,
    },
    List {
        list: usize,
        key: ListKey,
    },
    None {
        end: usize,
    },
    Cut,
}

/// Reads on to the next value by the whole grammar.
fn member(bytes: &[u8], from: usize, first: bool, depth: u32) -> Result<Member, (Damage, usize)> {
    let inside = depth + 1;
    let mut grammar = if first {
        Grammar::value_at(depth)
    } else {
        Grammar::after_member(inside)
    };
    let mut at = from;
    let mut key_at = at;
    let (mut column, mut list) = (None, None);
    loop {
        let event = grammar.advance(bytes, &mut at, inside);
        match event.map_err(|damage| (damage, at))? {
            Event::Key => key_at = at,
            Event::KeyEnd => {
                let raw = bytes.get(key_at..at - 1).unwrap_or_default();
                column = Column::of(raw);
                list = ListKey::of(raw);
            }
            Event::Value => {
                return Ok(match list {
                    Some(key) => Member::List { list: at, key },
                    None => Member::Is { value: at, column },
                });
            }
            Event::Close => return Ok(Member::None { end: at }),
            Event::More | Event::End => return Ok(Member::Cut),
        }
    }
}

/// The end of a value that is no string; nothing when the bytes end first.
fn end_of(bytes: &[u8], value: usize, depth: u32) -> Result<Option<usize>, (Damage, usize)> {
    if bytes.get(value..value + 4) == Some(b"null") {
        return Ok(Some(value + 4));
    }
    let mut at = value;
    match Grammar::value_at(depth).advance(bytes, &mut at, depth) {
        Ok(Event::End) => Ok(Some(at)),
        Ok(_) => Ok(None),
        Err(damage) => Err((damage, at)),
    }
}

impl Step {
    /// What stood between two values; too much to be remembered never stands anywhere.
    fn new(between: &[u8], column: Option<Column>) -> Self {
        let mut text = [0; 32];
        let mut mask = [0; 32];
        match text.get_mut(..between.len()) {
            Some(text) => text.copy_from_slice(between),
            None => text.fill(0xFF),
        }
        for mask in mask.iter_mut().take(between.len()) {
            *mask = 0xFF;
        }
        Self {
            text: words(&text),
            mask: words(&mask),
            length: between.len(),
            column,
        }
    }

    /// Where the value behind it begins, if it stands here.
    #[inline]
    fn value_at(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let [first, second] = words(bytes.get(at..)?.first_chunk()?);
        let stands = (first ^ self.text[0]) & self.mask[0] == 0
            && (self.length <= 16 || (second ^ self.text[1]) & self.mask[1] == 0);
        let value = at + self.length;
        // White space that is new belongs before the value, too.
        (stands && *bytes.get(value)? > b' ').then_some(value)
    }
}

fn words(bytes: &[u8; 32]) -> [u128; 2] {
    let (first, second) = bytes.split_at(16);
    let word = |half: &[u8]| {
        half.first_chunk()
            .map_or(0, |half| u128::from_le_bytes(*half))
    };
    [word(first), word(second)]
}
