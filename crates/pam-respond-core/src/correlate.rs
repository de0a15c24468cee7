//! Which live session an alert means.
//!
//! Every session that agrees with the alert in the fields that the rule names is a candidate. It
//! gets a score: each field in which the two agree adds its weight, each in which they contradict
//! one another takes it away, and what either does not say changes nothing.

use std::fmt;
use std::time::Duration;

use jiff::tz::TimeZone;
use pam_alert::{Alert, Field};
use pam_proto::Session;
use serde::{Deserialize, Serialize};

use crate::moment::Moment;
use crate::session_record;
use crate::sessions::{Key, Known, Sessions, canonical, folded};

/// A field of an alert and of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Match {
    /// The id of the session itself.
    SessionId,
    /// The vault user.
    User,
    /// The address or the name of the device.
    Device,
    /// The account on the device.
    Credential,
    /// The address from which the user came.
    Origin,
    /// The port on the device.
    Port,
}

impl Match {
    /// Every field, the weightiest first.
    pub const ALL: [Self; 6] = [
        Self::SessionId,
        Self::User,
        Self::Device,
        Self::Credential,
        Self::Origin,
        Self::Port,
    ];

    /// Its name in a rule.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionId => "session_id",
            Self::User => "user",
            Self::Device => "device",
            Self::Credential => "credential",
            Self::Origin => "origin",
            Self::Port => "port",
        }
    }

    /// What agreement in it adds to a score.
    #[must_use]
    pub fn weight(self) -> i32 {
        match self {
            Self::SessionId => 100,
            Self::User | Self::Device => 30,
            Self::Credential | Self::Origin => 20,
            Self::Port => 10,
        }
    }

    /// Whether the alert has it from the sentence of its message alone.
    fn is_inferred(self, alert: &Alert) -> bool {
        let fields: &[Field] = match self {
            Self::SessionId => &[Field::SessionId],
            Self::User => &[Field::User],
            Self::Device => &[Field::DeviceIp, Field::DeviceHost],
            Self::Credential => &[Field::Credential],
            Self::Origin => &[Field::Origin],
            Self::Port => &[Field::DevicePort],
        };
        fields.iter().any(|field| alert.inferred.contains(field))
    }
}

impl fmt::Display for Match {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// How much better than every other a candidate must be to be meant without doubt: the weight of
/// the least weighty field.
pub const MARGIN: i32 = 10;

/// A session that may be meant, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Its record.
    #[serde(with = "session_record")]
    pub session: Session,
    /// How well it fits.
    pub score: i32,
    /// What the score is made of, and what else was noticed.
    pub reasons: Vec<String>,
    /// Whether the alert contradicts it in a field, or names a field that must agree in its
    /// message alone. Such a session is never ended without a person's word.
    pub doubtful: bool,
}

/// What correlation found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The best first.
    pub(crate) candidates: Vec<Candidate>,
    /// Why there is none, or why fewer than one would think.
    pub(crate) notes: Vec<String>,
    /// Whether the alert says too little for the rule, so that no listing can help.
    pub(crate) hopeless: bool,
}

/// What a look at the sessions is made for.
pub(crate) struct Question<'a> {
    pub(crate) alert: &'a Alert,
    pub(crate) fields: &'a [Match],
    /// When it happened, or arrived.
    pub(crate) at: Moment,
    /// How far the clocks of the sender and of the appliance may be apart.
    pub(crate) skew: Duration,
}

