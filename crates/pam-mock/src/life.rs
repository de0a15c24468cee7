//! Sessions that start, run and end: what happens next, and what has happened by now.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::alerts::{Alert, AlertKind, commands};
use crate::clock::Moment;
use crate::population::{Archive, duration, running};
use crate::random::Seeded;
use crate::state::{EndedBy, Record, SessionClash, Sessions};

/// How lively the mock is. By default nothing happens by itself, a drop takes effect at once and
/// the listing is never late.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Life {
    /// How many sessions start in a minute on average; the seed says when.
    pub arrivals_per_minute: f64,
    /// How long a session lasts on average, before it ends by itself. When absent, none does.
    pub mean_duration: Option<Duration>,
    /// How long after an accepted drop the session ends.
    pub drop_delay: Duration,
    /// How far the listing lags behind reality. A single get does not.
    pub listing_lag: Duration,
    /// After how long a dropped user is back with a new session; when absent, never.
    pub reconnect_after: Option<Duration>,
    /// How many security alerts the running sessions cause in a minute on average.
    pub alerts_per_minute: f64,
}

impl Default for Life {
    fn default() -> Self {
        Self {
            arrivals_per_minute: 0.0,
            mean_duration: None,
            drop_delay: Duration::ZERO,
            listing_lag: Duration::ZERO,
            reconnect_after: None,
            alerts_per_minute: 0.0,
        }
    }
}

impl Life {
    /// Whether the rates are numbers that a schedule can be made of.
    pub(crate) fn is_sound(&self) -> bool {
        // Beyond a thousand a second, the schedule alone would keep a processor busy.
        [self.arrivals_per_minute, self.alerts_per_minute]
            .iter()
            .all(|rate| (0.0..=60_000.0).contains(rate))
    }
}

/// What is going to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrival,
    End(usize, EndedBy),
    Return(usize),
    Alarm,
}

/// The sessions and their future.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) sessions: Sessions,
    pub(crate) archive: Archive,
    life: Life,
    seed: u64,
    /// Draws the times between events.
    fate: Seeded,
    /// Sessions that came after the start, counted for their seeds.
    newcomers: u64,
    agenda: BinaryHeap<Reverse<(Moment, u64, Event)>>,
    /// Orders events of the same moment.
    planned: u64,
    /// What happened that a SIEM would hear of; only kept when somebody listens.
    alerts: Option<Vec<Alert>>,
}

/// What became of a drop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Drop {
    Accepted,
    AlreadyEnded,
    Unknown,
}

/// Nobody arrives any more when this many sessions are held, however far the clock is moved.
const CROWD: usize = 1_000_000;

/// The series of newcomers must not repeat that of the population.
const NEWCOMERS: u64 = 0x6e65_7763;
const FATE: u64 = 0x6661_7465;

impl World {
    pub(crate) fn new(life: Life, seed: u64, now: Moment, audible: bool) -> Self {
        let mut world = Self {
            sessions: Sessions::default(),
            archive: Archive::new(seed, now),
            life,
            seed,
            fate: Seeded::nth(seed, FATE),
            newcomers: 0,
            agenda: BinaryHeap::new(),
            planned: 0,
            alerts: audible.then(Vec::new),
        };
        world.plan_arrival(now);
        world.plan_alarm(now);
        world
    }

    /// Puts a session in that was there before anybody looked: no alert tells of it.
    pub(crate) fn settle(
        &mut self,
        mut record: Record,
        now: Moment,
    ) -> Result<usize, SessionClash> {
        let ahead = record.ended.filter(|(at, _)| *at > now);
        if ahead.is_some() {
            record.ended = None;
        }
        let runs = record.runs();
        let at = self.sessions.add(record)?;
        if let Some((end, by)) = ahead {
            self.plan(end, Event::End(at, by));
        } else if runs && let Some(mean) = self.life.mean_duration {
            let left = duration(&mut self.fate, mean);
            self.plan(now.plus(left), Event::End(at, EndedBy::Itself));
        }
        Ok(at)
    }

    /// A session out of the seed that starts now.
    pub(crate) fn newcomer(&mut self, now: Moment) -> Record {
        let index = self.newcomers;
        self.newcomers += 1;
        let seeded = Seeded::nth(self.seed ^ NEWCOMERS, index);
        running(seeded, self.sessions.next_number(), now)
    }

