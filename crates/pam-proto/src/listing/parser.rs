//! The parser: which container the next byte is in, what is kept, and what is handed out.

use std::ops::ControlFlow;

use http::Response;
use http::response::Parts;

use super::filter::Filter;
use super::grammar::{DEPTH_MAX, Damage, Event, Grammar};
use super::reader::{Reader, Reading};
use super::record::{ListKey, SessionRecord, Shape};
use super::unusable::{Unusable, Why};
use crate::envelope::Envelope;
use crate::error::{Fault, ReplyError};
use crate::knowledge::Module;
use crate::session::Session;
use crate::tolerance::{Notes, Tolerance};

/// The most bytes that one record may have, and the most that may stand beside the list: 1 MiB.
pub const RECORD_MAX: usize = 1 << 20;

/// How many bytes more a record that was cut mostly needs at most.
const MOSTLY: usize = 1 << 10;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// What a listing amounted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListingEnd {
    /// How many records were read, wanted or not.
    pub records: u64,
    /// How many were wanted and handed out.
    pub wanted: u64,
    /// Whether the answer was read to its end. Otherwise the receiver of the sessions stopped it,
    /// and it is not known whether the answer would have been a success.
    pub complete: bool,
    /// What was forgiven outside the records.
    pub notes: Notes,
}

/// Parses the answer to [`ListSessions`](crate::ListSessions) while it arrives.
///
/// See the [module](super) for an example, and for what is tolerated.
#[derive(Debug)]
pub struct ListingParser {
    filter: Filter,
    head: Parts,
    mode: Mode,
    grammar: Grammar,
    /// The containers around the next byte that matter, the outermost first. Below the last one
    /// may be others that don't.
    places: Vec<Place>,
    /// The key whose value is next, when a list is expected there.
    list_key: Option<ListKey>,
    /// The key's text, from chunks before this one.
    key: Vec<u8>,
    key_from: Option<usize>,
    /// From where on the chunk's bytes are to be kept: in `beside`, or in `carry` when the last
    /// place is a record.
    keep_from: Option<usize>,
    /// The answer without its records.
    beside: Vec<u8>,
    /// A record that a chunk's end has cut.
    carry: Vec<u8>,
    /// Whether `carry` holds the beginning of a record that was not walked yet.
    cut: bool,
    reader: Reader,
    /// How many bytes came before this chunk.
    offset: usize,
    has_list: bool,
    /// Whether the list is a bare record.
    is_record: bool,
    records: u64,
    wanted: u64,
    unusable: Option<Unusable>,
    failure: Option<ReplyError>,
    stopped: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Nothing but white space has come.
    Before,
    Object,
    /// It can't be a listing; kept for [`Envelope`] to say what it is.
    Foreign,
}

#[derive(Debug, Clone, Copy)]
enum Place {
    /// The whole answer.
    Answer(List),
    /// An envelope nested in a list.
    Envelope(List),
    /// A list, or a list in a list.
    Array,
    /// A record that a chunk's end has cut.
    Record,
    /// A record that is too large to keep.
    TooLarge,
}

/// Which list an envelope has had.
#[derive(Debug, Clone, Copy, Default)]
struct List {
    key: Option<ListKey>,
    /// How many records had been read when it began.
    before: u64,
}

/// Where a record lies.
enum Lying {
    InChunk { from: usize, end: usize },
    InCarry,
}

enum Stop {
    Damage(Damage, usize),
    TwoLists,
    TooMuchBeside,
    NoListing,
}

impl ListingParser {
    /// A parser of the answer that has this head and whose body will be fed.
    #[must_use]
    pub fn new(filter: Filter, head: Parts) -> Self {
        let mode = if head.status.is_success() {
            Mode::Before
        } else {
            Mode::Foreign
        };
        Self {
            filter,
            head,
            mode,
            grammar: Grammar::in_object(),
            places: vec![Place::Answer(List::default())],
            list_key: None,
            key: Vec::new(),
            key_from: None,
            keep_from: None,
            beside: Vec::new(),
            carry: Vec::new(),
            cut: false,
            reader: Reader::default(),
            offset: 0,
            has_list: false,
            is_record: false,
            records: 0,
            wanted: 0,
            unusable: None,
            failure: None,
            stopped: false,
        }
    }

