//! `pamctl hook wazuh`: an active response of Wazuh, by the contract of 4.x or of 5.x.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use clap::Args;
use pam_alert::{Alert, Preset, decode_value, redact};
use serde_json::{Value, json};

use super::Action;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;

/// The most bytes of a line that are read: more than Wazuh's own limit for an alert.
const LINE_MAX: u64 = 1 << 20;
/// How long the alert, and then Wazuh's answer to the handshake, is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// Hand the alert of a Wazuh active response to a responder, or act on it
///
/// Reads one line from standard input and never waits for its end, which Wazuh leaves open. Acts on
/// the commands `add` (4.x) and `enable` (5.x); `delete` and `disable` undo nothing, since a session
/// that ended does not come back. Standard output carries the handshake alone. With --alert-file it
/// reads what Wazuh's integrator (4.x) hands to a program below integrations instead.
#[derive(Debug, Args)]
#[command(after_help = "\
Wazuh runs a file below active-response/bin, which can be this script:
  #!/bin/sh
  exec pamctl hook wazuh --responder https://responder.example.com/alerts/wazuh \\
    --token file:/var/ossec/etc/pam-token

Example:
  pamctl hook wazuh --responder http://127.0.0.1:8080/alerts/wazuh < active-response.json
  pamctl hook wazuh --alert-file alert.json --responder http://127.0.0.1:8080/alerts/wazuh")]
pub(super) struct Wazuh {
    #[command(flatten)]
    action: Action,
    /// Ask Wazuh whether this alert is handled already (stateful responses of 5.x always do)
    #[arg(long)]
    check_keys: bool,
    /// The alert file of Wazuh's integrator, read in place of standard input
    #[arg(long, value_name = "FILE", conflicts_with = "check_keys")]
    alert_file: Option<PathBuf>,
}

impl Wazuh {
    pub(super) fn action(&self) -> &Action {
        &self.action
    }

    pub(super) fn run(
        self,
        online: impl FnOnce() -> Result<Online, Failure>,
    ) -> Result<Exit, Failure> {
        if let Some(file) = &self.alert_file {
            let mut written = written(file)?;
            redact(&mut written);
            let alert = alert(&written)?;
            return self.action.take(&written, alert, online);
        }
        let lines = lines_of_stdin();
        let mut call = next(&lines, "Wazuh sent no alert")?;
        redact(&mut call);
        match call.get("command").and_then(Value::as_str) {
            Some("add" | "enable") => {}
            Some("delete" | "disable") => return Ok(Exit::Done),
            Some(other) => return Err(failed(format!("Wazuh sent the unknown command {other:?}"))),
            None => return Err(failed("Wazuh sent no command")),
        }
        let alert = alert(&call)?;
        let kind = call.pointer("/wazuh/active_response/type");
        let is_stateful = kind.and_then(Value::as_str) == Some("stateful");
        if self.check_keys || is_stateful {
            let key = alert.session_id.clone().or_else(|| alert.user.clone());
            let key = key.unwrap_or_else(|| alert.dedupe_key());
            if !is_first(&key, &lines)? {
                return Ok(Exit::Done);
            }
        }
        self.action.take(&call, alert, online)
    }
}

fn alert(call: &Value) -> Result<Alert, Failure> {
    let alerts = decode_value("wazuh", Preset::Wazuh, call);
    let mut alerts = alerts.map_err(|error| failed(error.to_string()))?;
    alerts.pop().ok_or_else(|| failed("Wazuh sent no alert"))
}

/// The alert that Wazuh's integrator wrote into a file.
fn written(file: &Path) -> Result<Value, Failure> {
    let shown = file.display();
    let cannot = |error: io::Error| failed(format!("can't read {shown}: {error}"));
    let mut text = Vec::new();
    let opened = File::open(file).map_err(cannot)?;
    opened
        .take(LINE_MAX)
        .read_to_end(&mut text)
        .map_err(cannot)?;
    if text.len() as u64 == LINE_MAX {
        return Err(failed("Wazuh sent a line of more than 1 MiB"));
    }
    serde_json::from_slice(&text).map_err(|error| {
        let column = error.column();
        failed(format!("what Wazuh sent is no JSON, at column {column}"))
    })
}

/// Asks whether the alert is new to Wazuh, and waits for its word.
fn is_first(key: &str, lines: &Receiver<io::Result<Vec<u8>>>) -> Result<bool, Failure> {
    let question = json!({
        "version": 1,
        "origin": {"name": "pamctl", "module": "active-response"},
        "command": "check_keys",
        "parameters": {"keys": [key]},
    });
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{question}")
        .and_then(|()| stdout.flush())
        .map_err(|error| failed(format!("can't ask Wazuh: {error}")))?;
    let answer = next(lines, "Wazuh did not answer check_keys")?;
    match answer.get("command").and_then(Value::as_str) {
        Some("continue") => Ok(true),
        Some("abort") => Ok(false),
        _ => Err(failed("Wazuh answered neither continue nor abort")),
    }
}

/// The lines of standard input, read aside, since it may stay open without a word.
fn lines_of_stdin() -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut stdin = BufReader::new(io::stdin());
        loop {
            let mut line = Vec::new();
            let read = (&mut stdin).take(LINE_MAX).read_until(b'\n', &mut line);
            let is_over = !matches!(read, Ok(length) if length > 0);
            if sender.send(read.map(|_| line)).is_err() || is_over {
                return;
            }
        }
    });
    receiver
}

fn next(lines: &Receiver<io::Result<Vec<u8>>>, missing: &str) -> Result<Value, Failure> {
    let line = lines
        .recv_timeout(PATIENCE)
        .map_err(|_| failed(format!("{missing} within {} s", PATIENCE.as_secs())))?
        .map_err(|error| failed(format!("can't read standard input: {error}")))?;
    if line.is_empty() {
        return Err(failed(missing));
    }
    if line.len() as u64 == LINE_MAX && !line.ends_with(b"\n") {
        return Err(failed("Wazuh sent a line of more than 1 MiB"));
    }
    serde_json::from_slice(&line).map_err(|error| {
        let column = error.column();
        failed(format!("what Wazuh sent is no JSON, at column {column}"))
    })
}

fn failed(line: impl AsRef<str>) -> Failure {
    Failure::new(Exit::Failed, line)
}
