//! Whatever an alert says and whatever the rules are, who is protected stays.

use std::sync::Arc;

use pam_alert::Alert;
use pam_proto::Session;
use pam_respond_core::{Effect, Event, Received, Responder, Sessions};
use proptest::prelude::*;
use serde_json::json;

use crate::{at, settings};

const USERS: [&str; 4] = ["root1", "ROOT1", "alice", ""];
const DEVICES: [&str; 3] = ["192.0.2.1:22", "192.0.2.2:22", "db1"];

fn session(number: usize, user: &str, device: &str) -> Session {
    Session::from_value(&json!({
        "id": number, "session_id": format!("{number:040x}"), "user": user,
        "origin_ip": "198.51.100.7", "credential": "root", "device": device,
        "start": "2026-11-18 11:00:00", "end": null,
    }))
    .unwrap()
}

fn policy() -> impl Strategy<Value = (String, fn(&Session) -> bool)> {
    let by_user: fn(&Session) -> bool =
        |session| session.user.is_empty() || session.user.eq_ignore_ascii_case("root1");
    let by_device: fn(&Session) -> bool = |session| session.device.starts_with("192.0.2.1");
    let by_credential: fn(&Session) -> bool = |_| true;
    prop_oneof![
        Just(("users = [\"root1\"]".to_owned(), by_user)),
        Just(("devices = [\"192.0.2.1\"]".to_owned(), by_device)),
        Just(("credentials = [\"root\"]".to_owned(), by_credential)),
        Just(("filter = \"user=root1\"".to_owned(), by_user)),
    ]
}

fn rule() -> impl Strategy<Value = String> {
    let fields = prop::sample::subsequence(vec!["user", "device", "credential", "origin"], 1..=4);
    let ambiguous = prop::sample::select(vec!["none", "ask", "all"]);
    let mode = prop::sample::select(vec!["armed", "approve"]);
    (fields, ambiguous, mode).prop_map(|(fields, ambiguous, mode)| {
        format!(
            "[[rule]]\nname = \"r\"\nwhen = \"source=x\"\nmatch = {fields:?}\nmode = \"{mode}\"\n\
             ambiguous = \"{ambiguous}\"\nkeep_out = \"1h\"\ndeadline = \"1s\"\n[limits]\n\
             per_user = 99\ntotal = 99\n"
        )
    })
}

fn alert() -> impl Strategy<Value = Alert> {
    let user = prop::option::of(prop::sample::select(USERS.to_vec()));
    let ip = prop::option::of(prop::sample::select(vec!["192.0.2.1", "192.0.2.2"]));
    let number = prop::option::of(0_usize..6);
    let credential = prop::option::of(Just("root"));
    (user, ip, number, credential).prop_map(|(user, ip, number, credential)| {
        let mut alert = Alert::new("x");
        alert.user = user.map(str::to_owned);
        alert.device.ip = ip.map(|ip| ip.parse().unwrap());
        alert.session_id = number.map(|number| format!("{number:040x}"));
        alert.credential = credential.map(str::to_owned);
        alert.origin = "198.51.100.7".parse().ok();
        alert
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn whatever_the_alert_the_rules_and_the_policy_say(
        (protect, is_protected) in policy(),
        rule in rule(),
        alerts in prop::collection::vec(alert(), 1..5),
        sessions in prop::collection::vec((0..USERS.len(), 0..DEVICES.len()), 0..6),
        second in any::<prop::sample::Index>(),
    ) {
        let policy = format!("[[protect]]\nname = \"p\"\n{protect}\n");
        let mut responder = Responder::new(settings(&rule, &policy), at(0));
        let mut effects = Vec::new();
        let mut seconds = 0;
        let mut act = |responder: &mut Responder, event: Event| {
            seconds += 1;
            if let Ok(more) = responder.handle(event, at(seconds)) {
                effects.extend(more);
            }
        };
        for (number, alert) in (1..).zip(alerts) {
            let received = Received { number, key: number.to_string(), at: at(0), alert };
            act(&mut responder, Event::Alert(Arc::new(received)));
        }
        for _ in 0..2 {
            let mut listing = Sessions::new(at(60));
            for (number, (user, device)) in sessions.iter().enumerate() {
                listing.push(session(number, USERS[*user], DEVICES[*device]), &jiff::tz::TimeZone::UTC);
            }
            act(&mut responder, Event::Listing(Arc::new(listing)));
            for pending in responder.pending() {
                let all: Vec<String> = pending.candidates.iter().map(|c| c.id.clone()).collect();
                let sessions = if all.is_empty() { all } else { vec![second.get(&all).clone()] };
                let (case, by) = (pending.case, "carol".to_owned());
                act(&mut responder, Event::Approve { case, by, sessions });
            }
        }
        for effect in effects {
            if let Effect::StartTermination { case, session, .. } = effect {
                prop_assert!(!is_protected(&session), "{session:?}");
                // What turns out to be protected when the drop is about to be sent stays too.
                let mut seen = (*session).clone();
                seen.user = "root1".to_owned();
                seen.device = "192.0.2.1:22".to_owned();
                let id = session.session_id.clone().unwrap();
                prop_assert!(responder.may_drop(case, &id, Some(&seen), at(99)).is_err());
            }
        }
    }
}
