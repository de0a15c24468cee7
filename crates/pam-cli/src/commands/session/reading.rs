//! The listing, read again and again: what fails in passing is said and tried again.

use std::ops::ControlFlow;
use std::time::Duration;

use pam_client::{CallError, Client, TransportError};
use pam_proto::Fault;
use pam_proto::listing::Filter;
use pam_proto::watch::{Changes, Coverage, Watch};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::stderr;
use crate::pace::{Pace, random};
use crate::progress::Progress;
use crate::quantity;

/// One reading after the other.
pub(super) struct Readings<'a> {
    client: &'a Client,
    progress: &'a Progress,
    pub(super) watched: Watch,
    pace: Pace,
    /// How many were whole.
    pub(super) count: u64,
    failure: Option<Failure>,
}

impl<'a> Readings<'a> {
    pub(super) fn new(client: &'a Client, progress: &'a Progress, interval: Duration) -> Self {
        Self {
            client,
            progress,
            watched: Watch::default(),
            pace: Pace::new(interval),
            count: 0,
            failure: None,
        }
    }

    /// What changed, and how long to wait before the next reading.
    ///
    /// # Errors
    /// A failure that can't pass.
    pub(super) async fn next(&mut self, filter: Filter) -> Result<(Changes, Duration), Failure> {
        let first = self.count == 0;
        let (changes, error) = read(self.client, &mut self.watched, filter).await;
        let Some(error) = error else {
            self.count += 1;
            if first {
                self.progress.finish();
            }
            let failures = self.pace.failures();
            if failures > 0 {
                stderr::note(format!(
                    "the sessions can be read again after {failures} failures"
                ));
            }
            return Ok((changes, self.pace.succeeded(random())));
        };
        if !is_passing(&error, first) {
            return Err(error.into());
        }
        let asked = error.reply().and_then(|reply| reply.retry_after);
        let wait = self.pace.failed(asked, random());
        let failure = Failure::from(error);
        let line = format!(
            "can't read the sessions: {}; trying again in {}",
            failure.line().unwrap_or_default(),
            quantity::spoken(wait)
        );
        self.progress.aside(|| stderr::warning(line));
        self.failure = Some(failure);
        Ok((changes, wait))
    }

    /// Why there never was a whole reading, when there was none.
    pub(super) fn never(&mut self) -> Option<Failure> {
        if self.count > 0 {
            return None;
        }
        let late = || {
            let line = "the listing did not come within the time; give --for more of it";
            Failure::new(Exit::Unreachable, line)
        };
        Some(self.failure.take().unwrap_or_else(late))
    }
}

/// Reads the listing once: what changed, and what went wrong.
///
/// Of a listing that broke off or has damaged records, what was seen counts and what was not seen
/// is not called gone. Of one that the appliance refused, nothing counts.
async fn read(client: &Client, watch: &mut Watch, filter: Filter) -> (Changes, Option<CallError>) {
    let mut reading = watch.reading(filter);
    let ended = client
        .list(&Filter::new(), |record| {
            reading.record(&record);
            ControlFlow::Continue(())
        })
        .await;
    match ended {
        Ok(_) => (reading.finish(Coverage::Whole), None),
        Err(error) if is_in_part(&error) => (reading.finish(Coverage::Part), Some(error)),
        Err(error) => (Changes::default(), Some(error)),
    }
}

fn is_in_part(error: &CallError) -> bool {
    match error {
        CallError::Reply(reply) => reply.fault == Fault::Malformed,
        CallError::Transport(TransportError::ClosedMidBody { .. }) => true,
        _ => false,
    }
}

/// Whether it may be over when it is tried again. A wrong setting is not; a refused authorization
/// is not when it never was accepted.
fn is_passing(error: &CallError, first: bool) -> bool {
    match error {
        CallError::Build(_) | CallError::Sign(_) | CallError::Setup(_) => false,
        CallError::NotSent { cause, .. } => is_passing(cause, first),
        error => !(first && error.is_auth()),
    }
}
