//! One session of the list, read where it lies.

use std::borrow::Cow;
use std::ops::Range;

use super::predicate::{Field, Row};
use super::text::{RawText, unescaped};
use crate::error::MissingField;
use crate::identity::{InvalidSessionId, SessionId, SessionNumber};
use crate::session::{Session, is_end, yes_or_no};
use crate::tolerance::{Notes, Tolerance};

/// The keys of a session object (A2A API specification, "List all"), in both spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Column {
    Id,
    SessionId,
    User,
    OriginIp,
    Credential,
    Credencial,
    Device,
    Dispositivo,
    Protocol,
    Proxy,
    Start,
    End,
    PreventPurge,
    Request,
    Itsm,
    ItsmSmall,
    /// No session has it, a nested envelope does.
    Response,
}

const COLUMNS: usize = 17;

impl Column {
    /// By the inside of the key's string.
    pub(super) fn of(raw: &[u8]) -> Option<Self> {
        let unescaped = raw.contains(&b'\\').then(|| unescaped(raw));
        Some(match unescaped.as_deref().map_or(raw, str::as_bytes) {
            b"id" => Self::Id,
            b"session_id" => Self::SessionId,
            b"user" => Self::User,
            b"origin_ip" => Self::OriginIp,
            b"credential" => Self::Credential,
            b"credencial" => Self::Credencial,
            b"device" => Self::Device,
            b"dispositivo" => Self::Dispositivo,
            b"protocol" => Self::Protocol,
            b"proxy" => Self::Proxy,
            b"start" => Self::Start,
            b"end" => Self::End,
            b"prevent_purge" => Self::PreventPurge,
            b"request" => Self::Request,
            b"ITSM" => Self::Itsm,
            b"itsm" => Self::ItsmSmall,
            b"response" => Self::Response,
            _ => return None,
        })
    }
}

/// A key under which an answer holds its sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListKey {
    /// `remote_sessions`.
    Plural,
    /// `remote_session`.
    Singular,
}

impl ListKey {
    /// By the inside of the key's string.
    pub(super) fn of(raw: &[u8]) -> Option<Self> {
        let unescaped = raw.contains(&b'\\').then(|| unescaped(raw));
        match unescaped.as_deref().map_or(raw, str::as_bytes) {
            b"remote_sessions" => Some(Self::Plural),
            b"remote_session" => Some(Self::Singular),
            _ => None,
        }
    }
}

/// Where a field's value lies in its record.
#[derive(Debug, Clone, Copy)]
struct Slot {
    start: u32,
    end: u32,
    kind: Kind,
}

impl Slot {
    fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Escaped,
    Number,
    True,
    False,
    Null,
    Array,
    Object,
}

/// Where the fields of one record lie.
#[derive(Debug, Clone)]
pub(super) struct Fields {
    slots: [Slot; COLUMNS],
    /// A bit for each column that the record has.
    seen: u32,
    /// Whether it has one of them twice.
    twice: bool,
    /// Whether there was any key at all.
    pub(super) any: bool,
    number: Option<SessionNumber>,
}

impl Default for Fields {
    fn default() -> Self {
        let slot = Slot {
            start: 0,
            end: 0,
            kind: Kind::Null,
        };
        Self {
            slots: [slot; COLUMNS],
            seen: 0,
            twice: false,
            any: false,
            number: None,
        }
    }
}

/// What an object in a list is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// `{}`, which stands for an empty list (A2A API specification, "Quirks checklist", item 2).
    Empty,
    /// An envelope that has no list.
    Envelope,
    Record,
}

impl Fields {
    pub(super) fn clear(&mut self) {
        self.seen = 0;
        self.twice = false;
        self.any = false;
        self.number = None;
    }

    /// What the object is that was read.
    pub(super) fn shape(&self) -> Shape {
        match self.slot(Column::Response) {
            _ if !self.any => Shape::Empty,
            Some(slot) if slot.kind == Kind::Object => Shape::Envelope,
            _ => Shape::Record,
        }
    }

