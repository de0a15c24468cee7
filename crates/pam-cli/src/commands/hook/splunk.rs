//! `pamctl hook splunk`: a custom alert action of Splunk.

use std::io::{self, Read};

use clap::Args;
use pam_alert::{Preset, decode_value, redact};
use serde_json::Value;

use super::Action;
use super::splunk_xml;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;
use crate::output::printable::printable;

/// The most bytes of a payload that are read.
const PAYLOAD_MAX: u64 = 16 << 20;

/// Hand the alert of a Splunk custom alert action to a responder, or act on it
///
/// Reads the payload, XML or JSON, from standard input. The session key in it is a live secret of
/// Splunk: it is neither handed over nor shown. Splunk puts only the first row of a search into
/// the payload, so trigger the action for each result.
#[derive(Debug, Args)]
#[command(after_help = "\
In alert_actions.conf of an app whose bin/pamctl.path holds the path of pamctl:
  [end_pam_session]
  is_custom = 1
  payload_format = json
  alert.execute.cmd = pamctl.path
  alert.execute.cmd.arg.0 = hook
  alert.execute.cmd.arg.1 = splunk
  alert.execute.cmd.arg.2 = --execute
  alert.execute.cmd.arg.3 = --responder
  alert.execute.cmd.arg.4 = https://responder.example.com/alerts/splunk

Example:
  pamctl hook splunk --execute --responder http://127.0.0.1:8080/alerts/splunk < payload.xml")]
pub(super) struct Splunk {
    /// What Splunk asks of an action; nothing is done without it
    #[arg(long, required = true)]
    execute: bool,
    #[command(flatten)]
    action: Action,
}

impl Splunk {
    pub(super) fn action(&self) -> &Action {
        &self.action
    }

    /// Splunk takes the first word of a line on standard error for its level.
    pub(super) fn run(
        self,
        online: impl FnOnce() -> Result<Online, Failure>,
    ) -> Result<Exit, Failure> {
        match self.execute(online) {
            Ok(exit) => Ok(exit),
            Err(failure) => {
                eprintln!("ERROR {}", printable(failure.line().unwrap_or_default()));
                Ok(failure.exit())
            }
        }
    }

    fn execute(&self, online: impl FnOnce() -> Result<Online, Failure>) -> Result<Exit, Failure> {
        let failed = |line: String| Failure::new(Exit::Failed, line);
        let mut payload = Vec::new();
        let read = io::stdin()
            .lock()
            .take(PAYLOAD_MAX + 1)
            .read_to_end(&mut payload);
        read.map_err(|error| failed(format!("can't read standard input: {error}")))?;
        if payload.len() as u64 > PAYLOAD_MAX {
            return Err(failed("the payload is longer than 16 MiB".to_owned()));
        }
        let mut payload = parse(&payload).map_err(failed)?;
        redact(&mut payload);
        if payload
            .get("result")
            .is_none_or(|result| !result.is_object())
        {
            let line = "the payload has no result; did the search find a row?";
            return Err(failed(line.to_owned()));
        }
        let alerts = decode_value("splunk", Preset::Splunk, &payload);
        let mut alerts = alerts.map_err(|error| failed(error.to_string()))?;
        let alert = alerts.pop();
        let alert = alert.ok_or_else(|| failed("the payload has no alert".to_owned()))?;
        self.action.take(&payload, alert, online)
    }
}

fn parse(payload: &[u8]) -> Result<Value, String> {
    let first = payload.iter().find(|byte| !byte.is_ascii_whitespace());
    match first {
        Some(b'{') => serde_json::from_slice(payload).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            format!("the payload is no JSON, at line {line}, column {column}")
        }),
        Some(b'<') => splunk_xml::parse(payload),
        Some(_) => Err("the payload is neither XML nor JSON".to_owned()),
        None => Err("Splunk sent no payload".to_owned()),
    }
}
