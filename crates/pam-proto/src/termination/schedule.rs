//! Which step is next: drops before looks, single looks before listings, and as few listings as
//! serve everyone.

use std::collections::BTreeSet;
use std::time::Duration;

use super::agenda::{due, earliest};
use super::case::Phase;
use super::facts::Close;
use super::limits::{GATHER, Limits};
use super::report::Request;
use super::step::{Coverage, Failure, Step, Ticket};
use super::{Entry, Terminations};

/// A drop or a single look that is under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Out {
    pub(super) case: usize,
    pub(super) request: Request,
    pub(super) sent: Duration,
}

/// A listing that is under way.
#[derive(Debug, Clone)]
pub(super) struct Listing {
    ticket: Ticket,
    pub(super) sent: Duration,
    pub(super) sought: BTreeSet<usize>,
}

/// The pace of the listings. There is one at a time, and the pause between two doubles. It is half
/// of what one session waits, so it delays nobody who is alone, yet bounds the listings for many.
#[derive(Debug, Clone, Default)]
pub(super) struct Listings {
    out: Option<Listing>,
    not_before: Duration,
    round: u32,
    /// The latest one failed, so it can't stand in for single looks.
    failed: bool,
}

impl Listings {
    /// Ends the listing of this ticket, if it is the one under way.
    pub(super) fn finish(
        &mut self,
        ticket: Ticket,
        coverage: &Coverage,
        now: Duration,
        limits: &Limits,
    ) -> Option<Listing> {
        let listing = self.out.take_if(|listing| listing.ticket == ticket)?;
        self.not_before = now.saturating_add(limits.listing_wait(self.round) / 2);
        self.round = self.round.saturating_add(1);
        self.failed = matches!(coverage, Coverage::Failed(_));
        Some(listing)
    }

    #[cfg(test)]
    pub(super) fn state(&self) -> (Option<Duration>, Duration, u32, bool) {
        let out = self.out.as_ref().map(|listing| listing.sent);
        (out, self.not_before, self.round, self.failed)
    }

    #[cfg(test)]
    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.out.as_ref().is_some_and(|out| out.ticket == ticket)
    }

    /// The listing under way, if it looks for this case.
    pub(super) fn seeking(&self, case: usize) -> Option<&Listing> {
        self.out
            .as_ref()
            .filter(|listing| listing.sought.contains(&case))
    }
}

impl Terminations {
    /// The next step. Call it again after every step that it gives, and after every event; at
    /// the latest at the time that [`Step::WaitUntil`] names, which is always later than `now`.
    pub fn next(&mut self, now: Duration) -> Step {
        let now = self.advance(now);
        self.give_up_held(now);
        self.expire(now);
        if due(&self.agenda.drops, now).is_none() {
            self.start_clocks(now);
            self.expire(now);
        }
        if let Some(report) = self.reports.pop_front() {
            return Step::Report(Box::new(report));
        }
        if self.open == 0 {
            self.out.clear();
            self.listings = Listings::default();
            return Step::Finished;
        }
        if now >= self.hold_until {
            let step = self.next_drop(now);
            if let Some(step) = step
                .or_else(|| self.next_get(now))
                .or_else(|| self.next_list(now))
            {
                return step;
            }
        }
        Step::WaitUntil(self.wake(now))
    }

    /// Closes what would be over before the appliance wants to be asked again.
    fn give_up_held(&mut self, now: Duration) {
        if self.hold_until <= now {
            return;
        }
        let agenda = &self.agenda;
        let waiting = [&agenda.drops, &agenda.gets, &agenda.lists];
        let waiting: Vec<usize> = waiting
            .into_iter()
            .flatten()
            .map(|(_, case)| *case)
            .collect();
        for index in waiting {
            let Some(Entry { case, .. }) = self.entries.get(index) else {
                continue;
            };
            if case.is_held_too_long(self.hold_until, now, &self.limits) {
                self.settle(index, Some(Close::Held));
            }
        }
    }

    fn expire(&mut self, now: Duration) {
        while let Some(index) = due(&self.agenda.expiries, now) {
            let Some(Entry { case, .. }) = self.entries.get_mut(index) else {
                return;
            };
            if let Phase::Dropping { ticket, .. } = case.phase {
                case.drop_unanswered();
                let seconds = self.limits.call_timeout.as_secs_f64();
                let reason = format!("no answer within {seconds} s");
                self.dropped(ticket, &Err(Failure::Lost { reason }));
            } else {
                let close = case.expired(now, &self.limits);
                self.settle(index, close);
            }
        }
    }

    fn start_clocks(&mut self, now: Duration) {
        while let Some(index) = self.unclocked.pop_first() {
            if let Some(entry) = self.entries.get_mut(index) {
                entry.case.start_clock(now, &self.limits);
            }
            self.update(index);
        }
    }

