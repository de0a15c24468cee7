//! The one line of a report that a person reads: what is known, why, and what to do.

use crate::error::ReplyError;

use super::case::Case;
use super::facts::{Answer, Close};
use super::limits::Limits;
use super::log::Log;
use super::report::Outcome;

pub(super) fn line(
    outcome: Outcome,
    close: Close,
    case: &Case,
    log: &Log,
    limits: &Limits,
) -> String {
    match outcome {
        Outcome::Terminated => format!("the session ended{}", end(log)),
        Outcome::AlreadyEnded if case.facts.may_have_executed() => format!(
            "the session ended{}; no drop is known to have ended it",
            end(log)
        ),
        Outcome::AlreadyEnded => format!("the session had already ended{}", end(log)),
        Outcome::NotFound => "no such session is visible to this authorization, which is not the \
             same as never existed; check the id, or ask with an authorization that may see it"
            .to_owned(),
        Outcome::StillActive if close == Close::Nameless => "the session is active, but the \
             appliance shows no usable session_id for it, and a drop takes nothing else; end it \
             in the appliance's own interface"
            .to_owned(),
        Outcome::StillActive => format!(
            "{}; the session is still active; end it in the appliance's own interface",
            of_drops(case, log)
        ),
        Outcome::Denied => {
            let remedy = log.denial.as_ref().map(ReplyError::remedy);
            let remedy = remedy.unwrap_or("check the credentials");
            format!("the appliance denied it: {}; {remedy}", said(close, log))
        }
        Outcome::Unconfirmed => {
            format!(
                "{}; {}",
                of_drops(case, log),
                of_proof(close, case, log, limits)
            )
        }
    }
}

fn end(log: &Log) -> String {
    let end = log.record().and_then(|record| record.ended_at.as_deref());
    end.map(|end| format!(" at {end} by the appliance's clock"))
        .unwrap_or_default()
}

fn said(close: Close, log: &Log) -> &str {
    let said = match close {
        Close::LookDenied | Close::LooksFailed => log.look_said.as_ref(),
        Close::Withheld => log.held_back.as_ref(),
        _ => log.drop_said.as_ref(),
    };
    said.map_or("no reason was given", String::as_str)
}

/// What became of the drops.
fn of_drops(case: &Case, log: &Log) -> String {
    let said = log.drop_said.as_deref().unwrap_or("no reason was given");
    match case.facts.last {
        None => "no drop was sent".to_owned(),
        _ if case.facts.accepted => "the appliance accepted the drop".to_owned(),
        _ if !case.facts.may_have_executed() => format!("no drop was carried out: {said}"),
        Some(Answer::Lost) => {
            format!("the answer to the drop was lost, so it may have been carried out: {said}")
        }
        _ => format!("the appliance refused the drop: {said}"),
    }
}

/// Why nothing is proven.
fn of_proof(close: Close, case: &Case, log: &Log, limits: &Limits) -> String {
    let time = match case.facts.last {
        None => limits.find_timeout,
        Some(_) => limits.verify_timeout,
    };
    let time = time.as_secs_f64();
    match close {
        Close::Unverified => "the session was not looked at afterwards, as asked".to_owned(),
        Close::Cancelled => "cancelled before the session's end was proven".to_owned(),
        Close::Withheld => format!("it was held back: {}", said(close, log)),
        Close::Held => "the appliance asks to wait for longer than there is time; try again \
             later, or allow more time"
            .to_owned(),
        Close::NotShown => "the session is not shown to this authorization, which does not prove \
             that it ended; look for it in the appliance's own interface"
            .to_owned(),
        Close::LookDenied => format!("looking at the session was denied: {}", said(close, log)),
        Close::LooksFailed if log.look_said.is_some() => {
            format!("the session could not be looked at: {}", said(close, log))
        }
        Close::LooksFailed => format!(
            "no look at the session was complete within {time} s; a listing can take minutes, \
             so allow more time"
        ),
        _ => format!(
            "the session was not shown to have ended within {time} s; look again, as what the \
             appliance shows may lag"
        ),
    }
}
