//! `pamctl api`: any call, signed; but no way around what protects sessions.

use std::fs;

use pam_mock::{FaultKind, MockAppliance};

use crate::fixture::{Mock, Run};

const LIST: &str = "/api/pam/session/remotesessions";

fn run(mock: &Mock, arguments: &[&str]) -> Run {
    Run::of(mock.pamctl().arg("api").args(arguments))
}

#[test]
fn a_read_prints_the_body_as_it_came() {
    let mock = Mock::populated();
    let answer = run(&mock, &["get", LIST]).ended(0);
    assert_eq!(
        answer.json()["remote_sessions"].as_array().map(Vec::len),
        Some(20)
    );
    assert_eq!(answer.stderr, "");
    let row = mock.appliance.sessions()[0].id.clone();
    let one = run(&mock, &["GET", &format!("{LIST}/{row}"), "-i"]).ended(0);
    assert!(
        one.stdout.starts_with("HTTP/1.1 200 OK\n"),
        "{}",
        one.stdout
    );
    let (head, body) = one.stdout.split_once("\n\n").unwrap();
    assert!(head.contains("content-type: application/json"), "{head}");
    assert!(
        serde_json::from_str::<serde_json::Value>(body).is_ok(),
        "{body}"
    );
}

#[test]
fn fields_become_a_query_or_a_form_and_are_signed() {
    let mock = Mock::populated();
    let fields = ["-v", "-f", "user=a b&c=é", "-f", "empty="];
    let query = "user=a%20b%26c%3D%C3%A9&empty=";
    let read = run(&mock, &[&["GET", LIST], &fields[..]].concat()).ended(0);
    assert!(
        read.stderr.contains(&format!("{LIST}?{query} ")),
        "{}",
        read.stderr
    );
    let path = format!("{LIST}?x=1");
    let read = run(&mock, &[&["GET", &path], &fields[..]].concat()).ended(0);
    assert!(
        read.stderr.contains(&format!("{LIST}?x=1&{query} ")),
        "{}",
        read.stderr
    );
    let posted = run(
        &mock,
        &[&["POST", "/api/pam/remote/session"], &fields[..]].concat(),
    );
    // The form was signed with the request: it is refused for what is in it, not for who asks.
    assert!(posted.code != Some(6), "{}", posted.stderr);
    assert!(!posted.stderr.contains(query), "{}", posted.stderr);
}

#[test]
fn a_body_is_text_a_file_or_standard_input() {
    let mock = Mock::populated();
    let body = r#"{"user":"u","credential":"c","device":"d","protocol":"ssh"}"#;
    let file = mock.file("body.json");
    fs::write(&file, body).unwrap();
    let at_file = format!("@{}", file.display());
    for data in [body, &at_file, "@-"] {
        let mut command = mock.pamctl();
        command.args(["api", "POST", "/api/pam/remote/session", "-d", data]);
        let answer = Run::of(command.write_stdin(body));
        assert!(
            answer.code != Some(6) && answer.code != Some(2),
            "{}",
            answer.stderr
        );
        assert!(answer.stdout.starts_with('{'), "{}", answer.stdout);
    }
    let requests = mock.appliance.requests();
    assert_eq!(requests.len(), 3);
    run(&mock, &["POST", "/x", "-d", "@/no/such/file"]).failed(2, &["/no/such/file"]);
    run(&mock, &["GET", LIST, "-d", "x"]).failed(2, &["-f"]);
    assert!(
        run(&mock, &["POST", "/x", "-d", "x", "-f", "a=b"])
            .ended(2)
            .stderr
            .contains("--data")
    );
    assert_eq!(mock.appliance.requests().len(), 3);
}

#[test]
fn a_session_is_not_dropped_past_policy_and_audit() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let disguises = [
        format!("/api/pam/session/drop/{victim}"),
        format!("/iso/session/drop/{victim}"),
        format!("/api/pam/Session/DROP/{victim}"),
        format!("/api/pam/session/%64rop/{victim}"),
        format!("/api/pam/session%2fdrop%2f{victim}"),
        format!("/api/pam//session//drop//{victim}"),
    ];
    for path in &disguises {
        for method in ["DELETE", "delete", "POST", "GET", "PUT"] {
            run(&mock, &[method, path]).failed(4, &["pamctl session terminate"]);
        }
    }
    let overridden = ["POST", "/x", "-H", "X-HTTP-Method-Override: DELETE"];
    assert!(
        run(&mock, &overridden)
            .ended(2)
            .stderr
            .contains("can't be set")
    );
    assert!(mock.appliance.requests().is_empty() && mock.runs(&victim));
}

#[test]
fn it_does_not_leave_the_appliance() {
    let mock = Mock::populated();
    for path in [
        "https://elsewhere.example.com/x",
        "//elsewhere.example.com/x",
        "x",
        "/../x",
        "/a/%2e%2e/b",
        "/a/%252e%252e/b",
        "/a b",
        "/a#b",
    ] {
        run(&mock, &["GET", path]).failed(2, &[path]);
    }
    let authorization = ["GET", LIST, "-H", "Authorization: Bearer hunter2"];
    let refused = run(&mock, &authorization).ended(2);
    assert!(
        refused.stderr.contains("authorization"),
        "{}",
        refused.stderr
    );
    assert!(mock.appliance.requests().is_empty());
}

#[test]
fn the_exit_code_is_that_of_the_answer_and_the_body_is_printed_all_the_same() {
    let mock = Mock::populated();
    let none = run(&mock, &["GET", &format!("{LIST}/999999")]).failed(3, &["Session not found"]);
    assert!(none.stdout.contains("Session not found"), "{}", none.stdout);
    let nowhere = run(&mock, &["GET", "/nowhere/at/all"]);
    assert!(
        nowhere.code.is_some_and(|code| code != 0),
        "{}",
        nowhere.stdout
    );
    mock.appliance.set_fault(FaultKind::Error200);
    run(&mock, &["GET", LIST]).failed(1, &["Unexpected error"]);
    mock.appliance.set_faults([]);
    let mut wrong = mock.pamctl();
    wrong
        .env("PAM_TOKEN_SECRET", "another")
        .args(["api", "GET", LIST]);
    Run::of(&mut wrong).failed(6, &["Invalid signature"]);
    let plain = Mock::start(MockAppliance::builder().plain_http().sessions(2, 1));
    Run::of(plain.pamctl_oauth2().args(["api", "GET", LIST])).ended(0);
}
