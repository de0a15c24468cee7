//! On a terminal: the question before a termination, tables that fit, the spinner.

use pam_mock::{FaultKind, MockAppliance};

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
