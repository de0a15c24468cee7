//! Ending 10,000 sessions over loopback, beside other clients of the same mock. Both ends share
//! the machine's processors.

use std::cell::Cell;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pam_client::{Authentication, Client, RouteChoice, Settings};
use pam_proto::oauth1::{Credentials, Signer, Stamp, Target};
use pam_proto::termination::{Limits, Outcome, Verification};
use pam_proto::{BaseUrl, Routes, Secret, SessionRef};

use crate::mock::Mock;
use crate::process;
use crate::report::{Entry, Figure, Goal, Report};

const BENCH: &str = "terminate";
const CONNECTIONS: usize = 16;

const OURS: &str = "pam-client";
const PAMCTL: &str = "pamctl session terminate -";
const WRK: &str = "wrk, unsigned";
const CURL: &str = "curl --parallel, signed before";
const PYTHON: &str = "requests_oauthlib, 16 threads";

pub(crate) fn run(report: &mut Report, python: Option<&Path>) -> io::Result<()> {
    let sessions = report.effort.pick(10_000, 200);
    let rounds = report.effort.pick(5, 1);
    let few = sessions / report.effort.pick(10, 4);
    let processor = Cell::new([0.0; 2]);
    let mut contestants = vec![
        Contestant {
            entry: Entry::new(OURS)
                .goal(Goal::AtLeast(0.6, WRK))
                .goal(Goal::AtLeast(4.0, CURL))
                .goal(Goal::AtLeast(90.0, PYTHON)),
            sessions,
            client: Box::new(|mock, ids| {
                let before = process::processor_time(std::process::id())?;
                let rate = ours(mock, ids, CONNECTIONS)?;
                let after = process::processor_time(std::process::id())?;
                let [user, kernel] = processor.get();
                processor.set([user + after[0] - before[0], kernel + after[1] - before[1]]);
                Ok(rate)
            }),
        },
        Contestant {
            entry: Entry::new(PAMCTL),
            sessions,
            client: Box::new(pamctl),
        },
    ];
    if process::has("wrk") {
        let seconds = report.effort.pick("2", "1");
        contestants.push(Contestant {
            entry: Entry::new(WRK),
            sessions: 1,
            client: Box::new(move |mock, ids| wrk(mock, ids, seconds)),
        });
    } else {
        report.skip(BENCH, WRK, "wrk not found");
    }
    if process::has("curl") {
        contestants.push(Contestant {
            entry: Entry::new(CURL),
            sessions,
            client: Box::new(curl),
        });
    } else {
        report.skip(BENCH, CURL, "curl not found");
    }
    match python {
        Some(python) => contestants.push(Contestant {
            entry: Entry::new(PYTHON),
            sessions: few,
            client: Box::new(|mock, ids| threads(mock, ids, python)),
        }),
        None => report.skip(BENCH, PYTHON, "no Python with requests_oauthlib"),
    }
    for _ in 0..rounds {
        for contestant in &mut contestants {
            contestant.turn(report)?;
        }
    }
    let each = 1e6 / (rounds * sessions) as f64;
    let [user, kernel] = processor.get().map(|seconds| seconds * each);
    let entries: Vec<Entry> = contestants
        .into_iter()
        .map(|contestant| match contestant.entry.name {
            OURS => contestant
                .entry
                .figure(Figure::new("µs each in user mode", user))
                .figure(Figure::new("µs each in the kernel", kernel)),
            _ => contestant.entry,
        })
        .collect();
    report.table(BENCH, "16 at once", "requests/s", &entries);
    growth(report)?;
    allocations(report)
}

