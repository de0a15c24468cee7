//! `pamctl top` in a pseudo-terminal of 80 columns and 24 lines.

use std::fs;

use assert_cmd::Command;
use pam_mock::{MockAppliance, NewSession};
use rustix::process::Signal;

use crate::fixture::{Mock, Run};
use crate::person::Person;

fn working() -> Mock {
    let by = |user: &str, started: &str| NewSession {
        user: Some(user.into()),
        started_at: Some(started.into()),
        ..NewSession::default()
    };
    let builder = MockAppliance::builder();
    let builder = builder.session(by("alice", "2024-05-06 16:00:00"));
    Mock::start(builder.session(by("bob", "2024-05-06 17:00:00")))
}

fn top(mock: &Mock) -> Command {
    let mut command = mock.pamctl();
    command.args(["top", "--interval", "200ms"]);
    command
}

fn runs(mock: &Mock, user: &str) -> bool {
    let sessions = mock.appliance.sessions();
    sessions
        .iter()
        .any(|session| session.user == user && session.active)
}

const LEFT: &str = "\u{1b}[?1049l";

#[test]
fn a_session_is_terminated_after_a_question_and_the_screen_is_given_back() {
    let mock = working();
    let mut person = Person::runs(&top(&mock), 80);
    person.shows("2 sessions").shows("q quit");
    person.types("x").shows("Terminate session");
    person.types("n").shows("nothing was terminated");
    assert!(runs(&mock, "bob"));
    person.types("j").types("x").shows("alice as").types("y");
    person.shows("terminated: session").shows("1 session ");
    person.types("q");
    let (seen, code) = person.ends();
    assert_eq!(code, Some(0), "{seen}");
    assert!(!runs(&mock, "alice") && runs(&mock, "bob"));
    let after = given_back(&seen);
    assert!(
        after.contains("terminated: session"),
        "the outcome outlives the screen: {after}"
    );
}

#[test]
fn the_policy_marks_and_protects() {
    let mock = working();
    let policy = mock.file("policy.toml");
    fs::write(
        &policy,
        "[[protect]]\nname = \"executives\"\nusers = [\"bob\"]\n",
    )
    .unwrap();
    let mut command = top(&mock);
    command.arg("--policy").arg(&policy);
    let mut person = Person::runs(&command, 80);
    person
        .shows("P ")
        .types("x")
        .shows("refused by policy rule `executives`");
    person.types("\r").shows("by policy rule executives");
    person.types("q");
    assert_eq!(person.ends().1, Some(0));
    assert!(runs(&mock, "bob"));
}

#[test]
fn filter_help_and_failures_are_shown() {
    let mock = working();
    let mut person = Person::runs(&top(&mock), 80);
    person
        .shows("2 sessions")
        .types("?")
        .shows("any key closes this")
        .types(" ");
    person.types("/usr=bob").shows("unknown field `usr`");
    person.types("\u{15}user=bob\r").shows("1 of 2 sessions");
    mock.appliance
        .set_fault(pam_mock::FaultKind::Gateway502Html);
    person.shows("not current since");
    mock.appliance.set_faults([]);
    person.types("q");
    assert_eq!(person.ends().1, Some(0));
}

/// Whether the other screen is left and the cursor is there again, and what was said after that.
#[track_caller]
fn given_back(seen: &str) -> &str {
    let (_, after) = seen.rsplit_once(LEFT).expect("it leaves the other screen");
    let (hidden, shown) = (seen.rfind("\u{1b}[?25l"), seen.rfind("\u{1b}[?25h"));
    assert!(hidden.is_some() && hidden < shown, "no cursor: {seen:?}");
    after
}

#[test]
fn signals_give_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT] {
        let mock = working();
        let mut person = Person::runs(&top(&mock), 80);
        person.shows("2 sessions").gets(signal);
        let (seen, code) = person.ends();
        assert_eq!(code, Some(130), "{seen}");
        assert!(given_back(&seen).contains("interrupted"), "{signal:?}");
    }
    let mock = working();
    let mut person = Person::runs(&top(&mock), 80);
    person.shows("2 sessions").types("\u{3}");
    let (seen, code) = person.ends();
    assert_eq!(code, Some(130));
    given_back(&seen);
}

#[test]
fn no_color_is_respected() {
    let mock = working();
    let coloured = |seen: &str| seen.contains("\u{1b}[38;5;") || seen.contains("\u{1b}[90m");
    for (no_color, expected) in [(true, false), (false, true)] {
        let mut command = top(&mock);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        let mut person = Person::runs(&command, 80);
        person.shows("2 sessions").types("q");
        let (seen, _) = person.ends();
        assert_eq!(coloured(&seen), expected, "{seen:?}");
    }
}

#[test]
fn without_a_terminal_it_says_what_to_use() {
    let mock = working();
    Run::of(&mut top(&mock)).failed(2, &["needs a terminal", "session watch"]);
}
