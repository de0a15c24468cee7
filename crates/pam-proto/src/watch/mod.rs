//! What happened between two readings of the listing: sessions that started, changed and ended.
//!
//! The appliance tells nobody of its sessions, so whoever wants to know reads the listing again
//! and again (A2A API specification, "List all"). A [`Watch`] keeps the sessions that run and are
//! meant; each [`Reading`] is shown every record of one listing, and ends in [`Event`]s.
//!
//! Memory is in proportion to the sessions that run and are meant, however long the listing is.
//!
//! ```
//! use pam_proto::Session;
//! use pam_proto::listing::Filter;
//! use pam_proto::watch::{Coverage, Event, Watch};
//!
//! # let session = |end: Option<&str>| Session::from_value(&serde_json::json!({
//! #     "id": "540", "session_id": "ab12", "user": "alice", "end": end})).unwrap();
//! let mut watch = Watch::default();
//! let mut listed = |sessions: &[Session]| {
//!     let mut reading = watch.reading(Filter::new().user("alice"));
//!     sessions.iter().for_each(|session| reading.session(session));
//!     reading.finish(Coverage::Whole).events
//! };
//! assert_eq!(listed(&[]), []);
//! assert!(matches!(listed(&[session(None)])[..], [Event::Started(_)]));
//! assert!(matches!(listed(&[session(Some("2024-05-06 16:07:59"))])[..], [Event::Ended(_)]));
//! ```

use std::collections::BTreeMap;

use crate::identity::SessionNumber;
use crate::listing::{CivilTime, Field, Filter, SessionRecord};
use crate::session::Session;

/// The most sessions of one reading that are told although they started and ended since the
/// reading before.
pub const BRIEF_MAX: usize = 1_000;

/// The sessions that run and are meant, as the last reading showed them.
///
/// A session that was told is followed until it ends, even when it no longer is what the filter
/// means.
#[derive(Debug, Clone, Default)]
pub struct Watch {
    known: BTreeMap<SessionNumber, Session>,
    /// The latest start of any session in the last whole reading.
    latest: Option<CivilTime>,
    begun: bool,
}

/// Something that happened since the reading before.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// It ran already when the watch began.
    Running(Session),
    /// It runs, or did for a moment, and was not told before.
    Started(Session),
    /// It runs on, and its record is another.
    Changed {
        /// The record before.
        before: Box<Session>,
        /// The record now.
        after: Session,
    },
    /// Its record has an end.
    Ended(Session),
    /// The listing no longer has it, so that its end was not seen: the record as it was. It may
    /// have been purged, or be hidden from this authorization.
    Vanished(Session),
}

impl Event {
    /// The session, as last seen.
    #[must_use]
    pub fn session(&self) -> &Session {
        match self {
            Self::Running(session)
            | Self::Started(session)
            | Self::Ended(session)
            | Self::Vanished(session)
            | Self::Changed { after: session, .. } => session,
        }
    }

    /// `running`, `started`, `changed`, `ended` or `vanished`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Running(_) => "running",
            Self::Started(_) => "started",
            Self::Changed { .. } => "changed",
            Self::Ended(_) => "ended",
            Self::Vanished(_) => "vanished",
        }
    }
}

/// How much of the listing a reading was shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// All of it.
    Whole,
    /// It broke off, or records were left out: what was not seen may be there all the same.
    Part,
}

/// What a reading came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Changes {
    /// What happened, by row number.
    pub events: Vec<Event>,
    /// How many more sessions started and ended since the reading before; only the first
    /// [`BRIEF_MAX`] of them are among the events.
    pub untold: u64,
}

/// One reading of the listing. Dropped without [`finish`](Reading::finish), it never happened.
#[derive(Debug)]
pub struct Reading<'w> {
    watch: &'w mut Watch,
    filter: Filter,
    running: BTreeMap<SessionNumber, Session>,
    ended: BTreeMap<SessionNumber, Session>,
    brief: usize,
    untold: u64,
    latest: Option<CivilTime>,
}

