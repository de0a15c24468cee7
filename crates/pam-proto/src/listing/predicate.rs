//! What can be asked of a session, and the answer before it is decoded.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::civil::CivilTime;
use super::network::Network;
use super::text::RawText;
use super::words::{Glob, Word};
use crate::identity::{SessionNumber, SessionRef};
use crate::session::Session;

/// A field of a session that holds a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Field {
    /// [`Session::id`].
    Id,
    /// [`Session::session_id`].
    SessionId,
    /// [`Session::user`].
    User,
    /// [`Session::origin_ip`].
    OriginIp,
    /// [`Session::credential`].
    Credential,
    /// [`Session::device`]. A comparison takes it whole, and without its port.
    Device,
    /// [`Session::protocol`].
    Protocol,
    /// [`Session::proxy`].
    Proxy,
    /// [`Session::started_at`].
    StartedAt,
    /// [`Session::ended_at`].
    EndedAt,
    /// [`Session::request`].
    Request,
    /// [`Session::itsm`].
    Itsm,
}

/// Which side of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bound {
    /// Earlier.
    Before,
    /// Earlier, or then.
    NotAfter,
    /// Later.
    After,
    /// Later, or then.
    NotBefore,
}

/// A question about one session.
///
/// The answer is yes, no, or unknown when the session does not have what is asked for: a field
/// that is absent, empty or unreadable. Unknown stays unknown behind `Not`, so damaged data never
/// widens what is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Predicate {
    /// Yes to each; of none, yes.
    All(Vec<Predicate>),
    /// Yes to one at least; of none, no.
    Any(Vec<Predicate>),
    /// The contrary.
    Not(Box<Predicate>),
    /// The session has no end.
    Active,
    /// The field equals this, whatever the case.
    Is(Field, Word),
    /// The field is of this pattern.
    Like(Field, Glob),
    /// The origin lies in this network.
    Origin(Network),
    /// It started on this side of a time.
    Started(Bound, CivilTime),
    /// It is one of these.
    Named(Names),
}

/// A set of sessions by name, in which a look-up costs little however many there are.
///
/// A `session_id` is compared exactly.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Names {
    numbers: BTreeSet<SessionNumber>,
    ids: BTreeSet<Box<str>>,
}

impl FromIterator<SessionRef> for Names {
    fn from_iter<I: IntoIterator<Item = SessionRef>>(names: I) -> Self {
        let mut set = Self::default();
        for name in names {
            match name {
                SessionRef::Number(number) => {
                    set.numbers.insert(number);
                }
                SessionRef::Id(id) => {
                    set.ids.insert(id.as_str().into());
                }
            }
        }
        set
    }
}

/// A session, decoded or not.
pub(super) trait Row {
    fn number(&self) -> SessionNumber;
    fn is_active(&self) -> bool;
    /// The field's text, when it has one.
    fn raw(&self, field: Field) -> Option<RawText<'_>>;
    /// What the field says, when it says something.
    fn text(&self, field: Field) -> Option<Cow<'_, str>>;
}

impl Predicate {
    /// The answer for a decoded session: yes, no, or none when it is unknown.
    #[must_use]
    pub fn answer(&self, session: &Session) -> Option<bool> {
        self.evaluate(session)
    }

    /// Three-valued (Kleene).
    pub(super) fn evaluate(&self, row: &impl Row) -> Option<bool> {
        match self {
            Self::All(parts) => first(false, parts.iter().map(|part| part.evaluate(row))),
            Self::Any(parts) => first(true, parts.iter().map(|part| part.evaluate(row))),
            Self::Not(part) => part.evaluate(row).map(|answer| !answer),
            Self::Active => Some(row.is_active()),
            Self::Is(field, word) => {
                if is_as_written(*field) {
                    let raw = row.raw(*field)?;
                    if word.differs_at_once(raw) {
                        return Some(false);
                    }
                }
                compare(row, *field, |text| word.matches(text))
            }
            Self::Like(field, glob) => compare(row, *field, |text| glob.matches(text)),
            Self::Origin(network) => {
                let origin = row.text(Field::OriginIp)?.trim().parse().ok()?;
                Some(network.contains(origin))
            }
            Self::Started(bound, time) => {
                let started: CivilTime = row.text(Field::StartedAt)?.parse().ok()?;
                Some(match bound {
                    Bound::Before => started < *time,
                    Bound::NotAfter => started <= *time,
                    Bound::After => started > *time,
                    Bound::NotBefore => started >= *time,
                })
            }
            Self::Named(names) => Some(
                names.numbers.contains(&row.number())
                    || !names.ids.is_empty()
                        && row
                            .text(Field::SessionId)
                            .is_some_and(|id| names.ids.contains(&*id)),
            ),
        }
    }
}

/// Whether the field's text begins with what a comparison meets first, and any text but the empty
/// one counts. (A device may be compared without its brackets.)
fn is_as_written(field: Field) -> bool {
    !matches!(
        field,
        Field::Id | Field::SessionId | Field::EndedAt | Field::Device
    )
}

fn compare(row: &impl Row, field: Field, test: impl Fn(&str) -> bool) -> Option<bool> {
    let text = row.text(field)?;
    Some(test(&text) || field == Field::Device && host(&text).is_some_and(test))
}

/// The device without its port: `192.0.2.20:22`, `[2001:db8::1]:22`; an IPv6 address without
/// brackets has none.
fn host(device: &str) -> Option<&str> {
    let (host, port) = device.rsplit_once(':')?;
    if port.is_empty() || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']'),
        None => (!host.contains(':')).then_some(host),
    }
}

/// The deciding answer if any part gives it, unknown if any part is, else the other answer.
fn first(deciding: bool, parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut answer = Some(!deciding);
    for part in parts {
        match part {
            Some(value) if value == deciding => return Some(deciding),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}

impl Row for Session {
    fn number(&self) -> SessionNumber {
        self.id
    }

    fn is_active(&self) -> bool {
        self.is_active()
    }

    fn raw(&self, field: Field) -> Option<RawText<'_>> {
        let text = match field {
            Field::Id => return None,
            Field::SessionId => self.session_id.as_ref()?.as_str(),
            Field::User => &self.user,
            Field::OriginIp => &self.origin_ip,
            Field::Credential => &self.credential,
            Field::Device => &self.device,
            Field::Protocol => &self.protocol,
            Field::Proxy => &self.proxy,
            Field::StartedAt => &self.started_at,
            Field::EndedAt => self.ended_at.as_deref()?,
            Field::Request => self.request.as_deref()?,
            Field::Itsm => self.itsm.as_deref()?,
        };
        Some(RawText::Plain(text.as_bytes()))
    }

    fn text(&self, field: Field) -> Option<Cow<'_, str>> {
        match field {
            Field::Id => Some(Cow::Owned(self.id.to_string())),
            _ => self
                .raw(field)
                .map(RawText::decode)
                .filter(|text| !text.is_empty()),
        }
    }
}
