//! JSON: the webhooks of known senders, and of any other by a mapping.

mod mapping;
mod pointer;
mod preset;

use serde_json::Value;

pub use mapping::{IdRule, Mapping, Scale};
pub use pointer::{Pointer, PointerError};
pub use preset::{Preset, UnknownPreset};

use crate::alert::{Alert, Event, Field, State};
use crate::fields::{self, Agreed, agreed};
use crate::session_id::is_session_id;
use crate::time::AlertTime;

/// A body that no alert can be read from. It never carries the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonError {
    /// It is no JSON.
    #[error(
        "not JSON at line {line}, column {column}; in a template, a value with three braces is not escaped"
    )]
    Malformed {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// It ends too early.
    #[error("the JSON ends too early, at line {line}, column {column}")]
    Unfinished {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// The alerts are not where they must be.
    #[error(
        "no alerts where {0} has them; was the sender's template changed? then write a mapping"
    )]
    NoAlerts(&'static str),
    /// An alert is no object.
    #[error("alert {0} of the document is no object")]
    NotAnObject(usize),
}

impl From<serde_json::Error> for JsonError {
    fn from(error: serde_json::Error) -> Self {
        let (line, column) = (error.line(), error.column());
        match error.is_eof() {
            true => Self::Unfinished { line, column },
            false => Self::Malformed { line, column },
        }
    }
}

/// How a document is read.
#[derive(Debug, Clone, Copy)]
pub enum Format<'a> {
    /// As a known sender writes it.
    Preset(Preset),
    /// As a mapping of the configuration says.
    Mapping(&'a Mapping),
}

impl From<Preset> for Format<'_> {
    fn from(preset: Preset) -> Self {
        Self::Preset(preset)
    }
}

impl<'a> From<&'a Mapping> for Format<'a> {
    fn from(mapping: &'a Mapping) -> Self {
        Self::Mapping(mapping)
    }
}

/// Decodes the body of a webhook. One may hold several alerts, or none.
///
/// ```
/// use pam_alert::{Preset, decode_json};
///
/// let body = br#"{"rule": "pam-kill", "user": {"name": "stlee"}, "_id": "abc", "_index": "logs-1",
///                 "@timestamp": "2026-11-23T21:00:00Z", "num_hits": 3, "num_matches": 1}"#;
/// let alerts = decode_json("siem", Preset::ElastAlert2, body)?;
/// assert_eq!(alerts[0].user.as_deref(), Some("stlee"));
/// assert_eq!(alerts[0].id.as_deref(), Some("logs-1@abc"));
/// # Ok::<(), pam_alert::JsonError>(())
/// ```
///
/// # Errors
///
/// [`JsonError`] where the body is no JSON, or has no alerts where they must be.
pub fn decode_json<'a>(
    source: &str,
    format: impl Into<Format<'a>>,
    body: &[u8],
) -> Result<Vec<Alert>, JsonError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let document: Value = serde_json::from_slice(body)?;
    decode_value(source, format, &document)
}

/// Decodes a document that is parsed already, like [`decode_json`].
///
/// # Errors
///
/// [`JsonError`] where it has no alerts where they must be.
pub fn decode_value<'a>(
    source: &str,
    format: impl Into<Format<'a>>,
    document: &Value,
) -> Result<Vec<Alert>, JsonError> {
    let (mapping, name) = match format.into() {
        Format::Mapping(mapping) => (mapping, "the mapping"),
        Format::Preset(preset) => {
            let preset = preset.of(document);
            (preset.mapping(), preset.name())
        }
    };
    let alerts = mapping
        .elements(document)
        .ok_or(JsonError::NoAlerts(name))?;
    let mut decoded = Vec::with_capacity(alerts.len());
    for (at, alert) in alerts.iter().enumerate() {
        if !alert.is_object() {
            return Err(JsonError::NotAnObject(at + 1));
        }
        // the end of a list that a template wrote is an empty object
        if alert.as_object().is_some_and(serde_json::Map::is_empty) && alerts.len() > 1 {
            continue;
        }
        decoded.push(mapping.read(source, alert, document));
    }
    Ok(decoded)
}

