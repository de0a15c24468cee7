//! The decisions: events come in, effects go out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use pam_proto::termination::Outcome;
use pam_proto::{Session, SessionId};

use crate::journal::Replay;
use crate::moment::Moment;
use crate::record::{CaseReport, Entry, Received, Record};
use crate::rules::Settings;
use crate::sessions::Sessions;
use crate::state::State;

mod ending;
mod search;
mod verdict;

/// How long after a listing the next one is asked for, for an alert that came in between.
const GAP: Duration = Duration::from_secs(1);

/// What happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// The journal holds a new alert.
    Alert(Arc<Received>),
    /// A listing was read, all of it.
    Listing(Arc<Sessions>),
    /// It could not be read.
    ListingFailed,
    /// A termination has its report.
    Ended(Box<Termination>),
    /// A person approves. No sessions named: those that were proposed.
    Approve {
        /// The case.
        case: u64,
        /// Who.
        by: String,
        /// The row numbers of the sessions that are to be ended.
        sessions: Vec<String>,
    },
    /// A person denies.
    Deny {
        /// The case.
        case: u64,
        /// Who.
        by: String,
    },
    /// Nothing may be ended any more.
    Halt {
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// Sessions may be ended again.
    Resume {
        /// Who.
        by: String,
    },
    /// Other settings hold from now on.
    Reload(Box<Settings>),
    /// Time has passed.
    Tick,
}

/// What became of a termination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Termination {
    /// The case.
    pub case: u64,
    /// The session that was to be ended.
    pub session_id: SessionId,
    /// The outcome, by its record.
    pub outcome: Outcome,
    /// Why the drop was not sent, where it was held back.
    pub withheld: Option<String>,
    /// Whether the appliance answered nothing at all.
    pub unreachable: bool,
    /// Drops sent.
    pub attempts: u32,
    /// The evidence in one line.
    pub message: String,
    /// The session's record afterwards.
    pub after: Option<Session>,
}

/// What is to be done. What follows a [`Persist`](Self::Persist) may only be done when its entries
/// are durable.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Effect {
    /// Write these entries, all of them or none.
    Persist(Vec<Entry>),
    /// Read the listing; answer with [`Event::Listing`] or [`Event::ListingFailed`].
    RequestListing,
    /// End this session; ask [`Responder::may_drop`] before the drop is sent, and answer with
    /// [`Event::Ended`].
    StartTermination {
        /// The case.
        case: u64,
        /// The session's record.
        session: Box<Session>,
        /// Whether it must be looked at before anything is sent.
        look_first: bool,
    },
    /// A case has its end.
    Report(Box<CaseReport>),
}

/// An event about something that is not there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Rejected {
    /// No case of this number waits for an answer.
    #[error("no case {0} waits for an answer; `pamctl respond pending` lists those that do")]
    NotPending(u64),
    /// The case has several candidates and none was named.
    #[error("case {case} has several candidates; name one or more of the sessions {candidates}")]
    NameSessions {
        /// The case.
        case: u64,
        /// The row numbers.
        candidates: String,
    },
    /// A named session is no candidate.
    #[error("session {session} is no candidate of case {case}")]
    NoCandidate {
        /// The case.
        case: u64,
        /// What was named.
        session: String,
    },
}

/// The responder without its hands: it decides.
#[derive(Debug)]
pub struct Responder {
    settings: Settings,
    state: State,
    sessions: Option<Arc<Sessions>>,
    listing_out: bool,
    listing_failed: bool,
    next_listing: Moment,
    /// Cases by when they must be looked after.
    agenda: BTreeSet<(Moment, u64)>,
    /// Cases for which no listing was read yet that began after the alert arrived.
    unlisted: BTreeSet<u64>,
    now: Moment,
    entries: Vec<Entry>,
    effects: Vec<Effect>,
}

impl Responder {
    /// A responder that knows nothing yet.
    #[must_use]
    pub fn new(settings: Settings, now: Moment) -> Self {
        Self {
            settings,
            state: State::default(),
            sessions: None,
            listing_out: false,
            listing_failed: false,
            next_listing: now,
            agenda: BTreeSet::new(),
            unlisted: BTreeSet::new(),
            now,
            entries: Vec::new(),
            effects: Vec::new(),
        }
    }

