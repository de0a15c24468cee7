//! Many sessions in one machine: how they share looks, drops and names.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use crate::identity::{SessionNumber, SessionRef};
use crate::session::Session;
use crate::termination::{
    Coverage, Event, Failure, Limits, Outcome, Report, Step, Target, Terminations, Ticket,
};

use super::bench::{Bench, active, by_id, by_number, ended, millis, seconds};
use super::model::{ID, NUMBER, record};
use super::replies;

/// An appliance that does as it is told, with what the test makes of its looks.
struct Calm {
    /// How long a listing still shows what was.
    lag: Duration,
    listing: Option<Failure>,
    took: Duration,
    drops: usize,
    gets: usize,
    lists: usize,
    most_under_way: usize,
    ended: BTreeMap<String, Duration>,
}

impl Calm {
    fn new() -> Self {
        Self {
            lag: Duration::ZERO,
            listing: None,
            took: millis(20),
            drops: 0,
            gets: 0,
            lists: 0,
            most_under_way: 0,
            ended: BTreeMap::new(),
        }
    }

    fn shown(&self, number: u64, at: Duration) -> Session {
        let id = format!("s{number}");
        let end = self.ended.get(&id).filter(|end| **end + self.lag <= at);
        record(number, &id, end.map(|_| "2024-05-06 16:07:59"))
    }

    fn run(&mut self, targets: Vec<Target>, limits: Limits) -> Vec<Report> {
        let mut machine = Terminations::new(targets, limits, Duration::ZERO);
        let mut now = Duration::ZERO;
        let mut under_way: VecDeque<(Duration, Event)> = VecDeque::new();
        let mut reports = Vec::new();
        loop {
            let wake = match machine.next(now) {
                Step::Report(report) => {
                    reports.push(*report);
                    continue;
                }
                Step::Finished => return reports,
                Step::WaitUntil(at) => at,
                step => {
                    under_way.push_back((now + self.took, self.answer(step, now)));
                    self.most_under_way = self.most_under_way.max(under_way.len());
                    continue;
                }
            };
            match under_way.pop_front() {
                Some((at, event)) if at <= wake => {
                    now = at;
                    machine.handle(event, now);
                }
                other => {
                    under_way.extend(other);
                    now = wake;
                }
            }
        }
    }

    fn answer(&mut self, step: Step, now: Duration) -> Event {
        match step {
            Step::Drop {
                ticket, session_id, ..
            } => {
                self.drops += 1;
                self.ended.insert(session_id.to_string(), now);
                let answer = replies::accepted();
                Event::Dropped { ticket, answer }
            }
            Step::Get { ticket, number } => {
                self.gets += 1;
                let answer = Ok(Box::new(self.shown(number.value(), now)));
                Event::Got { ticket, answer }
            }
            Step::List { ticket, wanted } => {
                self.lists += 1;
                let numbers = wanted.iter().map(|wanted| match wanted {
                    SessionRef::Id(id) => id.as_str()[1..].parse().unwrap(),
                    SessionRef::Number(number) => number.value(),
                });
                let found = match self.listing {
                    None => numbers.map(|number| self.shown(number, now)).collect(),
                    Some(_) => Vec::new(),
                };
                let coverage = self
                    .listing
                    .clone()
                    .map_or(Coverage::Whole, Coverage::Failed);
                let began = now;
                Event::Listed {
                    ticket,
                    began,
                    found,
                    coverage,
                }
            }
            step => panic!("not a request: {step:?}"),
        }
    }
}

fn ids(count: u64) -> Vec<Target> {
    let id = |number| format!("s{number}").parse::<SessionRef>().unwrap().into();
    (1..=count).map(id).collect()
}

fn numbers(count: u64) -> Vec<Target> {
    let number = |number| SessionRef::Number(SessionNumber::from(number)).into();
    (1..=count).map(number).collect()
}

fn records(count: u64) -> Vec<Target> {
    let seen = |number| Target::seen(record(number, &format!("s{number}"), None));
    (1..=count).map(seen).collect()
}

fn all(reports: &[Report], outcome: Outcome) -> bool {
    reports.iter().all(|report| report.outcome == outcome)
}

#[test]
fn a_thousand_sessions_cost_one_listing() {
    let mut calm = Calm::new();
    let reports = calm.run(ids(1_000), Limits::default());
    assert_eq!(reports.len(), 1_000);
    assert!(all(&reports, Outcome::Terminated));
    assert_eq!((calm.drops, calm.gets, calm.lists), (1_000, 0, 1));
    assert_eq!(calm.most_under_way, 8);
}

#[test]
fn a_thousand_row_numbers_cost_one_listing_before_and_one_after() {
    let mut calm = Calm::new();
    let reports = calm.run(numbers(1_000), Limits::default());
    assert!(all(&reports, Outcome::Terminated));
    assert_eq!((calm.drops, calm.gets, calm.lists), (1_000, 0, 2));
}

