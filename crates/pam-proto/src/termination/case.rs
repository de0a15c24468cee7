//! One session from its first step to its report.

use std::time::Duration;

use crate::error::{Fault, ReplyError};
use crate::identity::{SessionId, SessionNumber, SessionRef};
use crate::session::Session;

use super::facts::{Answer, Close, Facts};
use super::limits::{FAILED_LOOKS, Limits, Verification};
use super::step::{Failure, Start, Target, Ticket};

/// Where a case stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Phase {
    /// It is looked for; no drop of ours was sent.
    Find,
    /// A drop is due.
    Ready,
    /// A drop is under way.
    Dropping { ticket: Ticket, sent: Duration },
    /// It is looked at after a drop.
    Verify,
    /// It is reported, or another case reports it.
    Closed,
}

/// What a look shows of one session.
#[derive(Debug, Clone)]
pub(super) enum Sighting {
    Active(Session),
    Ended(Session),
    /// A complete answer without it.
    Absent,
    /// The single look can't answer for this session; the listing may.
    UseListing,
    /// Nothing; another look may succeed.
    Failed,
    Denied,
}

impl Sighting {
    /// What a record shows. Of several with one `session_id` a running one decides.
    pub(super) fn of<'a>(records: impl IntoIterator<Item = &'a Session>) -> Self {
        let mut ended = None;
        for record in records {
            if record.is_active() {
                return Self::Active(record.clone());
            }
            ended.get_or_insert(record);
        }
        ended.map_or(Self::Absent, |record| Self::Ended(record.clone()))
    }

    /// What a failed single look shows. `seen`: a record of the session was seen before.
    pub(super) fn of_failed_get(failure: &Failure, seen: bool) -> Self {
        match failure {
            // A session that was there and is not found is looked for in the listing.
            Failure::Reply(reply) if reply.fault == Fault::SessionNotFound && !seen => Self::Absent,
            Failure::Reply(reply) if is_passing(reply) => Self::Failed,
            Failure::Reply(_) => Self::UseListing,
            Failure::Lost { .. } | Failure::NotExecuted { .. } => Self::Failed,
        }
    }

    /// What a failed listing shows of a session that was not found before it failed.
    pub(super) fn of_failed_list(failure: &Failure) -> Self {
        match failure {
            Failure::Reply(reply) if reply.is_auth() => Self::Denied,
            _ => Self::Failed,
        }
    }
}

/// When a case wants what; absent when it doesn't.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Wants {
    pub(super) drop: Option<Duration>,
    pub(super) get: Option<Duration>,
    pub(super) list: Option<Duration>,
    pub(super) expiry: Option<Duration>,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Case {
    pub(super) id: Option<SessionId>,
    pub(super) number: Option<SessionNumber>,
    pub(super) phase: Phase,
    pub(super) facts: Facts,
    pub(super) attempts: u32,
    /// When the next drop or look is due.
    pub(super) due: Duration,
    /// When looking, in [`Phase::Verify`] dropping too, is over. Not set before it begins.
    pub(super) deadline: Option<Duration>,
    /// The single look that is under way.
    pub(super) get: Option<Ticket>,
    by_listing: bool,
    pub(super) looks: u32,
    failed_looks: u32,
    /// No further drop, whatever is left of the budget.
    stopped: bool,
    /// A record with an end came while a drop was under way; the look began then.
    ended: Option<Duration>,
}

impl Case {
    pub(super) fn new(target: &Target, now: Duration) -> Self {
        let record = target.record.as_deref();
        let (id, number) = match &target.name {
            SessionRef::Id(id) => (Some(id.clone()), record.map(|record| record.id)),
            SessionRef::Number(number) => (None, Some(*number)),
        };
        // A record that shows an end is no reason to drop, and too old to conclude from.
        let runs = record.is_none_or(Session::is_active);
        let ready = id.is_some() && runs && target.start == Start::Drop;
        Self {
            id,
            number,
            phase: if ready { Phase::Ready } else { Phase::Find },
            facts: Facts {
                seen: record.is_some(),
                ..Facts::default()
            },
            attempts: 0,
            due: now,
            deadline: None,
            get: None,
            by_listing: false,
            looks: 0,
            failed_looks: 0,
            stopped: false,
            ended: None,
        }
    }

    pub(super) fn is_open(&self) -> bool {
        self.phase != Phase::Closed
    }

    /// Whether it waits for what a look shows.
    pub(super) fn is_looking(&self) -> bool {
        matches!(self.phase, Phase::Find | Phase::Verify)
    }

    /// The name that decides its identity in a listing.
    pub(super) fn wanted(&self) -> Option<SessionRef> {
        let number = self.number.map(SessionRef::Number);
        self.id.clone().map(SessionRef::Id).or(number)
    }

