//! What is decided about one alert, step by step.

use std::sync::Arc;
use std::time::Duration;

use pam_alert::Alert;
use pam_proto::Session;
use pam_proto::termination::Outcome;
use pam_respond_core::{
    CaseReport, Effect, End, Event, Received, Record, Rejected, Responder, Sessions, Termination,
};
use serde_json::{Value, json};

use crate::{at, settings};

pub(crate) fn session(number: u64, user: &str, device: &str, start: &str) -> Session {
    Session::from_value(&json!({
        "id": number, "session_id": format!("{number:040x}"), "user": user,
        "origin_ip": "198.51.100.7", "credential": "root", "device": device,
        "start": format!("2026-11-18 {start}"), "end": null,
    }))
    .unwrap()
}

/// Two sessions of alice on two devices, one of bob.
fn three() -> Vec<Session> {
    vec![
        session(1, "alice", "192.0.2.1:22", "11:00:00"),
        session(2, "Alice", "192.0.2.2:22", "11:00:00"),
        session(3, "bob", "192.0.2.1:22", "11:00:00"),
    ]
}

pub(crate) struct Case {
    pub(crate) responder: Responder,
    pub(crate) seconds: i64,
    alerts: u64,
}

impl Case {
    pub(crate) fn new(rules: &str, policy: &str) -> Self {
        Self {
            responder: Responder::new(settings(rules, policy), at(0)),
            seconds: 0,
            alerts: 0,
        }
    }

    pub(crate) fn rule(rule: &str) -> Self {
        Self::new(
            &format!("[[rule]]\nname = \"r\"\nwhen = \"event=12\"\n{rule}"),
            "",
        )
    }

    pub(crate) fn event(&mut self, event: Event) -> Vec<Effect> {
        self.responder.handle(event, at(self.seconds)).unwrap()
    }

    pub(crate) fn list(&mut self, sessions: Vec<Session>) -> Vec<Effect> {
        let mut listing = Sessions::new(at(self.seconds));
        for session in sessions {
            listing.push(session, &self.responder.settings().zone.clone());
        }
        self.event(Event::Listing(Arc::new(listing)))
    }

    pub(crate) fn alert(&mut self, mut alert: Value) -> Vec<Effect> {
        self.alerts += 1;
        alert["source"] = json!("vault");
        alert["event"] = json!({"id": "12"});
        let alert: Alert = serde_json::from_value(alert).unwrap();
        let received = Received {
            number: self.alerts,
            key: format!("k{}", self.alerts),
            at: at(self.seconds),
            alert,
        };
        self.event(Event::Alert(Arc::new(received)))
    }

    pub(crate) fn ended(&mut self, case: u64, number: u64, outcome: Outcome) -> Vec<Effect> {
        let after = json!({"id": number, "session_id": format!("{number:040x}"), "user": "alice",
            "device": "192.0.2.1:22", "start": "2026-11-18 11:00:00", "credential": "root",
            "origin_ip": "198.51.100.7", "end": "2026-11-18 11:06:45"});
        self.event(Event::Ended(Box::new(Termination {
            case,
            session_id: format!("{number:040x}").parse().unwrap(),
            outcome,
            withheld: None,
            unreachable: false,
            attempts: 1,
            message: "its record says so".to_owned(),
            after: outcome
                .is_verified()
                .then(|| Session::from_value(&after).unwrap()),
        })))
    }
}

pub(crate) fn started(effects: &[Effect]) -> Vec<String> {
    let started = effects.iter().filter_map(|effect| match effect {
        Effect::StartTermination { session, .. } => Some(session.id.to_string()),
        _ => None,
    });
    started.collect()
}

pub(crate) fn report(effects: &[Effect]) -> &CaseReport {
    let mut reports = effects.iter().filter_map(|effect| match effect {
        Effect::Report(report) => Some(report),
        _ => None,
    });
    reports
        .next()
        .unwrap_or_else(|| panic!("no report: {effects:#?}"))
}

#[test]
fn nothing_rests_on_an_entry_that_is_not_written_first() {
    let mut case = Case::rule("mode = \"armed\"\n");
    case.list(three());
    let effects = case.alert(json!({"user": "bob"}));
    let Effect::Persist(entries) = &effects[0] else {
        panic!("{effects:?}");
    };
    let kinds: Vec<&str> = entries.iter().map(|entry| entry.record.kind()).collect();
    assert_eq!(kinds, ["opened", "found", "acting"]);
    assert_eq!(started(&effects), ["3"]);
}

