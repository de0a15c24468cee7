//! The alerts that the appliance sends to a SIEM (A2A API specification, "Alerts sent to SIEM").

pub(crate) mod cef;
pub(crate) mod commands;
pub(crate) mod fields;
pub(crate) mod line;
mod send;

use std::str::FromStr;

use crate::clock::Moment;
use crate::state::Record;

pub(crate) use send::send;

/// What an alert tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlertKind {
    /// A session started.
    SessionStarted,
    /// A session ended.
    SessionEnded,
    /// An audited command of low criticality.
    CommandLow,
    /// An audited command of medium criticality.
    CommandMedium,
    /// An audited command of high criticality.
    CommandHigh,
    /// A command that the vault blocked, interrupting the session.
    BlockAndInterrupt,
    /// An access unlike the user's others.
    UnusualAccess,
}

impl AlertKind {
    /// Every kind.
    pub const ALL: [Self; 7] = [
        Self::SessionStarted,
        Self::SessionEnded,
        Self::CommandLow,
        Self::CommandMedium,
        Self::CommandHigh,
        Self::BlockAndInterrupt,
        Self::UnusualAccess,
    ];

    /// What a running session causes by itself, as often as it stands here.
    pub(crate) const ALARMS: &'static [Self] = &[
        Self::CommandLow,
        Self::CommandLow,
        Self::CommandLow,
        Self::CommandMedium,
        Self::CommandMedium,
        Self::CommandHigh,
        Self::UnusualAccess,
        Self::BlockAndInterrupt,
    ];

    /// The name by which a test raises it, such as `command-high`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SessionStarted => "session-started",
            Self::SessionEnded => "session-ended",
            Self::CommandLow => "command-low",
            Self::CommandMedium => "command-medium",
            Self::CommandHigh => "command-high",
            Self::BlockAndInterrupt => "block-and-interrupt",
            Self::UnusualAccess => "unusual-access",
        }
    }

    /// Event id, event name, syslog severity and CEF severity. The first three are documented
    /// (A2A API specification, "Event ids relevant to sessions and risk"); of the fourth, only
    /// that higher is worse.
    pub(crate) fn event(self) -> (u16, &'static str, u8, u8) {
        match self {
            Self::SessionStarted => (16, "Session started", 5, 3),
            Self::SessionEnded => (17, "Session finished", 5, 3),
            Self::CommandLow => (10, "Command detected - Low", 4, 5),
            Self::CommandMedium => (11, "Command detected - Medium", 3, 7),
            Self::CommandHigh => (12, "Command detected - High", 2, 9),
            Self::BlockAndInterrupt => {
                let name = "Command detected - Block and interrupt session";
                (31, name, 4, 9)
            }
            Self::UnusualAccess => (88, "Unusual accesses", 5, 6),
        }
    }
}

/// A name that is no alert.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "unknown alert `{0}`; there are session-started, session-ended, command-low, command-medium, \
     command-high, block-and-interrupt and unusual-access"
)]
pub struct UnknownAlert(String);

impl FromStr for AlertKind {
    type Err = UnknownAlert;

    fn from_str(name: &str) -> Result<Self, UnknownAlert> {
        let mut all = Self::ALL.into_iter();
        all.find(|kind| kind.name() == name)
            .ok_or_else(|| UnknownAlert(name.to_owned()))
    }
}

/// Something that happened in a session.
#[derive(Debug, Clone)]
pub(crate) struct Alert {
    pub(crate) at: Moment,
    pub(crate) kind: AlertKind,
    pub(crate) subject: Record,
    /// What was typed, where a command is the reason.
    pub(crate) command: String,
}

/// Where alerts go, and how they are written.
///
/// ```
/// use pam_mock::{AlertFormat, Syslog, SyslogTransport};
///
/// let mut syslog = Syslog::new("192.0.2.5:514")?;
/// syslog.transport = SyslogTransport::Tcp;
/// syslog.format = AlertFormat::Line;
/// # Ok::<(), pam_mock::InvalidSyslogTarget>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Syslog {
    /// The SIEM, as `HOST:PORT`.
    pub(crate) target: String,
    /// How they travel; UDP by default.
    pub transport: SyslogTransport,
    /// How they are written; CEF by default.
    pub format: AlertFormat,
    /// After how many bytes a message is cut off, in the middle of a character if need be: 1024
    /// as documented.
    pub limit: usize,
    /// The host name in the header of a message.
    pub hostname: String,
}

/// How alerts travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SyslogTransport {
    /// One datagram a message.
    #[default]
    Udp,
    /// A connection with one line a message.
    Tcp,
}

/// How alerts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AlertFormat {
    /// CEF after a syslog header.
    #[default]
    Cef,
    /// The appliance's own line, which looks like RFC 5424 and lacks a field.
    Line,
}

/// A text that is no `HOST:PORT`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no syslog target; write HOST:PORT, such as 127.0.0.1:514")]
pub struct InvalidSyslogTarget(String);

impl Syslog {
    /// CEF over UDP to this `HOST:PORT`.
    ///
    /// # Errors
    /// [`InvalidSyslogTarget`] when the host or the port is missing.
    pub fn new(target: impl Into<String>) -> Result<Self, InvalidSyslogTarget> {
        let target = target.into();
        let complete = target.rsplit_once(':').is_some_and(|(host, port)| {
            !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port > 0)
        });
        if !complete {
            return Err(InvalidSyslogTarget(target));
        }
        Ok(Self {
            target,
            transport: SyslogTransport::default(),
            format: AlertFormat::default(),
            limit: 1024,
            hostname: "vault.example.com".to_owned(),
        })
    }
}
