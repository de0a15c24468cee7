//! The sessions as they truly are.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use jiff::tz::Offset;
use pam_proto::SessionId;
use serde::Serialize;

use crate::clock::Moment;

/// How a session came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum EndedBy {
    /// The user left.
    Itself,
    /// A drop through the API.
    Drop,
    /// The appliance interrupted it because of a command.
    Vault,
}

/// One session in full.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    pub(crate) number: u64,
    pub(crate) session_id: Box<str>,
    pub(crate) user: Cow<'static, str>,
    pub(crate) origin_ip: Cow<'static, str>,
    pub(crate) credential: Cow<'static, str>,
    pub(crate) device: Cow<'static, str>,
    pub(crate) protocol: Cow<'static, str>,
    pub(crate) proxy: Cow<'static, str>,
    pub(crate) started: Moment,
    pub(crate) ended: Option<(Moment, EndedBy)>,
    pub(crate) prevent_purge: bool,
    pub(crate) request: Option<Box<str>>,
    pub(crate) itsm: Option<Box<str>>,
    /// How many drops named it.
    pub(crate) drops: u32,
    /// Whether a drop was accepted that has not taken effect.
    pub(crate) dropping: bool,
}

impl Record {
    /// When it had ended, seen at that moment.
    pub(crate) fn end_seen_at(&self, moment: Moment) -> Option<Moment> {
        let ended = self.ended.map(|(at, _)| at);
        ended.filter(|at| *at <= moment)
    }

    pub(crate) fn runs(&self) -> bool {
        self.ended.is_none()
    }

    /// How long it lasted, or has lasted at that moment.
    pub(crate) fn duration(&self, moment: Moment) -> Duration {
        let until = self.end_seen_at(moment).unwrap_or(moment);
        until.since(self.started)
    }

    pub(crate) fn truth(&self, zone: Offset) -> SessionTruth {
        let wall = |moment: Moment| moment.on_the_wall(zone).strftime(WALL).to_string();
        SessionTruth {
            id: self.number.to_string(),
            session_id: self.session_id.to_string(),
            user: self.user.to_string(),
            origin_ip: self.origin_ip.to_string(),
            credential: self.credential.to_string(),
            device: self.device.to_string(),
            protocol: self.protocol.to_string(),
            proxy: self.proxy.to_string(),
            started_at: wall(self.started),
            ended_at: self.ended.map(|(at, _)| wall(at)),
            active: self.runs(),
            prevent_purge: self.prevent_purge,
            request: self.request.as_deref().map(str::to_owned),
            itsm: self.itsm.as_deref().map(str::to_owned),
            ended_by: self.ended.map(|(_, by)| by),
            drops: self.drops,
        }
    }
}

/// `YYYY-MM-DD HH:MM:SS` (A2A API specification, "List all": `start`).
const WALL: &str = "%Y-%m-%d %H:%M:%S";

/// A session as it truly is, whatever the appliance says of it: the keys of a listing in English,
/// and what no listing tells.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SessionTruth {
    /// The row number, in digits.
    pub id: String,
    /// The id that the terminate call takes.
    pub session_id: String,
    /// The vault user who is connected.
    pub user: String,
    /// Where the user comes from.
    pub origin_ip: String,
    /// The user name of the credential in use.
    pub credential: String,
    /// The target as `ip:port`.
    pub device: String,
    /// `ssh`, `rdp`, …
    pub protocol: String,
    /// `Web Proxy`, `RDP Proxy`, …
    pub proxy: String,
    /// `YYYY-MM-DD HH:MM:SS` in the appliance's zone.
    pub started_at: String,
    /// The same, once it has ended.
    pub ended_at: Option<String>,
    /// Whether it runs at this moment.
    pub active: bool,
    /// Whether its recording is protected from the purge.
    pub prevent_purge: bool,
    /// The access request behind it.
    pub request: Option<String>,
    /// The governance code.
    pub itsm: Option<String>,
    /// How it came to its end.
    pub ended_by: Option<EndedBy>,
    /// How many drop calls named it, whatever they were answered.
    pub drops: u32,
}

/// The sessions, found by either of their names.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    records: Vec<Record>,
    by_id: HashMap<Box<str>, usize>,
    by_number: HashMap<u64, usize>,
    highest: u64,
}

/// Why a session can't be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SessionClash {
    /// Another session has its row number.
    #[error("two sessions have the id {0}")]
    Number(u64),
    /// Another session has its `session_id`.
    #[error("two sessions have the session_id {0}")]
    Id(String),
}

impl Sessions {
    /// The row number after the highest one.
    pub(crate) fn next_number(&self) -> u64 {
        self.highest.saturating_add(1)
    }

    pub(crate) fn add(&mut self, record: Record) -> Result<usize, SessionClash> {
        if self.by_number.contains_key(&record.number) {
            return Err(SessionClash::Number(record.number));
        }
        if self.by_id.contains_key(&record.session_id) {
            return Err(SessionClash::Id(record.session_id.into()));
        }
        let at = self.records.len();
        self.by_number.insert(record.number, at);
        self.by_id.insert(record.session_id.clone(), at);
        self.highest = self.highest.max(record.number);
        self.records.push(record);
        Ok(at)
    }