#[test]
fn the_device_tells_two_sessions_of_a_user_apart() {
    let mut case = Case::rule("mode = \"armed\"\n");
    case.list(three());
    let effects = case.alert(json!({"user": "ALICE", "device": {"ip": "192.0.2.2"}}));
    assert_eq!(started(&effects), ["2"]);
}

#[test]
fn several_are_left_alone_or_asked_about_or_all_ended() {
    for (ambiguous, expected) in [("none", vec![]), ("ask", vec![]), ("all", vec!["1", "2"])] {
        let mut case = Case::rule(&format!("mode = \"armed\"\nambiguous = \"{ambiguous}\"\n"));
        case.list(three());
        // The table may be older than the alert, so that is not decided before the next listing.
        let effects = case.alert(json!({"user": "alice"}));
        assert_eq!(started(&effects), expected, "{ambiguous}");
        let pending = case.responder.pending();
        assert_eq!(pending.len(), usize::from(ambiguous == "ask"));
        match ambiguous {
            "none" => assert_eq!(report(&effects).end, End::Ambiguous),
            "ask" => {
                let by = "carol".to_owned();
                let unnamed = Event::Approve {
                    case: 1,
                    by: by.clone(),
                    sessions: Vec::new(),
                };
                let rejected = case.responder.handle(unnamed, at(1)).unwrap_err();
                assert!(
                    matches!(rejected, Rejected::NameSessions { .. }),
                    "{rejected}"
                );
                let sessions = vec!["2".to_owned()];
                let effects = case.event(Event::Approve {
                    case: 1,
                    by,
                    sessions,
                });
                assert_eq!(started(&effects), ["2"]);
            }
            _ => {}
        }
    }
}

#[test]
fn a_contradicted_session_is_never_ended_without_a_person() {
    for ambiguous in ["none", "all"] {
        let mut case = Case::rule(&format!(
            "mode = \"armed\"\nambiguous = \"{ambiguous}\"\ndeadline = \"30s\"\n"
        ));
        case.list(three());
        // Bob's only session leads elsewhere: the one that is meant may not be listed yet.
        let effects = case.alert(json!({"user": "bob", "device": {"ip": "192.0.2.9"}}));
        assert_eq!(started(&effects), [""; 0]);
        case.seconds = 31;
        let effects = case.list(three());
        assert_eq!(report(&effects).end, End::Ambiguous);
    }
}

#[test]
fn a_user_from_the_sentence_alone_is_no_user_that_agrees() {
    let mut case = Case::rule("mode = \"armed\"\ndeadline = \"1s\"\n");
    case.list(three());
    let effects = case.alert(json!({"user": "bob", "inferred": ["user"]}));
    assert_eq!(started(&effects), [""; 0]);
    case.seconds = 2;
    assert_eq!(report(&case.list(three())).end, End::Ambiguous);
}

#[test]
fn a_session_that_is_listed_late_is_waited_for() {
    let mut case = Case::rule("mode = \"armed\"\ndeadline = \"1m\"\n");
    let effects = case.alert(json!({"user": "bob"}));
    assert!(effects.contains(&Effect::RequestListing), "{effects:?}");
    assert_eq!(started(&case.list(Vec::new())), [""; 0]);
    case.seconds = 10;
    assert!(case.event(Event::Tick).contains(&Effect::RequestListing));
    assert_eq!(started(&case.list(three())), ["3"]);
}

#[test]
fn what_never_shows_is_given_up_at_the_deadline() {
    let mut case = Case::rule("mode = \"armed\"\ndeadline = \"1m\"\n");
    case.alert(json!({"user": "nobody"}));
    case.list(three());
    case.seconds = 61;
    let effects = case.event(Event::Tick);
    assert_eq!(report(&effects).end, End::NoSession);
}

#[test]
fn without_any_listing_an_alert_is_kept_for_an_hour() {
    let mut case = Case::rule("mode = \"armed\"\ndeadline = \"1m\"\n");
    case.alert(json!({"user": "bob"}));
    case.seconds = 600;
    case.event(Event::ListingFailed);
    assert_eq!(case.responder.status().searching, 1);
    // The appliance is back after ten minutes, and the session still runs.
    case.seconds = 610;
    assert_eq!(started(&case.list(three())), ["3"]);

    let mut case = Case::rule("mode = \"armed\"\ndeadline = \"1m\"\n");
    case.alert(json!({"user": "bob"}));
    case.seconds = 3_601;
    assert_eq!(report(&case.event(Event::Tick)).end, End::NoListing);
}

