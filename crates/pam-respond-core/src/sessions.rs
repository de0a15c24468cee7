//! The live sessions, found by what an alert can say about them.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::net::IpAddr;

use jiff::tz::TimeZone;
use pam_proto::Session;

use crate::moment::Moment;

/// A listing as it was read: every session that runs, by user, device, origin, credential and id,
/// so that a look costs what it finds and not what is listed.
#[derive(Debug, Clone, Default)]
pub struct Sessions {
    began: Moment,
    all: Vec<Known>,
    /// By the numbers of their keys.
    by: BTreeMap<u64, Vec<usize>>,
}

/// A session and what its texts mean.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Known {
    pub(crate) session: Session,
    pub(crate) user: String,
    pub(crate) credential: String,
    pub(crate) device: Device,
    pub(crate) origin: Option<IpAddr>,
    pub(crate) started: Option<Moment>,
    pub(crate) ended: Option<Moment>,
}

/// Where a session leads to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Device {
    pub(crate) ip: Option<IpAddr>,
    pub(crate) host: Option<String>,
    pub(crate) port: Option<u16>,
}

/// What sessions are found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Key<T = String> {
    SessionId(T),
    User(T),
    Credential(T),
    Ip(IpAddr),
    Host(T),
    Origin(IpAddr),
}

impl<T: Hash> Key<T> {
    /// A number that is compared where it lies: to follow each text of a large table into memory
    /// takes longer. Others can have the same, so who is found is looked at.
    fn number(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        hasher.finish()
    }
}

impl Sessions {
    /// An empty listing that was asked for at this moment.
    #[must_use]
    pub fn new(began: Moment) -> Self {
        Self {
            began,
            ..Self::default()
        }
    }

    /// When it was asked for.
    #[must_use]
    pub fn began(&self) -> Moment {
        self.began
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Adds a session of the listing; its times are those of the appliance's zone. One that ended
    /// is of use where the past is looked at: it is only meant by alerts of the time that it ran.
    pub fn push(&mut self, session: Session, zone: &TimeZone) {
        let known = Known::new(session, zone);
        let at = self.all.len();
        let keys = [
            known
                .session
                .session_id
                .as_ref()
                .map(|id| Key::SessionId(id.as_str())),
            Some(Key::User(known.user.as_str())),
            Some(Key::Credential(known.credential.as_str())),
            known.device.ip.map(Key::Ip),
            known.device.host.as_deref().map(Key::Host),
            known.origin.map(Key::Origin),
        ];
        for key in keys.into_iter().flatten() {
            self.by.entry(key.number()).or_default().push(at);
        }
        self.all.push(known);
    }

    /// The sessions of this key, in the order of the listing.
    pub(crate) fn of(&self, key: &Key) -> &[usize] {
        self.by.get(&key.number()).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn at(&self, index: usize) -> Option<&Known> {
        self.all.get(index)
    }
}

impl Known {
    pub(crate) fn new(session: Session, zone: &TimeZone) -> Self {
        let time = |text: &str| Moment::of_civil(text, zone);
        Self {
            user: folded(&session.user),
            credential: folded(&session.credential),
            device: Device::of(&session.device),
            origin: session.origin_ip.trim().parse().ok().map(canonical),
            started: time(&session.started_at),
            ended: session.ended_at.as_deref().and_then(time),
            session,
        }
    }
}

impl Device {
    /// Reads `192.0.2.7:22`, `[2001:db8::7]:22`, `db1.example.com:1521`, each with or without its
    /// port.
    fn of(text: &str) -> Self {
        let text = text.trim();
        if let Ok(ip) = text.parse() {
            return Self {
                ip: Some(canonical(ip)),
                ..Self::default()
            };
        }
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) if port.parse::<u16>().is_ok() => (host, port.parse().ok()),
            _ => (text, None),
        };
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let ip = bare.parse().ok().map(canonical);
        Self {
            ip,
            host: (ip.is_none() && !host.is_empty()).then(|| folded(host)),
            port,
        }
    }
}

/// Case does not tell names apart.
pub(crate) fn folded(text: &str) -> String {
    text.trim().to_lowercase()
}

/// An IPv4 address written as IPv6 is the IPv4 address.
pub(crate) fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_an_address_or_a_name_and_perhaps_a_port() {
        let table = [
            ("192.0.2.7:22", Some("192.0.2.7"), None, Some(22)),
            ("192.0.2.7", Some("192.0.2.7"), None, None),
            ("2001:db8::7", Some("2001:db8::7"), None, None),
            ("[2001:db8::7]:22", Some("2001:db8::7"), None, Some(22)),
            ("::ffff:192.0.2.7", Some("192.0.2.7"), None, None),
            (
                "DB1.example.com:1521",
                None,
                Some("db1.example.com"),
                Some(1521),
            ),
            ("db1", None, Some("db1"), None),
            ("", None, None, None),
        ];
        for (text, ip, host, port) in table {
            let expected = Device {
                ip: ip.map(|ip| ip.parse().unwrap()),
                host: host.map(str::to_owned),
                port,
            };
            assert_eq!(Device::of(text), expected, "{text}");
        }
    }
}