    pub(crate) fn all(&self) -> &[Record] {
        &self.records
    }

    pub(crate) fn at(&self, at: usize) -> Option<&Record> {
        self.records.get(at)
    }

    pub(crate) fn at_mut(&mut self, at: usize) -> Option<&mut Record> {
        self.records.get_mut(at)
    }

    pub(crate) fn by_number(&self, number: u64) -> Option<&Record> {
        self.at(*self.by_number.get(&number)?)
    }

    pub(crate) fn find(&self, session_id: &str) -> Option<usize> {
        self.by_id.get(session_id).copied()
    }
}

/// A session to be put into the mock, from a test or from a state file; what is left out is made
/// up.
///
/// ```
/// use pam_mock::NewSession;
///
/// let session = NewSession {
///     user: Some("alice".into()),
///     device: Some("192.0.2.20:22".into()),
///     ..NewSession::default()
/// };
/// # let _ = session;
/// ```
#[derive(Debug, Clone, Default)]
pub struct NewSession {
    /// The row number; the one after the highest when absent.
    pub id: Option<u64>,
    /// The id that the terminate call takes; made from the seed when absent.
    pub session_id: Option<SessionId>,
    /// The vault user.
    pub user: Option<String>,
    /// Where the user comes from.
    pub origin_ip: Option<String>,
    /// The user name of the credential.
    pub credential: Option<String>,
    /// The target as `ip:port`.
    pub device: Option<String>,
    /// `ssh`, `rdp`, …
    pub protocol: Option<String>,
    /// `Web Proxy`, `RDP Proxy`, …
    pub proxy: Option<String>,
    /// `YYYY-MM-DD HH:MM:SS` in the appliance's zone, or an RFC 3339 time; now when absent.
    pub started_at: Option<String>,
    /// The same; absent while it runs. It may lie ahead.
    pub ended_at: Option<String>,
    /// Whether its recording is protected from the purge.
    pub prevent_purge: bool,
    /// The access request behind it.
    pub request: Option<String>,
    /// The governance code.
    pub itsm: Option<String>,
}

/// A time that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no time; write YYYY-MM-DD HH:MM:SS")]
pub struct InvalidTime(String);

/// A session that can't be put into the mock.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NewSessionError {
    /// One of its names is taken.
    #[error(transparent)]
    Clash(#[from] SessionClash),
    /// One of its times can't be read.
    #[error(transparent)]
    Time(#[from] InvalidTime),
    /// It starts in the future.
    #[error("a session starts at {started}, after now ({now}); correct it, or the mock's zone")]
    NotYet {
        /// When it starts.
        started: String,
        /// The mock's time.
        now: String,
    },
    /// It ends before it starts.
    #[error("a session ends at {ended}, before it starts at {started}")]
    Backwards {
        /// When it starts.
        started: String,
        /// When it ends.
        ended: String,
    },
}

impl NewSession {
    /// Fills in what was left out from `made_up`, which stands at the right number.
    pub(crate) fn onto(
        self,
        made_up: Record,
        now: Moment,
        zone: Offset,
    ) -> Result<Record, NewSessionError> {
        let moment = |text: String| {
            let parsed = Moment::parse(&text, zone);
            parsed.ok_or(InvalidTime(text))
        };
        let wall = |moment: Moment| moment.on_the_wall(zone).strftime(WALL).to_string();
        let or =
            |given: Option<String>, made_up: Cow<'static, str>| given.map_or(made_up, Cow::Owned);
        let ended = self.ended_at.map(moment).transpose()?;
        let started = self.started_at.map(moment).transpose()?;
        let started = started.unwrap_or_else(|| ended.unwrap_or(now).min(now));
        if started > now {
            let (started, now) = (wall(started), wall(now));
            return Err(NewSessionError::NotYet { started, now });
        }
        if let Some(ended) = ended.filter(|ended| *ended < started) {
            let (started, ended) = (wall(started), wall(ended));
            return Err(NewSessionError::Backwards { started, ended });
        }
        Ok(Record {
            number: self.id.unwrap_or(made_up.number),
            session_id: self
                .session_id
                .map_or(made_up.session_id, |id| id.as_str().into()),
            user: or(self.user, made_up.user),
            origin_ip: or(self.origin_ip, made_up.origin_ip),
            credential: or(self.credential, made_up.credential),
            device: or(self.device, made_up.device),
            protocol: or(self.protocol, made_up.protocol),
            proxy: or(self.proxy, made_up.proxy),
            started,
            ended: ended.map(|at| (at, EndedBy::Itself)),
            prevent_purge: self.prevent_purge,
            request: self.request.map(String::into_boxed_str),
            itsm: self.itsm.map(String::into_boxed_str),
            drops: 0,
            dropping: false,
        })
    }
}