#[test]
fn a_session_that_started_after_the_alert_is_not_meant() {
    let mut case = Case::rule("mode = \"armed\"\ndeadline = \"1s\"\n");
    case.alert(json!({"user": "bob", "time": "2026-11-18T10:00:00Z"}));
    case.seconds = 2;
    let effects = case.list(three());
    assert_eq!(report(&effects).end, End::NoSession);
    assert!(report(&effects).why.contains("after the alert"));
}

#[test]
fn scripts_are_left_alone() {
    let mut case = Case::rule("mode = \"armed\"\n");
    let effects =
        case.alert(json!({"user": "bob", "attributes": {"sname": "Asynchronous Script: 8"}}));
    assert_eq!(report(&effects).end, End::MachineActor);
    // The alert does not say so, the session does.
    case.seconds = 1;
    case.list(vec![session(9, "asc_12", "192.0.2.1:22", "11:00:00")]);
    let mut case = Case::rule("match = \"device\"\nmode = \"armed\"\ndeadline = \"1s\"\n");
    case.alert(json!({"device": {"ip": "192.0.2.1"}}));
    case.seconds = 2;
    let effects = case.list(vec![session(9, "asc_12", "192.0.2.1:22", "11:00:00")]);
    assert_eq!(report(&effects).end, End::MachineActor);
}

#[test]
fn the_policy_wins_and_names_its_rule() {
    let rules = "[[rule]]\nname = \"r\"\nwhen = \"event=12\"\nmode = \"armed\"\n";
    let policy = "[[protect]]\nname = \"bob stays\"\nusers = [\"bob\"]\n";
    let mut case = Case::new(rules, policy);
    case.list(three());
    let effects = case.alert(json!({"user": "bob"}));
    assert_eq!(report(&effects).end, End::Policy);
    assert!(report(&effects).why.contains("bob stays"));
}

#[test]
fn shadow_records_what_would_be_done_and_does_nothing() {
    let mut case = Case::rule("");
    case.list(three());
    let effects = case.alert(json!({"user": "bob"}));
    assert_eq!(started(&effects), [""; 0]);
    assert_eq!(report(&effects).end, End::Shadow);
    assert!(report(&effects).why.contains("would end session 3 of bob"));
}

#[test]
fn each_limit_holds_back_and_says_which() {
    for (limit, part) in [
        (
            "mode = \"armed\"\nmax_per_hour = 1\n",
            "limit per rule: 1 of 1",
        ),
        (
            "mode = \"armed\"\n[limits]\nper_user = 1\n",
            "limit per user: 1 of 1",
        ),
        (
            "mode = \"armed\"\n[limits]\ntotal = 1\n",
            "limit per total: 1 of 1",
        ),
        ("mode = \"armed\"\ncooldown = \"5m\"\n", "cooldown of alice"),
    ] {
        let mut case = Case::rule(limit);
        case.list(three());
        let device = |ip: &str| json!({"user": "alice", "device": {"ip": ip}});
        assert_eq!(started(&case.alert(device("192.0.2.1"))), ["1"]);
        let effects = case.alert(device("192.0.2.2"));
        assert_eq!(report(&effects).end, End::HeldBack, "{limit}");
        assert!(
            report(&effects).why.contains(part),
            "{}",
            report(&effects).why
        );
        // An hour later there is room again.
        case.ended(1, 1, Outcome::Terminated);
        case.seconds = 3_601;
        case.list(three());
        assert_eq!(started(&case.alert(device("192.0.2.2"))), ["2"], "{limit}");
    }
}

#[test]
fn a_halt_stops_what_is_decided_and_what_is_about_to_be_sent() {
    let mut case = Case::rule("mode = \"armed\"\n");
    case.list(three());
    case.alert(json!({"user": "bob"}));
    let id = format!("{:040x}", 3).parse().unwrap();
    assert_eq!(case.responder.may_drop(1, &id, None, at(0)), Ok(()));
    let (by, why) = ("carol".to_owned(), "drill".to_owned());
    case.event(Event::Halt { by, why });
    let refused = case.responder.may_drop(1, &id, None, at(0)).unwrap_err();
    assert_eq!(refused, "halted by carol: drill");
    let effects = case.alert(json!({"user": "alice", "device": {"ip": "192.0.2.2"}}));
    assert_eq!(report(&effects).end, End::HeldBack);
    case.event(Event::Resume {
        by: "carol".to_owned(),
    });
    assert_eq!(case.responder.may_drop(1, &id, None, at(0)), Ok(()));
    // A drop of a session that no case is about is never sent.
    let other = format!("{:040x}", 2).parse().unwrap();
    assert!(case.responder.may_drop(1, &other, None, at(0)).is_err());
}