impl Mapping {
    /// The alerts of a document.
    fn elements<'a>(&self, document: &'a Value) -> Option<Vec<&'a Value>> {
        let found = if self.alerts.is_empty() {
            Some(document)
        } else {
            let mut all = self.alerts.iter();
            all.find_map(|pointer| {
                let found = pointer.find(document, document);
                found
                    .into_iter()
                    .find(|value| value.is_array() || value.is_object())
            })
        };
        Some(match found? {
            Value::Array(list) => list.iter().collect(),
            one => vec![one],
        })
    }

    fn read(&self, source: &str, element: &Value, document: &Value) -> Alert {
        let mut alert = Alert::new(source);
        let all = |pointers: &[Pointer]| -> Vec<String> {
            let mut found = pointers.iter().map(|pointer| {
                let found = pointer.find(element, document);
                found.into_iter().flat_map(scalars).collect::<Vec<String>>()
            });
            found
                .find(|values| values.iter().any(|value| fields::said(value).is_some()))
                .unwrap_or_default()
        };
        let first = |pointers: &[Pointer]| all(pointers).into_iter().next();

        flatten(&mut alert, "", element);
        if !std::ptr::eq(element, document)
            && let Value::Object(envelope) = document
        {
            for (key, value) in envelope {
                let holds_alerts = value.is_array() || holds(value, element);
                if !holds_alerts {
                    flatten(&mut alert, &format!("envelope.{key}"), value);
                }
            }
        }
        let mut ids = self.id.iter();
        alert.id = ids.find_map(|rule| rule.read(element, document));
        let event = Event::new(first(&self.event_id), first(&self.event_name));
        alert.event = (event != Event::default()).then_some(event);
        alert.severity = first(&self.severity).and_then(|text| self.severity_scale.read(&text));
        alert.time = first(&self.time).and_then(|text| AlertTime::from_text(&text));
        if first(&self.state).is_some_and(|word| self.is_over(&word)) {
            alert.state = State::Resolved;
        }
        self.identify(&mut alert, all);
        if let Some(original) = first(&self.original) {
            complete(&mut alert, &original);
        }
        alert
    }

    /// Reads who, where and which session. Several values of one field are no value.
    fn identify(&self, alert: &mut Alert, all: impl Fn(&[Pointer]) -> Vec<String>) {
        let text = |field: Field, pointers: &[Pointer], alert: &mut Alert| {
            let values = all(pointers);
            let agreed = one_of(&values, |text| Some(text.to_owned()));
            alert.settled(field, agreed)
        };
        alert.user = text(Field::User, &self.user, alert);
        alert.credential = text(Field::Credential, &self.credential, alert);
        let addresses = all(&self.device_ip);
        let ip = one_of(&addresses, fields::address);
        let is_address = !matches!(ip, Agreed::None);
        alert.device.ip = alert.settled(Field::DeviceIp, ip);
        let port = one_of(&all(&self.device_port), |text| text.parse::<u16>().ok());
        alert.device.port = alert.settled(Field::DevicePort, port);
        if let Some(device) = text(Field::DeviceHost, &self.device, alert) {
            alert.set_device(&device);
        }
        // senders put a name where an address belongs
        if !is_address && let Agreed::One(name) = one_of(&addresses, |text| Some(text.to_owned())) {
            alert.set_device(&name);
        }
        let origin = one_of(&all(&self.origin), fields::address);
        alert.origin = alert.settled(Field::Origin, origin);
        let is_id = |text: &str| is_session_id(text).then(|| text.to_owned());
        let session = one_of(&all(&self.session_id), is_id);
        alert.session_id = alert.settled(Field::SessionId, session);
    }

    fn is_over(&self, word: &str) -> bool {
        const OVER: [&str; 8] = [
            "resolved",
            "recovered",
            "closed",
            "ok",
            "normal",
            "inactive",
            "delete",
            "disable",
        ];
        let mut words = OVER
            .into_iter()
            .chain(self.resolved.iter().map(String::as_str));
        words.any(|over| over.eq_ignore_ascii_case(word.trim()))
    }
}

fn one_of<T: PartialEq>(values: &[String], read: impl Fn(&str) -> Option<T>) -> Agreed<T> {
    let claims = values
        .iter()
        .filter_map(|value| Some((0, fields::said(value)?)));
    agreed(claims, read, PartialEq::eq)
}

