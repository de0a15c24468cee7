//! Terminating sessions and proving it.
//!
//! The appliance answers one and the same HTTP 500 for an invalid id and for a failed drop, and
//! does not say whether the session is gone when it answers 200 (A2A API specification,
//! "Terminate a session"). So its answer is a hint here, and the session's record is the fact:
//! [`Terminations`] drops, looks, and repeats a drop only when the session is proven alive.
//!
//! The machine does no I/O and knows no clock. Its driver asks for the next [`Step`], carries it
//! out, and answers with an [`Event`]; time is a [`Duration`] since an origin of the driver's
//! choice. The rules, with their reasons, are in `docs/termination.md`.
//!
//! ```
//! use pam_proto::SessionRef;
//! use pam_proto::termination::{Accepted, Coverage, Event, Limits, Outcome, Step, Terminations};
//! # use pam_proto::Session;
//! use std::time::Duration;
//!
//! # let ended = Session::from_value(&serde_json::json!({
//! #     "id": "540", "session_id": "ab12", "end": "2024-05-06 16:07:59"})).unwrap();
//! let session: SessionRef = "ab12".parse()?;
//! let mut machine = Terminations::new([session], Limits::default(), Duration::ZERO);
//! let mut now = Duration::ZERO;
//! let report = loop {
//!     now += Duration::from_millis(20);
//!     match machine.next(now) {
//!         Step::Drop { ticket, .. } => {
//!             let answer = Ok(Accepted { http_status: 200, message: String::new() });
//!             machine.handle(Event::Dropped { ticket, answer }, now);
//!         }
//!         Step::List { ticket, .. } => {
//!             let (found, coverage) = (vec![ended.clone()], Coverage::Whole);
//!             machine.handle(Event::Listed { ticket, began: now, found, coverage }, now);
//!         }
//!         Step::Report(report) => break report,
//!         step => panic!("not in this example: {step:?}"),
//!     }
//! };
//! assert_eq!(report.outcome, Outcome::Terminated);
//! # Ok::<(), pam_proto::InvalidSessionId>(())
//! ```

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use crate::identity::{SessionId, SessionNumber, SessionRef};
use crate::session::Session;

mod agenda;
mod case;
mod facts;
mod limits;
mod log;
mod message;
mod report;
mod schedule;
mod step;
#[cfg(test)]
mod tests;

use agenda::Agenda;
use case::{Case, Phase, Sighting, asked_to_wait};
use facts::{Answer, Close};
use log::{Log, Span};
use schedule::{Listing, Listings, Out};

pub use limits::{Backoff, Limits, Verification};
pub use report::{Appliance, Evidence, Exchange, Finding, Outcome, Report, Request};
pub use step::{Accepted, Coverage, Event, Failure, Start, Step, Target, Ticket};

/// Any number of terminations that share their looks.
///
/// Its memory grows with the sessions that it was ever given, so a program that runs for long
/// uses one for each batch.
#[derive(Debug, Clone)]
pub struct Terminations {
    limits: Limits,
    now: Duration,
    entries: Vec<Entry>,
    open: usize,
    /// Which case terminates a session, so that no two do.
    by_id: BTreeMap<SessionId, usize>,
    by_number: BTreeMap<SessionNumber, usize>,
    agenda: Agenda,
    /// Cases whose time to verify begins when no drop waits to be sent.
    unclocked: BTreeSet<usize>,
    /// Drops and single looks under way.
    out: BTreeMap<Ticket, Out>,
    listings: Listings,
    /// The appliance asked to send nothing before.
    hold_until: Duration,
    reports: VecDeque<Report>,
    cancelled: bool,
    tickets: u64,
}

#[derive(Debug, Clone)]
struct Entry {
    case: Case,
    log: Log,
    close: Option<Close>,
}

impl Terminations {
    /// Terminations of these sessions, beginning now. A session that is given twice, by the same
    /// or by another name, is dropped by one of them only.
    pub fn new<T: Into<Target>>(
        targets: impl IntoIterator<Item = T>,
        limits: Limits,
        now: Duration,
    ) -> Self {
        let mut machine = Self {
            limits,
            now,
            entries: Vec::new(),
            open: 0,
            by_id: BTreeMap::new(),
            by_number: BTreeMap::new(),
            agenda: Agenda::default(),
            unclocked: BTreeSet::new(),
            out: BTreeMap::new(),
            listings: Listings::default(),
            hold_until: Duration::ZERO,
            reports: VecDeque::new(),
            cancelled: false,
            tickets: 0,
        };
        for target in targets {
            machine.add(target, now);
        }
        machine
    }

