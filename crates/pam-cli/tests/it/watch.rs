//! `pamctl session watch`: what happens is told, what fails in passing does not stop it.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};

use assert_cmd::Command;
use pam_mock::{FaultKind, MockAppliance, NewSession};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::fixture::{Mock, Run, child};

/// A watch that runs, and what it says.
struct Watching {
    child: Child,
    told: Lines<BufReader<ChildStdout>>,
    said: Lines<BufReader<ChildStderr>>,
}

impl Watching {
    fn of(command: &Command) -> Self {
        let mut child = child(command)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            told: BufReader::new(child.stdout.take().unwrap()).lines(),
            said: BufReader::new(child.stderr.take().unwrap()).lines(),
            child,
        }
    }

    fn event(&mut self) -> Value {
        serde_json::from_str(&self.told.next().unwrap().unwrap()).unwrap()
    }

    /// Reads what it says until this.
    #[track_caller]
    fn says(&mut self, words: &str) -> String {
        let mut lines = self.said.by_ref().map(Result::unwrap);
        let found = lines.find(|line| line.contains(words));
        found.unwrap_or_else(|| panic!("it never said `{words}`"))
    }

    fn stops(mut self, signal: Signal) -> (String, Option<i32>) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        let said: Vec<String> = self.said.map(Result::unwrap).collect();
        (said.join("\n"), self.child.wait().unwrap().code())
    }
}

fn watch(mock: &Mock, arguments: &[&str]) -> Command {
    let mut command = mock.pamctl();
    command.args(["session", "watch", "--interval", "50ms"]);
    command.args(arguments);
    command
}

fn by(user: &str) -> NewSession {
    NewSession {
        user: Some(user.into()),
        ..NewSession::default()
    }
}

#[test]
fn starts_and_ends_are_told_as_they_happen_and_ctrl_c_is_the_end() {
    let mock = Mock::populated();
    let mut watching = Watching::of(&watch(&mock, &["-o", "ndjson", "--initial"]));
    for _ in mock.running() {
        let event = watching.event();
        assert_eq!(event["event"], "running");
        assert!(mock.runs(event["session"]["session_id"].as_str().unwrap()));
    }
    for signal_free in ["one", "two"] {
        let id = mock
            .appliance
            .start_session(by(signal_free))
            .unwrap()
            .session_id;
        let started = watching.event();
        assert_eq!(started["event"], "started");
        assert_eq!(started["session"]["session_id"], *id);
        assert_eq!(started["session"]["user"], signal_free);
        mock.appliance.end_session(&id);
        let ended = watching.event();
        assert_eq!(ended["event"], "ended");
        assert_eq!(ended["session"]["session_id"], *id);
        assert_eq!(ended["session"]["active"], false);
        let at = ended["observed_at"].as_str().unwrap();
        assert!(at.ends_with('Z') && at.len() == 24, "{at}");
    }
    let (said, code) = watching.stops(Signal::INT);
    assert_eq!(code, Some(130));
    assert!(
        said.contains("interrupted after") && said.contains("10 events"),
        "{said}"
    );
}

#[test]
fn what_runs_already_and_what_the_filter_does_not_mean_is_not_told() {
    let mock = Mock::populated();
    let filter = ["--filter", "user=alice and started<1h", "-o", "ndjson"];
    let mut alice = Watching::of(&watch(&mock, &filter));
    // A second reading shows that the first one is over.
    wait_for_readings(&mock, 2);
    let mut everybody = Watching::of(&watch(&mock, &[]));
    everybody.says("watching; 6 sessions run");
    for user in ["bob", "alice"] {
        mock.appliance.start_session(by(user)).unwrap();
    }
    assert_eq!(alice.event()["session"]["user"], "alice");
    let table: Vec<String> = everybody
        .told
        .by_ref()
        .take(3)
        .map(Result::unwrap)
        .collect();
    assert!(table[0].starts_with("OBSERVED"), "{table:?}");
    assert!(
        table[1].contains("started") && table[1].contains("bob"),
        "{table:?}"
    );
    assert!(table[2].contains("alice"), "{table:?}");
    assert_eq!(alice.stops(Signal::TERM).1, Some(130));
    assert_eq!(everybody.stops(Signal::INT).1, Some(130));
}

