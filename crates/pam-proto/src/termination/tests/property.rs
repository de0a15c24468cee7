//! Long sequences, several sessions at once, answers in any order: by chance, replayable.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use proptest::prelude::*;

use crate::identity::{SessionId, SessionNumber, SessionRef};
use crate::session::Session;
use crate::termination::{
    Accepted, Coverage, Event, Failure, Limits, Outcome, Report, Step, Target, Terminations,
    Ticket, Verification,
};

use super::bench::{millis, seconds};
use super::model::record;
use super::replies;

/// The number of sessions on the appliance. The last is nobody's target.
const SESSIONS: u64 = 4;

/// A session that no appliance has.
const UNKNOWN: u64 = 99;

fn name(session: u64) -> SessionId {
    SessionId::new(format!("s{session}")).unwrap()
}

#[derive(Debug, Clone)]
struct Case {
    targets: Vec<(u64, u8)>,
    late: Vec<(u64, u8)>,
    limits: Limits,
    choices: Vec<u8>,
}

fn cases() -> impl Strategy<Value = Case> {
    let session = prop_oneof![9 => 0..SESSIONS - 1, 1 => Just(UNKNOWN)];
    let target = (session, 0..5_u8);
    let limits = (
        prop_oneof![Just(0), Just(4), Just(30)],
        1..4_u32,
        1..4_usize,
        prop_oneof![Just(0), Just(1), Just(64)],
        prop_oneof![4 => Just(Verification::On), 1 => Just(Verification::Off)],
    );
    let limits = limits.prop_map(
        |(verify, attempts, jobs, single_looks, verification)| Limits {
            verification,
            verify_timeout: seconds(verify),
            attempts,
            jobs,
            single_looks,
            ..Limits::default()
        },
    );
    let targets = proptest::collection::vec(target.clone(), 1..6);
    let late = proptest::collection::vec(target, 0..3);
    let choices = proptest::collection::vec(any::<u8>(), 0..300);
    (targets, late, limits, choices).prop_map(|(targets, late, limits, choices)| Case {
        targets,
        late,
        limits,
        choices,
    })
}

fn target((session, kind): (u64, u8)) -> Target {
    let by_id = || Target::from(SessionRef::Id(name(session)));
    let by_number = || Target::from(SessionRef::Number(SessionNumber::from(session)));
    let seen = || Target::seen(record(session, name(session).as_str(), None));
    match kind {
        0 => by_id(),
        1 => by_id().look_first(),
        2 => by_number(),
        3 => seen(),
        _ => seen().look_first(),
    }
}

/// What is true of one session, and what the machine has been shown.
#[derive(Debug, Default)]
struct Truth {
    ended: Option<Duration>,
    gone: bool,
    names: BTreeSet<SessionRef>,
    given: u32,
    drops: u32,
    /// An end was shown.
    shown_end: bool,
    /// When the last drop was, or will be, answered or lost.
    answered: Option<Duration>,
    /// It may have been carried out, and no look showed the opposite.
    unproven: bool,
}

struct Simulation {
    limits: Limits,
    machine: Terminations,
    now: Duration,
    choices: std::vec::IntoIter<u8>,
    truth: BTreeMap<u64, Truth>,
    under_way: Vec<(Duration, Event, Vec<Shown>)>,
    cancelled: bool,
    listings: u32,
    batches: f64,
    reported: Vec<SessionRef>,
}

/// What an event shows of one session, and since when it is so.
#[derive(Debug, Clone, Copy)]
struct Shown {
    session: u64,
    began: Duration,
    ended: bool,
}

impl Simulation {
    fn choose(&mut self, among: u8) -> u8 {
        self.choices.next().unwrap_or(0) % among
    }

    fn add(&mut self, given: (u64, u8)) {
        let target = target(given);
        let truth = self.truth.entry(given.0).or_default();
        truth.names.insert(target.name.clone());
        truth.given += 1;
        self.machine.add(target, self.now);
    }

