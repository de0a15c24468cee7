//! Which of a sender's keys says who, where and which session.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::alert::{Alert, Field};
use crate::session_id::{is_hash, is_session_id};
use crate::time::AlertTime;

/// What a key claims to say, and how directly: 0 before 1 before 2.
type Meaning = (Field, u8);

/// The meaning of a key of CEF, LEEF or the appliance, whatever its case and separators.
///
/// `suid` and `spid` have none: they stand for the type of the message in one table, for a user or
/// a process in another (A2A API specification, "Keys"). The appliance misspells `dpt` in two ways.
fn meaning(key: &str) -> Option<Meaning> {
    let mut buffer = [0_u8; 24];
    let mut length = 0;
    for byte in key.bytes() {
        if byte.is_ascii_alphanumeric() {
            *buffer.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        }
    }
    Some(match buffer.get(..length)? {
        b"suser" | b"sourceusername" => (Field::User, 0),
        b"usrname" => (Field::User, 1),
        b"user" | b"username" | b"login" | b"srcuser" => (Field::User, 2),
        b"duser" | b"destinationusername" => (Field::Credential, 0),
        b"accountname" => (Field::Credential, 1),
        b"credential" | b"dstuser" => (Field::Credential, 2),
        b"dhost" | b"destinationhostname" => (Field::DeviceHost, 0),
        b"dsthost" | b"identhostname" | b"devicehost" | b"device" => (Field::DeviceHost, 1),
        b"dst" | b"destinationaddress" => (Field::DeviceIp, 0),
        b"dstip" | b"destinationip" | b"deviceip" => (Field::DeviceIp, 1),
        b"dpt" | b"dport" | b"dposrt" | b"destinationport" => (Field::DevicePort, 0),
        b"dstport" | b"deviceport" => (Field::DevicePort, 1),
        b"src" | b"originip" | b"sourceaddress" => (Field::Origin, 0),
        b"srcip" | b"sourceip" | b"origin" => (Field::Origin, 1),
        b"identsrc" => (Field::Origin, 2),
        b"sessionid" | b"sessionhash" => (Field::SessionId, 0),
        b"externalid" | b"deviceexternalid" => (Field::SessionId, 1),
        _ => return None,
    })
}

/// Keys that say when, the most direct first (ArcSight CEF; LEEF).
const TIME_KEYS: [&str; 8] = [
    "rt",
    "devTime",
    "deviceReceiptTime",
    "end",
    "start",
    "eventTime",
    "timestamp",
    "time",
];

/// A pair of a body: a key and its value.
pub(crate) type Pair<'a> = (&'a str, &'a str);

/// Keeps every pair in the alert's attributes and reads from them who, where, when and which
/// session. Of an alert that is cut the last value may be half of one: it is kept and not believed.
pub(crate) fn read(alert: &mut Alert, pairs: &[Pair<'_>]) {
    let mut claims: Vec<(Meaning, &str)> = Vec::with_capacity(8);
    for (key, value) in pairs {
        alert.keep(key, value);
    }
    let whole = pairs.len() - usize::from(alert.truncated && !pairs.is_empty());
    let pairs = pairs.get(..whole).unwrap_or_default();
    for (key, value) in pairs {
        claims.extend(meaning(key).map(|meaning| (meaning, *value)));
    }
    for (label, value) in labelled(pairs) {
        claims.extend(meaning(label).map(|meaning| (meaning, value)));
        if !alert.attributes.contains_key(label) {
            alert.keep(label, value);
        }
    }
    settle(alert, &claims);
    if alert.time.is_none() {
        alert.time = TIME_KEYS.iter().find_map(|key| {
            let (_, value) = pairs
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(key))?;
            AlertTime::from_text(value)
        });
    }
}

