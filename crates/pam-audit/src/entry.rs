//! What one line of the audit file says.

use pam_guard::policy::Refusal;
use pam_proto::termination::{Exchange, Report};
use pam_proto::{Session, SessionId, SessionNumber};
use serde::Serialize;

use crate::actor::Actor;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// It was decided to end the session; the drop is sent once this line is on the disk.
    Drop,
    /// It was decided not to: a rule or a brake stands in the way.
    Refused,
    /// What a termination came to.
    Outcome,
}

/// The policy that was in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyNote {
    /// Its file.
    pub file: String,
    /// The SHA-256 of the file's content, in hexadecimal.
    pub sha256: String,
}

/// One record. Every key is always there; what is not known, or does not belong to the event, is
/// null.
#[derive(Debug, Clone, Serialize)]
pub struct Entry<'a> {
    /// What happened.
    pub event: Event,
    /// Who did it.
    pub who: &'a Actor,
    /// On which machine.
    pub host: &'a str,
    /// With which program and command.
    pub program: &'a str,
    /// One value for all records of one run, to tell them from those of others.
    pub run: &'a str,
    /// The appliance's address.
    pub appliance: &'a str,
    /// The profile of the settings.
    pub profile: Option<&'a str>,
    /// What asked for it when that was no person: the alert and the rule.
    pub trigger: Option<&'a serde_json::Value>,
    /// The reason that was given.
    pub why: Option<&'a str>,
    /// The ticket that was given.
    pub ticket: Option<&'a str>,
    /// The reason for breaking the glass, when that was asked for.
    pub break_glass: Option<&'a str>,
    /// The policy.
    pub policy: Option<&'a PolicyNote>,
    /// The rules that stand in the way; of a refusal at least one, unless a brake without a rule
    /// does.
    pub refused_by: &'a [Refusal],
    /// The rules that would stand in the way if the glass had not been broken.
    pub lifted: &'a [Refusal],
    /// The session.
    pub session_id: Option<&'a SessionId>,
    /// Its row number.
    pub id: Option<SessionNumber>,
    /// Of a drop: 1 for the first one of this session. Of an outcome: how many were sent.
    pub attempts: Option<u32>,
    /// The session's record before.
    pub before: Option<&'a Session>,
    /// What it came to: an outcome's name, or `refused`.
    pub outcome: Option<&'a str>,
    /// Whether the end was read from the session's record.
    pub verified: Option<bool>,
    /// One line for a person.
    pub message: Option<&'a str>,
    /// Every request for the session and its answer.
    pub evidence: Option<&'a [Exchange]>,
    /// The session's record after.
    pub after: Option<&'a Session>,
}

impl<'a> Entry<'a> {
    /// What a termination came to.
    #[must_use]
    pub fn with_report(mut self, report: &'a Report) -> Self {
        self.event = Event::Outcome;
        self.session_id = report.session_id.as_ref();
        self.id = report.id;
        self.attempts = Some(report.attempts);
        self.before = report.evidence.before.as_ref().or(self.before);
        self.outcome = Some(report.outcome.name());
        self.verified = Some(report.outcome.is_verified());
        self.message = Some(&report.message);
        self.evidence = Some(&report.evidence.exchanges);
        self.after = report.evidence.after.as_ref();
        self
    }

    /// About this session, as it was seen.
    #[must_use]
    pub fn about(mut self, session: &'a Session) -> Self {
        self.session_id = session.session_id.as_ref();
        self.id = Some(session.id);
        self.before = Some(session);
        self
    }
}
