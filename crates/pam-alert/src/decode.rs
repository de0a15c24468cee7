//! One message of syslog, or the body of one, into an alert.

use crate::alert::{Alert, Event};
use crate::cef::{Cef, UNKEYED};
use crate::fields;
use crate::framing::{Frame, without_terminator};
use crate::json::{JsonError, Preset, decode_json};
use crate::leef::Leef;
use crate::pairs::{Style, pairs};
use crate::sentence;
use crate::severity::Severity;
use crate::syslog::SyslogMessage;

/// The most octets of a message that the appliance sends (A2A API specification, "Transport and
/// formats"), and of a line that `logger` sends in one piece. What is as long as this was cut.
const CUT: usize = 1024;

/// A message in which there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message is empty")]
pub struct EmptyMessage;

/// Decodes a datagram of syslog, or a bare line: whatever header it has, and in it CEF, LEEF, JSON,
/// `key=value` or a sentence.
///
/// It is one alert, unless the body is JSON that holds several. What is in no known format is an
/// alert too, with its text among the attributes. What the header says is kept there under
/// `syslog.…`. Octets that are no UTF-8 become U+FFFD.
///
/// # Errors
///
/// [`EmptyMessage`] where there is nothing but white space.
pub fn decode(source: &str, message: &[u8]) -> Result<Vec<Alert>, EmptyMessage> {
    let bytes = without_terminator(message);
    let truncated = false;
    decode_frame(source, Frame { bytes, truncated })
}

/// Decodes what a [`Framer`](crate::Framer) found in a stream, like [`decode`].
///
/// # Errors
///
/// [`EmptyMessage`] where there is nothing but white space.
pub fn decode_frame(source: &str, frame: Frame<'_>) -> Result<Vec<Alert>, EmptyMessage> {
    let text = String::from_utf8_lossy(frame.bytes);
    if text.trim().is_empty() {
        return Err(EmptyMessage);
    }
    let header = SyslogMessage::parse(&text);
    let body = header.message.trim_end();
    let truncated = frame.truncated
        || frame.bytes.len() == CUT
        || header.message.len() == CUT
        || ends_within_char(frame.bytes);
    let mut alerts = decode_body(source, body, truncated);
    for alert in &mut alerts {
        add_header(alert, &header);
    }
    Ok(alerts)
}

/// Decodes a line that some sender of JSON received, and that is no JSON itself.
pub(crate) fn decode_line(source: &str, line: &str) -> Option<Alert> {
    let header = SyslogMessage::parse(line.trim_end());
    let body = header.message.trim_end();
    if body.is_empty() || body.starts_with(['{', '[']) {
        return None;
    }
    let mut alert = decode_body(source, body, false).pop()?;
    add_header(&mut alert, &header);
    Some(alert)
}

/// Whether octets end within a character of UTF-8.
fn ends_within_char(bytes: &[u8]) -> bool {
    let tail = bytes
        .get(bytes.len().saturating_sub(3)..)
        .unwrap_or_default();
    (0..tail.len()).any(|from| {
        let end = tail.get(from..).unwrap_or_default();
        let is_lead = end.first().is_some_and(|byte| *byte >= 0xc0);
        is_lead && std::str::from_utf8(end).is_err_and(|error| error.error_len().is_none())
    })
}

/// Decodes a body without a header.
fn decode_body(source: &str, body: &str, mut truncated: bool) -> Vec<Alert> {
    if body.starts_with(['{', '[']) {
        match decode_json(source, Preset::Auto, body.as_bytes()) {
            Ok(alerts) if !alerts.is_empty() => return alerts,
            Ok(_) => {}
            Err(error) => truncated |= matches!(error, JsonError::Unfinished { .. }),
        }
    }
    let mut alert = Alert::new(source);
    alert.truncated = truncated;
    if let Ok(cef) = Cef::decode(body) {
        read_cef(&mut alert, &cef);
    } else if let Ok(leef) = Leef::decode(body) {
        read_leef(&mut alert, &leef);
    } else {
        read_text(&mut alert, body);
    }
    vec![alert]
}

impl Alert {
    /// The alert that an event in CEF is.
    pub fn from_cef(source: &str, cef: &Cef<'_>) -> Self {
        let mut alert = Self::new(source);
        read_cef(&mut alert, cef);
        alert
    }

    /// The alert that an event in LEEF is.
    pub fn from_leef(source: &str, leef: &Leef<'_>) -> Self {
        let mut alert = Self::new(source);
        read_leef(&mut alert, leef);
        alert
    }
}

