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

/// Who acts, where, with what, and under which policy: the same for every record of one run.
#[derive(Debug, Clone, Serialize)]
pub struct Context {
    /// Who did it.
    pub who: Actor,
    /// On which machine.
    pub host: String,
    /// With which program and command.
    pub program: String,
    /// One value for all records of one run, to tell them from those of others.
    pub run: String,
    /// The appliance's address.
    pub appliance: String,
    /// The profile of the settings.
    pub profile: Option<String>,
    /// The policy.
    pub policy: Option<PolicyNote>,
}

/// Why it was done.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Purpose {
    /// What asked for it when that was no person: the alert and the rule.
    pub trigger: Option<serde_json::Value>,
    /// The reason that was given.
    pub why: Option<String>,
    /// The ticket that was given.
    pub ticket: Option<String>,
    /// The reason for breaking the glass, when that was asked for.
    pub break_glass: Option<String>,
}

/// One record. Every key is always there; what is not known, or does not belong to the event, is
/// null.
#[derive(Debug, Clone, Serialize)]
pub struct Entry {
    /// What happened.
    pub event: Event,
    /// Who acts.
    #[serde(flatten)]
    pub context: Context,
    /// Why.
    #[serde(flatten)]
    pub purpose: Purpose,
    /// The rules that stand in the way. A refusal without one has another cause, which its
    /// message says.
    pub refused_by: Vec<Refusal>,
    /// The rules that would stand in the way if the glass had not been broken.
    pub lifted: Vec<Refusal>,
    /// The session.
    pub session_id: Option<SessionId>,
    /// Its row number.
    pub id: Option<SessionNumber>,
    /// Of a drop: 1 for the first one of this session. Of an outcome: how many were sent.
    pub attempts: Option<u32>,
    /// The session's record before.
    pub before: Option<Session>,
    /// What it came to: an outcome's name, or `refused`.
    pub outcome: Option<&'static str>,
    /// Whether the end was read from the session's record.
    pub verified: Option<bool>,
    /// One line for a person.
    pub message: Option<String>,
    /// Every request for the session and its answer.
    pub evidence: Option<Vec<Exchange>>,
    /// The session's record after.
    pub after: Option<Session>,
}

impl Entry {
    fn new(event: Event, context: &Context, purpose: &Purpose) -> Self {
        Self {
            event,
            context: context.clone(),
            purpose: purpose.clone(),
            refused_by: Vec::new(),
            lifted: Vec::new(),
            session_id: None,
            id: None,
            attempts: None,
            before: None,
            outcome: None,
            verified: None,
            message: None,
            evidence: None,
            after: None,
        }
    }

    /// A drop that is about to be sent, of a session whose record may have been seen.
    #[must_use]
    pub fn drop(
        context: &Context,
        purpose: &Purpose,
        session_id: &SessionId,
        record: Option<&Session>,
        attempt: u32,
    ) -> Self {
        Self {
            session_id: Some(session_id.clone()),
            id: record.map(|record| record.id),
            attempts: Some(attempt),
            before: record.cloned(),
            ..Self::new(Event::Drop, context, purpose)
        }
    }

    /// What a termination came to.
    #[must_use]
    pub fn outcome(context: &Context, purpose: &Purpose, report: &Report) -> Self {
        Self {
            session_id: report.session_id.clone(),
            id: report.id,
            attempts: Some(report.attempts),
            before: report.evidence.before.clone(),
            outcome: Some(report.outcome.name()),
            verified: Some(report.outcome.is_verified()),
            message: Some(report.message.clone()),
            evidence: Some(report.evidence.exchanges.clone()),
            after: report.evidence.after.clone(),
            ..Self::new(Event::Outcome, context, purpose)
        }
    }

    /// That something was not done: by these rules, or for the reason that the message gives.
    /// Without a session it is about the whole attempt.
    #[must_use]
    pub fn refused(
        context: &Context,
        purpose: &Purpose,
        session: Option<&Session>,
        refused_by: Vec<Refusal>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            session_id: session.and_then(|session| session.session_id.clone()),
            id: session.map(|session| session.id),
            before: session.cloned(),
            refused_by,
            outcome: Some("refused"),
            message: Some(message.into()),
            ..Self::new(Event::Refused, context, purpose)
        }
    }

    /// Turns what was about to be done into what was refused.
    #[must_use]
    pub fn into_refused(self, refused_by: Vec<Refusal>, message: impl Into<String>) -> Self {
        Self {
            event: Event::Refused,
            attempts: None,
            refused_by,
            outcome: Some("refused"),
            message: Some(message.into()),
            ..self
        }
    }
}