    /// Adds a session, also after [`Step::Finished`]. One that is being terminated already only
    /// gets another name in its report; one whose end is proven already is reported again.
    pub fn add(&mut self, target: impl Into<Target>, now: Duration) {
        let now = self.advance(now);
        let target = target.into();
        let known = match &target.name {
            SessionRef::Id(id) => self.by_id.get(id),
            SessionRef::Number(number) => self.by_number.get(number),
        };
        let open = known.copied().filter(|index| self.is_open(*index));
        if let Some(entry) = open.and_then(|index| self.entries.get_mut(index)) {
            if !entry.log.names.contains(&target.name) {
                entry.log.names.push(target.name);
            }
            return;
        }
        let index = self.entries.len();
        if let SessionRef::Number(number) = &target.name {
            self.by_number.insert(*number, index);
        }
        self.entries.push(Entry {
            case: Case::new(&target, now),
            log: Log::new(target, now),
            close: None,
        });
        self.open += 1;
        if self.is_another(index) {
            return;
        }
        let close = self.cancelled.then_some(Close::Cancelled);
        self.settle(index, close);
    }

    /// Takes an event. One for a step that is not, or no longer, under way changes nothing, so a
    /// duplicate does no harm.
    pub fn handle(&mut self, event: Event, now: Duration) {
        let now = self.advance(now);
        match event {
            Event::Dropped { ticket, answer } => self.dropped(ticket, &answer),
            Event::Withheld { ticket, reason } => self.withheld(ticket, reason),
            Event::Got { ticket, answer } => self.got(ticket, &answer),
            Event::Listed {
                ticket,
                began,
                found,
                coverage,
            } => self.listed(ticket, began.min(now), &found, &coverage),
            Event::Cancelled => self.cancel(),
        }
    }

    /// Time never runs backwards here, whatever the driver's clock does.
    fn advance(&mut self, now: Duration) -> Duration {
        self.now = self.now.max(now);
        self.now
    }

    fn is_open(&self, index: usize) -> bool {
        let entry = self.entries.get(index);
        entry.is_some_and(|entry| entry.case.is_open())
    }

    fn dropped(&mut self, ticket: Ticket, answer: &Result<Accepted, Failure>) {
        let Some(Out {
            case: index, sent, ..
        }) = self.take_out(ticket, Request::Drop)
        else {
            return;
        };
        let wait = answer.as_ref().err().and_then(|failure| self.hold(failure));
        let (now, limits) = (self.now, &self.limits);
        let Some(Entry { case, log, .. }) = self.entries.get_mut(index) else {
            return;
        };
        let kind = Answer::of(answer);
        log.dropped(kind, answer, Span { sent, now });
        let close = case.dropped(kind, sent, wait, now, limits);
        let cancelled = self.cancelled.then_some(Close::Cancelled);
        self.settle(index, close.or(cancelled));
    }

    fn withheld(&mut self, ticket: Ticket, reason: String) {
        let Some(Out {
            case: index, sent, ..
        }) = self.take_out(ticket, Request::Drop)
        else {
            return;
        };
        let now = self.now;
        let Some(Entry { case, log, .. }) = self.entries.get_mut(index) else {
            return;
        };
        log.withheld(reason, Span { sent, now });
        let close = case.withheld(now);
        let cancelled = self.cancelled.then_some(Close::Cancelled);
        self.settle(index, close.or(cancelled));
    }

    fn got(&mut self, ticket: Ticket, answer: &Result<Box<Session>, Failure>) {
        let Some(Out {
            case: index, sent, ..
        }) = self.take_out(ticket, Request::Get)
        else {
            return;
        };
        let failure = answer.as_ref().err();
        if let Some(failure) = failure {
            self.hold(failure);
        }
        let Some(Entry { case, .. }) = self.entries.get_mut(index) else {
            return;
        };
        case.get = None;
        let sighting = case.sighting(answer);
        self.sighted(index, Request::Get, &sighting, failure, sent, sent);
    }

    fn listed(&mut self, ticket: Ticket, began: Duration, found: &[Session], coverage: &Coverage) {
        let Some(listing) = self
            .listings
            .finish(ticket, coverage, self.now, &self.limits)
        else {
            return;
        };
        let failure = match coverage {
            Coverage::Failed(failure) => Some(failure),
            Coverage::Whole | Coverage::Part => None,
        };
        if let Some(failure) = failure {
            self.hold(failure);
        }
        let mut by_id: BTreeMap<&SessionId, Vec<&Session>> = BTreeMap::new();
        let mut by_number: BTreeMap<SessionNumber, Vec<&Session>> = BTreeMap::new();
        for session in found {
            by_number.entry(session.id).or_default().push(session);
            if let Some(id) = &session.session_id {
                by_id.entry(id).or_default().push(session);
            }
        }
        for index in listing.sought {
            let Some(case) = self.entries.get(index).map(|entry| &entry.case) else {
                continue;
            };
            let records = match (&case.id, &case.number) {
                (Some(id), _) => by_id.get(id),
                (None, Some(number)) => by_number.get(number),
                (None, None) => None,
            };
            let records = records.into_iter().flatten().copied();
            let sighting = match (Sighting::of(records), coverage) {
                (Sighting::Absent, Coverage::Part) => Sighting::Failed,
                (Sighting::Absent, Coverage::Failed(failure)) => Sighting::of_failed_list(failure),
                (sighting, _) => sighting,
            };
            let failed = matches!(sighting, Sighting::Failed | Sighting::Denied);
            // Single looks go on where the listing, which was only meant to save some, failed.
            let skip = !case.is_open() || failed && case.wants(&self.limits).list.is_none();
            if !skip {
                let failure = failure.filter(|_| failed);
                self.sighted(
                    index,
                    Request::List,
                    &sighting,
                    failure,
                    began,
                    listing.sent,
                );
            }
        }
    }

