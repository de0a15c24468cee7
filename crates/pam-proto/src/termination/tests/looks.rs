//! Each transition of one termination by itself: looks, waits and times.

use crate::identity::SessionRef;
use crate::termination::{Coverage, Event, Finding, Limits, Outcome, Step, Target};

use super::bench::{Bench, active, by_id, by_number, ended, millis, seconds};
use super::model::{ID, NUMBER, record};
use super::replies;

#[test]
fn retry_after_is_honoured() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::rate_limited(Some("7"))));
    assert_eq!(bench.expect_wait(), millis(7_010));
    bench.drop_answered(replies::accepted());
    bench.listed_as(&[], Coverage::Failed(replies::rate_limited(Some("4"))));
    assert_eq!(bench.expect_wait(), millis(11_030));
    bench.listed(&[ended()]);
    bench.expect_end(Outcome::Terminated);
}

#[test]
fn a_wait_that_takes_too_long_is_not_waited_for() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::rate_limited(Some("3600"))));
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert_eq!(report.elapsed, millis(10));
    assert!(
        report
            .message
            .contains("asks to wait for longer than there is time")
    );

    // Nor by the sessions that were not dropped yet.
    let limits = Limits {
        jobs: 1,
        ..Limits::default()
    };
    let other: SessionRef = "0ther".parse().unwrap();
    let mut bench = Bench::with([by_id(), other.into()], limits);
    bench.drop_answered(Err(replies::rate_limited(Some("31"))));
    let reports = [bench.expect_report(), bench.expect_report()];
    assert_eq!(reports.map(|report| report.attempts), [0, 1]);
    assert_eq!(bench.next(), Step::Finished);

    // Nor before a drop, though there is more time to find a session.
    let mut bench = Bench::new([by_number()]);
    bench.got(Err(replies::rate_limited(Some("31"))));
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert_eq!((report.attempts, report.elapsed), (0, millis(10)));

    // After a drop it is what is left of the time that counts.
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(replies::accepted());
    bench.listed_as(&[], Coverage::Failed(replies::rate_limited(Some("4"))));
    assert_eq!(bench.expect_wait(), millis(4_020));
    bench.listed_as(&[], Coverage::Failed(replies::rate_limited(Some("27"))));
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert_eq!(report.elapsed, millis(4_030));
}

#[test]
fn looking_may_be_denied() {
    let mut bench = Bench::new([by_id().look_first()]);
    bench.listed_as(&[], Coverage::Failed(replies::not_authorized()));
    let report = bench.expect_end(Outcome::Denied);
    assert_eq!(report.attempts, 0);
    assert!(
        report.message.contains("not authorized"),
        "{}",
        report.message
    );

    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(replies::accepted());
    bench.listed_as(&[], Coverage::Failed(replies::no_route()));
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert!(report.message.contains("looking at the session was denied"));
    assert_eq!(report.appliance.http_status, Some(200), "the drop's answer");
}

#[test]
fn what_a_listing_showed_before_it_broke_counts() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(replies::accepted());
    bench.listed_as(&[ended()], Coverage::Failed(replies::lost()));
    bench.expect_end(Outcome::Terminated);
}

#[test]
fn a_part_of_a_listing_proves_no_absence() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::drop_failed()));
    bench.listed_as(&[], Coverage::Part);
    bench.expect_wait();
    bench.listed_as(&[], Coverage::Failed(replies::lost()));
    bench.expect_wait();
    bench.listed(&[]);
    bench.expect_end(Outcome::NotFound);
}

#[test]
fn a_single_look_that_can_not_answer_gives_way_to_the_listing() {
    let unusable = [
        Err(replies::session_not_found()),
        Err(replies::identifier_type()),
        Err(replies::resource_not_found()),
        Err(replies::no_route()),
        Err(replies::malformed()),
        Ok(record(NUMBER, "0ther", Some("2024-05-06 16:07:59"))),
        Ok(record(
            NUMBER,
            "3fcf1e***871d2",
            Some("2024-05-06 16:07:59"),
        )),
        Ok(record(NUMBER + 1, ID, Some("2024-05-06 16:07:59"))),
    ];
    for answer in unusable {
        let mut bench = Bench::new([Target::seen(active())]);
        bench.drop_answered(replies::accepted());
        bench.got(answer);
        bench.listed(&[active()]);
        bench.expect_wait();
        bench.listed(&[ended()]);
        bench.expect_end(Outcome::Terminated);
    }
}

#[test]
fn a_single_look_that_failed_is_repeated() {
    let passing = [
        replies::lost(),
        replies::not_executed(),
        replies::gateway(),
        replies::timed_out(),
        replies::unexpected(),
        replies::lockdown(),
        replies::rate_limited(None),
    ];
    for failure in passing {
        let mut bench = Bench::new([Target::seen(active())]);
        bench.drop_answered(replies::accepted());
        bench.got(Err(failure));
        assert_eq!(bench.expect_wait(), millis(520));
        bench.got(Ok(ended()));
        bench.expect_end(Outcome::Terminated);
    }
}

