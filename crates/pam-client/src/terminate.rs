//! Drives [`pam_proto::termination`] with this client's connections and tokio's clock.

use std::future::Future;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use futures_util::stream::FuturesUnordered;
use pam_adapter::CallError;
use pam_adapter::drops::{self, PlannedDrop, Sought, Withheld};
use pam_proto::listing::SessionRecord;
use pam_proto::termination::{Event, Limits, Report, Step, Target, Terminations, Ticket};
use pam_proto::{GetSession, TerminateSession};
use tokio::time::{Instant, sleep_until};

use crate::client::Client;

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
        limits.call_timeout = limits.call_timeout.max(self.transport().longest_call());
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
            Step::Get { ticket, number } => {
                let get = GetSession::new(number);
                let answer = self.answered(&get, &mut self.at_once()).await;
                Some(drops::got(ticket, answer.map(|(_, session)| session)))
            }
            Step::List { ticket, wanted } => {
                let began = origin.elapsed();
                let (filter, mut sought) = Sought::new(wanted);
                let take = |record: SessionRecord<'_>| sought.take(&record);
                let ended = self.list_by(&mut self.at_once(), &filter, take).await;
                let (found, coverage) = sought.ended(ended);
                Some(Event::Listed {
                    ticket,
                    began,
                    found,
                    coverage,
                })
            }
            step => {
                let (ticket, planned) = PlannedDrop::of(step)?;
                Some(self.drop_session(ticket, planned, witness, cancelled).await)
            }
        }
    }

    async fn drop_session(
        &self,
        ticket: Ticket,
        planned: PlannedDrop,
        witness: &impl Witness,
        cancelled: &AtomicBool,
    ) -> Event {
        let connected = match self.before_drop(&planned, witness).await {
            Ok(connected) => connected,
            Err(withheld) => return withheld.event(ticket),
        };
        // Writing it down may have taken longer than the caller had patience.
        if cancelled.load(Ordering::Relaxed) {
            return Withheld::interrupted().event(ticket);
        }
        if let Err(error) = connected {
            return drops::dropped(ticket, Err(error));
        }
        let drop = TerminateSession::new(planned.session_id);
        drops::dropped(ticket, self.answered(&drop, &mut self.at_once()).await)
    }

    /// Has a drop written down, and meanwhile connects.
    async fn before_drop(
        &self,
        planned: &PlannedDrop,
        witness: &impl Witness,
    ) -> Result<Result<(), CallError>, Withheld> {
        let written = pin!(witness.before_drop(planned));
        let connected = pin!(self.transport().connect_ahead());
        match select(written, connected).await {
            Either::Left((written, connected)) => {
                written?;
                Ok(connected.await)
            }
            Either::Right((connected, written)) => {
                written.await?;
                Ok(connected)
            }
        }
    }
}
