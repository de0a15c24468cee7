//! `pamctl demo` and `pamctl mock`.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};

use pam_mock::Fault;
use serde_json::Value;

use crate::fixture::{Run, child, pamctl, wait_until};

#[test]
fn the_demo_proves_a_termination_and_shows_what_it_sent() {
    for seed in ["1", "7"] {
        let run = Run::of(pamctl().args(["demo", "--seed", seed])).ended(0);
        assert!(run.stdout.contains("Proven:"), "{}", run.stdout);
        assert!(run.stdout.contains("> DELETE /api/pam/session/drop/"));
        assert!(run.stdout.matches("oauth_signature=").count() >= 4);
        assert!(run.stderr.is_empty(), "{}", run.stderr);
        assert!(
            !run.stdout.contains('\u{1b}'),
            "no colours without a terminal"
        );
    }
    let coloured = Run::of(pamctl().args(["demo", "--color", "always"])).ended(0);
    assert!(coloured.stdout.contains("\u{1b}["));
}

struct Served(Child);

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let mut command = pamctl();
        command.arg("mock").args(arguments);
        let mut command = child(&command);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self(command.spawn().unwrap())
    }

    /// Stops it as a supervisor would.
    fn stop(mut self, signal: rustix::process::Signal) -> Run {
        let pid = rustix::process::Pid::from_child(&self.0);
        rustix::process::kill_process(pid, signal).unwrap();
        let status = self.0.wait().unwrap();
        let mut run = Run {
            code: status.code(),
            stdout: String::new(),
            stderr: String::new(),
        };
        let (stdout, stderr) = (self.0.stdout.take(), self.0.stderr.take());
        stdout.map(|mut pipe| pipe.read_to_string(&mut run.stdout));
        stderr.map(|mut pipe| pipe.read_to_string(&mut run.stderr));
        run
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn list(ready: &Value) -> Run {
    let mut command = pamctl();
    let keys = &ready["oauth1"];
    command.args(["session", "list", "--active", "-o", "ids"]);
    command.env("PAM_URL", ready["base_url"].as_str().unwrap());
    if let Some(file) = ready["ca_file"].as_str() {
        command.env("PAM_CA_FILE", file);
    }
    for (name, key) in [
        ("PAM_CONSUMER_KEY", "consumer_key"),
        ("PAM_CONSUMER_SECRET", "consumer_secret"),
        ("PAM_TOKEN", "token"),
        ("PAM_TOKEN_SECRET", "token_secret"),
    ] {
        command.env(name, keys[key].as_str().unwrap());
    }
    Run::of(&mut command)
}

#[test]
fn a_mock_says_where_it_is_in_its_ready_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ready.json");
    let arguments = [
        "--sessions",
        "12",
        "--active",
        "5",
        "--seed",
        "3",
        "--ready-file",
    ];
    for more in [&[][..], &["--plain-http"]] {
        std::fs::write(&path, "of an earlier run").unwrap();
        let file = [path.to_str().unwrap()];
        let served = Served::start(&[&arguments[..], &file, more].concat());
        let ready =
            || serde_json::from_slice::<Value>(&std::fs::read(&path).unwrap_or_default()).ok();
        wait_until("the ready file", || ready().is_some());
        let ready = ready().unwrap();
        assert_eq!(ready["ca_file"].is_string(), more.is_empty());
        assert_eq!(list(&ready).ended(0).stdout.lines().count(), 5);
        let run = served.stop(rustix::process::Signal::TERM).ended(0);
        assert_eq!(run.stdout.trim(), ready["base_url"].as_str().unwrap());
        let secret = ready["oauth1"]["consumer_secret"].as_str().unwrap();
        assert!(!(run.stdout + &run.stderr).contains(secret));
    }
}

#[test]
fn without_a_ready_file_it_prints_settings_for_a_shell() {
    let mut served = Served::start(&["--explain"]);
    let lines = BufReader::new(served.0.stdout.take().unwrap()).lines();
    let settings: Vec<(String, String)> = lines
        .take(6)
        .map(|line| {
            let line = line.unwrap();
            let (name, value) = line
                .strip_prefix("export ")
                .unwrap()
                .split_once('=')
                .unwrap();
            (name.to_owned(), value.trim_matches('\'').to_owned())
        })
        .collect();
    let list = |settings: &[(String, String)]| {
        let mut command = pamctl();
        command
            .args(["session", "list", "-o", "ids"])
            .envs(settings.to_vec());
        Run::of(&mut command)
    };
    assert_eq!(list(&settings).ended(0).stdout.lines().count(), 20);

    let mut wrong = settings.clone();
    for (name, value) in &mut wrong {
        if name == "PAM_TOKEN_SECRET" {
            value.push('x');
        }
    }
    list(&wrong).failed(6, &["Invalid signature"]);
    let ca_file = settings
        .iter()
        .find(|(name, _)| name == "PAM_CA_FILE")
        .unwrap()
        .1
        .clone();
    let run = served.stop(rustix::process::Signal::INT).ended(0);
    assert!(
        run.stderr.contains("base string") && run.stderr.contains("refused"),
        "{}",
        run.stderr
    );
    assert!(
        !std::path::Path::new(&ca_file).exists(),
        "the temporary CA file is left behind"
    );
}

#[test]
fn faults_and_switches_are_listed_one_a_line() {
    let faults = Run::of(pamctl().args(["mock", "faults"])).ended(0).stdout;
    for fault in Fault::catalogue() {
        let lines = faults.lines().filter(|line| line.starts_with(fault.name));
        assert!(lines.count() >= 1, "{}", fault.name);
    }
    assert_eq!(faults.lines().count(), Fault::catalogue().len() + 1);
    let switches = Run::of(pamctl().args(["mock", "switches"])).ended(0).stdout;
    assert!(switches.contains("running-end"));
}

#[test]
fn a_mock_that_can_not_be_says_why() {
    let table: [(&[&str], i32, &str); 8] = [
        (&["--fault", "nonsense"], 2, "unknown fault"),
        (&["--fault", "slow-list"], 2, "slow-list:SECONDS"),
        (&["--switch", "nonsense=1"], 2, "nonsense"),
        (&["--profile", "v9"], 2, "v9"),
        (
            &["--state", "/nowhere/state.json"],
            2,
            "/nowhere/state.json",
        ),
        (&["--sessions", "2", "--active", "3"], 1, "can't be active"),
        (&["--listen", "0.0.0.0:0"], 1, "loopback"),
        (
            &["--ready-file", "/nowhere/ready.json"],
            1,
            "/nowhere/ready.json",
        ),
    ];
    for (arguments, code, word) in table {
        let run = Run::of(pamctl().arg("mock").args(arguments)).ended(code);
        assert!(run.stderr.contains(word), "{arguments:?}: {}", run.stderr);
    }
}
