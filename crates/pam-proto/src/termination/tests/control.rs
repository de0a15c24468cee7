//! What the driver decides: to hold back, to cancel, not to verify.

use std::time::Duration;

use crate::identity::SessionRef;
use crate::session::Session;
use crate::termination::{
    Accepted, Coverage, Event, Failure, Finding, Limits, Outcome, Request, Step, Target,
    Terminations, Ticket, Verification,
};

use super::bench::{Bench, active, by_id, by_number, ended, millis, seconds};
use super::replies;

fn unverified() -> Limits {
    Limits {
        verification: Verification::Off,
        ..Limits::default()
    }
}

fn other(name: &str) -> Target {
    name.parse::<SessionRef>().unwrap().into()
}

#[test]
fn without_verification_there_is_one_drop_and_no_look() {
    for answer in [
        replies::accepted(),
        Err(replies::drop_failed()),
        Err(replies::lost()),
        Err(replies::gateway()),
        Err(replies::lockdown()),
    ] {
        let mut bench = Bench::with([by_id()], unverified());
        bench.drop_answered(answer);
        let report = bench.expect_end(Outcome::Unconfirmed);
        assert_eq!(report.attempts, 1);
        assert!(
            report
                .message
                .ends_with("not looked at afterwards, as asked")
        );
    }
    let mut bench = Bench::with([by_id()], unverified());
    bench.drop_answered(Err(replies::signature()));
    bench.expect_end(Outcome::Denied);
}

#[test]
fn without_verification_what_was_not_carried_out_is_sent_again() {
    let mut bench = Bench::with([by_id()], unverified());
    for _ in 0..2 {
        bench.drop_answered(Err(replies::not_executed()));
        bench.expect_wait();
    }
    bench.drop_answered(Err(replies::not_executed()));
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert_eq!(report.attempts, 3);
}

#[test]
fn without_verification_a_row_number_is_looked_up_all_the_same() {
    let mut bench = Bench::with([by_number()], unverified());
    bench.got(Ok(active()));
    bench.drop_answered(replies::accepted());
    bench.expect_end(Outcome::Unconfirmed);

    let mut bench = Bench::with([by_number()], unverified());
    bench.got(Ok(ended()));
    bench.expect_end(Outcome::AlreadyEnded);
}

#[test]
fn no_time_to_verify_is_no_look() {
    let limits = Limits {
        verify_timeout: Duration::ZERO,
        ..Limits::default()
    };
    let mut bench = Bench::with([by_id()], limits);
    bench.drop_answered(replies::accepted());
    bench.expect_end(Outcome::Unconfirmed);
}

#[test]
fn a_budget_of_nothing_still_sends_one_drop() {
    let limits = Limits {
        attempts: 0,
        jobs: 0,
        ..Limits::default()
    };
    let mut bench = Bench::with([by_id()], limits);
    bench.drop_answered(replies::accepted());
    bench.listed(&[ended()]);
    bench.expect_end(Outcome::Terminated);
}

#[test]
fn a_drop_that_is_held_back_was_not_sent() {
    let mut bench = Bench::new([by_id()]);
    let ticket = bench.expect_drop();
    let reason = "the audit file is full".to_owned();
    bench.handle(Event::Withheld { ticket, reason });
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert_eq!(report.attempts, 0);
    assert_eq!(
        report.message,
        "no drop was sent; it was held back: the audit file is full"
    );
    assert_eq!(report.evidence.exchanges[0].finding, Finding::Withheld);
    assert!(!report.is_unreachable());
}

#[test]
fn a_repetition_that_is_held_back_leaves_the_looking() {
    let mut bench = Bench::new([Target::seen(active())]);
    bench.drop_answered(Err(replies::lost()));
    bench.got(Ok(active()));
    bench.expect_wait();
    let ticket = bench.expect_drop();
    let reason = "halted".to_owned();
    bench.handle(Event::Withheld { ticket, reason });
    bench.got(Ok(active()));
    assert_eq!(bench.expect_wait(), millis(1_530), "no drop, another look");
    bench.got(Ok(ended()));
    let report = bench.expect_end(Outcome::Terminated);
    assert_eq!(report.attempts, 1);
}

#[test]
fn cancelled_nothing_more_is_sent_and_everything_is_reported() {
    let limits = Limits {
        jobs: 2,
        ..Limits::default()
    };
    let targets = ["aa", "bb", "cc", "540"].map(other);
    let mut bench = Bench::with(targets, limits);
    bench.drop_answered(replies::accepted());
    let under_way = bench.expect_drop();
    let next = bench.expect_drop();
    bench.handle(Event::Cancelled);
    let reports = [(); 2].map(|()| bench.expect_report());
    let told = reports.map(|report| {
        (
            report.targets[0].to_string(),
            report.attempts,
            report.message,
        )
    });
    let (name, attempts, message) = &told[0];
    assert_eq!((name.as_str(), *attempts), ("aa", 1));
    assert!(
        message.starts_with("the appliance accepted the drop; cancelled"),
        "{message}"
    );
    let (name, attempts, message) = &told[1];
    assert_eq!((name.as_str(), *attempts), ("540", 0));
    assert!(
        message.starts_with("no drop was sent; cancelled"),
        "{message}"
    );
    // Drops under way are awaited, but not looked after.
    assert!(matches!(bench.next(), Step::WaitUntil(_)));
    let answer = Err(replies::not_authorized());
    let ticket = under_way;
    bench.handle(Event::Dropped { ticket, answer });
    assert_eq!(bench.expect_report().outcome, Outcome::Denied);
    let answer = Err(replies::not_executed());
    let ticket = next;
    bench.handle(Event::Dropped { ticket, answer });
    bench.expect_end(Outcome::Unconfirmed);
    // Whatever is added now is not begun.
    bench.machine.add(other("dd"), bench.now);
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert_eq!(report.attempts, 0);
}