fn wait_for_readings(mock: &Mock, count: usize) {
    crate::fixture::wait_until("readings", || mock.appliance.requests().len() >= count);
}

#[test]
fn failures_in_passing_are_said_and_survived() {
    let mock = Mock::populated();
    mock.appliance.set_fault(FaultKind::Gateway502Html);
    let mut watching = Watching::of(&watch(&mock, &["-o", "ndjson"]));
    let said = watching.says("can't read the sessions");
    assert!(said.contains("trying again in"), "{said}");
    mock.appliance.set_faults([]);
    watching.says("can be read again");
    let id = mock
        .appliance
        .start_session(by("alice"))
        .unwrap()
        .session_id;
    assert_eq!(watching.event()["session"]["session_id"], *id);
    assert_eq!(watching.stops(Signal::INT).1, Some(130));
}

#[test]
fn what_can_not_pass_ends_it_at_once() {
    let mock = Mock::populated();
    let mut command = watch(&mock, &[]);
    command.env("PAM_TOKEN_SECRET", "wrong");
    Run::of(&mut command).failed(6, &["the appliance answers"]);
    let unknown = watch(&mock, &["--filter", "active and usr=alice"]);
    let run = Run::from(child(&unknown).output().unwrap()).ended(2);
    assert!(
        run.stderr.contains("column 12: unknown field `usr`"),
        "{}",
        run.stderr
    );
    let mut never = watch(&mock, &["--interval", "0s"]);
    assert!(Run::of(&mut never).ended(2).stderr.contains("--interval"));
}

#[test]
fn for_bounds_it_and_says_whether_anything_could_be_read() {
    let mock = Mock::populated();
    let run = Run::of(&mut watch(
        &mock,
        &["--for", "400ms", "-o", "ndjson", "--initial"],
    ))
    .ended(0);
    assert_eq!(run.stdout.lines().count(), 6);
    assert_eq!(run.stderr, "");
    let mut unreachable = watch(&mock, &["--for", "400ms", "--url", "https://127.0.0.1:9"]);
    let run = Run::of(&mut unreachable).ended(7);
    let last = run.stderr.lines().last().unwrap();
    assert!(
        last.starts_with("error:") && last.contains("refused the connection"),
        "{last}"
    );
}

#[test]
fn a_listing_that_never_came_is_no_success() {
    let mock = Mock::populated();
    let slow = FaultKind::SlowList(std::time::Duration::from_secs(60));
    mock.appliance.set_fault(slow);
    let run = Run::of(&mut watch(&mock, &["--for", "300ms"])).ended(7);
    assert!(
        run.stderr.contains("did not come within the time"),
        "{}",
        run.stderr
    );
    let mut keep_out = mock.pamctl();
    keep_out.args(["session", "keep-out", "alice", "--for", "300ms", "--yes"]);
    Run::of(&mut keep_out).failed(7, &["did not come within the time"]);
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let mock = Mock::populated();
    let mut watching = Watching::of(&watch(&mock, &["-o", "ndjson", "--initial"]));
    watching.event();
    drop(watching.told);
    mock.appliance.start_session(by("alice")).unwrap();
    let said: Vec<String> = watching.said.map(Result::unwrap).collect();
    assert_eq!(said, [""; 0]);
    assert_eq!(watching.child.wait().unwrap().code(), Some(0));
}

#[test]
#[cfg(target_os = "linux")]
fn memory_grows_with_what_runs_and_not_with_the_listing() {
    let peak = |rows: u64| {
        let mock = Mock::start(MockAppliance::builder().sessions(20, 6).listing_size(rows));
        let mut watching = Watching::of(&watch(&mock, &["-o", "ndjson"]));
        wait_for_readings(&mock, 3);
        mock.appliance.start_session(by("alice")).unwrap();
        watching.event();
        let status = format!("/proc/{}/status", watching.child.id());
        let status = std::fs::read_to_string(status).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        watching.stops(Signal::INT);
        let kilobytes = peak.unwrap().trim().trim_end_matches(" kB");
        kilobytes.parse::<u64>().unwrap()
    };
    let (short, long) = (peak(20), peak(50_000));
    assert!(long < short + 8 * 1024, "{short} kB, {long} kB");
}