#[test]
fn looks_that_fail_until_the_time_is_over_are_what_the_report_tells() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(replies::accepted());
    let report = loop {
        match bench.next() {
            Step::WaitUntil(at) => bench.now = at,
            Step::List { ticket, .. } => {
                bench.answer_list(ticket, &[], Coverage::Failed(replies::gateway()));
            }
            Step::Report(report) => break report,
            step => panic!("at {:?}: {step:?}", bench.now),
        }
    };
    assert!(
        report
            .message
            .contains("the session could not be looked at"),
        "{}",
        report.message
    );
}

#[test]
fn a_row_without_a_session_id_can_not_be_dropped() {
    let mut bench = Bench::new([by_number()]);
    let nameless = record(NUMBER, "3fcf1e***871d2", None);
    bench.got(Ok(nameless.clone()));
    bench.listed(&[nameless]);
    let report = bench.expect_end(Outcome::StillActive);
    assert_eq!(report.attempts, 0);
    assert!(report.message.contains("no usable session_id"));

    let mut bench = Bench::new([by_number()]);
    bench.got(Ok(record(NUMBER, "", Some("2024-05-06 16:07:59"))));
    bench.expect_end(Outcome::AlreadyEnded);
}

#[test]
fn of_two_rows_with_one_id_the_running_one_decides() {
    let earlier = record(NUMBER - 1, ID, Some("2024-05-06 15:00:00"));
    let mut bench = Bench::new([by_id().look_first()]);
    bench.listed(&[earlier, active()]);
    bench.drop_answered(replies::accepted());
    bench.got(Ok(ended()));
    bench.expect_end(Outcome::Terminated);
}

#[test]
fn what_was_seen_and_is_gone_before_a_drop_is_unconfirmed() {
    let mut bench = Bench::new([Target::seen(active()).look_first()]);
    bench.got(Err(replies::session_not_found()));
    bench.listed(&[]);
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert_eq!(report.attempts, 0);
    assert!(
        report
            .message
            .starts_with("no drop was sent; the session is not shown")
    );
}

#[test]
fn looking_first_is_given_up_after_three_failures() {
    let mut bench = Bench::new([by_id().look_first()]);
    for wait in [millis(510), millis(1_520)] {
        bench.listed_as(&[], Coverage::Failed(replies::gateway()));
        assert_eq!(bench.expect_wait(), wait);
    }
    bench.listed_as(&[], Coverage::Failed(replies::gateway()));
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert_eq!(report.attempts, 0);
    assert!(
        report
            .message
            .starts_with("no drop was sent; the session could not be looked at")
    );
    assert_eq!(report.appliance.http_status, Some(502));
}

#[test]
fn looking_first_is_given_up_after_its_time() {
    let mut bench = Bench::new([by_id().look_first()]);
    bench.now = seconds(10);
    bench.expect_list();
    assert_eq!(bench.expect_wait(), seconds(310));
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert!(
        report
            .message
            .contains("no look at the session was complete within 300 s")
    );
    assert_eq!(report.evidence.exchanges[0].finding, Finding::Abandoned);
    assert_eq!(report.evidence.exchanges[0].took, seconds(300));
}

#[test]
fn a_listing_that_takes_longer_than_the_time_is_abandoned() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(replies::accepted());
    let ticket = bench.expect_list();
    assert_eq!(bench.expect_wait(), millis(30_010));
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert!(report.message.contains("a listing can take minutes"));
    // Its answer comes too late.
    bench.handle(Event::Listed {
        ticket,
        began: millis(10),
        found: vec![ended()],
        coverage: Coverage::Whole,
    });
    assert_eq!(bench.next(), Step::Finished);
}

#[test]
fn a_drop_without_an_answer_is_lost() {
    let mut bench = Bench::new([by_id()]);
    let ticket = bench.expect_drop();
    assert_eq!(bench.expect_wait(), seconds(60));
    let list = bench.expect_list();
    let late = Event::Dropped {
        ticket,
        answer: Err(replies::not_authorized()),
    };
    bench.handle(late);
    bench.handle(Event::Listed {
        ticket: list,
        began: seconds(60),
        found: vec![ended()],
        coverage: Coverage::Whole,
    });
    let report = bench.expect_end(Outcome::Terminated);
    let message = report.evidence.exchanges[0].message.as_deref();
    assert_eq!(message, Some("no answer within 60 s"));
}

#[test]
fn a_duplicate_of_an_event_changes_nothing() {
    let mut bench = Bench::new([by_id()]);
    let ticket = bench.expect_drop();
    for answer in [
        Err(replies::lost()),
        Err(replies::not_authorized()),
        replies::accepted(),
    ] {
        bench.handle(Event::Dropped { ticket, answer });
    }
    let list = bench.expect_list();
    let got = Event::Got {
        ticket: list,
        answer: Ok(Box::new(ended())),
    };
    bench.handle(got);
    bench.handle(Event::Listed {
        ticket: list,
        began: bench.now,
        found: vec![active()],
        coverage: Coverage::Whole,
    });
    assert_eq!(bench.expect_wait(), millis(510));
    bench.drop_answered(replies::accepted());
}

#[test]
fn a_clock_that_runs_backwards_does_no_harm() {
    let mut bench = Bench::new([by_id()]);
    bench.now = seconds(100);
    bench.drop_answered(Err(replies::lost()));
    bench.now = seconds(1);
    bench.listed(&[]);
    let Step::WaitUntil(at) = bench.next() else {
        panic!("nothing is due");
    };
    assert!(at > seconds(100));
}