    /// Takes the next bytes of the body, however many, and hands out the sessions that are
    /// complete and wanted.
    ///
    /// A session is handed out before it is known whether the whole answer is a success: an
    /// appliance can add `"error": true` or an exception behind a list (A2A API specification,
    /// "Error flag is not trustworthy"). Whoever acts on sessions waits for
    /// [`finish`](Self::finish).
    ///
    /// When `on_session` breaks, the rest is not read: this and every later call give `Break`.
    ///
    /// # Errors
    /// [`ReplyError`] as soon as the answer can't be a listing any more. Later calls, and
    /// `finish`, give the same.
    pub fn feed(
        &mut self,
        chunk: &[u8],
        mut on_session: impl FnMut(SessionRecord<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, ReplyError> {
        if let Some(failure) = &self.failure {
            return Err(failure.clone());
        }
        if self.stopped {
            return Ok(ControlFlow::Break(()));
        }
        self.key_from = self.key_from.map(|_| 0);
        self.keep_from = self.keep_from.map(|_| 0);
        let mut at = 0;
        loop {
            let bytes = match self.next_record(chunk, &mut at) {
                Ok(None) => break,
                Ok(Some(Lying::InChunk { from, end })) => chunk.get(from..end),
                Ok(Some(Lying::InCarry)) => Some(self.carry.as_slice()),
                Err(stop) => {
                    let failure = self.fail(&stop, chunk);
                    self.failure = Some(failure.clone());
                    return Err(failure);
                }
            };
            let record = bytes.and_then(|bytes| SessionRecord::new(bytes, &self.reader.fields));
            let wanted = record.filter(|record| self.filter.matches_record(record));
            if let Some(record) = wanted {
                self.wanted += 1;
                if on_session(record).is_break() {
                    self.stopped = true;
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        self.offset += chunk.len();
        Ok(ControlFlow::Continue(()))
    }

    /// How many records were read so far, wanted or not.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Concludes, after the last byte: whether the answer was whole, a success, and a listing.
    ///
    /// # Errors
    /// [`ReplyError`] when it was not: what [`feed`](Self::feed) failed with; that the body was
    /// cut off, and after how many sessions; the appliance's refusal; that there was no list; that
    /// records had to be left out.
    pub fn finish(self) -> Result<ListingEnd, ReplyError> {
        self.finish_noting(&mut Notes::default())
    }

    /// Like [`finish`](Self::finish), and notes what was forgiven outside the records, in an error
    /// too.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    pub fn finish_noting(self, notes: &mut Notes) -> Result<ListingEnd, ReplyError> {
        if let Some(failure) = self.failure {
            return Err(failure);
        }
        let mut own = Notes::default();
        if !self.stopped {
            let ended = self.mode == Mode::Object && self.grammar.is_complete();
            if self.has_list && !ended {
                return Err(self.malformed(format!(
                    "the session list is cut off after {} sessions; ask for it again",
                    self.records
                )));
            }
            let concluded = self.conclude(&mut own);
            notes.extend(&own);
            concluded.map_err(|error| error.in_module(Module::Sessions))?;
        }
        Ok(ListingEnd {
            records: self.records,
            wanted: self.wanted,
            complete: !self.stopped,
            notes: own,
        })
    }

    /// The conclusion from all but the records, which every record but the unusable ones was
    /// taken from.
    fn conclude(&self, notes: &mut Notes) -> Result<(), ReplyError> {
        let response = Response::from_parts(self.head.clone(), self.beside.clone());
        let envelope = Envelope::success_noting(&response, notes)?;
        let beside = envelope.records(&["remote_sessions", "remote_session"], notes)?;
        if let Some(record) = beside.first() {
            // A session among them was handed to nobody, so the answer can't count as read.
            let what = match Session::from_value_noting(record, notes) {
                Ok(_) => "the answer holds sessions outside its session list".to_owned(),
                Err(missing) => missing.to_string(),
            };
            return Err(envelope.malformed(what));
        }
        if self.is_record {
            notes.note(Tolerance::RecordForList);
        }
        match self.unusable {
            Some(unusable) => Err(envelope.malformed(unusable.to_string())),
            None => Ok(()),
        }
    }

    /// The next record that can be used, when the bytes from `at` on complete one.
    fn next_record(&mut self, chunk: &[u8], at: &mut usize) -> Result<Option<Lying>, Stop> {
        if self.mode == Mode::Before {
            self.begin(chunk, at)?;
        }
        if self.mode == Mode::Foreign {
            let rest = chunk.get(*at..).unwrap_or_default();
            *at = chunk.len();
            self.beside.extend_from_slice(rest);
            self.check_beside(Stop::NoListing)?;
            return Ok(None);
        }
        if self.cut {
            self.cut = false;
            if let Some(lying) = self.complete(chunk, at)? {
                return Ok(Some(lying));
            }
        }
        self.walk(chunk, at)
    }

    /// Goes on with the record whose beginning a chunk's end has cut off.
    fn complete(&mut self, chunk: &[u8], at: &mut usize) -> Result<Option<Lying>, Stop> {
        let mut record = std::mem::take(&mut self.carry);
        let known = record.len();
        let rest = chunk.get(*at..).unwrap_or_default();
        let room = RECORD_MAX - known.min(RECORD_MAX);
        record.extend_from_slice(rest.get(..room.min(MOSTLY)).unwrap_or(rest));
        let depth = self.places.len() as u32;
        if let Ok(Reading::Whole { end }) = self.reader.read(&record, depth) {
            record.truncate(end);
            *at += end - known;
            self.grammar.value_was_read();
            let lying = self.object(&record)?.then_some(Lying::InCarry);
            self.carry = record;
            self.back(*at);
            return Ok(lying);
        }
        // It is not read from its beginning again, however many chunks it takes.
        record.truncate(known);
        self.enter_record(0);
        self.walk(&record, &mut 0)?;
        self.key_from = self.key_from.map(|_| 0);
        self.keep_from = self.keep_from.map(|_| 0);
        Ok(None)
    }

    /// Looks for the brace, behind nothing but a byte order mark and white space.
    fn begin(&mut self, chunk: &[u8], at: &mut usize) -> Result<(), Stop> {
        while let Some(&byte) = chunk.get(*at) {
            *at += 1;
            if byte.is_ascii_whitespace() {
                self.beside.push(byte);
                self.check_beside(Stop::NoListing)?;
                continue;
            }
            let before = self.beside.strip_prefix(BYTE_ORDER_MARK);
            let is_blank = before.unwrap_or(&self.beside).trim_ascii().is_empty();
            self.beside.push(byte);
            if BYTE_ORDER_MARK.starts_with(&self.beside) {
                continue;
            }
            match byte {
                b'{' if is_blank => self.mode = Mode::Object,
                // The outer brace is missing (A2A API specification, "Variants that occur",
                // E-open).
                b'"' if is_blank => {
                    self.mode = Mode::Object;
                    self.beside.pop();
                    *at -= 1;
                }
                _ => self.mode = Mode::Foreign,
            }
            self.keep_from = Some(*at);
            break;
        }
        Ok(())
    }

    fn walk(&mut self, bytes: &[u8], at: &mut usize) -> Result<Option<Lying>, Stop> {
        loop {
            let depth = self.places.len() as u32;
            // The next record of a list, which is mostly what comes.
            if let Some(Place::Array) = self.places.last()
                && self.grammar.next_object(bytes, at, depth)
            {
                if let Some(lying) = self.record(bytes, at)? {
                    return Ok(Some(lying));
                }
                continue;
            }
            let event = self.grammar.advance(bytes, at, depth);
            match event.map_err(|damage| Stop::Damage(damage, *at))? {
                Event::More => {
                    self.keep_until(bytes, bytes.len())?;
                    if let Some(from) = self.key_from {
                        self.extend_key(bytes.get(from..).unwrap_or_default());
                    }
                    return Ok(None);
                }
                Event::Key => {
                    self.key.clear();
                    self.key_from = Some(*at);
                }
                Event::KeyEnd => self.key_ended(bytes, *at)?,
                Event::Value => {
                    if let Some(lying) = self.value(bytes, at)? {
                        return Ok(Some(lying));
                    }
                }
                Event::End => match self.places.last() {
                    Some(Place::Array) => {
                        self.keep_until(bytes, *at)?;
                        self.keep_from = None;
                    }
                    _ => self.back(*at),
                },
                Event::Close => {
                    if let Some(lying) = self.close(bytes, *at)? {
                        return Ok(Some(lying));
                    }
                }
            }
        }
    }

    /// The last place has ended before `at`.
    fn close(&mut self, bytes: &[u8], at: usize) -> Result<Option<Lying>, Stop> {
        self.keep_until(bytes, at)?;
        self.keep_from = None;
        let mut lying = None;
        match self.places.pop() {
            Some(Place::Array) => self.beside.push(b']'),
            Some(Place::Record) => {
                let depth = self.places.len() as u32;
                let carry = std::mem::take(&mut self.carry);
                let reading = self.reader.read(&carry, depth);
                debug_assert_eq!(reading, Ok(Reading::Whole { end: carry.len() }));
                lying = self.object(&carry)?.then_some(Lying::InCarry);
                self.carry = carry;
            }
            Some(Place::TooLarge) => {
                if !matches!(self.places.last(), Some(Place::Array)) {
                    self.beside.extend_from_slice(b"[]");
                }
                self.leave_out(Why::TooLarge);
            }
            // What follows the end is none of a listing's; kept to be shown to `conclude`.
            Some(Place::Answer(_)) => self.keep_from = Some(at),
            _ => {}
        }
        self.back(at);
        Ok(lying)
    }

    fn key_ended(&mut self, bytes: &[u8], at: usize) -> Result<(), Stop> {
        let from = self.key_from.take().unwrap_or(at);
        let here = bytes.get(from..at - 1).unwrap_or_default();
        self.list_key = if self.key.is_empty() {
            ListKey::of(here)
        } else {
            self.extend_key(here);
            ListKey::of(&self.key)
        };
        if self.list_key.is_none() {
            return Ok(());
        }
        match self.places.last() {
            Some(Place::Record) => {
                self.places.pop();
                self.comma();
                self.beside.append(&mut self.carry);
                self.places.push(Place::Envelope(List::default()));
                self.check_beside(Stop::TooMuchBeside)
            }
            Some(Place::TooLarge) => Err(Stop::TooMuchBeside),
            _ => Ok(()),
        }
    }

    /// Collects a key that a chunk's end has cut, up to a length that no key of a list can have.
    fn extend_key(&mut self, more: &[u8]) {
        const LONGEST: usize = "remote_sessions".len() * "\\u0000".len() + 1;
        let room = LONGEST - self.key.len().min(LONGEST);
        self.key.extend_from_slice(more.get(..room).unwrap_or(more));
    }

    /// A value begins at `at`: an element of a list, or a member of an envelope.
    fn value(&mut self, bytes: &[u8], at: &mut usize) -> Result<Option<Lying>, Stop> {
        let records = self.records;
        let byte = bytes.get(*at).copied().unwrap_or_default();
        let is_container = matches!(byte, b'[' | b'{');
        match (self.places.last_mut(), self.list_key.take()) {
            (Some(Place::Array), _) if is_container => {}
            // No record, which `conclude` will find.
            (Some(Place::Array), _) => {
                self.comma();
                self.keep_from = Some(*at);
                return Ok(None);
            }
            (Some(Place::Answer(list) | Place::Envelope(list)), Some(key)) if is_container => {
                let counts = list.begin(key, records)?;
                self.has_list = true;
                self.keep_until(bytes, *at)?;
                self.keep_from = None;
                if !counts {
                    self.beside.extend_from_slice(b"[]");
                    return Ok(None);
                }
            }
            // Kept or skipped with what stands around it.
            _ => return Ok(None),
        }
        if byte == b'{' {
            return self.record(bytes, at);
        }
        self.comma();
        self.beside.push(b'[');
        self.places.push(Place::Array);
        Ok(None)
    }

    /// An object begins at `at` where a record may be.
    fn record(&mut self, bytes: &[u8], at: &mut usize) -> Result<Option<Lying>, Stop> {
        let from = *at;
        let rest = bytes.get(from..).unwrap_or_default();
        let within = rest.get(..RECORD_MAX).unwrap_or(rest);
        let depth = self.places.len() as u32;
        let reading = self.reader.read(within, depth);
        match reading.map_err(|(damage, at)| Stop::Damage(damage, from + at))? {
            Reading::Whole { end } => {
                let object = rest.get(..end).unwrap_or_default();
                let end = from + end;
                *at = end;
                self.grammar.value_was_read();
                let lying = self.object(object)?.then_some(Lying::InChunk { from, end });
                self.back(end);
                Ok(lying)
            }
            Reading::Envelope { list, key } => {
                *at = from + list;
                self.comma();
                self.places.push(Place::Envelope(List::default()));
                self.keep_from = Some(from);
                self.list_key = Some(key);
                let entered = self.grammar.enter_object_at_value();
                entered.map_err(|damage| Stop::Damage(damage, from))?;
                Ok(None)
            }
            Reading::Cut if within.len() < rest.len() => {
                self.enter_record(from);
                Ok(None)
            }
            Reading::Cut => {
                self.carry.clear();
                self.carry.extend_from_slice(rest);
                self.cut = true;
                *at = bytes.len();
                Ok(None)
            }
        }
    }

    /// An object in a list was read: whether it is a record that can be handed out.
    fn object(&mut self, object: &[u8]) -> Result<bool, Stop> {
        let in_array = matches!(self.places.last(), Some(Place::Array));
        match self.reader.fields.shape() {
            Shape::Envelope => {
                self.comma();
                self.beside.extend_from_slice(object);
                self.check_beside(Stop::TooMuchBeside)?;
                return Ok(false);
            }
            Shape::Empty => {
                if !in_array {
                    self.beside.extend_from_slice(b"{}");
                }
                return Ok(false);
            }
            Shape::Record => {}
        }
        if !in_array {
            self.beside.extend_from_slice(b"[]");
            self.is_record |= self.places.len() == 1;
        }
        let required = self.reader.fields.require(object);
        match required {
            Ok(()) => self.records += 1,
            Err(missing) => self.leave_out(Why::Missing(missing)),
        }
        Ok(required.is_ok())
    }

    /// Goes on inside the record whose brace is at `from`, to the end that is not there yet.
    fn enter_record(&mut self, from: usize) {
        self.carry.clear();
        self.places.push(Place::Record);
        self.keep_from = Some(from);
    }

    fn leave_out(&mut self, why: Why) {
        self.records += 1;
        let unusable = self.unusable.get_or_insert(Unusable {
            count: 0,
            first: self.records,
            why,
        });
        unusable.count += 1;
    }

    /// What an element is kept behind in a list that is not empty.
    fn comma(&mut self) {
        let in_array = matches!(self.places.last(), Some(Place::Array));
        if in_array && self.beside.last() != Some(&b'[') {
            self.beside.push(b',');
        }
    }

    /// A member's value has ended; the rest of an envelope is kept.
    fn back(&mut self, at: usize) {
        if let (None, Some(Place::Answer(_) | Place::Envelope(_))) =
            (self.keep_from, self.places.last())
        {
            self.keep_from = Some(at);
        }
    }

    /// Keeps what was read since `keep_from`, if anything is to be kept.
    fn keep_until(&mut self, bytes: &[u8], end: usize) -> Result<(), Stop> {
        let Some(from) = self.keep_from.replace(end) else {
            self.keep_from = None;
            return Ok(());
        };
        let more = bytes.get(from..end).unwrap_or_default();
        if let Some(place @ Place::Record) = self.places.last_mut() {
            if self.carry.len() + more.len() > RECORD_MAX {
                *place = Place::TooLarge;
                self.carry = Vec::new();
                self.keep_from = None;
            } else {
                self.carry.extend_from_slice(more);
            }
            return Ok(());
        }
        self.beside.extend_from_slice(more);
        self.check_beside(Stop::TooMuchBeside)
    }

    fn check_beside(&self, stop: Stop) -> Result<(), Stop> {
        if self.beside.len() > RECORD_MAX {
            return Err(stop);
        }
        Ok(())
    }

    fn malformed(&self, message: String) -> ReplyError {
        Envelope::of_head(&self.head)
            .malformed(message)
            .in_module(Module::Sessions)
    }

    fn fail(&mut self, stop: &Stop, chunk: &[u8]) -> ReplyError {
        let records = self.records;
        if let (Stop::Damage(_, at), Some(from), false) = (stop, self.keep_from, self.has_list) {
            let damaged = chunk.get(from..=*at).unwrap_or_default();
            self.beside.extend_from_slice(damaged);
        }
        let too_large = matches!(stop, Stop::TooMuchBeside | Stop::NoListing);
        if !self.has_list
            && let Err(refusal) = self.conclude(&mut Notes::default())
            // Of one that is too large only a part was read, so it can't be called cut off.
            && !(too_large && refusal.fault == Fault::Malformed)
        {
            return refusal.in_module(Module::Sessions);
        }
        self.malformed(match stop {
            Stop::Damage(damage, at) => {
                let byte = self.offset + at + 1;
                let what = match damage {
                    Damage::Syntax => "is damaged JSON".to_owned(),
                    Damage::TooDeep => format!("nests more than {DEPTH_MAX} levels"),
                    Damage::Trailing => "is followed by something else".to_owned(),
                };
                format!("the session list {what} at byte {byte}, after {records} sessions")
            }
            Stop::TwoLists => format!(
                "the answer has a second session list, after {records} sessions of the first"
            ),
            Stop::TooMuchBeside | Stop::NoListing => {
                format!("the answer holds more than {RECORD_MAX} bytes that are no session list")
            }
        })
    }
}

impl List {
    /// A list begins. `remote_sessions` counts before `remote_session`, and of one key twice the
    /// last counts, as long as no record of the other was handed out.
    fn begin(&mut self, key: ListKey, records: u64) -> Result<bool, Stop> {
        match self.key {
            Some(ListKey::Plural) if key == ListKey::Singular => return Ok(false),
            Some(_) if records > self.before => return Err(Stop::TwoLists),
            _ => {}
        }
        self.key = Some(key);
        self.before = records;
        Ok(true)
    }
}
