//! The one line of a report that a person reads.

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
            "the session had ended{}; no drop is known to have ended it",
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
        Outcome::StillActive => format!("{}; the session is still active", dropped(case, log)),
        Outcome::Denied => format!(
            "the appliance denied it: {}; check the credentials and that the authorization may \
             read and write PAM Core",
            said(close, log)
        ),
        Outcome::Unconfirmed => format!("{}; {}", dropped(case, log), why(close, log, limits)),
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
        _ => log.drop_said.as_ref(),
    };
    said.map_or("no reason was given", String::as_str)
}

/// What became of the drops.
fn dropped(case: &Case, log: &Log) -> String {
    let said = log.drop_said.as_deref().unwrap_or("no reason was given");
    match case.facts.last {
        None => "no drop was sent".to_owned(),
        _ if case.facts.accepted => "the appliance accepted the drop".to_owned(),
        Some(Answer::Lost) => {
            format!("the answer to the drop was lost, so it may have been carried out: {said}")
        }
        Some(_) if !case.facts.may_have_executed() => format!("no drop was carried out: {said}"),
        Some(_) => format!("the appliance refused the drop: {said}"),
    }
}

/// Why nothing is proven.
fn why(close: Close, log: &Log, limits: &Limits) -> String {
    let time = limits.verify_timeout.as_secs_f64();
    match close {
        Close::Unverified => "it was not verified, as asked".to_owned(),
        Close::Cancelled => "cancelled before the session's end was proven".to_owned(),
        Close::Withheld => format!("it was held back: {}", said(close, log)),
        Close::Held => "the appliance asks to wait longer than there is time; try again later, \
             or with a longer verify timeout"
            .to_owned(),
        Close::Vanished => "the session is no longer shown, which does not prove that it ended; \
             look for it in the appliance's own interface"
            .to_owned(),
        Close::LookDenied => format!("looking at the session was denied: {}", said(close, log)),
        Close::LooksFailed if log.look_said.is_some() => {
            format!("no look at the session succeeded: {}", said(close, log))
        }
        Close::LooksFailed => format!(
            "no look at the session was complete within {time} s; a listing can take minutes, \
             so allow a longer verify timeout"
        ),
        _ => format!(
            "the session was not shown to have ended within {time} s; look again, as the \
             appliance may be late"
        ),
    }
}