#[test]
fn a_thousand_looks_first_cost_no_more() {
    let mut calm = Calm::new();
    let targets = ids(1_000).into_iter().map(Target::look_first).collect();
    let reports = calm.run(targets, Limits::default());
    assert!(all(&reports, Outcome::Terminated));
    assert_eq!((calm.drops, calm.gets, calm.lists), (1_000, 0, 2));
}

#[test]
fn a_listing_that_lags_costs_a_handful_for_a_thousand_sessions() {
    let mut calm = Calm::new();
    calm.lag = millis(2_500);
    let reports = calm.run(ids(1_000), Limits::default());
    assert!(all(&reports, Outcome::Terminated));
    assert_eq!(calm.drops, 1_000, "nothing is dropped twice");
    assert!(calm.lists <= 6, "{} listings", calm.lists);
}

#[test]
fn a_listing_that_never_comes_true_costs_a_handful_for_a_thousand_sessions() {
    let mut calm = Calm::new();
    calm.lag = seconds(100);
    let limits = Limits {
        attempts: 1,
        ..Limits::default()
    };
    let reports = calm.run(ids(1_000), limits);
    assert!(all(&reports, Outcome::Unconfirmed));
    assert!(calm.lists <= 8, "{} listings", calm.lists);
}

#[test]
fn few_known_row_numbers_are_looked_at_one_by_one() {
    let mut calm = Calm::new();
    let reports = calm.run(records(64), Limits::default());
    assert!(all(&reports, Outcome::Terminated));
    assert_eq!((calm.drops, calm.gets, calm.lists), (64, 64, 0));
    assert_eq!(calm.most_under_way, 8);

    // Nor are as many as may be looked at singly too many when all are due at once.
    let limits = Limits {
        jobs: 1,
        ..Limits::default()
    };
    let mut calm = Calm::new();
    let reports = calm.run(records(limits.single_looks as u64), limits);
    assert!(all(&reports, Outcome::Terminated));
    assert_eq!((calm.gets, calm.lists), (64, 0));

    let mut calm = Calm::new();
    let reports = calm.run(records(200), Limits::default());
    assert!(all(&reports, Outcome::Terminated));
    assert_eq!((calm.drops, calm.gets, calm.lists), (200, 0, 1));
}

#[test]
fn single_looks_stand_in_for_a_listing_that_fails() {
    let mut calm = Calm::new();
    calm.listing = Some(replies::gateway());
    let reports = calm.run(records(200), Limits::default());
    assert!(all(&reports, Outcome::Terminated));
    assert_eq!((calm.gets, calm.lists), (200, 1));

    let mut calm = Calm::new();
    calm.listing = Some(replies::not_authorized());
    let reports = calm.run(records(200), Limits::default());
    assert!(all(&reports, Outcome::Terminated));
}

#[test]
fn no_more_than_the_jobs_are_under_way() {
    let limits = Limits {
        jobs: 3,
        ..Limits::default()
    };
    let mut calm = Calm::new();
    calm.run(records(20), limits);
    assert_eq!(calm.most_under_way, 3);
}

#[test]
fn the_time_to_verify_begins_when_no_drop_waits() {
    // Forty drops of five seconds each, one after the other, take longer than a verification.
    let limits = Limits {
        jobs: 1,
        ..Limits::default()
    };
    let mut calm = Calm::new();
    calm.took = seconds(5);
    let reports = calm.run(ids(10), limits);
    assert!(all(&reports, Outcome::Terminated));
    assert!(calm.lists <= 3, "{} listings", calm.lists);
}

#[test]
fn a_verification_does_not_wait_for_drops_without_end() {
    let limits = Limits {
        jobs: 1,
        ..Limits::default()
    };
    let mut calm = Calm::new();
    calm.took = seconds(5);
    let reports = calm.run(ids(40), limits);
    assert!(all(&reports, Outcome::Terminated));
    assert!(reports[0].elapsed <= seconds(5 + 30 + 30));
    assert!(calm.lists <= 8, "{} listings", calm.lists);
}

fn dropped(bench: &mut Bench, ticket: Ticket) {
    let answer = replies::accepted();
    bench.handle(Event::Dropped { ticket, answer });
}

#[test]
fn a_listing_waits_a_moment_for_the_drops_under_way() {
    let mut bench = Bench::new(ids(2));
    let [first, second] = [(); 2].map(|()| bench.expect_drop());
    dropped(&mut bench, first);
    assert_eq!(bench.expect_wait(), seconds(1), "it gathers");
    let ticket = bench.expect_list();
    dropped(&mut bench, second);
    bench.handle(Event::Listed {
        ticket,
        began: seconds(1),
        found: vec![record(1, "s1", Some("2024-05-06 16:07:59"))],
        coverage: Coverage::Whole,
    });
    assert_eq!(bench.expect_report().outcome, Outcome::Terminated);
    // The other one was not answered when that listing began.
    bench.expect_wait();
    bench.listed(&[record(2, "s2", Some("2024-05-06 16:07:59"))]);
    bench.expect_end(Outcome::Terminated);
}

