//! What is written down about one session for its report. Nothing here decides anything.

use std::time::Duration;

use crate::error::ReplyError;
use crate::identity::SessionRef;
use crate::session::Session;

use super::case::{Case, Sighting};
use super::facts::{Answer, Close};
use super::limits::Limits;
use super::message;
use super::report::{Appliance, Evidence, Exchange, Finding, Report, Request};
use super::step::{Accepted, Failure, Target};

/// The log of one session.
#[derive(Debug, Clone)]
pub(super) struct Log {
    pub(super) names: Vec<SessionRef>,
    began: Duration,
    pub(super) evidence: Evidence,
    appliance: Appliance,
    drop_answered: bool,
    /// What was last said by the appliance or by the adapter about a drop, and about a look that
    /// failed.
    pub(super) drop_said: Option<String>,
    pub(super) look_said: Option<String>,
    /// Why the driver held a drop back.
    pub(super) held_back: Option<String>,
    /// The latest denial.
    pub(super) denial: Option<ReplyError>,
}

/// When a request was sent and answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) sent: Duration,
    pub(super) now: Duration,
}

impl Log {
    pub(super) fn new(target: Target, now: Duration) -> Self {
        Self {
            names: vec![target.name],
            began: now,
            evidence: Evidence {
                before: target.record.map(|record| *record),
                ..Evidence::default()
            },
            appliance: Appliance::default(),
            drop_answered: false,
            drop_said: None,
            look_said: None,
            held_back: None,
            denial: None,
        }
    }

    /// The record to show beside a drop.
    pub(super) fn record(&self) -> Option<&Session> {
        let Evidence { before, after, .. } = &self.evidence;
        after.as_ref().or(before.as_ref())
    }

    pub(super) fn dropped(&mut self, answer: Answer, came: &Result<Accepted, Failure>, span: Span) {
        let finding = match answer {
            Answer::Accepted => Finding::Accepted,
            Answer::Refused { .. } => Finding::Refused,
            Answer::Lost => Finding::Lost,
            Answer::NotExecuted => Finding::NotExecuted,
            Answer::Denied => Finding::Denied,
        };
        let appliance = match came {
            Ok(accepted) => Some(Appliance {
                http_status: Some(accepted.http_status),
                error_code: None,
                exception_code: None,
                message: Some(accepted.message.clone()),
            }),
            Err(Failure::Reply(reply)) => Some(appliance(reply)),
            Err(Failure::Lost { .. } | Failure::NotExecuted { .. }) => None,
        };
        let said = match came {
            Ok(accepted) => accepted.message.clone(),
            Err(failure) => self.failed(failure),
        };
        self.push(
            Request::Drop,
            span,
            finding,
            appliance.as_ref(),
            Some(&said),
        );
        self.drop_said = Some(said);
        if let Some(appliance) = appliance {
            self.appliance = appliance;
            self.drop_answered = true;
        }
    }

    pub(super) fn withheld(&mut self, reason: String, span: Span) {
        self.push(Request::Drop, span, Finding::Withheld, None, Some(&reason));
        self.held_back = Some(reason);
    }

    /// Takes what a look showed. `counts`: it began after the last drop was answered.
    pub(super) fn looked(
        &mut self,
        request: Request,
        sighting: &Sighting,
        failure: Option<&Failure>,
        counts: bool,
        dropped: bool,
        span: Span,
    ) {
        let finding = match sighting {
            Sighting::Ended(_) => Finding::Ended,
            _ if !counts => Finding::Stale,
            Sighting::Active(_) => Finding::Active,
            Sighting::Absent => Finding::Absent,
            Sighting::Denied => Finding::Denied,
            Sighting::Failed | Sighting::UseListing => Finding::Failed,
        };
        if let Sighting::Active(record) | Sighting::Ended(record) = sighting {
            let Evidence { before, after, .. } = &mut self.evidence;
            let ended = matches!(finding, Finding::Ended);
            if before.is_none() && !dropped {
                *before = Some(record.clone());
            }
            if dropped || ended {
                *after = Some(record.clone());
            }
        }
        let reply = match failure {
            Some(Failure::Reply(reply)) => Some(appliance(reply)),
            _ => None,
        };
        let said = failure.map(|failure| self.failed(failure));
        self.push(request, span, finding, reply.as_ref(), said.as_deref());
        if said.is_some() {
            self.look_said = said;
        }
        if let Some(reply) = reply.filter(|_| !self.drop_answered) {
            self.appliance = reply;
        }
    }

    /// What a failure says.
    fn failed(&mut self, failure: &Failure) -> String {
        match failure {
            Failure::Reply(reply) => {
                if reply.is_auth() {
                    self.denial = Some(reply.clone());
                }
                reply.to_string()
            }
            Failure::Lost { reason } | Failure::NotExecuted { reason } => reason.clone(),
        }
    }

    /// A request whose answer nobody waited for.
    pub(super) fn abandoned(&mut self, request: Request, span: Span) {
        self.push(request, span, Finding::Abandoned, None, None);
    }

    fn push(
        &mut self,
        request: Request,
        span: Span,
        finding: Finding,
        appliance: Option<&Appliance>,
        said: Option<&str>,
    ) {
        self.evidence.exchanges.push(Exchange {
            request,
            sent: span.sent.saturating_sub(self.began),
            took: span.now.saturating_sub(span.sent),
            http_status: appliance.and_then(|appliance| appliance.http_status),
            finding,
            message: said.map(str::to_owned),
        });
    }

    pub(super) fn report(
        &self,
        case: &Case,
        close: Close,
        limits: &Limits,
        now: Duration,
    ) -> Report {
        let outcome = case.facts.outcome(close);
        Report {
            targets: self.names.clone(),
            session_id: case.id.clone(),
            id: case.number,
            outcome,
            attempts: case.attempts,
            elapsed: now.saturating_sub(self.began),
            message: message::line(outcome, close, case, self, limits),
            appliance: self.appliance.clone(),
            evidence: self.evidence.clone(),
        }
    }
}

fn appliance(reply: &ReplyError) -> Appliance {
    Appliance {
        http_status: Some(reply.status.as_u16()),
        error_code: reply.error_code,
        exception_code: reply.exception_code,
        message: Some(reply.message.clone()),
    }
}