impl Question<'_> {
    /// Every candidate, the best first.
    pub(crate) fn ask(&self, sessions: &Sessions) -> Found {
        let mut found = Found {
            candidates: Vec::new(),
            notes: Vec::new(),
            hopeless: false,
        };
        let unsaid: Vec<&str> = self
            .fields
            .iter()
            .filter(|field| !self.says(**field))
            .map(|field| field.name())
            .collect();
        if !unsaid.is_empty() {
            found.notes.push(format!(
                "the alert does not say its {}, which the rule must match",
                unsaid.join(" and ")
            ));
            found.hopeless = true;
            return found;
        }
        for index in self.smallest(sessions) {
            let Some(known) = sessions.at(index) else {
                continue;
            };
            match self.weigh(known) {
                Ok(Some(candidate)) => found.candidates.push(candidate),
                Ok(None) => {}
                Err(note) => found.notes.push(note),
            }
        }
        found.candidates.sort_by(|one, other| {
            let worth = |candidate: &Candidate| (candidate.doubtful, -candidate.score);
            worth(one)
                .cmp(&worth(other))
                .then_with(|| one.session.id.cmp(&other.session.id))
        });
        found
    }

    fn says(&self, field: Match) -> bool {
        let alert = self.alert;
        match field {
            Match::SessionId => alert.session_id.is_some(),
            Match::User => alert.user.is_some(),
            Match::Device => alert.device.ip.is_some() || alert.device.host.is_some(),
            Match::Credential => alert.credential.is_some(),
            Match::Origin => alert.origin.is_some(),
            Match::Port => alert.device.port.is_some(),
        }
    }

    /// The sessions of the field that leaves the fewest.
    fn smallest(&self, sessions: &Sessions) -> Vec<usize> {
        let lists = self.fields.iter().filter_map(|field| {
            let keys = self.keys(*field);
            if keys.is_empty() {
                return None;
            }
            let count = keys.iter().map(|key| sessions.of(key).len()).sum::<usize>();
            Some((count, keys))
        });
        let Some((_, keys)) = lists.min_by_key(|(count, _)| *count) else {
            return Vec::new();
        };
        let mut found: Vec<usize> = keys
            .iter()
            .flat_map(|key| sessions.of(key))
            .copied()
            .collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Under which keys sessions that agree in this field are found.
    fn keys(&self, field: Match) -> Vec<Key> {
        let alert = self.alert;
        let one = |key: Option<Key>| key.into_iter().collect();
        match field {
            Match::SessionId => one(alert.session_id.clone().map(Key::SessionId)),
            Match::User => one(alert.user.as_deref().map(|user| Key::User(folded(user)))),
            Match::Credential => one(alert
                .credential
                .as_deref()
                .map(|credential| Key::Credential(folded(credential)))),
            Match::Origin => one(alert.origin.map(|ip| Key::Origin(canonical(ip)))),
            Match::Device => {
                let ip = alert.device.ip.map(|ip| Key::Ip(canonical(ip)));
                let host = alert.device.host.as_deref().map(host_key);
                ip.into_iter().chain(host).collect()
            }
            Match::Port => Vec::new(),
        }
    }

    /// A candidate; none when a field that must agree does not; the error is a session that agrees
    /// and yet can't be meant.
    fn weigh(&self, known: &Known) -> Result<Option<Candidate>, String> {
        let agrees = |field: &Match| self.agreement(*field, known) == Some(true);
        if !self.fields.iter().all(agrees) {
            return Ok(None);
        }
        let mut candidate = Candidate {
            session: known.session.clone(),
            score: 0,
            reasons: Vec::new(),
            doubtful: false,
        };
        for field in Match::ALL {
            let must = self.fields.contains(&field);
            let inferred = field.is_inferred(self.alert);
            let weight = if inferred {
                field.weight() / 2
            } else {
                field.weight()
            };
            match self.agreement(field, known) {
                Some(true) => {
                    candidate.score += weight;
                    candidate.doubtful |= must && inferred;
                    let source = if inferred {
                        ", from the message alone"
                    } else {
                        ""
                    };
                    let reason = format!("{field} agrees +{weight}{source}");
                    candidate.reasons.push(reason);
                }
                Some(false) => {
                    candidate.score -= weight;
                    candidate.doubtful = true;
                    candidate
                        .reasons
                        .push(format!("{field} contradicts -{weight}"));
                }
                None => {}
            }
        }
        let number = known.session.id;
        if is_script(&known.user) {
            return Err(format!(
                "session {number} belongs to a script of the appliance"
            ));
        }
        if known.session.session_id.is_none() {
            return Err(format!(
                "session {number} has no id that it could be ended by"
            ));
        }
        if known.ended.is_some_and(|ended| ended < self.at) {
            return Err(format!("session {number} had ended before the alert"));
        }
        match known.started {
            Some(started) if started > self.at.plus(self.skew) => {
                let late = crate::config_text::spoken(started.since(self.at));
                return Err(format!("session {number} started {late} after the alert"));
            }
            Some(_) => candidate
                .reasons
                .push("it ran at the time of the alert".to_owned()),
            None => candidate.reasons.push("its start can't be read".to_owned()),
        }
        Ok(Some(candidate))
    }

    /// None where one of the two does not say.
    fn agreement(&self, field: Match, known: &Known) -> Option<bool> {
        let alert = self.alert;
        let text = |said: Option<&str>, has: &str| {
            let said = said?;
            (!has.is_empty()).then(|| folded(said) == has)
        };
        match field {
            Match::SessionId => {
                let said = alert.session_id.as_deref()?;
                let id = known.session.session_id.as_ref()?;
                Some(said == id.as_str())
            }
            Match::User => text(alert.user.as_deref(), &known.user),
            Match::Credential => text(alert.credential.as_deref(), &known.credential),
            Match::Origin => Some(canonical(alert.origin?) == known.origin?),
            Match::Port => Some(alert.device.port? == known.device.port?),
            Match::Device => {
                // An address is compared with an address and a name with a name: which name has
                // which address is nothing that is guessed here.
                let (mut ip, mut host) = (alert.device.ip.map(canonical), None);
                match alert.device.host.as_deref().map(host_key) {
                    Some(Key::Ip(address)) => ip = ip.or(Some(address)),
                    Some(Key::Host(name)) => host = Some(name),
                    _ => {}
                }
                let by_ip = ip.zip(known.device.ip).map(|(said, has)| said == has);
                let by_host = host
                    .zip(known.device.host.as_ref())
                    .map(|(said, has)| said == *has);
                match (by_ip, by_host) {
                    (Some(true), _) | (_, Some(true)) => Some(true),
                    (Some(false), _) | (_, Some(false)) => Some(false),
                    (None, None) => None,
                }
            }
        }
    }
}