fn read_cef(alert: &mut Alert, cef: &Cef<'_>) {
    alert.truncated |= cef.truncated;
    alert.event = event(&cef.signature_id, &cef.name);
    alert.severity = Severity::from_cef(&cef.severity);
    let version = cef.version.to_string();
    keep_header(
        alert,
        [
            ("cef.version", version.as_str()),
            ("cef.vendor", &cef.vendor),
            ("cef.product", &cef.product),
            ("cef.product_version", &cef.product_version),
            ("cef.severity", &cef.severity),
        ],
    );
    let extension = cef.extension.iter();
    let extension: Vec<fields::Pair<'_>> = extension
        .map(|(key, value)| (key.as_ref(), value.as_ref()))
        .collect();
    read_pairs(alert, &extension);
}

fn read_leef(alert: &mut Alert, leef: &Leef<'_>) {
    alert.truncated |= leef.truncated;
    alert.event = event(&leef.event_id, leef.get("eventName").unwrap_or_default());
    alert.severity = leef.get("sev").and_then(Severity::from_cef);
    let version = leef.version.to_string();
    keep_header(
        alert,
        [
            ("leef.version", version.as_str()),
            ("leef.vendor", &leef.vendor),
            ("leef.product", &leef.product),
            ("leef.product_version", &leef.product_version),
        ],
    );
    let attributes = leef.attributes.iter();
    let attributes: Vec<fields::Pair<'_>> = attributes
        .map(|(key, value)| (key.as_ref(), value.as_ref()))
        .collect();
    read_pairs(alert, &attributes);
}

/// A text with `key=value` in it, or without.
fn read_text(alert: &mut Alert, text: &str) {
    let (before, found) = pairs(text, Style::of(text));
    let mut all: Vec<fields::Pair<'_>> = Vec::with_capacity(found.len() + 1);
    if !before.is_empty() {
        all.push((UNKEYED, before));
    }
    all.extend(found.iter().map(|pair| (pair.key, pair.value)));
    read_pairs(alert, &all);
}

fn read_pairs(alert: &mut Alert, pairs: &[fields::Pair<'_>]) {
    fields::read(alert, pairs);
    let id = pairs.iter().find(|(key, _)| *key == "externalId");
    // one that names the session is that and no id of the alert
    let id = id.and_then(|(_, id)| fields::said(id));
    alert.id = id
        .filter(|id| alert.session_id.as_deref() != Some(id))
        .map(str::to_owned);
    let sentence = pairs
        .iter()
        .find(|(key, _)| matches!(*key, "msg" | UNKEYED));
    if let Some((_, sentence)) = sentence {
        sentence::enrich(alert, sentence);
    }
}

fn keep_header<const N: usize>(alert: &mut Alert, header: [(&str, &str); N]) {
    for (key, value) in header {
        if !value.is_empty() {
            alert.keep(key, value);
        }
    }
}

fn event(id: &str, name: &str) -> Option<Event> {
    let said = |text: &str| fields::said(text).map(str::to_owned);
    let event = Event::new(said(id), said(name));
    (event != Event::default()).then_some(event)
}

/// What the header of syslog says: kept, and used for what the body leaves open.
fn add_header(alert: &mut Alert, message: &SyslogMessage<'_>) {
    let number = |number: Option<u8>| number.map(|number| number.to_string());
    let facility = number(message.facility);
    let severity = number(message.severity);
    let time = message.time.map(|time| time.to_string());
    let header = [
        ("syslog.facility", facility.as_deref()),
        ("syslog.severity", severity.as_deref()),
        ("syslog.time", time.as_deref().or(message.unreadable_time)),
        ("syslog.hostname", message.hostname),
        ("syslog.app_name", message.app_name),
        ("syslog.procid", message.procid),
        ("syslog.msgid", message.msgid),
    ];
    for (key, value) in header {
        if let Some(value) = value {
            alert.keep(key, value);
        }
    }
    for element in &message.structured_data {
        for (name, value) in &element.params {
            alert.keep(&format!("syslog.{}.{name}", element.id), value);
        }
    }
    alert.time = alert.time.or(message.time);
    alert.severity = alert
        .severity
        .or_else(|| Severity::from_syslog(message.severity?));
    if alert.event.is_none() {
        alert.event = event(message.msgid.unwrap_or_default(), "");
    }
}