    pub(super) fn wants(&self, limits: &Limits) -> Wants {
        let mut wants = Wants {
            expiry: self.deadline,
            ..Wants::default()
        };
        match self.phase {
            Phase::Ready => wants.drop = Some(self.due),
            Phase::Dropping { sent, .. } => {
                wants.expiry = Some(sent.saturating_add(limits.call_timeout));
            }
            Phase::Find | Phase::Verify => {
                if self.get.is_none() {
                    let single = self.number.is_some() && !self.by_listing;
                    *(if single {
                        &mut wants.get
                    } else {
                        &mut wants.list
                    }) = Some(self.due);
                }
                if self.phase == Phase::Verify && self.deadline.is_none() {
                    wants.expiry = self.last_gathering(limits);
                }
            }
            Phase::Closed => return Wants::default(),
        }
        wants
    }

    /// How long it waits for the drops of other sessions before its own clock starts.
    fn last_gathering(&self, limits: &Limits) -> Option<Duration> {
        let answered = self.facts.answered?;
        Some(answered.saturating_add(limits.verify_timeout))
    }

    /// Whether its time to verify has not begun.
    pub(super) fn is_unclocked(&self) -> bool {
        self.phase == Phase::Verify && self.deadline.is_none()
    }

    pub(super) fn start_clock(&mut self, now: Duration, limits: &Limits) {
        let time = match self.phase {
            Phase::Find => limits.find_timeout,
            _ => limits.verify_timeout,
        };
        self.deadline.get_or_insert(now.saturating_add(time));
    }

    /// Whether it is pointless to wait until then for leave to send anything.
    pub(super) fn is_held_too_long(&self, until: Duration, now: Duration, limits: &Limits) -> bool {
        let end = self.deadline.filter(|_| self.attempts > 0);
        until >= end.unwrap_or(now.saturating_add(limits.verify_timeout))
    }

    /// Acts on its own expiry.
    pub(super) fn expired(&mut self, now: Duration, limits: &Limits) -> Option<Close> {
        if self.is_unclocked() {
            self.start_clock(now, limits);
        }
        let over = self.deadline.is_some_and(|deadline| deadline <= now);
        over.then_some(self.closed_for_time())
    }

    fn closed_for_time(&self) -> Close {
        if self.facts.absent {
            Close::NotShown
        } else if self.failed_looks > 0 || self.looks == 0 {
            Close::LooksFailed
        } else {
            Close::TimeOver
        }
    }

    /// A drop is sent now.
    pub(super) fn drop_sent(&mut self, ticket: Ticket, now: Duration) {
        self.phase = Phase::Dropping { ticket, sent: now };
        self.attempts = self.attempts.saturating_add(1);
    }

    /// The answer to the drop that was sent then. `wait`: what the appliance asks for.
    pub(super) fn dropped(
        &mut self,
        answer: Answer,
        sent: Duration,
        wait: Option<Duration>,
        now: Duration,
        limits: &Limits,
    ) -> Option<Close> {
        self.facts.answered(answer, sent, now);
        self.phase = Phase::Verify;
        self.due = now;
        self.looks = 0;
        if let Some(began) = self.ended {
            return Some(Close::Ended(began));
        }
        match answer {
            Answer::Denied if !self.facts.may_have_executed() => return Some(Close::Denied),
            Answer::Denied => self.stopped = true,
            Answer::NotExecuted => {
                self.start_clock(now, limits);
                let pause = limits.wait(self.attempts.saturating_sub(1));
                let due = now.saturating_add(pause.max(wait.unwrap_or_default()));
                if self.may_drop_at(due, limits) {
                    self.phase = Phase::Ready;
                    self.due = due;
                    return None;
                }
            }
            Answer::Accepted | Answer::Refused { .. } | Answer::Lost => {}
        }
        (limits.verification == Verification::Off).then_some(Close::Unverified)
    }

    /// The driver says nothing of the drop. It may still send it, so none is sent beside it.
    pub(super) fn drop_unanswered(&mut self) {
        self.stopped = true;
    }

    /// The driver did not send the drop.
    pub(super) fn withheld(&mut self, now: Duration) -> Option<Close> {
        self.phase = Phase::Verify;
        self.attempts = self.attempts.saturating_sub(1);
        self.stopped = true;
        self.due = now;
        if let Some(began) = self.ended {
            return Some(Close::Ended(began));
        }
        (!self.facts.may_have_executed()).then_some(Close::Withheld)
    }

    fn may_drop_at(&self, at: Duration, limits: &Limits) -> bool {
        !self.stopped
            && self.attempts < limits.attempts.max(1)
            && self.deadline.is_none_or(|deadline| at < deadline)
    }

    /// What a single look shows. A record that is not this session's shows nothing.
    pub(super) fn sighting(&self, answer: &Result<Box<Session>, Failure>) -> Sighting {
        match answer {
            Ok(record) => {
                let same_row = self.number == Some(record.id);
                let same_id = self.id.is_none() || self.id == record.session_id;
                // A running row without an id can't be dropped; the listing may show the id.
                let usable = record.session_id.is_some() || !record.is_active();
                if same_row && same_id && usable {
                    Sighting::of([&**record])
                } else {
                    Sighting::UseListing
                }
            }
            Err(failure) => Sighting::of_failed_get(failure, self.facts.seen),
        }
    }

