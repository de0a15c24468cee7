//! On a terminal: the question before a termination, tables that fit, the spinner.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};

use assert_cmd::Command;
use pam_mock::{FaultKind, MockAppliance};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::fixture::{Mock, child};

/// The end of a terminal at which a person sits.
struct Person {
    terminal: File,
    child: Child,
    seen: String,
}

impl Person {
    fn runs(command: &Command, columns: u16) -> Self {
        let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&keyboard).unwrap();
        unlockpt(&keyboard).unwrap();
        let name = ptsname(&keyboard, Vec::new()).unwrap();
        let size = Winsize {
            ws_row: 24,
            ws_col: columns,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&keyboard, size).unwrap();
        let screen = File::options()
            .read(true)
            .write(true)
            .open(name.to_str().unwrap())
            .unwrap();
        let end = || Stdio::from(OwnedFd::from(screen.try_clone().unwrap()));
        let spawned = child(command)
            .env("TERM", "xterm")
            .stdin(end())
            .stdout(end())
            .stderr(end())
            .spawn()
            .unwrap();
        Self {
            terminal: File::from(keyboard),
            child: spawned,
            seen: String::new(),
        }
    }

    /// Reads until this is on the screen.
    #[track_caller]
    fn sees(&mut self, text: &str) -> &mut Self {
        let mut buffer = [0; 4096];
        while !self.seen.contains(text) {
            let count = self.terminal.read(&mut buffer).unwrap_or(0);
            assert!(count > 0, "`{text}` was never seen in: {}", self.seen);
            self.seen
                .push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        self
    }

    fn types(&mut self, text: &str) -> &mut Self {
        self.terminal.write_all(text.as_bytes()).unwrap();
        self
    }

    /// Everything that was on the screen, and the exit code.
    fn ends(mut self) -> (String, Option<i32>) {
        let mut buffer = [0; 4096];
        // Linux answers EIO when the last program has left the terminal.
        while let Ok(count) = self.terminal.read(&mut buffer) {
            if count == 0 {
                break;
            }
            self.seen
                .push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
        (self.seen, self.child.wait().unwrap().code())
    }
}

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
    let pid = rustix::process::Pid::from_child(&person.child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
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
