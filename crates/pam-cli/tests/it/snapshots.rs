//! What every command prints, as reviewed: each file of `snapshots/` is a shell session with a
//! mock appliance of its own.
//!
//! ```text
//! # A remark.
//! ! rate-limit:0              the mock's faults from here on; none when nothing is named
//! $ pamctl session get 540    a line for the shell; `> ` continues it
//! standard output
//! 2> standard error
//! [exit 3]                    when it is not 0
//! ```
//!
//! A new command is given its transcript by writing the first lines of one; `PAMCTL_BLESS=1` fills
//! in what is printed. What differs from run to run is masked.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;

use pam_mock::{Fault, MockAppliance, NewSession};
use pam_proto::SessionId;
use regex_lite::Regex;
use snapbox::assert::Action;
use snapbox::{Assert, Data};

use crate::fixture::{Mock, child};
use crate::golden_help;

/// More than one, as most of the time is spent in waiting.
const AT_ONCE: usize = 6;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/snapshots")
}

fn transcripts() -> Vec<PathBuf> {
    let files = fs::read_dir(folder()).unwrap();
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

/// A piece of a transcript that is not output.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Remark(String),
    Faults(Vec<String>),
    Shell(String),
}

fn steps(transcript: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut lines = transcript.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(remark) = line.strip_prefix("# ") {
            steps.push(Step::Remark(remark.to_owned()));
        } else if line == "!" || line.starts_with("! ") {
            let faults = line[1..].split_whitespace().map(str::to_owned);
            steps.push(Step::Faults(faults.collect()));
        } else if let Some(first) = line.strip_prefix("$ ") {
            let mut command = first.to_owned();
            while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
                command += &format!("\n{}", &more[2..]);
            }
            steps.push(Step::Shell(command));
        }
    }
    steps
}

/// Sessions that are the same in every run.
fn appliance() -> Mock {
    let session = |id, user: &str, credential: &str, device: &str, protocol: &str, start: &str| {
        let session_id = format!("{id:x}").repeat(40)[..40].to_owned();
        NewSession {
            id: Some(id),
            session_id: Some(SessionId::new(session_id).unwrap()),
            user: Some(user.into()),
            origin_ip: Some(format!("198.51.100.{}", id % 100)),
            credential: Some(credential.into()),
            device: Some(device.into()),
            protocol: Some(protocol.into()),
            proxy: Some("Web Proxy".into()),
            started_at: Some(format!("2024-05-06 {start}")),
            ..NewSession::default()
        }
    };
    let ended = NewSession {
        ended_at: Some("2024-05-06 12:30:00".into()),
        ..session(538, "dan.brown", "root", "192.0.2.7:22", "ssh", "11:00:00")
    };
    let hostile = "\u{1b}[2J\u{202e}\u{7}";
    let builder = MockAppliance::builder()
        .seed(5)
        .session(ended)
        .session(session(
            539,
            "alice",
            "root",
            "192.0.2.20:22",
            "ssh",
            "16:00:00",
        ))
        .session(session(
            540,
            "bob",
            "oracle",
            "192.0.2.21:1521",
            "oracle",
            "16:20:30",
        ))
        .session(session(
            541,
            hostile,
            "=1+1",
            "192.0.2.66:3389",
            "rdp",
            "17:01:02",
        ));
    Mock::start(builder)
}

