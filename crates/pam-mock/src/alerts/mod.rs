//! The alerts that the appliance sends to a SIEM (A2A API specification, "Alerts sent to SIEM").

use std::str::FromStr;

use crate::clock::Moment;
use crate::state::Record;

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
}

impl Alert {
    pub(crate) fn new(at: Moment, kind: AlertKind, subject: &Record) -> Self {
        Self {
            at,
            kind,
            subject: subject.clone(),
        }
    }
}