#[test]
fn unconfirmed_outcomes_open_the_breaker_until_it_is_resumed() {
    let mut case =
        Case::rule("mode = \"armed\"\n[limits]\nper_user = 9\n[breaker]\nunconfirmed = 2\n");
    case.list(three());
    case.alert(json!({"user": "bob"}));
    case.alert(json!({"user": "alice", "device": {"ip": "192.0.2.1"}}));
    case.ended(1, 3, Outcome::Unconfirmed);
    let effects = case.ended(2, 1, Outcome::Unconfirmed);
    let Effect::Persist(entries) = &effects[0] else {
        panic!("{effects:?}");
    };
    let opened = |record: &Record| matches!(record, Record::BreakerOpened { .. });
    assert!(entries.iter().any(|entry| opened(&entry.record)));
    let held = case.alert(json!({"user": "alice", "device": {"ip": "192.0.2.2"}}));
    assert!(
        report(&held).why.contains("the breaker is open"),
        "{held:?}"
    );
    case.event(Event::Resume {
        by: "carol".to_owned(),
    });
    let effects = case.alert(json!({"user": "bob"}));
    // Its end was tried before and not proven, so it is looked at first.
    let look_first = effects.iter().any(|effect| {
        matches!(
            effect,
            Effect::StartTermination {
                look_first: true,
                ..
            }
        )
    });
    assert!(look_first, "{effects:?}");
}

#[test]
fn the_same_session_is_not_ended_twice() {
    let mut case = Case::rule("mode = \"armed\"\n");
    case.list(three());
    case.alert(json!({"user": "bob"}));
    let effects = case.alert(json!({"user": "bob"}));
    assert_eq!(report(&effects).end, End::Covered);
    assert_eq!(
        report(&case.ended(1, 3, Outcome::Terminated)).end,
        End::Terminated
    );
    // A listing that lags shows it still.
    case.seconds = 5;
    case.list(three());
    assert_eq!(
        report(&case.alert(json!({"user": "bob"}))).end,
        End::Covered
    );
}

#[test]
fn no_answer_is_a_no() {
    let mut case = Case::rule("mode = \"approve\"\napproval_timeout = \"10m\"\n");
    case.list(three());
    assert_eq!(started(&case.alert(json!({"user": "bob"}))), [""; 0]);
    assert_eq!(case.responder.pending()[0].proposed, ["3"]);
    case.seconds = 601;
    let effects = case.event(Event::Tick);
    assert_eq!(report(&effects).end, End::Expired);
    let (by, sessions) = ("carol".to_owned(), Vec::new());
    let late = Event::Approve {
        case: 1,
        by,
        sessions,
    };
    assert_eq!(
        case.responder.handle(late, at(602)),
        Err(Rejected::NotPending(1))
    );
}

#[test]
fn a_flood_of_alerts_without_a_session_is_held_back() {
    let rule = "[[rule]]\nname = \"r\"\nwhen = \"event=12\"\nmode = \"armed\"\n";
    let mut case = Case::new(&format!("[limits]\nwaiting = 2\n{rule}"), "");
    case.list(three());
    for user in ["x", "y"] {
        let effects = case.alert(json!({"user": user}));
        assert!(!effects.iter().any(|e| matches!(e, Effect::Report(_))));
    }
    let effects = case.alert(json!({"user": "z"}));
    assert_eq!(report(&effects).end, End::HeldBack);
    // One whose session is there is acted on, and those that wait find theirs.
    assert_eq!(started(&case.alert(json!({"user": "bob"}))), ["3"]);
    case.seconds = 5;
    let later = vec![session(4, "x", "192.0.2.1:22", "11:00:01")];
    assert_eq!(started(&case.list(later)), ["4"]);
    // Who has gone makes room.
    let effects = case.alert(json!({"user": "z"}));
    assert!(!effects.iter().any(|e| matches!(e, Effect::Report(_))));
}

