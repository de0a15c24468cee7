//! Each transition of one termination by itself: drops and what follows from their answers.

use crate::termination::{Coverage, Event, Finding, Limits, Outcome, Step, Target};

use super::bench::{Bench, active, by_id, by_number, ended, millis, seconds};
use super::model::{NUMBER, id, record};
use super::replies;

#[test]
fn an_accepted_drop_and_a_record_with_an_end_is_terminated() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(replies::accepted());
    bench.listed(&[record(1, "0ther", None), ended()]);
    let report = bench.expect_end(Outcome::Terminated);
    assert_eq!(report.attempts, 1);
    assert_eq!(report.elapsed, millis(20));
    assert_eq!(report.session_id, Some(id()));
    assert_eq!(report.id.map(|id| id.value()), Some(NUMBER));
    assert_eq!(
        report.message,
        "the session ended at 2024-05-06 16:07:59 by the appliance's clock"
    );
    assert_eq!(report.evidence.before, None);
    assert_eq!(report.evidence.after, Some(ended()));
}

#[test]
fn a_row_number_is_looked_up_and_only_its_session_id_is_dropped() {
    let mut bench = Bench::new([by_number()]);
    bench.got(Ok(active()));
    let step = bench.next();
    let Step::Drop {
        ticket,
        target,
        session_id,
        record,
        attempt,
    } = step
    else {
        panic!("{step:?}");
    };
    assert_eq!(target.to_string(), NUMBER.to_string());
    assert_eq!(session_id, id());
    assert_eq!(record.as_deref(), Some(&active()));
    assert_eq!(attempt, 1);
    let answer = replies::accepted();
    bench.handle(Event::Dropped { ticket, answer });
    bench.got(Ok(ended()));
    let report = bench.expect_end(Outcome::Terminated);
    assert_eq!(report.evidence.before, Some(active()));
    assert_eq!(report.evidence.after, Some(ended()));
}

#[test]
fn what_has_ended_before_is_not_dropped() {
    let mut bench = Bench::new([by_number()]);
    bench.got(Ok(ended()));
    let report = bench.expect_end(Outcome::AlreadyEnded);
    assert_eq!(report.attempts, 0);
    assert!(
        report
            .message
            .starts_with("the session had already ended at 2024")
    );

    let mut bench = Bench::new([by_id().look_first()]);
    bench.listed(&[ended()]);
    bench.expect_end(Outcome::AlreadyEnded);

    // What the caller saw is no proof.
    let mut bench = Bench::new([Target::seen(ended())]);
    bench.got(Ok(active()));
    bench.drop_answered(replies::accepted());
}

#[test]
fn what_is_not_visible_is_not_found_and_not_dropped() {
    let mut bench = Bench::new([by_number()]);
    bench.got(Err(replies::session_not_found()));
    let report = bench.expect_end(Outcome::NotFound);
    assert_eq!(report.attempts, 0);
    assert!(report.message.contains("not the same as never existed"));
    assert_eq!(report.appliance.exception_code, Some(1002));

    let mut bench = Bench::new([by_id().look_first()]);
    bench.listed(&[record(1, "0ther", None)]);
    bench.expect_end(Outcome::NotFound);

    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::drop_failed()));
    bench.listed(&[]);
    let report = bench.expect_end(Outcome::NotFound);
    assert_eq!(report.attempts, 1);
    assert_eq!(report.appliance.http_status, Some(500));
}

#[test]
fn a_refused_drop_of_an_ended_session_did_not_end_it() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::drop_failed()));
    bench.listed(&[ended()]);
    let report = bench.expect_end(Outcome::AlreadyEnded);
    assert!(
        report
            .message
            .ends_with("no drop is known to have ended it")
    );

    // A record that the caller saw some time ago changes nothing.
    let mut bench = Bench::new([Target::seen(active())]);
    bench.drop_answered(Err(replies::drop_failed()));
    bench.got(Ok(ended()));
    bench.expect_end(Outcome::AlreadyEnded);
}

#[test]
fn a_refused_drop_of_a_session_that_ran_may_have_ended_it() {
    let mut bench = Bench::new([by_number()]);
    bench.got(Ok(active()));
    bench.drop_answered(Err(replies::drop_failed()));
    bench.got(Ok(ended()));
    bench.expect_end(Outcome::Terminated);
}

#[test]
fn a_drop_that_was_not_carried_out_ended_nothing() {
    let mut bench = Bench::new([by_number()]);
    bench.got(Ok(active()));
    bench.drop_answered(Err(replies::lockdown()));
    bench.got(Ok(ended()));
    bench.expect_end(Outcome::AlreadyEnded);
}