    fn sighted(
        &mut self,
        index: usize,
        request: Request,
        sighting: &Sighting,
        failure: Option<&Failure>,
        began: Duration,
        sent: Duration,
    ) {
        let (now, limits) = (self.now, &self.limits);
        let Some(Entry { case, log, .. }) = self.entries.get_mut(index) else {
            return;
        };
        let counts = case.is_looking() && case.facts.is_after_drop(began);
        let dropped = case.attempts > 0;
        log.looked(
            request,
            sighting,
            failure,
            counts,
            dropped,
            Span { sent, now },
        );
        let close = case.sighted(sighting, began, now, limits);
        if !self.is_another(index) {
            self.settle(index, close);
        }
    }

    /// Whether the session of this case turns out to be terminated by another case. That one
    /// then takes over the names of this one.
    fn is_another(&mut self, index: usize) -> bool {
        let Some(case) = self.entries.get(index).map(|entry| &entry.case) else {
            return false;
        };
        let (Some(id), number) = (case.id.clone(), case.number) else {
            return false;
        };
        let first = *self.by_id.entry(id.clone()).or_insert(index);
        if first == index {
            return false;
        }
        let names = self.entries.get(index).map(|entry| entry.log.names.clone());
        let names = names.unwrap_or_default();
        let Some(Entry { case, log, close }) = self.entries.get_mut(first) else {
            return false;
        };
        match close {
            None => {
                case.number = case.number.or(number);
                for name in names {
                    if !log.names.contains(&name) {
                        log.names.push(name);
                    }
                }
                self.update(first);
            }
            Some(close @ Close::Ended(_)) => {
                let mut log = log.clone();
                log.names = names;
                let report = log.report(case, *close, &self.limits, self.now);
                self.reports.push_back(report);
            }
            // Nothing was proven, so this case begins anew.
            Some(_) => {
                self.by_id.insert(id, index);
                return false;
            }
        }
        self.shut(index);
        true
    }

    /// Closes a case or plans what it wants next.
    fn settle(&mut self, index: usize, close: Option<Close>) {
        let Some(close) = close else {
            return self.update(index);
        };
        self.abandon_look(index);
        self.shut(index);
        let (now, limits) = (self.now, &self.limits);
        if let Some(entry) = self.entries.get_mut(index) {
            entry.close = Some(close);
            let report = entry.log.report(&entry.case, close, limits, now);
            self.reports.push_back(report);
        }
    }

    fn shut(&mut self, index: usize) {
        if let Some(entry) = self
            .entries
            .get_mut(index)
            .filter(|entry| entry.case.is_open())
        {
            if let Some(ticket) = entry.case.get {
                self.out.remove(&ticket);
            }
            entry.case.close();
            self.open -= 1;
        }
        self.update(index);
    }

    fn abandon_look(&mut self, index: usize) {
        let now = self.now;
        let Some(Entry { case, log, .. }) = self.entries.get_mut(index) else {
            return;
        };
        if let Some(out) = case.get.and_then(|ticket| self.out.get(&ticket)) {
            log.abandoned(
                Request::Get,
                Span {
                    sent: out.sent,
                    now,
                },
            );
        }
        if let Some(&Listing { sent, .. }) = self.listings.seeking(index) {
            log.abandoned(Request::List, Span { sent, now });
        }
    }

    fn update(&mut self, index: usize) {
        let Some(Entry { case, .. }) = self.entries.get(index) else {
            return;
        };
        if case.is_unclocked() {
            self.unclocked.insert(index);
        } else {
            self.unclocked.remove(&index);
        }
        self.agenda.update(index, case.wants(&self.limits));
    }

    /// Takes what the appliance asks to wait, and returns it.
    fn hold(&mut self, failure: &Failure) -> Option<Duration> {
        let wait = asked_to_wait(failure, &self.limits)?;
        self.hold_until = self.hold_until.max(self.now.saturating_add(wait));
        Some(wait)
    }

    fn cancel(&mut self) {
        self.cancelled = true;
        for index in 0..self.entries.len() {
            let idle = self.entries.get(index).is_some_and(|entry| {
                !matches!(entry.case.phase, Phase::Dropping { .. } | Phase::Closed)
            });
            if idle {
                self.settle(index, Some(Close::Cancelled));
            }
        }
    }
}
