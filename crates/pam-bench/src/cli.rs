//! From `exec` to exit, over http on loopback.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::mock::Mock;
use crate::process;
use crate::report::{Entry, Figure, Goal, Report};
use crate::terminate::script;

const BENCH: &str = "cli";

const EMPTY: &str = "an empty Rust program";
const VERSION: &str = "pamctl --version";
const OURS: &str = "pamctl session terminate --no-verify";
const CURL: &str = "curl -X DELETE, unsigned";
const PYTHON: &str = "Python, requests_oauthlib";
const PIPED: &str = "curl -X DELETE, signed by a script";

/// A process that takes part, and in how many rounds.
struct Contestant<'c> {
    entry: Entry,
    rounds: usize,
    peak: f64,
    /// Whether it ends the session that it is given.
    terminates: bool,
    start: Box<Start<'c>>,
}

type Start<'c> = dyn Fn(&Mock, &str) -> io::Result<Command> + 'c;

pub(crate) fn run(report: &mut Report, python: Option<&Path>) -> io::Result<()> {
    let many = report.effort.pick(60, 3);
    let few = report.effort.pick(8, 1);
    let mut contestants = vec![
        Contestant::new(EMPTY, many, |_, _| {
            Ok(Command::new(process::beside("empty")?))
        }),
        Contestant::new(VERSION, many, |mock, _| {
            let mut command = mock.pamctl()?;
            command.arg("--version");
            Ok(command)
        })
        .goal(Goal::AtMost(1.5, EMPTY)),
        Contestant::new(OURS, many, |mock, id| {
            let mut command = mock.pamctl()?;
            command.args(["session", "terminate", id, "--no-verify", "--yes"]);
            Ok(command)
        })
        .terminating()
        .goal(Goal::AtMost(0.35, CURL))
        .goal(Goal::Faster(70.0, PYTHON))
        .goal(Goal::Faster(1.0, PIPED)),
    ];
    if process::has("curl") {
        contestants.push(Contestant::new(CURL, many, |mock, id| {
            let mut command = Command::new("curl");
            command.args(["--silent", "-X", "DELETE"]);
            command.arg(mock.drop_url(id));
            Ok(command)
        }));
    } else {
        report.skip(BENCH, CURL, "curl not found");
    }
    match python {
        Some(python) => contestants.extend([
            Contestant::new(PYTHON, few, move |mock, id| {
                let mut command = Command::new(python);
                let base = mock.ready.base_url.trim_end_matches('/');
                command.arg(script()).args(["one", base, id]);
                mock.keys(&mut command);
                Ok(command)
            })
            .terminating(),
            Contestant::new(PIPED, few, move |mock, id| {
                let mut command = Command::new("sh");
                let sign = r#"exec curl -s -X DELETE -H "$("$0" "$1" header DELETE "$2")" "$2""#;
                command.args(["-c", sign]).arg(python).arg(script());
                command.arg(mock.drop_url(id));
                mock.keys(&mut command);
                Ok(command)
            })
            .terminating(),
        ]),
        None => report.skip(BENCH, PYTHON, "no Python with requests_oauthlib"),
    }

    let mock = Mock::start(&["--sessions", "1000", "--active", "1000"])?;
    let mut ids = mock.running()?;
    for round in 0..many {
        for contestant in &mut contestants {
            if round >= contestant.rounds {
                continue;
            }
            let id = ids.pop().unwrap_or_default();
            let mut command = (contestant.start)(&mock, &id)?;
            let ended = process::run(command.stderr(Stdio::null()), None)?;
            contestant
                .entry
                .samples
                .push(ended.wall.as_secs_f64() * 1e3);
            contestant.peak = contestant.peak.max(ended.peak);
            if !contestant.terminates {
                ids.insert(0, id);
            }
        }
    }
    // As many are gone as were terminated, and no other.
    let mut running = mock.running()?;
    running.sort();
    ids.sort();
    report.same("the sessions that still run", running, ids);
    without_certificates(report, &mock)?;

    let size = fs::metadata(process::beside("pamctl")?)?.len() as f64 / f64::from(1 << 20);
    // What ships is optimised over all crates; the short form's binary is not, and larger.
    let (most_memory, most_bytes) = report.effort.pick((12.0, 15.0), (15.0, 22.0));
    let entries: Vec<Entry> = contestants
        .into_iter()
        .map(|contestant| {
            let peak = Figure::new("MiB peak", contestant.peak);
            match contestant.entry.name {
                OURS => contestant
                    .entry
                    .figure(peak.at_most(most_memory))
                    .figure(Figure::new("MiB binary", size).at_most(most_bytes)),
                _ => contestant.entry.figure(peak),
            }
        })
        .collect();
    report.table(BENCH, "exec-exit", "ms", &entries);
    Ok(())
}

/// A platform without certificates does not matter to a call that needs no TLS.
fn without_certificates(report: &mut Report, mock: &Mock) -> io::Result<()> {
    let nowhere = mock.folder().join("no-certificates");
    let mut command = mock.pamctl()?;
    command
        .env("SSL_CERT_FILE", &nowhere)
        .env("SSL_CERT_DIR", &nowhere);
    command.args(["session", "list", "--active", "-o", "ids"]);
    let ended = process::run(&mut command, None)?;
    report.same("a call without certificates", ended.success, true);
    Ok(())
}

impl<'c> Contestant<'c> {
    fn new(
        name: &'static str,
        rounds: usize,
        start: impl Fn(&Mock, &str) -> io::Result<Command> + 'c,
    ) -> Self {
        Self {
            entry: Entry::new(name),
            rounds,
            peak: 0.0,
            terminates: false,
            start: Box::new(start),
        }
    }

    fn goal(mut self, goal: Goal) -> Self {
        self.entry = self.entry.goal(goal);
        self
    }

    fn terminating(mut self) -> Self {
        self.terminates = true;
        self
    }
}
