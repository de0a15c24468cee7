//! Finding one user's active sessions in a listing: whole processes, then the parser alone, then
//! `pamctl` against a mock that streams.

mod data;

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;

use pam_proto::listing::{Filter, ListingParser};

use self::data::Truth;
use crate::mock::Mock;
use crate::process;
use crate::race::{Contestant, race};
use crate::report::{Entry, Figure, Goal, Report};

const BENCH: &str = "listing";

const OURS: &str = "pam-proto, 64 KiB chunks";
const OWNED: &str = "pam-proto, every session owned";
const READ: &str = "read loop, 64 KiB";
const SERDE: &str = "serde_json, reader";
const SERDE_OWNED: &str = "serde_json, reader, every session owned";
const TYPED: &str = "serde_json, typed whole document";
const SONIC: &str = "sonic-rs";
const JQ: &str = "jq";

pub(crate) fn run(report: &mut Report) -> io::Result<()> {
    let mut file = tempfile::NamedTempFile::new()?;
    let sessions = report.effort.pick(1_000_000, 20_000);
    let truth = write(sessions, file.as_file_mut())?;
    processes(report, file.path(), &truth)?;
    parser(report, file.path())?;
    hostile(report);
    streamed(report)
}

fn write(sessions: u64, file: &mut File) -> io::Result<Truth> {
    let mut out = BufWriter::with_capacity(1 << 16, file);
    let truth = data::write(sessions, &mut out)?;
    out.flush()?;
    Ok(truth)
}

/// A process that takes part, and in how many rounds.
struct Tool {
    entry: Entry,
    command: Command,
    rounds: usize,
    peak: f64,
}

fn processes(report: &mut Report, listing: &Path, truth: &Truth) -> io::Result<()> {
    let tool = process::beside("listing-tool")?;
    let ours = |entry, name: &str, rounds| {
        let mut command = Command::new(&tool);
        command.arg(name);
        Tool {
            entry,
            command,
            rounds,
            peak: 0.0,
        }
    };
    let found = Entry::new(OURS)
        .goal(Goal::AtMost(5.0, READ))
        .goal(Goal::Faster(10.0, SERDE))
        .goal(Goal::Faster(4.0, SONIC))
        .goal(Goal::Faster(40.0, JQ));
    let owned = Entry::new(OWNED).goal(Goal::Faster(4.0, SERDE_OWNED));
    let many = report.effort.pick(7, 1);
    let few = report.effort.pick(3, 1);
    let mut tools = vec![
        ours(found, "ours", many),
        ours(Entry::new(READ), "read", many),
        ours(Entry::new("pam-proto, 4 KiB chunks"), "ours-4k", many),
        ours(Entry::new(SERDE), "serde-reader", few),
        ours(Entry::new(TYPED), "serde-typed", few),
        ours(Entry::new(SONIC), "sonic", many),
        ours(owned, "ours-owned", few),
        ours(Entry::new(SERDE_OWNED), "serde-reader-owned", few),
    ];
    if process::has(JQ) {
        let mut command = Command::new(JQ);
        let wanted = format!(
            r#".remote_sessions[] | select(.end == null and .user == "{}") | .session_id"#,
            data::USER
        );
        command.args(["-r", &wanted]);
        tools.push(Tool {
            entry: Entry::new(JQ),
            command,
            rounds: 1,
            peak: 0.0,
        });
    } else {
        report.skip(BENCH, JQ, "jq not found");
    }
    let mut decoded = Vec::new();
    for round in 0..many {
        for tool in &mut tools {
            if round >= tool.rounds {
                continue;
            }
            let ended = process::run(&mut tool.command, Some(listing))?;
            let name = tool.entry.name;
            report.same(name, ended.success, true);
            let text = String::from_utf8_lossy(&ended.stdout);
            match name {
                READ => report.same(name, text.trim(), &truth.bytes.to_string()),
                OWNED | SERDE_OWNED => decoded.push(text.into_owned()),
                _ => report.same(name, lines(&text), truth.ids.clone()),
            }
            tool.entry.samples.push(ended.wall.as_secs_f64());
            tool.peak = tool.peak.max(ended.peak);
        }
    }
    decoded.dedup();
    report.same("what was decoded in several ways", decoded.len(), 1);
    let entries: Vec<Entry> = tools
        .into_iter()
        .map(|tool| {
            let fastest = tool.entry.samples.iter().copied().fold(f64::MAX, f64::min);
            let rate = Figure::new("GB/s at best", truth.bytes as f64 / fastest / 1e9);
            let peak = Figure::new("MiB", tool.peak);
            tool.entry.figure(rate).figure(peak)
        })
        .collect();
    report.table(BENCH, "process", "s", &entries);
    Ok(())
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

/// How much memory the parser takes, and how much the size of the chunks matters.
fn parser(report: &mut Report, listing: &Path) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    let mut file = File::open(listing)?;
    let mut parser = start();
    let mut failed = None;
    let memory = allocation_counter::measure(|| {
        failed = loop {
            match file.read(&mut buffer) {
                Ok(0) => break None,
                Ok(read) => feed(&mut parser, &buffer[..read]),
                Err(error) => break Some(error),
            }
        };
    });
    report.same("reading the listing", failed.is_none(), true);
    report.same("the listing's end", parser.finish().is_ok(), true);

    let mut body = Vec::new();
    data::write(4_000, &mut body)?;
    let whole = |chunk: usize| {
        let mut parser = start();
        body.chunks(chunk)
            .for_each(|chunk| feed(&mut parser, chunk));
        parser.finish().map(|end| end.wanted).ok()
    };
    report.same("chunks of 4 KiB", whole(4 << 10), whole(64 << 10));
    const LARGE: &str = "4,000 sessions in 64 KiB chunks";
    let peak = Figure::new("KiB held", memory.bytes_max as f64 / 1024.0).at_most(64.0);
    race(
        report,
        BENCH,
        "parser",
        400,
        vec![
            Contestant::new(LARGE, || whole(64 << 10)).figure(peak),
            Contestant::new("4,000 sessions in 4 KiB chunks", || whole(4 << 10))
                .goal(Goal::Faster(0.7, LARGE)),
        ],
    );
    Ok(())
}