impl Watch {
    /// Begins a reading in which the filter says which sessions are meant. Whether they run is
    /// not its business: it must see ended ones too, for their ends to be told.
    pub fn reading(&mut self, filter: Filter) -> Reading<'_> {
        Reading {
            watch: self,
            filter,
            running: BTreeMap::new(),
            ended: BTreeMap::new(),
            brief: 0,
            untold: 0,
            latest: None,
        }
    }

    /// The sessions that run and are meant, by row number.
    pub fn running(&self) -> impl ExactSizeIterator<Item = &Session> {
        self.known.values()
    }
}

impl Reading<'_> {
    /// Shows it a record of the listing.
    pub fn record(&mut self, record: &SessionRecord<'_>) {
        let start = record.text(Field::StartedAt);
        let start = start.and_then(|start| start.parse().ok());
        let (number, active) = (record.id(), record.is_active());
        if self.matters(number, active, start, |filter| {
            filter.matches_record(record)
        }) {
            self.keep(record.to_session());
        }
    }

    /// Shows it a decoded record.
    pub fn session(&mut self, session: &Session) {
        let start = session.started_at.parse().ok();
        let (number, active) = (session.id, session.is_active());
        if self.matters(number, active, start, |filter| filter.matches(session)) {
            self.keep(session.clone());
        }
    }

    fn matters(
        &mut self,
        number: SessionNumber,
        active: bool,
        start: Option<CivilTime>,
        meant: impl FnOnce(&Filter) -> bool,
    ) -> bool {
        self.latest = self.latest.max(start);
        if self.watch.known.contains_key(&number) {
            return true;
        }
        if active {
            return meant(&self.filter);
        }
        // Ended before anybody looked, unless it started after everything that was there then.
        let news = self.watch.latest.is_some_and(|then| start > Some(then));
        if !news || !meant(&self.filter) {
            return false;
        }
        let told = self.brief < BRIEF_MAX;
        self.brief += usize::from(told);
        self.untold += u64::from(!told);
        told
    }

    fn keep(&mut self, session: Session) {
        let place = if session.is_active() {
            &mut self.running
        } else {
            &mut self.ended
        };
        place.insert(session.id, session);
    }

    /// What happened since the reading before.
    #[must_use]
    pub fn finish(mut self, coverage: Coverage) -> Changes {
        let mut events = Vec::new();
        let known = std::mem::take(&mut self.watch.known);
        for (number, before) in known {
            // Should the listing have both, the end is the later news.
            if let Some(after) = self.ended.remove(&number) {
                let same = is_same(&before, &after);
                self.running.remove(&number);
                events.push(if same {
                    Event::Ended(after)
                } else {
                    Event::Vanished(before)
                });
                continue;
            }
            match self.running.remove(&number) {
                Some(after) if !is_same(&before, &after) => {
                    events.push(Event::Vanished(before));
                    events.push(Event::Started(after.clone()));
                    self.watch.known.insert(number, after);
                }
                Some(after) => {
                    if before != after {
                        events.push(Event::Changed {
                            before: Box::new(before),
                            after: after.clone(),
                        });
                    }
                    self.watch.known.insert(number, after);
                }
                None if coverage == Coverage::Whole => events.push(Event::Vanished(before)),
                None => {
                    self.watch.known.insert(number, before);
                }
            }
        }
        for (number, session) in self.running {
            self.ended.remove(&number);
            self.watch.known.insert(number, session.clone());
            events.push(if self.watch.begun {
                Event::Started(session)
            } else {
                Event::Running(session)
            });
        }
        for session in self.ended.into_values() {
            events.push(Event::Started(session.clone()));
            events.push(Event::Ended(session));
        }
        // Stable: what happened to one session stays in its order.
        events.sort_by_key(|event| event.session().id);
        if coverage == Coverage::Whole {
            self.watch.begun = true;
            self.watch.latest = self.watch.latest.max(self.latest);
        }
        Changes {
            events,
            untold: self.untold,
        }
    }
}

/// Whether two records with the same row number are of one session.
fn is_same(before: &Session, after: &Session) -> bool {
    match (&before.session_id, &after.session_id) {
        (Some(before), Some(after)) => before == after,
        // A masked or absent id tells nothing.
        _ => true,
    }
}

#[cfg(test)]
mod tests;