    /// Starts a session.
    pub(crate) fn start(&mut self, record: Record, now: Moment) -> Result<usize, SessionClash> {
        let at = self.settle(record, now)?;
        self.tell(now, AlertKind::SessionStarted, at, String::new());
        Ok(at)
    }

    /// Lets everything happen that is due.
    pub(crate) fn advance(&mut self, now: Moment) {
        while let Some(Reverse((due, _, event))) = self.agenda.peek().copied() {
            if due > now {
                break;
            }
            self.agenda.pop();
            self.happen(due, event);
        }
    }

    /// When the next thing happens.
    pub(crate) fn next_due(&self) -> Option<Moment> {
        self.agenda.peek().map(|Reverse((due, _, _))| *due)
    }

    fn happen(&mut self, due: Moment, event: Event) {
        match event {
            Event::Arrival => {
                if self.sessions.all().len() < CROWD {
                    let record = self.newcomer(due);
                    // A newcomer's row number is free, and its id is drawn from 160 bits.
                    let _ = self.start(record, due);
                }
                self.plan_arrival(due);
            }
            Event::End(at, by) => {
                self.end(at, by, due);
            }
            Event::Return(at) => {
                let mut record = self.newcomer(due);
                if let Some(dropped) = self.sessions.at(at) {
                    record.user = dropped.user.clone();
                    record.origin_ip = dropped.origin_ip.clone();
                    record.credential = dropped.credential.clone();
                    record.device = dropped.device.clone();
                    record.protocol = dropped.protocol.clone();
                    record.proxy = dropped.proxy.clone();
                }
                // As above.
                let _ = self.start(record, due);
            }
            Event::Alarm => {
                self.alarm(due);
                self.plan_alarm(due);
            }
        }
    }

    /// One of the running sessions does something that an alert tells of.
    fn alarm(&mut self, due: Moment) {
        let records = self.sessions.all().iter().enumerate();
        let running: Vec<usize> = records
            .filter(|(_, record)| record.runs())
            .map(|(at, _)| at)
            .collect();
        let Some(&at) = self.fate.pick(&running) else {
            return;
        };
        let kind = self
            .fate
            .pick(AlertKind::ALARMS)
            .copied()
            .unwrap_or(AlertKind::CommandLow);
        let command = commands::pick(&mut self.fate, kind);
        self.raise(kind, at, command, due);
    }

    /// Tells of an alert about this session, which `command` caused. Where the vault interrupts a
    /// session because of it, it ends.
    pub(crate) fn raise(&mut self, kind: AlertKind, at: usize, command: String, now: Moment) {
        self.tell(now, kind, at, command);
        if kind == AlertKind::BlockAndInterrupt {
            self.end(at, EndedBy::Vault, now);
        }
    }

    /// Ends a session that runs.
    pub(crate) fn end(&mut self, at: usize, by: EndedBy, now: Moment) -> bool {
        let Some(record) = self.sessions.at_mut(at).filter(|record| record.runs()) else {
            return false;
        };
        record.ended = Some((now, by));
        self.tell(now, AlertKind::SessionEnded, at, String::new());
        if by == EndedBy::Drop
            && let Some(delay) = self.life.reconnect_after
        {
            self.plan(now.plus(delay), Event::Return(at));
        }
        true
    }

    /// Takes a drop; `in_earnest` is whether it ends anything.
    pub(crate) fn drop_session(&mut self, session_id: &str, now: Moment, in_earnest: bool) -> Drop {
        let Some(at) = self.sessions.find(session_id) else {
            return Drop::Unknown;
        };
        let Some(record) = self.sessions.at_mut(at) else {
            return Drop::Unknown;
        };
        record.drops = record.drops.saturating_add(1);
        if !record.runs() {
            return Drop::AlreadyEnded;
        }
        if !in_earnest || record.dropping {
            return Drop::Accepted;
        }
        if self.life.drop_delay.is_zero() {
            self.end(at, EndedBy::Drop, now);
        } else {
            record.dropping = true;
            let due = now.plus(self.life.drop_delay);
            self.plan(due, Event::End(at, EndedBy::Drop));
        }
        Drop::Accepted
    }

