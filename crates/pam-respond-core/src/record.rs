//! What the journal holds: facts, each of which changes the state in one way.

use std::fmt;

use pam_alert::Alert;
use pam_proto::Session;
use pam_proto::termination::Outcome;
use serde::{Deserialize, Serialize};

use crate::correlate::Candidate;
use crate::moment::Moment;
use crate::rules::Mode;
use crate::session_record;

/// An alert that the journal holds: whoever sent it may be told that it was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Received {
    /// Its number in the journal.
    pub number: u64,
    /// What is the same whenever the same alert arrives.
    pub key: String,
    /// When it arrived.
    pub at: Moment,
    /// What it says.
    pub alert: Alert,
}

/// A fact and when it became one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at: Moment,
    /// What.
    #[serde(flatten)]
    pub record: Record,
}

/// A fact. A case is one rule's treatment of one alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "record", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Record {
    /// No rule is about the alert, or it reports the end of something.
    Unmatched {
        /// The alert's number.
        alert: u64,
        /// Why, in one line.
        why: String,
    },
    /// A rule takes up an alert, or a reconnect after a session of an earlier case was ended.
    Opened {
        /// The case's number.
        case: u64,
        /// The alert's number.
        alert: u64,
        /// The rule's name.
        rule: String,
        /// How far the rule went then.
        mode: Mode,
        /// Until when the session is looked for.
        deadline: Moment,
        /// The case whose session's user came back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reconnect_of: Option<u64>,
    },
    /// What the listing said, when something is decided on it.
    Found {
        /// The case.
        case: u64,
        /// When the listing was asked for.
        listing: Moment,
        /// `clear`, `ambiguous` or `none`.
        choice: String,
        /// How many candidates there are.
        count: usize,
        /// The best of them.
        candidates: Vec<Candidate>,
        /// What else was noticed.
        notes: Vec<String>,
    },
    /// A person is asked.
    Asked {
        /// The case.
        case: u64,
        /// When no answer becomes a no.
        expires: Moment,
        /// The sessions that a yes means; empty when the person has to name them.
        proposed: Vec<String>,
    },
    /// A person, or the clock, has answered.
    Answered {
        /// The case.
        case: u64,
        /// Yes or no.
        approved: bool,
        /// Who.
        by: String,
    },
    /// A session is about to be ended: it is leased to the case and counts against every limit.
    Acting {
        /// The case.
        case: u64,
        /// The alert's number.
        alert: u64,
        /// The rule.
        rule: String,
        /// The user whose limit and cooldown it counts against, in lower case.
        user: String,
        /// Until when the rule does nothing more about this user.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cooldown: Option<Moment>,
        /// The case whose session's user came back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reconnect_of: Option<u64>,
        /// Its record.
        #[serde(with = "session_record")]
        session: Session,
    },
    /// The appliance could not be reached; it is tried again, looking first.
    Again {
        /// The case.
        case: u64,
        /// The session.
        session_id: String,
        /// When.
        after: Moment,
        /// What was in the way.
        why: String,
    },
    /// What became of a session.
    Outcome {
        /// The case.
        case: u64,
        /// The alert's number.
        alert: u64,
        /// The rule.
        rule: String,
        /// The session.
        session_id: String,
        /// The end.
        end: End,
        /// What the evidence says, in one line.
        why: String,
        /// Drops sent.
        attempts: u32,
        /// Its record afterwards.
        #[serde(
            default,
            with = "session_record::optional",
            skip_serializing_if = "Option::is_none"
        )]
        after: Option<Session>,
        /// Until when reconnects are dropped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        keep_out: Option<Moment>,
    },
    /// A case has its end.
    Closed {
        /// What there is to report.
        report: Box<CaseReport>,
    },
    /// Every case of the alert has its end.
    Ended {
        /// The alert's number.
        alert: u64,
    },
    /// Nothing is ended any more.
    Halted {
        /// Who.
        by: String,
        /// Why.
        why: String,
    },
    /// Sessions are ended again. This closes the breaker too.
    Resumed {
        /// Who.
        by: String,
    },
    /// Too many outcomes were unconfirmed.
    BreakerOpened {
        /// Until when.
        until: Moment,
        /// How many.
        why: String,
    },
}