/// A session that is almost too large, in chunks that are far too small: as many times the bytes
/// have to be as many times the work.
fn hostile(report: &mut Report) {
    let body = |bytes: usize| {
        let text = r#"\u0041{[\"}]"#.repeat(bytes / 12);
        format!(
            r#"{{"response":{{"status":200,"error":false}},"remote_sessions":[{{"id":"1","session_id":"a","request":"{text}"}}]}}"#
        )
    };
    let read = |body: &str| {
        let mut parser = start();
        let chunks = body.as_bytes().chunks(16);
        chunks.for_each(|chunk| feed(&mut parser, chunk));
        parser.finish().map(|end| end.records).ok()
    };
    let (small, large) = (body(64 << 10), body(512 << 10));
    report.same("a hostile session", read(&small), Some(1));
    report.same("a larger hostile session", read(&large), Some(1));
    const SMALL: &str = "a session of 64 KiB, 16-byte chunks";
    race(
        report,
        BENCH,
        "hostile",
        60,
        vec![
            Contestant::new(SMALL, || read(&small)),
            Contestant::new("a session of 512 KiB, 16-byte chunks", || read(&large))
                .goal(Goal::AtMost(9.0, SMALL)),
        ],
    );
}

fn start() -> ListingParser {
    let (head, ()) = http::Response::new(()).into_parts();
    ListingParser::new(Filter::new().active().user(data::USER), head)
}

fn feed(parser: &mut ListingParser, chunk: &[u8]) {
    // What goes wrong is told by `finish`.
    let _ = parser.feed(chunk, |record| {
        std::hint::black_box(record.id());
        ControlFlow::Continue(())
    });
}

/// `pamctl session list` and its memory, whatever the length of the listing.
fn streamed(report: &mut Report) -> io::Result<()> {
    let sizes: &[(&str, &'static str)] = report.effort.pick(
        &[
            ("1000000", "1,000,000 sessions"),
            ("10000000", "10,000,000 sessions"),
            ("100000000", "100,000,000 sessions"),
        ],
        &[("100000", "100,000 sessions")],
    );
    let list = |mock: &Mock| {
        let mut command = mock.pamctl()?;
        command.args(["session", "list", "--active", "-o", "ids"]);
        process::run(&mut command, None)
    };
    let mock = Mock::start(&["--sessions", "20", "--active", "5"])?;
    let truth = mock.running()?;
    let idle = list(&mock)?;
    let mut entries = Vec::new();
    for (size, name) in [("0", "20 sessions")].iter().chain(sizes) {
        let mock = Mock::start(&["--sessions", "20", "--active", "5", "--listing-size", size])?;
        let ended = list(&mock)?;
        let found = String::from_utf8_lossy(&ended.stdout);
        report.same(name, ended.success, true);
        report.same(name, lines(&found), truth.clone());
        let above = Figure::new("MiB above idle", (ended.peak - idle.peak).max(0.0));
        let mut entry = Entry::new(name)
            .figure(Figure::new("MiB", ended.peak).at_most(24.0))
            .figure(above.at_most(8.0));
        entry.samples.push(ended.wall.as_secs_f64());
        entries.push(entry);
    }
    report.table(BENCH, "pamctl", "s", &entries);
    Ok(())
}