    /// The moment whose state a listing shows that is asked for now.
    pub(crate) fn listed_at(&self, now: Moment) -> Moment {
        now.minus(self.life.listing_lag)
    }

    fn tell(&mut self, at: Moment, kind: AlertKind, session: usize, command: String) {
        if let Some(alerts) = &mut self.alerts
            && let Some(record) = self.sessions.at(session)
        {
            alerts.push(Alert {
                at,
                kind,
                subject: record.clone(),
                command,
            });
        }
    }

    /// The alerts since the last call.
    pub(crate) fn take_alerts(&mut self) -> Vec<Alert> {
        self.alerts.as_mut().map(std::mem::take).unwrap_or_default()
    }

    fn plan(&mut self, due: Moment, event: Event) {
        self.planned += 1;
        self.agenda.push(Reverse((due, self.planned, event)));
    }

    fn plan_arrival(&mut self, now: Moment) {
        let rate = self.life.arrivals_per_minute;
        if rate > 0.0 {
            let gap = self.fate.gap(rate);
            self.plan(Moment(now.0.saturating_add(gap)), Event::Arrival);
        }
    }

    fn plan_alarm(&mut self, now: Moment) {
        let rate = self.life.alerts_per_minute;
        if rate > 0.0 && self.alerts.is_some() {
            let gap = self.fate.gap(rate);
            self.plan(Moment(now.0.saturating_add(gap)), Event::Alarm);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Moment = Moment(1_700_000_000_000);

    fn lively() -> Life {
        Life {
            arrivals_per_minute: 6.0,
            mean_duration: Some(Duration::from_secs(60)),
            ..Life::default()
        }
    }

    fn after(world: &mut World, seconds: i64) -> (usize, usize) {
        world.advance(NOW.plus_seconds(seconds));
        let records = world.sessions.all();
        let running = records.iter().filter(|record| record.runs()).count();
        (records.len(), running)
    }

    #[test]
    fn sessions_start_and_end_on_the_seeds_schedule() {
        let mut one = World::new(lively(), 5, NOW, false);
        let mut other = World::new(lively(), 5, NOW, false);
        let (all, running) = after(&mut one, 600);
        assert!((30..100).contains(&all), "{all}");
        assert!(running < all, "{running} of {all}");
        // In one step or in many: the same.
        for second in 0..=600 {
            other.advance(NOW.plus_seconds(second));
        }
        let ids = |world: &World| {
            let records = world.sessions.all().iter();
            records
                .map(|record| (record.session_id.clone(), record.ended))
                .collect::<Vec<_>>()
        };
        assert_eq!(ids(&one), ids(&other));
    }

    #[test]
    fn a_drop_takes_effect_after_its_delay_and_the_user_returns() {
        let life = Life {
            drop_delay: Duration::from_secs(5),
            reconnect_after: Some(Duration::from_secs(3)),
            ..Life::default()
        };
        let mut world = World::new(life, 1, NOW, false);
        let record = world.newcomer(NOW);
        let (id, user) = (record.session_id.clone(), record.user.clone());
        world.start(record, NOW).unwrap();
        assert_eq!(world.drop_session(&id, NOW, true), Drop::Accepted);
        assert_eq!(after(&mut world, 4), (1, 1));
        assert_eq!(world.drop_session(&id, NOW, true), Drop::Accepted);
        assert_eq!(after(&mut world, 5), (1, 0));
        assert_eq!(world.drop_session(&id, NOW, true), Drop::AlreadyEnded);
        assert_eq!(after(&mut world, 8), (2, 1));
        let back = world.sessions.all().last().unwrap();
        assert_eq!(back.user, user);
        assert_ne!(back.session_id, id);
        assert_eq!(world.sessions.all()[0].drops, 3);
    }

    #[test]
    fn a_drop_that_is_not_meant_ends_nothing() {
        let mut world = World::new(Life::default(), 1, NOW, false);
        let record = world.newcomer(NOW);
        let id = record.session_id.clone();
        world.start(record, NOW).unwrap();
        assert_eq!(world.drop_session(&id, NOW, false), Drop::Accepted);
        assert_eq!(after(&mut world, 3600), (1, 1));
        assert_eq!(world.drop_session("nobody", NOW, true), Drop::Unknown);
    }
}