#[test]
fn a_wait_that_the_appliance_asks_for_holds_everybody() {
    let mut bench = Bench::new(ids(2));
    let [first, second] = [(); 2].map(|()| bench.expect_drop());
    dropped(&mut bench, first);
    let answer = Err(replies::rate_limited(Some("9")));
    bench.handle(Event::Dropped {
        ticket: second,
        answer,
    });
    assert_eq!(bench.expect_wait(), millis(9_020));
    bench.expect_drop();
}

#[test]
fn a_name_given_twice_is_one_session() {
    let mut bench = Bench::new([by_id(), by_id(), by_number(), by_number()]);
    let drop = bench.expect_drop();
    let get = bench.expect_get();
    assert!(matches!(bench.next(), Step::WaitUntil(_)));
    bench.handle(Event::Dropped {
        ticket: drop,
        answer: replies::accepted(),
    });
    // The row turns out to be the session that was dropped.
    bench.handle(Event::Got {
        ticket: get,
        answer: Ok(Box::new(active())),
    });
    bench.got(Ok(ended()));
    let report = bench.expect_end(Outcome::Terminated);
    let names: Vec<String> = report.targets.iter().map(ToString::to_string).collect();
    assert_eq!(names, [ID, &NUMBER.to_string()]);
    assert_eq!(report.attempts, 1);
}

#[test]
fn a_record_and_its_row_number_are_one_session() {
    let mut bench = Bench::new([Target::seen(active()), by_number(), Target::seen(active())]);
    let drop = bench.expect_drop();
    // It is not known yet that the row's session is the one being dropped.
    let get = bench.expect_get();
    bench.handle(Event::Got {
        ticket: get,
        answer: Ok(Box::new(active())),
    });
    dropped(&mut bench, drop);
    bench.got(Ok(ended()));
    assert_eq!(bench.expect_end(Outcome::Terminated).targets.len(), 2);
}

#[test]
fn a_name_of_a_session_that_is_done_is_reported_too() {
    let mut bench = Bench::new([by_id(), by_number()]);
    let drop = bench.expect_drop();
    let get = bench.expect_get();
    bench.handle(Event::Dropped {
        ticket: drop,
        answer: replies::accepted(),
    });
    bench.listed(&[ended()]);
    let report = bench.expect_report();
    assert_eq!(report.outcome, Outcome::Terminated);
    assert_eq!(report.targets.len(), 1);
    // Late and lagging, the row's look comes to the same session: it is not dropped again.
    bench.handle(Event::Got {
        ticket: get,
        answer: Ok(Box::new(active())),
    });
    let report = bench.expect_end(Outcome::Terminated);
    assert_eq!(
        report.targets,
        [SessionRef::Number(SessionNumber::from(NUMBER))]
    );
    assert_eq!(report.attempts, 1);

    bench.machine.add(by_id(), bench.now);
    assert_eq!(bench.expect_end(Outcome::Terminated).attempts, 1);
}

#[test]
fn what_is_done_without_proof_can_be_tried_again() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::token()));
    bench.expect_end(Outcome::Denied);
    bench.machine.add(by_id(), bench.now);
    bench.drop_answered(replies::accepted());
    bench.listed(&[ended()]);
    let report = bench.expect_end(Outcome::Terminated);
    assert_eq!(report.attempts, 1);
    assert_eq!(report.evidence.exchanges.len(), 2);
}

/// A drop that hangs leaves no room for the next, which would hold up everyone's clock; nor is a
/// listing that hangs waited for.
#[test]
fn nobody_waits_for_ever_for_the_drops_of_others() {
    let limits = Limits {
        jobs: 1,
        call_timeout: seconds(300),
        ..Limits::default()
    };
    let mut bench = Bench::with(ids(3), limits.clone());
    bench.drop_answered(replies::accepted());
    let answered = bench.now;
    bench.expect_drop();
    let mut listed = None;
    let report = loop {
        match bench.next() {
            Step::WaitUntil(at) => bench.now = at,
            Step::List { .. } => _ = listed.get_or_insert(bench.now),
            Step::Report(report) => break report,
            step => panic!("at {:?}: {step:?}", bench.now),
        }
    };
    assert_eq!(report.outcome, Outcome::Unconfirmed);
    assert_eq!(listed, Some(answered + limits.verify_timeout));
    assert_eq!(bench.now, answered + 2 * limits.verify_timeout);
}
