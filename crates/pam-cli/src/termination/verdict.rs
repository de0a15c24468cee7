//! What the reports of a termination come to: exit code, summary and complaint.

use std::collections::BTreeSet;

use pam_proto::SessionId;
use pam_proto::termination::{Finding, Outcome, Report, Request};

use crate::exit::Exit;
use crate::guard::Done;

/// What to call the session of a report.
pub(super) fn name(report: &Report) -> String {
    match (report.targets.first(), &report.session_id) {
        (Some(target), _) => target.to_string(),
        (None, Some(id)) => id.to_string(),
        (None, None) => String::new(),
    }
}

/// The exit code of all of them together.
pub(crate) fn exit(done: &Done) -> Exit {
    let exits = done.reports.iter();
    combined(exits.map(|report| exit_of(report, &done.refused)).collect())
}

/// One exit code for several sessions.
pub(super) fn combined(exits: Vec<Exit>) -> Exit {
    let done = exits.iter().filter(|exit| **exit == Exit::Done).count();
    match exits.first() {
        _ if done == exits.len() => Exit::Done,
        _ if done > 0 => Exit::Partial,
        Some(first) if exits.iter().all(|exit| exit == first) => *first,
        // That a session may or may not have ended must not be lost among plain failures.
        _ if exits.contains(&Exit::Unconfirmed) => Exit::Unconfirmed,
        _ => Exit::Failed,
    }
}

fn exit_of(report: &Report, refused: &BTreeSet<SessionId>) -> Exit {
    let id = report.session_id.as_ref();
    match report.outcome {
        Outcome::Terminated | Outcome::AlreadyEnded => Exit::Done,
        _ if report.attempts == 0 && id.is_some_and(|id| refused.contains(id)) => Exit::Policy,
        Outcome::NotFound => Exit::NoSuchSession,
        Outcome::StillActive => Exit::Failed,
        Outcome::Denied => Exit::NotAuthorized,
        Outcome::Unconfirmed => {
            let lost = report.evidence.exchanges.iter().any(|exchange| {
                exchange.request == Request::Drop && exchange.finding == Finding::Lost
            });
            // A drop that was lost on the way may have worked, however silent the appliance is.
            if report.is_unreachable() && !lost {
                Exit::Unreachable
            } else {
                Exit::Unconfirmed
            }
        }
    }
}

/// How many came to what: `2 terminated, 1 unconfirmed, no drop was sent for 1`.
pub(crate) fn summary(reports: &[Report]) -> String {
    let counts = Outcome::ALL.map(|outcome| {
        (
            outcome,
            reports
                .iter()
                .filter(|report| report.outcome == outcome)
                .count(),
        )
    });
    let parts: Vec<String> = counts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(outcome, count)| format!("{count} {}", outcome.name()))
        .collect();
    let untouched = reports
        .iter()
        .filter(|report| report.outcome == Outcome::Unconfirmed && report.attempts == 0);
    match (&parts[..], untouched.count()) {
        ([], _) => "no session was touched".to_owned(),
        (parts, 0) => parts.join(", "),
        (parts, count) => format!("{}; no drop was sent for {count}", parts.join(", ")),
    }
}

/// Why it is not all done: the first session that is not, in full.
pub(crate) fn complaint(done: &Done) -> String {
    let Done { reports, refused } = done;
    let mut failed = reports
        .iter()
        .filter(|report| exit_of(report, refused) != Exit::Done);
    let Some(first) = failed.next() else {
        return summary(reports);
    };
    let told = format!("session {}: {}", name(first), first.message);
    match (reports.len(), failed.count()) {
        (1, _) => told,
        (_, 0) => format!("{}; {told}", summary(reports)),
        (_, others) => format!("{}; {told} (and {others} more)", summary(reports)),
    }
}