    fn run(&mut self, mut late: Vec<(u64, u8)>) {
        loop {
            let wake = match self.machine.next(self.now) {
                Step::Report(report) => {
                    self.judge(&report);
                    continue;
                }
                Step::Finished => match late.pop() {
                    Some(given) => {
                        self.batches += 1.0;
                        self.add(given);
                        continue;
                    }
                    None => return,
                },
                Step::WaitUntil(at) => {
                    assert!(at > self.now);
                    at
                }
                step => {
                    self.begin(step);
                    continue;
                }
            };
            if self.choose(40) == 39 {
                self.cancelled = true;
                self.machine.handle(Event::Cancelled, self.now);
            }
            if self.choose(20) == 19
                && let Some(given) = late.pop()
            {
                self.add(given);
            }
            let first = self.under_way.iter().map(|(at, ..)| *at).min();
            match first.filter(|at| *at <= wake) {
                None => self.now = wake,
                Some(at) => {
                    let index = self.under_way.iter().position(|one| one.0 == at);
                    let (_, event, shown) = self.under_way.swap_remove(index.unwrap());
                    self.now = self.now.max(at);
                    self.tell(event, &shown);
                }
            }
        }
    }

    fn begin(&mut self, step: Step) {
        assert!(!self.cancelled, "nothing is sent when cancelled");
        let delay = match self.choose(8) {
            0..=4 => millis(10),
            5 => seconds(1),
            6 => seconds(20),
            _ => seconds(90),
        };
        let at = self.now + delay;
        let (event, shown) = match step {
            Step::Drop {
                ticket, session_id, ..
            } => {
                let session = session_id.as_str()[1..].parse().unwrap();
                let now = self.now;
                if self.choose(30) == 29 && delay < self.limits.call_timeout {
                    let reason = "halted".to_owned();
                    (Event::Withheld { ticket, reason }, Vec::new())
                } else {
                    let answered = now + delay.min(self.limits.call_timeout);
                    let answer = self.drop_sent(session, answered);
                    (Event::Dropped { ticket, answer }, Vec::new())
                }
            }
            Step::Get { ticket, number } => {
                let (answer, shown) = self.get(number.value());
                (Event::Got { ticket, answer }, shown)
            }
            Step::List { ticket, wanted } => {
                self.listings += 1;
                self.list(ticket, &wanted)
            }
            step => panic!("not a request: {step:?}"),
        };
        self.under_way.push((at, event, shown));
        assert!(self.machine.out.len() <= self.limits.jobs, "jobs");
    }

    fn drop_sent(&mut self, session: u64, answered: Duration) -> Result<Accepted, Failure> {
        let (now, attempts) = (self.now, self.limits.attempts);
        let choice = self.choose(16);
        let truth = self.truth.get_mut(&session).expect("a target");
        assert!(!truth.names.is_empty(), "no other session");
        assert!(
            truth.answered.is_none_or(|answered| answered <= now),
            "one at a time"
        );
        // What is given again is terminated anew.
        if truth.given == 1 {
            assert!(!truth.shown_end, "no drop after a proven end");
            assert!(!truth.unproven, "no blind repetition");
        }
        truth.drops += 1;
        assert!(truth.drops <= attempts * truth.given, "attempts");
        truth.answered = Some(answered);
        let (answer, effect) = match choice {
            0 | 1 => (replies::accepted(), true),
            2 => (replies::accepted(), false),
            3 => (Err(replies::drop_failed()), true),
            4 => (Err(replies::drop_failed()), false),
            5 => (Err(replies::gateway()), true),
            6 => (Err(replies::gateway()), false),
            7 => (Err(replies::lost()), true),
            8 => (Err(replies::lost()), false),
            9 => (Err(replies::malformed()), true),
            10 => (Err(replies::lockdown()), false),
            11 => (Err(replies::not_executed()), false),
            12 => (Err(replies::rate_limited(Some("3"))), false),
            13 => (Err(replies::session_not_found()), false),
            14 => (Err(replies::not_authorized()), false),
            _ => (Err(replies::resource_not_found()), false),
        };
        let certain = matches!(choice, 10..) && answered < now + self.limits.call_timeout;
        truth.unproven = !certain;
        if effect && session != UNKNOWN {
            truth.ended.get_or_insert(now);
        }
        answer
    }

    /// What a look that begins now shows of a session.
    fn show(&mut self, session: u64) -> Option<(Session, Shown)> {
        let (now, choice) = (self.now, self.choose(16));
        let truth = self.truth.get_mut(&session)?;
        match choice {
            12 => truth.gone = true,
            13 => _ = truth.ended.get_or_insert(now),
            _ => {}
        }
        if truth.gone || session == UNKNOWN {
            return None;
        }
        let lagging = matches!(choice, 9..=11);
        let ended = truth.ended.is_some() && !lagging;
        let end = ended.then_some("2024-05-06 16:07:59");
        let shown = Shown {
            session,
            began: now,
            ended,
        };
        Some((record(session, name(session).as_str(), end), shown))
    }

