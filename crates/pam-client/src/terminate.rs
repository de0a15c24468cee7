//! Drives [`pam_proto::termination`] with this client's connections and tokio's clock.

use std::collections::BTreeSet;
use std::future::Future;
use std::ops::ControlFlow;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use pam_proto::listing::Filter;
use pam_proto::termination::{
    Accepted, Coverage, Event, Failure, Limits, Report, Step, Target, Terminations, Ticket,
};
use pam_proto::{GetSession, Session, SessionId, SessionNumber, SessionRef, TerminateSession};
use tokio::time::{Instant, sleep_until};

use crate::client::Client;
use crate::error::CallError;

/// Stands by while sessions are terminated. `()` is one that does nothing.
///
/// Every method has a default, so a type implements what it needs.
pub trait Witness: Sync {
    /// Is awaited before each drop is sent: the place to write down what is about to happen.
    /// Several may be awaited at once. The drop is sent when this is done, and only then.
    ///
    /// # Errors
    /// A [`Withheld`] keeps the drop from being sent; its reason stands in the report.
    fn before_drop(&self, drop: &PlannedDrop) -> impl Future<Output = Result<(), Withheld>> + Send {
        let _ = drop;
        async { Ok(()) }
    }

    /// A session is done. Reports come one at a time, as soon as each is known.
    fn reported(&self, report: &Report) {
        let _ = report;
    }
}

impl Witness for () {}

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

/// A drop that must not be sent, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct Withheld {
    /// One line for a person.
    pub reason: String,
}

impl Client {
    /// Terminates sessions and proves it: every one of them gets a report, and the reports come
    /// back in the order in which they became known.
    ///
    /// When `cancel` completes, nothing more is sent; drops under way are awaited, and what is
    /// left is reported as it stands. Give [`std::future::pending`] to never cancel. Dropping the
    /// future instead closes the connections at once, and a drop under way then goes unreported.
    ///
    /// A deadline of [`Limits`] that is shorter than this client's own is raised to it, so that
    /// an answer that the client still waits for is not given up.
    pub async fn terminate<T: Into<Target>>(
        &self,
        targets: impl IntoIterator<Item = T>,
        mut limits: Limits,
        witness: &impl Witness,
        cancel: impl Future<Output = ()>,
    ) -> Vec<Report> {
        let origin = Instant::now();
        limits.call_timeout = limits.call_timeout.max(self.longest_call());
        let mut machine = Terminations::new(targets, limits, Duration::ZERO);
        let cancelled = AtomicBool::new(false);
        let mut under_way = FuturesUnordered::new();
        let mut cancel = pin!(cancel);
        let mut timer = pin!(sleep_until(origin));
        let mut reports = Vec::new();
        loop {
            let wake = loop {
                match machine.next(origin.elapsed()) {
                    Step::Report(report) => {
                        witness.reported(&report);
                        reports.push(*report);
                    }
                    Step::WaitUntil(time) => break time,
                    Step::Finished => return reports,
                    step => under_way.push(self.carry_out(step, witness, origin, &cancelled)),
                }
            };
            // A time beyond the clock's range is one that only an event ends.
            let wake = origin.checked_add(wake);
            if let Some(wake) = wake.filter(|wake| *wake != timer.deadline()) {
                timer.as_mut().reset(wake);
            }
            tokio::select! {
                biased;
                () = &mut cancel, if !cancelled.load(Ordering::Relaxed) => {
                    cancelled.store(true, Ordering::Relaxed);
                    machine.handle(Event::Cancelled, origin.elapsed());
                }
                Some(event) = under_way.next(), if !under_way.is_empty() => {
                    if let Some(event) = event {
                        machine.handle(event, origin.elapsed());
                    }
                }
                () = &mut timer, if wake.is_some() => {}
            }
        }
    }

    /// `None` for a step that asks for nothing to be carried out.
    async fn carry_out(
        &self,
        step: Step,
        witness: &impl Witness,
        origin: Instant,
        cancelled: &AtomicBool,
    ) -> Option<Event> {
        match step {
            Step::Drop {
                ticket,
                target,
                session_id,
                record,
                attempt,
            } => {
                let planned = PlannedDrop {
                    target,
                    session_id,
                    record,
                    attempt,
                };
                Some(self.drop_session(ticket, planned, witness, cancelled).await)
            }
            Step::Get { ticket, number } => Some(self.look(ticket, number).await),
            Step::List { ticket, wanted } => {
                let began = origin.elapsed();
                let (found, coverage) = self.look_for(wanted).await;
                Some(Event::Listed {
                    ticket,
                    began,
                    found,
                    coverage,
                })
            }
            _ => None,
        }
    }

    async fn drop_session(
        &self,
        ticket: Ticket,
        planned: PlannedDrop,
        witness: &impl Witness,
        cancelled: &AtomicBool,
    ) -> Event {
        if let Err(Withheld { reason }) = witness.before_drop(&planned).await {
            return Event::Withheld { ticket, reason };
        }
        // Writing it down may have taken longer than the caller had patience.
        if cancelled.load(Ordering::Relaxed) {
            let reason = "interrupted before the drop was sent".to_owned();
            return Event::Withheld { ticket, reason };
        }
        let drop = TerminateSession::new(planned.session_id);
        let answer = match self.answered(&drop).await {
            Ok(answered) => Ok(Accepted {
                http_status: answered.status.as_u16(),
                message: answered.output.message,
            }),
            Err(error) => Err(failure(error)),
        };
        Event::Dropped { ticket, answer }
    }

    async fn look(&self, ticket: Ticket, number: SessionNumber) -> Event {
        let answer = self.call(&GetSession::new(number)).await;
        Event::Got {
            ticket,
            answer: answer.map(Box::new).map_err(failure),
        }
    }

    /// Reads the listing until all of these are found.
    async fn look_for(&self, wanted: Vec<SessionRef>) -> (Vec<Session>, Coverage) {
        let filter = Filter::new().named(wanted.iter().cloned());
        let mut missing: BTreeSet<SessionRef> = wanted.into_iter().collect();
        let mut found = Vec::new();
        let ended = self
            .list(&filter, |record| {
                let session = record.to_session();
                if let Some(id) = &session.session_id {
                    missing.remove(&SessionRef::Id(id.clone()));
                }
                missing.remove(&SessionRef::Number(session.id));
                found.push(session);
                if missing.is_empty() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            })
            .await;
        let coverage = match ended {
            Ok(_) if missing.is_empty() => Coverage::Part,
            Ok(_) => Coverage::Whole,
            Err(error) => Coverage::Failed(failure(error)),
        };
        (found, coverage)
    }
}

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
