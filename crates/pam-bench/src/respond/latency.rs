//! From the sender's send to the drop on the wire, at a hundred alerts a second.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde::Deserialize;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::BENCH;
use super::process::{Responder, TOKEN};
use crate::mock::Mock;
use crate::report::{Entry, Goal, Report, quantile};

/// How far apart the alerts are.
const APART: Duration = Duration::from_millis(10);

/// What the slowest of a hundred may take, in milliseconds.
const MILLISECONDS: f64 = 10.0;

const ARMED: &str = "
[limits]
per_user = 10000
total = 100000
[[rule]]
name = \"dangerous command\"
when = \"event=12\"
match = [\"user\"]
mode = \"armed\"
max_per_hour = 10000
";

/// What the mock was asked.
#[derive(Deserialize)]
struct Requests {
    requests: Vec<Request>,
}

#[derive(Deserialize)]
struct Request {
    at_ms: i64,
    method: String,
    path: String,
}

pub(super) fn run(report: &mut Report) -> io::Result<()> {
    let alerts = report.effort.pick(500, 50);
    let mut sync = Entry::new("a write to the disk and its sync, p99");
    let mut disk = Entry::new("journal and audit on the disk, p99").goal(Goal::Under(MILLISECONDS));
    let mut typical = Entry::new("journal and audit on the disk, median");
    let mut memory = Entry::new("journal and audit in memory, p99").goal(Goal::Under(MILLISECONDS));
    let in_memory = TempDir::with_prefix_in("pam-bench-", "/dev/shm").ok();
    for _ in 0..report.effort.pick(5, 1) {
        let here = tempfile::tempdir()?;
        let syncs = synced(here.path(), alerts)?;
        sync.samples.push(quantile(&syncs, 0.99));
        let latencies = measured(report, here.path(), alerts)?;
        disk.samples.push(quantile(&latencies, 0.99));
        typical.samples.push(quantile(&latencies, 0.5));
        if let Some(in_memory) = &in_memory {
            let latencies = measured(report, in_memory.path(), alerts)?;
            memory.samples.push(quantile(&latencies, 0.99));
        }
    }
    let mut entries = vec![sync, disk, typical];
    if in_memory.is_some() {
        entries.push(memory);
    } else {
        report.skip(BENCH, memory.name, "no /dev/shm");
    }
    report.table(BENCH, "to drop", "ms", &entries);
    Ok(())
}

/// What a write and its sync take, as often and as far apart as the alerts.
fn synced(folder: &Path, times: usize) -> io::Result<Vec<f64>> {
    let mut file = File::create(folder.join("synced"))?;
    let mut took = Vec::with_capacity(times);
    for _ in 0..times {
        let start = Instant::now();
        file.write_all(&[b'x'; 4_096])?;
        file.sync_data()?;
        let elapsed = start.elapsed();
        took.push(elapsed.as_secs_f64() * 1e3);
        std::thread::sleep(APART.saturating_sub(elapsed));
    }
    Ok(took)
}

/// Milliseconds from each alert's send to its drop.
fn measured(report: &mut Report, place: &Path, alerts: usize) -> io::Result<Vec<f64>> {
    let state = place.join("state.json");
    fs::write(&state, sessions(alerts)?)?;
    let mock = Mock::start(&["--state", &state.to_string_lossy()])?;
    let responder = Responder::start(&mock, ARMED, place)?;
    // Warm: the listing was read, and a connection to the appliance is open.
    responder.until(|responder| Ok(responder.metric("listing_age_seconds", "")? < 1_000))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut sent = BTreeMap::new();
    runtime.block_on(async {
        post(responder.http, 0).await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
        let start = Instant::now();
        let mut tasks = Vec::new();
        for number in 1..alerts {
            let due = APART * u32::try_from(number).unwrap_or_default();
            tokio::time::sleep(due.saturating_sub(start.elapsed())).await;
            tasks.push((number, tokio::spawn(post(responder.http, number))));
        }
        for (number, task) in tasks {
            sent.insert(number, task.await.map_err(io::Error::other)??);
        }
        Ok::<(), io::Error>(())
    })?;
    responder.until(|_| Ok(mock.running()?.is_empty()))?;
    let asked: Requests = serde_json::from_slice(&mock.inspect("requests")?)?;
    let mut drops = BTreeMap::new();
    for request in asked.requests {
        if request.method == "DELETE"
            && let Some((_, id)) = request.path.rsplit_once('/')
        {
            let number = usize::from_str_radix(id, 16).map_err(io::Error::other)?;
            drops
                .entry(number)
                .or_insert_with(Vec::new)
                .push(request.at_ms);
        }
    }
    let once = drops.values().filter(|times| times.len() == 1).count();
    report.same("sessions that were dropped once", once, alerts);
    let found = sent.iter().filter_map(|(number, sent)| {
        let at = *drops.get(number)?.first()? as f64;
        Some((at - sent).max(0.0))
    });
    Ok(found.collect())
}

/// Sends the alert about one session; gives when, in milliseconds since 1970.
async fn post(to: SocketAddr, number: usize) -> io::Result<f64> {
    let body = format!(
        r#"{{"id":"{number:016x}","event_id":"12","event":"Command detected","user":"user-{number}"}}"#
    );
    let request = format!(
        "POST /siem HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {TOKEN}\r\n\
         Content-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut connection = TcpStream::connect(to).await?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_err(io::Error::other)?.as_secs_f64() * 1e3;
    connection.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await?;
    if answer.starts_with("HTTP/1.1 202 ") {
        Ok(now)
    } else {
        Err(io::Error::other(answer))
    }
}

/// A state of the mock in which every user has one session.
fn sessions(count: usize) -> io::Result<String> {
    let mut text = String::from("{\"sessions\":[");
    for number in 0..count {
        let comma = if number == 0 { "" } else { "," };
        let written = write!(
            text,
            r#"{comma}{{"id":"{}","session_id":"{number:040x}","user":"user-{number}","credential":"root","device":"192.0.2.7:22","protocol":"ssh","started_at":"2026-01-31 16:05:07","ended_at":null}}"#,
            number + 1
        );
        written.map_err(io::Error::other)?;
    }
    text.push_str("]}");
    Ok(text)
}
