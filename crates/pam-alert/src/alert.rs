//! The one type into which everything is decoded.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use base16ct::lower;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::severity::Severity;
use crate::time::AlertTime;

/// An event that some sender reports, in whatever format it came.
///
/// What the sender left out is absent. Two things are never done silently: a value that was only
/// found in the sentence of `msg` is named in [`inferred`](Self::inferred), and one that the sender
/// contradicts itself about is left out and named in [`conflicting`](Self::conflicting).
///
/// Build one with [`Alert::new`] and set its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Alert {
    /// The sender's own id of this alert. The same alert sent twice has the same one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Who sent it, by the receiver's name for it: a listener, a source of the configuration.
    pub source: String,
    /// What happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Event>,
    /// How bad the sender says it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// When it happened, as exactly as the sender said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<AlertTime>,
    /// Whether it is happening or over. What is over asks for no action.
    #[serde(default)]
    pub state: State,
    /// The login of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The account on the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credential: Option<String>,
    /// The machine that it happened on.
    #[serde(default, skip_serializing_if = "Device::is_empty")]
    pub device: Device,
    /// The address from which the user came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<IpAddr>,
    /// The id of the session, where it [looks like one](crate::is_session_id).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Whether the end is missing: it was cut on the way, or was longer than the limit.
    #[serde(default)]
    pub truncated: bool,
    /// Which fields come from the sentence of `msg` alone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub inferred: BTreeSet<Field>,
    /// Which fields are absent because the sender gave more than one value for them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub conflicting: BTreeSet<Field>,
    /// Everything that the sender wrote, by its own keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, String>,
}

/// What happened, by the sender's own names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// The id of the kind of event, such as `336.501`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name, such as `Session started`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The machine that a session leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Device {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<IpAddr>,
    /// The port of the session on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// Whether what an alert reports is happening or over.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum State {
    /// It is happening, or the sender knows no other state.
    #[default]
    Firing,
    /// It is over: the sender takes it back.
    Resolved,
}

/// A field of [`Alert`] that says who, where or which session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// [`Alert::user`].
    User,
    /// [`Alert::credential`].
    Credential,
    /// [`Device::host`].
    DeviceHost,
    /// [`Device::ip`].
    DeviceIp,
    /// [`Device::port`].
    DevicePort,
    /// [`Alert::origin`].
    Origin,
    /// [`Alert::session_id`].
    SessionId,
}

impl Alert {
    /// An alert of which nothing is known but who sent it.
    pub fn new(source: impl Into<String>) -> Self {
        Self {
            id: None,
            source: source.into(),
            event: None,
            severity: None,
            time: None,
            state: State::default(),
            user: None,
            credential: None,
            device: Device::default(),
            origin: None,
            session_id: None,
            truncated: false,
            inferred: BTreeSet::new(),
            conflicting: BTreeSet::new(),
            attributes: BTreeMap::new(),
        }
    }

    /// Whether the user is no human but the appliance's own script: a login `asc_…`, or the display
    /// name `Asynchronous Script: …` (A2A API specification, "Keys"). No such alert may end a
    /// session.
    pub fn is_machine_actor(&self) -> bool {
        let is_script = |login: &str| {
            let start = login.trim_start().get(..4);
            start.is_some_and(|start| start.eq_ignore_ascii_case("asc_"))
        };
        let is_script_name = |name: &str| {
            let name = name.trim_start().to_lowercase();
            name.starts_with("asynchronous script")
                || name.starts_with("script assíncrono")
                || name.starts_with("script assincrono")
        };
        let is_user = self.user.as_deref();
        is_user.is_some_and(|user| is_script(user) || is_script_name(user))
            || self.attributes.iter().any(|(key, value)| {
                match key
                    .split('#')
                    .next()
                    .map(str::to_ascii_lowercase)
                    .as_deref()
                {
                    Some("suser") => is_script(value),
                    Some("sname") => is_script_name(value),
                    _ => false,
                }
            })
    }

    /// A text that is the same whenever the same alert arrives, and another for another alert: 64
    /// hex digits.
    ///
    /// It is made of the sender's own id where there is one, and of everything that the sender
    /// wrote where there is none, without what relays add or change: the keys `syslog.…`. Either
    /// way it holds the source and the state, so that the end of an alert is not taken for a
    /// repetition of its start.
    ///
    /// An alert with neither an id nor a time has the same key whenever it happens: a receiver
    /// bounds such a key by the time of arrival.
    pub fn dedupe_key(&self) -> String {
        let mut hash = Parts(Sha256::new());
        hash.part("source", &self.source);
        hash.part("state", format!("{:?}", self.state));
        if let Some(event) = &self.event {
            let id = event.id.as_deref().unwrap_or_default();
            hash.part("event", comparable_event_id(id));
        }
        if let Some(id) = &self.id {
            hash.part("id", id);
            return hash.finish();
        }
        let normalised = |text: &Option<String>| text.as_deref().map(str::to_lowercase);
        hash.option("user", normalised(&self.user));
        hash.option("credential", normalised(&self.credential));
        hash.option("host", normalised(&self.device.host));
        hash.option("ip", self.device.ip.map(|ip| ip.to_string()));
        hash.option("port", self.device.port.map(|port| port.to_string()));
        hash.option("origin", self.origin.map(|ip| ip.to_string()));
        hash.option("session", self.session_id.clone());
        hash.option("time", self.time.as_ref().map(comparable_time));
        for (key, value) in &self.attributes {
            if !key.starts_with("syslog.") {
                hash.part(key, value.trim());
            }
        }
        hash.finish()
    }
}

