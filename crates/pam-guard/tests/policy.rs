//! What a policy refuses, and how it says so.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

use jiff::civil::date;
use pam_guard::Policy;
use pam_guard::policy::{Attempt, Decision};
use pam_proto::Session;
use proptest::prelude::*;
use serde_json::json;

const POLICY: &str = r#"
[[protect]]
name = "domain controllers"
devices = ["10.66.*", "dc??"]

[[protect]]
name = "night run"
users = ["svc_*"]
window = { days = ["mon-fri"], from = "18:00", to = "06:00" }
absolute = true

[[protect]]
name = "vendor"
filter = "origin in 192.0.2.0/24 and credential=root"

[require]
reason = '.{5,}'
ticket = 'INC[0-9]+'

[limits]
per_command = 2
per_hour = 5

[break_glass]
allowed = true
"#;

fn session(user: &str, device: &str, credential: &str, origin: &str) -> Session {
    Session::from_value(
        &json!({"id": "7", "session_id": "ab", "user": user, "device": device,
        "credential": credential, "origin_ip": origin}),
    )
    .unwrap()
}

fn harmless() -> Session {
    session("alice", "192.0.2.9:22", "oracle", "10.0.0.1")
}

// A Monday at noon.
fn attempt() -> Attempt<'static> {
    Attempt {
        reason: Some("exfiltration"),
        ticket: Some("INC42"),
        now: date(2024, 5, 6).at(12, 0, 0, 0),
        ended_last_hour: 0,
        unseen: 0,
        break_glass: false,
    }
}

fn rules(decision: &Decision) -> Vec<(&str, usize)> {
    decision
        .refusals
        .iter()
        .map(|refusal| (refusal.rule.as_str(), refusal.line))
        .collect()
}

#[test]
fn what_nothing_forbids_is_allowed() {
    let policy = Policy::parse(POLICY).unwrap();
    assert!(policy.check(&[harmless()], &attempt()).is_allowed());
    assert!(
        Policy::default()
            .check(&[harmless()], &attempt())
            .is_allowed()
    );
}

#[test]
fn a_refusal_names_its_rule_and_line() {
    let policy = Policy::parse(POLICY).unwrap();
    let night = date(2024, 5, 6).at(23, 0, 0, 0);
    let table = [
        (
            session("alice", "10.66.1.2:22", "x", ""),
            attempt(),
            ("domain controllers", 3),
        ),
        (
            session("alice", "DC01", "x", ""),
            attempt(),
            ("domain controllers", 3),
        ),
        (
            session("SVC_a", "h", "x", ""),
            Attempt {
                now: night,
                ..attempt()
            },
            ("night run", 7),
        ),
        (
            session("bob", "h", "root", "192.0.2.1"),
            attempt(),
            ("vendor", 13),
        ),
        (
            harmless(),
            Attempt {
                reason: None,
                ..attempt()
            },
            ("require.reason", 17),
        ),
        (
            harmless(),
            Attempt {
                reason: Some("bad"),
                ..attempt()
            },
            ("require.reason", 17),
        ),
        (
            harmless(),
            Attempt {
                ticket: Some("INC42;x"),
                ..attempt()
            },
            ("require.ticket", 18),
        ),
        (
            harmless(),
            Attempt {
                ended_last_hour: 5,
                ..attempt()
            },
            ("limits.per_hour", 22),
        ),
    ];
    for (session, attempt, rule) in table {
        let decision = policy.check(std::slice::from_ref(&session), &attempt);
        assert_eq!(rules(&decision), [rule], "{session:?}");
    }
    let three = [harmless(), harmless(), harmless()];
    assert_eq!(
        rules(&policy.check(&three, &attempt())),
        [("limits.per_command", 21)]
    );
}

#[test]
fn what_is_not_known_is_protected() {
    let policy = Policy::parse(POLICY).unwrap();
    let night = Attempt {
        now: date(2024, 5, 6).at(23, 0, 0, 0),
        ..attempt()
    };
    let nobody = session("", "192.0.2.9:22", "oracle", "10.0.0.1");
    assert_eq!(rules(&policy.check(&[nobody], &night)), [("night run", 7)]);
    let nowhere = session("alice", "192.0.2.9:22", "root", "unknown");
    assert_eq!(
        rules(&policy.check(&[nowhere], &attempt())),
        [("vendor", 13)]
    );
}

#[test]
fn broken_glass_lifts_what_is_not_absolute_and_says_what() {
    let policy = Policy::parse(POLICY).unwrap();
    let breaking = Attempt {
        break_glass: true,
        ..attempt()
    };
    let decision = policy.check(&[session("alice", "10.66.1.2:22", "x", "")], &breaking);
    assert!(decision.is_allowed());
    assert_eq!(decision.lifted.len(), 1);

    let night = Attempt {
        now: date(2024, 5, 6).at(23, 0, 0, 0),
        ..breaking
    };
    let decision = policy.check(&[session("svc_a", "10.66.1.2:22", "x", "")], &night);
    assert_eq!(rules(&decision), [("night run", 7)]);

    let unexplained = Attempt {
        reason: None,
        ..breaking
    };
    assert_eq!(
        rules(&policy.check(&[harmless()], &unexplained)),
        [("require.reason", 17)]
    );

    let strict = Policy::parse("[limits]\nper_command = 1\n").unwrap();
    assert!(!strict.check(&[harmless()], &breaking).is_allowed());
}

#[test]
fn a_mistake_has_its_line() {
    let table = [
        ("x", 1, "key"),
        ("[limits]\nper_comand = 5", 2, "per_comand"),
        ("[limits]\nper_hour = -1", 2, "-1"),
        ("[require]\n\nreason = '('", 3, "regular expression"),
        ("[[protect]]\nname = \"a\"\n", 1, "protects nothing"),
        ("[[protect]]\nusers = [\"a\"]\n", 1, "name"),
        (
            "[[protect]]\nname = \"a\"\nfilter = \"usr=x\"\n",
            3,
            "unknown field",
        ),
        (
            "[[protect]]\nname = \"a\"\nwindow = { from = \"8\", to = \"18:00\" }\n",
            3,
            "HH:MM",
        ),
    ];
    for (text, line, part) in table {
        let error = Policy::parse(text).expect_err(text);
        assert_eq!(error.line, line, "{text}: {error}");
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
}

proptest! {
    #[test]
    fn a_protected_user_is_never_allowed(
        user in "[a-zA-Z0-9_.é]{1,12}",
        device in "\\PC{0,12}",
        break_glass: bool,
        ended_last_hour in 0_usize..10,
    ) {
        let text = format!("[[protect]]\nname = \"x\"\nusers = [\"{user}\"]\nabsolute = true\n");
        let policy = Policy::parse(&text).unwrap();
        let attempt = Attempt { break_glass, ended_last_hour, ..attempt() };
        for user in [user.to_uppercase(), user.clone(), String::new()] {
            let sessions = [harmless(), session(&user, &device, "x", "y")];
            prop_assert!(!policy.check(&sessions, &attempt).is_allowed());
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        let _ = Policy::parse(&text);
    }
}