/// The values of custom fields under what their labels call them: `cs1=… cs1Label=Session ID`.
fn labelled<'a>(pairs: &'a [Pair<'a>]) -> impl Iterator<Item = Pair<'a>> {
    const LABEL: usize = "label".len();
    pairs.iter().filter_map(|(key, label)| {
        let (base, ending) = key.split_at_checked(key.len().checked_sub(LABEL)?)?;
        if !ending.eq_ignore_ascii_case("label") || base.is_empty() {
            return None;
        }
        let label = label.trim();
        let is_base = |name: &str| name.eq_ignore_ascii_case(base);
        let (_, value) = pairs.iter().find(|(name, _)| is_base(name))?;
        (!label.is_empty()).then_some((label, *value))
    })
}

/// Sets each field to the one value that the most direct keys agree on.
fn settle(alert: &mut Alert, claims: &[(Meaning, &str)]) {
    let of = |field: Field| {
        let claims = claims
            .iter()
            .filter(move |((claimed, _), _)| *claimed == field);
        claims.filter_map(|((_, rank), value)| Some((*rank, said(value)?)))
    };
    let text = |text: &str| Some(text.to_owned());
    let same_text = |one: &String, other: &String| one.to_lowercase() == other.to_lowercase();

    let user = agreed(of(Field::User), text, same_text);
    alert.user = alert.settled(Field::User, user);
    let credential = agreed(of(Field::Credential), text, same_text);
    alert.credential = alert.settled(Field::Credential, credential);

    let ip = agreed(of(Field::DeviceIp), address, PartialEq::eq);
    let host = agreed(of(Field::DeviceHost), text, same_text);
    let port = agreed(of(Field::DevicePort), port_number, PartialEq::eq);
    // what stands where an address belongs, and is none, is a name
    let name = agreed(of(Field::DeviceIp), text, same_text);
    let device = [
        alert.settled(Field::DeviceHost, host),
        match ip {
            Agreed::None => alert.settled(Field::DeviceIp, name),
            _ => None,
        },
    ];
    alert.device.ip = alert.settled(Field::DeviceIp, ip);
    alert.device.port = alert.settled(Field::DevicePort, port);
    for device in device.iter().flatten() {
        alert.set_device(device);
    }

    let origin = agreed(of(Field::Origin), address, PartialEq::eq);
    alert.origin = alert.settled(Field::Origin, origin);
    let is_id = |(rank, text): &(u8, &str)| match rank {
        0 => is_session_id(text),
        // an id of whatever: only the appliance's own form is plain
        _ => is_hash(text),
    };
    let session = agreed(of(Field::SessionId).filter(is_id), text, PartialEq::eq);
    alert.session_id = alert.settled(Field::SessionId, session);
}

/// What several keys say of one field.
pub(crate) enum Agreed<T> {
    None,
    One(T),
    Several,
}

/// The value of the most direct claims that say anything, where they agree.
pub(crate) fn agreed<'a, T>(
    claims: impl Iterator<Item = (u8, &'a str)>,
    read: impl Fn(&'a str) -> Option<T>,
    same: impl Fn(&T, &T) -> bool,
) -> Agreed<T> {
    let mut best: Option<(u8, T)> = None;
    let mut several = false;
    for (rank, value) in claims {
        let Some(value) = read(value) else { continue };
        match &best {
            Some((known, _)) if *known < rank => {}
            Some((known, one)) if *known == rank => several |= !same(one, &value),
            _ => {
                several = false;
                best = Some((rank, value));
            }
        }
    }
    match best {
        None => Agreed::None,
        Some(_) if several => Agreed::Several,
        Some((_, value)) => Agreed::One(value),
    }
}

/// A value without what producers put around it, or none where they write that there is none.
pub(crate) fn said(value: &str) -> Option<&str> {
    let value = value.trim().trim_end_matches([',', ';']).trim_end();
    let value = ['"', '\'']
        .iter()
        .find_map(|quote| value.strip_prefix(*quote)?.strip_suffix(*quote))
        .unwrap_or(value)
        .trim();
    const NOTHING: [&str; 8] = [
        "",
        "-",
        "n/a",
        "null",
        "(null)",
        "none",
        "not applicable",
        "não aplicável",
    ];
    let is_nothing = NOTHING
        .iter()
        .any(|nothing| value.eq_ignore_ascii_case(nothing));
    (!is_nothing).then_some(value)
}

/// An address, perhaps with a port behind it.
pub(crate) fn address(text: &str) -> Option<IpAddr> {
    text.parse()
        .ok()
        .or_else(|| host_and_port(text).0.parse().ok())
}

fn port_number(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

/// `host:port` taken apart at its last colon, as the appliance's listing writes a device; an IPv6
/// address in brackets or bare is one host.
pub(crate) fn host_and_port(text: &str) -> (&str, Option<u16>) {
    let bracketed = |host: &'_ str| host.starts_with('[') && host.ends_with(']');
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || bracketed(host) => match port_number(port) {
            Some(port) if !host.is_empty() => (unbracketed(host), Some(port)),
            _ => (unbracketed(text), None),
        },
        _ => (unbracketed(text), None),
    }
}

fn unbracketed(host: &str) -> &str {
    let inner = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    inner.unwrap_or(host)
}

/// Whether a text can name a machine: what is left of a damaged address cannot.
fn is_host_name(text: &str) -> bool {
    let is_start = |c: char| c.is_alphanumeric() || c == '_';
    text.starts_with(is_start)
        && !text.contains(char::is_whitespace)
        && text.contains(|c: char| !c.is_ascii_digit() && c != '.')
}

impl Alert {
    /// The value of a field that was agreed on; a field that was not is noted.
    pub(crate) fn settled<T>(&mut self, field: Field, agreed: Agreed<T>) -> Option<T> {
        match agreed {
            Agreed::None => None,
            Agreed::One(value) => Some(value),
            Agreed::Several => {
                self.conflicting.insert(field);
                None
            }
        }
    }

    /// Sets what is still unknown of the device from a name or an address, perhaps with a port.
    pub(crate) fn set_device(&mut self, text: &str) {
        let (host, port) = host_and_port(text);
        match host.parse::<IpAddr>() {
            Ok(ip) if !self.conflicting.contains(&Field::DeviceIp) => {
                self.device.ip = self.device.ip.or(Some(ip));
            }
            Ok(_) => {}
            Err(_) if self.device.host.is_none() && is_host_name(host) => {
                self.device.host = Some(host.to_owned());
            }
            Err(_) => {}
        }
        if !self.conflicting.contains(&Field::DevicePort) {
            self.device.port = self.device.port.or(port);
        }
    }

    /// Keeps a pair. A second value of a key is kept as `key#2`, and so on.
    pub(crate) fn keep(&mut self, key: &str, value: &str) {
        keep(&mut self.attributes, key, value);
    }
}

pub(crate) fn keep(attributes: &mut BTreeMap<String, String>, key: &str, value: &str) {
    let Some(there) = attributes.get(key) else {
        attributes.insert(key.to_owned(), value.to_owned());
        return;
    };
    if there == value {
        return;
    }
    let mut number = 2;
    loop {
        let name = format!("{key}#{number}");
        match attributes.get(&name) {
            Some(there) if there == value => return,
            Some(_) => number += 1,
            None => {
                attributes.insert(name, value.to_owned());
                return;
            }
        }
    }
}
