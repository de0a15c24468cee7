//! What drivers of [`pam_proto::termination`] share.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use http::StatusCode;
use pam_proto::listing::{Filter, SessionRecord};
use pam_proto::termination::{Accepted, Coverage, Event, Failure, Step, Ticket};
use pam_proto::{Session, SessionId, SessionRef, Terminated};

use crate::error::CallError;

/// A drop that is about to be sent.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PlannedDrop {
    /// What the caller called the session.
    pub target: SessionRef,
    /// What the appliance is asked to end.
    pub session_id: SessionId,
    /// The session's record as last seen, when it was.
    pub record: Option<Box<Session>>,
    /// 1 for the first drop of this session.
    pub attempt: u32,
}

impl PlannedDrop {
    /// The drop that a step asks for, if it asks for one.
    #[must_use]
    pub fn of(step: Step) -> Option<(Ticket, Self)> {
        match step {
            Step::Drop {
                ticket,
                target,
                session_id,
                record,
                attempt,
            } => Some((
                ticket,
                Self {
                    target,
                    session_id,
                    record,
                    attempt,
                },
            )),
            _ => None,
        }
    }
}

/// A drop that must not be sent, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Withheld {
    /// One line for a person.
    pub reason: String,
}

impl Withheld {
    /// The interruption came while the drop was written down.
    #[must_use]
    pub fn interrupted() -> Self {
        Self {
            reason: "interrupted before the drop was sent".to_owned(),
        }
    }

    /// What the machine is told instead of an answer.
    #[must_use]
    pub fn event(self, ticket: Ticket) -> Event {
        Event::Withheld {
            ticket,
            reason: self.reason,
        }
    }
}

/// What the machine is told of a drop that was sent.
#[must_use]
pub fn dropped(ticket: Ticket, answer: Result<(StatusCode, Terminated), CallError>) -> Event {
    let answer = answer.map_err(failure).map(|(status, said)| Accepted {
        http_status: status.as_u16(),
        message: said.message,
    });
    Event::Dropped { ticket, answer }
}

/// What the machine is told of a look at one session.
#[must_use]
pub fn got(ticket: Ticket, answer: Result<Session, CallError>) -> Event {
    Event::Got {
        ticket,
        answer: answer.map(Box::new).map_err(failure),
    }
}

/// Sessions that are looked for in a listing, until all of them are found.
#[derive(Debug)]
pub struct Sought {
    missing: BTreeSet<SessionRef>,
    found: Vec<Session>,
}

impl Sought {
    /// None of these is found yet; the filter lets no others through.
    #[must_use]
    pub fn new(wanted: Vec<SessionRef>) -> (Filter, Self) {
        let filter = Filter::new().named(wanted.iter().cloned());
        let sought = Self {
            missing: wanted.into_iter().collect(),
            found: Vec::new(),
        };
        (filter, sought)
    }

    /// Takes one that the filter let through. Breaks when it was the last.
    pub fn take(&mut self, record: &SessionRecord<'_>) -> ControlFlow<()> {
        let session = record.to_session();
        if let Some(id) = &session.session_id {
            self.missing.remove(&SessionRef::Id(id.clone()));
        }
        self.missing.remove(&SessionRef::Number(session.id));
        self.found.push(session);
        if self.missing.is_empty() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }

    /// What was found, and what that says of the others.
    #[must_use]
    pub fn ended<T>(self, ended: Result<T, CallError>) -> (Vec<Session>, Coverage) {
        let coverage = match ended {
            Ok(_) if self.missing.is_empty() => Coverage::Part,
            Ok(_) => Coverage::Whole,
            Err(error) => Coverage::Failed(failure(error)),
        };
        (self.found, coverage)
    }
}

/// A failed call as the machine distinguishes them.
fn failure(error: CallError) -> Failure {
    match error {
        CallError::Reply(reply) => Failure::Reply(reply),
        CallError::NotSent { cause, .. } if cause.is_auth() && cause.reply().is_some() => {
            failure(*cause)
        }
        error if error.may_have_executed() => Failure::Lost {
            reason: error.to_string(),
        },
        error => Failure::NotExecuted {
            reason: error.to_string(),
        },
    }
}