#[test]
fn nobody_is_asked_for_what_the_policy_refuses() {
    let bob = "[[protect]]\nname = \"b\"\nusers = [\"bob\"]\n";
    let rule = |mode: &str| format!("[[rule]]\nname = \"r\"\nwhen = \"event=12\"\n{mode}");
    let mut case = Case::new(&rule("mode = \"approve\"\n"), bob);
    case.list(three());
    let effects = case.alert(json!({"user": "bob"}));
    assert_eq!(report(&effects).end, End::Policy);
    assert!(case.responder.pending().is_empty());
    // What was ended in the last hour will not count by the time of the answer.
    let two = format!(
        "{}\n{}",
        rule("mode = \"armed\"\n"),
        rule("mode = \"approve\"\n")
    );
    let two =
        two.replacen("\"r\"", "\"armed\"", 1)
            .replacen("event=12", "event=12 and user=bob", 1);
    let mut case = Case::new(&two, "[limits]\nper_hour = 1\n");
    case.list(three());
    assert_eq!(started(&case.alert(json!({"user": "bob"}))), ["3"]);
    case.ended(1, 3, Outcome::Terminated);
    case.alert(json!({"user": "alice", "device": {"ip": "192.0.2.1"}}));
    let pending = case.responder.pending();
    assert!(!pending.is_empty(), "{pending:?}");
    // Of several that may be meant one suffices that may be ended; the other is refused if it is
    // chosen.
    let ask = rule("mode = \"armed\"\nambiguous = \"ask\"\nmatch = [\"device\"]\n");
    let on_the_first = || json!({"device": {"ip": "192.0.2.1"}});
    let mut case = Case::new(&ask, bob);
    case.list(three());
    assert_eq!(started(&case.alert(on_the_first())), [""; 0]);
    assert_eq!(case.responder.pending().len(), 1);
    let both = "[[protect]]\nname = \"b\"\nusers = [\"alice\", \"bob\"]\n";
    let mut case = Case::new(&ask, both);
    case.list(three());
    let effects = case.alert(on_the_first());
    assert_eq!(report(&effects).end, End::Policy);
    assert_eq!(report(&effects).sessions.len(), 2);
    assert!(case.responder.pending().is_empty());
}

#[test]
fn who_comes_back_is_dropped_again_for_as_long_as_the_rule_says() {
    let rules =
        "match = [\"user\", \"device\"]\nmode = \"armed\"\nkeep_out = \"10m\"\ncooldown = \"1h\"\n";
    let mut case = Case::rule(rules);
    case.list(three());
    case.alert(json!({"user": "alice", "device": {"ip": "192.0.2.1"}}));
    case.ended(1, 1, Outcome::Terminated);
    case.seconds = 60;
    let back = vec![
        session(5, "alice", "192.0.2.1:22", "11:07:30"),
        // Another device, another user, and one that ran all the time.
        session(6, "alice", "192.0.2.2:22", "11:07:30"),
        session(7, "bob", "192.0.2.1:22", "11:07:30"),
        session(8, "alice", "192.0.2.1:22", "11:01:00"),
    ];
    assert_eq!(started(&case.list(back)), ["5"]);
    case.seconds = 700;
    let late = vec![session(9, "alice", "192.0.2.1:22", "11:18:00")];
    assert_eq!(started(&case.list(late)), [""; 0]);
}

#[test]
fn an_appliance_out_of_reach_is_tried_again_looking_first() {
    let mut case = Case::rule("mode = \"armed\"\n");
    case.list(three());
    case.alert(json!({"user": "bob"}));
    let ended = Termination {
        case: 1,
        session_id: format!("{:040x}", 3).parse().unwrap(),
        outcome: Outcome::Unconfirmed,
        withheld: None,
        unreachable: true,
        attempts: 0,
        message: "connection refused".to_owned(),
        after: None,
    };
    let effects = case.event(Event::Ended(Box::new(ended)));
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::Report(_)))
    );
    case.seconds = 31;
    let wake = case.responder.next_wake().unwrap();
    assert!(wake <= at(31));
    let effects = case.event(Event::Tick);
    assert!(matches!(
        effects[..],
        [Effect::StartTermination {
            look_first: true,
            ..
        }]
    ));
}

#[test]
fn a_rule_that_was_disarmed_drops_nothing_more() {
    let mut case = Case::rule("mode = \"armed\"\n");
    case.list(three());
    case.alert(json!({"user": "bob"}));
    let shadow = settings("[[rule]]\nname = \"r\"\nwhen = \"event=12\"\n", "");
    case.event(Event::Reload(Box::new(shadow)));
    let id = format!("{:040x}", 3).parse().unwrap();
    let refused = case.responder.may_drop(1, &id, None, at(0)).unwrap_err();
    assert!(refused.contains("in shadow now"), "{refused}");
    let session = started(&case.event(Event::Tick));
    assert_eq!(session, [""; 0]);
}

#[test]
fn time_does_not_run_backwards() {
    let mut case = Case::rule("mode = \"armed\"\ndeadline = \"1m\"\n");
    case.seconds = 100;
    case.alert(json!({"user": "nobody"}));
    case.list(three());
    case.seconds = 100 - 3_600;
    assert!(case.event(Event::Tick).is_empty());
    case.seconds = 100 + Duration::from_secs(61).as_secs() as i64;
    assert_eq!(report(&case.event(Event::Tick)).end, End::NoSession);
}