/// What more connections bring, and what more sessions cost.
fn growth(report: &mut Report) -> io::Result<()> {
    let mut entries = Vec::new();
    for (name, jobs, sessions) in [
        ("pam-client, 1 at once", 1, 4_000),
        ("pam-client, 4 at once", 4, 4_000),
        ("pam-client, 16 at once", 16, 4_000),
        ("pam-client, 64 at once", 64, 4_000),
        ("pam-client, 16 at once, 1,000 sessions", 16, 1_000),
        ("pam-client, 16 at once, 40,000 sessions", 16, 40_000),
    ] {
        let sessions = (sessions / report.effort.pick(1, 40)).to_string();
        let mut entry = Entry::new(name);
        for _ in 0..report.effort.pick(3, 1) {
            let mock = Mock::start(&["--sessions", &sessions, "--active", &sessions])?;
            let ids = mock.running()?;
            entry.samples.push(ours(&mock, ids, jobs)?);
        }
        entries.push(entry);
    }
    report.table(BENCH, "growth", "requests/s", &entries);
    Ok(())
}

/// Terminates the sessions on the mock; gives the requests per second.
type Terminate<'c> = dyn FnMut(&Mock, Vec<String>) -> io::Result<f64> + 'c;

struct Contestant<'c> {
    entry: Entry,
    sessions: usize,
    client: Box<Terminate<'c>>,
}

impl Contestant<'_> {
    fn turn(&mut self, report: &mut Report) -> io::Result<()> {
        let sessions = self.sessions.to_string();
        let mock = Mock::start(&["--sessions", &sessions, "--active", &sessions])?;
        let ids = mock.running()?;
        report.same(self.entry.name, ids.len(), self.sessions);
        let rate = (self.client)(&mock, ids)?;
        let left = if self.entry.name == WRK { 1 } else { 0 };
        report.same(self.entry.name, mock.running()?.len(), left);
        self.entry.samples.push(rate);
        Ok(())
    }
}

fn ours(mock: &Mock, ids: Vec<String>, jobs: usize) -> io::Result<f64> {
    let client = client(mock)?;
    let runtime = runtime()?;
    let count = ids.len();
    let start = Instant::now();
    runtime.block_on(terminate(&client, ids, jobs))?;
    Ok(rate(count, start.elapsed()))
}

fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn client(mock: &Mock) -> io::Result<Client> {
    let base = BaseUrl::new(&mock.ready.base_url).map_err(io::Error::other)?;
    let mut settings = Settings::new(base, Authentication::OAuth1(credentials(mock)));
    settings.routes = RouteChoice::Fixed(Routes::ApiPam);
    Client::new(settings).map_err(io::Error::other)
}

fn credentials(mock: &Mock) -> Credentials {
    let keys = &mock.ready.oauth1;
    Credentials::new(&keys.consumer_key, Secret::new(&*keys.consumer_secret))
        .with_token(&keys.token, Secret::new(&*keys.token_secret))
}

async fn terminate(client: &Client, ids: Vec<String>, jobs: usize) -> io::Result<()> {
    let names: Result<Vec<SessionRef>, _> = ids.iter().map(|id| id.parse()).collect();
    let names = names.map_err(io::Error::other)?;
    let mut limits = Limits::default();
    limits.jobs = jobs;
    limits.verification = Verification::Off;
    let count = names.len();
    let never = std::future::pending();
    let reports = client.terminate(names, limits, &(), never).await;
    // Accepted, and by choice not looked at afterwards.
    let accepted = reports
        .iter()
        .filter(|report| report.outcome == Outcome::Unconfirmed);
    match accepted.count() {
        accepted if accepted == count => Ok(()),
        accepted => Err(io::Error::other(format!("{accepted} of {count} accepted"))),
    }
}

fn rate(requests: usize, took: Duration) -> f64 {
    requests as f64 / took.as_secs_f64()
}

fn pamctl(mock: &Mock, ids: Vec<String>) -> io::Result<f64> {
    let file = mock.folder().join("ids");
    fs::write(&file, ids.join("\n"))?;
    let mut command = mock.pamctl()?;
    command.args(["session", "terminate", "-", "--yes", "--no-verify"]);
    command.args(["--jobs", &CONNECTIONS.to_string(), "-o", "ndjson"]);
    let ended = process::run(&mut command, Some(&file))?;
    Ok(rate(ids.len(), ended.wall))
}

