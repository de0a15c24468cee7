//! What the process says with its exit code.

use std::process::ExitCode;

/// The exit codes. They never change meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// What was asked for is so.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The command line or a setting is wrong.
    Usage = 2,
    /// No such session for this authorization.
    NoSuchSession = 3,
    /// Our own policy forbids it.
    Policy = 4,
    /// A session may or may not have ended.
    Unconfirmed = 5,
    /// The appliance does not know who asks, or does not allow it.
    NotAuthorized = 6,
    /// No answer.
    Unreachable = 7,
    /// Some of several succeeded.
    Partial = 8,
    /// Ctrl-C.
    Interrupted = 130,
}

impl Exit {
    /// Every code.
    pub(crate) const ALL: [Self; 10] = [
        Self::Done,
        Self::Failed,
        Self::Usage,
        Self::NoSuchSession,
        Self::Policy,
        Self::Unconfirmed,
        Self::NotAuthorized,
        Self::Unreachable,
        Self::Partial,
        Self::Interrupted,
    ];

    /// The number.
    pub(crate) fn code(self) -> u8 {
        self as u8
    }

    /// What it means, as the help and the documents say it.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Usage => "usage",
            Self::NoSuchSession => "no such session",
            Self::Policy => "refused by policy",
            Self::Unconfirmed => "outcome unconfirmed",
            Self::NotAuthorized => "not authenticated or not authorized",
            Self::Unreachable => "appliance unreachable or timed out",
            Self::Partial => "only some of several succeeded",
            Self::Interrupted => "interrupted",
        }
    }

    /// The table that `--help` ends with.
    pub(crate) fn table() -> String {
        let lines = Self::ALL.map(|exit| format!("  {:>3}  {}", exit.code(), exit.meaning()));
        format!(
            "Exit codes (they never change meaning):\n{}",
            lines.join("\n")
        )
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_and_the_manual_give_every_code_its_meaning() {
        for document in [
            include_str!("../../../README.md"),
            include_str!("../../../docs/cli.md"),
        ] {
            for exit in Exit::ALL {
                let row = format!("| {} | {}", exit.code(), exit.meaning());
                assert!(document.contains(&row), "missing: {row}");
            }
        }
    }
}