#[test]
fn a_lost_drop_is_repeated_only_when_the_session_is_proven_alive() {
    for failure in [
        replies::lost(),
        replies::gateway(),
        replies::malformed(),
        replies::timed_out(),
    ] {
        let mut bench = Bench::new([by_id()]);
        bench.drop_answered(Err(failure));
        bench.listed(&[active()]);
        assert_eq!(bench.expect_wait(), millis(510));
        bench.drop_answered(replies::accepted());
        bench.got(Ok(ended()));
        let report = bench.expect_end(Outcome::Terminated);
        assert_eq!(report.attempts, 2);
    }
}

#[test]
fn a_lost_drop_and_an_end_is_terminated() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::lost()));
    bench.listed(&[ended()]);
    let report = bench.expect_end(Outcome::Terminated);
    assert_eq!(report.appliance, Default::default());
    assert_eq!(report.evidence.exchanges[0].finding, Finding::Lost);
}

#[test]
fn an_accepted_drop_is_not_repeated_while_the_listing_may_lag() {
    let mut bench = Bench::new([Target::seen(active())]);
    bench.drop_answered(replies::accepted());
    for at in [10, 520, 1_530] {
        bench.got(Ok(active()));
        assert_eq!(bench.now, millis(at + 10));
        bench.expect_wait();
    }
    assert_eq!(bench.now, millis(3_540));
    bench.got(Ok(active()));
    bench.drop_answered(replies::accepted());
    bench.got(Ok(ended()));
    assert_eq!(bench.expect_end(Outcome::Terminated).attempts, 2);
}

#[test]
fn a_listing_that_began_before_the_answer_does_not_prove_life() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::drop_failed()));
    let ticket = bench.expect_list();
    bench.handle(Event::Listed {
        ticket,
        began: millis(9),
        found: vec![active()],
        coverage: Coverage::Whole,
    });
    bench.got(Ok(ended()));
    let report = bench.expect_end(Outcome::AlreadyEnded);
    let findings = report.evidence.exchanges.iter().map(|one| one.finding);
    let expected = [Finding::Refused, Finding::Stale, Finding::Ended];
    assert!(findings.eq(expected));
}

#[test]
fn a_listing_that_began_before_the_answer_does_not_prove_absence() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::drop_failed()));
    let ticket = bench.expect_list();
    bench.handle(Event::Listed {
        ticket,
        began: millis(9),
        found: Vec::new(),
        coverage: Coverage::Whole,
    });
    assert_eq!(
        bench.expect_wait(),
        millis(270),
        "the pause between two listings"
    );
    bench.listed(&[]);
    bench.expect_end(Outcome::NotFound);
}

#[test]
fn an_end_is_an_end_whenever_the_listing_began() {
    let mut bench = Bench::new([by_id()]);
    bench.now = seconds(60);
    bench.drop_answered(replies::accepted());
    let ticket = bench.expect_list();
    bench.handle(Event::Listed {
        ticket,
        began: seconds(10),
        found: vec![ended()],
        coverage: Coverage::Whole,
    });
    // The drop can't have caused what was true before it was sent.
    bench.expect_end(Outcome::AlreadyEnded);
}

#[test]
fn refused_and_proven_alive_is_still_active() {
    let mut bench = Bench::new([Target::seen(active())]);
    for wait in [millis(510), millis(1_520)] {
        bench.drop_answered(Err(replies::drop_failed()));
        bench.got(Ok(active()));
        assert_eq!(bench.expect_wait(), wait);
    }
    bench.drop_answered(Err(replies::drop_failed()));
    let (report, looks) = bench.look_until_report(Some(&active()));
    assert_eq!(report.outcome, Outcome::StillActive);
    assert_eq!(report.attempts, 3);
    // Three seconds after the last refusal its "active" counts.
    assert_eq!(looks.last(), Some(&millis(5_060)));
    assert_eq!(report.evidence.after, Some(active()));
    assert!(
        report
            .message
            .contains("An error occurred while droping session")
    );
    assert_eq!(bench.next(), Step::Finished);
}

#[test]
fn accepted_and_never_proven_is_unconfirmed() {
    let limits = Limits {
        attempts: 1,
        ..Limits::default()
    };
    let mut bench = Bench::with([by_id()], limits);
    bench.drop_answered(replies::accepted());
    let (report, looks) = bench.look_until_report(None);
    assert_eq!(report.outcome, Outcome::Unconfirmed);
    assert!(!report.outcome.is_verified());
    assert!(
        report
            .message
            .starts_with("the appliance accepted the drop; the session is not shown")
    );
    let times = [10, 520, 1_530, 3_540, 7_550, 15_560, 29_510].map(millis);
    assert_eq!(looks, times, "doubling, and a last look before the end");
    assert_eq!(
        report.elapsed,
        millis(29_520),
        "no waiting without a look to come"
    );
    assert_eq!(bench.next(), Step::Finished);
}

