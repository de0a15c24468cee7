//! `/_mock/…`: the truth and the levers, for tests that run in another process. Without
//! authentication, and therefore from this machine only.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::alerts::AlertKind;
use crate::answers::Answer;
use crate::answers::refusal::Refusal;
use crate::answers::sessions::{Listing, Rows};
use crate::appliance::{Appliance, Peer};
use crate::clock::Moment;
use crate::faults::Fault;
use crate::lock::locked;
use crate::state::{EndedBy, Record};
use crate::state_file::SessionEntry;

/// Where these paths begin.
pub(crate) const PREFIX: &str = "/_mock/";

/// Answers one of them.
pub(crate) fn answer(
    appliance: &Arc<Appliance>,
    peer: Peer<'_>,
    request: &Request<Bytes>,
) -> Answer {
    if !peer.address.to_canonical().is_loopback() {
        // To the outside there is nothing here.
        return Refusal::NoRoute.answer(&appliance.dialect, appliance.now());
    }
    appliance.live();
    let path = request.uri().path();
    let path = path.strip_prefix(PREFIX).unwrap_or_default();
    let body = request.body();
    let done = match (request.method(), path) {
        (&Method::GET, "sessions") => return sessions(appliance),
        (&Method::POST, "sessions") => start(appliance, body),
        (&Method::GET, "requests") => Ok(json!({ "requests": locked(&appliance.requests).all() })),
        (&Method::DELETE, "requests") => {
            locked(&appliance.requests).clear();
            Ok(json!({ "requests": [] }))
        }
        (&Method::GET, "faults") => Ok(json!({ "faults": appliance.faults.active() })),
        (&Method::POST, "faults") => set_faults(appliance, body),
        (&Method::GET, "clock") => Ok(clock(appliance)),
        (&Method::POST, "clock") => advance(appliance, body),
        (&Method::POST, "alerts") => raise(appliance, body),
        (&Method::POST, _) if path.starts_with("sessions/") => end(appliance, path),
        _ => {
            let known = "there are GET and POST sessions, POST sessions/SESSION_ID/end, GET and \
                         DELETE requests, GET and POST faults, GET and POST clock, POST alerts";
            let body = json!({ "error": format!("unknown; below {PREFIX} {known}") });
            return Answer::json(StatusCode::NOT_FOUND, body.to_string());
        }
    };
    match done {
        Ok(body) => Answer::json(StatusCode::OK, body.to_string()),
        Err(error) => {
            let body = json!({ "error": error });
            Answer::json(StatusCode::BAD_REQUEST, body.to_string())
        }
    }
}

fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| format!("the body is not as expected: {error}"))
}

/// The true state, written while it is sent as a listing is: the archive may be long.
fn sessions(appliance: &Arc<Appliance>) -> Answer {
    let now = appliance.clock.moment();
    let rows = Rows::new(Arc::clone(appliance), now, Box::new(|_: &Record| true));
    let zone = appliance.dialect.zone;
    let head = b"{\"sessions\":[".to_vec();
    Answer::stream(Listing::new(
        rows,
        head,
        b"]}".to_vec(),
        move |out, record| {
            // A plain structure of texts always has a JSON form.
            let _ = serde_json::to_writer(out, &record.truth(zone));
        },
    ))
}

fn start(appliance: &Appliance, body: &[u8]) -> Result<Value, String> {
    let session = read::<SessionEntry>(body)?.meant()?;
    let started = appliance
        .start(session)
        .map_err(|error| error.to_string())?;
    Ok(json!(started))
}

fn end(appliance: &Appliance, path: &str) -> Result<Value, String> {
    let id = path.strip_prefix("sessions/");
    let id = id.and_then(|rest| rest.strip_suffix("/end"));
    let id = id.ok_or("write sessions/SESSION_ID/end")?;
    if !appliance.end(id) {
        return Err(format!("no session {id} runs"));
    }
    Ok(json!({ "ended": id }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FaultsBody {
    faults: Vec<String>,
}

/// Replaces the faults that are switched on.
fn set_faults(appliance: &Appliance, body: &[u8]) -> Result<Value, String> {
    let body: FaultsBody = read(body)?;
    let faults: Result<Vec<Fault>, _> = body.faults.iter().map(|text| text.parse()).collect();
    let faults = faults.map_err(|error| error.to_string())?;
    appliance.set_faults(|active| active.replace(faults));
    Ok(json!({ "faults": appliance.faults.active() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClockBody {
    advance_seconds: f64,
}

fn advance(appliance: &Appliance, body: &[u8]) -> Result<Value, String> {
    let body: ClockBody = read(body)?;
    let by = Duration::try_from_secs_f64(body.advance_seconds)
        .map_err(|_| "the clock goes forward only: give a positive number of seconds")?;
    appliance.clock.advance(by);
    appliance.live();
    Ok(clock(appliance))
}

fn clock(appliance: &Appliance) -> Value {
    let Moment(now) = appliance.now();
    let wall = appliance.now().rfc3339(appliance.dialect.zone);
    json!({ "now_ms": now, "now": wall, "runs": appliance.clock.runs() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AlertBody {
    alert: String,
    session_id: String,
    #[serde(default)]
    command: String,
}

fn raise(appliance: &Appliance, body: &[u8]) -> Result<Value, String> {
    let body: AlertBody = read(body)?;
    let kind: Result<AlertKind, _> = body.alert.parse();
    let kind = kind.map_err(|error| error.to_string())?;
    if appliance.siem.is_none() {
        return Err("nobody listens: start the mock with a syslog target".to_owned());
    }
    if !appliance.raise(kind, &body.session_id, &body.command) {
        return Err(format!("there is no session {}", body.session_id));
    }
    Ok(json!({ "raised": kind.name() }))
}

impl Appliance {
    /// Starts a session that somebody asks for from outside.
    pub(crate) fn start(
        &self,
        session: crate::state::NewSession,
    ) -> Result<crate::state::SessionTruth, crate::state::NewSessionError> {
        let zone = self.dialect.zone;
        self.with_world(|world, now| {
            let made_up = world.newcomer(now);
            let record = session.onto(made_up, now, zone)?;
            let at = world.start(record, now)?;
            let started = world.sessions.at(at);
            // It was put there a moment ago, under the same lock.
            Ok(started.map(|record| record.truth(zone)).unwrap_or_default())
        })
    }

    /// Ends a session as its user would.
    pub(crate) fn end(&self, session_id: &str) -> bool {
        self.with_world(|world, now| {
            let at = world.sessions.find(session_id);
            at.is_some_and(|at| world.end(at, EndedBy::Itself, now))
        })
    }

    /// Raises an alert about a session.
    pub(crate) fn raise(&self, kind: AlertKind, session_id: &str, command: &str) -> bool {
        self.with_world(|world, now| {
            let at = world.sessions.find(session_id);
            at.map(|at| world.raise(kind, at, command.to_owned(), now))
                .is_some()
        })
    }
}
