//! What a filter means and what it refuses.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that can't go on has failed"
)]

use jiff::civil::{DateTime, date};
use pam_guard::Filter;
use pam_proto::Session;
use proptest::prelude::*;
use serde_json::{Value, json};

fn now() -> DateTime {
    date(2024, 5, 6).at(18, 0, 0, 0)
}

fn record() -> Value {
    json!({"id": "540", "session_id": "ab12", "user": "Alice", "origin_ip": "10.1.2.3",
        "credential": "root", "device": "10.66.33.15:22", "protocol": "ssh", "proxy": "Web Proxy",
        "start": "2024-05-06 16:30:00", "end": null, "request": null, "ITSM": "CHG-1"})
}

fn matches(filter: &str, record: &Value) -> bool {
    let filter: Filter = filter
        .parse()
        .unwrap_or_else(|error| panic!("{filter}: {error}"));
    filter.matches(&Session::from_value(record).unwrap(), now())
}

#[test]
fn each_form_means_what_it_says() {
    let table = [
        ("active", true),
        ("not active", false),
        ("user=alice", true),
        ("USER=ALICE and Active", true),
        ("user!=alice", false),
        ("user=\"alice\"", true),
        ("user in (bob, alice)", true),
        ("user in (bob, carol)", false),
        ("device~10.66.*", true),
        ("device~10.6.*", false),
        ("device=10.66.33.15", true),
        ("device=10.66.33.15:22", true),
        ("device=10.66.33.15:3389", false),
        ("device!~10.66.*", false),
        ("credential=root", true),
        ("protocol=ssh", true),
        ("protocol in (rdp,vnc)", false),
        ("proxy=\"Web Proxy\"", true),
        ("origin in 10.0.0.0/8", true),
        ("origin in (192.0.2.0/24, 10.1.0.0/16)", true),
        ("origin=10.1.2.3", true),
        ("origin!=10.1.2.3", false),
        ("origin in 11.0.0.0/8", false),
        ("started<2h", true),
        ("started<1h", false),
        ("started>1h", true),
        ("started>=90m", true),
        ("started<=90m", true),
        ("started<90m", false),
        ("started<2024-05-06T16:30:01", true),
        ("started<\"2024-05-06 16:30:00\"", false),
        ("started>=2024-05-06", true),
        ("id=540", true),
        ("session_id=ab12", true),
        ("itsm~chg-*", true),
        // `not` binds tighter than `and`, `and` tighter than `or`.
        ("user=bob or user=alice and active", true),
        ("(user=bob or user=alice) and not active", false),
        ("not user=bob and active", true),
        ("not (user=bob and active)", true),
    ];
    for (filter, expected) in table {
        assert_eq!(matches(filter, &record()), expected, "{filter}");
    }
}

#[test]
fn an_absent_field_matches_neither_a_comparison_nor_its_negation() {
    let mut damaged = record();
    damaged["user"] = json!("");
    damaged["origin_ip"] = json!("unknown");
    damaged["start"] = json!("yesterday");
    for field in [
        "user=alice",
        "origin in 10.0.0.0/8",
        "started<2h",
        "request=x",
    ] {
        assert!(!matches(field, &damaged), "{field}");
        assert!(!matches(&format!("not {field}"), &damaged), "not {field}");
        assert!(
            matches(&format!("active or {field}"), &damaged),
            "active or {field}"
        );
    }
}

#[test]
fn a_mistake_points_at_its_column() {
    let table = [
        ("", 1, "ends where a field"),
        ("usr=alice", 1, "unknown field `usr`"),
        ("active and", 11, "ends where a field"),
        ("active user=alice", 8, "expected `and`"),
        ("user", 5, "behind `user`"),
        ("user=", 6, "ends where a value"),
        ("user=(alice)", 6, "double quotes"),
        ("user=\"alice", 6, "never closed"),
        ("(active", 1, "never closed"),
        ("active)", 7, "closes nothing"),
        ("user in (alice bob)", 9, "in this list"),
        ("origin in 10.0.0.0/33", 11, "not an IP address"),
        ("origin in 10.0.0.1/8", 11, "bits set"),
        ("started=2h", 8, "expected <"),
        ("started<2y", 9, "neither an age"),
        ("started<2024-05-06T16:05:07Z", 9, "no zone"),
        ("é!", 2, "write `not`"),
        ("user<alice", 5, "behind `user`"),
        ("protocol=ssh && active", 14, "expected `and`"),
    ];
    for (filter, column, part) in table {
        let error = filter.parse::<Filter>().expect_err(filter);
        assert_eq!(error.column, column, "{filter}: {error}");
        assert!(error.to_string().contains(part), "{filter}: {error}");
    }
}

#[test]
fn nesting_is_bounded() {
    let deep = format!("{}active{}", "(".repeat(10_000), ")".repeat(10_000));
    assert!(
        deep.parse::<Filter>()
            .unwrap_err()
            .to_string()
            .contains("nested")
    );
    let nots = format!("{}active", "not ".repeat(10_000));
    assert!(
        nots.parse::<Filter>()
            .unwrap_err()
            .to_string()
            .contains("nested")
    );
}

proptest! {
    #[test]
    fn no_text_panics(text in "\\PC{0,60}") {
        let _ = text.parse::<Filter>();
    }

    #[test]
    fn any_quoted_user_is_found_by_its_name(user in "\\PC{1,20}") {
        let mut session = record();
        session["user"] = json!(user);
        let quoted = user.replace('\\', "\\\\").replace('"', "\\\"");
        let equal = format!("user=\"{quoted}\"");
        let negated = format!("user!=\"{quoted}\"");
        prop_assert!(matches(&equal, &session));
        prop_assert!(!matches(&negated, &session));
    }
}