#[test]
fn cancelled_before_a_repetition_leaves_open_whether_the_session_lives() {
    let mut bench = Bench::new([by_number()]);
    bench.got(Ok(active()));
    bench.drop_answered(Err(replies::drop_failed()));
    bench.got(Ok(active()));
    bench.expect_wait();
    bench.handle(Event::Cancelled);
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert_eq!(report.attempts, 1);
}

#[test]
fn cancelled_while_a_drop_waits_to_be_recorded() {
    let mut bench = Bench::new([by_id()]);
    let ticket = bench.expect_drop();
    bench.handle(Event::Cancelled);
    let reason = "cancelled".to_owned();
    bench.handle(Event::Withheld { ticket, reason });
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert_eq!(report.attempts, 0);
}

#[test]
fn cancelled_looks_are_abandoned() {
    let mut bench = Bench::new([by_number()]);
    let ticket = bench.expect_get();
    bench.handle(Event::Cancelled);
    let report = bench.expect_end(Outcome::Unconfirmed);
    let looks = &report.evidence.exchanges;
    assert_eq!(looks.len(), 1);
    assert_eq!(
        (looks[0].request, looks[0].finding),
        (Request::Get, Finding::Abandoned)
    );
    let answer = Ok(Box::new(active()));
    bench.handle(Event::Got { ticket, answer });
    assert_eq!(bench.next(), Step::Finished);
}

/// A second drop is under way, and so is a listing that looks for the same session and was asked
/// for after the first drop.
struct DroppedAgain {
    bench: Bench,
    drop: Ticket,
    list: Ticket,
    began: Duration,
}

impl DroppedAgain {
    fn new() -> Self {
        let mut bench = Bench::new([Target::seen(active()), other("bb")]);
        let [ours, theirs] = [(); 2].map(|()| bench.expect_drop());
        for ticket in [ours, theirs] {
            let answer = Err(replies::lost());
            bench.handle(Event::Dropped { ticket, answer });
        }
        let get = bench.expect_get();
        bench.listed_as(&[], Coverage::Part);
        let answer = Err(replies::gateway());
        bench.handle(Event::Got {
            ticket: get,
            answer,
        });
        assert_eq!(bench.expect_wait(), millis(530));
        let list = bench.expect_list();
        let began = bench.now;
        assert_eq!(bench.expect_wait(), millis(540));
        bench.got(Ok(active()));
        let drop = bench.expect_drop();
        Self {
            bench,
            drop,
            list,
            began,
        }
    }

    /// The listing shows this of the session.
    fn listed(&mut self, shown: Session) {
        self.bench.handle(Event::Listed {
            ticket: self.list,
            began: self.began,
            found: vec![shown],
            coverage: Coverage::Part,
        });
        assert!(
            matches!(self.bench.next(), Step::WaitUntil(_)),
            "the drop is awaited"
        );
    }

    fn dropped(&mut self, answer: Result<Accepted, Failure>) {
        let ticket = self.drop;
        self.bench.handle(Event::Dropped { ticket, answer });
    }
}

#[test]
fn an_end_that_is_seen_while_a_drop_is_under_way_counts_when_it_is_answered() {
    let mut again = DroppedAgain::new();
    again.listed(ended());
    again.dropped(Err(replies::drop_failed()));
    let report = again.bench.expect_report();
    assert_eq!(report.outcome, Outcome::Terminated);
    assert_eq!(report.attempts, 2);
    assert_eq!(report.appliance.http_status, Some(500));
}

#[test]
fn a_life_that_is_seen_while_a_drop_is_under_way_says_nothing_of_that_drop() {
    let mut again = DroppedAgain::new();
    again.listed(active());
    // Time enough for a repetition, were it not for the drop that is under way.
    while again.bench.now < seconds(10) {
        match again.bench.next() {
            Step::WaitUntil(at) => again.bench.now = at,
            Step::List { ticket, .. } => again.bench.answer_list(ticket, &[], Coverage::Part),
            step => panic!("at {:?}: {step:?}", again.bench.now),
        }
    }
    again.dropped(replies::accepted());
    again.bench.got(Ok(ended()));
    let report = again.bench.expect_report();
    assert_eq!(report.outcome, Outcome::Terminated);
    assert_eq!(report.attempts, 2);
}

#[test]
fn sessions_can_be_added_at_any_time() {
    let mut machine = Terminations::new([] as [Target; 0], Limits::default(), Duration::ZERO);
    assert_eq!(machine.next(Duration::ZERO), Step::Finished);
    machine.add(by_id(), seconds(5));
    assert!(matches!(machine.next(seconds(5)), Step::Drop { .. }));
}
