//! Faults by name, which can be switched while the mock runs.

use std::fmt;
use std::num::{NonZeroU32, NonZeroU64};
use std::str::FromStr;
use std::sync::Mutex;
use std::time::Duration;

use serde::Serialize;

use crate::lock::locked;

mod catalogue;

use catalogue::CATALOGUE;
pub use catalogue::FaultEntry;

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// A drop answers HTTP 500 and ends nothing.
    Drop500,
    /// A drop answers 200 and ends nothing.
    DropAcceptedButAlive,
    /// A drop or an open is carried out, then the connection closes without an answer.
    LostReply,
    /// The connection is reset in the middle of the body.
    ResetMidBody,
    /// The listing begins to answer only after this long.
    SlowList(Duration),
    /// Bodies come at this many bytes per second.
    Drip(NonZeroU64),
    /// The gateway answers 502 with an HTML page; nothing is carried out.
    Gateway502Html,
    /// The call is carried out, but the gateway gave up waiting and answers 504.
    Gateway504,
    /// The gateway finds no route, whatever the path.
    NoRoute,
    /// The appliance is locked down: 503, error code 100.
    Lockdown,
    /// The authorization lacks the resource: HTTP 500.
    Unauthorized500,
    /// Every authorization is read-only.
    ReadOnly,
    /// The appliance's clock is ahead by this many seconds; a negative number is behind.
    ClockSkew(i64),
    /// Bodies are cut off, though the connection is not.
    TruncatedJson,
    /// The listing is an envelope inside its own array.
    NestedListing,
    /// Envelopes carry some of their keys twice.
    DuplicateKeys,
    /// The listing has at least this many rows.
    HugeListing(u64),
    /// More calls than `calls` within `seconds` answer 429.
    RateLimit {
        /// How many calls are answered.
        calls: u64,
        /// In how many seconds.
        seconds: NonZeroU64,
    },
    /// Bearer tokens count as expired.
    TokenExpired,
    /// HTTP 200 whose envelope says `error: true`; nothing is carried out.
    Error200,
}

/// A fault, and for how many calls it holds.
///
/// ```
/// use pam_mock::{Fault, FaultKind};
///
/// let fault: Fault = "lost-reply:1".parse()?;
/// assert_eq!(fault.kind, FaultKind::LostReply);
/// assert_eq!(fault.to_string(), "lost-reply:1");
/// assert!("slow-list".parse::<Fault>().is_err());
/// # Ok::<(), pam_mock::FaultError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// How many calls it still spoils; all of them when absent. Only faults without an argument
    /// of their own can be counted.
    pub times: Option<NonZeroU32>,
}

/// A text that is no fault.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FaultError {
    /// No fault has this name.
    #[error("unknown fault `{name}`; there are {known}")]
    Name {
        /// The name as given.
        name: String,
        /// The names there are.
        known: String,
    },
    /// The argument is missing or is not what the fault takes.
    #[error("fault `{name}` is written {name}{argument}, with {takes}")]
    Argument {
        /// The fault.
        name: &'static str,
        /// Its argument as it is written.
        argument: &'static str,
        /// What the argument is.
        takes: &'static str,
    },
}

/// The period of `rate-limit` when none is given: long enough to be met by the next command,
/// short enough to be waited out.
const RATE_PERIOD: NonZeroU64 = NonZeroU64::new(5).unwrap();

impl Fault {
    /// Every kind of fault.
    #[must_use]
    pub fn catalogue() -> &'static [FaultEntry] {
        CATALOGUE
    }

    /// The same fault, for this many calls only.
    #[must_use]
    pub fn times(mut self, times: NonZeroU32) -> Self {
        self.times = Some(times);
        self
    }
}

impl From<FaultKind> for Fault {
    fn from(kind: FaultKind) -> Self {
        Self { kind, times: None }
    }
}

