//! On a terminal: the question before a termination, tables that fit, the spinner.

use std::time::Duration;

use pam_mock::{FaultKind, Life, MockAppliance};

use crate::fixture::Mock;
use crate::person::Person;

#[test]
fn it_asks_before_it_terminates_and_takes_no_for_an_answer() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let mut command = mock.pamctl();
    command.args(["session", "terminate", &victim]);
    for answer in ["n\n", "\n", "nonsense\n", "\u{4}"] {
        let mut person = Person::runs(&command, 120);
        person.sees(&victim).sees("[y/N]").types(answer);
        let (seen, code) = person.ends();
        assert_eq!(code, Some(1), "{seen}");
        assert!(seen.contains("nothing was terminated"), "{seen}");
        assert!(mock.runs(&victim));
    }
    assert!(mock.appliance.requests().is_empty());
    let mut person = Person::runs(&command, 120);
    person.sees("[y/N]").types("y\n");
    let (seen, code) = person.ends();
    assert_eq!(code, Some(0), "{seen}");
    assert!(!mock.runs(&victim));
}

#[test]
fn ctrl_c_at_the_question_ends_it() {
    let mock = Mock::populated();
    let victim = mock.running().remove(0);
    let mut command = mock.pamctl();
    command.args(["session", "terminate", &victim]);
    let mut person = Person::runs(&command, 80);
    person.sees("[y/N]");
    person.interrupts();
    assert_eq!(person.ends().1, Some(130));
    assert!(mock.runs(&victim));
}

#[test]
fn many_are_ended_when_their_number_is_typed() {
    let mock = Mock::populated();
    let mut command = mock.pamctl();
    command.args(["session", "terminate", "--filter", "active"]);
    for answer in ["y\n", "yes\n", "5\n", "66\n", "\n", "\u{4}"] {
        let mut person = Person::runs(&command, 160);
        for id in mock.running() {
            person.sees(&id);
        }
        person.sees("Type 6 to terminate").types(answer);
        let (seen, code) = person.ends();
        assert_eq!(code, Some(1), "{seen}");
        assert!(seen.contains("nothing was terminated"), "{seen}");
    }
    assert_eq!(mock.running().len(), 6);
    let mut person = Person::runs(&command, 160);
    person.sees("Type 6 to terminate").types("6\n");
    assert_eq!(person.ends().1, Some(0));
    assert!(mock.running().is_empty());
}

#[test]
fn few_are_ended_at_a_yes() {
    let mock = Mock::populated();
    let mut command = mock.pamctl();
    command.args(["session", "terminate", "--filter", "active"]);
    command.args(["--confirm-above", "6"]);
    let mut person = Person::runs(&command, 160);
    person.sees("These 6 sessions").sees("[y/N]").types("y\n");
    assert_eq!(person.ends().1, Some(0));
    assert!(mock.running().is_empty());
}

#[test]
fn ctrl_c_at_the_question_ends_it_after_the_listing_too() {
    let mock = Mock::populated();
    let mut command = mock.pamctl();
    command.args(["session", "terminate", "--filter", "active"]);
    let mut person = Person::runs(&command, 160);
    person.sees("Type 6 to terminate");
    person.interrupts();
    assert_eq!(person.ends().1, Some(130));
    assert_eq!(mock.running().len(), 6);
}

#[test]
fn what_a_policy_refuses_is_not_asked() {
    let mock = Mock::populated();
    let policy = mock.file("policy.toml");
    let rule = "[[protect]]\nname = \"everything\"\nfilter = \"active\"\n";
    std::fs::write(&policy, rule).unwrap();
    let mut command = mock.pamctl();
    command.args(["session", "terminate", &mock.running()[0]]);
    let mut person = Person::runs(command.env("PAM_POLICY", policy), 120);
    person.sees("`everything`");
    let (seen, code) = person.ends();
    assert_eq!(code, Some(4), "{seen}");
    assert!(!seen.contains("[y/N]"), "{seen}");
}

#[test]
fn a_bar_shows_how_far_it_is() {
    let mut life = Life::default();
    life.drop_delay = Duration::from_secs(1);
    let mock = Mock::start(MockAppliance::builder().sessions(6, 4).life(life));
    let mut command = mock.pamctl();
    command.args(["session", "terminate", "--filter", "active", "--yes"]);
    let mut person = Person::runs(&command, 160);
    person.sees("terminating").sees("0/4");
    let (seen, code) = person.ends();
    assert_eq!(code, Some(0), "{seen}");
}

#[test]
fn missing_settings_are_told_before_the_question() {
    let mock = Mock::populated();
    let mut command = mock.pamctl();
    command
        .args(["session", "terminate", "1"])
        .env_remove("PAM_TOKEN");
    let (seen, code) = Person::runs(&command, 80).ends();
    assert_eq!(code, Some(2));
    assert!(
        seen.contains("PAM_TOKEN") && !seen.contains("[y/N]"),
        "{seen}"
    );
}

#[test]
fn a_table_fits_the_terminal_and_keeps_the_ids() {
    let mock = Mock::populated();
    let mut command = mock.pamctl();
    command.args(["session", "list", "--active", "--color", "never"]);
    for columns in [80, 100, 200] {
        let (seen, code) = Person::runs(&command, columns).ends();
        assert_eq!(code, Some(0));
        let table = seen.rsplit('\u{1b}').next().unwrap().to_owned();
        for id in mock.running() {
            assert!(seen.contains(&id), "{columns}: {seen}");
        }
        for line in table.lines().filter(|line| line.contains("  ")) {
            let width = line.trim_end().chars().count();
            assert!(width <= usize::from(columns), "{columns}: {width}: {line}");
        }
    }
}

#[test]
fn a_spinner_shows_that_a_listing_is_under_way_and_leaves_nothing_behind() {
    let mock = Mock::start(MockAppliance::builder().sessions(4, 2));
    mock.appliance
        .set_fault(FaultKind::SlowList(std::time::Duration::from_secs(1)));
    let mut command = mock.pamctl();
    command.args(["session", "list"]);
    let mut person = Person::runs(&command, 120);
    person.sees("listing sessions");
    let (seen, code) = person.ends();
    assert_eq!(code, Some(0));
    assert!(seen.contains("0s") && seen.contains("SESSION_ID"), "{seen}");
}