/// How a case, or one session of it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum End {
    /// Proven: our drop ended it.
    Terminated,
    /// Proven: it had ended.
    AlreadyEnded,
    /// The appliance shows no such session.
    NotFound,
    /// Its end is not proven.
    Unconfirmed,
    /// Proven: it still runs.
    StillActive,
    /// The appliance refused who asked.
    Denied,
    /// Only the record of what would have been done.
    Shadow,
    /// No live session is meant.
    NoSession,
    /// Several may be meant, and the rule leaves them alone.
    Ambiguous,
    /// No listing could be read.
    NoListing,
    /// The actor is a script of the appliance.
    MachineActor,
    /// The policy protects it.
    Policy,
    /// A brake held it back.
    HeldBack,
    /// Another case is ending the session, or has ended it.
    Covered,
    /// A person said no.
    Rejected,
    /// Nobody answered in time.
    Expired,
    /// The rule is no longer in the configuration.
    RuleGone,
    /// Its sessions ended in different ways.
    Mixed,
}

impl End {
    /// Every end.
    pub const ALL: [Self; 18] = [
        Self::Terminated,
        Self::AlreadyEnded,
        Self::NotFound,
        Self::Unconfirmed,
        Self::StillActive,
        Self::Denied,
        Self::Shadow,
        Self::NoSession,
        Self::Ambiguous,
        Self::NoListing,
        Self::MachineActor,
        Self::Policy,
        Self::HeldBack,
        Self::Covered,
        Self::Rejected,
        Self::Expired,
        Self::RuleGone,
        Self::Mixed,
    ];

    /// Its name in the journal, the reports and the metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Terminated => "terminated",
            Self::AlreadyEnded => "already_ended",
            Self::NotFound => "not_found",
            Self::Unconfirmed => "unconfirmed",
            Self::StillActive => "still_active",
            Self::Denied => "denied",
            Self::Shadow => "shadow",
            Self::NoSession => "no_session",
            Self::Ambiguous => "ambiguous",
            Self::NoListing => "no_listing",
            Self::MachineActor => "machine_actor",
            Self::Policy => "policy",
            Self::HeldBack => "held_back",
            Self::Covered => "covered",
            Self::Rejected => "rejected",
            Self::Expired => "expired",
            Self::RuleGone => "rule_gone",
            Self::Mixed => "mixed",
        }
    }

    /// Whether the end of the session was read from its record.
    #[must_use]
    pub fn is_proven(self) -> bool {
        matches!(self, Self::Terminated | Self::AlreadyEnded)
    }
}

impl From<Outcome> for End {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Terminated => Self::Terminated,
            Outcome::AlreadyEnded => Self::AlreadyEnded,
            Outcome::NotFound => Self::NotFound,
            Outcome::Unconfirmed => Self::Unconfirmed,
            Outcome::StillActive => Self::StillActive,
            Outcome::Denied => Self::Denied,
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What is reported of a case when it has its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CaseReport {
    /// The case's number.
    pub case: u64,
    /// The alert's number in the journal.
    pub alert: u64,
    /// The key of the alert, which is its trace id too.
    pub key: String,
    /// The sender's own id of the alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert_id: Option<String>,
    /// Who sent it.
    pub source: String,
    /// The rule.
    pub rule: String,
    /// The rule's reason.
    pub reason: String,
    /// The end.
    pub end: End,
    /// Why, in one line.
    pub why: String,
    /// When the alert arrived.
    pub received: Moment,
    /// When the case ended.
    pub closed: Moment,
    /// The case whose session's user came back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reconnect_of: Option<u64>,
    /// The sessions that were to be ended.
    pub sessions: Vec<SessionEnd>,
}

/// What became of one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEnd {
    /// Its row number.
    pub id: String,
    /// Its id.
    pub session_id: String,
    /// Its user.
    pub user: String,
    /// Its device.
    pub device: String,
    /// What became of it.
    pub end: End,
    /// Why, in one line.
    pub why: String,
}

impl SessionEnd {
    pub(crate) fn new(session: &Session, end: End, why: impl Into<String>) -> Self {
        let id = session.session_id.as_ref();
        Self {
            id: session.id.to_string(),
            session_id: id.map(ToString::to_string).unwrap_or_default(),
            user: session.user.clone(),
            device: session.device.clone(),
            end,
            why: why.into(),
        }
    }
}

