//! What would be decided: about one alert, with its trace, and about a history of alerts.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use pam_alert::Alert;
use pam_proto::Session;
use pam_proto::termination::Outcome;

use crate::moment::Moment;
use crate::record::{CaseReport, End, Received, Record};
use crate::responder::{Effect, Event, Responder, Termination};
use crate::rules::{Mode, Settings};
use crate::sessions::Sessions;

/// What became of a history of alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Backtest {
    /// How many alerts there were.
    pub alerts: usize,
    /// How many no rule was about.
    pub unmatched: usize,
    /// Every case, in the order of the alerts.
    pub cases: Vec<CaseReport>,
}

impl Backtest {
    /// How many cases ended like this.
    #[must_use]
    pub fn count(&self, end: End) -> usize {
        self.cases.iter().filter(|case| case.end == end).count()
    }

    /// How many sessions would have been ended.
    #[must_use]
    pub fn ended(&self) -> usize {
        let sessions = self.cases.iter().flat_map(|case| &case.sessions);
        sessions.filter(|session| session.end.is_proven()).count()
    }
}

/// The trace of the decision about one alert that arrives at this moment, a line a step. Nothing
/// is ended: where a drop would be sent, the trace says so.
#[must_use]
pub fn rehearse(
    settings: Settings,
    alert: Alert,
    sessions: Vec<Session>,
    at: Moment,
) -> Vec<String> {
    let mut lines = Vec::new();
    for rule in &settings.rules {
        let failed = rule.when.why_not(&alert);
        if failed.is_empty() {
            lines.push(format!("rule `{}` is about it: {}", rule.name, rule.when));
        } else {
            let failed = failed.join("; ");
            lines.push(format!("rule `{}` is not about it: {failed}", rule.name));
        }
    }
    let mut stage = Stage::new(settings, sessions, at);
    stage.play(received(1, alert, at), at, |entry| {
        lines.extend(entry.to_string().lines().map(str::to_owned));
    });
    lines
}

/// What the rules, all of them armed, would have made of these alerts, each at its own time, with
/// the sessions that ran then. Every drop counts as one that was proven.
#[must_use]
pub fn backtest(
    mut settings: Settings,
    mut alerts: Vec<(Moment, Alert)>,
    sessions: Vec<Session>,
) -> Backtest {
    for rule in &mut settings.rules {
        rule.mode = Mode::Armed;
    }
    alerts.sort_by_key(|(at, _)| *at);
    let mut result = Backtest {
        alerts: alerts.len(),
        ..Backtest::default()
    };
    let Some((first, _)) = alerts.first() else {
        return result;
    };
    let mut stage = Stage::new(settings, sessions, *first);
    for (number, (at, alert)) in (1..).zip(alerts) {
        let reports = stage.play(received(number, alert, at), at, |record| {
            result.unmatched += usize::from(matches!(record, Record::Unmatched { .. }));
        });
        result.cases.extend(reports);
    }
    result
}

fn received(number: u64, alert: Alert, at: Moment) -> Arc<Received> {
    Arc::new(Received {
        number,
        key: alert.dedupe_key(),
        at,
        alert,
    })
}

/// The responder with an appliance that does what it is told.
struct Stage {
    responder: Responder,
    keys: BTreeMap<String, u64>,
}

impl Stage {
    fn new(mut settings: Settings, sessions: Vec<Session>, at: Moment) -> Self {
        for rule in &mut settings.rules {
            // The listing is whole: what is not in it will not come.
            rule.deadline = Duration::ZERO;
        }
        // It covers every time, as it holds the past.
        let mut listing = Sessions::new(Moment::from_millis(i64::MAX));
        for session in sessions {
            listing.push(session, &settings.zone);
        }
        let mut responder = Responder::new(settings, at);
        let listed = responder.handle(Event::Listing(Arc::new(listing)), at);
        debug_assert!(listed.is_ok(), "a listing is never rejected");
        Self {
            responder,
            keys: BTreeMap::new(),
        }
    }

