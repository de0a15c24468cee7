//! A machine that is stepped by hand.

use std::time::Duration;

use crate::identity::{SessionNumber, SessionRef};
use crate::session::Session;
use crate::termination::{
    Accepted, Coverage, Event, Failure, Limits, Outcome, Report, Step, Target, Terminations, Ticket,
};

use super::model::{ID, NUMBER, id, record};

pub(super) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(super) fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

pub(super) fn by_id() -> Target {
    SessionRef::Id(id()).into()
}

pub(super) fn by_number() -> Target {
    SessionRef::Number(SessionNumber::from(NUMBER)).into()
}

pub(super) fn active() -> Session {
    record(NUMBER, ID, None)
}

pub(super) fn ended() -> Session {
    record(NUMBER, ID, Some("2024-05-06 16:07:59"))
}

/// Every answer takes 10 ms.
pub(super) struct Bench {
    pub(super) machine: Terminations,
    pub(super) now: Duration,
}

impl Bench {
    pub(super) fn new(targets: impl IntoIterator<Item = Target>) -> Self {
        Self::with(targets, Limits::default())
    }

    pub(super) fn with(targets: impl IntoIterator<Item = Target>, limits: Limits) -> Self {
        Self {
            machine: Terminations::new(targets, limits, Duration::ZERO),
            now: Duration::ZERO,
        }
    }

    pub(super) fn next(&mut self) -> Step {
        self.machine.next(self.now)
    }

    pub(super) fn handle(&mut self, event: Event) {
        self.now += millis(10);
        self.machine.handle(event, self.now);
    }

    pub(super) fn expect_drop(&mut self) -> Ticket {
        match self.next() {
            Step::Drop { ticket, .. } => ticket,
            step => panic!("at {:?}: {step:?}", self.now),
        }
    }

    pub(super) fn expect_get(&mut self) -> Ticket {
        match self.next() {
            Step::Get { ticket, number } => {
                assert_eq!(number.value(), NUMBER);
                ticket
            }
            step => panic!("at {:?}: {step:?}", self.now),
        }
    }

    pub(super) fn expect_list(&mut self) -> Ticket {
        match self.next() {
            Step::List { ticket, .. } => ticket,
            step => panic!("at {:?}: {step:?}", self.now),
        }
    }

    /// The machine waits; time goes on until then.
    pub(super) fn expect_wait(&mut self) -> Duration {
        match self.next() {
            Step::WaitUntil(at) => {
                assert!(at > self.now);
                self.now = at;
                at
            }
            step => panic!("at {:?}: {step:?}", self.now),
        }
    }

    pub(super) fn expect_report(&mut self) -> Report {
        match self.next() {
            Step::Report(report) => *report,
            step => panic!("at {:?}: {step:?}", self.now),
        }
    }

    pub(super) fn expect_end(&mut self, outcome: Outcome) -> Report {
        let report = self.expect_report();
        assert_eq!(report.outcome, outcome, "{}", report.message);
        assert_eq!(self.next(), Step::Finished);
        report
    }

    pub(super) fn drop_answered(&mut self, answer: Result<Accepted, Failure>) {
        let ticket = self.expect_drop();
        self.handle(Event::Dropped { ticket, answer });
    }

    pub(super) fn got(&mut self, answer: Result<Session, Failure>) {
        let ticket = self.expect_get();
        let answer = answer.map(Box::new);
        self.handle(Event::Got { ticket, answer });
    }

    pub(super) fn listed(&mut self, found: &[Session]) {
        self.listed_as(found, Coverage::Whole);
    }

    pub(super) fn listed_as(&mut self, found: &[Session], coverage: Coverage) {
        let ticket = self.expect_list();
        self.answer_list(ticket, found, coverage);
    }

    pub(super) fn answer_list(&mut self, ticket: Ticket, found: &[Session], coverage: Coverage) {
        let began = self.now;
        self.handle(Event::Listed {
            ticket,
            began,
            found: found.to_vec(),
            coverage,
        });
    }

    /// Waits and answers every look alike until the report comes.
    pub(super) fn look_until_report(&mut self, shown: Option<&Session>) -> (Report, Vec<Duration>) {
        let mut looks = Vec::new();
        loop {
            let step = self.next();
            match step {
                Step::Report(report) => return (*report, looks),
                Step::WaitUntil(at) => self.now = at,
                Step::Get { ticket, .. } => {
                    looks.push(self.now);
                    let shown = shown.expect("a record").clone();
                    let answer = Ok(Box::new(shown));
                    self.handle(Event::Got { ticket, answer });
                }
                Step::List { ticket, .. } => {
                    looks.push(self.now);
                    let found: Vec<Session> = shown.into_iter().cloned().collect();
                    self.answer_list(ticket, &found, Coverage::Whole);
                }
                step => panic!("at {:?}: {step:?}", self.now),
            }
        }
    }
}
