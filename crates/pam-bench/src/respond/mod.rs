//! The responder: alerts accepted, drops sent, memory held, and what correlation costs. Senders,
//! responder and mock share the machine's processors.

mod correlate;
mod latency;
mod process;
mod senders;

use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use pam_alert::decode;
use pam_respond_core::{Incoming, Journal as _, Moment};
use pam_responder::SqliteJournal;

use crate::mock::Mock;
use crate::report::{Entry, Figure, Goal, Report};

use self::process::Responder;
use self::senders::Sent;

const BENCH: &str = "respond";

/// What each transport is to reach.
const ALERTS_PER_SECOND: f64 = 20_000.0;

/// The most memory that a responder may hold, whatever it has accepted, in MiB.
const MEMORY: f64 = 128.0;

/// A rule that most of the measured alerts are not about.
const RULE: &str = "
[[rule]]
name = \"dangerous command\"
when = \"event=12\"
match = [\"user\"]
";

pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    accepted(report)?;
    memory(report)?;
    latency::run(report)?;
    correlate::run(report)
}

/// Alerts a second, each durable when it is acknowledged.
fn accepted(report: &mut Report) -> io::Result<()> {
    let alerts = report.effort.pick(200_000, 2_000);
    let few = alerts / report.effort.pick(10, 1);
    let mut alone = Entry::new("the journal alone, 512 alerts a commit");
    let mut ways = [
        Way::new("syslog over TCP, 8 connections", move |to| {
            senders::tcp(to.tcp, "153", alerts, 8)
        })
        .goal(),
        Way::new("HTTP, an alert a request, 256 connections", move |to| {
            senders::http(to, alerts, 256)
        })
        .goal(),
        Way::new("syslog over UDP, 22,000 sent a second", move |to| {
            datagrams(to, alerts)
        })
        .goal(),
        Way::new("TCP, each about a rule in shadow", move |to| {
            senders::tcp(to.tcp, "12", few, 8)
        }),
    ];
    for _ in 0..report.effort.pick(3, 1) {
        let folder = tempfile::tempdir()?;
        alone.samples.push(journal(folder.path(), alerts)?);
        for way in &mut ways {
            way.turn(report)?;
        }
    }
    let ways = ways.into_iter().map(Way::entry);
    let entries: Vec<Entry> = std::iter::once(alone).chain(ways).collect();
    report.table(BENCH, "accepted", "alerts/s", &entries);
    Ok(())
}

type Send<'s> = dyn Fn(&Responder) -> io::Result<Sent> + 's;

/// A way in.
struct Way<'s> {
    entry: Entry,
    send: Box<Send<'s>>,
    /// Acknowledged alerts that the journal does not have.
    missing: u64,
    /// What an alert took of the responder's processors, in microseconds.
    processor: f64,
}

impl<'s> Way<'s> {
    fn new(name: &'static str, send: impl Fn(&Responder) -> io::Result<Sent> + 's) -> Self {
        Self {
            entry: Entry::new(name),
            send: Box::new(send),
            missing: 0,
            processor: 0.0,
        }
    }

    fn goal(mut self) -> Self {
        self.entry = self.entry.goal(Goal::Over(ALERTS_PER_SECOND));
        self
    }

    fn turn(&mut self, report: &mut Report) -> io::Result<()> {
        let mock = Mock::start(&["--sessions", "100", "--active", "100"])?;
        let responder = Responder::start(&mock, RULE, mock.folder())?;
        let sent = (self.send)(&responder)?;
        let seconds = responder.processor_time()?;
        // Whatever it has not written now, it never will.
        let written = responder.kill_and_count()?;
        self.missing += sent.acknowledged.saturating_sub(written);
        let unsent = written > sent.acknowledged;
        report.same("alerts that nobody sent", unsent, false);
        self.processor = seconds * 1e6 / written.max(1) as f64;
        let rate = written as f64 / sent.took.as_secs_f64();
        self.entry.samples.push(rate);
        Ok(())
    }

    fn entry(self) -> Entry {
        let missing = Figure::new("acknowledged and not durable", self.missing as f64);
        self.entry
            .figure(missing.at_most(0.0))
            .figure(Figure::new("µs of a processor each", self.processor))
    }
}

/// Datagrams, of which each is accepted or lost; that is known when all are, or when nothing more
/// comes for a second.
fn datagrams(to: &Responder, alerts: u64) -> io::Result<Sent> {
    let start = Instant::now();
    senders::udp(to.udp, alerts, 22_000)?;
    let (mut acknowledged, mut took) = (0, start.elapsed());
    loop {
        let accepted = to.metric("alerts_received_total", "accepted")?;
        if accepted > acknowledged {
            (acknowledged, took) = (accepted, start.elapsed());
        }
        let lost = to.metric("datagrams_lost_total", "")? + to.metric("datagrams_dropped", "")?;
        if accepted + lost >= alerts || start.elapsed() > took + Duration::from_secs(1) {
            return Ok(Sent { acknowledged, took });
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// What the journal takes in a second when nothing else is done.
fn journal(folder: &Path, alerts: u64) -> io::Result<f64> {
    const BATCH: u64 = 512;
    let mut journal = SqliteJournal::open(folder.join("alone.db")).map_err(io::Error::other)?;
    let mut text = String::new();
    let incoming = |number| {
        text.clear();
        senders::line(&mut text, "153", number);
        let alert = decode("tcp", text.as_bytes()).map_err(io::Error::other)?;
        let alert = alert.into_iter().next();
        let alert = alert.ok_or_else(|| io::Error::other("a line without an alert"))?;
        Ok(Incoming {
            key: alert.dedupe_key(),
            at: Moment::from_millis(0),
            alert,
        })
    };
    let all: io::Result<Vec<Incoming>> = (0..alerts).map(incoming).collect();
    let mut all = all?.into_iter();
    let start = Instant::now();
    for _ in (0..alerts).step_by(BATCH as usize) {
        let batch = all.by_ref().take(BATCH as usize).collect();
        journal.accept(batch).map_err(io::Error::other)?;
    }
    Ok(alerts as f64 / start.elapsed().as_secs_f64())
}

/// The most memory that a responder holds by the number of alerts that it accepted.
fn memory(report: &mut Report) -> io::Result<()> {
    let counts = report.effort.pick(
        [("100,000 alerts", 100_000), ("1,000,000 alerts", 1_000_000)],
        [("2,000 alerts", 2_000), ("20,000 alerts", 20_000)],
    );
    let mut entries = Vec::new();
    for (name, alerts) in counts {
        let mock = Mock::start(&["--sessions", "100", "--active", "100"])?;
        let responder = Responder::start(&mock, RULE, mock.folder())?;
        let sent = senders::tcp(responder.tcp, "153", alerts, 8)?;
        let peak = responder.peak()?;
        let rate = alerts as f64 / sent.took.as_secs_f64();
        report.same(name, responder.kill_and_count()?, alerts);
        let mut entry = Entry::new(name);
        entry.samples.push(peak);
        entry = entry
            .figure(Figure::new("MiB peak", peak).at_most(MEMORY))
            .figure(Figure::new("alerts/s", rate));
        entries.push(entry);
    }
    let first = entries.first().map(|entry| entry.name);
    if let (Some(first), Some(last)) = (first, entries.last_mut()) {
        last.goals.push(Goal::AtMost(1.1, first));
    }
    report.table(BENCH, "memory", "MiB", &entries);
    Ok(())
}
