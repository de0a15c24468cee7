//! A listing that takes three minutes, an appliance that is down for ten, and a clock that is set
//! back by an hour, in no time.

use pam_proto::termination::Outcome;
use pam_respond_core::{Effect, End, Event, Sessions};
use serde_json::json;
use std::sync::Arc;

use crate::at;
use crate::decisions::{Case, report, session, started};

const RULE: &str = "mode = \"armed\"\ncooldown = \"15m\"\n";

fn asks(effects: &[Effect]) -> bool {
    effects.contains(&Effect::RequestListing)
}

#[test]
fn a_listing_of_three_minutes_is_waited_for_and_not_asked_for_twice() {
    let mut case = Case::rule(RULE);
    let mut asked = usize::from(asks(&case.alert(json!({"user": "bob"}))));
    // More alerts and the passing of time change nothing: one listing is on its way.
    asked += usize::from(asks(&case.alert(json!({"user": "alice"}))));
    for second in 1..180 {
        case.seconds = second;
        asked += usize::from(asks(&case.event(Event::Tick)));
    }
    case.seconds = 180;
    let mut listing = Sessions::new(at(0));
    let zone = case.responder.settings().zone.clone();
    listing.push(session(3, "bob", "192.0.2.1:22", "11:00:00"), &zone);
    listing.push(session(4, "alice", "192.0.2.4:22", "11:00:00"), &zone);
    let effects = case.event(Event::Listing(Arc::new(listing)));
    assert_eq!(started(&effects), ["3", "4"]);
    println!("a listing of 180 s: asked for {asked} times, 2 of 2 alerts decided on it");
    assert_eq!(asked, 1);
}

#[test]
fn ten_minutes_without_an_appliance_lose_nothing() {
    let mut case = Case::rule(RULE);
    case.alert(json!({"user": "bob"}));
    let mut failed = 0;
    for second in 1..600 {
        case.seconds = second;
        let effects = case.event(Event::Tick);
        assert_eq!(started(&effects), [""; 0]);
        if second % 30 == 5 {
            case.event(Event::ListingFailed);
            failed += 1;
        }
    }
    case.seconds = 600;
    let effects = case.list(vec![session(3, "bob", "192.0.2.1:22", "11:00:00")]);
    assert_eq!(started(&effects), ["3"]);
    let effects = case.ended(1, 3, Outcome::Terminated);
    assert_eq!(report(&effects).end, End::Terminated);
    println!("an appliance down for 600 s: {failed} listings failed, the alert was decided after");
}

#[test]
fn a_clock_set_back_by_an_hour_ends_nothing_twice_and_answers_no_question() {
    let mut case = Case::rule(RULE);
    case.list(vec![session(3, "bob", "192.0.2.1:22", "11:00:00")]);
    assert_eq!(started(&case.alert(json!({"user": "bob"}))), ["3"]);
    case.ended(1, 3, Outcome::Terminated);
    case.seconds = -3_600;
    let again = case.alert(json!({"user": "bob"}));
    let listed = case.list(vec![session(3, "bob", "192.0.2.1:22", "11:00:00")]);
    assert_eq!((started(&again), started(&listed)), (vec![], vec![]));
    // The cooldown goes on: what was ended is what ended, and nobody comes in by the old time.
    let status = case.responder.status();
    assert_eq!(status.acting, 0);

    let mut case = Case::rule("mode = \"approve\"\napproval_timeout = \"15m\"\n");
    case.list(vec![session(3, "bob", "192.0.2.1:22", "11:00:00")]);
    case.alert(json!({"user": "bob"}));
    case.seconds = -3_600;
    case.event(Event::Tick);
    assert_eq!(case.responder.pending().len(), 1);
    let by = "carol".to_owned();
    let effects = case.event(Event::Approve {
        case: 1,
        by,
        sessions: Vec::new(),
    });
    assert_eq!(started(&effects), ["3"]);
    println!("a clock set back by 3600 s: 0 sessions ended twice, 1 question still open");
}