const DEVICE: [Field; 3] = [Field::DeviceHost, Field::DeviceIp, Field::DevicePort];

/// Fills what a document leaves open from the line that its sender received.
fn complete(alert: &mut Alert, original: &str) {
    let Some(decoded) = crate::decode::decode_line(&alert.source, original) else {
        return;
    };
    let open =
        |field: Field, known: bool, alert: &Alert| !known && !alert.conflicting.contains(&field);
    let mut taken = Vec::new();
    if open(Field::User, alert.user.is_some(), alert) {
        alert.user = decoded.user;
        taken.push(Field::User);
    }
    if open(Field::Credential, alert.credential.is_some(), alert) {
        alert.credential = decoded.credential;
        taken.push(Field::Credential);
    }
    // a name alone may be that of whatever passed the line on
    let known = alert.device.ip.is_some() || alert.device.port.is_some();
    let is_said = decoded.device.ip.is_some() && !decoded.inferred.contains(&Field::DeviceIp);
    if DEVICE.iter().all(|field| open(*field, known, alert)) && (is_said || alert.device.is_empty())
    {
        alert.device = decoded.device;
        taken.extend(DEVICE);
    }
    if open(Field::Origin, alert.origin.is_some(), alert) {
        alert.origin = decoded.origin;
        taken.push(Field::Origin);
    }
    if open(Field::SessionId, alert.session_id.is_some(), alert) {
        alert.session_id = decoded.session_id;
        taken.push(Field::SessionId);
    }
    for field in taken {
        if decoded.inferred.contains(&field) {
            alert.inferred.insert(field);
        }
        if decoded.conflicting.contains(&field) {
            alert.conflicting.insert(field);
        }
    }
    alert.time = alert.time.or(decoded.time);
    alert.truncated |= decoded.truncated;
    for (key, value) in &decoded.attributes {
        alert.keep(&format!("original.{key}"), value);
    }
}

/// The text of a value that is neither list nor object, nor null.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The texts of a value, or of a list of them.
fn scalars(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().filter_map(scalar).collect(),
        one => scalar(one).into_iter().collect(),
    }
}

fn holds(value: &Value, element: &Value) -> bool {
    std::ptr::eq(value, element)
        || match value {
            Value::Array(list) => list.iter().any(|below| holds(below, element)),
            Value::Object(object) => object.values().any(|below| holds(below, element)),
            _ => false,
        }
}

/// Names under which senders put secrets, without case and separators.
const SECRETS: [&str; 9] = [
    "sessionkey",
    "token",
    "accesstoken",
    "password",
    "passwd",
    "secret",
    "apikey",
    "authorization",
    "credentials",
];

/// Replaces every value under the name of a secret, such as `session_key`, by `[redacted]`.
///
/// For a document that is passed on; what is decoded from one never holds such values.
pub fn redact(document: &mut Value) {
    match document {
        Value::Object(object) => {
            for (key, value) in object {
                match is_secret(key) {
                    true => *value = REDACTED.into(),
                    false => redact(value),
                }
            }
        }
        Value::Array(list) => list.iter_mut().for_each(redact),
        _ => {}
    }
}

/// What stands where a secret stood.
const REDACTED: &str = "[redacted]";

fn is_secret(key: &str) -> bool {
    let name: String = key.chars().filter(|c| c.is_alphanumeric()).collect();
    SECRETS
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(&name))
}

/// Keeps every value under its path with dots, and no secret.
fn flatten(alert: &mut Alert, path: &str, value: &Value) {
    let below = |key: &str| match path {
        "" => key.to_owned(),
        path => format!("{path}.{key}"),
    };
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                match is_secret(key) {
                    true => alert.keep(&below(key), REDACTED),
                    false => flatten(alert, &below(key), value),
                }
            }
        }
        Value::Array(list) if list.iter().all(|value| scalar(value).is_some()) => {
            if !list.is_empty() {
                alert.keep(path, &scalars(value).join(","));
            }
        }
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                flatten(alert, &below(&at.to_string()), value);
            }
        }
        value => {
            if let Some(text) = scalar(value) {
                alert.keep(path, &text);
            }
        }
    }
}