impl FaultKind {
    fn name(self) -> &'static str {
        match self {
            Self::Drop500 => "drop-500",
            Self::DropAcceptedButAlive => "drop-accepted-but-alive",
            Self::LostReply => "lost-reply",
            Self::ResetMidBody => "reset-mid-body",
            Self::SlowList(_) => "slow-list",
            Self::Drip(_) => "drip",
            Self::Gateway502Html => "gateway-502-html",
            Self::Gateway504 => "gateway-504",
            Self::NoRoute => "no-route",
            Self::Lockdown => "lockdown",
            Self::Unauthorized500 => "unauthorized-500",
            Self::ReadOnly => "read-only",
            Self::ClockSkew(_) => "clock-skew",
            Self::TruncatedJson => "truncated-json",
            Self::NestedListing => "nested-listing",
            Self::DuplicateKeys => "duplicate-keys",
            Self::HugeListing(_) => "huge-listing",
            Self::RateLimit { .. } => "rate-limit",
            Self::TokenExpired => "token-expired",
            Self::Error200 => "error-200",
        }
    }

    /// The kind with this name that takes no argument of its own.
    fn plain(name: &str) -> Option<Self> {
        Some(match name {
            "drop-500" => Self::Drop500,
            "drop-accepted-but-alive" => Self::DropAcceptedButAlive,
            "lost-reply" => Self::LostReply,
            "reset-mid-body" => Self::ResetMidBody,
            "gateway-502-html" => Self::Gateway502Html,
            "gateway-504" => Self::Gateway504,
            "no-route" => Self::NoRoute,
            "lockdown" => Self::Lockdown,
            "unauthorized-500" => Self::Unauthorized500,
            "read-only" => Self::ReadOnly,
            "truncated-json" => Self::TruncatedJson,
            "nested-listing" => Self::NestedListing,
            "duplicate-keys" => Self::DuplicateKeys,
            "token-expired" => Self::TokenExpired,
            "error-200" => Self::Error200,
            _ => return None,
        })
    }

    fn with_argument(name: &str, argument: &str) -> Option<Self> {
        Some(match name {
            "slow-list" => {
                let seconds: f64 = argument.parse().ok()?;
                Self::SlowList(Duration::try_from_secs_f64(seconds).ok()?)
            }
            "drip" => Self::Drip(argument.parse().ok()?),
            "clock-skew" => Self::ClockSkew(argument.parse().ok()?),
            "huge-listing" => Self::HugeListing(argument.parse().ok()?),
            "rate-limit" => {
                let (calls, seconds) = match argument.split_once('/') {
                    Some((calls, seconds)) => (calls, seconds.parse().ok()?),
                    None => (argument, RATE_PERIOD),
                };
                Self::RateLimit {
                    calls: calls.parse().ok()?,
                    seconds,
                }
            }
            _ => return None,
        })
    }
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let (name, argument) = match text.split_once(':') {
            Some((name, argument)) => (name, Some(argument)),
            None => (text, None),
        };
        let Some(entry) = CATALOGUE.iter().find(|entry| entry.name == name) else {
            let known: Vec<&str> = CATALOGUE.iter().map(|entry| entry.name).collect();
            return Err(FaultError::Name {
                name: name.to_owned(),
                known: known.join(", "),
            });
        };
        let wrong = |takes| FaultError::Argument {
            name: entry.name,
            argument: entry.argument,
            takes,
        };
        if let Some(kind) = FaultKind::plain(name) {
            let times = argument.map(str::parse).transpose();
            let times = times.map_err(|_| wrong("the number of calls that it spoils, from 1"))?;
            return Ok(Self { kind, times });
        }
        let kind = argument.and_then(|argument| FaultKind::with_argument(name, argument));
        kind.map(Self::from).ok_or_else(|| {
            wrong(match name {
                "slow-list" => "a number of seconds such as 2 or 0.5",
                "drip" => "a number of bytes from 1",
                "clock-skew" => "a whole number of seconds such as 400 or -400",
                "rate-limit" => "a number of calls, and perhaps a number of seconds from 1",
                _ => "a number of rows",
            })
        })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        match self.kind {
            FaultKind::SlowList(delay) => write!(f, ":{}", delay.as_secs_f64()),
            FaultKind::Drip(rate) => write!(f, ":{rate}"),
            FaultKind::ClockSkew(seconds) => write!(f, ":{seconds}"),
            FaultKind::HugeListing(rows) => write!(f, ":{rows}"),
            FaultKind::RateLimit { calls, seconds } => write!(f, ":{calls}/{seconds}"),
            _ => self.times.map_or(Ok(()), |times| write!(f, ":{times}")),
        }
    }
}