/// An id of an event as ids are compared: the appliance writes one as `336.501` and `336501`.
pub(crate) fn comparable_event_id(id: &str) -> String {
    id.trim().replace('.', "")
}

/// The same instant is the same text, whatever offset it was written in.
fn comparable_time(time: &AlertTime) -> String {
    match time {
        AlertTime::Instant { at, .. } => at.to_string(),
        other => other.to_string(),
    }
}

/// A hash over named parts, each with its length, so that none can run into the next.
struct Parts(Sha256);

impl Parts {
    fn part(&mut self, name: &str, value: impl AsRef<str>) {
        for text in [name, value.as_ref()] {
            self.0.update((text.len() as u64).to_be_bytes());
            self.0.update(text);
        }
    }

    fn option(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.part(name, value);
        }
    }

    fn finish(self) -> String {
        lower::encode_string(&self.0.finalize())
    }
}

impl Event {
    /// An event of this id and name.
    pub fn new(id: Option<String>, name: Option<String>) -> Self {
        Self { id, name }
    }

    /// Whether its id is this one, dots aside: the appliance writes one id as `336.501` and
    /// `336501`.
    pub fn has_id(&self, id: &str) -> bool {
        let own = self.id.as_deref();
        own.is_some_and(|own| comparable_event_id(own) == comparable_event_id(id))
    }
}

impl Device {
    /// Whether nothing is known of it.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alert(user: &str) -> Alert {
        let mut alert = Alert::new("vault");
        alert.user = Some(user.to_owned());
        alert
    }

    #[test]
    fn scripts_of_the_appliance_are_machine_actors() {
        for login in ["asc_12", "ASC_12", " asc_1", "Asynchronous Script: 8"] {
            assert!(alert(login).is_machine_actor(), "{login}");
        }
        for login in ["stlee", "asc", "nasc_12", "ascot", "ç", "açc_1"] {
            assert!(!alert(login).is_machine_actor(), "{login}");
        }
        let mut named = Alert::new("vault");
        let name = "Asynchronous Script: 12".to_owned();
        named.attributes.insert("sname#2".to_owned(), name);
        assert!(named.is_machine_actor());
    }

    #[test]
    fn a_repeated_alert_has_the_same_key_and_another_has_another() {
        let first = alert("stlee");
        let mut relayed = alert("STLEE");
        let host = "relay".to_owned();
        relayed
            .attributes
            .insert("syslog.hostname".to_owned(), host);
        assert_eq!(first.dedupe_key(), relayed.dedupe_key());
        assert_eq!(first.dedupe_key().len(), 64);

        let mut over = first.clone();
        over.state = State::Resolved;
        let mut elsewhere = first.clone();
        elsewhere.source = "siem".to_owned();
        let mut swapped = Alert::new("vault");
        swapped.credential = Some("stlee".to_owned());
        for other in [over, elsewhere, swapped, alert("stle")] {
            assert_ne!(first.dedupe_key(), other.dedupe_key());
        }
    }

    #[test]
    fn the_senders_own_id_decides_where_there_is_one() {
        let (mut one, mut two) = (alert("stlee"), alert("someone else"));
        one.id = Some("9a12b74dc06bd21d".to_owned());
        two.id = one.id.clone();
        assert_eq!(one.dedupe_key(), two.dedupe_key());
        two.id = Some("other".to_owned());
        assert_ne!(one.dedupe_key(), two.dedupe_key());
    }

    #[test]
    fn an_alert_survives_json() {
        let mut alert = alert("stlee");
        alert.event = Some(Event::new(Some("336.501".into()), None));
        alert.severity = Some(Severity::High);
        alert.time = "2018-06-18T17:49:41-03:00".parse().ok();
        alert.device.ip = "2001:db8::1".parse().ok();
        alert.inferred.insert(Field::DeviceIp);
        let json = serde_json::to_string(&alert).unwrap();
        assert_eq!(serde_json::from_str::<Alert>(&json).unwrap(), alert);
        let least: Alert = serde_json::from_str(r#"{"source":"s"}"#).unwrap();
        assert_eq!(least, Alert::new("s"));
    }

    #[test]
    fn ids_of_events_are_compared_without_their_dots() {
        let event = Event::new(Some("336.501".into()), None);
        assert!(event.has_id("336501") && event.has_id("336.501"));
        assert!(!event.has_id("336.50"));
    }
}