fn wrk(mock: &Mock, ids: Vec<String>, seconds: &str) -> io::Result<f64> {
    let script = mock.folder().join("delete.lua");
    fs::write(&script, "wrk.method = \"DELETE\"\n")?;
    let mut command = Command::new("wrk");
    command.args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}")]);
    command.arg("-s").arg(script);
    command.arg(mock.drop_url(&ids.concat()));
    let ended = process::run(&mut command, None)?;
    let text = String::from_utf8_lossy(&ended.stdout);
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("Requests/sec:"));
    line.and_then(|rate| rate.trim().parse().ok())
        .ok_or_else(|| io::Error::other(format!("wrk says no rate: {text}")))
}

/// curl can't sign with OAuth 1.0, so each request brings its header.
fn curl(mock: &Mock, ids: Vec<String>) -> io::Result<f64> {
    let signer = Signer::new(&credentials(mock)).map_err(io::Error::other)?;
    let now = std::time::SystemTime::now();
    let now = now
        .duration_since(std::time::UNIX_EPOCH)
        .map_err(io::Error::other)?;
    let mut config = String::new();
    for (index, id) in ids.iter().enumerate() {
        let url = mock.drop_url(id);
        let uri = url.parse().map_err(io::Error::other)?;
        let stamp = Stamp::new(now.as_secs(), format!("curl{index:08}"));
        let header = signer.authorization(&Target::new("DELETE", &uri), &stamp);
        let header = header.map_err(io::Error::other)?;
        let header = header.to_str().map_err(io::Error::other)?;
        let next = if index == 0 { "" } else { "next\n" };
        let quoted = header.replace('"', "\\\"");
        let written = write!(
            config,
            "{next}url = \"{url}\"\nrequest = DELETE\noutput = /dev/null\n\
             header = \"Authorization: {quoted}\"\n"
        );
        written.map_err(io::Error::other)?;
    }
    let file = mock.folder().join("curl.txt");
    fs::write(&file, config)?;
    let mut command = Command::new("curl");
    // Its progress meter, which no flag turns off in every version.
    command.stderr(Stdio::null());
    command.args(["--silent", "--parallel", "--parallel-max"]);
    command
        .arg(CONNECTIONS.to_string())
        .arg("--config")
        .arg(file);
    let ended = process::run(&mut command, None)?;
    Ok(rate(ids.len(), ended.wall))
}

fn threads(mock: &Mock, ids: Vec<String>, python: &Path) -> io::Result<f64> {
    let base = mock.ready.base_url.trim_end_matches('/');
    let mut command = Command::new(python);
    command.arg(script()).args(["many", base]);
    mock.keys(&mut command);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(ids.join("\n").as_bytes())?;
    }
    let output = child.wait_with_output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let seconds: f64 = text.trim().parse().map_err(io::Error::other)?;
    Ok(rate(ids.len(), Duration::from_secs_f64(seconds)))
}

/// What Python runs.
pub(crate) fn script() -> &'static str {
    concat!(env!("CARGO_MANIFEST_DIR"), "/peers/terminate.py")
}

/// How many allocations a drop costs the client, its connection and the machine included.
fn allocations(report: &mut Report) -> io::Result<()> {
    const FEW: usize = 100;
    const MANY: usize = 500;
    // The difference leaves out what is allocated once.
    let more = counted(MANY)? - counted(FEW)?;
    let each = more as f64 / (MANY - FEW) as f64;
    let figure = Figure::new("allocations a drop", each).at_most(ALLOCATIONS);
    let mut entry = Entry::new(OURS).figure(figure);
    entry.samples.push(each);
    report.table(BENCH, "counted", "allocations", &[entry]);
    Ok(())
}

/// The most allocations that a drop may cost.
const ALLOCATIONS: f64 = 66.0;

fn counted(sessions: usize) -> io::Result<i64> {
    let count = sessions.to_string();
    let mock = Mock::start(&["--sessions", &count, "--active", &count])?;
    let ids = mock.running()?;
    let client = client(&mock)?;
    let runtime = runtime()?;
    let mut done = Ok(());
    let counted = allocation_counter::measure(|| {
        done = runtime.block_on(terminate(&client, ids, CONNECTIONS));
    });
    done.map(|()| counted.count_total as i64)
}
