//! `pamctl session keep-out`: a user who comes back is dropped again, up to a cap.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use assert_cmd::Command;
use pam_mock::{Life, MockAppliance, NewSession, SessionTruth};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::fixture::{Mock, Run, child};
use crate::person::Person;

/// A mock on which alice is back a fifth of a second after each drop, and bob works in peace.
fn returning() -> Mock {
    let mut life = Life::default();
    life.reconnect_after = Some(Duration::from_millis(200));
    let by = |user: &str| NewSession {
        user: Some(user.into()),
        ..NewSession::default()
    };
    let builder = MockAppliance::builder().life(life);
    Mock::start(builder.session(by("alice")).session(by("bob")))
}

fn keep_out(mock: &Mock, arguments: &[&str]) -> Command {
    let mut command = mock.pamctl();
    command.args(["session", "keep-out", "alice", "--interval", "100ms"]);
    command.args(arguments);
    command
}

fn of<'a>(sessions: &'a [SessionTruth], user: &str) -> Vec<&'a SessionTruth> {
    sessions
        .iter()
        .filter(|session| session.user == user)
        .collect()
}

fn events(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn whoever_comes_back_is_dropped_again_and_nobody_else() {
    let mock = returning();
    let arguments = ["--for", "3s", "--max", "100", "--yes", "-o", "ndjson"];
    let run = Run::of(&mut keep_out(&mock, &arguments)).ended(0);
    let told = events(&run.stdout);
    assert!(told.len() >= 2, "{}\n{}", run.stdout, run.stderr);
    let sessions = mock.appliance.sessions();
    for event in &told {
        assert_eq!(event["outcome"], "terminated");
        assert_eq!(event["verified"], true);
        let id = event["session_id"].as_str().unwrap();
        let session = sessions.iter().find(|session| *session.session_id == *id);
        let session = session.unwrap();
        assert_eq!(session.user, "alice");
        assert!(!session.active);
    }
    assert!(of(&sessions, "bob").iter().all(|session| session.active));
    assert!(
        run.stderr.contains("alice was kept out for"),
        "{}",
        run.stderr
    );
}

#[test]
fn it_announces_each_and_stops_at_its_cap() {
    let mock = returning();
    let run = Run::of(&mut keep_out(
        &mock,
        &["--for", "1m", "--max", "2", "--yes"],
    ))
    .ended(4);
    assert_eq!(run.stdout, "");
    let lines: Vec<&str> = run.stderr.lines().collect();
    assert_eq!(lines.len(), 3, "{}", run.stderr);
    assert!(lines[0].starts_with("terminated: session") && lines[0].contains("alice on"));
    assert!(
        lines[2].contains("terminated 2 times, which is --max"),
        "{}",
        lines[2]
    );
    let sessions = mock.appliance.sessions();
    let dropped = of(&sessions, "alice")
        .iter()
        .filter(|session| !session.active)
        .count();
    assert_eq!(dropped, 2);
}

#[test]
fn without_a_terminal_it_needs_yes_and_on_one_it_asks() {
    let mock = returning();
    let command = keep_out(&mock, &["--for", "1m"]);
    let run = Run::from(child(&command).stdin(Stdio::null()).output().unwrap());
    run.failed(2, &["--yes", "nothing was terminated"]);
    let mut person = Person::runs(&command, 120);
    person.sees("at most 20").sees("[y/N]").types("n\n");
    let (seen, code) = person.ends();
    assert_eq!(code, Some(1), "{seen}");
    assert!(
        of(&mock.appliance.sessions(), "alice")
            .iter()
            .all(|session| session.active)
    );
    assert!(mock.appliance.requests().is_empty());
}

#[test]
fn ctrl_c_stops_it_and_it_reports() {
    let mock = returning();
    let command = keep_out(&mock, &["--for", "1h", "--max", "100", "--yes"]);
    let mut running = child(&command)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(running.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(said.next().unwrap().starts_with("terminated: session"));
    kill_process(Pid::from_child(&running), Signal::INT).unwrap();
    let last = said.last().unwrap();
    assert!(
        last.starts_with("error: interrupted;") && last.contains("terminated"),
        "{last}"
    );
    assert_eq!(running.wait().unwrap().code(), Some(130));
}

#[test]
fn the_policy_is_obeyed_and_each_decision_recorded() {
    let mock = returning();
    let policy = mock.file("policy.toml");
    let audit = mock.file("audit.jsonl");
    let run = |text: &str| {
        fs::write(&policy, text).unwrap();
        let mut command = keep_out(&mock, &["--for", "1s", "--yes", "--reason", "test"]);
        Run::of(
            command
                .arg("--policy")
                .arg(&policy)
                .arg("--audit")
                .arg(&audit),
        )
    };
    let protected = run("[[protect]]\nname = \"executives\"\nusers = [\"alice\"]\n");
    let protected = protected.ended(4);
    assert!(
        protected.stderr.contains("executives"),
        "{}",
        protected.stderr
    );
    assert!(
        of(&mock.appliance.sessions(), "alice")
            .iter()
            .all(|session| session.active)
    );
    let lines = fs::read_to_string(&audit).unwrap();
    assert_eq!(
        lines.lines().count(),
        1,
        "once, not at each reading: {lines}"
    );

    let limited = run("[limits]\nper_command = 1\n").ended(4);
    assert!(
        limited
            .stderr
            .contains("the policy's limit for one command"),
        "{}",
        limited.stderr
    );
    let lines = fs::read_to_string(&audit).unwrap();
    assert!(
        lines.contains("\"drop\"") && lines.contains("\"test\""),
        "{lines}"
    );
}

#[test]
fn an_appliance_that_can_not_be_reached_is_told() {
    let mock = returning();
    let mut command = keep_out(&mock, &["--for", "500ms", "--yes"]);
    let run = Run::of(command.args(["--url", "https://127.0.0.1:9"])).ended(7);
    assert!(
        run.stderr.contains("can't read the sessions"),
        "{}",
        run.stderr
    );
}