    /// Takes what a look shows that began then.
    pub(super) fn sighted(
        &mut self,
        sighting: &Sighting,
        began: Duration,
        now: Duration,
        limits: &Limits,
    ) -> Option<Close> {
        if let Sighting::Active(record) | Sighting::Ended(record) = sighting {
            self.number = Some(record.id);
            self.id = self.id.take().or_else(|| record.session_id.clone());
            self.facts.seen = true;
        }
        // An end never goes away, so it counts whenever the look began.
        if let Sighting::Ended(_) = sighting {
            if let Phase::Dropping { .. } = self.phase {
                self.ended.get_or_insert(began);
                return None;
            }
            return Some(Close::Ended(began));
        }
        if !self.is_looking() || !self.facts.is_after_drop(began) {
            return None;
        }
        if let Sighting::UseListing = sighting {
            self.by_listing = true;
            self.due = now;
            return None;
        }
        self.looks = self.looks.saturating_add(1);
        self.facts.active = None;
        self.facts.absent = false;
        match sighting {
            Sighting::Ended(_) | Sighting::UseListing => None,
            Sighting::Active(_) => self.active(began, now, limits),
            Sighting::Absent => self.absent(now, limits),
            Sighting::Failed => self.look_failed(now, limits),
            Sighting::Denied => Some(Close::LookDenied),
        }
    }

    fn active(&mut self, began: Duration, now: Duration, limits: &Limits) -> Option<Close> {
        self.failed_looks = 0;
        self.facts.seen_active = true;
        self.facts.active = Some(began);
        if self.phase == Phase::Find {
            if self.id.is_none() {
                return Some(Close::Nameless);
            }
            self.deadline = None;
            self.phase = Phase::Ready;
            self.due = now;
            return None;
        }
        let settled = self.facts.is_settled(began, limits.settle);
        let believed = settled || self.facts.last != Some(Answer::Accepted);
        let pause = limits.wait(self.attempts.saturating_sub(1));
        let due = (self.facts.answered.unwrap_or(now) + pause).max(now);
        if believed && self.may_drop_at(due, limits) {
            self.phase = Phase::Ready;
            self.due = due;
            return None;
        }
        let over = !self.may_drop_at(now, limits) && !self.facts.may_still_execute();
        if over && (settled || !self.facts.may_have_executed()) {
            return Some(Close::Exhausted);
        }
        self.look_again(now, limits)
    }

    fn absent(&mut self, now: Duration, limits: &Limits) -> Option<Close> {
        self.failed_looks = 0;
        self.facts.absent = true;
        if !self.facts.seen && !self.facts.may_still_execute() {
            return Some(Close::NotVisible);
        }
        if self.phase == Phase::Find {
            return Some(Close::NotShown);
        }
        self.look_again(now, limits)
    }

    fn look_failed(&mut self, now: Duration, limits: &Limits) -> Option<Close> {
        self.failed_looks = self.failed_looks.saturating_add(1);
        let given_up = match self.phase {
            Phase::Find => self.failed_looks >= FAILED_LOOKS,
            _ => !self.facts.may_have_executed(),
        };
        if given_up {
            return Some(Close::LooksFailed);
        }
        self.look_again(now, limits)
    }

    /// Plans the next look; the last one is placed so that it can still be answered in time.
    fn look_again(&mut self, now: Duration, limits: &Limits) -> Option<Close> {
        let round = self.looks.saturating_sub(1);
        let wait = if self.number.is_some() && !self.by_listing {
            limits.wait(round)
        } else {
            limits.listing_wait(round)
        };
        self.due = now.saturating_add(wait);
        let deadline = self.deadline?;
        let last = deadline.saturating_sub(limits.backoff.first);
        if self.due <= last {
            return None;
        }
        self.due = last;
        (last <= now).then(|| self.closed_for_time())
    }

    pub(super) fn close(&mut self) {
        self.phase = Phase::Closed;
        self.get = None;
    }
}

/// Whether the same question may be answered later.
fn is_passing(reply: &ReplyError) -> bool {
    let busy = matches!(reply.fault, Fault::RateLimited | Fault::TimedOut);
    (busy || reply.status.is_server_error()) && !reply.is_auth()
}

/// What the appliance asks to wait, before anything else is sent to it.
pub(super) fn asked_to_wait(failure: &Failure, limits: &Limits) -> Option<Duration> {
    let Failure::Reply(ReplyError {
        fault, retry_after, ..
    }) = failure
    else {
        return None;
    };
    let unsaid = (*fault == Fault::RateLimited).then(|| limits.wait(0));
    retry_after.or(unsaid)
}