impl Serialize for Fault {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// The faults that are switched on: at most one of a kind.
#[derive(Debug, Default)]
pub(crate) struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    pub(crate) fn replace(&self, faults: impl IntoIterator<Item = Fault>) {
        let mut active = locked(&self.0);
        active.clear();
        for fault in faults {
            switch_on(&mut active, fault);
        }
    }

    pub(crate) fn switch_on(&self, fault: Fault) {
        switch_on(&mut locked(&self.0), fault);
    }

    pub(crate) fn active(&self) -> Vec<Fault> {
        locked(&self.0).clone()
    }

    /// Whether this fault strikes now; if it is counted, it has struck once more.
    pub(crate) fn strikes(&self, kind: FaultKind) -> bool {
        let mut active = locked(&self.0);
        let Some(at) = active.iter().position(|fault| fault.kind == kind) else {
            return false;
        };
        if let Some(fault) = active.get_mut(at)
            && let Some(times) = fault.times
        {
            match NonZeroU32::new(times.get() - 1) {
                Some(left) => fault.times = Some(left),
                None => drop(active.remove(at)),
            }
        }
        true
    }

    /// The argument of a fault that has one.
    pub(crate) fn find<T>(&self, argument: impl Fn(FaultKind) -> Option<T>) -> Option<T> {
        locked(&self.0)
            .iter()
            .find_map(|fault| argument(fault.kind))
    }
}

fn switch_on(active: &mut Vec<Fault>, fault: Fault) {
    active.retain(|other| other.kind.name() != fault.kind.name());
    active.push(fault);
}

#[cfg(test)]
mod tests {
    use super::catalogue::COUNTED;
    use super::*;

    #[test]
    fn every_fault_of_the_catalogue_reads_back() {
        for entry in Fault::catalogue() {
            let texts = match entry.argument {
                COUNTED => vec![entry.name.to_owned(), format!("{}:3", entry.name)],
                ":N[/SECONDS]" => vec![format!("{}:3/60", entry.name)],
                _ => vec![format!("{}:3", entry.name)],
            };
            for text in texts {
                let fault: Fault = text.parse().unwrap();
                assert_eq!(fault.to_string(), text);
            }
        }
    }

    #[test]
    fn a_wrong_fault_says_how_it_is_written() {
        for (text, part) in [
            ("drop-501", "drop-500"),
            ("", "drop-500"),
            ("drop-500:0", "[:TIMES]"),
            ("lost-reply:", "[:TIMES]"),
            ("slow-list", ":SECONDS"),
            ("slow-list:-1", ":SECONDS"),
            ("slow-list:NaN", ":SECONDS"),
            ("drip:0", ":BYTES_PER_SECOND"),
            ("clock-skew:soon", "-400"),
            ("huge-listing:-1", ":N"),
            ("rate-limit:3/0", "seconds"),
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn a_counted_fault_strikes_that_often() {
        let faults = Faults::default();
        faults.switch_on("drop-500:2".parse().unwrap());
        let struck = [(); 4].map(|()| faults.strikes(FaultKind::Drop500));
        assert_eq!(struck, [true, true, false, false]);
    }

    #[test]
    fn a_fault_replaces_another_of_its_kind() {
        let faults = Faults::default();
        faults.switch_on("slow-list:1".parse().unwrap());
        faults.switch_on("slow-list:2".parse().unwrap());
        assert_eq!(faults.active(), ["slow-list:2".parse().unwrap()]);
    }
}
