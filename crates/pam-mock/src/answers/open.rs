//! The create call: a URL that opens a session once (A2A API specification, "Create an
//! authenticated URL for a web proxy session").

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Request, StatusCode};
use serde_json::{Map, Value, json};

use super::Answer;
use super::envelope::Envelope;
use crate::clock::Moment;
use crate::dialect::Dialect;
use crate::form;
use crate::profile::Profile;
use crate::random::unguessable;
use crate::state::Record;

/// How long a URL can be used; stated in 3.32 only.
const LIFETIME: Duration = Duration::from_secs(30);

/// Unused URLs beyond this number are forgotten, the oldest first.
const CAPACITY: usize = 10_000;

/// What a caller asks to be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) user: String,
    pub(crate) credential: String,
    pub(crate) device: String,
    pub(crate) protocol: String,
    pub(crate) remote_addr: Option<String>,
}

impl Wanted {
    /// Reads the body, JSON or a form.
    ///
    /// # Errors
    /// The documented message for the first field that is missing.
    pub(crate) fn read(
        request: &Request<bytes::Bytes>,
        dialect: &Dialect,
    ) -> Result<Self, Envelope<'static>> {
        let fields = fields(request);
        let text = |names: &[&str]| {
            names.iter().find_map(|name| match fields.get(*name)? {
                Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
        };
        let missing = |message| dialect.not_specified(message);
        let user = match dialect.profile {
            Profile::V3_32 => text(&["user"]).ok_or_else(|| missing("User not specified"))?,
            // Later pages call the field `username` as well.
            _ => text(&["user", "username"]).ok_or_else(|| missing("Username not specified"))?,
        };
        let credential =
            text(&["credential"]).ok_or_else(|| missing("Credential not specified"))?;
        let device = text(&["device"]).ok_or_else(|| missing("Credential device not specified"))?;
        let protocol = text(&["protocol"])
            .map(|protocol| protocol.to_lowercase())
            .filter(|protocol| protocol.bytes().all(|byte| byte.is_ascii_alphanumeric()))
            .ok_or_else(|| missing("Invalid protocol"))?;
        let target = text(&["remotedevice"]).unwrap_or(device);
        let has_port = target
            .rsplit_once(':')
            .is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let device = match text(&["port"]) {
            Some(port) if !has_port => format!("{target}:{port}"),
            None if !has_port => match default_port(&protocol) {
                Some(port) => format!("{target}:{port}"),
                None => target,
            },
            _ => target,
        };
        Ok(Self {
            user,
            credential,
            device,
            protocol,
            remote_addr: text(&["remoteAddr"]),
        })
    }
}

impl Wanted {
    /// The session that comes of it, on a record that has the rest.
    pub(crate) fn onto(self, record: Record, visitor: IpAddr) -> Record {
        Record {
            user: self.user.into(),
            credential: self.credential.into(),
            device: self.device.into(),
            protocol: self.protocol.into(),
            proxy: "Web Proxy".into(),
            origin_ip: self
                .remote_addr
                .unwrap_or_else(|| visitor.to_string())
                .into(),
            ..record
        }
    }
}

fn default_port(protocol: &str) -> Option<u16> {
    Some(match protocol {
        "ssh" => 22,
        "telnet" => 23,
        "http" => 80,
        "https" => 443,
        "rdp" => 3389,
        "vnc" => 5900,
        _ => return None,
    })
}

fn fields(request: &Request<bytes::Bytes>) -> Map<String, Value> {
    if form::is_form(request.headers()) {
        let pairs = form::pairs(request.body());
        return pairs
            .into_iter()
            .map(|(name, value)| (name, Value::String(value)))
            .collect();
    }
    match serde_json::from_slice(request.body()) {
        Ok(Value::Object(fields)) => fields,
        // What is no object has no field: the first one is missing.
        _ => Map::new(),
    }
}

/// The URLs that were given out and not used.
#[derive(Debug, Default)]
pub(crate) struct Openings(HashMap<String, (Moment, Wanted)>);

impl Openings {
    /// Gives out a URL below `base`: the payload of the answer.
    ///
    /// # Errors
    /// When the system has no random numbers.
    pub(crate) fn give(
        &mut self,
        wanted: Wanted,
        base: &str,
        now: Moment,
    ) -> Result<String, getrandom::Error> {
        self.0.retain(|_, (until, _)| *until >= now);
        if self.0.len() >= CAPACITY {
            let oldest = self.0.iter().min_by_key(|(_, (until, _))| *until);
            if let Some(key) = oldest.map(|(key, _)| key.clone()) {
                self.0.remove(&key);
            }
        }
        // Hexadecimal after `rbs://`: base64 of it has no character that a URL would escape.
        let key = STANDARD.encode(format!("rbs://{}", unguessable(15)?));
        let token = unguessable(32)?;
        let payload = json!({
            "session_url": format!("{base}/modulos/auth?_sr={key}"),
            "token": token,
        });
        self.0.insert(key, (now.plus(LIFETIME), wanted));
        Ok(payload.to_string())
    }

    /// Uses a URL, once.
    pub(crate) fn visit(&mut self, query: &str, now: Moment) -> Option<Wanted> {
        let pairs = form::pairs(query.as_bytes());
        let (_, key) = pairs.into_iter().find(|(name, _)| name == "_sr")?;
        let (until, wanted) = self.0.remove(&key)?;
        (now <= until).then_some(wanted)
    }
}

/// The page that a browser sees at such a URL. No page of the documents shows it.
pub(crate) fn visited(started: bool) -> Answer {
    let (status, text) = if started {
        (StatusCode::OK, "<p>The session has started.</p>\n")
    } else {
        (
            StatusCode::GONE,
            "<p>This address was used before, or is older than 30 seconds.</p>\n",
        )
    };
    Answer::new(status, "text/html; charset=utf-8", text)
}
