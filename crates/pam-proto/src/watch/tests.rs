use std::ops::ControlFlow;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::listing::ListingParser;

fn record(number: u64, user: &str, start: &str, end: Option<&str>) -> Value {
    json!({"id": number.to_string(), "session_id": format!("id{number}"), "user": user,
        "start": start, "end": end})
}

fn session(number: u64, user: &str, end: Option<&str>) -> Session {
    let start = format!("2024-05-06 16:{:02}:00", number % 60);
    Session::from_value(&record(number, user, &start, end)).unwrap()
}

fn told(watch: &mut Watch, filter: Filter, listed: &[Session], coverage: Coverage) -> Vec<String> {
    let mut reading = watch.reading(filter);
    listed.iter().for_each(|session| reading.session(session));
    let events = reading.finish(coverage).events;
    let told = events
        .iter()
        .map(|event| format!("{} {}", event.name(), event.session().id));
    told.collect()
}

fn all(watch: &mut Watch, listed: &[Session]) -> Vec<String> {
    told(watch, Filter::new(), listed, Coverage::Whole)
}

const END: Option<&str> = Some("2024-05-06 17:00:00");

#[test]
fn the_first_reading_tells_what_runs_and_the_next_what_happened() {
    let mut watch = Watch::default();
    let (one, two, three) = (
        session(1, "alice", None),
        session(2, "bob", None),
        session(3, "eve", END),
    );
    assert_eq!(
        all(&mut watch, &[one.clone(), two.clone(), three.clone()]),
        ["running 1", "running 2"]
    );
    let mut changed = two.clone();
    changed.itsm = Some("CHG1".to_owned());
    let four = session(4, "alice", None);
    assert_eq!(
        all(
            &mut watch,
            &[session(1, "alice", END), changed, three, four.clone()]
        ),
        ["ended 1", "changed 2", "started 4"]
    );
    assert_eq!(all(&mut watch, &[four]), ["vanished 2"]);
    assert_eq!(watch.running().len(), 1);
}

#[test]
fn a_part_of_the_listing_calls_no_session_gone() {
    let mut watch = Watch::default();
    all(
        &mut watch,
        &[session(1, "alice", None), session(2, "bob", None)],
    );
    let part = [session(2, "bob", END), session(3, "bob", None)];
    assert_eq!(
        told(&mut watch, Filter::new(), &part, Coverage::Part),
        ["ended 2", "started 3"]
    );
    assert_eq!(watch.running().len(), 2);
}

#[test]
fn a_reading_that_is_dropped_never_happened() {
    let mut watch = Watch::default();
    all(&mut watch, &[session(1, "alice", None)]);
    watch
        .reading(Filter::new())
        .session(&session(1, "alice", END));
    assert_eq!(
        all(&mut watch, &[session(1, "alice", None)]),
        [""; 0],
        "it still runs"
    );
}

#[test]
fn what_started_and_ended_between_two_readings_is_told_and_older_ends_are_not() {
    let mut watch = Watch::default();
    all(
        &mut watch,
        &[session(5, "alice", END), session(6, "alice", None)],
    );
    let listed = [
        session(4, "alice", END),
        session(6, "alice", None),
        session(7, "alice", END),
    ];
    assert_eq!(all(&mut watch, &listed), ["started 7", "ended 7"]);
    assert_eq!(all(&mut watch, &listed), [""; 0]);
}

#[test]
fn more_brief_sessions_than_are_told_are_counted() {
    let mut watch = Watch::default();
    all(&mut watch, &[session(1, "alice", None)]);
    let mut reading = watch.reading(Filter::new());
    for number in 1..=BRIEF_MAX as u64 + 7 {
        let brief = record(number + 60, "alice", "2024-06-01 00:00:00", END);
        reading.session(&Session::from_value(&brief).unwrap());
    }
    let changes = reading.finish(Coverage::Part);
    assert_eq!(changes.events.len(), 2 * BRIEF_MAX);
    assert_eq!(changes.untold, 7);
}

#[test]
fn a_session_that_was_told_is_followed_to_its_end() {
    let mut watch = Watch::default();
    let alice = || Filter::new().user("alice");
    let whole = Coverage::Whole;
    let listed = [session(1, "alice", None), session(2, "bob", None)];
    assert_eq!(told(&mut watch, alice(), &listed, whole), ["running 1"]);
    let renamed = [session(1, "alicia", None), session(2, "bob", END)];
    assert_eq!(told(&mut watch, alice(), &renamed, whole), ["changed 1"]);
    let ended = [session(1, "alicia", END)];
    assert_eq!(told(&mut watch, alice(), &ended, whole), ["ended 1"]);
}

