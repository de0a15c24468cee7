//! One reading of the listing for those who watch it.

use std::ops::ControlFlow;

use pam_client::{CallError, Client, TransportError};
use pam_proto::Fault;
use pam_proto::listing::Filter;
use pam_proto::watch::{Changes, Coverage, Watch};

/// Reads the listing once: what changed, and what went wrong.
///
/// Of a listing that broke off or has damaged records, what was seen counts and what was not seen
/// is not called gone. Of one that the appliance refused, nothing counts.
pub(super) async fn read(
    client: &Client,
    watch: &mut Watch,
    filter: Filter,
) -> (Changes, Option<CallError>) {
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
pub(super) fn is_passing(error: &CallError, first: bool) -> bool {
    match error {
        CallError::Build(_) | CallError::Sign(_) | CallError::Setup(_) => false,
        CallError::NotSent { cause, .. } => is_passing(cause, first),
        error => !(first && error.is_auth()),
    }
}