/// What differs from run to run, and what stands for it.
const MASKS: [(&str, &str); 21] = [
    (r"127\.0\.0\.1:\d{4,5}\b", "127.0.0.1:[PORT]"),
    // The fixtures' own times are older.
    (
        r"\b20(2[5-9]|[3-9]\d)-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?",
        "[TIME]",
    ),
    (r"\b\d\d/\d\d/20\d\d \d\d:\d\d:\d\d\b", "[TIME]"),
    (r"\b\d\d:\d\d:\d\dZ", "[TIME]"),
    (r#"("time":)"\d+:\d\d:\d\d""#, r#"$1"[TIME]""#),
    // Columns are as wide as what stands in them.
    (r"\b(\d+ ms|\d+\.\d s)  +", "[N] ms  "),
    (r"\bTIME  +WHY", "TIME    WHY"),
    (r"\b_sr=\w+", "_sr=[TICKET]"),
    (r"\b\d+ ms\b", "[N] ms"),
    (r#"("[a-z_]*_ms": ?)\d+"#, "${1}[N]"),
    (r"(differ by|diferem em) -?\d s", "$1 [N] s"),
    (r"\b(399|400)\d s", "4000 s"),
    (r"\brequest \d+\b", "request [N]"),
    (r"\bafter \d+ readings\b", "after [N] readings"),
    (r"\b[0-9a-f]{64}\b", "[HASH]"),
    (r#"("run":)"[0-9a-f]{16}""#, r#"$1"[RUN]""#),
    (r#""host":"[^"]*""#, r#""host":"[HOST]""#),
    (r#""who":\{[^}]*\}"#, r#""who":"[WHO]""#),
    (r"\bby \S+ \(uid \d+\)", "by [WHO]"),
    (
        r#"(_(?:consumer_key|nonce|token|timestamp)=")[0-9a-f]{10,}"#,
        "${1}[HEX]",
    ),
    (r#"(_signature=")[A-Za-z0-9%]{28,}"#, "${1}[SIGNATURE]"),
];

fn masked(text: &str, mock: &Mock) -> String {
    let folder = mock.file("").display().to_string();
    let mut text = text.replace(folder.trim_end_matches('/'), "[FOLDER]");
    text = text.replace(env!("CARGO_PKG_VERSION"), "[VERSION]");
    for (pattern, mask) in MASKS {
        let pattern = Regex::new(pattern).unwrap();
        text = pattern.replace_all(&text, mask).into_owned();
    }
    text.replace('\u{1b}', "␛")
}

fn output(stream: &[u8], prefix: &str, mock: &Mock) -> String {
    let text = masked(str::from_utf8(stream).unwrap(), mock);
    let mut lines: String = text
        .lines()
        .map(|line| format!("{prefix}{line}\n"))
        .collect();
    if !text.is_empty() && !text.ends_with('\n') {
        lines += "[no end of line]\n";
    }
    lines
}

/// Plays a transcript; what came of it is one as well.
fn play(transcript: &str) -> String {
    let mock = appliance();
    let here = mock.file("");
    let programs = Path::new(env!("CARGO_BIN_EXE_pamctl")).parent().unwrap();
    let mut played = String::new();
    for step in steps(transcript) {
        match step {
            Step::Remark(remark) => played += &format!("# {remark}\n"),
            Step::Faults(faults) => {
                let parsed = faults.iter().map(|fault| fault.parse::<Fault>().unwrap());
                mock.appliance.set_faults(parsed);
                played += &format!("{}\n", format!("! {}", faults.join(" ")).trim_end());
            }
            Step::Shell(command) => {
                let mut shell = std::process::Command::new("/bin/sh");
                let settings = child(&mock.pamctl());
                let settings = settings.get_envs().filter_map(|(k, v)| Some((k, v?)));
                let run = shell
                    .env_clear()
                    .envs(settings)
                    .env("PATH", format!("{}:/usr/bin:/bin", programs.display()))
                    .env("HOME", &here)
                    .env("FIXTURES", folder().join("../../../../../tests/fixtures"))
                    .current_dir(&here)
                    .stdin(Stdio::null())
                    .args(["-c", &command])
                    .output()
                    .unwrap();
                played += &format!("$ {}\n", command.replace('\n', "\n> "));
                played += &output(&run.stdout, "", &mock);
                played += &output(&run.stderr, "2> ", &mock);
                match run.status.code() {
                    Some(0) => {}
                    Some(code) => played += &format!("[exit {code}]\n"),
                    None => played += "[killed]\n",
                }
                played.push('\n');
            }
        }
    }
    played.trim_end().to_owned() + "\n"
}

#[test]
fn every_transcript_is_as_reviewed() {
    let bless = std::env::var_os("PAMCTL_BLESS").is_some();
    let assert = Assert::new().action(if bless {
        Action::Overwrite
    } else {
        Action::Verify
    });
    let open = Mutex::new(transcripts());
    let failures = Mutex::new(Vec::new());
    let play_some = || {
        while let Some(file) = { open.lock().unwrap().pop() } {
            let script = fs::read_to_string(&file).unwrap();
            let played = play(&script);
            assert_eq!(steps(&script), steps(&played), "{}", file.display());
            let reviewed = Data::read_from(&file, None).raw();
            let name = file.display().to_string();
            if let Err(error) = assert.try_eq(Some(&name), Data::text(played).raw(), reviewed) {
                failures.lock().unwrap().push(error.to_string());
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(play_some);
        }
    });
    let failures = failures.into_inner().unwrap();
    assert!(
        failures.is_empty(),
        "review the change, and run the test with PAMCTL_BLESS=1\n{}",
        failures.join("\n")
    );
}

#[test]
fn every_command_and_every_exit_code_has_a_transcript() {
    let text: String = transcripts()
        .into_iter()
        .map(|file| fs::read_to_string(file).unwrap())
        .collect();
    let known = golden_help::commands_that_do_something();
    let mut missing: BTreeSet<&[&str]> = known.collect();
    for step in steps(&text) {
        let Step::Shell(command) = step else { continue };
        for run in command.split("pamctl ").skip(1) {
            let words: Vec<&str> = run.split_whitespace().collect();
            let meant = missing.iter().filter(|path| words.starts_with(path));
            if let Some(meant) = meant.max_by_key(|path| path.len()).copied()
                // A command can be the beginning of another one.
                && !golden_help::COMMANDS.iter().any(|deeper| {
                    deeper.len() > meant.len() && words.starts_with(deeper)
                })
            {
                missing.remove(meant);
            }
        }
    }
    assert!(missing.is_empty(), "no transcript runs {missing:?}");
    let codes: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("[exit ")?.strip_suffix(']'))
        .collect();
    for code in ["1", "2", "3", "4", "5", "6", "7", "8", "130"] {
        assert!(codes.contains(code), "no transcript ends with {code}");
    }
}
