//! Whether a session is meant: true, false, or unknown when the session lacks what is asked for.

use std::borrow::Cow;

use jiff::{ToSpan, civil::DateTime};
use pam_proto::Session;

use super::{Bound, Condition, Field, Instant, Texts};

impl Condition {
    /// Three-valued (Kleene), so that `not` does not turn an unknown into a yes.
    pub(super) fn evaluate(&self, session: &Session, now: DateTime) -> Option<bool> {
        match self {
            Self::All(parts) => first(false, parts.iter().map(|part| part.evaluate(session, now))),
            Self::Any(parts) => first(true, parts.iter().map(|part| part.evaluate(session, now))),
            Self::Not(part) => part.evaluate(session, now).map(|matches| !matches),
            Self::Active => Some(session.is_active()),
            Self::Text(field, texts) => field
                .values(session)
                .map(|values| values.iter().any(|value| texts.matches(value))),
            Self::Origin(networks) => {
                let origin = session.origin_ip.trim().parse().ok()?;
                Some(networks.iter().any(|network| network.contains(origin)))
            }
            Self::Started(bound, instant) => {
                let started: DateTime = session.started_at.parse().ok()?;
                let limit = match instant {
                    Instant::At(at) => *at,
                    Instant::Ago(seconds) => now.checked_sub(seconds.seconds()).ok()?,
                };
                Some(match bound {
                    Bound::Before => started < limit,
                    Bound::NotAfter => started <= limit,
                    Bound::After => started > limit,
                    Bound::NotBefore => started >= limit,
                })
            }
        }
    }
}

/// The deciding answer if any part gives it, unknown if any part is, else the other answer.
fn first(deciding: bool, parts: impl Iterator<Item = Option<bool>>) -> Option<bool> {
    let mut answer = Some(!deciding);
    for part in parts {
        match part {
            Some(value) if value == deciding => return Some(deciding),
            Some(_) => {}
            None => answer = None,
        }
    }
    answer
}

impl Field {
    /// The texts that a comparison may meet; none when the session does not have the field.
    fn values(self, session: &Session) -> Option<Vec<Cow<'_, str>>> {
        let text = match self {
            Self::Id => return Some(vec![session.id.to_string().into()]),
            Self::SessionId => session.session_id.as_ref()?.as_str(),
            Self::User => &session.user,
            Self::Credential => &session.credential,
            Self::Device => &session.device,
            Self::Protocol => &session.protocol,
            Self::Proxy => &session.proxy,
            Self::Origin => &session.origin_ip,
            Self::Request => session.request.as_deref()?,
            Self::Itsm => session.itsm.as_deref()?,
        };
        if text.is_empty() {
            return None;
        }
        let host = (self == Self::Device).then(|| host(text)).flatten();
        Some(
            [Some(text), host]
                .into_iter()
                .flatten()
                .map(Cow::Borrowed)
                .collect(),
        )
    }
}

/// The device without its port: `192.0.2.20:22`, `[2001:db8::1]:22`; an IPv6 address without
/// brackets has none.
fn host(device: &str) -> Option<&str> {
    let (host, port) = device.rsplit_once(':')?;
    if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    match host.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']'),
        None => (!host.contains(':')).then_some(host),
    }
}

impl Texts {
    fn matches(&self, value: &str) -> bool {
        match self {
            Self::OneOf(texts) => {
                let folded = value.to_lowercase();
                texts.iter().any(|text| text.to_lowercase() == folded)
            }
            Self::Like(glob) => glob.matches(value),
        }
    }
}