    fn next_drop(&mut self, now: Duration) -> Option<Step> {
        if !self.has_room() {
            return None;
        }
        let index = due(&self.agenda.drops, now)?;
        let ticket = self.ticket();
        let Entry { case, log, .. } = self.entries.get_mut(index)?;
        let session_id = case.id.clone()?;
        case.drop_sent(ticket, now);
        let step = Step::Drop {
            ticket,
            target: log.names.first()?.clone(),
            session_id,
            record: log.record().cloned().map(Box::new),
            attempt: case.attempts,
        };
        self.send(ticket, index, Request::Drop);
        Some(step)
    }

    fn next_get(&mut self, now: Duration) -> Option<Step> {
        if !self.has_room() || self.prefers_listing(now) {
            return None;
        }
        let index = due(&self.agenda.gets, now)?;
        let ticket = self.ticket();
        let Entry { case, .. } = self.entries.get_mut(index)?;
        let number = case.number?;
        case.get = Some(ticket);
        if case.phase == Phase::Find {
            case.start_clock(now, &self.limits);
        }
        self.send(ticket, index, Request::Get);
        Some(Step::Get { ticket, number })
    }

    fn next_list(&mut self, now: Duration) -> Option<Step> {
        let wanted_since = self.listing_wanted_since(now)?;
        let busy = self.listings.out.is_some() || now < self.listings.not_before;
        if busy || now < wanted_since || self.gathers(now, wanted_since) {
            return None;
        }
        let looking = self.agenda.gets.iter().chain(&self.agenda.lists);
        let sought: BTreeSet<usize> = looking.map(|(_, case)| *case).collect();
        let mut wanted = Vec::with_capacity(sought.len());
        for index in &sought {
            if let Some(Entry { case, .. }) = self.entries.get_mut(*index) {
                if case.phase == Phase::Find {
                    case.start_clock(now, &self.limits);
                }
                wanted.extend(case.wanted());
                self.update(*index);
            }
        }
        let ticket = self.ticket();
        self.listings.out = Some(Listing {
            ticket,
            sent: now,
            sought,
        });
        Some(Step::List { ticket, wanted })
    }

    /// Whether so many single looks are due that one listing is the smaller burden.
    fn prefers_listing(&self, now: Duration) -> bool {
        let most = self.limits.single_looks;
        let due = self.agenda.gets.range(..=(now, usize::MAX));
        !self.listings.failed && due.take(most.saturating_add(1)).count() > most
    }

    /// When a listing was, or will be, first wanted.
    fn listing_wanted_since(&self, now: Duration) -> Option<Duration> {
        let by_singles = self.prefers_listing(now);
        let by_singles = by_singles.then(|| earliest(&self.agenda.gets)).flatten();
        let by_listing = earliest(&self.agenda.lists);
        by_singles.into_iter().chain(by_listing).min()
    }

    /// Whether a listing that is wanted since then waits for drops, so that it serves them too.
    fn gathers(&self, now: Duration, wanted_since: Duration) -> bool {
        let patient = now < wanted_since.saturating_add(self.limits.verify_timeout);
        let queued = due(&self.agenda.drops, now).is_some();
        patient && (queued || self.gathers_until().is_some_and(|end| now < end))
    }

    /// How long the newest drop under way is waited for.
    fn gathers_until(&self) -> Option<Duration> {
        let newest = self
            .out
            .values()
            .rfind(|out| out.request == Request::Drop)?;
        Some(newest.sent.saturating_add(GATHER))
    }

    /// The earliest time later than now at which anything can change by itself.
    fn wake(&self, now: Duration) -> Duration {
        let mut times = vec![Some(self.hold_until), earliest(&self.agenda.expiries)];
        if now >= self.hold_until {
            let room = self.has_room();
            let many = self.prefers_listing(now);
            let later = |index: &BTreeSet<(Duration, usize)>| {
                let later = index.range((now, usize::MAX)..).next();
                later.map(|(at, _)| *at)
            };
            times.push(later(&self.agenda.drops).filter(|_| room));
            times.push(later(&self.agenda.gets).filter(|_| room || many));
            if let Some(since) = self.listing_wanted_since(now)
                && self.listings.out.is_none()
            {
                let patience = since.saturating_add(self.limits.verify_timeout);
                times.push(Some(since.max(self.listings.not_before)));
                times.push(Some(patience));
                times.push(self.gathers_until());
            }
        }
        let next = times.into_iter().flatten().filter(|at| *at > now).min();
        next.unwrap_or_else(|| now.saturating_add(self.limits.call_timeout))
    }

    fn has_room(&self) -> bool {
        self.out.len() < self.limits.jobs.max(1)
    }

    fn ticket(&mut self) -> Ticket {
        self.tickets += 1;
        Ticket(self.tickets)
    }

    fn send(&mut self, ticket: Ticket, case: usize, request: Request) {
        let sent = self.now;
        self.out.insert(
            ticket,
            Out {
                case,
                request,
                sent,
            },
        );
        self.update(case);
    }

    /// Ends the request of this ticket, if it is of this kind and under way.
    pub(super) fn take_out(&mut self, ticket: Ticket, request: Request) -> Option<Out> {
        let out = *self.out.get(&ticket)?;
        (out.request == request)
            .then(|| self.out.remove(&ticket))
            .flatten()
    }
}