    /// Checks what a session must have, and learns its number.
    pub(super) fn require(&mut self, record: &[u8]) -> Result<(), MissingField> {
        self.number = match self.raw(record, Column::Id) {
            Some(RawText::Plain(digits)) => SessionNumber::of_digits(digits),
            Some(other) => other.decode().parse().ok(),
            None => None,
        };
        if self.number.is_none() {
            return Err(MissingField("id"));
        }
        if !self.has(Column::SessionId) {
            return Err(MissingField("session_id"));
        }
        Ok(())
    }

    /// Takes note of a member whose value lies there, counted from the record's brace. A record
    /// has at most [`RECORD_MAX`](super::RECORD_MAX) bytes.
    #[inline]
    pub(super) fn set(&mut self, column: Option<Column>, start: usize, end: usize, kind: Kind) {
        let Some(column) = column else { return };
        let bit = 1 << column as u32;
        self.twice |= self.seen & bit != 0;
        self.seen |= bit;
        if let Some(slot) = self.slots.get_mut(column as usize) {
            *slot = Slot {
                start: start as u32,
                end: end as u32,
                kind,
            };
        }
    }

    fn has(&self, column: Column) -> bool {
        self.seen & 1 << column as u32 != 0
    }

    fn slot(&self, column: Column) -> Option<Slot> {
        let slot = self.slots.get(column as usize)?;
        self.has(column).then_some(*slot)
    }

    fn raw<'a>(&self, record: &'a [u8], column: Column) -> Option<RawText<'a>> {
        let slot = self.slot(column)?;
        let text = record.get(slot.range())?;
        match slot.kind {
            Kind::Plain => Some(RawText::Plain(text)),
            Kind::Escaped => Some(RawText::Escaped(text)),
            Kind::Number => Some(RawText::Number(text)),
            Kind::True => Some(RawText::Bool(true)),
            Kind::False => Some(RawText::Bool(false)),
            Kind::Null | Kind::Array | Kind::Object => None,
        }
    }
}

/// One session as it lies in the body: nothing is copied or decoded before it is asked for.
#[derive(Debug, Clone, Copy)]
pub struct SessionRecord<'a> {
    bytes: &'a [u8],
    fields: &'a Fields,
    number: SessionNumber,
}

impl<'a> SessionRecord<'a> {
    /// The record whose fields were read and found sufficient.
    pub(super) fn new(bytes: &'a [u8], fields: &'a Fields) -> Option<Self> {
        Some(Self {
            bytes,
            fields,
            number: fields.number?,
        })
    }

    /// The row number.
    #[must_use]
    pub fn id(&self) -> SessionNumber {
        self.number
    }

    /// Whether the session runs, by the rule of [`Session::is_active`].
    #[must_use]
    pub fn is_active(&self) -> bool {
        match self.raw(Column::End) {
            None => true,
            Some(RawText::Plain(end)) => !end.iter().any(|byte| matches!(byte, b'1'..=b'9')),
            Some(end) => !is_end(&end.decode()),
        }
    }