/// A device's name in an alert can be its address.
fn host_key(host: &str) -> Key {
    match host.trim().parse() {
        Ok(ip) => Key::Ip(canonical(ip)),
        Err(_) => Key::Host(folded(host)),
    }
}

/// Whether a login, in lower case, is that of a script (A2A API specification, "Keys").
fn is_script(user: &str) -> bool {
    user.starts_with("asc_") || user.starts_with("asynchronous script")
}

/// Which of the candidates are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The first, without doubt.
    Clear,
    /// There are several, or the only ones are doubtful.
    Ambiguous,
    /// There is none.
    None,
}

impl Found {
    pub(crate) fn choice(&self) -> Choice {
        match &self.candidates[..] {
            [] => Choice::None,
            [best, rest @ ..] => {
                let clear = rest.iter().all(|other| best.score - other.score >= MARGIN);
                if clear && !best.doubtful {
                    Choice::Clear
                } else {
                    Choice::Ambiguous
                }
            }
        }
    }
}

/// Whether `new` is what came after `ended`, seen from the rule: the same user, everything that
/// the rule matches the same, and begun when the other had ended.
pub(crate) fn is_reconnect(
    new: &Known,
    ended: &Session,
    fields: &[Match],
    zone: &TimeZone,
) -> bool {
    let old = Known::new(ended.clone(), zone);
    let same = |field: &Match| match field {
        // A new session has a new id.
        Match::SessionId => true,
        Match::User => new.user == old.user,
        Match::Device => (new.device.ip, &new.device.host) == (old.device.ip, &old.device.host),
        Match::Credential => new.credential == old.credential,
        Match::Origin => new.origin == old.origin,
        Match::Port => new.device.port == old.device.port,
    };
    let began_later = match (new.started, old.ended) {
        (Some(started), Some(ended)) => started >= ended,
        _ => false,
    };
    began_later
        && !new.user.is_empty()
        && new.session.session_id.is_some()
        && new.session.session_id != ended.session_id
        && same(&Match::User)
        && fields.iter().all(same)
}