#[test]
fn single_looks_are_at_most_five_seconds_apart() {
    let limits = Limits {
        attempts: 1,
        ..Limits::default()
    };
    let mut bench = Bench::with([Target::seen(active())], limits);
    bench.drop_answered(replies::accepted());
    let (report, looks) = bench.look_until_report(Some(&active()));
    assert_eq!(report.outcome, Outcome::Unconfirmed);
    assert!(
        report
            .message
            .contains("not shown to have ended within 30 s")
    );
    let times = [
        10, 520, 1_530, 3_540, 7_550, 12_560, 17_570, 22_580, 27_590, 29_510,
    ];
    assert_eq!(looks, times.map(millis));
}

#[test]
fn lost_and_never_proven_is_unconfirmed_even_when_shown_active() {
    let limits = Limits {
        attempts: 1,
        ..Limits::default()
    };
    let mut bench = Bench::with([by_id()], limits);
    bench.drop_answered(Err(replies::lost()));
    let (report, _) = bench.look_until_report(Some(&active()));
    assert_eq!(report.outcome, Outcome::Unconfirmed);
    assert!(
        report
            .message
            .contains("may have been carried out: the connection broke")
    );
}

#[test]
fn who_may_not_ask_is_denied_at_once() {
    let denials = [
        replies::not_authorized(),
        replies::referer(),
        replies::inactive_authorization(),
        replies::read_only(),
        replies::signature(),
        replies::client_authentication(),
        replies::token(),
        replies::no_route(),
    ];
    for failure in denials {
        let mut bench = Bench::new([by_id()]);
        bench.drop_answered(Err(failure));
        let report = bench.expect_end(Outcome::Denied);
        assert_eq!(report.attempts, 1);
        assert!(report.appliance.http_status.is_some());
    }
}

#[test]
fn a_denial_says_what_to_do() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::read_only()));
    let message = bench.expect_end(Outcome::Denied).message;
    assert!(message.contains("1039: Without PAM Configuration Access permission"));
    assert!(message.ends_with("switch the authorization's PAM permission to Read and write"));
}

#[test]
fn a_denial_is_not_the_end_when_an_earlier_drop_may_have_worked() {
    let denied_after_refused = || {
        let mut bench = Bench::new([Target::seen(active())]);
        bench.drop_answered(Err(replies::drop_failed()));
        bench.got(Ok(active()));
        bench.expect_wait();
        bench.drop_answered(Err(replies::not_authorized()));
        bench
    };
    let mut bench = denied_after_refused();
    bench.got(Ok(ended()));
    bench.expect_end(Outcome::Terminated);

    let mut bench = denied_after_refused();
    let (report, looks) = bench.look_until_report(Some(&active()));
    assert_eq!(report.outcome, Outcome::Denied, "proven not to have worked");
    assert_eq!(report.attempts, 2);
    assert!(looks.last() >= Some(&seconds(3)));

    let mut bench = denied_after_refused();
    bench.got(Err(replies::session_not_found()));
    let (report, _) = bench.look_until_report(None);
    assert_eq!(report.outcome, Outcome::Unconfirmed);
}

#[test]
fn what_was_certainly_not_carried_out_is_sent_again_without_a_look() {
    let mut bench = Bench::new([by_id()]);
    bench.drop_answered(Err(replies::not_executed()));
    assert_eq!(bench.expect_wait(), millis(510));
    bench.drop_answered(Err(replies::rate_limited(None)));
    assert_eq!(
        bench.expect_wait(),
        millis(1_020),
        "nothing at all is sent to a busy appliance"
    );
    assert_eq!(bench.expect_wait(), millis(1_520));
    bench.drop_answered(replies::accepted());
    bench.listed(&[ended()]);
    assert_eq!(bench.expect_end(Outcome::Terminated).attempts, 3);
}

#[test]
fn an_appliance_that_is_not_there_is_given_up_soon() {
    let mut bench = Bench::new([by_id()]);
    for _ in 0..2 {
        bench.drop_answered(Err(replies::not_executed()));
        bench.expect_wait();
    }
    bench.drop_answered(Err(replies::not_executed()));
    bench.listed_as(&[], Coverage::Failed(replies::not_executed()));
    let report = bench.expect_end(Outcome::Unconfirmed);
    assert!(report.is_unreachable());
    assert!(
        report
            .message
            .starts_with("no drop was carried out: connection refused")
    );
    assert!(report.elapsed < seconds(2));
}

#[test]
fn a_drop_on_a_wrong_route_and_a_live_session_is_still_active() {
    let mut bench = Bench::new([by_id()]);
    for _ in 0..2 {
        bench.drop_answered(Err(replies::resource_not_found()));
        bench.expect_wait();
    }
    bench.drop_answered(Err(replies::resource_not_found()));
    bench.listed(&[active()]);
    let report = bench.expect_end(Outcome::StillActive);
    assert!(!report.is_unreachable());
    assert!(
        report
            .message
            .starts_with("no drop was carried out: Resource sub not found")
    );
}