#[test]
fn a_row_number_that_another_session_took_over_is_two_sessions() {
    let mut watch = Watch::default();
    all(&mut watch, &[session(1, "alice", None)]);
    let mut other = session(1, "alice", None);
    other.session_id = Some("another".parse().unwrap());
    assert_eq!(
        all(&mut watch, std::slice::from_ref(&other)),
        ["vanished 1", "started 1"]
    );
    other.session_id = None;
    assert_eq!(all(&mut watch, &[other]), ["changed 1"]);
}

/// What a session may look like in one listing: not there, running in one of two forms, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Listed {
    Absent,
    Runs(bool),
    Ended,
}

fn listed() -> impl Strategy<Value = Vec<Listed>> {
    let one = prop_oneof![
        Just(Listed::Absent),
        any::<bool>().prop_map(Listed::Runs),
        Just(Listed::Ended)
    ];
    proptest::collection::vec(one, 12)
}

fn sessions(listing: &[Listed]) -> Vec<Value> {
    let numbered = listing.iter().zip(1u64..);
    let records = numbered.filter_map(|(listed, number)| {
        let user = if number % 3 == 0 { "bob" } else { "alice" };
        // All of one minute, so that none is news by its start.
        let mut value = record(number, user, "2024-05-06 16:00:00", None);
        match listed {
            Listed::Absent => return None,
            Listed::Runs(other) => value["request"] = json!(other.then_some("R1")),
            Listed::Ended => value["end"] = json!(END),
        }
        Some(value)
    });
    records.collect()
}

proptest! {
    /// Applied one after another to an empty set, the events give what the listings showed, and
    /// each event is one that could happen to what was there.
    #[test]
    fn events_replayed_give_the_running_sessions(
        listings in proptest::collection::vec((listed(), any::<bool>()), 1..8),
        chunk in 1usize..200,
    ) {
        let filter = || Filter::new().user("alice");
        let mut watch = Watch::default();
        let mut replica: BTreeMap<u64, Session> = BTreeMap::new();
        for (listing, whole) in listings {
            let records = sessions(&listing);
            let body = json!({"code": 200, "response": {"status": 200, "error": false},
                "remote_sessions": records}).to_string();
            let (head, ()) = http::Response::new(()).into_parts();
            let mut parser = ListingParser::new(Filter::new(), head);
            let mut reading = watch.reading(filter());
            for chunk in body.as_bytes().chunks(chunk) {
                let _ = parser.feed(chunk, |record| {
                    reading.record(&record);
                    ControlFlow::Continue(())
                }).unwrap();
            }
            let coverage = if whole { Coverage::Whole } else { Coverage::Part };
            let before = replica.clone();
            for event in reading.finish(coverage).events {
                let now = event.session().clone();
                let number = now.id.value();
                match event {
                    Event::Running(_) | Event::Started(_) => {
                        prop_assert!(now.is_active());
                        prop_assert_eq!(replica.insert(number, now), None);
                    }
                    Event::Changed { before, after } => {
                        prop_assert_ne!(&*before, &after);
                        prop_assert_eq!(replica.insert(number, after), Some(*before));
                    }
                    Event::Ended(_) => {
                        prop_assert!(!now.is_active());
                        prop_assert!(replica.remove(&number).is_some());
                    }
                    Event::Vanished(_) => {
                        prop_assert!(whole);
                        prop_assert_eq!(replica.remove(&number), Some(now));
                    }
                }
            }
            let mut expected: BTreeMap<u64, Session> = records.iter()
                .map(|record| Session::from_value(record).unwrap())
                .filter(|session| session.is_active() && session.user == "alice")
                .map(|session| (session.id.value(), session))
                .collect();
            if !whole {
                for (number, session) in before {
                    let id = json!(number.to_string());
                    let seen = records.iter().any(|record| record["id"] == id);
                    if !seen {
                        expected.insert(number, session);
                    }
                }
            }
            prop_assert_eq!(&replica, &expected);
            prop_assert_eq!(watch.running().cloned().collect::<Vec<_>>(),
                expected.into_values().collect::<Vec<_>>());
        }
    }
}