    fn play(
        &mut self,
        alert: Arc<Received>,
        at: Moment,
        mut each: impl FnMut(&Record),
    ) -> Vec<CaseReport> {
        let mut reports = Vec::new();
        let first = *self.keys.entry(alert.key.clone()).or_insert(alert.number);
        if first != alert.number {
            let why = format!("it is alert {first} once more");
            let alert = alert.number;
            each(&Record::Unmatched { alert, why });
            return reports;
        }
        let mut events = vec![Event::Alert(alert)];
        while let Some(event) = events.pop() {
            for effect in self.responder.handle(event, at).unwrap_or_default() {
                match effect {
                    Effect::Persist(entries) => {
                        entries.iter().for_each(|entry| each(&entry.record));
                    }
                    Effect::StartTermination { case, session, .. } => {
                        let Some(session_id) = session.session_id.clone() else {
                            continue;
                        };
                        events.push(Event::Ended(Box::new(Termination {
                            case,
                            session_id,
                            outcome: Outcome::Terminated,
                            withheld: None,
                            unreachable: false,
                            attempts: 1,
                            message: "the drop would be sent here; nothing was sent".to_owned(),
                            after: None,
                        })));
                    }
                    Effect::Report(report) => reports.push(*report),
                    _ => {}
                }
            }
        }
        reports
    }
}

/// Reads sessions from what `pamctl session list -o json` prints, or from an answer of the
/// appliance.
///
/// # Errors
/// What is wrong, in one line.
pub fn read_sessions(text: &str) -> Result<Vec<Session>, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let list = value.get("remote_sessions").unwrap_or(&value);
    let Some(list) = list.as_array() else {
        return Err("there is no list of sessions in it".to_owned());
    };
    let sessions = list.iter().enumerate().map(|(index, record)| {
        crate::session_record::read(record.clone())
            .map_err(|error| format!("session {} of the list: {error}", index + 1))
    });
    sessions.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_text::ConfigText;

    const SESSIONS: &str = r#"[
        {"id":"1","session_id":"aa","user":"alice","device":"192.0.2.1:22",
         "started_at":"2026-11-18 10:00:00","ended_at":"2026-11-18 10:30:00"},
        {"id":"2","session_id":"bb","user":"alice","device":"192.0.2.1:22",
         "start":"2026-11-18 10:40:00","end":null},
        {"id":"3","session_id":"cc","user":"bob","device":"192.0.2.1:22",
         "start":"2026-11-18 10:00:00","end":null}]"#;

    fn settings() -> Settings {
        let text = "[[rule]]\nname = \"r\"\nwhen = \"event=12\"\n[[rule]]\nname = \"other\"\nwhen = \"event=99\"\n";
        let mut mistakes = Vec::new();
        let mut root = ConfigText::new(text).root(&mut mistakes);
        Settings::read(&mut root, |_| None, &mut mistakes)
    }

    fn alert(user: &str, time: &str) -> (Moment, Alert) {
        let text = format!(
            r#"{{"source":"s","event":{{"id":"12"}},"user":"{user}","time":"2026-11-18T{time}Z"}}"#
        );
        let alert: Alert = serde_json::from_str(&text).unwrap();
        let at: jiff::Timestamp = format!("2026-11-18T{time}Z").parse().unwrap();
        (at.into(), alert)
    }

    #[test]
    fn each_alert_meets_the_sessions_of_its_own_time() {
        let mut settings = settings();
        settings.policy =
            pam_guard::Policy::parse("[[protect]]\nname=\"b\"\nusers=[\"bob\"]\n").unwrap();
        let alerts = vec![
            alert("alice", "10:50:00"),
            alert("alice", "10:20:00"),
            alert("bob", "10:20:00"),
            alert("carol", "10:20:00"),
            // Sent twice.
            alert("alice", "10:50:00"),
        ];
        let sessions = read_sessions(SESSIONS).unwrap();
        let result = backtest(settings, alerts, sessions);
        assert_eq!((result.alerts, result.unmatched), (5, 1));
        assert_eq!(result.ended(), 2);
        let ids: Vec<&str> = result
            .cases
            .iter()
            .flat_map(|case| &case.sessions)
            .filter(|session| session.end.is_proven())
            .map(|session| session.id.as_str())
            .collect();
        assert_eq!(ids, ["1", "2"]);
        assert_eq!(result.count(End::Policy), 1);
        assert_eq!(result.count(End::NoSession), 1);
    }

    #[test]
    fn a_trace_tells_each_step_and_ends_nothing() {
        let (at, alert) = alert("bob", "10:50:00");
        let lines = rehearse(settings(), alert, read_sessions(SESSIONS).unwrap(), at).join("\n");
        for part in [
            "rule `r` is about it",
            "rule `other` is not about it: event=99: event is 12",
            "1 candidates, clear",
            "user agrees +30",
            "would end session 3 of bob",
        ] {
            assert!(lines.contains(part), "{part}: {lines}");
        }
    }
}