    /// What a field says; nothing when it is absent, null or empty, or is a `session_id` that
    /// can't be one. Borrowed from the body unless it is escaped there.
    #[must_use]
    pub fn text(&self, field: Field) -> Option<Cow<'a, str>> {
        let text = self.field(field)?.decode();
        match field {
            Field::Id => Some(Cow::Owned(self.number.to_string())),
            Field::SessionId => SessionId::new(&*text).is_ok().then_some(text),
            Field::EndedAt => is_end(&text).then_some(text),
            _ => (!text.is_empty()).then_some(text),
        }
    }

    /// The session with a copy of all its texts.
    #[must_use]
    pub fn to_session(&self) -> Session {
        self.to_session_noting(&mut Notes::default())
    }

    /// Like [`to_session`](Self::to_session), and notes what was forgiven.
    #[must_use]
    pub fn to_session_noting(&self, notes: &mut Notes) -> Session {
        if self.fields.twice {
            notes.note(Tolerance::DuplicateKeys);
        }
        let mut owned = Owned {
            record: self,
            text: std::str::from_utf8(self.bytes).ok(),
            notes,
        };
        // The id was decoded before; this notes its form.
        let _ = owned.decoded(Column::Id);
        Session {
            id: self.number,
            session_id: owned.session_id(),
            user: owned.documented(Field::User),
            origin_ip: owned.documented(Field::OriginIp),
            credential: owned.documented(Field::Credential),
            device: owned.documented(Field::Device),
            protocol: owned.documented(Field::Protocol),
            proxy: owned.documented(Field::Proxy),
            started_at: owned.documented(Field::StartedAt),
            ended_at: owned.end(),
            prevent_purge: owned
                .decoded(Column::PreventPurge)
                .and_then(|answer| yes_or_no(&answer)),
            request: owned.text(Field::Request).filter(|text| !text.is_empty()),
            itsm: owned.text(Field::Itsm).filter(|text| !text.is_empty()),
        }
    }

    fn raw(&self, column: Column) -> Option<RawText<'a>> {
        self.fields.raw(self.bytes, column)
    }

    /// The first spelling that is not null, when that is a text.
    fn field(&self, field: Field) -> Option<RawText<'a>> {
        self.raw(self.column(field))
    }

    /// The column that a field is in: the first spelling that is there and not null.
    fn column(&self, field: Field) -> Column {
        let (column, other) = match field {
            Field::Id => return Column::Id,
            Field::SessionId => return Column::SessionId,
            Field::User => return Column::User,
            Field::OriginIp => return Column::OriginIp,
            Field::Credential => (Column::Credential, Column::Credencial),
            Field::Device => (Column::Device, Column::Dispositivo),
            Field::Protocol => return Column::Protocol,
            Field::Proxy => return Column::Proxy,
            Field::StartedAt => return Column::Start,
            Field::EndedAt => return Column::End,
            Field::Request => return Column::Request,
            Field::Itsm => (Column::Itsm, Column::ItsmSmall),
        };
        match self.fields.slot(column) {
            Some(slot) if slot.kind != Kind::Null => column,
            _ if self.fields.has(other) => other,
            _ => column,
        }
    }
}

/// Copies the texts of a record and notes in what form they came.
struct Owned<'r, 'n> {
    record: &'r SessionRecord<'r>,
    /// The whole record, if it is UTF-8: to check it once is faster than each text.
    text: Option<&'r str>,
    notes: &'n mut Notes,
}

impl<'r> Owned<'r, '_> {
    fn text(&mut self, field: Field) -> Option<String> {
        self.column(self.record.column(field))
    }

    fn column(&mut self, column: Column) -> Option<String> {
        self.decoded(column).map(Cow::into_owned)
    }

    fn decoded(&mut self, column: Column) -> Option<Cow<'r, str>> {
        let slot = self.record.fields.slot(column)?;
        let text = match (slot.kind, self.text) {
            (Kind::Plain, Some(text)) => Cow::Borrowed(text.get(slot.range())?),
            _ => {
                let raw = self.record.raw(column)?;
                if matches!(raw, RawText::Number(_) | RawText::Bool(_)) {
                    self.notes.note(Tolerance::NumberForText);
                }
                raw.decode_noting(self.notes)
            }
        };
        if matches!(column, Column::Credencial | Column::Dispositivo) {
            self.notes.note(Tolerance::PortugueseRecord);
        }
        Some(text)
    }

    /// A field that every documented record has.
    fn documented(&mut self, field: Field) -> String {
        let column = self.record.column(field);
        if !self.record.fields.has(column) {
            self.notes.note(Tolerance::AbsentField);
        }
        self.column(column).unwrap_or_default()
    }

    fn session_id(&mut self) -> Option<SessionId> {
        let id = SessionId::new(self.text(Field::SessionId).unwrap_or_default());
        match id {
            Ok(id) => return Some(id),
            Err(InvalidSessionId::Masked) => self.notes.note(Tolerance::MaskedSessionId),
            Err(_) => self.notes.note(Tolerance::UnusableSessionId),
        }
        None
    }

    fn end(&mut self) -> Option<String> {
        let end = self.text(Field::EndedAt)?;
        if is_end(&end) {
            return Some(end);
        }
        if !end.is_empty() {
            self.notes.note(Tolerance::EndWithoutDate);
        }
        None
    }
}

impl Row for SessionRecord<'_> {
    fn number(&self) -> SessionNumber {
        self.number
    }

    fn is_active(&self) -> bool {
        self.is_active()
    }

    fn raw(&self, field: Field) -> Option<RawText<'_>> {
        self.field(field)
    }

    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        self.text(field)
    }
}
