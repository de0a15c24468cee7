//! What rules would do: about one alert, and about a history.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use pam_alert::Alert;
use pam_proto::Session;
use pam_proto::listing::Filter;
use pam_responder::core::{End, Moment, backtest, read_sessions, rehearse};

use super::ConfigFile;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::online::Online;

/// Show how one alert would be decided, line by line; nothing is ended
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  pamctl respond test alert.json --config responder.toml
  pamctl session list -o json > sessions.json
  pamctl respond test alert.json --config responder.toml --sessions sessions.json")]
pub(crate) struct Test {
    /// The alert: as `pamctl alert decode -o json` prints it, or as a sender sends it
    #[arg(value_name = "ALERT")]
    alert: PathBuf,
    #[command(flatten)]
    file: ConfigFile,
    /// The sessions, as `pamctl session list -o json` prints them; the appliance's when absent
    #[arg(long, value_name = "FILE")]
    sessions: Option<PathBuf>,
}

impl Test {
    pub(crate) fn is_online(&self) -> bool {
        self.sessions.is_none()
    }

    pub(crate) fn run(
        self,
        online: impl FnOnce() -> Result<Online, Failure>,
    ) -> Result<Exit, Failure> {
        let config = self.file.read()?;
        let text = text(&self.alert)?;
        let alerts = alerts_of(text.as_bytes());
        if alerts.is_empty() {
            return Err(wrong(&self.alert, "there is no alert in it"));
        }
        let sessions = match &self.sessions {
            Some(file) => sessions(file)?,
            None => listed(&online()?)?,
        };
        let now = Moment::from(Timestamp::now());
        let mut lines = Vec::new();
        for alert in alerts {
            // What happened then is decided on the sessions of then.
            let zone = &config.core.zone;
            let said = alert
                .time
                .and_then(|time| time.resolve(now.timestamp(), zone));
            let at = said.map_or(now, Moment::from);
            lines.extend(rehearse(config.core.clone(), alert, sessions.clone(), at));
        }
        super::print(&(lines.join("\n") + "\n"))?;
        Ok(Exit::Done)
    }
}

/// Show what the rules would have made of past alerts, all of them armed; nothing is ended
///
/// Every alert meets the sessions that ran at its time. An alert without a time is taken to be
/// of now.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  pamctl respond backtest alerts.ndjson --sessions sessions.json --config responder.toml")]
pub(crate) struct Backtest {
    /// The alerts, one a line: as `pamctl alert decode -o json` prints them, or as senders send
    /// them
    #[arg(value_name = "ALERTS")]
    alerts: PathBuf,
    /// The sessions, ended ones too, as `pamctl session list -o json` prints them
    #[arg(long, value_name = "FILE")]
    sessions: PathBuf,
    #[command(flatten)]
    file: ConfigFile,
}

impl Backtest {
    pub(crate) fn run(self) -> Result<Exit, Failure> {
        let config = self.file.read()?;
        let sessions = sessions(&self.sessions)?;
        let text = text(&self.alerts)?;
        let now = Moment::from(Timestamp::now());
        let mut alerts = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.trim().is_empty() {
                continue;
            }
            let found = alerts_of(line.as_bytes());
            if found.is_empty() {
                return Err(wrong(
                    &self.alerts,
                    &format!("line {number} holds no alert"),
                ));
            }
            for alert in found {
                let zone = &config.core.zone;
                let said = alert
                    .time
                    .and_then(|time| time.resolve(now.timestamp(), zone));
                alerts.push((said.map_or(now, Moment::from), alert));
            }
        }
        let result = backtest(config.core, alerts, sessions);
        let mut text = String::new();
        for case in &result.cases {
            text.push_str(&format!(
                "{} alert {} rule `{}`: {}: {}\n",
                case.received, case.alert, case.rule, case.end, case.why
            ));
            for session in &case.sessions {
                text.push_str(&format!(
                    "    session {} of {} on {}: {}\n",
                    session.id, session.user, session.device, session.end
                ));
            }
        }
        text.push_str(&format!(
            "{} alerts: would have ended {}, refused {} by policy, ambiguous {}, held back {}, \
             no session {}, no rule {}\n",
            result.alerts,
            result.ended(),
            result.count(End::Policy),
            result.count(End::Ambiguous),
            result.count(End::HeldBack),
            result.count(End::NoSession),
            result.unmatched,
        ));
        super::print(&text)?;
        Ok(Exit::Done)
    }
}

/// An alert that was decoded already, or whatever a sender sends.
fn alerts_of(bytes: &[u8]) -> Vec<Alert> {
    if let Ok(alert) = serde_json::from_slice::<Alert>(bytes) {
        return vec![alert];
    }
    if let Ok(alerts) = serde_json::from_slice::<Vec<Alert>>(bytes) {
        return alerts;
    }
    pam_alert::decode("test", bytes).unwrap_or_default()
}

fn listed(online: &Online) -> Result<Vec<Session>, Failure> {
    online.run("reading the sessions", async |client, _| {
        let mut sessions = Vec::new();
        client
            .list(&Filter::new().active(), |record| {
                sessions.push(record.to_session());
                ControlFlow::Continue(())
            })
            .await?;
        Ok(sessions)
    })
}

fn sessions(file: &Path) -> Result<Vec<Session>, Failure> {
    read_sessions(&text(file)?).map_err(|error| wrong(file, &error))
}

fn text(file: &Path) -> Result<String, Failure> {
    std::fs::read(file)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .map_err(|error| wrong(file, &error.to_string()))
}

fn wrong(file: &Path, what: &str) -> Failure {
    Failure::usage(format!("{}: {what}", file.display()))
}
