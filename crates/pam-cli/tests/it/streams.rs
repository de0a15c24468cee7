//! Standard output that goes away or fills up, and colours.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use pam_mock::MockAppliance;

use crate::fixture::{Mock, Run, child};

#[test]
fn a_reader_that_has_seen_enough_ends_the_listing_quietly() {
    let mock = Mock::start(
        MockAppliance::builder()
            .sessions(10, 2)
            .listing_size(200_000),
    );
    for form in ["ids", "ndjson", "json", "csv", "table"] {
        let mut command = mock.pamctl();
        command.args(["session", "list", "-o", form]);
        let mut child = child(&command)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut first)
            .unwrap();
        assert!(!first.is_empty());
        let run = Run::from(child.wait_with_output().unwrap()).ended(0);
        assert_eq!(run.stderr, "", "{form}");
    }
}

#[test]
fn a_full_disk_is_a_failure() {
    let mock = Mock::populated();
    for arguments in [
        &["session", "list"][..],
        &["session", "get", "1"],
        &["explain", "1039"],
    ] {
        let mut command = if arguments[0] == "explain" {
            crate::fixture::pamctl()
        } else {
            mock.pamctl()
        };
        command.args(arguments);
        let output = child(&command)
            .stdin(Stdio::null())
            .stdout(OpenOptions::new().write(true).open("/dev/full").unwrap())
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        Run::from(output).failed(1, &["standard output"]);
    }
}

#[test]
fn a_closed_standard_error_hurts_nothing() {
    let mock = Mock::populated();
    for (arguments, code) in [
        (["session", "get", "999999", "-vv"], 3),
        (["session", "get", "1", "-vv"], 0),
    ] {
        let mut command = mock.pamctl();
        command.args(arguments);
        let output = child(&command)
            .stdin(Stdio::null())
            .stderr(OpenOptions::new().write(true).open("/dev/full").unwrap())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(code));
    }
}

#[test]
fn colours_are_a_choice_and_off_without_a_terminal() {
    let mock = Mock::populated();
    let error = |choice: &[&str], no_color: bool| {
        let mut command = mock.pamctl();
        command.args(["session", "get", "999999"]).args(choice);
        if no_color {
            command.env("NO_COLOR", "1");
        }
        Run::of(&mut command).ended(3).stderr
    };
    assert!(!error(&[], false).contains('\u{1b}'));
    assert!(!error(&[], true).contains('\u{1b}'));
    assert!(error(&["--color", "always"], false).contains("\u{1b}["));
    assert!(!error(&["--color", "never"], false).contains('\u{1b}'));
}

#[test]
fn verbose_tells_requests_and_tolerances_but_no_signature() {
    let mock = Mock::start(
        MockAppliance::builder()
            .sessions(3, 1)
            .profile(pam_mock::Profile::V3_32),
    );
    let run = |flag: &str| {
        Run::of(mock.pamctl().args(["session", "list", flag]))
            .ended(0)
            .stderr
    };
    assert!(run("-v").contains("> GET https://") && run("-v").contains("[redacted]"));
    assert!(
        run("-v").contains("< HTTP 200, x-request-id: "),
        "{}",
        run("-v")
    );
    assert!(!run("-v").contains("tolerated"));
    assert!(run("-vv").contains("tolerated"), "{}", run("-vv"));
    assert!(!run("-vv").contains("oauth_signature"));
}
