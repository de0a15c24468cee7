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
fn each_refusal_about_the_attempt_names_its_line_too() {
    let text = "[limits]\nper_command = 1\nper_hour = 2\n\n[break_glass]\nallowed = false\n";
    let policy = Policy::parse(text).unwrap();
    let refused = |attempt: &Attempt<'_>| -> Vec<(String, usize)> {
        let decision = policy.check(&[harmless()], attempt);
        let refusals = decision.refusals.into_iter();
        refusals
            .map(|refusal| (refusal.rule, refusal.line))
            .collect()
    };
    let unseen = Attempt {
        unseen: 1,
        ended_last_hour: 1,
        ..attempt()
    };
    let limits = [
        ("limits.per_command".to_owned(), 2),
        ("limits.per_hour".to_owned(), 3),
    ];
    assert_eq!(refused(&unseen), limits);
    let breaking = Attempt {
        break_glass: true,
        ..attempt()
    };
    assert_eq!(refused(&breaking), [("break_glass.allowed".to_owned(), 6)]);
    assert!(policy.recount(2, &attempt()).is_allowed());
    assert_eq!(
        rules(&policy.recount(3, &attempt())),
        [("limits.per_hour", 3)]
    );
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

/// What may stand beside a rule that protects.
const OTHER_RULES: &[&str] = &[
    "[[protect]]\nname = \"window\"\nwindow = { from = \"08:00\", to = \"09:00\" }\n",
    "[[protect]]\nname = \"filter\"\nfilter = \"not active or started<2h\"\n",
    "[[protect]]\nname = \"device\"\ndevices = [\"10.*\"]\nabsolute = true\n",
    "[limits]\nper_command = 100\nper_hour = 100\n",
    "[require]\nreason = '.*'\n",
];

proptest! {
    /// Whatever the other rules are, whatever is known of the session, whatever is said for it.
    #[test]
    fn a_protected_user_is_never_allowed(
        user in "[a-zA-Z0-9_.é]{1,12}",
        fields in prop::collection::vec("\\PC{0,12}", 3),
        others in prop::collection::vec(prop::sample::select(OTHER_RULES), 0..4),
        first: bool,
        absolute: bool,
        glass_allowed: bool,
        break_glass: bool,
        reason in prop::option::of("\\PC{0,8}"),
        ended_last_hour in 0_usize..10,
        unseen in 0_usize..3,
        minute in 0_i8..60,
        hour in 0_i8..24,
        day in 1_i8..28,
    ) {
        // Nothing but broken glass that the policy allows may end it, and not even that an
        // absolute rule's.
        prop_assume!(absolute || !(glass_allowed && break_glass));
        let rule = format!(
            "[[protect]]\nname = \"x\"\nusers = [\"{user}\"]\nabsolute = {absolute}\n"
        );
        let mut rules: Vec<&str> = others.clone();
        rules.insert(if first { 0 } else { rules.len() }, &rule);
        let mut seen = std::collections::BTreeSet::new();
        // A table of TOML stands once.
        rules.retain(|rule| rule.starts_with("[[") || seen.insert(*rule));
        let text = format!("{}[break_glass]\nallowed = {glass_allowed}\n", rules.concat());
        let policy = Policy::parse(&text).unwrap();
        let attempt = Attempt {
            reason: reason.as_deref(),
            ticket: Some("INC1"),
            now: date(2024, 5, day).at(hour, minute, 0, 0),
            ended_last_hour,
            unseen,
            break_glass,
        };
        for user in [user.to_uppercase(), user.clone(), String::new()] {
            let protected = session(&user, &fields[0], &fields[1], &fields[2]);
            prop_assert!(!policy.recheck(&protected, &attempt).is_allowed());
            for sessions in [vec![protected.clone()], vec![harmless(), protected.clone()]] {
                let decision = policy.check(&sessions, &attempt);
                prop_assert!(!decision.is_allowed());
                prop_assert!(decision.refusals.iter().any(|refusal| refusal.rule == "x"));
            }
        }
    }

    #[test]
    fn no_text_panics(text in "\\PC{0,80}") {
        let _ = Policy::parse(&text);
    }
}