    /// The responder that a journal tells of, and what it does next: alerts that were accepted and
    /// not looked at are taken up, and every termination that was under way is gone on with,
    /// looking first.
    #[must_use]
    pub fn resume(settings: Settings, replay: Replay, now: Moment) -> (Self, Vec<Effect>) {
        let now = now.max(replay.last);
        let mut responder = Self::new(settings, now);
        let state = &mut responder.state;
        let open: Vec<Arc<Received>> = replay.open.into_iter().map(Arc::new).collect();
        let settled = replay.settled.into_iter().map(Arc::new);
        let settled: Vec<Arc<Received>> = settled.collect();
        let known = open.iter().chain(&settled);
        let known: BTreeMap<u64, &Arc<Received>> =
            known.map(|alert| (alert.number, alert)).collect();
        for alert in known.values() {
            state.receive(alert);
        }
        for entry in &replay.entries {
            // A user who came back opened a case for an alert that had its end.
            if let Record::Opened { alert, .. } = &entry.record
                && let Some(alert) = known.get(alert)
            {
                state.receive(alert);
            }
            state.apply(entry);
        }
        state.last_case = state.last_case.max(replay.last_case);
        for alert in &settled {
            state.alerts.remove(&alert.number);
        }
        let window = responder.settings.breaker_window;
        state.prune(now, window);
        responder.unlisted = state.searching.clone();
        let cases: Vec<u64> = state.cases.keys().copied().collect();
        for alert in open {
            let is_new = responder
                .state
                .alerts
                .get(&alert.number)
                .is_some_and(|(_, cases)| *cases == 0);
            if is_new {
                responder.take_up(&alert);
            }
        }
        for case in cases {
            responder.go_on(case);
        }
        responder.want_listing();
        let effects = responder.finish();
        (responder, effects)
    }

    /// Takes an event and says what is to be done.
    ///
    /// # Errors
    /// [`Rejected`] for an answer that nobody waits for; nothing changes then.
    pub fn handle(&mut self, event: Event, now: Moment) -> Result<Vec<Effect>, Rejected> {
        // Time never runs backwards here, whatever the clock does.
        self.now = self.now.max(now);
        self.state.prune(self.now, self.settings.breaker_window);
        match event {
            Event::Alert(alert) => {
                if !self.state.alerts.contains_key(&alert.number) {
                    self.state.receive(&alert);
                    self.take_up(&alert);
                }
            }
            Event::Listing(sessions) => self.listed(sessions),
            Event::ListingFailed => {
                self.listing_out = false;
                self.listing_failed = true;
                self.next_listing = self.now.plus(self.settings.refresh);
            }
            Event::Ended(termination) => self.ended(*termination),
            Event::Approve { case, by, sessions } => self.approve(case, by, &sessions)?,
            Event::Deny { case, by } => self.deny(case, by)?,
            Event::Halt { by, why } => self.record(Record::Halted { by, why }),
            Event::Resume { by } => self.record(Record::Resumed { by }),
            Event::Reload(settings) => self.settings = *settings,
            Event::Tick => {}
        }
        self.look_after();
        self.want_listing();
        Ok(self.finish())
    }

    /// When a [`Event::Tick`] is due, unless something happens before.
    #[must_use]
    pub fn next_wake(&self) -> Option<Moment> {
        let case = self.agenda.first().map(|(due, _)| *due);
        let listing = (self.waits_for_listing() && !self.listing_out).then_some(self.next_listing);
        let watch = self.state.watches.next_end();
        [case, listing, watch].into_iter().flatten().min()
    }

    /// Whether nothing is ended now because a person said so.
    #[must_use]
    pub fn is_halted(&self) -> bool {
        self.state.halt.is_some()
    }

    /// The settings that hold.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The state, for [`crate::status`].
    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    pub(crate) fn last_listing(&self) -> Option<&Sessions> {
        self.sessions.as_deref()
    }

    pub(crate) fn time(&self) -> Moment {
        self.now
    }

    fn record(&mut self, record: Record) {
        let entry = Entry {
            at: self.now,
            record,
        };
        self.state.apply(&entry);
        self.entries.push(entry);
    }

    /// The effects so far, what rests on the entries behind them.
    fn finish(&mut self) -> Vec<Effect> {
        let mut effects = Vec::with_capacity(self.effects.len() + 1);
        if !self.entries.is_empty() {
            effects.push(Effect::Persist(std::mem::take(&mut self.entries)));
        }
        effects.append(&mut self.effects);
        effects
    }

    fn waits_for_listing(&self) -> bool {
        !self.state.searching.is_empty() || !self.state.watches.is_empty()
    }

    fn want_listing(&mut self) {
        if self.listing_out || !self.waits_for_listing() {
            return;
        }
        if !self.unlisted.is_empty() && !self.listing_failed {
            let began = self.sessions.as_ref().map(|sessions| sessions.began());
            let soon = began.map_or(self.now, |began| began.plus(GAP));
            self.next_listing = self.next_listing.min(soon.max(self.now));
        }
        if self.next_listing <= self.now {
            self.listing_out = true;
            self.effects.push(Effect::RequestListing);
        }
    }
}