    fn get(&mut self, session: u64) -> (Result<Box<Session>, Failure>, Vec<Shown>) {
        let failure = match self.choose(12) {
            8 => replies::lost(),
            9 => replies::gateway(),
            10 => replies::identifier_type(),
            11 => replies::rate_limited(Some("1")),
            _ => match self.show(session) {
                Some((record, shown)) => return (Ok(Box::new(record)), vec![shown]),
                None => replies::session_not_found(),
            },
        };
        (Err(failure), Vec::new())
    }

    fn list(&mut self, ticket: Ticket, wanted: &[SessionRef]) -> (Event, Vec<Shown>) {
        let unique: BTreeSet<&SessionRef> = wanted.iter().collect();
        assert_eq!(unique.len(), wanted.len(), "each is wanted once");
        let coverage = match self.choose(12) {
            8 => Coverage::Part,
            9 => Coverage::Failed(replies::lost()),
            10 => Coverage::Failed(replies::not_authorized()),
            11 => Coverage::Failed(replies::rate_limited(Some("1"))),
            _ => Coverage::Whole,
        };
        let mut found = Vec::new();
        let mut all = Vec::new();
        for wanted in wanted {
            let session = match wanted {
                SessionRef::Id(id) => id.as_str()[1..].parse().unwrap(),
                SessionRef::Number(number) => number.value(),
            };
            let cut = coverage != Coverage::Whole && self.choose(2) == 1;
            if let Some((record, shown)) = self.show(session).filter(|_| !cut) {
                found.push(record);
                all.push(shown);
            }
        }
        let began = self.now;
        let event = Event::Listed {
            ticket,
            began,
            found,
            coverage,
        };
        (event, all)
    }

    fn tell(&mut self, event: Event, shown: &[Shown]) {
        let awaited = self.is_awaited(&event);
        for shown in shown.iter().filter(|_| awaited) {
            let truth = self.truth.get_mut(&shown.session).expect("a target");
            truth.shown_end |= shown.ended;
            let after = truth
                .answered
                .is_some_and(|answered| shown.began >= answered);
            truth.unproven &= shown.ended || !after;
        }
        self.machine.handle(event.clone(), self.now);
        if self.choose(4) == 3 {
            self.machine.handle(event, self.now);
        }
    }

    fn is_awaited(&self, event: &Event) -> bool {
        match event {
            Event::Got { ticket, .. } => self.machine.out.contains_key(ticket),
            Event::Listed { ticket, .. } => self.machine.listings.awaits(*ticket),
            _ => false,
        }
    }

    fn judge(&mut self, report: &Report) {
        self.reported.extend(report.targets.iter().cloned());
        let session = match &report.targets[0] {
            SessionRef::Id(id) => id.as_str()[1..].parse().unwrap(),
            SessionRef::Number(number) => number.value(),
        };
        let truth = &self.truth[&session];
        if report.outcome.is_verified() {
            assert!(truth.ended.is_some(), "alive");
            assert!(truth.shown_end, "not shown");
        }
        if report.outcome == Outcome::Terminated {
            assert!(truth.drops > 0, "no drop");
        }
        for target in &report.targets {
            assert!(truth.names.contains(target), "one session a report");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn any_mixture_ends_in_time_and_in_truth(case in cases()) {
        let Case { targets, late, limits, choices } = case;
        let count = targets.len() + late.len();
        let mut simulation = Simulation {
            machine: Terminations::new([] as [Target; 0], limits.clone(), Duration::ZERO),
            limits: limits.clone(),
            now: Duration::ZERO,
            choices: choices.into_iter(),
            truth: BTreeMap::new(),
            under_way: Vec::new(),
            cancelled: false,
            listings: 0,
            batches: 1.0,
            reported: Vec::new(),
        };
        for given in targets {
            simulation.add(given);
        }
        simulation.run(late);
        let names: BTreeSet<SessionRef> =
            simulation.truth.values().flat_map(|truth| truth.names.iter().cloned()).collect();
        let reported: BTreeSet<SessionRef> = simulation.reported.iter().cloned().collect();
        prop_assert_eq!(names, reported, "everybody is reported");
        let longest = (limits.longest() + limits.verify_timeout) * u32::try_from(count).unwrap();
        prop_assert!(simulation.now <= longest, "{:?}", simulation.now);
        let pause = (limits.verify_timeout / 2).max(limits.backoff.first) / 2;
        let most = 8.0 * simulation.batches + simulation.now.as_secs_f64() / pause.as_secs_f64();
        prop_assert!(f64::from(simulation.listings) <= most, "{} listings", simulation.listings);
    }
}