impl Record {
    /// Its kind, as it is written.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unmatched { .. } => "unmatched",
            Self::Opened { .. } => "opened",
            Self::Found { .. } => "found",
            Self::Asked { .. } => "asked",
            Self::Answered { .. } => "answered",
            Self::Acting { .. } => "acting",
            Self::Again { .. } => "again",
            Self::Outcome { .. } => "outcome",
            Self::Closed { .. } => "closed",
            Self::Ended { .. } => "ended",
            Self::Halted { .. } => "halted",
            Self::Resumed { .. } => "resumed",
            Self::BreakerOpened { .. } => "breaker_opened",
        }
    }

    /// The case that it belongs to.
    #[must_use]
    pub fn case(&self) -> Option<u64> {
        match self {
            Self::Opened { case, .. }
            | Self::Found { case, .. }
            | Self::Asked { case, .. }
            | Self::Answered { case, .. }
            | Self::Acting { case, .. }
            | Self::Again { case, .. }
            | Self::Outcome { case, .. } => Some(*case),
            Self::Closed { report } => Some(report.case),
            _ => None,
        }
    }

    /// Whether it still counts when its alert has its end: against limits and cooldowns, for the
    /// lease of a session, or for everything.
    #[must_use]
    pub fn outlives_its_alert(&self) -> bool {
        matches!(
            self,
            Self::Acting { .. }
                | Self::Outcome { .. }
                | Self::Halted { .. }
                | Self::Resumed { .. }
                | Self::BreakerOpened { .. }
        )
    }
}

/// The trace of a decision: a line a fact.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unmatched { why, .. } => write!(f, "nothing to do: {why}"),
            Self::Opened {
                case,
                rule,
                mode,
                reconnect_of,
                ..
            } => {
                let mode = match mode {
                    Mode::Shadow => "shadow",
                    Mode::Approve => "approve",
                    Mode::Armed => "armed",
                };
                write!(f, "case {case}: rule `{rule}` ({mode}) takes it up")?;
                match reconnect_of {
                    Some(earlier) => write!(f, ": a reconnect after case {earlier}"),
                    None => Ok(()),
                }
            }
            Self::Found {
                case,
                choice,
                count,
                candidates,
                notes,
                ..
            } => {
                write!(f, "case {case}: {count} candidates, {choice}")?;
                for candidate in candidates {
                    let session = &candidate.session;
                    let doubt = if candidate.doubtful { ", doubtful" } else { "" };
                    write!(
                        f,
                        "\n  {:>4}  session {} of {} on {}{doubt}: {}",
                        candidate.score,
                        session.id,
                        session.user,
                        session.device,
                        candidate.reasons.join("; ")
                    )?;
                }
                notes
                    .iter()
                    .try_for_each(|note| write!(f, "\n        {note}"))
            }
            Self::Asked { case, expires, .. } => {
                write!(f, "case {case}: a person is asked until {expires}")
            }
            Self::Answered { case, approved, by } => {
                let answer = if *approved { "approved" } else { "denied" };
                write!(f, "case {case}: {answer} by {by}")
            }
            Self::Acting { case, session, .. } => write!(
                f,
                "case {case}: session {} of {} on {} is to be ended",
                session.id, session.user, session.device
            ),
            Self::Again {
                case, after, why, ..
            } => {
                write!(
                    f,
                    "case {case}: tried again after {after}, looking first: {why}"
                )
            }
            Self::Outcome { case, end, why, .. } => write!(f, "case {case}: {end}: {why}"),
            Self::Closed { report } => {
                write!(
                    f,
                    "case {}: closed, {}: {}",
                    report.case, report.end, report.why
                )
            }
            Self::Ended { alert } => write!(f, "alert {alert} has its end"),
            Self::Halted { by, why } => write!(f, "halted by {by}: {why}"),
            Self::Resumed { by } => write!(f, "resumed by {by}"),
            Self::BreakerOpened { until, why } => {
                write!(f, "the breaker is open until {until}: {why}")
            }
        }
    }
}
