//! An alert as it is shown.

use std::io::{self, Write};

use pam_alert::{Alert, State};
use serde::Serialize;

use crate::output::printable::printable;

/// An alert in JSON, with what follows from it.
#[derive(Serialize)]
pub(super) struct Told<'a> {
    #[serde(flatten)]
    alert: &'a Alert,
    machine_actor: bool,
    dedupe_key: String,
}

impl<'a> From<&'a Alert> for Told<'a> {
    fn from(alert: &'a Alert) -> Self {
        Self {
            alert,
            machine_actor: alert.is_machine_actor(),
            dedupe_key: alert.dedupe_key(),
        }
    }
}

/// Writes an alert for a person.
pub(super) fn text(out: &mut impl Write, alert: &Alert) -> io::Result<()> {
    let event = alert.event.as_ref();
    let name = event.and_then(|event| event.name.as_deref());
    let id = event.and_then(|event| event.id.as_deref());
    let title = match (name, id) {
        (Some(name), Some(id)) => format!("{name} ({id})"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "an event without a name".to_owned(),
    };
    writeln!(out, "{}", printable(&title))?;
    let mut row = |name: &str, value: Option<String>| match value {
        Some(value) => writeln!(out, "  {name:<12}{}", printable(&value)),
        None => Ok(()),
    };
    row("id", alert.id.clone())?;
    let severity = alert.severity.map(|severity| severity.as_str().to_owned());
    row("severity", severity)?;
    row("time", alert.time.map(|time| time.to_string()))?;
    row("user", alert.user.clone())?;
    row("credential", alert.credential.clone())?;
    row("device", device(alert))?;
    row("origin", alert.origin.map(|ip| ip.to_string()))?;
    row("session", alert.session_id.clone())?;
    for note in notes(alert) {
        row("note", Some(note))?;
    }
    for (key, value) in &alert.attributes {
        writeln!(out, "    {}={}", printable(key), printable(value))?;
    }
    Ok(())
}

fn device(alert: &Alert) -> Option<String> {
    let device = &alert.device;
    let port = device.port.map(|port| format!("port {port}"));
    let ip = device.ip.map(|ip| ip.to_string());
    let parts: Vec<String> = [device.host.clone(), ip, port]
        .into_iter()
        .flatten()
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn notes(alert: &Alert) -> Vec<String> {
    let mut notes = Vec::new();
    if alert.state == State::Resolved {
        notes.push("it is over, and asks for no action".to_owned());
    }
    if alert.is_machine_actor() {
        notes.push("the user is a script of the appliance; it is never acted on".to_owned());
    }
    if alert.truncated {
        notes.push("its end is missing".to_owned());
    }
    let named = |fields: &std::collections::BTreeSet<pam_alert::Field>| {
        let names = fields
            .iter()
            .filter_map(|field| serde_json::to_value(field).ok());
        let names: Vec<String> = names
            .filter_map(|name| Some(name.as_str()?.replace('_', " ")))
            .collect();
        (!names.is_empty()).then(|| names.join(", "))
    };
    if let Some(names) = named(&alert.inferred) {
        notes.push(format!("only its sentence says: {names}"));
    }
    if let Some(names) = named(&alert.conflicting) {
        notes.push(format!(
            "it contradicts itself, so these are unknown: {names}"
        ));
    }
    notes
}
